package broker

import (
	"context"
	"errors"
	"slices"
	"strings"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kerr"

	"msklambda/lambda/admin/ask"
)

// topicNames are the topics that may be seen, without Kafka's own.
func (b *Broker) topicNames(ctx context.Context) ([]string, error) {
	all, err := b.admin.ListTopics(ctx)
	if err != nil {
		return nil, err
	}
	var names []string
	for _, t := range all.Sorted() {
		if t.Err == nil && covers(b.policy.Topics, t.Topic) {
			names = append(names, t.Topic)
		}
	}
	return names, nil
}

// topics are all that may be seen, or one with its configuration.
func (b *Broker) topics(ctx context.Context, topic string) ([]ask.Topic, error) {
	names := []string{topic}
	if topic == "" {
		var err error
		if names, err = b.topicNames(ctx); err != nil || len(names) == 0 {
			return nil, err
		}
	}
	details, err := b.admin.ListTopicsWithInternal(ctx, names...)
	if err != nil {
		return nil, err
	}
	starts, ends, unread := b.ends(ctx, names...)
	var out []ask.Topic
	for _, t := range details.Sorted() {
		switch {
		case t.Err != nil && topic != "":
			return nil, t.Err
		case t.Err != nil:
			continue // it went meanwhile
		}
		one := ask.Topic{Name: t.Topic, Replicas: t.Partitions.NumReplicas(), Partitions: []ask.Partition{}, Unread: unread}
		for _, p := range t.Partitions.Sorted() {
			start, _ := starts.Lookup(t.Topic, p.Partition)
			end, _ := ends.Lookup(t.Topic, p.Partition)
			one.Partitions = append(one.Partitions, ask.Partition{Partition: p.Partition, Leader: p.Leader, Replicas: p.Replicas, InSync: p.ISR,
				Start: start.Offset, End: end.Offset})
		}
		if topic != "" {
			one.Config, one.Unread = b.config(ctx, topic, unread)
		}
		out = append(out, one)
	}
	return out, nil
}

// ends are the first and the next offsets of topics.
func (b *Broker) ends(ctx context.Context, topics ...string) (starts, ends kadm.ListedOffsets, unread string) {
	starts, err := b.admin.ListStartOffsets(ctx, topics...)
	if err == nil {
		err = starts.Error()
	}
	if err == nil {
		if ends, err = b.admin.ListEndOffsets(ctx, topics...); err == nil {
			err = ends.Error()
		}
	}
	if err != nil {
		return starts, ends, "offsets: " + err.Error()
	}
	return starts, ends, ""
}

// config is what is set for a topic by itself.
func (b *Broker) config(ctx context.Context, topic, unread string) ([]ask.Setting, string) {
	all, err := b.admin.DescribeTopicConfigs(ctx, topic)
	if err == nil {
		var one kadm.ResourceConfig
		if one, err = all.On(topic, nil); err == nil {
			err = one.Err
		}
		if err == nil {
			return settings(one), unread
		}
	}
	if errors.Is(err, kerr.TopicAuthorizationFailed) {
		err = errors.New("the brokers do not allow it (kafka-cluster:DescribeTopicDynamicConfiguration)")
	}
	return nil, strings.TrimPrefix(unread+"; configuration: "+err.Error(), "; ")
}

func settings(c kadm.ResourceConfig) []ask.Setting {
	var out []ask.Setting
	for _, s := range c.Configs {
		if s.Source.String() == "DYNAMIC_TOPIC_CONFIG" && !s.Sensitive {
			out = append(out, ask.Setting{Name: s.Key, Value: s.MaybeValue()})
		}
	}
	slices.SortFunc(out, func(a, b ask.Setting) int { return strings.Compare(a.Name, b.Name) })
	return out
}

// offsets are the offsets of a topic at a place.
func (b *Broker) offsets(ctx context.Context, topic string, at ask.At) (map[int32]int64, error) {
	var listed kadm.ListedOffsets
	var err error
	switch at.Place {
	case ask.Earliest:
		listed, err = b.admin.ListStartOffsets(ctx, topic)
	case ask.Latest:
		listed, err = b.admin.ListEndOffsets(ctx, topic)
	case ask.PlaceTime:
		// Where no record is so new, it is the end.
		listed, err = b.admin.ListOffsetsAfterMilli(ctx, at.Millis, topic)
	default:
		return nil, ask.Refuse(ask.Invalid, "a place in a topic is %s, %s or %s, got %q", ask.Earliest, ask.Latest, ask.PlaceTime, at.Place)
	}
	if err == nil {
		err = listed.Error()
	}
	if err != nil {
		return nil, err
	}
	out := map[int32]int64{}
	for p, o := range listed[topic] {
		out[p] = o.Offset
	}
	return out, nil
}
