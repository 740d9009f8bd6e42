package process

import (
	"bytes"
	"encoding/json"
	"flag"
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

	"msklambda/test/internal/lookups"
	"msklambda/test/internal/synthtest"
)

var update = flag.Bool("update", false, "write cdk.context.json anew")

const cliVersion = synthtest.CLIVersion

// cli is the program of the real CDK CLI, as npx installs it. The tests run it
// themselves: npx takes longer to find it again than it takes to start.
var cli = sync.OnceValues(func() (string, error) {
	var said bytes.Buffer
	cmd := exec.Command("npx", "--yes", "--package=aws-cdk@"+cliVersion, "--call", "command -v cdk")
	cmd.Stderr = &said
	out, err := cmd.Output()
	if err != nil {
		return "", fmt.Errorf("%w\n%s%s", err, out, said.Bytes())
	}
	return strings.TrimSpace(string(out)), nil
})

// project is a directory to run the CLI in: the example's cdk.json and what
// the app reads, and nothing that a run before it left behind.
type project struct {
	t   *testing.T
	cli string // its program
	dir string
	env []string
}

func newProject(t *testing.T, endpoint string) *project {
	t.Helper()
	program, err := cli()
	if err != nil {
		skip := t.Skipf
		if os.Getenv("CI") != "" {
			skip = t.Fatalf
		}
		skip("npx cannot get aws-cdk@%s, so the real CLI is not tried (with CI set this is a failure): %v", cliVersion, err)
	}
	p := &project{t: t, cli: program, dir: t.TempDir()}
	for _, name := range []string{"cdk.json", "go.mod", "go.sum", "lambda"} {
		if err := os.Symlink(absolute(t, filepath.Join(root, name)), filepath.Join(p.dir, name)); err != nil {
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
		p.env = append(p.env, "AWS_ENDPOINT_URL="+endpoint, "AWS_ACCESS_KEY_ID=AKIAIOSFODNN7EXAMPLE", "AWS_SECRET_ACCESS_KEY=secret", "AWS_REGION="+synthtest.Region)
	}
	return p
}

// run runs a command of the CLI and returns what it printed, and whether it
// succeeded.
func (p *project) run(args ...string) (string, bool) {
	p.t.Helper()
	cmd := exec.Command(p.cli, args...)
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

// scenarioEnv makes the test binary an app for the CLI: every scenario in a
// stack of its own, in its region, so that one run of the CLI tries them all.
const scenarioEnv = "MSKLAMBDA_SCENARIOS"

func cliScenarios() []lookups.Scenario {
	return slices.DeleteFunc(lookups.Scenarios(), func(s lookups.Scenario) bool { return s.Region == "" })
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
		if os.Getenv(scenarioEnv) == "good" && s.Refused != nil {
			continue
		}
		outcomes[s.Name] = synthtest.PanicText(func() { s.Build(lookups.Stack(app, s.Name, s.Region)) })
	}
	app.Synth(nil)
	if err := os.WriteFile(os.Getenv(scenarioEnv+"_REPORT"), []byte(asJSON(outcomes)), 0o644); err != nil {
		panic(err)
	}
	if err := noteQuestions(outdir, os.Getenv(scenarioEnv+"_QUESTIONS")); err != nil {
		panic(err)
	}
	jsii.Close()
}

// question is one that a run of the app leaves to the CLI, which finds its answer
// under the key in the next run.
type question struct {
	Key   string
	Props struct{ Region, TypeName, ExactIdentifier string }
}

// noteQuestions adds those of this run to a file that the runs before it began.
func noteQuestions(outdir, file string) error {
	text, err := os.ReadFile(filepath.Join(outdir, "manifest.json"))
	if err != nil {
		return err
	}
	var manifest struct{ Missing []question }
	if err := json.Unmarshal(text, &manifest); err != nil {
		return err
	}
	to, err := os.OpenFile(file, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o644)
	if err != nil {
		return err
	}
	defer to.Close()
	for _, q := range manifest.Missing {
		if _, err := fmt.Fprintln(to, asJSON(q)); err != nil {
			return err
		}
	}
	return nil
}

// checkQuestions wants every question to be put once, and the CLI to make one call of
// each. One resource can still be read several times, by questions that differ: the
// CLI fails one at the first property that the answer lacks, and it is put again without
// that, so that each lack costs a read; and where a list cannot tell the endpoints apart,
// each is asked what it is for, and those of the service then for the rest. All in one
// question would be fewer reads of those, and a run of the app more for each property
// that some endpoint of another service or VPC lacks.
func checkQuestions(t *testing.T, file string, clouds []*lookups.Cloud) {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	asked, seen := map[string][]string{}, map[string]bool{}
	for line := range strings.Lines(string(text)) {
		var q question
		if err := json.Unmarshal([]byte(line), &q); err != nil {
			t.Fatal(err)
		}
		if seen[q.Key] {
			t.Errorf("asked twice: %s", q.Key)
		}
		seen[q.Key] = true
		operation := "GetResource"
		if q.Props.ExactIdentifier == "" {
			operation = "ListResources"
		}
		asked[q.Props.Region] = append(asked[q.Props.Region], strings.TrimSpace(operation+" "+q.Props.TypeName+" "+q.Props.ExactIdentifier))
	}
	for i, s := range cliScenarios() {
		want, got := slices.Sorted(slices.Values(asked[s.Region])), slices.Sorted(slices.Values(clouds[i].Calls))
		if s.Name == "Throttled" { // the CLI itself tries again
			want, got = slices.Compact(want), slices.Compact(got)
		}
		if len(want) < 2 || !slices.Equal(got, want) {
			t.Errorf("%s: the calls are %q, want one for each of the questions, %q", s.Name, got, want)
		}
	}
}

// What is not bundled has the hash of whatever is beside it.
var assetHash = regexp.MustCompile(`[0-9a-f]{64}`)

// TestTheRealCLI has the CLI look up what TestWhatALookUpMakes does, and wants
// the same of it.
func TestTheRealCLI(t *testing.T) {
	long(t)
	var clouds []*lookups.Cloud
	digits := func(i int) string { return fmt.Sprintf("%02x23456789abcdef", 16+i) }
	fresh := func(i int, s lookups.Scenario) *lookups.Cloud {
		c := lookups.NewCloud(s.Cloud).Move(s.Region)
		c.Replace(lookups.IDDigits, digits(i))
		return c
	}
	for i, s := range cliScenarios() {
		clouds = append(clouds, fresh(i, s))
	}
	server := lookups.Serve(t, clouds...)
	p := newProject(t, server.URL)
	report, questions := filepath.Join(p.dir, "report.json"), filepath.Join(p.dir, "questions")
	binary := absolute(t, os.Args[0])
	p.env = append(p.env, scenarioEnv+"=all", scenarioEnv+"_REPORT="+report, scenarioEnv+"_QUESTIONS="+questions, scenarioEnv+"_DIR="+filepath.Dir(absolute(t, "cli_test.go")), "CDK_VALIDATION=false")
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
		var tpl struct {
			Resources map[string]*synthtest.Resource
		}
		readJSON(t, filepath.Join(p.dir, "cdk.out", name+".template.json"), &tpl)
		for _, r := range tpl.Resources {
			r.Metadata = nil // it has the stack's id
		}
		return assetHash.ReplaceAllString(asJSON(tpl.Resources), "ASSET")
	}

	outcomes := synth()
	templates := map[string]string{}
	for i, s := range cliScenarios() {
		if s.Refused != nil {
			for _, part := range s.Refused {
				if !strings.Contains(strings.ReplaceAll(outcomes[s.Name], digits(i), lookups.IDDigits), part) {
					t.Errorf("%s: refused with %q, want %q in it", s.Name, outcomes[s.Name], part)
				}
			}
			continue
		}
		if outcomes[s.Name] != "" {
			t.Errorf("%s: %s", s.Name, outcomes[s.Name])
			continue
		}
		templates[s.Name] = template(s.Name)
		want := lookups.LookUp(t, fresh(i, s), s.Build)
		resources := map[string]*synthtest.Resource{}
		for _, r := range want.Resources {
			id := r.ID
			r.ID, r.Metadata = "", nil
			resources[id] = r
		}
		if want := assetHash.ReplaceAllString(asJSON(resources), "ASSET"); templates[s.Name] != want {
			t.Errorf("%s: the CLI's template = %s, want %s", s.Name, templates[s.Name], want)
		}
	}
	checkQuestions(t, questions, clouds)

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
func newExample(t *testing.T) *lookups.Cloud {
	example := synthtest.CDKContext(t)["example"].(map[string]any)
	c := lookups.NewCloud()
	c.Topic(synthtest.ARN, example["topic"].(string), 6)
	c.Replace(synthtest.ARN, example["clusterArn"].(string))
	c.Replace("demo", "my-cluster")
	return c
}

// TestTheExamplesAnswersAreTheCLIs holds cdk.context.json against what the CLI
// writes for the example: -update writes it anew.
func TestTheExamplesAnswersAreTheCLIs(t *testing.T) {
	long(t)
	p := newProject(t, lookups.Serve(t, newExample(t)).URL)
	p.env = append(p.env, "CDK_VALIDATION=false")
	// It lists the stacks, and bundles nothing.
	if out, ok := p.run("list", "--app", app(t)); !ok || !strings.Contains(out, "MskLambda") {
		t.Fatalf("list failed:\n%s", out)
	}
	const path = root + "/cdk.context.json"
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
		t.Errorf("cdk.context.json = %s, the CLI writes %s; go test ./test/process -run TestTheExamplesAnswers -update", want, got)
	}
}

// TestATopicThatIsNotThereIsNamedWithOneThatIs synthesizes with a slip, and then with the
// answers alone, without an account.
func TestATopicThatIsNotThereIsNamedWithOneThatIs(t *testing.T) {
	long(t)
	server := lookups.Serve(t, lookups.NewCloud())
	p := newProject(t, server.URL)
	p.env = append(p.env, "CDK_VALIDATION=false")
	synth := func(more ...string) (string, bool) {
		return p.run(append([]string{"synth", "--quiet", "--app", app(t), "-c", "clusterArn=" + synthtest.ARN, "-c", "topic=ordres", "-c", "consumerGroupId=orders-fn"}, more...)...)
	}
	const want = `MskLambda/Cluster/Consumer reads the topic "ordres", which the cluster had not when it was looked up: did you mean "orders"? Else create it first`
	for _, more := range [][]string{nil, {"--no-lookups"}} {
		out, ok := synth(more...)
		if ok || !strings.Contains(out, want) || strings.Contains(out, "goroutine") {
			t.Errorf("synth %q succeeded %v: %s, want %q in it", more, ok, out, want)
		}
		if left, _ := filepath.Glob(filepath.Join(p.dir, "cdk.out", "*.json")); len(left) != 0 {
			t.Errorf("left behind: %q", left)
		}
		server.Close()
	}
	if testing.Verbose() {
		out, _ := synth("--no-lookups")
		t.Log(out)
	}
	// Made with the stack, or by somebody before the deploy, it need not be there.
	for _, accepted := range []string{"createTopic=6", "allowMissingTopics=true"} {
		if out, ok := synth("--no-lookups", "-c", accepted); !ok {
			t.Errorf("with %s: %s", accepted, out)
		}
	}
}

func TestALookUpThatFailsLeavesNoTemplate(t *testing.T) {
	long(t)
	p := newProject(t, "") // no endpoint, no credentials
	p.env = append(p.env, "CDK_VALIDATION=false")
	out, ok := p.run("synth", "--quiet", "--app", app(t), "-c", "clusterArn="+synthtest.ARN, "-c", "topic=orders", "-c", "consumerGroupId=orders-fn")
	if ok {
		t.Errorf("synth succeeded: %s", out)
	}
	for _, want := range []string{
		`msklambda: cluster "Cluster":`, "the look-up of cluster " + synthtest.ARN + " (AWS::MSK::Cluster) in account 111122223333, region us-east-1 failed: ",
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
