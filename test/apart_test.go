package test

import (
	"os"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awssqs"
	"github.com/aws/jsii-runtime-go"

	"msklambda/constructs/mskapp"
	"msklambda/constructs/msklambda"
)

// TestConsumersCanHaveStacksOfTheirOwn puts two of three consumers into one.
func TestConsumersCanHaveStacksOfTheirOwn(t *testing.T) {
	app := newApp(t, given(map[string]any{"topic": nil, "consumers": []any{
		map[string]any{"name": "Orders", "topic": "orders"},
		map[string]any{"name": "Refunds", "topic": "refunds", "consumerStack": "Sales"},
		map[string]any{"name": "Prices", "topic": "prices", "consumerStack": "Sales", "alarms": true, "alarmTopicArns": "arn:aws:sns:us-east-1:111122223333:pages"},
	}}))
	var home, sales *template
	noPanic(t, func() {
		config, err := mskapp.ReadConfig(app)
		if err != nil {
			t.Fatal(err)
		}
		home = read(t, mskapp.NewStack(config))
		sales = read(t, app.Node().FindChild(jsii.String("MskLambda-Sales")).(awscdk.Stack))
	})
	if n := sales.count("AWS::Lambda::EventSourceMapping"); n != 2 || home.count("AWS::Lambda::EventSourceMapping") != 1 {
		t.Errorf("mappings in MskLambda-Sales = %d, want 2, and the third in MskLambda", n)
	}
	for _, typ := range []string{"AWS::EC2::VPCEndpoint", "AWS::EC2::SecurityGroup", "AWS::EC2::SecurityGroupIngress"} {
		if n := sales.count(typ); n != 0 || home.count(typ) == 0 {
			t.Errorf("%s in MskLambda-Sales = %d, want those of the cluster in its own stack alone", typ, n)
		}
	}
	for _, path := range []string{"Refunds/Function", "Prices/Alarms/Errors"} {
		if sales.Resources[path] == nil {
			t.Errorf("resources of MskLambda-Sales = %q, want %s", sales.paths(), path)
		}
	}
	if home.Resources["Cluster/Orders/Function"] == nil {
		t.Errorf("resources of MskLambda = %q, want those of Orders", home.paths())
	}
}

// TestAsManyConsumersFitAsThePageSays counts what a consumer has in a template.
func TestAsManyConsumersFitAsThePageSays(t *testing.T) {
	text, err := os.ReadFile("../docs/operations.md")
	if err != nil {
		t.Fatal(err)
	}
	const most = 500 // resources in a stack
	all := synthTwo(t, func(stack awscdk.Stack, id string, p *msklambda.ConsumerProps) {
		p.Pollers = &msklambda.Pollers{}
		p.OnFailure = msklambda.Destination{Queue: awssqs.NewQueue(stack, jsii.String(id+"Failed"), &awssqs.QueueProps{EnforceSSL: jsii.Bool(true)})}
		p.Alarms, p.Dashboard = &msklambda.Alarms{}, true
	})
	for name, counts := range map[string][2]int{"on-demand": synthTwo(t, func(awscdk.Stack, string, *msklambda.ConsumerProps) {}), "all of it": all} {
		one, each := counts[0], counts[1]-counts[0]
		fit := (most - (one - each)) / each
		want := regexp.MustCompile(`(?m)^\| [^|]*` + name + `[^|]*\| ` + strconv.Itoa(each) + ` \| ` + strconv.Itoa(fit) + ` \|$`)
		if !want.Match(text) {
			t.Errorf("docs/operations.md has not that a consumer, %s, has %d resources, and that %d of them fit", name, each, fit)
		}
	}
}

// synthTwo returns how many resources a stack has with one consumer, and with two.
func synthTwo(t *testing.T, edit func(stack awscdk.Stack, id string, p *msklambda.ConsumerProps)) (counts [2]int) {
	t.Helper()
	noPanic(t, func() {
		for n := range counts {
			stack := newStackIn(newApp(t, nil), "Test")
			cluster := msklambda.ImportCluster(stack, "Cluster", clusterProps())
			for i := range n + 1 {
				id := "Consumer" + strconv.Itoa(i)
				cluster.AddConsumer(id, consumerProps(func(p *msklambda.ConsumerProps) {
					p.Topic, p.GroupID = strings.ToLower(id), id
					edit(stack, id, p)
				}))
			}
			counts[n] = len(read(t, stack).Resources)
		}
	})
	return counts
}
