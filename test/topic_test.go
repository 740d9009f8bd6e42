package test

import (
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/jsii-runtime-go"

	"msklambda/constructs/msklambda"
)

func TestATopicIsAResourceThatStays(t *testing.T) {
	var topic *msklambda.Topic
	tpl := synth(t, func(stack awscdk.Stack) {
		cluster := msklambda.ImportCluster(stack, "Cluster", clusterProps(func(p *msklambda.ClusterProps) { p.SubnetIDs = append(p.SubnetIDs, subnet+"2") }))
		topic = cluster.AddTopic("Orders", &msklambda.TopicProps{Name: "orders", Partitions: 6, Config: map[string]string{"retention.ms": "604800000"}})
		cluster.AddTopic("Short", &msklambda.TopicProps{Name: "short", Partitions: 1, ReplicationFactor: 2, RemovalPolicy: awscdk.RemovalPolicy_DESTROY})
		cluster.AddConsumer("Orders", consumerProps()) // of the same id
	})
	got := tpl.at("Cluster/Topics/Orders")
	want := `{"ClusterArn":"` + arn + `","Configs":"eyJyZXRlbnRpb24ubXMiOiI2MDQ4MDAwMDAifQ==","PartitionCount":6,"ReplicationFactor":3,"TopicName":"orders"}`
	if got.Type != "AWS::MSK::Topic" || asJSON(got.Properties) != want || got.DeletionPolicy != "RetainExceptOnCreate" || got.UpdateReplacePolicy != "Retain" {
		t.Errorf("topic = %s, want AWS::MSK::Topic with %s, kept unless its first deploy fails", asJSON(got), want)
	}
	if topic.Name != "orders" || topic.TopicARN != topicARN+"orders" || *topic.Resource.TopicName() != "orders" {
		t.Errorf("topic = %q, %q, want orders, %sorders", topic.Name, topic.TopicARN, topicARN)
	}
	short := tpl.at("Cluster/Topics/Short")
	if want := `{"ClusterArn":"` + arn + `","PartitionCount":1,"ReplicationFactor":2,"TopicName":"short"}`; asJSON(short.Properties) != want || short.DeletionPolicy != "Delete" {
		t.Errorf("topic = %s, want %s, which goes with the stack", asJSON(short), want)
	}
	if tpl.at("Cluster/Orders/Mapping").ID == "" || strings.HasPrefix(got.ID, "ClusterOrders") {
		t.Errorf("ids = %s, want one of its own beside the consumer's", got.ID)
	}
}

// Two subnets are two zones, in which MSK has two copies by default.
func TestATopicOfTwoSubnetsHasTwoCopies(t *testing.T) {
	tpl := synth(t, func(stack awscdk.Stack) {
		msklambda.ImportCluster(stack, "Cluster", clusterProps()).AddTopic("Orders", &msklambda.TopicProps{Name: "orders", Partitions: 6})
	})
	if got := tpl.at("Cluster/Topics/Orders").Properties["ReplicationFactor"]; got != 2.0 {
		t.Errorf("ReplicationFactor = %v, want 2", got)
	}
}

// TestAMappingWaitsForItsTopics has the topic before and after the consumer, and topics
// that a consumer writes to.
func TestAMappingWaitsForItsTopics(t *testing.T) {
	uses := map[string]consumerEdit{
		"read": func(*msklambda.ConsumerProps) {},
		"destination": func(p *msklambda.ConsumerProps) {
			p.Topic = "a1"
			provisionedPollers(p)
			p.OnFailure.KafkaTopic = "orders"
		},
		"dead letters": func(p *msklambda.ConsumerProps) { p.Topic, p.DeadLetterTopic = "a1", "orders" },
		"none of it":   func(p *msklambda.ConsumerProps) { p.Topic = "a1" },
	}
	for name, edit := range uses {
		for _, first := range []bool{true, false} {
			tpl := synth(t, func(stack awscdk.Stack) {
				cluster := msklambda.ImportCluster(stack, "Cluster", clusterProps())
				topic := func() {
					cluster.AddTopic("Orders", &msklambda.TopicProps{Name: "orders", Partitions: 6})
				}
				if first {
					topic()
				}
				cluster.AddConsumer("Orders", consumerProps(edit))
				if !first {
					topic()
				}
			})
			waits := slices.Contains(tpl.at("Cluster/Orders/Mapping").DependsOn, tpl.at("Cluster/Topics/Orders").ID)
			if want := name != "none of it"; waits != want {
				t.Errorf("%s, topic first %v: the mapping waits %v, want %v", name, first, waits, want)
			}
			if waits := tpl.at("Cluster/Orders/Function").DependsOn; slices.Contains(waits, tpl.at("Cluster/Topics/Orders").ID) {
				t.Errorf("%s: the function waits for the topic, want the mapping alone", name)
			}
		}
	}
}

func TestAConsumerOfAnotherStackWaitsForItsTopic(t *testing.T) {
	noPanic(t, func() {
		app := newApp(t, nil)
		home := newStack(app, "Home")
		cluster := msklambda.ImportCluster(home, "Cluster", clusterProps())
		cluster.AddTopic("Orders", &msklambda.TopicProps{Name: "orders", Partitions: 6})
		other := newStack(app, "Other")
		msklambda.NewConsumer(other, "Orders", cluster, consumerProps())
		read(t, other)
		if got := *other.Dependencies(); len(got) != 1 || *got[0].StackName() != "Home" {
			t.Errorf("the stack waits for %v, want Home", got)
		}
	})
}

// A topic by a token is known by the token.
func TestATopicMayBeAParameter(t *testing.T) {
	tpl := synth(t, func(stack awscdk.Stack) {
		name := *awscdk.NewCfnParameter(stack, jsii.String("Topic"), nil).ValueAsString()
		cluster := msklambda.ImportCluster(stack, "Cluster", clusterProps())
		cluster.AddTopic("Orders", &msklambda.TopicProps{Name: name, Partitions: 6})
		cluster.AddConsumer("Orders", consumerProps(func(p *msklambda.ConsumerProps) { p.Topic = name }))
	})
	if got := tpl.at("Cluster/Topics/Orders"); asJSON(got.Properties["TopicName"]) != `{"Ref":"Topic"}` || !slices.Contains(tpl.at("Cluster/Orders/Mapping").DependsOn, got.ID) {
		t.Errorf("topic = %s, want the parameter, and the mapping to wait for it", asJSON(got.Properties))
	}
}

// TestTheAppMakesATopicOnce has two consumers of it, of which one is in another stack.
func TestTheAppMakesATopicOnce(t *testing.T) {
	tpl := synthApp(t, given(map[string]any{"topic": nil, "createTopic": 6.0, "consumers": []any{
		map[string]any{"name": "Orders", "topic": "orders"},
		map[string]any{"name": "Audit", "topic": "orders", "consumerGroupId": "audit"},
		map[string]any{"name": "Refunds", "topic": "refunds", "consumerStack": "Sales"},
		map[string]any{"name": "Prices", "topic": "prices", "createTopic": ""},
	}}))
	if n := tpl.count("AWS::MSK::Topic"); n != 2 {
		t.Errorf("topics = %d, want those of orders and refunds", n)
	}
	orders := tpl.at("Cluster/Topics/orders").ID
	for path, want := range map[string]bool{"Cluster/Orders/Mapping": true, "Cluster/Audit/Mapping": true, "Cluster/Prices/Mapping": false} {
		if waits := slices.Contains(tpl.at(path).DependsOn, orders); waits != want {
			t.Errorf("%s waits for the topic orders: %v, want %v", path, waits, want)
		}
	}
	tpl.at("Cluster/Topics/refunds")
}

// TestOneTopicOfTwoClustersIsRefused has a cluster imported twice.
func TestOneTopicOfTwoClustersIsRefused(t *testing.T) {
	text := panicText(func() {
		app := newApp(t, nil)
		stack := newStack(app, "Test")
		for _, id := range []string{"A", "B"} {
			msklambda.ImportCluster(stack, id, clusterProps()).AddTopic("Orders", &msklambda.TopicProps{Name: "orders", Partitions: 6})
		}
		app.Synth(nil)
	})
	if want := "Test/A/Topics/Orders/Resource and Test/B/Topics/Orders/Resource are one topic of one cluster, which MSK makes once"; !strings.Contains(text, want) {
		t.Errorf("synth = %q, want %q in it", text, want)
	}
}
