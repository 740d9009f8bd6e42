package msklambda

import (
	"fmt"
	"net/netip"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsec2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsiam"
	"github.com/aws/constructs-go/constructs/v10"
	"github.com/aws/jsii-runtime-go"
)

// EndpointSource is where the interface endpoint of a service comes from.
type EndpointSource string

const (
	// EndpointCreate defines an interface endpoint in the broker subnets, with
	// private DNS. A VPC takes one such endpoint for each service: where there
	// is one already, the deploy fails.
	EndpointCreate EndpointSource = "create"

	// EndpointExisting uses an interface endpoint with private DNS that the
	// VPC has. Nothing about it is changed: its security groups must let the
	// cluster's security groups in on TCP 443, and its policy must admit
	// Lambda's service.
	EndpointExisting EndpointSource = "existing"

	// EndpointNone uses no endpoint: the broker subnets reach the service
	// through a NAT gateway.
	EndpointNone EndpointSource = "none"
)

// Endpoint says how the pollers of a cluster reach one AWS service from the
// broker subnets. The zero value defines an interface endpoint.
type Endpoint struct {
	// Source defaults to EndpointCreate, and to EndpointExisting where ID is
	// given.
	Source EndpointSource

	// ID is that of an existing endpoint, such as "vpce-0123456789abcdef0". It
	// may be left empty: then the endpoint is only relied on.
	ID string

	// Statements are added to the policy of an endpoint defined here, for
	// callers other than the pollers. Each needs a principal.
	Statements []awsiam.PolicyStatement
}

func (e Endpoint) source() EndpointSource {
	switch {
	case e.Source != "":
		return e.Source
	case e.ID != "":
		return EndpointExisting
	}
	return EndpointCreate
}

// EndpointAccess is who may use the endpoints that are defined here.
//
// It matters to others, because the endpoints have private DNS: once they are
// there, the names of Lambda and STS resolve to them for every client in the
// VPC, whether or not the endpoint lets that client in.
type EndpointAccess string

const (
	// EndpointAccessPollers admits the pollers only, as the AWS tutorial does:
	// the security group takes TCP 443 from the cluster's security groups, and
	// the policy admits lambda.amazonaws.com. Every other caller of Lambda or
	// STS in the VPC is cut off (pods with IAM roles, SDKs that assume a role,
	// other event source mappings), unless it is listed as a client and, by
	// Statements, in the policy.
	EndpointAccessPollers EndpointAccess = "pollers"

	// EndpointAccessVPC opens the endpoints to VPCCIDRs, with a policy that admits
	// everybody, as AWS's default does, so that nobody is cut off. The policy is
	// written out: one that merely went missing from a template could stay.
	EndpointAccessVPC EndpointAccess = "vpc"
)

// EndpointAccessWarning is the id of the warning that EndpointAccess was not
// chosen, for awscdk.Annotations_Of(cluster).AcknowledgeWarning.
const EndpointAccessWarning = "msklambda:endpointAccess"

// service is an AWS service that pollers call from the broker subnets.
type service struct {
	id       string // of the construct, and the name of the fields
	endpoint func(*ClusterProps) *Endpoint
	field    func(*Cluster) *awsec2.IInterfaceVpcEndpoint
	aws      func() awsec2.InterfaceVpcEndpointAwsService

	// action is what Lambda's own service does there. It is empty where the
	// pollers call with the role, and each consumer adds a statement.
	action string
}

var (
	lambdaService = &service{"LambdaEndpoint",
		func(p *ClusterProps) *Endpoint { return &p.LambdaEndpoint },
		func(c *Cluster) *awsec2.IInterfaceVpcEndpoint { return &c.LambdaEndpoint },
		awsec2.InterfaceVpcEndpointAwsService_LAMBDA, "lambda:InvokeFunction"}
	stsService = &service{"STSEndpoint",
		func(p *ClusterProps) *Endpoint { return &p.STSEndpoint },
		func(c *Cluster) *awsec2.IInterfaceVpcEndpoint { return &c.STSEndpoint },
		awsec2.InterfaceVpcEndpointAwsService_STS, "sts:AssumeRole"}
	secretsService = &service{"SecretsManagerEndpoint",
		func(p *ClusterProps) *Endpoint { return &p.SecretsManagerEndpoint },
		func(c *Cluster) *awsec2.IInterfaceVpcEndpoint { return &c.SecretsManagerEndpoint },
		awsec2.InterfaceVpcEndpointAwsService_SECRETS_MANAGER, ""}
	sqsService = &service{"SQSEndpoint",
		func(p *ClusterProps) *Endpoint { return &p.SQSEndpoint },
		func(c *Cluster) *awsec2.IInterfaceVpcEndpoint { return &c.SQSEndpoint },
		awsec2.InterfaceVpcEndpointAwsService_SQS, ""}
	snsService = &service{"SNSEndpoint",
		func(p *ClusterProps) *Endpoint { return &p.SNSEndpoint },
		func(c *Cluster) *awsec2.IInterfaceVpcEndpoint { return &c.SNSEndpoint },
		awsec2.InterfaceVpcEndpointAwsService_SNS, ""}
	s3Service = &service{"S3Endpoint",
		func(p *ClusterProps) *Endpoint { return &p.S3Endpoint },
		func(c *Cluster) *awsec2.IInterfaceVpcEndpoint { return &c.S3Endpoint },
		awsec2.InterfaceVpcEndpointAwsService_S3, ""}

	services = []*service{lambdaService, stsService, secretsService, sqsService, snsService, s3Service}
)

func (p *ClusterProps) validateEndpoints(ps *problems) {
	for _, s := range services {
		e := s.endpoint(p)
		switch source := e.source(); source {
		case EndpointCreate, EndpointExisting, EndpointNone:
			if source != EndpointExisting && e.ID != "" {
				ps.add(s.id+".ID", "needs Source %q, got Source %q", EndpointExisting, source)
			}
			if source != EndpointCreate && len(e.Statements) > 0 {
				ps.add(s.id+".Statements", "needs Source %q: the policy of an endpoint not defined here is not changed, got Source %q", EndpointCreate, source)
			}
		default:
			ps.add(s.id+".Source", "must be %q, %q or %q, got %q", EndpointCreate, EndpointExisting, EndpointNone, source)
		}
		if e.ID != "" && !isToken(e.ID) && !endpointID.MatchString(e.ID) {
			ps.add(s.id+".ID", `must be an id such as "vpce-0123456789abcdef0", got %q`, e.ID)
		}
		ps.statements(s.id+".Statements", e.Statements)
	}
	switch p.EndpointAccess {
	case "", EndpointAccessPollers:
	case EndpointAccessVPC:
		if len(p.VPCCIDRs) == 0 {
			ps.add("VPCCIDRs", `is required with EndpointAccess %q: the ranges of the VPC, such as "10.0.0.0/16"`, EndpointAccessVPC)
		}
	default:
		ps.add("EndpointAccess", "must be %q or %q, got %q", EndpointAccessPollers, EndpointAccessVPC, p.EndpointAccess)
	}
	ps.cidrs("VPCCIDRs", p.VPCCIDRs)
	for _, cidr := range p.VPCCIDRs {
		prefix, err := netip.ParsePrefix(cidr)
		if err != nil {
			continue
		}
		if low, bits := map[bool]int{true: 16, false: 44}[prefix.Addr().Is4()], prefix.Bits(); bits < low {
			ps.add("VPCCIDRs", "must be ranges that a VPC can have, /16 or longer for IPv4 and /44 or longer for IPv6, got %q", cidr)
		}
	}
	ps.cidrs("EndpointClientCIDRs", p.EndpointClientCIDRs)
	ps.ids("EndpointClientSecurityGroupIDs", p.EndpointClientSecurityGroupIDs, securityGroupID, "sg-0123456789abcdef0")
}

func (ps *problems) cidrs(field string, cidrs []string) {
	for _, cidr := range cidrs {
		// A token could be of either family, and a rule names one.
		prefix, err := netip.ParsePrefix(cidr)
		switch {
		case err != nil:
			ps.add(field, `must be IPv4 or IPv6 ranges such as "10.0.0.0/16", got %q`, cidr)
		case prefix != prefix.Masked():
			// EC2 would store the masked range, and the stack would drift.
			ps.add(field, "must be ranges with no host bits, such as %q, got %q", prefix.Masked(), cidr)
		}
	}
}

// statements checks the statements for an endpoint's policy before CDK does,
// which would stop at the first and not say whose it is.
func (ps *problems) statements(field string, statements []awsiam.PolicyStatement) {
	for i, s := range statements {
		if s == nil {
			ps.add(fmt.Sprintf("%s[%d]", field, i), "must not be nil")
		} else if !*s.HasPrincipal() {
			ps.add(fmt.Sprintf("%s[%d]", field, i), "must have a principal: an endpoint policy names who may call")
		}
	}
}

func (c *Cluster) creates(s *service) bool { return c.props.sourceOf(s) == EndpointCreate }

// sourceOf is where the endpoint of a service comes from. A cluster that has a
// NAT gateway for Lambda and STS has it for the others too.
func (p *ClusterProps) sourceOf(s *service) EndpointSource {
	if nat := p.LambdaEndpoint.source() == EndpointNone && p.STSEndpoint.source() == EndpointNone; nat && !p.chosen(s) {
		return EndpointNone
	}
	return s.endpoint(p).source()
}

// chosen tells whether it was said where the endpoint of a service comes from.
func (p *ClusterProps) chosen(s *service) bool {
	e := s.endpoint(p)
	return e.Source != "" || e.ID != ""
}

// EndpointServiceWarning, followed by the name of the field, such as SQSEndpoint,
// is the id of the warning that a further service gets an endpoint which nobody
// but the pollers may use, and which was not asked for.
const EndpointServiceWarning = "msklambda:endpointService"

// warnOfService warns of an endpoint beyond Lambda and STS that comes with a
// consumer: who chose the access for those two need not know of this one.
func (c *Cluster) warnOfService(s *service) {
	if s.action != "" || c.props.chosen(s) || c.props.EndpointAccess == EndpointAccessVPC {
		return
	}
	awscdk.Annotations_Of(c).AddWarningV2(jsii.String(EndpointServiceWarning+s.id), jsii.String(fmt.Sprintf(
		"a consumer needs the %s, so it is defined, for the pollers only: all other callers of that service in %s are cut off. "+
			"Choose its source: %q to mean it, %q or %q; or endpoint access %q.",
		s.id, *c.VPC.VpcId(), EndpointCreate, EndpointExisting, EndpointNone, EndpointAccessVPC)))
}

// reach defines the endpoint of a service for the first consumer that needs
// it, and returns what a mapping must wait for.
func (c *Cluster) reach(s *service) []constructs.IDependable {
	if !c.reached[s] {
		c.reached[s] = true
		if c.creates(s) && c.EndpointSecurityGroup == nil {
			c.defineEndpointSecurityGroup()
			c.warnOfEndpointAccess()
		}
		if c.creates(s) {
			c.warnOfService(s)
		}
		*s.field(c) = c.endpoint(s)
	}
	if !c.creates(s) {
		return nil
	}
	return []constructs.IDependable{*s.field(c)}
}

// admit lets a role do something through an endpoint, where its policy names
// who may. AWS documents the statement for Secrets Manager. A role of another
// stack is admitted by its account, and so is a resource of another stack,
// because the cluster's stack is deployed before they exist; the role's own
// policy stays exact.
func (c *Cluster) admit(s *service, consumer *Consumer, actions, resources []string) {
	endpoint, ok := (*s.field(c)).(awsec2.InterfaceVpcEndpoint)
	if !ok || c.props.EndpointAccess == EndpointAccessVPC {
		return
	}
	var principal awsiam.IPrincipal
	if consumer.Role != nil && *awscdk.Stack_Of(consumer).Node().Path() == *awscdk.Stack_Of(c).Node().Path() {
		principal = awsiam.NewArnPrincipal(consumer.Role.RoleArn())
	} else {
		principal = awsiam.NewAccountPrincipal(awscdk.Stack_Of(consumer).Account())
	}
	var here map[string]any
	for _, resource := range resources {
		if isToken(resource) && len(foreignStacks(c, resource)) > 0 {
			// A reference from the cluster's stack to another, which may be the
			// consumer's and wait for this one: what the account has, then.
			resources, here = []string{"*"}, map[string]any{"StringEquals": map[string]any{"aws:ResourceAccount": *awscdk.Stack_Of(c).Account()}}
		}
	}
	endpoint.AddToPolicy(awsiam.NewPolicyStatement(&awsiam.PolicyStatementProps{
		Principals: &[]awsiam.IPrincipal{principal},
		Actions:    jsii.Strings(actions...),
		Resources:  jsii.Strings(resources...),
		Conditions: conditions(here),
	}))
}

func (c *Cluster) defineEndpointSecurityGroup() {
	group := awsec2.NewSecurityGroup(c, jsii.String("EndpointSecurityGroup"), &awsec2.SecurityGroupProps{
		Vpc: c.VPC,
		// A change of the description replaces the group, and with it every
		// endpoint: it is as fixed as an id.
		Description: jsii.String("Interface endpoints for the pollers of an MSK cluster"),
		// An endpoint only answers, and answers need no rule. CDK writes a rule
		// to 255.255.255.255, because EC2 opens a group that has none.
		AllowAllOutbound: jsii.Bool(false),
	})
	https := awsec2.Port_Tcp(jsii.Number(443))
	allow := func(peer awsec2.IPeer, who string) {
		group.AddIngressRule(peer, https, c.description(who), jsii.Bool(false))
	}
	for _, id := range c.SecurityGroupIDs {
		allow(awsec2.Peer_SecurityGroupId(&id, nil), "pollers")
	}
	for _, id := range c.props.EndpointClientSecurityGroupIDs {
		allow(awsec2.Peer_SecurityGroupId(&id, nil), "endpoint client")
	}
	for _, cidr := range c.props.EndpointClientCIDRs {
		allow(peerOf(cidr), "endpoint client")
	}
	if c.props.EndpointAccess == EndpointAccessVPC {
		for _, cidr := range c.props.VPCCIDRs {
			allow(peerOf(cidr), "VPC")
		}
	}
	c.EndpointSecurityGroup = group
}

func peerOf(cidr string) awsec2.IPeer {
	if netip.MustParsePrefix(cidr).Addr().Is6() {
		return awsec2.Peer_Ipv6(&cidr)
	}
	return awsec2.Peer_Ipv4(&cidr)
}

func (c *Cluster) warnOfEndpointAccess() {
	if c.props.EndpointAccess != "" {
		return
	}
	awscdk.Annotations_Of(c).AddWarningV2(jsii.String(EndpointAccessWarning), jsii.String(fmt.Sprintf(
		"it was not chosen who may use the endpoints, so they are for the %s only. They get private DNS, so the names of Lambda, STS and any other "+
			"service with an endpoint here resolve to them for every client in %s, and they admit nobody but the pollers: all other "+
			"callers of those services in that VPC (IAM roles of pods, SDKs that assume a role, other event source mappings) are cut "+
			"off. Choose the endpoint access %q to mean it or %q to keep the endpoints open to all of the VPC's ranges, add client security "+
			"groups, client ranges and policy statements, or define no endpoint: %q or %q for each of them.",
		EndpointAccessPollers, *c.VPC.VpcId(), EndpointAccessPollers, EndpointAccessVPC, EndpointExisting, EndpointNone)))
}

// endpoint defines or imports the endpoint of a service. The policies for
// Lambda and STS are the tutorial's. Their resource stays "*": AWS documents
// that they cannot name the function or the role.
func (c *Cluster) endpoint(s *service) awsec2.IInterfaceVpcEndpoint {
	e, source := s.endpoint(&c.props), c.props.sourceOf(s)
	switch {
	case source == EndpointNone, source == EndpointExisting && e.ID == "":
		return nil
	case source == EndpointExisting:
		return awsec2.InterfaceVpcEndpoint_FromInterfaceVpcEndpointAttributes(c, &s.id, &awsec2.InterfaceVpcEndpointAttributes{
			VpcEndpointId: &e.ID,
			Port:          jsii.Number(443),
		})
	}
	props := &awsec2.InterfaceVpcEndpointProps{
		Vpc:               c.VPC,
		Service:           s.aws(),
		Subnets:           &awsec2.SubnetSelection{Subnets: &c.Subnets},
		SecurityGroups:    &[]awsec2.ISecurityGroup{c.EndpointSecurityGroup},
		PrivateDnsEnabled: jsii.Bool(true),
		// CDK's default would let in the whole VPC, behind the back of EndpointAccess.
		Open: jsii.Bool(false),
	}
	if s == s3Service {
		// EC2's own choice for S3 answers on-premises resolvers only, and needs a
		// gateway endpoint beside it.
		props.PrivateDnsOnlyForInboundResolverEndpoint = awsec2.VpcEndpointPrivateDnsOnlyForInboundResolverEndpoint_ALL_RESOLVERS
	}
	endpoint := awsec2.NewInterfaceVpcEndpoint(c, &s.id, props)
	c.tag(endpoint)
	switch {
	case c.props.EndpointAccess == EndpointAccessVPC:
		endpoint.AddToPolicy(awsiam.NewPolicyStatement(&awsiam.PolicyStatementProps{
			Principals: &[]awsiam.IPrincipal{awsiam.NewStarPrincipal()},
			Actions:    jsii.Strings("*"),
			Resources:  jsii.Strings("*"),
		}))
	case s.action != "":
		endpoint.AddToPolicy(awsiam.NewPolicyStatement(&awsiam.PolicyStatementProps{
			Principals: &[]awsiam.IPrincipal{awsiam.NewServicePrincipal(jsii.String("lambda.amazonaws.com"), nil)},
			Actions:    jsii.Strings(s.action),
			Resources:  jsii.Strings("*"),
		}))
	}
	for _, statement := range e.Statements {
		endpoint.AddToPolicy(statement)
	}
	return endpoint
}
