package msklambda

import (
	"maps"
	"regexp"
	"slices"
	"strings"
)

var (
	topicName = regexp.MustCompile(`^[A-Za-z0-9._-]{1,249}$`)
	// The service's own pattern for a topic is narrower than Kafka's.
	mappingTopic = regexp.MustCompile(`^[^.][A-Za-z0-9._-]+$`)
	groupID      = regexp.MustCompile(`^[A-Za-z0-9\-/*:_+=.@]{1,200}$`)
	tagText      = regexp.MustCompile(`^[\p{L}\p{Z}\p{N}_.:/=+\-@]*$`)
	variable     = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9_]+$`)
)

// Validate reports every problem of the props at once, each as a [*Problem].
func (p *ConsumerProps) Validate() error {
	if p == nil {
		p = &ConsumerProps{}
	}
	settled := *p
	withoutDummies(&settled)
	return settled.validate()
}

func (p *ConsumerProps) validate() error {
	var ps problems
	ps.topic("Topic", p.Topic)
	ps.group("GroupID", p.GroupID)
	p.validateMapping(&ps)
	p.Authentication.validate(&ps)
	p.Pollers.validate(&ps)
	p.validateFailure(&ps)
	p.validateDeadLetters(&ps)
	p.Idempotency.validate(&ps)
	p.FunctionRegistry.validate(&ps)
	p.validateMetricsNamespace(&ps)
	p.validateFilters(&ps)
	p.SchemaRegistry.validate(&ps)
	p.validateObserving(&ps)
	p.validateMode(&ps)
	p.validateWatching(&ps)
	if p.Function != nil {
		p.refuseFunctionFields(&ps)
	} else {
		p.validateFunction(&ps)
	}
	ps.tags(p.Tags)
	return ps.Err()
}

func (ps *problems) tags(tags map[string]string) {
	for _, key := range slices.Sorted(maps.Keys(tags)) {
		if strings.HasPrefix(strings.ToLower(key), "aws:") {
			ps.Add("Tags", "must not have keys that begin with \"aws:\", which AWS reserves, got %q", key)
		} else if !isToken(key) && !tagText.MatchString(key) || !isToken(tags[key]) && !tagText.MatchString(tags[key]) {
			ps.Add("Tags", "must be of letters, digits, spaces and _ . : / = + - @, got %q = %q", key, tags[key])
		}
		if n := len([]rune(key)); n < 1 || n > 128 {
			ps.Add("Tags", "must have keys of 1 to 128 characters, got %d in %q", n, key)
		}
		if n := len([]rune(tags[key])); n > 256 && !isToken(tags[key]) {
			ps.Add("Tags", "must have values of at most 256 characters, got %d for %q", n, key)
		}
	}
}

func (ps *problems) topic(field, topic string) {
	switch {
	case topic == "":
		ps.Add(field, "is required: the Kafka topic to read")
	case isToken(topic):
	case strings.Contains(topic, ","):
		ps.Add(field, "must be one topic, because a mapping reads one: give each a consumer of its own, got %q", topic)
	case strings.HasPrefix(topic, "arn:"):
		ps.Add(field, "must be the name of the topic alone, %q, got %q", topic[strings.LastIndex(topic, "/")+1:], topic)
	case !topicName.MatchString(topic):
		ps.Add(field, "must be 1 to 249 letters, digits, '.', '_' or '-', got %q", topic)
	case topic == "." || topic == "..":
		ps.Add(field, "must not be \".\" or \"..\", which Kafka reserves, got %q", topic)
	case !mappingTopic.MatchString(topic):
		ps.Add(field, "must be 2 characters or more and not begin with '.', because CloudFormation's pattern for the topic of a mapping refuses it, got %q", topic)
	}
}

func (ps *problems) group(field, group string) {
	switch {
	case group == "":
		ps.Add(field, "is required: the Kafka consumer group of this function alone, such as \"orders-fn\"")
	case isToken(group):
	case strings.HasPrefix(group, "arn:"):
		// Kafka would take it, and nobody means it.
		ps.Add(field, "must be the name of the group alone, %q, got %q", group[strings.LastIndex(group, "/")+1:], group)
	case !groupID.MatchString(group):
		ps.Add(field, "must be 1 to 200 letters, digits or any of - / : _ + = . @, got %q", group)
	case strings.Contains(group, "*"):
		ps.Add(field, "must not hold '*', because IAM would read it as a wildcard in the ARN of the group, got %q", group)
	}
}
