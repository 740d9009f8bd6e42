package msklambda

import (
	"errors"
	"reflect"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsec2"
	"github.com/aws/constructs-go/constructs/v10"

	"msklambda/constructs/lookup"
	"msklambda/constructs/lookup/cdkcontext"
	"msklambda/constructs/network"
	"msklambda/constructs/problem"
)

// LookupProps describes an MSK cluster that is looked up. ClusterARN alone is
// required; whatever else is given wins over what the look-up finds.
type LookupProps struct {
	// ClusterARN names the cluster, provisioned or serverless. It must be in
	// the account and region of the stack, and be known at synth.
	ClusterARN string

	// AllowPublicAccess accepts a cluster whose brokers can be reached from the
	// internet. The tutorial asks for public access to be off.
	// Default: such a cluster is refused.
	AllowPublicAccess bool

	// AllowMissingTopics accepts topics that the cluster had not when it was looked up,
	// such as those that something else makes before the deploy.
	// Default: a consumer of such a topic is refused, unless the app makes it.
	AllowMissingTopics bool

	// VPCID is the VPC of the brokers. It must be known at synth.
	// Default: that of the subnets.
	VPCID string

	// VPC stands in place of VPCID, as in [ClusterProps].
	VPC awsec2.IVpc

	// SubnetIDs are the subnets of the brokers, as in [ClusterProps]. They must be
	// known at synth.
	// Default: those of the cluster.
	SubnetIDs []string

	// Subnets stand in place of SubnetIDs, as in [ClusterProps].
	Subnets []awsec2.ISubnet

	// SecurityGroupIDs are the security groups of the cluster, as in
	// [ClusterProps]. They must be known at synth.
	// Default: those of the cluster.
	SecurityGroupIDs []string

	// SecurityGroups stand in place of SecurityGroupIDs, as in [ClusterProps].
	SecurityGroups []awsec2.ISecurityGroup

	// Owner is who defines what is shared, as in [ClusterProps].
	// Default: the name of the stack.
	Owner string

	// LambdaEndpoint says how pollers reach Lambda to invoke the function.
	// Default: an endpoint with private DNS that the VPC has is used, with a
	// warning where its policy or security groups would not let the pollers
	// through; where there is none, one is defined.
	LambdaEndpoint Endpoint

	// STSEndpoint says how pollers reach STS to assume the function's role.
	// Default: one that the VPC has, or else one is defined: see LambdaEndpoint.
	STSEndpoint Endpoint

	// SecretsManagerEndpoint says how on-demand pollers reach secrets.
	// Default: one that the VPC has, or else as in [ClusterProps].
	SecretsManagerEndpoint Endpoint

	// SQSEndpoint says how pollers reach the queues for failed batches.
	// Default: one that the VPC has, or else as in [ClusterProps].
	SQSEndpoint Endpoint

	// SNSEndpoint says how pollers reach the topics for failed batches.
	// Default: one that the VPC has, or else as in [ClusterProps].
	SNSEndpoint Endpoint

	// S3Endpoint says how pollers reach the buckets for failed batches. It has no
	// default and is not looked up: see [ClusterProps].
	S3Endpoint Endpoint

	// EndpointAccess is who may use the endpoints that are defined here, as in
	// [ClusterProps].
	EndpointAccess EndpointAccess

	// EndpointIPAddressType is DUALSTACK for endpoints that take IPv6 as well, as in
	// [ClusterProps].
	EndpointIPAddressType awsec2.VpcEndpointIpAddressType

	// VPCCIDRs are all ranges of the VPC, as in [ClusterProps].
	VPCCIDRs []string

	// EndpointClientSecurityGroupIDs are further security groups that may connect
	// to the endpoints defined here, as in [ClusterProps].
	EndpointClientSecurityGroupIDs []string

	// EndpointClientCIDRs are further ranges that may connect to the endpoints
	// defined here, as in [ClusterProps].
	EndpointClientCIDRs []string

	// SecurityGroupRules is added to the cluster's security groups whatever
	// they have already, as [ImportCluster] does.
	// Default: the rules that they lack. In: TCP on the port of the consumers'
	// authentication, from each group to each. Out: nothing where a group
	// allows all outbound traffic, which a rule would take away from it; the
	// rules it lacks, on that port and on 443, where it is restricted.
	SecurityGroupRules SecurityGroupRules

	// RetainSecurityGroupRules leaves the rules in place when the stack is deleted,
	// as in [ClusterProps].
	RetainSecurityGroupRules bool
}

// attributes are the props that an import would take, as far as they are given.
func (p *LookupProps) attributes() ClusterProps {
	var out ClusterProps
	copyFields(&out, p)
	return out
}

// LookupProps returns the props that look the rest of a cluster up, with all that
// is given here but VPCConnectionARN.
func (p *ClusterProps) LookupProps() *LookupProps {
	var out LookupProps
	copyFields(&out, p)
	return &out
}

// copyFields copies the fields that two structs have under one name.
func copyFields(to, from any) {
	target, source := reflect.ValueOf(to).Elem(), reflect.ValueOf(from).Elem()
	for i := range source.NumField() {
		if field := target.FieldByName(source.Type().Field(i).Name); field.IsValid() {
			field.Set(source.Field(i))
		}
	}
}

// Validate reports every problem of the props at once, each as a [*Problem].
// What only the look-up can tell is not among them.
func (p *LookupProps) Validate() error {
	if p == nil {
		p = &LookupProps{}
	}
	_, _, err := p.settled()
	return err
}

// settled are the props with ids in place of objects, as of [ClusterProps], what is
// to be looked up left out.
func (p *LookupProps) settled() (given ClusterProps, awaited []string, err error) {
	var ps problems
	given = p.attributes()
	given.takeIDs(&ps)
	known := func(field, value string) {
		if isToken(value) {
			ps.Add(field, "must be known at synth to be looked up: a token is for ImportCluster")
		}
	}
	known("ClusterARN", given.ClusterARN)
	known("VPCID", given.VPCID)
	for _, id := range given.SubnetIDs {
		known("SubnetIDs", id)
	}
	for _, id := range given.SecurityGroupIDs {
		known("SecurityGroupIDs", id)
	}
	awaited = withoutDummies(&given)
	// What is left out is looked up, so it is no problem here.
	filled := given
	placeholderValues.fill(&filled)
	filled.validate(&ps)
	return given, awaited, ps.Err()
}

// fill gives what is not given.
func (p ClusterProps) fill(given *ClusterProps) {
	if given.VPCID == "" {
		given.VPCID = p.VPCID
	}
	if len(given.SubnetIDs) == 0 {
		given.SubnetIDs = p.SubnetIDs
	}
	if len(given.SecurityGroupIDs) == 0 {
		given.SecurityGroupIDs = p.SecurityGroupIDs
	}
}

// LookupCluster imports a cluster from its ARN alone: the CDK CLI looks the rest
// up at synth and keeps the answers in cdk.context.json, so that a synth with
// that file at hand needs no account and makes the same template again. Like
// [ImportCluster], which it agrees with on every construct id, it defines no
// resource by itself. Consumers then define only what is missing: see
// [LookupProps].
//
// What a consumer needs of the cluster is checked when it is added: that the
// cluster has its authentication on and public access off, and that the VPC can
// have private DNS where an endpoint is to be defined. At synth it is checked that its
// topics are there, as far as MSK tells.
//
// The CLI runs an app again until nothing is left to look up. Until then
// [Cluster.Pending] is true, ids are placeholders, and the stacks of the cluster,
// of its consumers and of whatever else uses such an id have templates that
// CloudFormation refuses: a unit test gives the answers as context, or imports
// the cluster.
//
// It panics when Validate fails, when a look-up has failed, with what to do
// about it, and when the stack has no account and region or not the cluster's.
func LookupCluster(scope constructs.Construct, id string, props *LookupProps) *Cluster {
	if props == nil {
		props = &LookupProps{}
	}
	given, awaited, err := props.settled()
	if err != nil {
		fail("cluster", id, err)
	}
	checkID(scope, "cluster", id)
	if len(awaited) > 0 {
		return lookUpLater(scope, id, given, awaited)
	}
	checkStack(scope, "cluster", id, given.ClusterARN)
	stack := awscdk.Stack_Of(scope)
	if isToken(*stack.Account()) || isToken(*stack.Region()) {
		var ps problems
		ps.Add("scope", "must be in a stack with an account and a region, by awscdk.StackProps.Env, for a look-up to know where")
		fail("cluster", id, ps.Err())
	}

	l := &looked{LookUp: lookup.New(cdkcontext.Of(scope), *stack.Account(), *stack.Region(), memoryName(given.owner(scope), given.ClusterARN), serviceName(stack)),
		allowPublicAccess: props.AllowPublicAccess, allowMissingTopics: props.AllowMissingTopics}
	l.DualStack = given.dualStack()
	facts, problems := l.fill(&given)
	pending := &pendingStacks{}
	pending.placeholders().fill(&given)
	choices := given.choices()
	choices.Owner, choices.Stack, choices.LooksUp = given.owner(scope), stackName(scope), true
	choices.VPCOwner = given.vpcOwner(scope)
	plan := network.New(choices)
	plan.Learn(facts)
	l.learn(plan)
	mappings, reason := l.Mappings(given.ClusterARN)
	l.mappings, l.brokers = mappings, l.Brokers(given.ClusterARN)
	if !l.Pending() {
		problems = append(problems, plan.CheckCluster()...)
	}
	if err := errors.Join(append([]error{problems.Err()}, l.Failed()...)...); err != nil {
		fail("cluster", id, err)
	}
	c := newCluster(scope, id, &given, plan)
	c.looked, c.pending, pending.cluster = l, pending, c
	c.Node().AddValidation(pending)
	c.Node().AddValidation(&goneWarnings{c})
	c.heed(mappings, reason)
	return c
}

// lookUpLater is a cluster of which CDK's own look-ups are to tell first what to look
// up. Nothing is asked in this run, and all that is not given is a placeholder.
func lookUpLater(scope constructs.Construct, id string, given ClusterProps, awaited []string) *Cluster {
	pending := &pendingStacks{}
	pending.unknown(&given.ClusterARN, awaited, "ClusterARN")
	pending.placeholders().fill(&given)
	choices := given.choices()
	choices.Owner, choices.Stack = given.owner(scope), stackName(scope)
	c := newCluster(scope, id, &given, network.New(choices))
	pending.cluster = c
	c.await("", awaited)
	return c
}

// looked is the look-up of a cluster, and what it told of the cluster itself.
type looked struct {
	*lookup.LookUp
	cluster  *lookup.Cluster // nil while the answer is not there
	brokers  network.Fact[lookup.Brokers]
	mappings network.Fact[[]lookup.Mapping]

	allowPublicAccess, allowMissingTopics bool
}

// fill gives the attributes that are not given, and what the subnets told beside
// the VPC.
func (l *looked) fill(props *ClusterProps) (facts network.Facts, ps problem.List) {
	given := lookup.Given{VPC: props.VPCID, Subnets: props.SubnetIDs, Groups: props.SecurityGroupIDs}
	if l.cluster = l.Cluster(props.ClusterARN); l.cluster != nil {
		ps = l.cluster.Fill(&given)
	}
	facts = l.FillVPC(&given)
	props.VPCID, props.SubnetIDs, props.SecurityGroupIDs = given.VPC, given.Subnets, given.Groups
	return facts, ps
}

// learn asks what a plan would have to know, for consumers that are about to be
// added.
func (l *looked) learn(plan *network.Network, consumers ...network.Needs) {
	for questions := plan.Asks(consumers...); len(questions) > 0; questions = plan.Asks(consumers...) {
		for _, q := range questions {
			plan.Learn(l.Answer(q))
		}
	}
}

// serviceName names the endpoints of services as EC2 does in the region of a
// stack.
func serviceName(stack awscdk.Stack) func(network.Service) string {
	return func(s network.Service) string { return stack.Resolve(serviceOf(s).aws().Name()).(string) }
}

// prepare finds out what the pollers of a consumer, or an admin function, need, and
// reports what is there and stands in their way.
func (c *Cluster) prepare(authentication Authentication, needs network.Needs) error {
	l := c.looked
	if l == nil {
		return c.network.Check(needs).Err()
	}
	var ps problem.List
	if l.cluster != nil {
		if !needs.Admin || authentication.proves() { // that Lambda's pollers take IAM where it is on is not for a function
			ps = append(ps, l.cluster.CheckAuthentication(string(authentication.method()))...)
		}
		if !l.allowPublicAccess {
			ps = append(ps, l.cluster.CheckPublicAccess()...)
		}
	}
	l.learn(c.network, needs)
	ps = append(ps, c.network.Check(needs)...)
	if l.Pending() {
		// What stands in the way is told all at once, when all is known.
		ps = nil
	}
	return errors.Join(append([]error{ps.Err()}, l.Failed()...)...)
}

// Pending reports whether something of the cluster is not looked up yet in this
// run of the app, so that its ids are placeholders: code that computes with them
// must wait for the next run. It can become true with a consumer that needs to know
// more. For an imported cluster it tells of CDK's own look-ups, whose dummies are in
// its props or in those of its consumers.
func (c *Cluster) Pending() bool {
	return len(c.awaited) > 0 || c.looked != nil && c.looked.Pending()
}
