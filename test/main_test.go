// Package test holds the tests that synthesize, in one process: the first synth of
// a process costs seconds, each later one milliseconds. Those that start processes
// are in test/process, which runs beside this one. jsii is not safe for parallel
// use, so no test here calls t.Parallel.
package test

import (
	"os"
	"testing"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/jsii-runtime-go"

	"msklambda/constructs/msklambda"
	"msklambda/test/internal/synthtest"
)

func TestMain(m *testing.M) {
	code := m.Run()
	jsii.Close() // once: a second start would cost as much as the first
	os.Exit(code)
}

const (
	account  = synthtest.Account
	region   = synthtest.Region
	arn      = synthtest.ARN
	topicARN = "arn:aws:kafka:us-east-1:111122223333:topic/demo/4f1e0ab2-7c64-4a3e-9d5e-2b9a6c1d8e70-2/"
	groupARN = "arn:aws:kafka:us-east-1:111122223333:group/demo/4f1e0ab2-7c64-4a3e-9d5e-2b9a6c1d8e70-2/"
	vpc      = synthtest.VPC
	sg0      = synthtest.SG0
	sg1      = synthtest.SG1
	sg2      = synthtest.SG2
	entry    = "../lambda"
)

// What is shared with the other packages of tests, by the names that it has here.
var (
	cdkContext    = synthtest.CDKContext
	newApp        = synthtest.NewApp
	newStackIn    = synthtest.NewStack
	noPanic       = synthtest.NoPanic
	panicText     = synthtest.PanicText
	wantPanic     = synthtest.WantPanic
	rawTemplate   = synthtest.Raw
	clusterProps  = synthtest.ClusterProps
	consumerProps = synthtest.ConsumerProps
	given         = synthtest.Given
	long          = synthtest.Long
	same          = synthtest.Same
	asJSON        = synthtest.JSON
	readJSON      = synthtest.ReadJSON
)

type resource = synthtest.Resource

// template is a synthesized stack, with what the tests of this package ask of one.
type template struct{ *synthtest.Template }

func (tpl *template) at(path string) *resource { tpl.T.Helper(); return tpl.At(path) }
func (tpl *template) paths() []string          { return tpl.Paths() }
func (tpl *template) count(typ string) int     { return tpl.Count(typ) }
func (tpl *template) warnings() []string       { return tpl.Warnings() }

func newStack(app awscdk.App, id string) awscdk.Stack { return newStackIn(app, id) }

func read(t *testing.T, stack awscdk.Stack) *template {
	t.Helper()
	return &template{synthtest.Read(t, stack)}
}

// synth builds a stack called Test in an app of its own.
func synth(t *testing.T, build func(awscdk.Stack)) *template {
	t.Helper()
	return &template{synthtest.Synth(t, build)}
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
