package msklambda

import (
	"fmt"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/constructs-go/constructs/v10"
	"github.com/aws/jsii-runtime-go"
)

// placeholderValues are in place of what is looked up until the answers are
// there. Code of the caller that counts on three subnets finds three.
var placeholderValues = ClusterProps{
	VPCID:            "vpc-00000000000000000",
	SubnetIDs:        []string{"subnet-00000000000000000", "subnet-00000000000000001", "subnet-00000000000000002"},
	SecurityGroupIDs: []string{"sg-00000000000000000"},
}

// pendingStacks keeps what a run with look-ups pending leaves behind from being
// deployed. The CLI reads from the assembly which answers are missing and runs the
// app again, but a run that is interrupted, or made with --no-lookups, leaves
// the assembly where a later deploy may find it. The CLI deletes a stack whose
// template has no resources, and CloudFormation deletes what a template no longer
// has, so what is left must be neither empty nor acceptable.
//
// Concerned are the stacks of the cluster and of its consumers, which may define
// more or less than they will, and every stack that mentions a placeholder. Other
// stacks of the app are left alone.
//
// It is a validation of each construct that it watches, because that runs when
// all is defined and references are resolved, and before anything is written.
type pendingStacks struct {
	cluster *Cluster
	watched map[string]bool // top-level stacks, by path, that mention a placeholder
}

// placeholders returns the placeholder values as CDK tokens, which tell who uses
// them: a placeholder may be passed on to any stack.
func (p *pendingStacks) placeholders() ClusterProps {
	token := func(value string) string {
		return *awscdk.Lazy_UncachedString(&placeholder{value, p}, &awscdk.LazyStringValueOptions{DisplayHint: jsii.String("Pending")})
	}
	out := ClusterProps{VPCID: token(placeholderValues.VPCID)}
	for _, id := range placeholderValues.SubnetIDs {
		out.SubnetIDs = append(out.SubnetIDs, token(id))
	}
	for _, id := range placeholderValues.SecurityGroupIDs {
		out.SecurityGroupIDs = append(out.SecurityGroupIDs, token(id))
	}
	return out
}

// placeholder is the token of one value.
type placeholder struct {
	value string
	in    *pendingStacks
}

// Produce is called whenever CDK resolves the token, first while it looks for
// references between stacks, which is before any validation.
func (p *placeholder) Produce(context awscdk.IResolveContext) *string {
	p.in.watch(context.Scope())
	return &p.value
}

// watch has the stack of a construct checked at validation, even one of another
// stage, which is validated by itself.
func (p *pendingStacks) watch(scope constructs.IConstruct) {
	top := topStack(scope)
	if path := *top.Node().Path(); !p.watched[path] {
		if p.watched == nil {
			p.watched = map[string]bool{}
		}
		p.watched[path] = true
		top.Node().AddValidation(&pendingStack{p, top})
	}
}

// Validate concerns the stacks that are the cluster's in any case.
func (p *pendingStacks) Validate() *[]*string {
	if !p.cluster.Pending() {
		return &[]*string{}
	}
	p.replace(topStack(p.cluster))
	inTurns(p.cluster, p.cluster.consumers, func(c *Consumer) { p.replace(topStack(c)) })
	return &[]*string{}
}

// pendingStack is one that mentions a placeholder.
type pendingStack struct {
	in    *pendingStacks
	stack awscdk.Stack
}

func (p *pendingStack) Validate() *[]*string {
	p.in.replace(p.stack)
	return &[]*string{}
}

// pendingID is of the construct that holds what stands in a template in place of
// all else.
const pendingID = "MsklambdaLookUpsPending"

// replace takes everything out of the template of a stack, so that no placeholder
// is ever in one, and puts into it what CloudFormation refuses, twice over:
//
//   - a resource that depends on one which is not there. CloudFormation finds that
//     before it makes a change set, and its message names the resource;
//   - a rule that no value of its parameter satisfies, as CDK's own rule about the
//     version of the bootstrap stack, with the reason in words.
func (p *pendingStacks) replace(stack awscdk.Stack) {
	if stack.Node().TryFindChild(jsii.String(pendingID)) != nil {
		return
	}
	inTurns(stack, *stack.Node().FindAll(constructs.ConstructOrder_PREORDER), func(node constructs.IConstruct) {
		if *awscdk.CfnElement_IsCfnElement(node) {
			node.Node().Scope().Node().TryRemoveChild(node.Node().Id())
		}
	})
	reason := fmt.Sprintf("look-ups are pending for %s%s: synthesize with credentials and without --no-lookups until none is, then deploy", *p.cluster.Node().Path(), p.cluster.whatIsAwaited())
	scope := constructs.NewConstruct(stack, jsii.String(pendingID))
	parameter := awscdk.NewCfnParameter(scope, jsii.String("Parameter"), &awscdk.CfnParameterProps{
		Type: jsii.String("String"), Default: "pending", AllowedValues: jsii.Strings("pending"), Description: &reason})
	parameter.OverrideLogicalId(jsii.String("LookUps"))
	rule := awscdk.NewCfnRule(scope, jsii.String("Rule"), &awscdk.CfnRuleProps{Assertions: &[]*awscdk.CfnRuleAssertion{{
		Assert:            awscdk.Fn_ConditionEquals(parameter.ValueAsString(), "answered"),
		AssertDescription: &reason,
	}}})
	rule.OverrideLogicalId(jsii.String("LookUpsArePending"))
	nothing := awscdk.NewCfnResource(scope, jsii.String("Nothing"), &awscdk.CfnResourceProps{Type: jsii.String("AWS::CloudFormation::WaitConditionHandle")})
	nothing.OverrideLogicalId(jsii.String("Nothing"))
	nothing.AddOverride(jsii.String("DependsOn"), "LookUpsArePendingSynthesizeWithCredentials")
	// What the refusal rests on is what CDK's own validation would refuse, which is
	// for the CLI to see in the run after this.
	awscdk.Validations_Of(scope).Acknowledge(&awscdk.Acknowledgment{Id: jsii.String("CloudFormation-Validate::E3005"), Reason: &reason})
}

// topStack is the stack of a construct that is deployed, and not nested.
func topStack(scope constructs.IConstruct) awscdk.Stack {
	top := awscdk.Stack_Of(scope)
	for top.NestedStackParent() != nil {
		top = top.NestedStackParent()
	}
	return top
}
