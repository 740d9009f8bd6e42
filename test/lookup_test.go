package test

import (
	"encoding/json"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/jsii-runtime-go"

	"msklambda/constructs/msklambda"
)

// looked is what became of a synth with look-ups, run again and again as the
// CLI does until no answer is missing.
type looked struct {
	*template
	runs    int
	context map[string]any // as cdk.context.json has it in the end
	first   map[string]any // template of the first run
	text    string         // of the panic that ended it, if one did
}

// lookUp runs build as the CLI would run the app, against a cloud in this
// process. What the CLI's provider does is in cloud.get; TestTheRealCLI holds
// the two together.
func lookUp(t *testing.T, c *cloud, build func(awscdk.Stack)) *looked {
	t.Helper()
	return lookUpAgain(t, c, map[string]any{}, build)
}

// mustLookUp fails the test where lookUp ends in a panic.
func mustLookUp(t *testing.T, c *cloud, build func(awscdk.Stack)) *looked {
	t.Helper()
	out := lookUp(t, c, build)
	if out.text != "" {
		t.Fatal(out.text)
	}
	return out
}

// lookUpAgain has the cdk.context.json of an earlier run.
func lookUpAgain(t *testing.T, c *cloud, context map[string]any, build func(awscdk.Stack)) *looked {
	t.Helper()
	return lookUpIn(t, c, context, func(app awscdk.App) awscdk.Stack {
		stack := lookupStack(app, "Test", c.region)
		build(stack)
		return stack
	})
}

func lookUpIn(t *testing.T, c *cloud, context map[string]any, build func(awscdk.App) awscdk.Stack) *looked {
	t.Helper()
	out := &looked{context: context}
	transient := map[string]any{}
	for out.runs < 20 {
		out.runs++
		given := maps.Clone(out.context)
		maps.Copy(given, transient)
		app := newApp(t, given)
		var stack awscdk.Stack
		if out.text = panicText(func() { stack = build(app); app.Synth(nil) }); out.text != "" {
			return out
		}
		dir := *app.Outdir()
		var manifest struct {
			Missing []struct {
				Key   string
				Props map[string]any
			}
		}
		readJSON(t, filepath.Join(dir, "manifest.json"), &manifest)
		if out.runs == 1 {
			readJSON(t, filepath.Join(dir, *stack.TemplateFile()), &out.first)
		}
		if len(manifest.Missing) == 0 {
			noPanic(t, func() { out.template = read(t, stack) })
			return out
		}
		for _, m := range manifest.Missing {
			objects, text := c.get(m.Props)
			if text != "" {
				transient[m.Key] = map[string]any{"$providerError": text, "$dontSaveContext": true}
				continue
			}
			out.context[m.Key] = objects
		}
	}
	t.Fatal("the look-ups come to no end")
	return nil
}

func readJSON(t *testing.T, path string, to any) {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(text, to); err != nil {
		t.Fatal(err)
	}
}

// lookupStack is a stack called Test, whatever its id.
func lookupStack(app awscdk.App, id, region string) awscdk.Stack {
	return awscdk.NewStack(app, &id, &awscdk.StackProps{StackName: jsii.String("Test"),
		Env: &awscdk.Environment{Account: jsii.String(account), Region: &region}})
}

type lookupEdit = func(*msklambda.LookupProps)

func lookupProps(edit ...lookupEdit) *msklambda.LookupProps {
	p := &msklambda.LookupProps{ClusterARN: arn, EndpointAccess: msklambda.EndpointAccessPollers}
	for _, e := range edit {
		e(p)
	}
	return p
}

// orders is a cluster by look-up, with one consumer, in the stack's region.
func orders(edit ...lookupEdit) func(awscdk.Stack) {
	return ordersOf(nil, edit...)
}

func ordersOf(consumer func(*msklambda.ConsumerProps), edit ...lookupEdit) func(awscdk.Stack) {
	return func(stack awscdk.Stack) {
		props := lookupProps(edit...)
		props.ClusterARN = strings.Replace(props.ClusterARN, region, *stack.Region(), 1)
		p := consumerProps()
		if consumer != nil {
			consumer(p)
		}
		msklambda.LookupCluster(stack, "Cluster", props).AddConsumer("Orders", p)
	}
}
