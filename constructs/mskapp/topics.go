package mskapp

import (
	"encoding/json"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"

	"github.com/aws/aws-cdk-go/awscdk/v2"

	"msklambda/constructs/msklambda"
	"msklambda/constructs/problem"
)

const createTopicKey = "createTopic"

// topicSettings are the keys of the object that createTopic may be, with their forms.
var topicSettings = map[string]struct {
	read func(*msklambda.TopicProps, value)
	form object
}{
	"partitions":        {func(p *msklambda.TopicProps, v value) { p.Partitions = v.positive() }, whole(1, 1<<31-1)},
	"replicationFactor": {func(p *msklambda.TopicProps, v value) { p.ReplicationFactor = v.positive() }, whole(1, 1<<15-1)},
	"config":            {func(p *msklambda.TopicProps, v value) { p.Config = v.pairs() }, aPairs},
	"removalPolicy": {func(p *msklambda.TopicProps, v value) { p.RemovalPolicy = awscdk.RemovalPolicy(v.text()) },
		oneOf("RETAIN_ON_UPDATE_OR_DELETE", "RETAIN", "DESTROY")},
}

func topicForms() object {
	forms := object{}
	for key, s := range topicSettings {
		forms[key] = s.form
	}
	return anyOf(whole(1, 1<<31-1), object{"type": "object", "properties": forms, "required": []string{"partitions"}, "additionalProperties": false}, aText)
}

// createTopic takes the number of partitions, or an object of more.
func (v value) createTopic() *msklambda.TopicProps {
	raw := v.raw
	if s, ok := raw.(string); ok && strings.HasPrefix(strings.TrimSpace(s), "{") && json.Unmarshal([]byte(s), &raw) != nil {
		raw = nil
	}
	p := &msklambda.TopicProps{}
	switch given := raw.(type) {
	case map[string]any:
		for _, key := range slices.Sorted(maps.Keys(given)) {
			at := value{v.key + "." + key, given[key], v.ps}
			if s, ok := topicSettings[key]; ok {
				s.read(p, at)
				continue
			}
			hint := ""
			if meant, ok := suggest(topicKeys, key); ok {
				hint = fmt.Sprintf(", did you mean %q?", meant)
			}
			v.ps.Add(at.key, "is none of %q%s", slices.Sorted(maps.Keys(topicSettings)), hint)
		}
		if given["partitions"] == nil {
			v.ps.Add(v.key+".partitions", "is required: how many the topic has")
		}
	case int, float64, string:
		p.Partitions = v.positive()
	default:
		v.bad("a number of partitions, or a JSON object with partitions and more")
	}
	return p
}

// topicKeys are the keys of that object, to find the one that was meant.
var topicKeys = []setting{{key: "partitions", field: "PartitionCount"}, {key: "replicationFactor", field: "Replicas"}, {key: "config", field: "Configs"}, {key: "removalPolicy", field: "RemovalPolicy"}}

// topicFields are the keys by the fields of a topic.
var topicFields = map[string]string{
	"Name": "topic", "Partitions": createTopicKey + ".partitions", "ReplicationFactor": createTopicKey + ".replicationFactor",
	"Config": createTopicKey + ".config", "RemovalPolicy": createTopicKey + ".removalPolicy",
}

// checkTopic adds the problems of a topic that is to be made, in view of the others that
// are. The topic's own name is checked as that of the consumer.
func (c *Config) checkTopic(consumer *ConsumerConfig, prefix string, named bool, ps *problem.List) {
	p := consumer.CreateTopic
	if p == nil {
		return
	}
	p.Name = consumer.Props.Topic
	var others []*msklambda.TopicProps
	for _, other := range c.Consumers {
		switch {
		case other.CreateTopic == nil:
		case other.CreateTopic.Name != p.Name:
			others = append(others, other.CreateTopic)
		case !reflect.DeepEqual(other.CreateTopic, p):
			ps.Add(prefix+createTopicKey, "must be the same for all consumers of the topic %q, got another for %q", p.Name, other.Name)
		}
	}
	for _, found := range append(problem.Of(p.Validate()), problem.Of(p.ValidateBeside(others...))...) {
		if found.Field == "Name" && !named {
			continue
		}
		found = found.Rename(func(field string) string { return topicFields[field] })
		ps.Add(prefix+found.Field, "%s", found.Message)
	}
	for _, found := range problem.Of(c.Cluster.ValidateTopic(p)) {
		// Of the whole app, so it is said once.
		found = found.Rename(keyOf)
		if text := found.Message + ", as " + prefix + createTopicKey + " asks"; !slices.ContainsFunc(*ps, func(p *problem.Problem) bool { return strings.HasPrefix(p.Message, found.Message) }) {
			ps.Add(found.Field, "%s", text)
		}
	}
}

// makeTopics makes the topics that consumers ask for, each once. A topic's id is its
// name, so that it stays where it is whichever consumer asks.
func (c *Config) makeTopics(cluster *msklambda.Cluster) {
	made := map[string]bool{}
	for _, consumer := range c.Consumers {
		if p := consumer.CreateTopic; p != nil && !made[p.Name] {
			made[p.Name] = true
			cluster.AddTopic(p.Name, p)
		}
	}
}
