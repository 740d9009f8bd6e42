package plan

import (
	"encoding/base64"
	"fmt"
	"strings"
	"testing"
)

// topic is one as the construct makes it, with its configuration in JSON.
func topicWith(id, name string, partitions, replicas int, config string) func(*Template) {
	return func(t *Template) {
		p := map[string]any{"ClusterArn": t.Resources[mappingIDOfOrders].Properties[arn], "TopicName": name, "PartitionCount": float64(partitions), "ReplicationFactor": float64(replicas)}
		if config != "" {
			p["Configs"] = base64.StdEncoding.EncodeToString([]byte(config))
		}
		t.Resources[id] = &Resource{LogicalID: id, Type: typeTopic, Properties: p, DeletionPolicy: "RetainExceptOnCreate", UpdateReplacePolicy: "Retain",
			Metadata: map[string]any{"aws:cdk:path": "Test/Cluster/Topics/" + id + "/Resource"}}
	}
}

func deletedWithTheStack(id string) func(*Template) {
	return func(t *Template) {
		t.Resources[id].DeletionPolicy, t.Resources[id].UpdateReplacePolicy = "Delete", "Delete"
	}
}

func TestWhatBecomesOfATopic(t *testing.T) {
	const day, week = `{"retention.ms":"86400000"}`, `{"retention.ms":"604800000"}`
	orders := topicWith("T", "orders", 3, 3, "")
	tests := map[string]struct {
		before, after []func(*Template)
		want          string // "" = no line of it
		refused       bool
		lost          bool
	}{
		"new": {nil, []func(*Template){topicWith("T", "orders", 6, 3, week)},
			"new       Cluster/Topics/T: the Kafka topic orders of cluster demo, 6 partitions with 3 replicas, retention.ms 604800000; it stays when it leaves the template\n" +
				"      - refused if the topic is there already: cdk import takes it in", false, false},
		"unchanged": {[]func(*Template){orders}, []func(*Template){orders}, "", false, false},
		"more partitions": {[]func(*Template){orders}, []func(*Template){topicWith("T", "orders", 6, 3, "")},
			"in place  Cluster/Topics/T: the Kafka topic orders of cluster demo\n      - partitions 3 -> 6, and never fewer again: a key can go to another partition from then on", false, false},
		"fewer partitions": {[]func(*Template){topicWith("T", "orders", 6, 3, "")}, []func(*Template){orders},
			"REFUSED   Cluster/Topics/T: the Kafka topic orders of cluster demo\n      - partitions 6 -> 3: Kafka takes no partition away. The deploy is rolled back, nothing is lost", true, false},
		"configuration": {[]func(*Template){topicWith("T", "orders", 3, 3, day)}, []func(*Template){topicWith("T", "orders", 3, 3, week)},
			"in place  Cluster/Topics/T: the Kafka topic orders of cluster demo\n      - retention.ms 86400000 -> 604800000\n", false, false},
		"configuration of its own": {[]func(*Template){orders}, []func(*Template){topicWith("T", "orders", 3, 3, week)}, "- retention.ms is set to 604800000", false, false},
		"configuration taken out":  {[]func(*Template){topicWith("T", "orders", 3, 3, week)}, []func(*Template){orders}, "- retention.ms is taken out, was 604800000: whether it goes back", false, false},
		"configuration that is not ours": {[]func(*Template){orders, set("T", "Configs", `"!"`)}, []func(*Template){orders, set("T", "Configs", `"?"`)},
			"in place  Cluster/Topics/T: the Kafka topic orders of cluster demo\n      - Configs ! -> ?\n", false, false},
		"partitions and configuration": {[]func(*Template){orders}, []func(*Template){topicWith("T", "orders", 6, 3, week)},
			"- partitions and configuration change at once: MSK's API takes one of the two in a call", false, false},
		"replicas": {[]func(*Template){orders}, []func(*Template){topicWith("T", "orders", 3, 2, "")},
			"REFUSED   Cluster/Topics/T: the Kafka topic orders of cluster demo\n      - ReplicationFactor 3 -> 2 would make the topic anew: MSK refuses the new topic (it exists)", true, false},
		"another name": {[]func(*Template){orders}, []func(*Template){topicWith("T", "orders-v2", 3, 3, "")},
			"replaced  Cluster/Topics/T: the Kafka topic orders-v2 of cluster demo\n" +
				"      - a new one is made, because of TopicName; the old one stays in the account, and is nobody's: UpdateReplacePolicy Retain\n" +
				"      - was the Kafka topic orders of cluster demo, 3 partitions with 3 replicas; it stays when it leaves the template\n" +
				"      - the new one is empty: the records of orders are not in it", false, false},
		"another name, and nothing kept": {[]func(*Template){orders, deletedWithTheStack("T")}, []func(*Template){topicWith("T", "orders-v2", 3, 3, ""), deletedWithTheStack("T")},
			"- ITS RECORDS ARE LOST: the topic is deleted when the new one is there", false, true},
		"another construct": {[]func(*Template){orders}, []func(*Template){topicWith("U", "orders", 3, 3, "")},
			"REFUSED   Cluster/Topics/U: the Kafka topic orders of cluster demo, 3 partitions with 3 replicas; it stays when it leaves the template\n" +
				"      - MSK refuses the new topic (it exists) while the old one is there, and CloudFormation makes the new one first. The deploy is rolled back, nothing is lost: keep the construct id Cluster/Topics/T", true, false},
		"gone": {[]func(*Template){orders}, nil, "left      Cluster/Topics/T: the Kafka topic orders of cluster demo, 3 partitions with 3 replicas; it stays when it leaves the template\n" +
			"      - it stays in the account, and is nobody's: RetainExceptOnCreate", false, false},
		"gone, and nothing kept": {[]func(*Template){orders, deletedWithTheStack("T")}, nil,
			"removed   Cluster/Topics/T: the Kafka topic orders of cluster demo, 3 partitions with 3 replicas\n      - ITS RECORDS ARE LOST: the topic is deleted\n" +
				"      - Cluster/Orders goes on reading it, and finds no topic", false, true},
		"no longer kept": {[]func(*Template){orders}, []func(*Template){orders, deletedWithTheStack("T")},
			"- when it leaves the template, it is deleted; before, it stays in the account", false, false},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			report := Compare(with(t, test.before...), with(t, test.after...))
			var out strings.Builder
			if err := Write(&out, Text, []*Report{report}); err != nil {
				t.Fatal(err)
			}
			got := out.String()
			if test.want == "" {
				if strings.Contains(got, "Topics") {
					t.Errorf("%s, want nothing of the topic", got)
				}
				return
			}
			if !strings.Contains(got, test.want) || report.Refused() != test.refused || strings.Contains(got, "RECORDS ARE LOST") != test.lost {
				t.Errorf("%s, want %q, refused %v, records lost %v", got, test.want, test.refused, test.lost)
			}
			for _, l := range report.Lines {
				if l.Type == typeTopic && l.CutsOff != test.lost {
					t.Errorf("cuts off = %v, want %v", l.CutsOff, test.lost)
				}
			}
		})
	}
}

func TestATopicIsDescribed(t *testing.T) {
	report := Describe(with(t, topicWith("T", "orders", 1, 1, `{"cleanup.policy":"compact","retention.ms":"-1"}`)))
	last := report.Lines[len(report.Lines)-1]
	if want := "makes the Kafka topic orders of cluster demo, 1 partition with 1 replica, cleanup.policy compact, retention.ms -1; it stays when it leaves the template"; last.Text != want {
		t.Errorf("line = %q, want %q", last.Text, want)
	}
	if want := fmt.Sprint(Others); string(last.Section) != want {
		t.Errorf("section = %q, want %q", last.Section, want)
	}
}
