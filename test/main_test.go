// Package test holds every test that needs jsii, in one process: the first
// synth of a process costs seconds, each later one milliseconds. jsii is not
// safe for parallel use, so no test here calls t.Parallel.
package test

import (
	"encoding/json"
	"os"
	"strings"
	"testing"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/assertions"
	"github.com/aws/constructs-go/constructs/v10"
	"github.com/aws/jsii-runtime-go"

	"msklambda/constructs/msklambda"
)

func TestMain(m *testing.M) {
	if os.Getenv(scenarioEnv) != "" {
		runScenarios()
		return
	}
	code := m.Run()
	jsii.Close() // once: a second start would cost as much as the first
	os.RemoveAll(appDir)
	os.Exit(code)
}

const (
	account  = "111122223333"
	region   = "us-east-1"
	arn      = "arn:aws:kafka:us-east-1:111122223333:cluster/demo/4f1e0ab2-7c64-4a3e-9d5e-2b9a6c1d8e70-2"
	topicARN = "arn:aws:kafka:us-east-1:111122223333:topic/demo/4f1e0ab2-7c64-4a3e-9d5e-2b9a6c1d8e70-2/"
	groupARN = "arn:aws:kafka:us-east-1:111122223333:group/demo/4f1e0ab2-7c64-4a3e-9d5e-2b9a6c1d8e70-2/"
	vpc      = "vpc-0123456789abcdef0"
	sg0      = "sg-0123456789abcdef0"
	sg1      = "sg-0123456789abcdef1"
	sg2      = "sg-0123456789abcdef2"
	entry    = "../lambda"
)

// flags are the feature flags of cdk.json, so that the tests see the templates
// that the app makes.
func flags(t testing.TB) map[string]any {
	t.Helper()
	context := cdkContext(t)
	delete(context, "example")
	return context
}

func cdkContext(t testing.TB) map[string]any {
	t.Helper()
	var config struct{ Context map[string]any }
	text, err := os.ReadFile("../cdk.json")
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(text, &config); err != nil {
		t.Fatal(err)
	}
	return config.Context
}

// newApp makes an app that bundles nothing and whose template findings fail
// the synth. The given context goes on top of the flags.
func newApp(t testing.TB, context map[string]any) awscdk.App {
	t.Helper()
	all := flags(t)
	all["aws:cdk:bundling-stacks"] = []string{}
	all["aws:cdk:enable-path-metadata"] = true
	all["@aws-cdk/core:validateAgainstDefaultRules"] = true
	for key, value := range context {
		all[key] = value
	}
	return awscdk.NewApp(&awscdk.AppProps{Outdir: jsii.String(t.TempDir()), Context: &all})
}

func newStack(app awscdk.App, id string) awscdk.Stack { return newStackIn(app, id) }

func newStackIn(scope constructs.Construct, id string) awscdk.Stack {
	return awscdk.NewStack(scope, &id, &awscdk.StackProps{
		Env: &awscdk.Environment{Account: jsii.String(account), Region: jsii.String(region)},
	})
}

// synth builds a stack called Test in an app of its own.
func synth(t *testing.T, build func(awscdk.Stack)) *template {
	t.Helper()
	var tpl *template
	noPanic(t, func() {
		stack := newStack(newApp(t, nil), "Test")
		build(stack)
		tpl = read(t, stack)
	})
	return tpl
}

// noPanic runs f and turns a CDK panic into a failure of this test alone.
func noPanic(t *testing.T, f func()) {
	t.Helper()
	defer func() {
		t.Helper()
		if r := recover(); r != nil {
			t.Fatalf("%v", r)
		}
	}()
	f()
}

// panicText runs f and returns what it panics with, or "".
func panicText(f func()) (text string) {
	defer func() {
		switch r := recover().(type) {
		case nil:
		case error:
			text = r.Error()
		default:
			text = r.(string)
		}
	}()
	f()
	return ""
}

// wantPanic runs f and wants a panic whose text holds each of the parts.
func wantPanic(t *testing.T, f func(), parts ...string) {
	t.Helper()
	text := panicText(f)
	if text == "" {
		t.Fatalf("no panic, want %q", parts)
	}
	for _, part := range parts {
		if !strings.Contains(text, part) {
			t.Errorf("panic = %q, want %q in it", text, part)
		}
	}
}

type resource struct {
	ID                  string // logical
	Type                string
	Properties          map[string]any
	DependsOn           []string
	DeletionPolicy      string
	UpdateReplacePolicy string
	Metadata            map[string]any
}

// template is a synthesized stack whose resources are found by construct path,
// such as "Cluster/Orders/Role", as a reader of the code knows them.
type template struct {
	Resources map[string]*resource
	stack     awscdk.Stack
	t         *testing.T
}

func read(t *testing.T, stack awscdk.Stack) *template {
	t.Helper()
	var raw struct{ Resources map[string]*resource }
	if err := json.Unmarshal([]byte(asJSON(rawTemplate(t, stack))), &raw); err != nil {
		t.Fatal(err)
	}
	tpl := &template{Resources: map[string]*resource{}, stack: stack, t: t}
	for id, r := range raw.Resources {
		r.ID = id
		path, _ := r.Metadata["aws:cdk:path"].(string)
		_, path, _ = strings.Cut(path, "/")
		tpl.Resources[strings.TrimSuffix(path, "/Resource")] = r
	}
	return tpl
}

func rawTemplate(t *testing.T, stack awscdk.Stack) map[string]any {
	t.Helper()
	return *assertions.Template_FromStack(stack, nil).ToJSON()
}

// at returns the resource at a path, or the only one below it when the last
// part of the path is a beginning, as that of a mapping is.
func (tpl *template) at(path string) *resource {
	tpl.t.Helper()
	if r := tpl.Resources[path]; r != nil {
		return r
	}
	var found []string
	for p := range tpl.Resources {
		if strings.HasPrefix(p, path) {
			found = append(found, p)
		}
	}
	if len(found) != 1 {
		tpl.t.Fatalf("resources at %q = %q, want one of %q", path, found, tpl.paths())
	}
	return tpl.Resources[found[0]]
}

func (tpl *template) paths() []string {
	var out []string
	for p := range tpl.Resources {
		out = append(out, p)
	}
	return out
}

func (tpl *template) count(typ string) int {
	n := 0
	for _, r := range tpl.Resources {
		if r.Type == typ {
			n++
		}
	}
	return n
}

// warnings are the annotations of the stack, warnings and errors.
func (tpl *template) warnings() []string {
	var out []string
	annotations := assertions.Annotations_FromStack(tpl.stack)
	for _, found := range []any{
		annotations.FindWarning(jsii.String("*"), assertions.Match_AnyValue()),
		annotations.FindError(jsii.String("*"), assertions.Match_AnyValue()),
	} {
		// Through JSON: CDK deprecates the Go type and has no other yet.
		var messages []struct {
			ID    string
			Entry struct{ Data string }
		}
		if err := json.Unmarshal([]byte(asJSON(found)), &messages); err != nil {
			tpl.t.Fatal(err)
		}
		for _, m := range messages {
			out = append(out, m.ID+": "+m.Entry.Data)
		}
	}
	return out
}

// clusterProps are good props, with access chosen so that nothing warns.
func clusterProps(edit ...func(*msklambda.ClusterProps)) *msklambda.ClusterProps {
	p := &msklambda.ClusterProps{
		ClusterARN:       arn,
		VPCID:            vpc,
		SubnetIDs:        []string{"subnet-0123456789abcdef0", "subnet-0123456789abcdef1"},
		SecurityGroupIDs: []string{sg0},
		EndpointAccess:   msklambda.EndpointAccessPollers,
		// Chosen, too.
		SecretsManagerEndpoint: msklambda.Endpoint{Source: msklambda.EndpointCreate},
		SQSEndpoint:            msklambda.Endpoint{Source: msklambda.EndpointCreate},
		SNSEndpoint:            msklambda.Endpoint{Source: msklambda.EndpointCreate},
	}
	for _, e := range edit {
		e(p)
	}
	return p
}

func consumerProps(edit ...func(*msklambda.ConsumerProps)) *msklambda.ConsumerProps {
	// Infinite, and meant to be, so that nothing warns.
	p := &msklambda.ConsumerProps{Topic: "orders", GroupID: "orders-fn", Entry: entry, RetryAttempts: new(-1)}
	for _, e := range edit {
		e(p)
	}
	return p
}

// synthCluster builds one cluster with one consumer, "Cluster/Orders".
func synthCluster(t *testing.T, edit ...func(*msklambda.ClusterProps)) *template {
	t.Helper()
	return synth(t, func(stack awscdk.Stack) {
		msklambda.ImportCluster(stack, "Cluster", clusterProps(edit...)).AddConsumer("Orders", consumerProps())
	})
}

func synthConsumer(t *testing.T, edit ...func(*msklambda.ConsumerProps)) *template {
	t.Helper()
	return synth(t, func(stack awscdk.Stack) {
		msklambda.ImportCluster(stack, "Cluster", clusterProps()).AddConsumer("Orders", consumerProps(edit...))
	})
}

// same compares two values by the JSON that a template would have.
func same(got, want any) bool { return asJSON(got) == asJSON(want) }

func asJSON(v any) string {
	text, err := json.Marshal(v)
	if err != nil {
		panic(err)
	}
	return string(text)
}
