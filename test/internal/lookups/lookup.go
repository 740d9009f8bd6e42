package lookups

import (
	"maps"
	"path/filepath"
	"strings"
	"testing"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/jsii-runtime-go"

	"msklambda/constructs/msklambda"
	"msklambda/test/internal/synthtest"
)

// Looked is what became of a synth with look-ups, run again and again as the
// CLI does until no answer is missing.
type Looked struct {
	*synthtest.Template
	Runs    int
	Context map[string]any // as cdk.context.json has it in the end
	First   map[string]any // template of the first run
	Text    string         // of the panic that ended it, if one did
}

// LookUp runs build as the CLI would run the app, against a cloud in this
// process. What the CLI's provider does is in cloud.get; TestTheRealCLI holds
// the two together.
func LookUp(t *testing.T, c *Cloud, build func(awscdk.Stack)) *Looked {
	t.Helper()
	return LookUpAgain(t, c, map[string]any{}, build)
}

// LookUpAgain has the cdk.context.json of an earlier run.
func LookUpAgain(t *testing.T, c *Cloud, context map[string]any, build func(awscdk.Stack)) *Looked {
	t.Helper()
	return LookUpIn(t, c, context, func(app awscdk.App) awscdk.Stack {
		stack := Stack(app, "Test", c.Region)
		build(stack)
		return stack
	})
}

// LookUpIn has an app of the test's own.
func LookUpIn(t *testing.T, c *Cloud, context map[string]any, build func(awscdk.App) awscdk.Stack) *Looked {
	t.Helper()
	out := &Looked{Context: context}
	transient := map[string]any{}
	for out.Runs < 20 {
		out.Runs++
		given := maps.Clone(out.Context)
		maps.Copy(given, transient)
		app := synthtest.NewApp(t, given)
		var stack awscdk.Stack
		if out.Text = synthtest.PanicText(func() { stack = build(app); app.Synth(nil) }); out.Text != "" {
			return out
		}
		dir := *app.Outdir()
		var manifest struct {
			Missing []struct {
				Key   string
				Props map[string]any
			}
		}
		synthtest.ReadJSON(t, filepath.Join(dir, "manifest.json"), &manifest)
		if out.Runs == 1 {
			synthtest.ReadJSON(t, filepath.Join(dir, *stack.TemplateFile()), &out.First)
		}
		if len(manifest.Missing) == 0 {
			synthtest.NoPanic(t, func() { out.Template = synthtest.Read(t, stack) })
			return out
		}
		for _, m := range manifest.Missing {
			objects, text := c.get(m.Props)
			if text != "" {
				transient[m.Key] = map[string]any{"$providerError": text, "$dontSaveContext": true}
				continue
			}
			out.Context[m.Key] = objects
		}
	}
	t.Fatal("the look-ups come to no end")
	return nil
}

// Stack is a stack called Test, whatever its id.
func Stack(app awscdk.App, id, region string) awscdk.Stack {
	return awscdk.NewStack(app, &id, &awscdk.StackProps{StackName: jsii.String("Test"),
		Env: &awscdk.Environment{Account: jsii.String(account), Region: &region}})
}

// Edit changes props.
type Edit = func(*msklambda.LookupProps)

// Props are good ones, with access chosen so that nothing warns.
func Props(edit ...Edit) *msklambda.LookupProps {
	p := &msklambda.LookupProps{ClusterARN: arn, EndpointAccess: msklambda.EndpointAccessPollers}
	for _, e := range edit {
		e(p)
	}
	return p
}

// Orders is a cluster by look-up, with one consumer, in the stack's region.
func Orders(edit ...Edit) func(awscdk.Stack) {
	return OrdersOf(nil, edit...)
}

// OrdersOf is the same with another consumer.
func OrdersOf(consumer func(*msklambda.ConsumerProps), edit ...Edit) func(awscdk.Stack) {
	return func(stack awscdk.Stack) {
		props := Props(edit...)
		props.ClusterARN = strings.Replace(props.ClusterARN, region, *stack.Region(), 1)
		p := synthtest.ConsumerProps()
		if consumer != nil {
			consumer(p)
		}
		msklambda.LookupCluster(stack, "Cluster", props).AddConsumer("Orders", p)
	}
}
