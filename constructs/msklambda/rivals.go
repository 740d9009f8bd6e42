package msklambda

import (
	"cmp"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awslambda"
	"github.com/aws/constructs-go/constructs/v10"
	"github.com/aws/jsii-runtime-go"

	"msklambda/constructs/lookup"
	"msklambda/constructs/network"
	"msklambda/constructs/notice"
)

// heed warns of mappings that a look-up found, or says why it found none.
func (c *Cluster) heed(mappings network.Fact[[]lookup.Mapping], reason string) {
	if known, ok := mappings.Get(); ok && len(known) > 0 {
		c.Node().AddValidation(&rivals{c, known})
	}
	if reason != "" && !c.Pending() {
		n := notice.MappingsUnknown.With(notice.Data{"reason": reason, "region": *awscdk.Stack_Of(c).Region(), "cluster": c.ClusterARN})
		awscdk.Annotations_Of(c).AddInfoV2(&n.ID, jsii.String(n.String()))
	}
}

// rivals warns of mappings of others that have the group of a consumer. It is a
// validation because that runs when the last stack of the app is there. It only warns:
// the answer may be older than the import of such a mapping, or than its end.
type rivals struct {
	cluster  *Cluster
	mappings []lookup.Mapping
}

func (v *rivals) Validate() *[]*string {
	if v.cluster.Pending() {
		return &[]*string{}
	}
	var stacks []string // asked for once, and where it matters
	inTurns(v.cluster, v.cluster.consumers, func(c *Consumer) {
		r := lookup.Reader{Topic: c.Topic, Group: c.GroupID}
		if len(lookup.Others(v.mappings, r)) == 0 {
			return
		}
		if stacks == nil {
			stacks = stacksOf(v.cluster.Node().Root())
		}
		r.Function, r.Stacks = c.givenName(), stacks
		for _, m := range lookup.Others(v.mappings, r) {
			warnLate(c, notice.GroupInUse.For(m.UUID, notice.Data{"uuid": m.UUID, "function": m.Function, "topic": cmp.Or(m.Topic, "a topic"), "group": m.Group}))
		}
	})
	return &[]*string{}
}

// givenName is what the function of a consumer is called, where that is known at
// synth, "" otherwise.
func (c *Consumer) givenName() string {
	name := *c.Function.FunctionName()
	if f, ok := c.Function.Node().DefaultChild().(awslambda.CfnFunction); ok && f.FunctionName() != nil {
		name = *f.FunctionName()
	}
	if isToken(name) {
		return ""
	}
	return name
}

// stacksOf are the names of the stacks of an app that are deployed, and not nested.
func stacksOf(root constructs.IConstruct) (names []string) {
	for _, node := range *root.Node().FindAll(constructs.ConstructOrder_PREORDER) {
		if stack, ok := node.(awscdk.Stack); ok && stack.NestedStackParent() == nil {
			names = append(names, *stack.StackName())
		}
	}
	return names
}
