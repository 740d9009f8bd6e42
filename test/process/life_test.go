package process

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"msklambda/test/internal/account"
	"msklambda/test/internal/cdkcli"
	"msklambda/test/internal/lookups"
	"msklambda/test/internal/synthtest"
)

// life is a stack that the real CLI deploys to a stand-in for its account, where
// the next look-up finds what the deploy made.
type life struct {
	*cdkcli.Project
	t       *testing.T
	account *account.Account
	app     string
	args    []string
}

func newLife(t *testing.T) *life {
	t.Helper()
	a := account.New(synthtest.Account, synthtest.Region, lookups.NewCloud().Resources)
	l := &life{t: t, Project: newProject(t, a.Serve(t).URL), account: a, app: app(t)}
	l.Env = append(l.Env, "CDK_VALIDATION=false")
	l.args = []string{"-c", "clusterArn=" + synthtest.ARN, "-c", "topic=orders", "-c", "endpointAccess=pollers", "-c", "retryAttempts=-1"}
	return l
}

// cdk runs a command on the app, with more context.
func (l *life) cdk(command string, more ...string) (string, bool) {
	l.t.Helper()
	args := append([]string{command, "--app", l.app}, l.args...)
	return l.Run(append(args, more...)...)
}

func (l *life) deploy(more ...string) []string {
	l.t.Helper()
	l.account.TakeLog()
	out, ok := l.cdk("deploy", append([]string{"--require-approval", "never"}, more...)...)
	log := l.account.TakeLog()
	if !ok {
		l.t.Fatalf("deploy failed:\n%s\nafter %q", out, log)
	}
	return log
}

// refresh forgets all answers.
func (l *life) refresh() {
	l.t.Helper()
	if err := os.Remove(filepath.Join(l.Dir, "cdk.context.json")); err != nil {
		l.t.Fatal(err)
	}
}

func made(log []string) (types []string) {
	for _, line := range log {
		types = append(types, line[strings.LastIndex(line, " ")+1:])
	}
	slices.Sort(types)
	return types
}

func TestTheLifeOfAStack(t *testing.T) {
	long(t)
	l := newLife(t)
	want := []string{"AWS::EC2::SecurityGroup", "AWS::EC2::SecurityGroupIngress", "AWS::EC2::VPCEndpoint", "AWS::EC2::VPCEndpoint", "AWS::IAM::Policy", "AWS::IAM::Role",
		"AWS::Lambda::EventSourceMapping", "AWS::Lambda::Function", "AWS::Logs::LogGroup", "AWS::SSM::Parameter"}
	if got := made(l.deploy()); !slices.Equal(got, want) {
		t.Fatalf("the first deploy made %q, want %q", got, want)
	}
	unchanged := func(step string) {
		t.Helper()
		if log := l.deploy(); len(log) != 0 {
			t.Errorf("%s: the deploy did %q, want nothing", step, log)
		}
	}
	unchanged("deployed again")
	l.refresh()
	unchanged("refreshed")
	if out, ok := l.cdk("diff"); !ok || strings.Contains(out, "msklambda:groupInUse") {
		t.Errorf("diff = %s, want its own mapping taken for its own", out)
	}

	// Somebody edits what marks the stack's own.
	for _, e := range l.account.Resources["AWS::EC2::VPCEndpoint"] {
		e["Tags"] = []any{map[string]any{"Key": "team", "Value": "network"}}
	}
	for _, r := range l.account.Resources["AWS::EC2::SecurityGroup"][synthtest.SG0]["SecurityGroupIngress"].([]any) {
		r.(map[string]any)["Description"] = "by hand"
	}
	l.refresh()
	unchanged("marks edited and refreshed")

	// And what follows the troubleshooting row for a cluster of somebody else.
	out, ok := l.cdk("diff", "-c", "lambdaEndpoint=existing", "-c", "stsEndpoint=existing", "-c", "securityGroupRules=none")
	for _, want := range []string{
		`the last deploy of MskLambda defined the LambdaEndpoint, and this template does not, because its Source is "existing": the next deploy deletes it.`,
		"defined the STSEndpoint, and this template does not", `defined the rule "` + synthtest.SG0 + " from " + synthtest.SG0 + ` 9098"`,
	} {
		if !ok || !strings.Contains(strings.Join(strings.Fields(out), " "), want) {
			t.Errorf("diff = %s\nwant %q in it", out, want)
		}
	}
}

// What an unfinished look-up leaves is refused, and deletes nothing.
func TestAnUnfinishedLookUpTouchesNothingThatRuns(t *testing.T) {
	long(t)
	l := newLife(t)
	l.deploy()
	before := l.account.Stack("MskLambda").Template
	l.refresh()
	if out, ok := l.cdk("synth", "--no-lookups", "--quiet"); ok || !strings.Contains(out, "Context lookups have been disabled") {
		t.Fatalf("synth --no-lookups = %v, %s, want it refused", ok, out)
	}
	out, ok := l.Run("deploy", "--app", "cdk.out", "--require-approval", "never")
	if ok || !strings.Contains(out, "Template format error: Unresolved resource dependencies [LookUpsArePendingSynthesizeWithCredentials] in the Resources block of the template") {
		t.Errorf("deploy = %v, %s, want it refused by CloudFormation", ok, out)
	}
	stack := l.account.Stack("MskLambda")
	if log := l.account.TakeLog(); len(log) != 0 || stack == nil || stack.Template != before || stack.Status != "CREATE_COMPLETE" {
		t.Errorf("the deploy did %q to %+v, want nothing", log, stack)
	}

	// Nor does it without the dependency that is not there, by the rule alone.
	path := filepath.Join(l.Dir, "cdk.out", "MskLambda.template.json")
	text := strings.Replace(l.Read("cdk.out/MskLambda.template.json"), `"LookUpsArePendingSynthesizeWithCredentials"`, `[]`, 1)
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	l.account.ForgetObjects() // or the CLI would use the template that it has uploaded
	out, ok = l.Run("deploy", "--app", "cdk.out", "--require-approval", "never")
	if log := l.account.TakeLog(); ok || len(log) != 0 || !strings.Contains(out, "look-ups are pending for MskLambda/Cluster: synthesize with credentials") {
		t.Errorf("deploy = %v, %s, and did %q, want it refused by the rule", ok, out, log)
	}
}
