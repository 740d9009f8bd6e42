// Package synthtest is what the packages of tests share: apps and stacks as the
// tests want them, and templates as one reads them. jsii is not safe for parallel
// use, so no test that uses it calls t.Parallel.
//
// Whoever imports it synthesizes without CDK's template validation, see package
// unvalidated.
package synthtest

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/constructs-go/constructs/v10"
	"github.com/aws/jsii-runtime-go"

	"msklambda/test/internal/cdkcli"
	_ "msklambda/test/internal/unvalidated"
)

const (
	Account = "111122223333"
	Region  = "us-east-1"
)

// Root is the directory of the repository, seen from that of a test.
func Root() string {
	for dir := "."; ; dir = filepath.Join(dir, "..") {
		if _, err := os.Stat(filepath.Join(dir, "cdk.json")); err == nil {
			return dir
		}
		if abs, err := filepath.Abs(dir); err != nil || abs == filepath.Dir(abs) {
			panic("there is no cdk.json here or above")
		}
	}
}

// CDKContext is the context of cdk.json: the feature flags and the example.
func CDKContext(t testing.TB) map[string]any {
	t.Helper()
	var config struct{ Context map[string]any }
	ReadJSON(t, filepath.Join(Root(), "cdk.json"), &config)
	return config.Context
}

// NewApp makes an app with the feature flags of cdk.json, so that the tests see
// the templates that the app makes. It bundles nothing, and where templates are
// validated, findings fail the synth. The given context goes on top of the flags.
func NewApp(t testing.TB, context map[string]any) awscdk.App {
	t.Helper()
	all := CDKContext(t)
	delete(all, "example")
	all["aws:cdk:bundling-stacks"] = []string{}
	all["aws:cdk:enable-path-metadata"] = true
	all["@aws-cdk/core:validateAgainstDefaultRules"] = true
	for key, value := range context {
		all[key] = value
	}
	return awscdk.NewApp(&awscdk.AppProps{Outdir: jsii.String(t.TempDir()), Context: &all})
}

// NewStack makes a stack in the account and region of the tests.
func NewStack(scope constructs.Construct, id string) awscdk.Stack {
	return awscdk.NewStack(scope, &id, &awscdk.StackProps{
		Env: &awscdk.Environment{Account: jsii.String(Account), Region: jsii.String(Region)},
	})
}

// Synth builds a stack called Test in an app of its own.
func Synth(t *testing.T, build func(awscdk.Stack)) *Template {
	t.Helper()
	var tpl *Template
	NoPanic(t, func() {
		stack := NewStack(NewApp(t, nil), "Test")
		build(stack)
		tpl = Read(t, stack)
	})
	return tpl
}

// NoPanic runs f and turns a CDK panic into a failure of this test alone.
func NoPanic(t *testing.T, f func()) {
	t.Helper()
	defer func() {
		t.Helper()
		if r := recover(); r != nil {
			t.Fatalf("%v", r)
		}
	}()
	f()
}

// PanicText runs f and returns what it panics with, or "".
func PanicText(f func()) (text string) {
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

// WantPanic runs f and wants a panic whose text holds each of the parts.
func WantPanic(t *testing.T, f func(), parts ...string) {
	t.Helper()
	text := PanicText(f)
	if text == "" {
		t.Fatalf("no panic, want %q", parts)
	}
	for _, part := range parts {
		if !strings.Contains(text, part) {
			t.Errorf("panic = %q, want %q in it", text, part)
		}
	}
}

// Same compares two values by the JSON that a template would have.
func Same(got, want any) bool { return JSON(got) == JSON(want) }

// JSON is the value as JSON.
func JSON(v any) string {
	text, err := json.Marshal(v)
	if err != nil {
		panic(err)
	}
	return string(text)
}

// ReadJSON reads a file.
func ReadJSON(t testing.TB, path string, to any) {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(text, to); err != nil {
		t.Fatal(err)
	}
}

// CLIVersion is that of the CDK CLI in the README.
const CLIVersion = cdkcli.Version

// README is the text of README.md.
func README(t testing.TB) string { return Page(t, "README.md") }

// Page is the text of a page, by its path in the repository.
func Page(t testing.TB, path string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(Root(), path))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// Long skips a test that takes seconds, where go test -short asks for a quick
// answer. CI runs it.
func Long(t testing.TB) {
	t.Helper()
	if testing.Short() {
		t.Skip("takes seconds: go test without -short runs it")
	}
}
