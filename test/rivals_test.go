package test

import (
	"strings"
	"testing"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/assertions"
	"github.com/aws/aws-cdk-go/awscdk/v2/awslambda"
	"github.com/aws/aws-cdk-go/awscdklambdagoalpha/v2"
	"github.com/aws/jsii-runtime-go"

	"msklambda/constructs/msklambda"
	"msklambda/constructs/notice"
	"msklambda/test/internal/lookups"
)

const byHand = "11111111-0000-4000-8000-000000000001"

// infos are the notes that a synth shows.
func (tpl *template) infos() string {
	return asJSON(assertions.Annotations_FromStack(tpl.Stack).FindInfo(jsii.String("*"), assertions.Match_AnyValue()))
}

// TestWhatIsSaidOfAMappingWithTheGroup has one that was made by hand, and consumers
// that it is another's, or their own.
func TestWhatIsSaidOfAMappingWithTheGroup(t *testing.T) {
	long(t)
	given := func(name string) func(awscdk.Stack) {
		return func(stack awscdk.Stack) {
			msklambda.LookupCluster(stack, "Cluster", lookupProps()).AddConsumer("Orders", consumerProps(func(p *msklambda.ConsumerProps) {
				p.Entry, p.Function = "", awslambda.Function_FromFunctionArn(stack, jsii.String("Given"), jsii.String("arn:aws:lambda:us-east-1:111122223333:function:"+name))
			}))
		}
	}
	named := func(name string) func(awscdk.Stack) {
		return ordersOf(func(p *msklambda.ConsumerProps) {
			p.EditFunction = func(f *awscdklambdagoalpha.GoFunctionProps) { f.FunctionName = &name }
		})
	}
	for name, tt := range map[string]struct {
		build func(awscdk.Stack)
		warns bool
	}{
		"a function of its own":         {orders(), true},
		"another group":                 {ordersOf(func(p *msklambda.ConsumerProps) { p.GroupID = "orders-2" }), false},
		"the mapping's function, given": {given("by-hand"), false},
		"another function, given":       {given("other"), true},
		"the mapping's function, named": {named("by-hand"), false},
		"acknowledged": {func(stack awscdk.Stack) {
			consumer := msklambda.LookupCluster(stack, "Cluster", lookupProps()).AddConsumer("Orders", consumerProps())
			awscdk.Annotations_Of(consumer).AcknowledgeWarning(jsii.String(msklambda.GroupInUseWarning+byHand), jsii.String("until it is gone"))
		}, false},
	} {
		t.Run(name, func(t *testing.T) {
			got := mustLookUp(t, newCloud(func(c *cloud) { c.Mapping(byHand, "by-hand", "orders", "orders-fn") }), tt.build)
			warnings := strings.Join(got.warnings(), "\n")
			if warns := strings.Contains(warnings, "[ack: "+msklambda.GroupInUseWarning+byHand+"]"); warns != tt.warns {
				t.Errorf("warnings = %s, want one of the mapping: %v", warnings, tt.warns)
			}
		})
	}
}

// TestMappingsThatCannotBeLookedUpAreSaid wants it said when it was tried, and not
// tried by itself: a review has no credentials.
func TestMappingsThatCannotBeLookedUpAreSaid(t *testing.T) {
	long(t)
	denied := newCloud(func(c *cloud) {
		c.Broken["AWS::Lambda::EventSourceMapping"] = &lookups.Fault{Code: "AccessDeniedException", Message: "not authorized to perform: lambda:ListEventSourceMappings"}
	})
	got := mustLookUp(t, denied, orders())
	for _, want := range []string{notice.MappingsUnknown.ID, "not authorized to perform: lambda:ListEventSourceMappings", "list-event-source-mappings --region us-east-1 --event-source-arn " + arn} {
		if infos := got.infos(); !strings.Contains(infos, want) {
			t.Errorf("notes = %s, want %q in them", infos, want)
		}
	}
	again := lookUpAgain(t, denied, got.context, orders())
	if again.runs != 1 || strings.Contains(again.infos(), notice.MappingsUnknown.ID) || !same(again.Resources, got.Resources) {
		t.Errorf("again, %d runs with %s, want one, and nothing asked", again.runs, again.infos())
	}
	// And when all is refreshed it is asked along again.
	allowed := mustLookUp(t, newCloud(func(c *cloud) { c.Mapping(byHand, "by-hand", "orders", "orders-fn") }), orders())
	if warnings := strings.Join(allowed.warnings(), "\n"); !strings.Contains(warnings, msklambda.GroupInUseWarning) {
		t.Errorf("warnings = %s, want the mapping in them", warnings)
	}
}
