package msklambda

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsec2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awslambda"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsmsk"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsssm"
	"github.com/aws/constructs-go/constructs/v10"

	"msklambda/constructs/notice"
)

// appChecks finds, at synth, what the service would refuse in the middle of a
// deploy, and what can only be seen of the whole app. AWS takes only once, and the
// app defines twice, once by a cluster of this package: an endpoint with private DNS
// for a service and VPC, a rule of a security group, a consumer group, a topic of a
// function. The other may be of another Cluster or of anything else in the app; a
// rule may even be taken over without a word, and removed under the other's feet.
// And there are limits: IAM's on what is attached to one role, which consumers may
// share, and CloudFormation's on what is in one stack.
//
// The first cluster of an app looks for all, so that nothing is found twice.
type appChecks struct{ cluster *Cluster }

func (v *appChecks) Validate() *[]*string {
	nodes := *v.cluster.Node().Root().Node().FindAll(constructs.ConstructOrder_PREORDER)
	ours, admins := places{}, places{}
	first := true
	for _, node := range nodes {
		c, ok := node.(*Cluster)
		if !ok {
			continue
		}
		if first && c != v.cluster {
			return &[]*string{}
		}
		first = false
		if c.Pending() {
			return &[]*string{} // the placeholders of two clusters are the same
		}
		ours[c.place.path] = true
		for _, consumer := range c.consumers {
			ours[consumer.path] = true
		}
		for _, admin := range c.admins {
			admins[*admin.Node().Path()] = true
		}
	}
	d := &duplicates{ours: ours, seen: map[string]string{}}
	l := &policyLimits{ours: ours, admins: admins, roles: map[string]*attached{}}
	inTurns(v.cluster, slices.DeleteFunc(slices.Clone(nodes), func(node constructs.IConstruct) bool { return !isOnce(node) && !hasPolicy(node) }), func(node constructs.IConstruct) {
		d.look(node)
		l.look(node)
	})
	out := []*string{}
	for _, text := range slices.Concat(d.found, l.found(), stackLimits(v.cluster, nodes)) {
		out = append(out, &text)
	}
	return &out
}

// places are paths of constructs, in which others may be.
type places map[string]bool

func (p places) hold(path string) bool {
	for i, r := range path {
		if r == '/' && p[path[:i]] {
			return true
		}
	}
	return false
}

// duplicates looks for what is there twice.
type duplicates struct {
	ours  places
	seen  map[string]string // path, by what AWS takes for the same
	found []string
}

func (d *duplicates) look(node constructs.IConstruct) {
	all := onceOf(node)
	if len(all) == 0 {
		return
	}
	path := *node.Node().Path()
	for _, once := range all {
		first, twice := d.seen[once.key]
		if !twice {
			d.seen[once.key] = path
		} else if d.ours.hold(first) || d.ours.hold(path) {
			d.found = append(d.found, fmt.Sprintf("%s and %s %s", first, path, once.advice))
		}
	}
}

// isOnce reports whether a node is of a type that [onceOf] knows.
func isOnce(node constructs.IConstruct) bool {
	switch node.(type) {
	case awsec2.CfnVPCEndpoint, awsec2.CfnSecurityGroupIngress, awsec2.CfnSecurityGroupEgress, awsssm.CfnParameter, awslambda.CfnEventSourceMapping, awsmsk.CfnTopic:
		return true
	}
	return false
}

// once is something that may be there one time, and what to do about a second.
type once struct{ key, advice string }

func onceOf(node constructs.IConstruct) []once {
	switch r := node.(type) {
	case awsec2.CfnVPCEndpoint:
		if private, ok := r.PrivateDnsEnabled().(bool); !ok || !private {
			return nil
		}
		return []once{{identity(r, "endpoint", r.ServiceName(), r.VpcId()), "are two endpoints with private DNS for one service in one VPC, which EC2 " +
			`refuses: use Source "existing" for one of them, and list the security groups of its cluster in EndpointClientSecurityGroupIDs of the other`}}
	case awsec2.CfnSecurityGroupIngress:
		return []once{{identity(r, "ingress", r.GroupId(), r.SourceSecurityGroupId(), r.CidrIp(), r.CidrIpv6(), r.SourcePrefixListId(),
			r.IpProtocol(), r.FromPort(), r.ToPort()), sameRule}}
	case awsec2.CfnSecurityGroupEgress:
		return []once{{identity(r, "egress", r.GroupId(), r.DestinationSecurityGroupId(), r.CidrIp(), r.CidrIpv6(), r.DestinationPrefixListId(),
			r.IpProtocol(), r.FromPort(), r.ToPort()), sameRule}}
	case awsssm.CfnParameter:
		if r.Name() == nil {
			return nil
		}
		// A name is of one account and region.
		return []once{{identity(r, "parameter", r.Name(), awscdk.Stack_Of(r).Account(), awscdk.Stack_Of(r).Region()), "are one parameter of SSM: two clusters of one stack are the same, so use one of them for all consumers"}}
	case awsmsk.CfnTopic:
		return []once{{identity(r, "Kafka topic", r.ClusterArn(), r.TopicName()), "are one topic of one cluster, which MSK makes once: make it in one place"}}
	case awslambda.CfnEventSourceMapping:
		// All at once, because every call to CDK is a message to Node and back.
		stack := awscdk.Stack_Of(r)
		resolved, _ := stack.Resolve([]any{r.AmazonManagedKafkaEventSourceConfig(), r.EventSourceArn(), r.Topics(), r.FunctionName()}).([]any)
		if len(resolved) < 4 {
			return nil // it has none of the first, or the last: not of an MSK cluster
		}
		config, ok := resolved[0].(map[string]any)
		if !ok {
			return nil
		}
		return []once{
			{identityIn(stack, "group", resolved[1], config["consumerGroupId"]), "are two consumers with one GroupID on one cluster: give each its own"},
			{identityIn(stack, "topic", resolved[1], resolved[2], resolved[3]), "make one function read one topic twice, which Lambda refuses"},
		}
	}
	return nil
}

const sameRule = `are the same rule of one security group, which EC2 takes once: use SecurityGroupRules "none" for one of the clusters`

// identity is the same for what AWS takes for the same. An id that is a token
// says nothing outside its stack: two stacks may both call something "VPC".
func identity(scope constructs.Construct, kind string, values ...any) string {
	stack := awscdk.Stack_Of(scope)
	resolved, _ := stack.Resolve(values).([]any)
	return identityIn(stack, kind, resolved...)
}

// identityIn is that of values that the stack has resolved.
func identityIn(stack awscdk.Stack, kind string, values ...any) string {
	text, err := json.Marshal(values)
	if err != nil {
		panic(err) // what CDK resolved came from JSON
	}
	if strings.ContainsAny(string(text), "{") {
		return kind + " " + *stack.Node().Path() + " " + string(text)
	}
	return kind + " " + string(text)
}

// retainedMappings warns of mappings that outlive their place in the template. It is
// a validation because removal policies are set by aspects, which run before.
type retainedMappings struct{ cluster *Cluster }

func (v *retainedMappings) Validate() *[]*string {
	inTurns(v.cluster, v.cluster.consumers, func(c *Consumer) {
		mapping, ok := c.Mapping.Node().DefaultChild().(awscdk.CfnResource)
		if !ok {
			return // what waits for a look-up has no resources
		}
		options := mapping.CfnOptions()
		var policies []string
		for attribute, policy := range map[string]awscdk.CfnDeletionPolicy{"DeletionPolicy": options.DeletionPolicy(), "UpdateReplacePolicy": options.UpdateReplacePolicy()} {
			if strings.HasPrefix(string(policy), "RETAIN") {
				policies = append(policies, attribute+" Retain")
			}
		}
		if len(policies) > 0 {
			slices.Sort(policies)
			warnLate(c, notice.MappingRetained.With(notice.Data{"policies": strings.Join(policies, " and "), "group": c.GroupID}))
		}
	})
	return &[]*string{}
}
