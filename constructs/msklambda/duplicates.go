package msklambda

import (
	"encoding/json"
	"fmt"
	"strings"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsec2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awslambda"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsssm"
	"github.com/aws/constructs-go/constructs/v10"
	"github.com/aws/jsii-runtime-go"
)

// appChecks finds, at synth, what the service would refuse in the middle of a
// deploy, and what can only be seen of the whole app. AWS takes only once, and the
// app defines twice, once by a cluster of this package: an endpoint with private DNS
// for a service and VPC, a rule of a security group, a consumer group, a topic of a
// function. The other may be of another Cluster or of anything else in the app; a
// rule may even be taken over without a word, and removed under the other's feet.
// And IAM has limits on what is attached to one role, which consumers may share.
//
// The first cluster of an app looks for all, so that nothing is found twice.
type appChecks struct{ cluster *Cluster }

func (v *appChecks) Validate() *[]*string {
	nodes := *v.cluster.Node().Root().Node().FindAll(constructs.ConstructOrder_PREORDER)
	ours := map[string]bool{}
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
		ours[*c.Node().Path()] = true
		for _, consumer := range c.consumers {
			ours[*consumer.Node().Path()] = true
		}
	}
	isOurs := func(path string) bool {
		for prefix := range ours {
			if strings.HasPrefix(path, prefix+"/") {
				return true
			}
		}
		return false
	}
	type place struct{ path, advice string }
	var found []*string
	seen := map[string]place{}
	for _, node := range nodes {
		for _, once := range onceOf(node) {
			here := place{*node.Node().Path(), once.advice}
			first, twice := seen[once.key]
			if !twice {
				seen[once.key] = here
			} else if isOurs(first.path) || isOurs(here.path) {
				found = append(found, jsii.String(fmt.Sprintf("%s and %s %s", first.path, here.path, once.advice)))
			}
		}
	}
	found = append(found, policyLimits(nodes, isOurs)...)
	return &found
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
		return []once{{identity(r, "parameter", r.Name()), "are one parameter of SSM: two clusters of one stack are the same, so use one of them for all consumers"}}
	case awslambda.CfnEventSourceMapping:
		source := r.AmazonManagedKafkaEventSourceConfig()
		if source == nil {
			return nil // not of an MSK cluster, such as one of a queue
		}
		config, ok := awscdk.Stack_Of(r).Resolve(source).(map[string]any)
		if !ok {
			return nil
		}
		return []once{
			{identity(r, "group", r.EventSourceArn(), config["consumerGroupId"]), "are two consumers with one GroupID on one cluster: give each its own"},
			{identity(r, "topic", r.EventSourceArn(), r.Topics(), r.FunctionName()), "make one function read one topic twice, which Lambda refuses"},
		}
	}
	return nil
}

const sameRule = `are the same rule of one security group, which EC2 takes once: use SecurityGroupRules "none" for one of the clusters`

// identity is the same for what AWS takes for the same. An id that is a token
// says nothing outside its stack: two stacks may both call something "VPC".
func identity(scope constructs.Construct, kind string, values ...any) string {
	stack := awscdk.Stack_Of(scope)
	text, err := json.Marshal(stack.Resolve(values))
	if err != nil {
		panic(err) // what CDK resolved came from JSON
	}
	if strings.ContainsAny(string(text), "{") {
		return kind + " " + *stack.Node().Path() + " " + string(text)
	}
	return kind + " " + string(text)
}
