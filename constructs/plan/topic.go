package plan

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"reflect"
	"slices"
	"strings"
)

const typeTopic = "AWS::MSK::Topic"

// describeTopic says what a Kafka topic is, and what becomes of it.
func describeTopic(r *Resource) string {
	out := "the Kafka topic " + topicOf(r) + ", " + plural(number(r.Properties["PartitionCount"], 0), "partition") +
		" with " + plural(number(r.Properties["ReplicationFactor"], 0), "replica")
	for _, name := range sorted(configOf(r)) {
		out += fmt.Sprintf(", %s %v", name, configOf(r)[name])
	}
	if r.stays() {
		out += "; it stays when it leaves the template"
	}
	return out
}

func topicOf(r *Resource) string {
	return text(r.Properties["TopicName"]) + " of cluster " + clusterName(text(r.Properties["ClusterArn"]))
}

// configOf is the configuration of a topic, which a template has as JSON in base64; nil
// where it is something else.
func configOf(r *Resource) (config map[string]any) {
	data, err := base64.StdEncoding.DecodeString(text(r.Properties["Configs"]))
	if err != nil || json.Unmarshal(data, &config) != nil {
		return nil
	}
	return config
}

// sameTopic reports whether two resources are one topic of one cluster, of which MSK
// takes one.
func sameTopic(a, b *Resource) bool {
	return reflect.DeepEqual(a.Properties["ClusterArn"], b.Properties["ClusterArn"]) && reflect.DeepEqual(a.Properties["TopicName"], b.Properties["TopicName"])
}

const (
	recordsLost = "ITS RECORDS ARE LOST: the topic is deleted"
	takenTopic  = "MSK refuses the new topic (it exists) while the old one is there, and CloudFormation makes the new one first. The deploy is rolled back, nothing is lost"
)

// addedTopic is what comes of a topic that is new in the template.
func (c comparison) addedTopic(l *Line, r *Resource) {
	l.Text = describeTopic(r)
	for _, old := range c.before.of(typeTopic) {
		if sameTopic(old, r) {
			l.Verdict = Refused
			l.Effects = []string{takenTopic + ": keep the construct id " + old.path() + ", or move it with cdk refactor"}
			return
		}
	}
	l.Effects = []string{"refused if the topic is there already: cdk import takes it in"}
}

// goneTopic is what comes of a topic that is in the template no more.
func (c comparison) goneTopic(l *Line, r *Resource) {
	l.Text, l.CutsOff = describeTopic(r), true
	l.Effects = append([]string{recordsLost}, c.readers(r)...)
}

// readers are the consumers of the new template that a topic goes from under.
func (c comparison) readers(topic *Resource) (out []string) {
	for _, m := range c.after.mappings() {
		if m.Source == text(topic.Properties["ClusterArn"]) && slices.Contains(m.Topics, text(topic.Properties["TopicName"])) {
			out = append(out, m.Consumer+" goes on reading it, and finds no topic")
		}
	}
	return out
}

// changedTopic is what comes of a topic that is in both templates.
func (c comparison) changedTopic(l *Line, old, r *Resource) {
	l.Text = "the Kafka topic " + topicOf(r)
	if l.Verdict == Replaced {
		l.replacedTopic(old, r)
		return
	}
	l.Effects = append(l.Effects, configChanges(old, r)...)
	was, is := number(old.Properties["PartitionCount"], 0), number(r.Properties["PartitionCount"], 0)
	grows := fmt.Sprintf("partitions %d -> %d", was, is)
	switch {
	case is < was:
		l.Verdict = Refused
		l.Effects = append(l.Effects, grows+": Kafka takes no partition away. The deploy is rolled back, nothing is lost",
			"instead: a new topic, to which the producers move, and then the consumers when they have read the old one")
	case is > was:
		l.Effects = append(l.Effects, grows+", and never fewer again: a key can go to another partition from then on, so its order across the change is not kept")
		if !reflect.DeepEqual(old.Properties["Configs"], r.Properties["Configs"]) {
			l.Effects = append(l.Effects, "partitions and configuration change at once: MSK's API takes one of the two in a call, and AWS does not say whether CloudFormation makes two of it; change one, deploy, and then the other")
		}
	}
}

// replacedTopic says what a replacement loses, or that there is none.
func (l *Line) replacedTopic(old, r *Resource) {
	if sameTopic(old, r) {
		was, is := text(old.Properties["ReplicationFactor"]), text(r.Properties["ReplicationFactor"])
		l.Verdict, l.Effects = Refused, []string{"ReplicationFactor " + was + " -> " + is + " would make the topic anew: " + takenTopic, "instead: take a new name for a topic with that many replicas"}
		return
	}
	l.Effects = append(l.Effects, "was "+describeTopic(old), "the new one is empty: the records of "+text(old.Properties["TopicName"])+" are not in it")
	if !old.outlives() {
		l.CutsOff = true
		l.Effects = append(l.Effects, recordsLost+" when the new one is there")
	}
}

// configChanges are those of a topic's configuration, name by name.
func configChanges(old, r *Resource) (out []string) {
	was, is := configOf(old), configOf(r)
	if old.Properties["Configs"] != nil && was == nil || r.Properties["Configs"] != nil && is == nil {
		return slices.DeleteFunc(properties(old, r), func(text string) bool { return !strings.HasPrefix(text, "Configs ") })
	}
	for _, name := range sorted(merged(was, is)) {
		switch {
		case reflect.DeepEqual(was[name], is[name]):
		case is[name] == nil:
			out = append(out, fmt.Sprintf("%s is taken out, was %v: whether it goes back to the cluster's value AWS does not say", name, was[name]))
		case was[name] == nil:
			out = append(out, fmt.Sprintf("%s is set to %v", name, is[name]))
		default:
			out = append(out, fmt.Sprintf("%s %v -> %v", name, was[name], is[name]))
		}
	}
	return out
}
