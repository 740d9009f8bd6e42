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

	"msklambda/constructs/plan"
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
	if err := os.Symlink(absolute(t, filepath.Join(root, "cdk.context.json")), filepath.Join(p.Dir, "cdk.context.json")); err != nil {
		t.Fatal(err)
	}
	commands := reviewCommands(t)
	if len(commands["synth"]) != 2 || len(commands["diff"]) != 1 {
		t.Fatalf("docs/review.md has the commands %q, want a synth of both branches, and a diff", commands)
	}
	p.Env = append(p.Env, "CDK_VALIDATION=false")
	for _, synth := range commands["synth"] {
		args := append(slices.Clone(synth), "--app", app(t))
		if slices.Contains(synth, "after") {
			args = append(args, "-c", "consumerGroupId=another")
		}
		if out, ok := p.Run(args...); !ok || strings.Contains(out, "reads ") {
			t.Fatalf("%q = %v, %s, want it quiet", args, ok, out)
		}
	}
	if got := p.Read("after/MskLambda.plan.txt"); !strings.Contains(got, "as group another from TRIM_HORIZON, by on-demand pollers, with IAM") {
		t.Errorf("plan = %s", got)
	}

	program, err := program("mskplan", filepath.Join(root, "constructs/plan/mskplan"))
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(program, "-before", "before", "-after", "after", "-format", "markdown", "-check")
	cmd.Dir, cmd.Env = p.Dir, []string{}
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	_ = cmd.Run() // its status is looked at
	if cmd.ProcessState.ExitCode() != 1 || !strings.Contains(out.String(), "**REFUSED** `Cluster/Consumer`") {
		t.Errorf("mskplan ends with %v and says\n%s\nwant a refused group", cmd.ProcessState, &out)
	}

	if out, ok := p.Run(commands["diff"][0]...); !ok || !strings.Contains(out, "AWS::Lambda::EventSourceMapping") {
		t.Errorf("%q = %v, %s, want the differences", commands["diff"][0], ok, out)
	}
	if out, ok := p.Run("diff", "--app", "after", "MskLambda"); ok {
		t.Errorf("cdk diff without an account succeeds, which docs/review.md denies: %s", out)
	}
}

// The plan is one more file in the assembly that the CLI deploys.
func TestThePlanDisturbsNoDeploy(t *testing.T) {
	long(t)
	l := newLife(t)
	l.Env = append(l.Env, "MSKLAMBDA_PLAN=true")
	out, ok := l.cdk("synth", "--quiet")
	if n := strings.Count(out, "Stack MskLambda"); !ok || n != 1 {
		t.Errorf("synth = %v, and prints the plan %d times, want once: %s", ok, n, out)
	}
	for _, want := range []string{"reads orders of cluster " + strings.Split(synthtest.ARN, "/")[1] + " as group", "the answers in cdk.context.json"} {
		if got := l.Read("cdk.out/MskLambda.plan.txt"); !strings.Contains(got, want) {
			t.Errorf("plan = %s, want %q in it", got, want)
		}
	}
	if out, ok := l.Run("deploy", "--app", "cdk.out", "--require-approval", "never"); !ok || len(made(l.account.TakeLog())) != 10 {
		t.Errorf("deploy = %v, %s, want ten resources", ok, out)
	}
}

// TestThePlanForetellsTheDeploy has the real CLI deploy one change after the other to
// the stand-in for an account, which shares no code with the plan, and wants it to do
// to each resource what the plan said.
func TestThePlanForetellsTheDeploy(t *testing.T) {
	long(t)
	l := newLife(t)
	l.args = append(l.args, "-c", "consumerGroupId=orders-fn", "-c", "vpcId="+synthtest.VPC, "-c", "securityGroupIds="+synthtest.SG0,
		"-c", "subnetIds=subnet-0123456789abcdef0,subnet-0123456789abcdef1", "-c", "vpcCidrs=")
	synth := func(outdir string, more ...string) []*plan.Template {
		t.Helper()
		if out, ok := l.cdk("synth", append([]string{"--quiet", "-o", outdir}, more...)...); !ok {
			t.Fatal(out)
		}
		all, err := plan.Load(filepath.Join(l.Dir, outdir))
		if err != nil {
			t.Fatal(err)
		}
		return all
	}
	before := synth("base")
	if out, ok := l.Run("deploy", "--app", "base", "--require-approval", "never"); !ok {
		t.Fatal(out)
	}
	var options []string
	for _, change := range [][]string{
		{"consumerGroupId=another"}, // refused
		{"topic=refunds"},
		{"endpointAccess=vpc", "vpcCidrs=10.0.0.0/16", "batchSize=500"},
		{"authentication=plaintext"},
		{"pollers=provisioned"},
	} {
		with := slices.Clone(options)
		for _, option := range change {
			with = append(with, "-c", option)
		}
		after := synth("after", with...)
		reports, err := plan.CompareAll(before, after)
		if err != nil {
			t.Fatal(err)
		}
		report := reports[0]
		l.account.TakeLog()
		out, ok := l.Run("deploy", "--app", "after", "--require-approval", "never")
		log := l.account.TakeLog()
		if ok == report.Refused() {
			t.Fatalf("%s: the deploy succeeds = %v, and the plan says refused = %v: %s", change, ok, report.Refused(), out)
		}
		if !ok {
			if !strings.Contains(out, "already exists") {
				t.Errorf("%s: %s, want the 409", change, out)
			}
			continue
		}
		if got, want := deeds(log), foretold(report); len(want) == 0 || !slices.Equal(got, want) {
			t.Errorf("%s: the deploy did\n%s\nand the plan says\n%s", change, strings.Join(got, "\n"), strings.Join(want, "\n"))
		}
		before, options = after, with
	}
}

// deeds are what the account did to which logical id. What the plan tells of with a
// consumer, its old mapping and its function, is left out, and the deletion of what
// was replaced.
func deeds(log []string) (out []string) {
	replaced := map[string]bool{}
	for _, line := range log {
		verb, rest, _ := strings.Cut(line, " ")
		resource, typ, _ := strings.Cut(rest, " ")
		_, id, _ := strings.Cut(resource, "/")
		switch {
		case verb == "delete" && (replaced[id] || typ == "AWS::Lambda::EventSourceMapping"), verb != "update" && typ == "AWS::Lambda::Function":
			continue
		case verb == "replace" && typ == "AWS::IAM::Policy":
			// For its name; CloudFormation's schema has no such property of a policy.
			replaced[id], verb = true, "update"
		case verb == "replace":
			replaced[id] = true
		}
		out = append(out, verb+" "+id)
	}
	slices.Sort(out)
	return out
}

func foretold(report *plan.Report) (out []string) {
	for _, line := range report.Lines {
		verb := map[plan.Verdict]string{plan.New: "create", plan.InPlace: "update", plan.Replaced: "replace", plan.Removed: "delete", plan.Left: "retain"}[line.Verdict]
		if line.Type == "AWS::Lambda::EventSourceMapping" && line.Verdict == plan.Replaced {
			verb = "create" // under another id
		}
		out = append(out, verb+" "+line.LogicalID)
	}
	slices.Sort(out)
	return out
}
