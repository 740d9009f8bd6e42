package msklambda

import (
	"errors"
	"slices"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/constructs-go/constructs/v10"
)

// LookupProps describes an MSK cluster that is looked up. ClusterARN alone is
// required; whatever else is given wins over what the look-up finds. A field
// that [ClusterProps] has too is documented there.
type LookupProps struct {
	// ClusterARN names the cluster, provisioned or serverless. It must be in
	// the account and region of the stack, and be known at synth.
	ClusterARN string

	// AllowPublicAccess accepts a cluster whose brokers can be reached from the
	// internet. The tutorial asks for public access to be off.
	// Default: such a cluster is refused.
	AllowPublicAccess bool

	// Default: those of the cluster. They must be known at synth.
	VPCID            string
	SubnetIDs        []string
	SecurityGroupIDs []string

	// Default: an endpoint with private DNS that the VPC has for the service is
	// used, with a warning where its policy or security groups would not let
	// the pollers through; where there is none, one is defined. S3Endpoint has
	// no default and is not looked up.
	LambdaEndpoint         Endpoint
	STSEndpoint            Endpoint
	SecretsManagerEndpoint Endpoint
	SQSEndpoint            Endpoint
	SNSEndpoint            Endpoint
	S3Endpoint             Endpoint

	// Of the endpoints defined here, as in ClusterProps.
	EndpointAccess                 EndpointAccess
	VPCCIDRs                       []string
	EndpointClientSecurityGroupIDs []string
	EndpointClientCIDRs            []string

	// SecurityGroupRules is added to the cluster's security groups whatever
	// they have already, as [ImportCluster] does.
	// Default: the rules that they lack. In: TCP on the port of the consumers'
	// authentication, from each group to each. Out: nothing where a group
	// allows all outbound traffic, which a rule would take away from it; the
	// rules it lacks, on that port and on 443, where it is restricted.
	SecurityGroupRules       SecurityGroupRules
	RetainSecurityGroupRules bool
}

func (p *LookupProps) attributes() ClusterProps {
	return ClusterProps{
		ClusterARN: p.ClusterARN, VPCID: p.VPCID, SubnetIDs: p.SubnetIDs, SecurityGroupIDs: p.SecurityGroupIDs, VPCCIDRs: p.VPCCIDRs,
		LambdaEndpoint: p.LambdaEndpoint, STSEndpoint: p.STSEndpoint, SecretsManagerEndpoint: p.SecretsManagerEndpoint,
		SQSEndpoint: p.SQSEndpoint, SNSEndpoint: p.SNSEndpoint, S3Endpoint: p.S3Endpoint, EndpointAccess: p.EndpointAccess,
		EndpointClientSecurityGroupIDs: p.EndpointClientSecurityGroupIDs, EndpointClientCIDRs: p.EndpointClientCIDRs,
		SecurityGroupRules: p.SecurityGroupRules, RetainSecurityGroupRules: p.RetainSecurityGroupRules,
	}
}

// Validate reports every problem of the props at once, each as a [*Problem].
// What only the look-up can tell is not among them.
func (p *LookupProps) Validate() error {
	if p == nil {
		p = &LookupProps{}
	}
	var ps problems
	known := func(field, value string) {
		if isToken(value) {
			ps.add(field, "must be known at synth to be looked up: a token is for ImportCluster")
		}
	}
	known("ClusterARN", p.ClusterARN)
	known("VPCID", p.VPCID)
	for _, id := range p.SubnetIDs {
		known("SubnetIDs", id)
	}
	for _, id := range p.SecurityGroupIDs {
		known("SecurityGroupIDs", id)
	}
	// What is left out is looked up, so it is no problem here.
	given := p.attributes()
	placeholderValues.fill(&given)
	given.validate(&ps)
	return ps.err()
}

// fill gives what is not given.
func (found ClusterProps) fill(given *ClusterProps) {
	if given.VPCID == "" {
		given.VPCID = found.VPCID
	}
	if len(given.SubnetIDs) == 0 {
		given.SubnetIDs = found.SubnetIDs
	}
	if len(given.SecurityGroupIDs) == 0 {
		given.SecurityGroupIDs = found.SecurityGroupIDs
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
// have private DNS where an endpoint is to be defined.
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
	if err := props.Validate(); err != nil {
		fail("cluster", id, err)
	}
	checkID(scope, "cluster", id)
	checkStack(scope, "cluster", id, props.ClusterARN)
	stack := awscdk.Stack_Of(scope)
	if isToken(*stack.Account()) || isToken(*stack.Region()) {
		var ps problems
		ps.add("scope", "must be in a stack with an account and a region, by awscdk.StackProps.Env, for a look-up to know where")
		fail("cluster", id, ps.err())
	}

	given := props.attributes()
	f := &found{lookups: newLookups(scope), allowPublicAccess: props.AllowPublicAccess, stackName: stackName(scope)}
	f.lookUp(&given)
	if err := errors.Join(f.failed...); err != nil {
		fail("cluster", id, err)
	}
	f.vpcKnown = given.VPCID != ""
	p := &pendingStacks{}
	p.placeholders().fill(&given)
	c := newCluster(scope, id, &given)
	c.found = f
	p.cluster = c
	c.Node().AddValidation(p)
	return c
}

// Pending reports whether something of the cluster is not looked up yet in this
// run of the app, so that its ids are placeholders: code that computes with them
// must wait for the next run. It is false for an imported cluster, and can become
// true with a consumer that needs to know more.
func (c *Cluster) Pending() bool { return c.found != nil && c.found.pending }

// sorted is in an order of its own, since the schemas say of these lists that
// their order means nothing: a template must not change with it.
func sorted(ids []string) []string { return slices.Sorted(slices.Values(unique(ids))) }
