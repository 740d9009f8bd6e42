package test

import (
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsiam"
	"github.com/aws/aws-cdk-go/awscdk/v2/awssqs"
	"github.com/aws/jsii-runtime-go"

	"msklambda/constructs/msklambda"
)

func refunds(p *msklambda.ConsumerProps) { p.Topic, p.GroupID = "refunds", "refunds-fn" }

func TestConsumersShareTheEndpointsAndRules(t *testing.T) {
	tpl := synth(t, func(stack awscdk.Stack) {
		cluster := msklambda.ImportCluster(stack, "Cluster", clusterProps(groups(sg0, sg1, sg2)))
		cluster.AddConsumer("Orders", consumerProps())
		cluster.AddConsumer("Refunds", consumerProps(refunds))
	})
	for typ, want := range map[string]int{
		"AWS::EC2::VPCEndpoint":           2,
		"AWS::EC2::SecurityGroup":         1,
		"AWS::EC2::SecurityGroupIngress":  9,
		"AWS::EC2::SecurityGroupEgress":   0,
		"AWS::IAM::Role":                  2,
		"AWS::IAM::Policy":                2,
		"AWS::Logs::LogGroup":             2,
		"AWS::Lambda::Function":           2,
		"AWS::Lambda::EventSourceMapping": 2,
	} {
		if got := tpl.count(typ); got != want {
			t.Errorf("%s = %d, want %d", typ, got, want)
		}
	}
	if got := tpl.warnings(); len(got) != 0 {
		t.Errorf("warnings = %q, want none", got)
	}
}

func TestConsumersInTwoStacksShareThem(t *testing.T) {
	noPanic(t, func() {
		app := newApp(t, nil)
		one, two := newStack(app, "One"), newStack(app, "Two")
		cluster := msklambda.ImportCluster(one, "Cluster", clusterProps())
		cluster.AddConsumer("Orders", consumerProps())
		msklambda.NewConsumer(two, "Refunds", cluster, consumerProps(refunds))

		first, second := read(t, one), read(t, two)
		if a, b := first.count("AWS::EC2::VPCEndpoint"), second.count("AWS::EC2::VPCEndpoint"); a != 2 || b != 0 {
			t.Errorf("endpoints = %d and %d, want 2 and 0", a, b)
		}
		if got := second.rules(); len(got) != 0 {
			t.Errorf("second stack has rules %q, want none", got)
		}
		if got := second.count("AWS::Lambda::EventSourceMapping"); got != 1 {
			t.Errorf("second stack has %d mappings, want 1", got)
		}
		if got := *two.Dependencies(); len(got) != 1 || *got[0].StackName() != "One" {
			t.Errorf("second stack waits for %d stacks, want the cluster's", len(got))
		}
		if got := asJSON(second.Resources); strings.Contains(got, "Fn::ImportValue") {
			t.Errorf("second stack = %s, want no export of the first's, which would lock both", got)
		}
	})
}

func TestAConsumerAloneInTheSecondStackBringsTheNetworkIntoTheFirst(t *testing.T) {
	noPanic(t, func() {
		app := newApp(t, nil)
		one, two := newStack(app, "One"), newStack(app, "Two")
		cluster := msklambda.ImportCluster(one, "Cluster", clusterProps())
		msklambda.NewConsumer(two, "Refunds", cluster, consumerProps(refunds))
		if got := read(t, one).count("AWS::EC2::VPCEndpoint"); got != 2 {
			t.Errorf("endpoints in the cluster's stack = %d, want 2", got)
		}
	})
}

func TestAClusterWithoutConsumersDefinesNothing(t *testing.T) {
	tpl := synth(t, func(stack awscdk.Stack) {
		msklambda.ImportCluster(stack, "Cluster", clusterProps())
		awssqs.NewQueue(stack, jsii.String("Theirs"), nil) // a template must have a resource
	})
	if len(tpl.Resources) != 1 {
		t.Errorf("resources = %q, want theirs alone", tpl.paths())
	}
}

func TestConstructsAreConstructs(t *testing.T) {
	tpl := synth(t, func(stack awscdk.Stack) {
		cluster := msklambda.ImportCluster(stack, "Cluster", clusterProps())
		consumer := cluster.AddConsumer("Orders", consumerProps())
		// Each of these panics for a struct that only embeds a construct.
		awscdk.Tags_Of(cluster).Add(jsii.String("team"), jsii.String("a"), nil)
		queue := awssqs.NewQueue(cluster, jsii.String("Queue"), nil)
		consumer.Node().AddDependency(cluster.EndpointSecurityGroup)
		queue.GrantSendMessages(consumer.Function)
		consumer.Role.AddToPrincipalPolicy(awsiam.NewPolicyStatement(&awsiam.PolicyStatementProps{
			Actions: jsii.Strings("dynamodb:GetItem"), Resources: jsii.Strings("arn:aws:dynamodb:us-east-1:111122223333:table/t")}))
		if got := *cluster.ToString() + " " + *consumer.ToString(); got != "msklambda.Cluster msklambda.Consumer" {
			t.Errorf("ToString = %q", got)
		}
	})
	if got := asJSON(tpl.at("Cluster/LambdaEndpoint").Properties["Tags"]); !strings.Contains(got, `"team"`) {
		t.Errorf("endpoint tags = %s, want the cluster's", got)
	}
	if got := strings.Join(tpl.grants(), "\n"); !strings.Contains(got, "dynamodb:GetItem") || !strings.Contains(got, "sqs:SendMessage") {
		t.Errorf("grants = %s, want what the user granted too", got)
	}
}

func TestPropsAreNotKeptNorChanged(t *testing.T) {
	props := clusterProps(groups(sg0, sg0, sg1))
	tpl := synth(t, func(stack awscdk.Stack) {
		cluster := msklambda.ImportCluster(stack, "Cluster", props)
		if !slices.Equal(props.SecurityGroupIDs, []string{sg0, sg0, sg1}) {
			t.Errorf("props.SecurityGroupIDs = %q, want it left alone", props.SecurityGroupIDs)
		}
		props.SecurityGroupIDs[2] = sg2
		props.SubnetIDs[0] = "subnet-changed"
		cluster.AddConsumer("Orders", consumerProps())
	})
	if got := asJSON(tpl.Resources); strings.Contains(got, sg2) || strings.Contains(got, "changed") {
		t.Errorf("a change of the props after the import reached the template")
	}
}

// A queue beside its consumer is the usual layout: the policy of the endpoint,
// in the cluster's stack, must not wait for it.
func TestAQueueInTheConsumersStackMakesNoCycle(t *testing.T) {
	for name, stackOf := range map[string]func(awscdk.App, awscdk.Stack) awscdk.Stack{
		"another stack": func(app awscdk.App, _ awscdk.Stack) awscdk.Stack { return newStack(app, "Two") },
		"a nested stack": func(_ awscdk.App, one awscdk.Stack) awscdk.Stack {
			return awscdk.NewNestedStack(one, jsii.String("Nested"), nil)
		},
	} {
		t.Run(name, func(t *testing.T) {
			noPanic(t, func() {
				app := newApp(t, nil)
				one := newStack(app, "One")
				two := stackOf(app, one)
				cluster := msklambda.ImportCluster(one, "Cluster", clusterProps())
				msklambda.NewConsumer(two, "Refunds", cluster, consumerProps(refunds, func(p *msklambda.ConsumerProps) {
					p.RetryAttempts = nil
					p.OnFailure.Queue = awssqs.NewQueue(two, jsii.String("Failed"), nil)
				}))
				app.Synth(nil)
				policy := asJSON(read(t, one).at("Cluster/SQSEndpoint").Properties["PolicyDocument"])
				if !strings.Contains(policy, `"aws:ResourceAccount":"111122223333"`) || !strings.Contains(policy, `"Resource":"*"`) {
					t.Errorf("policy = %s, want what the account has", policy)
				}
			})
		})
	}
}
