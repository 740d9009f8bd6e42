package process

import (
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/jsii-runtime-go"

	"msklambda/test/internal/cdkcli"
	"msklambda/test/internal/lookups"
	"msklambda/test/internal/synthtest"
)

var update = flag.Bool("update", false, "write cdk.context.json anew")

const cliVersion = cdkcli.Version

// newProject is a project with the example's cdk.json and what the app reads.
func newProject(t *testing.T, endpoint string) *cdkcli.Project {
	t.Helper()
	return cdkcli.New(t, endpoint, synthtest.Region, root, "cdk.json", "go.mod", "go.sum", "lambda")
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
	report, questions := filepath.Join(p.Dir, "report.json"), filepath.Join(p.Dir, "questions")
	binary := absolute(t, os.Args[0])
	p.Env = append(p.Env, scenarioEnv+"=all", scenarioEnv+"_REPORT="+report, scenarioEnv+"_QUESTIONS="+questions, scenarioEnv+"_DIR="+filepath.Dir(absolute(t, "cli_test.go")), "CDK_VALIDATION=false")
	synth := func() map[string]string {
		t.Helper()
		// A refused scenario leaves a stack without a consumer, which is fine here.
		os.Remove(report)
		out, ok := p.Run("synth", "--quiet", "--no-version-reporting", "--app", binary, "--output", filepath.Join(p.Dir, "cdk.out"))
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
		readJSON(t, filepath.Join(p.Dir, "cdk.out", name+".template.json"), &tpl)
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
	before := p.Read("cdk.context.json")
	p.Env = append(slices.DeleteFunc(p.Env, func(v string) bool { return strings.HasPrefix(v, "AWS_") }), scenarioEnv+"=good")
	for name, outcome := range synth() {
		if outcome != "" {
			t.Errorf("%s, without an account: %s", name, outcome)
		} else if got := template(name); got != templates[name] {
			t.Errorf("%s, without an account = %s, want %s", name, got, templates[name])
		}
	}
	if after := p.Read("cdk.context.json"); after != before {
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
	p.Env = append(p.Env, "CDK_VALIDATION=false")
	// It lists the stacks, and bundles nothing.
	if out, ok := p.Run("list", "--app", app(t)); !ok || !strings.Contains(out, "MskLambda") {
		t.Fatalf("list failed:\n%s", out)
	}
	const path = root + "/cdk.context.json"
	got := p.Read("cdk.context.json")
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
	p.Env = append(p.Env, "CDK_VALIDATION=false")
	synth := func(more ...string) (string, bool) {
		return p.Run(append([]string{"synth", "--quiet", "--app", app(t), "-c", "clusterArn=" + synthtest.ARN, "-c", "topic=ordres", "-c", "consumerGroupId=orders-fn"}, more...)...)
	}
	const want = `MskLambda/Cluster/Consumer reads the topic "ordres", which the cluster had not when it was looked up: did you mean "orders"? Else create it first`
	for _, more := range [][]string{nil, {"--no-lookups"}} {
		out, ok := synth(more...)
		if ok || !strings.Contains(out, want) || strings.Contains(out, "goroutine") {
			t.Errorf("synth %q succeeded %v: %s, want %q in it", more, ok, out, want)
		}
		if left, _ := filepath.Glob(filepath.Join(p.Dir, "cdk.out", "*.json")); len(left) != 0 {
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
	p.Env = append(p.Env, "CDK_VALIDATION=false")
	out, ok := p.Run("synth", "--quiet", "--app", app(t), "-c", "clusterArn="+synthtest.ARN, "-c", "topic=orders", "-c", "consumerGroupId=orders-fn")
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
	if left, _ := filepath.Glob(filepath.Join(p.Dir, "cdk.out", "*.json")); len(left) != 0 {
		t.Errorf("left behind: %q", left)
	}
	if text, err := os.ReadFile(filepath.Join(p.Dir, "cdk.context.json")); err == nil && strings.Contains(string(text), "cc-api-provider") {
		t.Errorf("cdk.context.json = %s, want no answer", text)
	}
}
