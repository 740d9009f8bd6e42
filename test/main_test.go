// Package test holds the tests that synthesize, in one process: the first synth of
// a process costs seconds, each later one milliseconds. Those that start processes
// are in test/process, which runs beside this one. jsii is not safe for parallel
// use, so no test here calls t.Parallel.
package test

import (
	"flag"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsec2"
	"github.com/aws/jsii-runtime-go"

	"msklambda/constructs/msklambda"
	"msklambda/test/internal/direct"
	"msklambda/test/internal/synthtest"
	"msklambda/test/internal/unvalidated"
)

func TestMain(m *testing.M) {
	if err := direct.Use(); err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
	code := m.Run()
	if code == 0 && wholeRun() && !valid() {
		code = 1
	}
	jsii.Close() // once: a second start would cost as much as the first
	os.Exit(code)
}

func wholeRun() bool {
	return !testing.Short() && flag.Lookup("test.run").Value.String() == "" && flag.Lookup("test.skip").Value.String() == ""
}

// valid has CDK's rules judge every template that the tests have made. In the tests
// themselves that is off: see package unvalidated.
func valid() bool {
	findings, judged, err := synthtest.Validate()
	if err != nil {
		findings = append(findings, err.Error())
	}
	if len(findings) > 0 {
		fmt.Printf("FAIL: CDK's rules have findings in what these tests made:\n%s\n", strings.Join(findings, "\n"))
		return false
	}
	fmt.Printf("CDK's rules have nothing against the %d templates of these tests\n", judged)
	return true
}

func TestTheSynthsOfTheseTestsAreNotValidated(t *testing.T) {
	app := newApp(t, nil)
	awsec2.NewCfnSecurityGroup(newStack(app, "Faulty"), jsii.String("Group"), &awsec2.CfnSecurityGroupProps{
		GroupDescription: jsii.String("x"), VpcId: jsii.String("vpc-1")})
	text := panicText(func() { app.Synth(nil) })
	if off := os.Getenv(unvalidated.Variable) == "false"; off != (text == "") {
		t.Errorf("%s is %q, and a faulty template panics with %q", unvalidated.Variable, os.Getenv(unvalidated.Variable), text)
	}
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
