// Package cluster is what the loop asks of a Kafka, be it its own broker or
// somebody's: which topics there are, and how far a group has got. It asks by Kafka's
// protocol alone, so that the answers are the brokers' and not a client's.
package cluster

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"

	"msklambda/test/local/internal/connect"
)

// answerTime is how long the brokers may take to answer a question. It is a variable for
// tests, which wait for one that does not come.
var answerTime = 10 * time.Second

// Cluster is a Kafka that answers.
type Cluster struct {
	kafka  *connect.Kafka
	client *kgo.Client
	admin  *kadm.Client
}

// Open connects and waits for a first answer. The error says in a line what is wrong
// and what to do.
func Open(ctx context.Context, k *connect.Kafka) (*Cluster, error) {
	opts, err := k.Options()
	if err != nil {
		return nil, err
	}
	client, err := kgo.NewClient(append(opts,
		kgo.ClientID("msklambda-local"),
		kgo.RequestRetries(2),
		kgo.RetryTimeout(answerTime),
		kgo.RequestTimeoutOverhead(answerTime),
		kgo.RetryBackoffFn(func(int) time.Duration { return 50 * time.Millisecond }),
		kgo.MetadataMinAge(50*time.Millisecond),
	)...)
	if err != nil {
		return nil, k.Explain(err)
	}
	c := &Cluster{k, client, kadm.NewClient(client)}
	ctx, cancel := context.WithTimeout(ctx, answerTime)
	defer cancel()
	err = client.Ping(ctx)
	if err == nil {
		err = c.checkVersion(ctx)
	}
	if err != nil {
		client.Close()
		return nil, k.Explain(err)
	}
	return c, nil
}

// checkVersion refuses brokers that do not know the headers of records, which came
// with Kafka 0.11.
func (c *Cluster) checkVersion(ctx context.Context) error {
	const fetch, withHeaders = 1, 4
	all, err := c.admin.ApiVersions(ctx)
	if err != nil {
		return err
	}
	for _, b := range all {
		if b.Err != nil {
			return b.Err
		}
		if most, ok := b.KeyMaxVersion(fetch); !ok || most < withHeaders {
			return kerr.UnsupportedVersion
		}
	}
	return nil
}

// Close ends the connections.
func (c *Cluster) Close() { c.client.Close() }

// Brokers are the addresses that a client of the cluster begins with.
func (c *Cluster) Brokers() []string { return c.kafka.Brokers }

// Kafka is how the cluster is reached.
func (c *Cluster) Kafka() *connect.Kafka { return c.kafka }

// Partitions returns how many partitions topics have, without those that are not
// there.
func (c *Cluster) Partitions(ctx context.Context, topics ...string) (map[string]int, error) {
	if len(topics) == 0 {
		return nil, nil // to ask for no topic is to ask for all
	}
	ctx, cancel := context.WithTimeout(ctx, answerTime)
	defer cancel()
	found, err := c.admin.ListTopicsWithInternal(ctx, topics...)
	if err != nil {
		return nil, c.kafka.Explain(err)
	}
	out := map[string]int{}
	for _, t := range found {
		switch {
		case errors.Is(t.Err, kerr.UnknownTopicOrPartition):
		case t.Err != nil:
			return nil, c.kafka.Explain(fmt.Errorf("topic %s: %w", t.Topic, t.Err))
		default:
			out[t.Topic] = len(t.Partitions)
		}
	}
	return out, nil
}

// Topics returns the names of all topics but Kafka's own, sorted.
func (c *Cluster) Topics(ctx context.Context) ([]string, error) {
	ctx, cancel := context.WithTimeout(ctx, answerTime)
	defer cancel()
	found, err := c.admin.ListTopics(ctx)
	if err != nil {
		return nil, c.kafka.Explain(err)
	}
	return found.Names(), nil
}

// Create makes a topic, and waits until the brokers know it. One that is there already
// stays as it is.
func (c *Cluster) Create(ctx context.Context, topic string, partitions int) error {
	ctx, cancel := context.WithTimeout(ctx, answerTime)
	defer cancel()
	// -1 is as many replicas as the brokers make by default.
	_, err := c.admin.CreateTopic(ctx, int32(partitions), -1, nil, topic)
	if err != nil && !errors.Is(err, kerr.TopicAlreadyExists) {
		return c.kafka.Explain(fmt.Errorf("create topic %s: %w", topic, err))
	}
	for {
		ends, err := c.admin.ListEndOffsets(ctx, topic)
		if err == nil {
			err = ends.Error()
		}
		if !errors.Is(err, kerr.UnknownTopicOrPartition) || ctx.Err() != nil {
			return c.kafka.Explain(err)
		}
		select {
		case <-time.After(20 * time.Millisecond):
		case <-ctx.Done():
		}
	}
}

// Members are the clients that a group has, each as "client at host".
func (c *Cluster) Members(ctx context.Context, group string) ([]string, error) {
	ctx, cancel := context.WithTimeout(ctx, answerTime)
	defer cancel()
	found, err := c.admin.DescribeGroups(ctx, group)
	if err != nil {
		return nil, c.kafka.Explain(err)
	}
	g := found[group]
	if g.Err != nil && !errors.Is(g.Err, kerr.GroupIDNotFound) {
		return nil, c.kafka.Explain(fmt.Errorf("group %s: %w", group, g.Err))
	}
	var out []string
	for _, m := range g.Members {
		out = append(out, cmp.Or(m.ClientID, "a client")+" at "+strings.TrimPrefix(m.ClientHost, "/"))
	}
	slices.Sort(out)
	return out, nil
}

// Offsets are how far a group has got with a partition.
type Offsets struct {
	Start     int64 // of the first record that is still there
	End       int64 // of the next record to be written
	Committed int64 // of the next record to be read; -1 while nothing is committed
}

// Next is the offset of the record that a group reads next, if it begins at the
// oldest.
func (o Offsets) Next() int64 { return max(o.Committed, o.Start) }

// Lag is how many offsets there are from the next record to the end.
func (o Offsets) Lag() int64 { return max(0, o.End-o.Next()) }

// Offsets returns those of a group for all partitions of a topic, in their order.
// Without a group nothing is committed.
func (c *Cluster) Offsets(ctx context.Context, topic, group string) ([]Offsets, error) {
	ctx, cancel := context.WithTimeout(ctx, answerTime)
	defer cancel()
	starts, err := c.admin.ListStartOffsets(ctx, topic)
	if err == nil {
		err = starts.Error()
	}
	if err != nil {
		return nil, c.kafka.Explain(err)
	}
	ends, err := c.admin.ListEndOffsets(ctx, topic)
	if err == nil {
		err = ends.Error()
	}
	if err != nil {
		return nil, c.kafka.Explain(err)
	}
	var committed kadm.OffsetResponses
	if group != "" {
		committed, err = c.admin.FetchOffsetsForTopics(ctx, group, topic)
		if err == nil {
			err = committed.Error()
		}
		if err != nil && !errors.Is(err, kerr.GroupIDNotFound) {
			return nil, c.kafka.Explain(err)
		}
	}
	out := make([]Offsets, len(ends[topic]))
	for n := range out {
		end, _ := ends.Lookup(topic, int32(n))
		start, _ := starts.Lookup(topic, int32(n))
		out[n] = Offsets{Start: start.Offset, End: end.Offset, Committed: -1}
		if o, ok := committed.Lookup(topic, int32(n)); ok && o.Err == nil {
			out[n].Committed = o.At
		}
	}
	return out, nil
}

// Lag is how many offsets a group has before it in all partitions.
func Lag(all []Offsets) (lag int64) {
	for _, o := range all {
		lag += o.Lag()
	}
	return lag
}

// Records returns the offsets, of those from first to before end, that hold a
// record. A topic has offsets without one where it was compacted, and where
// transactions ended.
func (c *Cluster) Records(ctx context.Context, topic string, partition int32, first, end int64) (map[int64]bool, error) {
	found := map[int64]bool{}
	err := c.read(ctx, topic, partition, first, end, func(r *kgo.Record) { found[r.Offset] = true })
	return found, err
}

// Record returns the record at an offset, nil if there is none.
func (c *Cluster) Record(ctx context.Context, topic string, partition int32, offset int64) (found *kgo.Record, err error) {
	err = c.read(ctx, topic, partition, offset, offset+1, func(r *kgo.Record) { found = r })
	return found, err
}

// read reads the records of some offsets, as nobody's group.
func (c *Cluster) read(ctx context.Context, topic string, partition int32, first, end int64, take func(*kgo.Record)) error {
	ctx, cancel := context.WithTimeout(ctx, answerTime)
	defer cancel()
	opts, err := c.kafka.Options()
	if err != nil {
		return err
	}
	reader, err := kgo.NewClient(append(opts,
		kgo.ClientID("msklambda-local-audit"),
		kgo.ConsumePartitions(map[string]map[int32]kgo.Offset{topic: {partition: kgo.NewOffset().At(first)}}),
		kgo.KeepControlRecords(), // to see that the end is reached
	)...)
	if err != nil {
		return err
	}
	defer reader.Close()
	for next := first; next < end; {
		fetches := reader.PollFetches(ctx)
		if ctx.Err() != nil {
			return nil // the last offsets may hold nothing, of which nobody tells
		}
		if err := fetches.Err(); err != nil {
			return c.kafka.Explain(err)
		}
		fetches.EachRecord(func(r *kgo.Record) {
			next = r.Offset + 1
			if !r.Attrs.IsControl() && r.Offset >= first && r.Offset < end {
				take(r)
			}
		})
	}
	return nil
}
