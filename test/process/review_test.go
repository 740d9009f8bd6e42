package process

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"msklambda/test/internal/synthtest"
)

// reviewCommands are those of the CLI in docs/review.md, by their first word.
func reviewCommands(t *testing.T) (commands map[string][][]string) {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(root, "docs/review.md"))
	if err != nil {
		t.Fatal(err)
	}
	commands = map[string][][]string{}
	for _, m := range regexp.MustCompile(`npx --yes aws-cdk@(\S+) ([^\n&]+)`).FindAllStringSubmatch(string(text), -1) {
		if m[1] != cliVersion {
			t.Errorf("docs/review.md has version %s of the CLI, want %s", m[1], cliVersion)
		}
		args := strings.Fields(strings.ReplaceAll(m[2], "../before", "before"))
		commands[args[0]] = append(commands[args[0]], args)
	}
	return commands
}

// TestAReviewNeedsNoAccount does what docs/review.md says, and what it says does not
// work.
func TestAReviewNeedsNoAccount(t *testing.T) {
	long(t)
	p := newProject(t, "")
	if err := os.Symlink(absolute(t, filepath.Join(root, "cdk.context.json")), filepath.Join(p.dir, "cdk.context.json")); err != nil {
		t.Fatal(err)
	}
	commands := reviewCommands(t)
	if len(commands["synth"]) != 2 || len(commands["diff"]) != 1 {
		t.Fatalf("docs/review.md has the commands %q, want a synth of both branches, and a diff", commands)
	}
	p.env = append(p.env, "CDK_VALIDATION=false")
	for _, synth := range commands["synth"] {
		args := append(slices.Clone(synth), "--app", app(t))
		if slices.Contains(synth, "after") {
			args = append(args, "-c", "consumerGroupId=another")
		}
		if out, ok := p.run(args...); !ok || strings.Contains(out, "reads ") {
			t.Fatalf("%q = %v, %s, want it quiet", args, ok, out)
		}
	}
	if got := p.read("after/MskLambda.plan.txt"); !strings.Contains(got, "as group another from TRIM_HORIZON, by on-demand pollers with IAM") {
		t.Errorf("plan = %s", got)
	}

	program, err := program("mskplan", filepath.Join(root, "constructs/plan/mskplan"))
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(program, "-before", "before", "-after", "after", "-format", "markdown", "-check")
	cmd.Dir, cmd.Env = p.dir, []string{}
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	_ = cmd.Run() // its status is looked at
	if cmd.ProcessState.ExitCode() != 1 || !strings.Contains(out.String(), "**REFUSED** `Cluster/Consumer`") {
		t.Errorf("mskplan ends with %v and says\n%s\nwant a refused group", cmd.ProcessState, &out)
	}

	if out, ok := p.run(commands["diff"][0]...); !ok || !strings.Contains(out, "AWS::Lambda::EventSourceMapping") {
		t.Errorf("%q = %v, %s, want the differences", commands["diff"][0], ok, out)
	}
	if out, ok := p.run("diff", "--app", "after", "MskLambda"); ok {
		t.Errorf("cdk diff without an account succeeds, which docs/review.md denies: %s", out)
	}
}

// The plan is one more file in the assembly that the CLI deploys.
func TestThePlanDisturbsNoDeploy(t *testing.T) {
	long(t)
	l := newLife(t)
	l.env = append(l.env, "MSKLAMBDA_PLAN=true")
	out, ok := l.cdk("synth", "--quiet")
	if n := strings.Count(out, "Stack MskLambda"); !ok || n != 1 {
		t.Errorf("synth = %v, and prints the plan %d times, want once: %s", ok, n, out)
	}
	for _, want := range []string{"reads orders of cluster " + strings.Split(synthtest.ARN, "/")[1] + " as group", "the answers in cdk.context.json"} {
		if got := l.read("cdk.out/MskLambda.plan.txt"); !strings.Contains(got, want) {
			t.Errorf("plan = %s, want %q in it", got, want)
		}
	}
	if out, ok := l.run("deploy", "--app", "cdk.out", "--require-approval", "never"); !ok || len(made(l.account.TakeLog())) != 10 {
		t.Errorf("deploy = %v, %s, want ten resources", ok, out)
	}
}
