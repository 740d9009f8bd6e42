package test

import (
	"strings"
	"testing"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsmsk"
	"github.com/aws/jsii-runtime-go"

	"msklambda/constructs/mskapp"
	"msklambda/constructs/msklambda"
	"msklambda/constructs/notice"
	"msklambda/test/internal/lookups"
)

func withoutOrders(c *cloud) {
	delete(c.Resources["AWS::MSK::Topic"], strings.Replace(arn, ":cluster/", ":topic/", 1)+"/orders")
}

func deniedTopics(c *cloud) {
	c.Broken["AWS::MSK::Topic"] = &lookups.Fault{Code: "AccessDeniedException", Message: "User: arn:aws:sts::111122223333:assumed-role/cdk-lookup is not authorized to perform: kafka-cluster:Connect"}
}

// TestATopicThatIsNotThereIsRefused has names that may have been meant, of the cluster or,
// where those may not be listed, of its mappings.
func TestATopicThatIsNotThereIsRefused(t *testing.T) {
	long(t)
	const refused = `Test/Cluster/Orders reads the topic "orders", which the cluster had not when it was looked up: `
	dead := func(p *msklambda.ConsumerProps) { p.Topic, p.DeadLetterTopic = "refunds", "refunds-dead" }
	for name, tt := range map[string]struct {
		cloud func(*cloud)
		build func(awscdk.Stack)
		want  []string
	}{
		"one near": {func(c *cloud) { withoutOrders(c); c.Topic(arn, "Orders", 3) }, orders(), []string{refused + `did you mean "Orders"? Else create it first, or let the stack make it by AddTopic`}},
		"several near": {func(c *cloud) { withoutOrders(c); c.Topic(arn, "order", 3); c.Topic(arn, "orders-v2", 3) }, orders(),
			[]string{refused + `did you mean "order" or "orders-v2"? Else`}},
		"none near": {withoutOrders, orders(), []string{refused + "create it first, or let the stack make it by AddTopic, in the app by createTopic",
			"forget what was looked up (cdk context --clear)", "set AllowMissingTopics, in the app allowMissingTopics"}},
		"one that a mapping reads": {func(c *cloud) {
			// The list fails where the topics do not.
			withoutOrders(c)
			c.Unlisted = []string{"AWS::MSK::Topic"}
			c.Mapping(byHand, "by-hand", "orders.v2", "theirs")
		}, orders(), []string{refused + `did you mean "orders.v2"?`}},
		"dead letters": {func(*cloud) {}, ordersOf(dead), []string{`Test/Cluster/Orders writes to the topic "refunds-dead", which the cluster had not when it was looked up: did you mean "refunds"?`}},
		"a destination": {func(*cloud) {}, ordersOf(func(p *msklambda.ConsumerProps) {
			p.Pollers, p.OnFailure.KafkaTopic, p.RetryAttempts = &msklambda.Pollers{}, "failed", nil
		}), []string{`Test/Cluster/Orders writes to the topic "failed"`}},
	} {
		t.Run(name, func(t *testing.T) {
			got := lookUp(t, newCloud(tt.cloud), tt.build)
			for _, want := range tt.want {
				if !strings.Contains(got.text, want) {
					t.Errorf("refused with %q, want %q in it", got.text, want)
				}
			}
			// It stays refused, with and without an account, until the answer is forgotten.
			again := lookUpAgain(t, newCloud(tt.cloud), got.context, tt.build)
			if !strings.Contains(again.text, tt.want[0]) {
				t.Errorf("again refused with %q, want %q in it", again.text, tt.want[0])
			}
		})
	}
}

// TestATopicThatSomebodyMakesIsNotMissing has those who may: this cluster's AddTopic, after
// the consumer, another construct of the app, and whoever AllowMissingTopics stands for.
func TestATopicThatSomebodyMakesIsNotMissing(t *testing.T) {
	long(t)
	for name, tt := range map[string]struct {
		build func(awscdk.Stack)
		info  string // that is shown
	}{
		"AddTopic": {func(stack awscdk.Stack) {
			cluster := msklambda.LookupCluster(stack, "Cluster", lookupProps())
			cluster.AddConsumer("Orders", consumerProps())
			cluster.AddTopic("Orders", topicProps())
		}, "the topic orders is made by this stack, and need not be there."},
		"another construct": {func(stack awscdk.Stack) {
			msklambda.LookupCluster(stack, "Cluster", lookupProps()).AddConsumer("Orders", consumerProps())
			awsmsk.NewCfnTopic(stack, jsii.String("Theirs"), &awsmsk.CfnTopicProps{ClusterArn: jsii.String(arn), TopicName: jsii.String("orders"), PartitionCount: jsii.Number(1), ReplicationFactor: jsii.Number(3)})
		}, ""},
		"somebody else": {orders(func(p *msklambda.LookupProps) { p.AllowMissingTopics = true }),
			"whether the topic orders is there is not known: it was not when it was looked up, which AllowMissingTopics accepts."},
	} {
		t.Run(name, func(t *testing.T) {
			got := mustLookUp(t, newCloud(withoutOrders), tt.build)
			if infos := got.infos(); !strings.Contains(infos, tt.info) {
				t.Errorf("notes = %s, want %q in them", infos, tt.info)
			}
		})
	}
}

// TestWhatCannotBeKnownOfATopicIsSaidAndFailsNothing tries the same again with the answers
// of then, where nothing more is asked.
func TestWhatCannotBeKnownOfATopicIsSaidAndFailsNothing(t *testing.T) {
	long(t)
	for name, tt := range map[string]struct {
		cloud  func(*cloud)
		build  func(awscdk.Stack)
		reason string
		again  bool // it is said
	}{
		"denied": {deniedTopics, orders(), "is not authorized to perform: kafka-cluster:Connect", false},
		"serverless": {func(c *cloud) { c.Serverless(vpcConfig([]any{sg0}, []any{subnet + "0", subnet + "1"})) },
			orders(func(p *msklambda.LookupProps) { p.ClusterARN = serverlessARN }), "MSK tells no topics of a serverless cluster", true},
		"an older Kafka": {func(c *cloud) { withoutOrders(c); c.Cluster()["KafkaVersion"] = "2.8.1" }, orders(), "MSK tells the topics of Kafka 3.6.0 or newer, and the cluster has 2.8.1", true},
	} {
		t.Run(name, func(t *testing.T) {
			c := newCloud(tt.cloud)
			got := mustLookUp(t, c, tt.build)
			for _, want := range []string{notice.TopicUnknown.ID + "orders", tt.reason} {
				if infos := got.infos(); !strings.Contains(infos, want) {
					t.Errorf("notes = %s, want %q in them", infos, want)
				}
			}
			if warnings := got.warnings(); len(warnings) != 0 {
				t.Errorf("warnings = %q, want none", warnings)
			}
			again := lookUpAgain(t, &cloud{Region: region}, got.context, tt.build)
			if again.runs != 1 || strings.Contains(again.infos(), notice.TopicUnknown.ID) != tt.again || !same(again.Resources, got.Resources) {
				t.Errorf("again, %d runs with %s, want one, and the note again: %v", again.runs, again.infos(), tt.again)
			}
		})
	}
}

// TestAnAppWhoseAnswersLackTopicsAsksForNone has the answers of a version that did not ask.
func TestAnAppWhoseAnswersLackTopicsAsksForNone(t *testing.T) {
	long(t)
	got := mustLookUp(t, newCloud(), orders())
	before := map[string]any{}
	for key, answer := range got.context {
		if !strings.Contains(key, "MSK$:$:Topic") && !strings.Contains(key, "KafkaVersion") {
			before[key] = answer
		}
	}
	if len(before) != len(got.context)-2 {
		t.Fatalf("answers = %d of %d, want all but two", len(before), len(got.context))
	}
	again := lookUpAgain(t, &cloud{Region: region}, before, ordersOf(func(p *msklambda.ConsumerProps) { p.Topic = "anything" }))
	if again.text != "" || again.runs != 1 || strings.Contains(again.infos(), "opic") {
		t.Errorf("with the answers of before, %d runs, %q and %s, want one, and nothing said", again.runs, again.text, again.infos())
	}
}

// TestTheAppAcceptsMissingTopics by its key, which is for a look-up alone.
func TestTheAppAcceptsMissingTopics(t *testing.T) {
	long(t)
	short := map[string]any{"clusterArn": arn, "topic": "orders", "consumerGroupId": "orders-fn", "entry": entry}
	if got := lookUpApp(t, newCloud(withoutOrders), short); !strings.Contains(got.text, `reads the topic "orders"`) {
		t.Errorf("refused with %q, want the topic missing", got.text)
	}
	for key, value := range map[string]string{"allowMissingTopics": "true", "createTopic": "6"} {
		if got := lookUpApp(t, newCloud(withoutOrders), with(short, key, value)); got.text != "" {
			t.Errorf("with %s refused with %q", key, got.text)
		}
	}
	if _, err := mskapp.ReadConfig(newApp(t, given(map[string]any{"allowMissingTopics": true}))); err == nil || !strings.Contains(err.Error(), "allowMissingTopics needs a look-up: with vpcConnectionArn") {
		t.Errorf("ReadConfig = %v, want allowMissingTopics refused", err)
	}
}

// TestTopicsThatAreMadeAreHeldAgainstTheCluster refuses what MSK or Kafka would.
func TestTopicsThatAreMadeAreHeldAgainstTheCluster(t *testing.T) {
	long(t)
	for name, tt := range map[string]struct {
		cloud func(*cloud)
		topic func(*msklambda.TopicProps)
		want  string
		info  bool // the want is a note
	}{
		"fewer partitions":     {func(*cloud) {}, func(p *msklambda.TopicProps) { p.Partitions = 5 }, `the topic "orders" has Partitions 5, and had 6 when it was looked up: Kafka takes no partition away`, false},
		"other copies":         {func(*cloud) {}, func(p *msklambda.TopicProps) { p.ReplicationFactor = 2 }, `the topic "orders" has ReplicationFactor 2, and had 3 when it was looked up: it cannot be changed`, false},
		"more copies":          {withoutOrders, func(p *msklambda.TopicProps) { p.ReplicationFactor = 4 }, "ReplicationFactor must be at most 3, one for each broker of the cluster, got 4", false},
		"an older Kafka":       {func(c *cloud) { c.Cluster()["KafkaVersion"] = "3.5.1" }, func(*msklambda.TopicProps) {}, "ClusterARN must be of a cluster with Kafka 3.6.0 or newer for a topic to be made, got one with 3.5.1", false},
		"it is there":          {func(*cloud) {}, func(p *msklambda.TopicProps) { p.Partitions = 12 }, "is made by this stack, and was there when it was looked up, with 6 partitions: where no deploy of this stack made it, the next one is refused, and cdk import takes it in", true},
		"nobody may look":      {deniedTopics, func(*msklambda.TopicProps) {}, "the topic orders is made by this stack, and need not be there", true},
		"it is not there, yet": {withoutOrders, func(*msklambda.TopicProps) {}, "the topic orders is made by this stack, and need not be there", true},
	} {
		t.Run(name, func(t *testing.T) {
			got := lookUp(t, newCloud(tt.cloud), func(stack awscdk.Stack) {
				cluster := msklambda.LookupCluster(stack, "Cluster", lookupProps())
				cluster.AddTopic("Orders", topicProps(tt.topic))
				cluster.AddConsumer("Orders", consumerProps())
			})
			switch {
			case !tt.info && !strings.Contains(got.text, tt.want):
				t.Errorf("refused with %q, want %q in it", got.text, tt.want)
			case tt.info && (got.text != "" || !strings.Contains(got.infos(), tt.want)):
				t.Errorf("refused with %q, want the note %q", got.text, tt.want)
			}
		})
	}
}

// TestMorePollersThanPartitionsAreWarnedOf has the partitions from a look-up.
func TestMorePollersThanPartitionsAreWarnedOf(t *testing.T) {
	long(t)
	pollers := func(p msklambda.Pollers) func(awscdk.Stack) {
		return ordersOf(func(c *msklambda.ConsumerProps) { c.Pollers = &p })
	}
	for name, tt := range map[string]struct {
		build func(awscdk.Stack)
		want  []string
	}{
		"by default":    {pollers(msklambda.Pollers{}), nil},
		"as many":       {pollers(msklambda.Pollers{Minimum: 6, Maximum: 6, Group: "shared"}), nil},
		"one more":      {pollers(msklambda.Pollers{Maximum: 7}), []string{"Pollers.Maximum is 7, and the topic orders has 6 partitions: Lambda runs no more pollers than that. Set it to that at most, or give the topic more partitions. [ack: msklambda:partitionsPollers.Maximum]"}},
		"at least more": {pollers(msklambda.Pollers{Minimum: 7}), []string{"Pollers.Minimum is 7, and the topic orders has 6 partitions"}},
		"of a group": {pollers(msklambda.Pollers{Maximum: 8, Group: "shared"}), []string{
			"the mappings of the poller group shared may have 8 pollers in all, and their topics have 6 partitions in all"}},
		"of a group whose other topic is not known": {func(stack awscdk.Stack) {
			cluster := msklambda.LookupCluster(stack, "Cluster", lookupProps())
			cluster.AddConsumer("Orders", consumerProps(func(p *msklambda.ConsumerProps) { p.Pollers = &msklambda.Pollers{Maximum: 8, Group: "shared"} }))
			cluster.AddConsumer("Refunds", consumerProps(refunds, func(p *msklambda.ConsumerProps) {
				p.Topic, p.Pollers = *awscdk.NewCfnParameter(stack, jsii.String("Topic"), nil).ValueAsString(), &msklambda.Pollers{Group: "shared"}
			}))
		}, []string{"Pollers.Maximum is 8"}},
	} {
		t.Run(name, func(t *testing.T) {
			got := mustLookUp(t, newCloud(), tt.build)
			warnings := got.warnings()
			if len(warnings) != len(tt.want) {
				t.Errorf("warnings = %q, want %q", warnings, tt.want)
			}
			for _, want := range tt.want {
				if !strings.Contains(strings.Join(warnings, "\n"), want) {
					t.Errorf("warnings = %q, want %q in them", warnings, want)
				}
			}
		})
	}
}
