package msklambda

import (
	"encoding/json"
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
	// callers other than the pollers. Each needs a principal. Refused with
	// EndpointAccessVPC, whose policy admits everybody and would be narrowed.
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

	// EndpointAccessVPC opens the endpoints to VPCCIDRs and leaves their policy
	// at AWS's default, which admits everybody, so that nobody is cut off.
	EndpointAccessVPC EndpointAccess = "vpc"
)

// EndpointAccessWarning is the id of the warning that EndpointAccess was not
// chosen, for awscdk.Annotations_Of(cluster).AcknowledgeWarning.
const EndpointAccessWarning = "msklambda:endpointAccess"

func (p *ClusterProps) validateEndpoints(ps *problems) {
	creates := false
	for _, e := range []struct {
		field    string
		endpoint Endpoint
	}{{"LambdaEndpoint", p.LambdaEndpoint}, {"STSEndpoint", p.STSEndpoint}} {
		switch source := e.endpoint.source(); source {
		case EndpointCreate, EndpointExisting, EndpointNone:
			creates = creates || source == EndpointCreate
			if source != EndpointExisting && e.endpoint.ID != "" {
				ps.add(e.field+".ID", "needs Source %q, got Source %q", EndpointExisting, source)
			}
			if source != EndpointCreate && len(e.endpoint.Statements) > 0 {
				ps.add(e.field+".Statements", "needs Source %q: the policy of an endpoint not defined here is not changed, got Source %q", EndpointCreate, source)
			}
		default:
			ps.add(e.field+".Source", "must be %q, %q or %q, got %q", EndpointCreate, EndpointExisting, EndpointNone, source)
		}
		if id := e.endpoint.ID; id != "" && !isToken(id) && !endpointID.MatchString(id) {
			ps.add(e.field+".ID", `must be an id such as "vpce-0123456789abcdef0", got %q`, id)
		}
		if p.EndpointAccess == EndpointAccessVPC && len(e.endpoint.Statements) > 0 {
			ps.add(e.field+".Statements", "needs EndpointAccess %q: with %q the policy admits everybody, and statements would narrow it", EndpointAccessPollers, EndpointAccessVPC)
		}
		ps.statements(e.field+".Statements", e.endpoint.Statements)
	}
	switch p.EndpointAccess {
	case "", EndpointAccessPollers:
	case EndpointAccessVPC:
		if creates && len(p.VPCCIDRs) == 0 {
			ps.add("VPCCIDRs", `is required with EndpointAccess %q: the ranges of the VPC, such as "10.0.0.0/16"`, EndpointAccessVPC)
		}
	default:
		ps.add("EndpointAccess", "must be %q or %q, got %q", EndpointAccessPollers, EndpointAccessVPC, p.EndpointAccess)
	}
	ps.cidrs("VPCCIDRs", p.VPCCIDRs)
	ps.cidrs("EndpointClientCIDRs", p.EndpointClientCIDRs)
	ps.ids("EndpointClientSecurityGroupIDs", p.EndpointClientSecurityGroupIDs, securityGroupID, "sg-0123456789abcdef0")
	if !creates {
		if len(p.EndpointClientCIDRs) > 0 {
			ps.add("EndpointClientCIDRs", "needs an endpoint that is defined here, got none with Source %q", EndpointCreate)
		}
		if len(p.EndpointClientSecurityGroupIDs) > 0 {
			ps.add("EndpointClientSecurityGroupIDs", "needs an endpoint that is defined here, got none with Source %q", EndpointCreate)
		}
	}
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

func (c *Cluster) defineEndpoints() {
	if c.creates(c.props.LambdaEndpoint) || c.creates(c.props.STSEndpoint) {
		c.defineEndpointSecurityGroup()
		c.warnOfEndpointAccess()
	}
	c.LambdaEndpoint = c.endpoint("LambdaEndpoint", c.props.LambdaEndpoint,
		awsec2.InterfaceVpcEndpointAwsService_LAMBDA(), "lambda:InvokeFunction")
	c.STSEndpoint = c.endpoint("STSEndpoint", c.props.STSEndpoint,
		awsec2.InterfaceVpcEndpointAwsService_STS(), "sts:AssumeRole")
}

func (c *Cluster) creates(e Endpoint) bool { return e.source() == EndpointCreate }

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
		group.AddIngressRule(peer, https, &who, jsii.Bool(false))
	}
	for _, id := range c.SecurityGroupIDs {
		allow(awsec2.Peer_SecurityGroupId(&id, nil), "msklambda: pollers")
	}
	for _, id := range c.props.EndpointClientSecurityGroupIDs {
		allow(awsec2.Peer_SecurityGroupId(&id, nil), "msklambda: endpoint client")
	}
	for _, cidr := range c.props.EndpointClientCIDRs {
		allow(peerOf(cidr), "msklambda: endpoint client")
	}
	if c.props.EndpointAccess == EndpointAccessVPC {
		for _, cidr := range c.props.VPCCIDRs {
			allow(peerOf(cidr), "msklambda: VPC")
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
		"EndpointAccess is not chosen and defaults to %q. The endpoints get private DNS, so the names of Lambda and STS "+
			"resolve to them for every client in %s, and they admit nobody but the pollers: all other callers of Lambda or STS "+
			"in that VPC (IAM roles of pods, SDKs that assume a role, other event source mappings) are cut off. Choose "+
			"EndpointAccess %q to mean it, %q to keep the endpoints open to VPCCIDRs, add clients (EndpointClientSecurityGroupIDs, "+
			"EndpointClientCIDRs, Statements), or define no endpoint (LambdaEndpoint and STSEndpoint %q or %q).",
		EndpointAccessPollers, *c.VPC.VpcId(), EndpointAccessPollers, EndpointAccessVPC, EndpointExisting, EndpointNone)))
}

// endpoint defines or imports the endpoint of a service. The policy is the
// tutorial's. Its resource stays "*": AWS documents that the policies of these
// two services cannot name the function or the role.
func (c *Cluster) endpoint(id string, e Endpoint, service awsec2.InterfaceVpcEndpointAwsService, action string) awsec2.IInterfaceVpcEndpoint {
	switch {
	case e.source() == EndpointNone, e.source() == EndpointExisting && e.ID == "":
		return nil
	case e.source() == EndpointExisting:
		return awsec2.InterfaceVpcEndpoint_FromInterfaceVpcEndpointAttributes(c, &id, &awsec2.InterfaceVpcEndpointAttributes{
			VpcEndpointId: &e.ID,
			Port:          jsii.Number(443),
		})
	}
	endpoint := awsec2.NewInterfaceVpcEndpoint(c, &id, &awsec2.InterfaceVpcEndpointProps{
		Vpc:               c.VPC,
		Service:           service,
		Subnets:           &awsec2.SubnetSelection{Subnets: &c.Subnets},
		SecurityGroups:    &[]awsec2.ISecurityGroup{c.EndpointSecurityGroup},
		PrivateDnsEnabled: jsii.Bool(true),
		// CDK's default would let in the whole VPC, behind the back of EndpointAccess.
		Open: jsii.Bool(false),
	})
	if c.props.EndpointAccess != EndpointAccessVPC {
		endpoint.AddToPolicy(awsiam.NewPolicyStatement(&awsiam.PolicyStatementProps{
			Principals: &[]awsiam.IPrincipal{awsiam.NewServicePrincipal(jsii.String("lambda.amazonaws.com"), nil)},
			Actions:    jsii.Strings(action),
			Resources:  jsii.Strings("*"),
		}))
		for _, statement := range e.Statements {
			endpoint.AddToPolicy(statement)
		}
	}
	c.network = append(c.network, endpoint)
	return endpoint
}

// onePrivateDNSEndpoint finds, at synth, a second endpoint with private DNS for
// a service and VPC: made by another Cluster, or by anything else in the app.
// EC2 would refuse it in the middle of the deploy.
type onePrivateDNSEndpoint struct{ cluster *Cluster }

func (v *onePrivateDNSEndpoint) Validate() *[]*string {
	var found []*string
	for _, mine := range []awsec2.IInterfaceVpcEndpoint{v.cluster.LambdaEndpoint, v.cluster.STSEndpoint} {
		endpoint, ok := mine.(awsec2.InterfaceVpcEndpoint)
		if !ok {
			continue // imported or none
		}
		own := endpoint.Node().DefaultChild().(awsec2.CfnVPCEndpoint)
		for _, node := range *v.cluster.Node().Root().Node().FindAll(constructs.ConstructOrder_PREORDER) {
			other, ok := node.(awsec2.CfnVPCEndpoint)
			if !ok || *other.Node().Path() == *own.Node().Path() || !sameEndpoint(own, other) {
				continue
			}
			found = append(found, jsii.String(fmt.Sprintf(
				"%s and %s are two endpoints with private DNS for one service in one VPC, which EC2 refuses: use Source %q for one of them, "+
					"and list the security groups of its cluster in EndpointClientSecurityGroupIDs of the other",
				*own.Node().Path(), *other.Node().Path(), EndpointExisting)))
		}
	}
	return &found
}

func sameEndpoint(a, b awsec2.CfnVPCEndpoint) bool {
	if private, ok := b.PrivateDnsEnabled().(bool); !ok || !private {
		return false
	}
	key := func(e awsec2.CfnVPCEndpoint) string {
		resolved, err := json.Marshal(awscdk.Stack_Of(e).Resolve([]any{e.ServiceName(), e.VpcId()}))
		if err != nil {
			panic(err) // what CDK resolved came from JSON
		}
		return string(resolved)
	}
	return key(a) == key(b)
}
