package msklambda

import (
	"slices"
	"strings"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsec2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsiam"
	"github.com/aws/constructs-go/constructs/v10"
	"github.com/aws/jsii-runtime-go"

	"msklambda/constructs/network"
)

// service is an AWS service that pollers call from the broker subnets: where its
// endpoint is chosen, kept and named.
type service struct {
	network.Service
	endpoint func(*ClusterProps) *Endpoint
	field    func(*Cluster) *awsec2.IInterfaceVpcEndpoint
	aws      func() awsec2.InterfaceVpcEndpointAwsService
}

var services = []*service{
	{network.Lambda,
		func(p *ClusterProps) *Endpoint { return &p.LambdaEndpoint },
		func(c *Cluster) *awsec2.IInterfaceVpcEndpoint { return &c.LambdaEndpoint },
		awsec2.InterfaceVpcEndpointAwsService_LAMBDA},
	{network.STS,
		func(p *ClusterProps) *Endpoint { return &p.STSEndpoint },
		func(c *Cluster) *awsec2.IInterfaceVpcEndpoint { return &c.STSEndpoint },
		awsec2.InterfaceVpcEndpointAwsService_STS},
	{network.SecretsManager,
		func(p *ClusterProps) *Endpoint { return &p.SecretsManagerEndpoint },
		func(c *Cluster) *awsec2.IInterfaceVpcEndpoint { return &c.SecretsManagerEndpoint },
		awsec2.InterfaceVpcEndpointAwsService_SECRETS_MANAGER},
	{network.SQS,
		func(p *ClusterProps) *Endpoint { return &p.SQSEndpoint },
		func(c *Cluster) *awsec2.IInterfaceVpcEndpoint { return &c.SQSEndpoint },
		awsec2.InterfaceVpcEndpointAwsService_SQS},
	{network.SNS,
		func(p *ClusterProps) *Endpoint { return &p.SNSEndpoint },
		func(c *Cluster) *awsec2.IInterfaceVpcEndpoint { return &c.SNSEndpoint },
		awsec2.InterfaceVpcEndpointAwsService_SNS},
	{network.S3,
		func(p *ClusterProps) *Endpoint { return &p.S3Endpoint },
		func(c *Cluster) *awsec2.IInterfaceVpcEndpoint { return &c.S3Endpoint },
		awsec2.InterfaceVpcEndpointAwsService_S3},
}

func serviceOf(s network.Service) *service {
	return services[slices.IndexFunc(services, func(each *service) bool { return each.Service == s })]
}

func (c *Cluster) defineEndpointSecurityGroup(planned *network.EndpointGroup) {
	group := awsec2.NewSecurityGroup(c, jsii.String("EndpointSecurityGroup"), &awsec2.SecurityGroupProps{
		Vpc:         c.VPC,
		Description: jsii.String(network.EndpointGroupDescription),
		// An endpoint only answers, and answers need no rule. CDK writes a rule
		// to 255.255.255.255, because EC2 opens a group that has none.
		AllowAllOutbound: jsii.Bool(false),
	})
	https := awsec2.Port_Tcp(jsii.Number(443))
	for _, admitted := range planned.In {
		group.AddIngressRule(peerOf(admitted.Peer), https, jsii.String(admitted.Mark.String()), jsii.Bool(false))
	}
	c.EndpointSecurityGroup = group
}

func peerOf(p network.Peer) awsec2.IPeer {
	switch {
	case p.Range == "":
		return awsec2.Peer_SecurityGroupId(jsii.String(p.Group.Text()), nil)
	case p.IsIPv6():
		return awsec2.Peer_Ipv6(jsii.String(strings.TrimPrefix(p.Range, tokenIPv6)))
	}
	return awsec2.Peer_Ipv4(&p.Range)
}

// defineEndpoint defines or imports the endpoint of a service.
func (c *Cluster) defineEndpoint(planned network.PlannedEndpoint) {
	s := serviceOf(planned.Service)
	switch {
	case planned.Source == network.Create:
		*s.field(c) = c.newEndpoint(s, planned)
	case !planned.ID.IsZero():
		*s.field(c) = awsec2.InterfaceVpcEndpoint_FromInterfaceVpcEndpointAttributes(c, jsii.String(s.Field()), &awsec2.InterfaceVpcEndpointAttributes{
			VpcEndpointId: jsii.String(planned.ID.Text()),
			Port:          jsii.Number(443),
		})
	}
}

func (c *Cluster) newEndpoint(s *service, planned network.PlannedEndpoint) awsec2.InterfaceVpcEndpoint {
	props := &awsec2.InterfaceVpcEndpointProps{
		Vpc:               c.VPC,
		Service:           s.aws(),
		Subnets:           &awsec2.SubnetSelection{Subnets: &c.Subnets},
		SecurityGroups:    &[]awsec2.ISecurityGroup{c.EndpointSecurityGroup},
		PrivateDnsEnabled: jsii.Bool(true),
		// CDK's default would let in the whole VPC, behind the back of EndpointAccess.
		Open: jsii.Bool(false),
	}
	if family := c.props.EndpointIPAddressType; family != "" {
		props.IpAddressType = family
		props.DnsRecordIpType = awsec2.VpcEndpointDnsRecordIpType(family)
	}
	if planned.AllResolvers {
		// EC2's own choice for S3 answers on-premises resolvers only, and needs a
		// gateway endpoint beside it.
		props.PrivateDnsOnlyForInboundResolverEndpoint = awsec2.VpcEndpointPrivateDnsOnlyForInboundResolverEndpoint_ALL_RESOLVERS
	}
	endpoint := awsec2.NewInterfaceVpcEndpoint(c, jsii.String(s.Field()), props)
	c.tag(endpoint)
	for _, statement := range planned.Policy {
		endpoint.AddToPolicy(c.statement(statement, nil, nil))
	}
	for _, statement := range s.endpoint(&c.props).Statements {
		endpoint.AddToPolicy(statement)
	}
	return endpoint
}

// admit lets the role of a consumer or an admin function through the endpoints whose
// policies name who may.
func (c *Cluster) admit(of constructs.Construct, role awsiam.IRole, admissions []network.Admission) {
	for _, a := range admissions {
		(*serviceOf(a.Service).field(c)).(awsec2.InterfaceVpcEndpoint).AddToPolicy(c.statement(a.Statement, of, role))
	}
}

// statement is one of an endpoint's policy, of which the principal may be the role of
// something, or its account.
func (c *Cluster) statement(s network.Statement, of constructs.Construct, role awsiam.IRole) awsiam.PolicyStatement {
	var principal awsiam.IPrincipal
	switch s.Principal {
	case network.Everybody:
		principal = awsiam.NewStarPrincipal()
	case network.TheRole:
		principal = awsiam.NewArnPrincipal(role.RoleArn())
	case network.TheAccount:
		principal = awsiam.NewAccountPrincipal(awscdk.Stack_Of(of).Account())
	default:
		principal = awsiam.NewServicePrincipal(jsii.String(string(s.Principal)), nil)
	}
	var here map[string]any
	if s.OwnResources {
		here = map[string]any{"StringEquals": map[string]any{"aws:ResourceAccount": *awscdk.Stack_Of(c).Account()}}
	}
	return awsiam.NewPolicyStatement(&awsiam.PolicyStatementProps{
		Principals: &[]awsiam.IPrincipal{principal},
		Actions:    jsii.Strings(s.Action),
		Resources:  jsii.Strings(s.Resource),
		Conditions: conditions(here),
	})
}
