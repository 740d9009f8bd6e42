package test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsec2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awssqs"
	"github.com/aws/jsii-runtime-go"

	"msklambda/constructs/msklambda"
)

// pendingApp is an app on its first run: a looked-up cluster with a consumer and an
// admin function, a consumer of it in a second stack, a stack and a stage that only mention it, a nested stack,
// and stacks that have nothing to do with it.
func pendingApp(t *testing.T) (dir string) {
	t.Helper()
	app := newApp(t, nil)
	noPanic(t, func() {
		queue := func(stack awscdk.Stack) { awssqs.NewQueue(stack, jsii.String("Queue"), nil) }
		alone := newStack(app, "Alone")
		queue(alone)

		home := newStack(app, "Home")
		queue(home)
		cluster := msklambda.LookupCluster(home, "Cluster", lookupProps())
		cluster.AddConsumer("Orders", consumerProps())
		cluster.AddAdmin("Admin", nil)

		consumer := newStack(app, "Consumer")
		queue(consumer)
		msklambda.NewConsumer(consumer, "Refunds", cluster, consumerProps(refunds))

		mentions := newStack(app, "Mentions")
		queue(mentions)
		awsec2.NewSecurityGroup(mentions, jsii.String("Client"), &awsec2.SecurityGroupProps{Vpc: cluster.VPC})

		nesting := newStack(app, "Nesting")
		queue(nesting)
		nested := awscdk.NewNestedStack(nesting, jsii.String("Nested"), nil)
		awscdk.NewCfnOutput(nested, jsii.String("Subnet"), &awscdk.CfnOutputProps{Value: cluster.Subnets[2].SubnetId()})

		stage := awscdk.NewStage(app, jsii.String("Stage"), nil)
		staged := newStackIn(stage, "Staged")
		awsec2.NewCfnSecurityGroupIngress(staged, jsii.String("In"), &awsec2.CfnSecurityGroupIngressProps{
			GroupId: &cluster.SecurityGroupIDs[0], IpProtocol: jsii.String("-1"), CidrIp: jsii.String("10.0.0.0/8")})
		queue(newStackIn(stage, "StagedAlone"))
		app.Synth(nil)
	})
	return *app.Outdir()
}

func templateIn(t *testing.T, dir, pattern string) map[string]any {
	t.Helper()
	found, err := filepath.Glob(filepath.Join(dir, pattern))
	if err != nil || len(found) != 1 {
		t.Fatalf("templates %s = %q, %v, want one", pattern, found, err)
	}
	var out map[string]any
	readJSON(t, found[0], &out)
	return out
}

func TestAPendingRunLeavesNothingThatCanBeDeployedOrDeletes(t *testing.T) {
	long(t)
	dir := pendingApp(t)
	for _, name := range []string{"Home", "Consumer", "Mentions", "Nesting", "assembly-Stage/StageStaged????????"} {
		tpl := templateIn(t, dir, name+".template.json")
		resources, _ := tpl["Resources"].(map[string]any)
		if len(resources) != 1 {
			t.Errorf("%s: resources = %s, want one: the CLI deletes a stack whose template has none", name, asJSON(resources))
		}
		for id, r := range resources {
			r := r.(map[string]any)
			if r["Type"] != "AWS::CloudFormation::WaitConditionHandle" {
				t.Errorf("%s: resource %s = %s, want one that makes nothing", name, id, asJSON(r))
			}
			if on, _ := r["DependsOn"].(string); on == "" || resources[on] != nil {
				t.Errorf("%s: DependsOn = %v, want what is not there", name, r["DependsOn"])
			}
		}
		rules, _ := tpl["Rules"].(map[string]any)
		rule, _ := rules["LookUpsArePending"].(map[string]any)
		want := `{"Assertions":[{"Assert":{"Fn::Equals":[{"Ref":"LookUps"},"answered"]},"AssertDescription":"look-ups are pending for Home/Cluster: synthesize with credentials and without --no-lookups until none is, then deploy"}]}`
		if got := asJSON(rule); got != want {
			t.Errorf("%s: rule = %s, want %s", name, got, want)
		}
		parameters, _ := tpl["Parameters"].(map[string]any)
		if p, _ := parameters["LookUps"].(map[string]any); asJSON(p["AllowedValues"]) != `["pending"]` || p["Default"] != "pending" {
			t.Errorf("%s: parameter = %s, want one that can only be pending", name, asJSON(p))
		}
		if tpl["Outputs"] != nil {
			t.Errorf("%s: outputs = %s, want none", name, asJSON(tpl["Outputs"]))
		}
	}
	for _, name := range []string{"Alone", "assembly-Stage/StageStagedAlone*"} {
		tpl := templateIn(t, dir, name+".template.json")
		if resources := asJSON(tpl["Resources"]); !strings.Contains(resources, "AWS::SQS::Queue") || tpl["Rules"].(map[string]any)["LookUpsArePending"] != nil {
			t.Errorf("%s = %s, want it whole", name, asJSON(tpl))
		}
	}
}

func TestNoPlaceholderIsEverInATemplate(t *testing.T) {
	long(t)
	dir := pendingApp(t)
	err := filepath.WalkDir(dir, func(path string, _ os.DirEntry, err error) error {
		if err != nil || !strings.HasSuffix(path, ".template.json") {
			return err
		}
		text, err := os.ReadFile(path)
		if strings.Contains(string(text), "00000000000000") {
			t.Errorf("%s = %s, want no placeholder in it", path, text)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

func TestNothingOfAPendingRunRemainsWhenTheAnswersAreThere(t *testing.T) {
	long(t)
	got := mustLookUp(t, newCloud(), orders())
	if text := asJSON(rawTemplate(t, got.Stack)); strings.Contains(text, "LookUps") {
		t.Errorf("template = %s, want nothing about look-ups", text)
	}
}
