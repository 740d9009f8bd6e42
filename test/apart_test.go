package test

import (
	"fmt"
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

// What CloudFormation takes in a template.
const (
	mostResources = 500
	mostOutputs   = 200
	mostBytes     = 1 << 20
)

// TestAsManyConsumersFitAsThePageSays counts what a consumer has in a template.
func TestAsManyConsumersFitAsThePageSays(t *testing.T) {
	text, err := os.ReadFile("../docs/operations.md")
	if err != nil {
		t.Fatal(err)
	}
	says := func(pattern string, args ...any) {
		t.Helper()
		if want := fmt.Sprintf(pattern, args...); !regexp.MustCompile(want).Match(text) {
			t.Errorf("docs/operations.md has not what was counted: %s", want)
		}
	}
	for name, edit := range map[string]func(awscdk.Stack, string, *msklambda.ConsumerProps){
		"on-demand": func(awscdk.Stack, string, *msklambda.ConsumerProps) {},
		"all of it": func(stack awscdk.Stack, id string, p *msklambda.ConsumerProps) {
			p.Pollers, p.RetryAttempts = &msklambda.Pollers{}, nil
			p.OnFailure = msklambda.Destination{Queue: awssqs.NewQueue(stack, jsii.String(id+"Failed"), &awssqs.QueueProps{EnforceSSL: jsii.Bool(true)})}
			p.Alarms, p.Dashboard = &msklambda.Alarms{}, true
		},
	} {
		resources, bytes := synthTwo(t, edit)
		one, each := resources[0], resources[1]-resources[0]
		fit := (mostResources - (one - each)) / each
		says(`(?m)^\| [^|]*%s[^|]*\| %d \| %d \|$`, name, each, fit)
		if size := bytes[0] + (fit-1)*(bytes[1]-bytes[0]); size > mostBytes {
			t.Errorf("%d consumers, %s, are %d bytes, and CloudFormation takes %d", fit, name, size, mostBytes)
		}
	}

	outputs := func(topics ...any) (n int) {
		noPanic(t, func() {
			config, err := mskapp.ReadConfig(newApp(t, given(map[string]any{"topic": nil, "consumers": topics})))
			if err != nil {
				t.Fatal(err)
			}
			n = len(rawTemplate(t, mskapp.NewStack(config))["Outputs"].(map[string]any))
		})
		return n
	}
	a, b := map[string]any{"name": "A", "topic": "first"}, map[string]any{"name": "B", "topic": "second"}
	if one, two := outputs(a), outputs(a, b); one != two-one {
		t.Errorf("outputs = %d and %d, want as many for each", one, two)
	} else {
		says(`a consumer has %d\s+outputs, and CloudFormation takes %d in a stack: that is \*\*%d\*\* consumers`, one, mostOutputs, mostOutputs/one)
	}
}

// synthTwo returns how many resources and bytes a template has with one consumer, and
// with two.
func synthTwo(t *testing.T, edit func(stack awscdk.Stack, id string, p *msklambda.ConsumerProps)) (resources, bytes [2]int) {
	t.Helper()
	noPanic(t, func() {
		for n := range resources {
			stack := newStackIn(newApp(t, nil), "Test")
			cluster := msklambda.ImportCluster(stack, "Cluster", clusterProps())
			for i := range n + 1 {
				id := "Consumer" + strconv.Itoa(i)
				cluster.AddConsumer(id, consumerProps(func(p *msklambda.ConsumerProps) {
					p.Topic, p.GroupID = strings.ToLower(id), id
					edit(stack, id, p)
				}))
			}
			tpl := rawTemplate(t, stack)
			resources[n], bytes[n] = len(tpl["Resources"].(map[string]any)), len(asJSON(tpl))
		}
	})
	return resources, bytes
}
