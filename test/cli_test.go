package test

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/jsii-runtime-go"
)

const cliVersion = "2.1148.1"

// cli is the real CDK CLI, or a skip where npx cannot get it.
var cli = sync.OnceValues(func() (string, error) {
	out, err := exec.Command("npx", "--yes", "aws-cdk@"+cliVersion, "--version").CombinedOutput()
	return string(out), err
})

// project is a directory to run the CLI in: the example's cdk.json and what
// the app reads, and nothing that a run before it left behind.
type project struct {
	t   *testing.T
	dir string
	env []string
}

func newProject(t *testing.T, endpoint string) *project {
	t.Helper()
	if out, err := cli(); err != nil {
		skip := t.Skipf
		if os.Getenv("CI") != "" {
			skip = t.Fatalf
		}
		skip("npx cannot get aws-cdk@%s, so the real CLI is not tried (with CI set this is a failure): %v\n%s", cliVersion, err, out)
	}
	p := &project{t: t, dir: t.TempDir()}
	root := absolute(t, "..")
	for _, name := range []string{"cdk.json", "go.mod", "go.sum", "lambda"} {
		if err := os.Symlink(filepath.Join(root, name), filepath.Join(p.dir, name)); err != nil {
			t.Fatal(err)
		}
	}
	for _, v := range os.Environ() {
		// Nothing of the developer's own account.
		if !strings.HasPrefix(v, "AWS_") && !strings.HasPrefix(v, "CDK_") {
			p.env = append(p.env, v)
		}
	}
	none := filepath.Join(p.dir, "none")
	p.env = append(p.env, "AWS_CONFIG_FILE="+none, "AWS_SHARED_CREDENTIALS_FILE="+none, "AWS_EC2_METADATA_DISABLED=true",
		// Where the CLI remembers which account a key is of.
		"CDK_HOME="+filepath.Join(p.dir, "home"), "CDK_DISABLE_CLI_TELEMETRY=true", "CI=true")
	if endpoint != "" {
		p.env = append(p.env, "AWS_ENDPOINT_URL="+endpoint, "AWS_ACCESS_KEY_ID=AKIAIOSFODNN7EXAMPLE", "AWS_SECRET_ACCESS_KEY=secret", "AWS_REGION="+region)
	}
	return p
}

func absolute(t *testing.T, path string) string {
	t.Helper()
	path, err := filepath.Abs(path)
	if err != nil {
		t.Fatal(err)
	}
	return path
}

// run runs a command of the CLI and returns what it printed, and whether it
// succeeded.
func (p *project) run(args ...string) (string, bool) {
	p.t.Helper()
	cmd := exec.Command("npx", append([]string{"--yes", "aws-cdk@" + cliVersion}, args...)...)
	cmd.Dir, cmd.Env = p.dir, p.env
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	err := cmd.Run()
	return out.String(), err == nil
}

func (p *project) read(name string) string {
	p.t.Helper()
	text, err := os.ReadFile(filepath.Join(p.dir, name))
	if err != nil {
		p.t.Fatal(err)
	}
	return string(text)
}

var appDir string

// appBinary is app.go, built once.
var appBinary = sync.OnceValues(func() (string, error) {
	var err error
	if appDir, err = os.MkdirTemp("", "app"); err != nil {
		return "", err
	}
	path := filepath.Join(appDir, "app")
	if out, err := exec.Command("go", "build", "-o", path, "../app.go").CombinedOutput(); err != nil {
		return string(out), err
	}
	return path, nil
})

// scenarioEnv makes the test binary an app for the CLI: every scenario in a
// stack of its own, in its region, so that one run of the CLI tries them all.
const scenarioEnv = "MSKLAMBDA_SCENARIOS"

func cliScenarios() []scenario {
	return slices.DeleteFunc(scenarios(), func(s scenario) bool { return s.region == "" })
}

func runScenarios() {
	// The consumers' code is where the tests find it.
	outdir := os.Getenv("CDK_OUTDIR")
	if err := os.Chdir(os.Getenv(scenarioEnv + "_DIR")); err != nil {
		panic(err)
	}
	outcomes := map[string]string{}
	app := awscdk.NewApp(&awscdk.AppProps{
		Outdir: &outdir,
		// After what the CLI says, which would bundle.
		PostCliContext: &map[string]any{"aws:cdk:bundling-stacks": []string{}},
	})
	for _, s := range cliScenarios() {
		if os.Getenv(scenarioEnv) == "good" && s.refused != nil {
			continue
		}
		outcomes[s.name] = panicText(func() { s.build(lookupStack(app, s.name, s.region)) })
	}
	app.Synth(nil)
	if err := os.WriteFile(os.Getenv(scenarioEnv+"_REPORT"), []byte(asJSON(outcomes)), 0o644); err != nil {
		panic(err)
	}
	jsii.Close()
}

// What is not bundled has the hash of whatever is beside it.
var assetHash = regexp.MustCompile(`[0-9a-f]{64}`)

// TestTheRealCLI has the CLI look up what TestWhatALookUpMakes does, and wants
// the same of it.
func TestTheRealCLI(t *testing.T) {
	var clouds []*cloud
	digits := func(i int) string { return fmt.Sprintf("%02x23456789abcdef", 16+i) }
	fresh := func(i int, s scenario) *cloud {
		c := newCloud(s.cloud).move(s.region)
		c.replace(idDigits, digits(i))
		return c
	}
	for i, s := range cliScenarios() {
		clouds = append(clouds, fresh(i, s))
	}
	server := serve(t, clouds...)
	p := newProject(t, server.URL)
	report := filepath.Join(p.dir, "report.json")
	binary := absolute(t, os.Args[0])
	p.env = append(p.env, scenarioEnv+"=all", scenarioEnv+"_REPORT="+report, scenarioEnv+"_DIR="+filepath.Dir(absolute(t, "cli_test.go")), "CDK_VALIDATION=false")
	synth := func() map[string]string {
		t.Helper()
		// A refused scenario leaves a stack without a consumer, which is fine here.
		os.Remove(report)
		out, ok := p.run("synth", "--quiet", "--no-version-reporting", "--app", binary, "--output", filepath.Join(p.dir, "cdk.out"))
		if !ok {
			t.Fatalf("synth failed:\n%s", out)
		}
		var outcomes map[string]string
		readJSON(t, report, &outcomes)
		return outcomes
	}
	template := func(name string) string {
		t.Helper()
		var tpl struct{ Resources map[string]*resource }
		readJSON(t, filepath.Join(p.dir, "cdk.out", name+".template.json"), &tpl)
		for _, r := range tpl.Resources {
			r.Metadata = nil // it has the stack's id
		}
		return assetHash.ReplaceAllString(asJSON(tpl.Resources), "ASSET")
	}

	outcomes := synth()
	templates := map[string]string{}
	for i, s := range cliScenarios() {
		if s.refused != nil {
			for _, part := range s.refused {
				if !strings.Contains(strings.ReplaceAll(outcomes[s.name], digits(i), idDigits), part) {
					t.Errorf("%s: refused with %q, want %q in it", s.name, outcomes[s.name], part)
				}
			}
			continue
		}
		if outcomes[s.name] != "" {
			t.Errorf("%s: %s", s.name, outcomes[s.name])
			continue
		}
		templates[s.name] = template(s.name)
		want := lookUp(t, fresh(i, s), s.build)
		resources := map[string]*resource{}
		for _, r := range want.Resources {
			id := r.ID
			r.ID, r.Metadata = "", nil
			resources[id] = r
		}
		if want := assetHash.ReplaceAllString(asJSON(resources), "ASSET"); templates[s.name] != want {
			t.Errorf("%s: the CLI's template = %s, want %s", s.name, templates[s.name], want)
		}
		seen := map[string]bool{}
		for _, call := range clouds[i].calls {
			// Each list of endpoints is for another service.
			if seen[call] && !strings.HasPrefix(call, "ListResources") && s.name != "Sparse" && s.name != "Throttled" {
				t.Errorf("%s: %s was asked for twice", s.name, call)
			}
			seen[call] = true
		}
	}

	// Without the endpoint and without credentials.
	server.Close()
	before := p.read("cdk.context.json")
	p.env = append(slices.DeleteFunc(p.env, func(v string) bool { return strings.HasPrefix(v, "AWS_") }), scenarioEnv+"=good")
	for name, outcome := range synth() {
		if outcome != "" {
			t.Errorf("%s, without an account: %s", name, outcome)
		} else if got := template(name); got != templates[name] {
			t.Errorf("%s, without an account = %s, want %s", name, got, templates[name])
		}
	}
	if after := p.read("cdk.context.json"); after != before {
		t.Errorf("cdk.context.json changed from %s to %s", before, after)
	}
}

// newExample is what the example's account would be.
func newExample(t *testing.T) *cloud {
	c := newCloud()
	c.replace(arn, example(t)["clusterArn"].(string))
	c.replace("demo", "my-cluster")
	return c
}

// TestTheExamplesAnswersAreTheCLIs holds cdk.context.json against what the CLI
// writes for the example: -update writes it anew.
func TestTheExamplesAnswersAreTheCLIs(t *testing.T) {
	p := newProject(t, serve(t, newExample(t)).URL)
	app, err := appBinary()
	if err != nil {
		t.Fatal(err, app)
	}
	p.env = append(p.env, "CDK_VALIDATION=false")
	// It lists the stacks, and bundles nothing.
	if out, ok := p.run("list", "--app", app); !ok || !strings.Contains(out, "MskLambda") {
		t.Fatalf("list failed:\n%s", out)
	}
	const path = "../cdk.context.json"
	got := p.read("cdk.context.json")
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("cdk.context.json = %s, the CLI writes %s; go test ./test -run TestTheExamplesAnswers -update", want, got)
	}
}

func TestALookUpThatFailsLeavesNoTemplate(t *testing.T) {
	p := newProject(t, "") // no endpoint, no credentials
	app, err := appBinary()
	if err != nil {
		t.Fatal(err, app)
	}
	p.env = append(p.env, "CDK_VALIDATION=false")
	out, ok := p.run("synth", "--quiet", "--app", app, "-c", "clusterArn="+arn, "-c", "topic=orders", "-c", "consumerGroupId=orders-fn")
	if ok {
		t.Errorf("synth succeeded: %s", out)
	}
	for _, want := range []string{
		`msklambda: cluster "Cluster":`, "the look-up of cluster " + arn + " (AWS::MSK::Cluster) in account 111122223333, region us-east-1 failed: ",
		"give credentials of account 111122223333",
	} {
		if !strings.Contains(out, want) {
			t.Errorf("output = %s, want %q in it", out, want)
		}
	}
	if strings.Contains(out, "goroutine") {
		t.Errorf("output = %s, want no trace", out)
	}
	if left, _ := filepath.Glob(filepath.Join(p.dir, "cdk.out", "*.json")); len(left) != 0 {
		t.Errorf("left behind: %q", left)
	}
	if text, err := os.ReadFile(filepath.Join(p.dir, "cdk.context.json")); err == nil && strings.Contains(string(text), "cc-api-provider") {
		t.Errorf("cdk.context.json = %s, want no answer", text)
	}
}
