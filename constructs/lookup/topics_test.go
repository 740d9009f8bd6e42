package lookup

import (
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"

	"msklambda/constructs/network"
)

const topicsOf = "arn:aws:kafka:us-east-1:111122223333:topic/demo/4f1e0ab2-7c64-4a3e-9d5e-2b9a6c1d8e70-2/"

func topicsNamed(names ...string) map[string][]map[string]any {
	var out []map[string]any
	for _, name := range names {
		out = append(out, map[string]any{"Identifier": topicsOf + name, "ClusterArn": ofMappings, "PartitionCount": 6.0, "ReplicationFactor": 3.0})
	}
	elsewhere := strings.Replace(ofMappings, "demo", "other", 1)
	out = append(out, map[string]any{"Identifier": strings.Replace(topicsOf, "demo", "other", 1) + "elsewhere", "ClusterArn": elsewhere})
	return map[string][]map[string]any{typeTopic: out, typeCluster: {{"Identifier": ofMappings, "KafkaVersion": "3.8.x", "NumberOfBrokerNodes": 3.0}}}
}

type lookedTopic struct {
	topic   network.Fact[Topic]
	brokers network.Fact[Brokers]
	reason  string
	near    []string
}

func topicAlong(l *LookUp) (out lookedTopic) {
	l.memory()
	out.brokers = l.Brokers(ofMappings)
	if out.topic, out.reason = l.Topic(ofMappings, "orders"); out.topic.IsKnown() && !out.topic.Or(Topic{}).There {
		out.near = l.Topics(ofMappings)
	}
	return out
}

func TestATopicIsReadByItsARN(t *testing.T) {
	for name, tt := range map[string]struct {
		topics []string
		want   Topic
		near   []string
		runs   int
	}{
		"there": {[]string{"orders", "refunds"}, Topic{true, 6, 3}, nil, 2},
		// The list is asked for only then.
		"missing": {[]string{"order", "refunds", "__consumer_offsets"}, Topic{}, []string{"order", "refunds"}, 3},
	} {
		t.Run(name, func(t *testing.T) {
			got, l, n := runs(t, topicsNamed(tt.topics...), topicAlong)
			if topic, ok := got.topic.Get(); !ok || topic != tt.want || got.reason != "" || !slices.Equal(got.near, tt.near) {
				t.Errorf("topic = %+v, %v, %q, near %q, want %+v and %q", topic, ok, got.reason, got.near, tt.want, tt.near)
			}
			if brokers, ok := got.brokers.Get(); !ok || brokers != (Brokers{"3.8.x", 3}) {
				t.Errorf("brokers = %+v, %v, want 3 of 3.8.x", brokers, ok)
			}
			if n != tt.runs || l.Failed() != nil {
				t.Errorf("%d runs and %v, want %d and none", n, l.Failed(), tt.runs)
			}
		})
	}
}

func TestTopicsAndBrokersAreNeverAskedForAlone(t *testing.T) {
	c := &cli{known: map[string]any{}}
	l := New(c, "111122223333", "us-east-1", "", nil)
	brokers := l.Brokers(ofMappings)
	if topic, reason := l.Topic(ofMappings, "orders"); topic.IsAsked() || brokers.IsAsked() || reason != "" || l.Pending() || len(c.missed) != 0 {
		t.Errorf("topic = %+v, brokers = %+v, %q, and %d questions, want not asked", topic, brokers, reason, len(c.missed))
	}
	l.memory()
	if l.Brokers(strings.Replace(ofMappings, "70-2", "70-s1", 1)).IsAsked() || len(c.missed) != 1 {
		t.Errorf("%d questions, want none about the brokers of a serverless cluster", len(c.missed))
	}
}

// A failure is said while it is known, fails nothing, and is not asked for again alone.
func TestATopicThatCannotBeReadFailsNothing(t *testing.T) {
	c := &cli{resources: topicsNamed("orders"), known: map[string]any{}}
	run := func() (lookedTopic, *LookUp) {
		l := New(c, "111122223333", "us-east-1", "/msklambda/Orders/demo", nil)
		return topicAlong(l), l
	}
	run()
	for _, props := range c.missed {
		if c.known[fmt.Sprint(props)] = c.find(props); props["typeName"] == typeTopic {
			c.known[fmt.Sprint(props)] = map[string]any{providerError: "Encountered CC API error\nnot authorized to perform: kafka-cluster:Connect"}
		}
	}
	if got, l := run(); got.topic.IsKnown() || !got.topic.IsAsked() || got.reason != "Encountered CC API error not authorized to perform: kafka-cluster:Connect" || l.Pending() || l.Failed() != nil {
		t.Errorf("topic = %+v, %q, pending %v, failed %v, want the reason and nothing else", got.topic, got.reason, l.Pending(), l.Failed())
	}
	for key, value := range c.known { // the CLI keeps no failure
		if object, ok := value.(map[string]any); ok && object[providerError] != nil {
			delete(c.known, key)
		}
	}
	if got, l := run(); got.topic.IsAsked() || got.reason != "" || l.Pending() || l.Failed() != nil {
		t.Errorf("again = %+v, %q, pending %v, want nothing asked", got.topic, got.reason, l.Pending())
	}
}

func TestWhichKafkaTellsItsTopics(t *testing.T) {
	got := map[string]bool{}
	for _, version := range []string{"2.8.1", "2.8.2.tiered", "3.5.1", "3.6.0", "3.7.x.kraft", "3.10.x", "4.0.x.kraft", "", "next", "x.y"} {
		got[version] = Brokers{KafkaVersion: version}.HasTopics()
	}
	want := map[string]bool{"2.8.1": false, "2.8.2.tiered": false, "3.5.1": false, "3.6.0": true, "3.7.x.kraft": true, "3.10.x": true, "4.0.x.kraft": true, "": true, "next": true, "x.y": true}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("versions with topics = %v, want %v", got, want)
	}
}
