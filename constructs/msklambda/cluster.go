package msklambda

import (
	"slices"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsec2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsssm"
	"github.com/aws/constructs-go/constructs/v10"
	"github.com/aws/jsii-runtime-go"

	"msklambda/constructs/arn"
	"msklambda/constructs/network"
	"msklambda/constructs/notice"
)

// ClusterProps describes an MSK cluster that exists, and how its pollers get
// through its VPC. ClusterARN, VPCID, SubnetIDs and SecurityGroupIDs are
// required, the last three not with VPCConnectionARN; the zero value of every
// other field is its default. Strings may hold CDK tokens, and what CDK's own
// look-ups give before they have an answer, such as "vpc-12345": the template of such
// a run is one that CloudFormation refuses, and the CLI runs the app again.
type ClusterProps struct {
	// ClusterARN names the cluster, provisioned or serverless. It must be in
	// the account and region of the stack, unless VPCConnectionARN is given.
	ClusterARN string

	// VPCConnectionARN is that of a managed VPC connection, for a provisioned
	// cluster of another account in the same region. No endpoint and no rule is
	// then defined, because the connection's network is made with it.
	VPCConnectionARN string

	// VPCID is the VPC of the brokers.
	VPCID string

	// VPC stands in place of VPCID: a VPC that this app makes or looks up. Of one that
	// awsec2.Vpc_FromLookup looks up it is known whose it is: in a VPC that another
	// account shares with the stack's, no endpoint can be defined.
	VPC awsec2.IVpc

	// SubnetIDs are the subnets of the brokers, each in a zone of its own.
	// Endpoints get a network interface in each.
	SubnetIDs []string

	// Subnets stand in place of SubnetIDs: *vpc.PrivateSubnets(), for brokers in
	// all of them.
	Subnets []awsec2.ISubnet

	// SecurityGroupIDs are the security groups of the cluster. Lambda gives
	// them to the pollers too, so they are both ends of the broker traffic.
	// Repetitions are removed.
	SecurityGroupIDs []string

	// SecurityGroups stand in place of SecurityGroupIDs. The rules of a group that
	// this app makes then have the group's name in their construct ids.
	SecurityGroups []awsec2.ISecurityGroup

	// VPCCIDRs are all IPv4 and IPv6 ranges of the VPC, such as "10.0.0.0/16",
	// secondary ones too: clients in a range that is left out are cut off. A token
	// such as *vpc.VpcCidrBlock() is taken for an IPv4 range, and for an IPv6 range
	// behind the text "ipv6:".
	// Required with EndpointAccessVPC, unused otherwise.
	VPCCIDRs []string

	// Owner is who defines what is shared: it is in the tags of endpoints, in the
	// descriptions of rules and in the name of the parameter by which a look-up knows
	// its own. Set it to the name of the stack that it is in before the cluster moves to
	// another stack, by "cdk refactor", and leave it so. Two stacks of one owner on one
	// cluster would each take the other's for their own.
	// Default: the name of the stack.
	Owner string

	// LambdaEndpoint says how pollers reach Lambda to invoke the function.
	// Default: an interface endpoint is defined. See [EndpointAccess] for what
	// that means to the rest of the VPC.
	LambdaEndpoint Endpoint

	// STSEndpoint says how pollers reach STS to assume the function's role.
	// Default: an interface endpoint is defined, whatever LambdaEndpoint is.
	STSEndpoint Endpoint

	// SecretsManagerEndpoint says how on-demand pollers reach the secrets of
	// consumers that have one.
	// Default: an endpoint is defined with the first of them, and with
	// EndpointAccessPollers a warning says whom that cuts off; none where
	// LambdaEndpoint and STSEndpoint are both EndpointNone.
	SecretsManagerEndpoint Endpoint

	// SQSEndpoint says how pollers reach the queues that are destinations of failed
	// batches. AWS is not clear on whether provisioned pollers need an endpoint:
	// EndpointCreate defines it for those too, and where it is not set there is a
	// warning.
	// Default: for on-demand pollers as SecretsManagerEndpoint, for provisioned
	// ones none.
	SQSEndpoint Endpoint

	// SNSEndpoint says how pollers reach the topics that are destinations of failed
	// batches.
	// Default: as for SQSEndpoint.
	SNSEndpoint Endpoint

	// S3Endpoint says how pollers reach the buckets that are destinations of failed
	// batches. It has no default: most VPCs reach
	// S3 by a gateway endpoint (EndpointExisting) or a NAT gateway
	// (EndpointNone), and an interface endpoint with private DNS would take over
	// all of the VPC's traffic to S3.
	S3Endpoint Endpoint

	// EndpointAccess is who may use the endpoints that are defined here.
	// Default: EndpointAccessPollers, with a warning at synth until it is set,
	// because it cuts off every other caller in the VPC.
	EndpointAccess EndpointAccess

	// EndpointIPAddressType is DUALSTACK for endpoints that take IPv6 as well, under
	// names that have both kinds of addresses. Each of the subnets must have an IPv6
	// range, which [LookupCluster] checks, and the service must offer it, which "aws
	// ec2 describe-vpc-endpoint-services" tells as SupportedIpAddressTypes and nothing
	// here checks. Whoever has IPv6 then comes by it, so VPCCIDRs must have the IPv6
	// range of the VPC too, and EndpointClientCIDRs those of such clients. IPV6 alone
	// is refused, since it would cut off everybody who has IPv4.
	// Default: IPV4, set by the service.
	EndpointIPAddressType awsec2.VpcEndpointIpAddressType

	// EndpointClientSecurityGroupIDs are further security groups that may
	// connect to the endpoints defined here, such as those of a second cluster
	// in this VPC. With EndpointAccessPollers the endpoint policy still admits
	// nobody but Lambda's service: add Statements for other principals.
	EndpointClientSecurityGroupIDs []string

	// EndpointClientCIDRs are further IPv4 and IPv6 ranges, and tokens as in VPCCIDRs,
	// that may connect to the endpoints defined here. With EndpointAccessPollers the endpoint policy
	// still admits nobody but Lambda's service: add Statements for other principals.
	EndpointClientCIDRs []string

	// SecurityGroupRules is what is added to the cluster's security groups.
	// Default: SecurityGroupRulesIngress.
	SecurityGroupRules SecurityGroupRules

	// RetainSecurityGroupRules leaves the rules in place when the stack is
	// deleted or stops defining them. Set it where a rule may have existed
	// before: CloudFormation can take such a rule over without a word and
	// would delete it with the stack, cutting off whoever relied on it.
	// Default: the rules go with the stack.
	RetainSecurityGroupRules bool
}

// Validate reports every problem of the props at once, each as a [*Problem].
func (p *ClusterProps) Validate() error {
	if p == nil {
		p = &ClusterProps{}
	}
	_, _, err := p.settled()
	return err
}

// settled are the props with ids in place of objects, and no dummy of CDK's look-ups
// in them, and the fields that had one.
func (p *ClusterProps) settled() (settled ClusterProps, awaited []string, err error) {
	var ps problems
	settled = *p
	settled.takeIDs(&ps)
	awaited = withoutDummies(&settled)
	settled.validate(&ps)
	return settled, awaited, ps.Err()
}

func (p *ClusterProps) validate(ps *problems) {
	ps.clusterARN("ClusterARN", p.ClusterARN)
	p.validateOwner(ps)
	if p.VPCConnectionARN != "" {
		p.validateConnection(ps)
		return
	}
	switch {
	case p.VPCID == "":
		ps.Add("VPCID", `is required: the VPC of the brokers, such as "vpc-0123456789abcdef0"`)
	case !isToken(p.VPCID) && !arn.VPCID.MatchString(p.VPCID):
		ps.Add("VPCID", `must be an id such as "vpc-0123456789abcdef0", got %q`, p.VPCID)
	}
	if len(p.SubnetIDs) == 0 {
		ps.Add("SubnetIDs", `is required: the subnets of the brokers, such as "subnet-0123456789abcdef0"`)
	}
	ps.ids("SubnetIDs", p.SubnetIDs, arn.SubnetID, "subnet-0123456789abcdef0")
	if len(p.SecurityGroupIDs) == 0 {
		ps.Add("SecurityGroupIDs", `is required: the security groups of the cluster, such as "sg-0123456789abcdef0"`)
	}
	ps.ids("SecurityGroupIDs", p.SecurityGroupIDs, arn.SecurityGroupID, "sg-0123456789abcdef0")
	p.validateEndpoints(ps)
	p.validateRules(ps)
}

// Cluster is an MSK cluster that exists, and what its consumers share: endpoints
// and security group rules, which AWS allows once for a VPC or group. It is
// made by [ImportCluster] or [LookupCluster]. The shared parts are defined when the first
// consumer needs them; until then their fields are nil.
type Cluster struct {
	constructs.Construct

	// ClusterARN is that of the props.
	ClusterARN string

	// SecurityGroupIDs are the cluster's security groups, each once.
	SecurityGroupIDs []string

	// VPC is the imported VPC of the brokers, nil with VPCConnectionARN.
	VPC awsec2.IVpc

	// Subnets are the imported subnets of the brokers, none with VPCConnectionARN.
	Subnets []awsec2.ISubnet

	// EndpointSecurityGroup is the group of the endpoints defined here, nil
	// when none is.
	EndpointSecurityGroup awsec2.SecurityGroup

	// LambdaEndpoint is the endpoint for Lambda, defined or existing. It is nil
	// before a consumer needs it, with EndpointNone, and where one that exists is
	// not known by its id.
	LambdaEndpoint awsec2.IInterfaceVpcEndpoint

	// STSEndpoint is the endpoint for STS, or nil: see LambdaEndpoint.
	STSEndpoint awsec2.IInterfaceVpcEndpoint

	// SecretsManagerEndpoint is the endpoint for Secrets Manager, or nil: see
	// LambdaEndpoint.
	SecretsManagerEndpoint awsec2.IInterfaceVpcEndpoint

	// SQSEndpoint is the endpoint for SQS, or nil: see LambdaEndpoint.
	SQSEndpoint awsec2.IInterfaceVpcEndpoint

	// SNSEndpoint is the endpoint for SNS, or nil: see LambdaEndpoint.
	SNSEndpoint awsec2.IInterfaceVpcEndpoint

	// S3Endpoint is the interface endpoint for S3, or nil: see LambdaEndpoint.
	S3Endpoint awsec2.IInterfaceVpcEndpoint

	props     ClusterProps
	consumers []*Consumer
	topics    []*Topic
	admins    []*Admin
	network   *network.Network
	rules     map[network.PlannedRule]constructs.IDependable // that are defined
	looked    *looked                                        // nil when the cluster is imported
	memory    awsssm.CfnParameter                            // nil until something is defined
	place     place
	names     map[string]string // of groups whose ids are tokens
	pending   *pendingStacks    // nil when nothing is to be looked up
	awaited   []string          // fields that CDK's own look-ups are to fill

	connections awsec2.Connections
}

// ToString makes Cluster a jsii object in its own right: a struct that only
// embeds a construct compiles as one and panics when CDK is given it.
func (c *Cluster) ToString() *string { return jsii.String("msklambda.Cluster") }

// ImportCluster imports a cluster from its attributes. It looks nothing up and
// defines no resource by itself: consumers bring in what they need.
//
// It panics when Validate fails, and when the stack's account or region is not
// the cluster's.
func ImportCluster(scope constructs.Construct, id string, props *ClusterProps) *Cluster {
	if props == nil {
		props = &ClusterProps{}
	}
	settled, awaited, err := props.settled()
	if err != nil {
		fail("cluster", id, err)
	}
	checkID(scope, "cluster", id)
	pending := &pendingStacks{}
	pending.unknown(&settled.ClusterARN, awaited, "ClusterARN")
	pending.unknown(&settled.VPCConnectionARN, awaited, "VPCConnectionARN")
	checkStack(scope, "cluster", id, settled.source())
	choices := settled.choices()
	choices.Owner, choices.VPCOwner = settled.owner(scope), settled.vpcOwner(scope)
	c := newCluster(scope, id, &settled, network.New(choices))
	pending.cluster = c
	c.await("", awaited)
	return c
}

func newCluster(scope constructs.Construct, id string, props *ClusterProps, plan *network.Network) *Cluster {
	c := &Cluster{
		ClusterARN: props.ClusterARN,
		props:      *props,
		network:    plan,
		rules:      map[network.PlannedRule]constructs.IDependable{},
	}
	constructs.NewConstruct_Override(c, scope, &id)
	c.place = placeOf(c)
	// The caller's slices stay the caller's: later changes to them must not
	// reach what is defined lazily.
	c.SecurityGroupIDs = unique(props.SecurityGroupIDs)
	c.props.SecurityGroupIDs = c.SecurityGroupIDs
	c.props.SubnetIDs = unique(props.SubnetIDs)
	for _, s := range services {
		e := s.endpoint(&c.props)
		e.Statements = slices.Clone(e.Statements)
	}
	c.nameHanded()
	c.Node().AddValidation(&appChecks{c})
	c.Node().AddValidation(&retainedMappings{c})
	c.Node().AddValidation(&topicChecks{c})
	if _, region := arn.Env(props.source()); region != "" && !arn.KnownRegion(region) {
		warn(c, notice.RegionUnknown.With(notice.Data{"region": region}))
	}
	if props.VPCConnectionARN != "" {
		return c
	}

	if c.VPC = props.VPC; c.VPC == nil {
		c.VPC = awsec2.Vpc_FromVpcAttributes(c, jsii.String("VPC"), &awsec2.VpcAttributes{
			VpcId: &props.VPCID,
			// Required by CDK and of no use here: subnets are named one by one.
			AvailabilityZones: &[]*string{awscdk.Fn_Select(jsii.Number(0), awscdk.Fn_GetAzs(nil))},
		})
	}
	c.importSubnets()
	return c
}

// importSubnets has each of the subnets once, those that were handed over as they are.
func (c *Cluster) importSubnets() {
	if len(c.props.Subnets) > 0 {
		seen := map[string]bool{}
		for _, s := range c.props.Subnets {
			if id := *s.SubnetId(); !seen[id] {
				seen[id] = true
				c.Subnets = append(c.Subnets, s)
			}
		}
		return
	}
	subnets := constructs.NewConstruct(c, jsii.String("Subnets"))
	for _, subnet := range c.props.SubnetIDs {
		s := awsec2.Subnet_FromSubnetId(subnets, jsii.String(c.idFor(subnet)), &subnet)
		awscdk.Annotations_Of(s).AcknowledgeWarning(jsii.String("@aws-cdk/aws-ec2:noSubnetRouteTableId"),
			jsii.String("no route is read or written here"))
		c.Subnets = append(c.Subnets, s)
	}
}

// AddConsumer defines a function that reads a topic of this cluster, inside
// this construct. See [NewConsumer] for one in another stack.
//
// The first consumer that needs them brings in the endpoints and rules, and they
// go with the last one: to replace an only consumer, add the new one before you
// remove the old.
func (c *Cluster) AddConsumer(id string, props *ConsumerProps) *Consumer {
	return NewConsumer(c, id, c, props)
}
