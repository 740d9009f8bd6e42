package process

import (
	"os"
	"strings"
	"testing"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awssqs"
	"github.com/aws/jsii-runtime-go"

	"msklambda/constructs/msklambda"
	"msklambda/test/internal/account"
	"msklambda/test/internal/lookups"
	"msklambda/test/internal/synthtest"
)

// movesEnv makes the test binary an app of one consumer, which has moved.
const movesEnv = "MSKLAMBDA_MOVED"

func runMoves() {
	outdir := os.Getenv("CDK_OUTDIR")
	// The function is built: what is not built has another hash in another place.
	app := awscdk.NewApp(&awscdk.AppProps{Outdir: &outdir})
	stack := func(name string) awscdk.Stack { // which is there in any case
		s := synthtest.NewStack(app, name)
		awssqs.NewQueue(s, jsii.String("Queue"), nil)
		return s
	}
	cluster, consumer, home, team, other := "Cluster", "Orders", stack("Home"), stack("Team"), stack("Other")
	moved := os.Getenv(movesEnv)
	network := home
	switch moved {
	case "cluster renamed":
		cluster = "Kafka"
	case "consumer renamed":
		consumer = "Sales"
	case "cluster in another stack":
		network = team
	}
	c := msklambda.ImportCluster(network, cluster, clusterProps(func(p *msklambda.ClusterProps) { p.Owner = "Home" }))
	props := consumerProps(func(p *msklambda.ConsumerProps) { p.Entry = os.Getenv(movesEnv + "_ENTRY") })
	switch moved {
	case "consumer in another stack":
		msklambda.NewConsumer(team, consumer, c, props)
	case "consumer in a third stack":
		msklambda.NewConsumer(other, consumer, c, props)
	default:
		c.AddConsumer(consumer, props)
	}
	app.Synth(nil)
	jsii.Close()
}

// TestWhatMovesIsFoundByCDKRefactor has the real CLI compare what was deployed with
// what has moved. What it takes for a move is not made anew.
func TestWhatMovesIsFoundByCDKRefactor(t *testing.T) {
	long(t)
	a := account.New(synthtest.Account, synthtest.Region, lookups.NewCloud().Resources)
	p := newProject(t, a.Serve(t).URL)
	p.Env = append(p.Env, "CDK_VALIDATION=false", movesEnv+"_ENTRY="+emptyFunction(t))
	run := func(moved string, args ...string) (string, bool) {
		env := p.Env
		defer func() { p.Env = env }()
		p.Env = append(env[:len(env):len(env)], movesEnv+"="+moved)
		return p.Run(append(args, "--app", os.Args[0])...)
	}
	for _, tt := range []struct {
		from, to string
		moves    int // 0 where it is refused
	}{
		{"nothing", "cluster renamed", 9},
		{"nothing", "consumer renamed", 5},
		{"nothing", "cluster in another stack", 9},
		// Within a stack a mapping waits for the endpoints and rules by DependsOn, and
		// across stacks the stack does.
		{"nothing", "consumer in another stack", 0},
		{"consumer in another stack", "consumer in a third stack", 5},
	} {
		t.Run(tt.to, func(t *testing.T) {
			if out, ok := run(tt.from, "deploy", "--all", "--require-approval", "never"); !ok {
				t.Fatalf("deploy failed:\n%s", out)
			}
			a.TakeLog()
			out, _ := run(tt.to, "refactor", "--unstable=refactor", "--dry-run")
			t.Log(out)
			if got := strings.Count(out, "│ AWS::"); got != tt.moves {
				t.Errorf("moves = %d, want %d", got, tt.moves)
			}
			if refused := strings.Contains(out, "Refactor failed"); refused != (tt.moves == 0) {
				t.Errorf("refused = %v, want %v", refused, tt.moves == 0)
			}
			if log := a.TakeLog(); len(log) != 0 {
				t.Errorf("a dry run did %q", log)
			}
		})
	}
}

// emptyFunction is a main package.
func emptyFunction(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	write(t, dir+"/go.mod", "module function\n\ngo 1.26\n")
	write(t, dir+"/main.go", "package main\n\nfunc main() {}\n")
	return dir
}
