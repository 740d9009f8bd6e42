package broker

import (
	"context"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"

	"msklambda/lambda/admin/ask"
)

// maxBatch is the largest record that is tried: whether the topic takes it, its
// brokers know. MSK's default is about 1 MB.
const maxBatch = 16 << 20

// deliveryTimeout is how long brokers are given to take what is produced.
const deliveryTimeout = 20 * time.Second

// produce writes records, in their order, and returns where they are now. Of those
// that an error stopped it returns none, so that the ones before it are known.
func (b *Broker) produce(ctx context.Context, topic string, records []ask.Record) ([]ask.Record, error) {
	if len(records) == 0 {
		return nil, ask.Refuse(ask.Invalid, "there is no record to produce")
	}
	parts, err := b.offsets(ctx, topic, ask.At{Place: ask.Latest}) // before one is written, so that all of them may be
	if err != nil {
		return nil, err
	}
	out := make([]*kgo.Record, len(records))
	for i, r := range records {
		if _, there := parts[r.Partition]; r.Partition != -1 && !there {
			return nil, ask.Refuse(ask.Invalid, "topic %q has no partition %d, its partitions are 0 to %d", topic, r.Partition, len(parts)-1)
		}
		out[i] = &kgo.Record{Topic: topic, Partition: r.Partition, Key: r.Key, Value: r.Value}
		if r.Timestamp > 0 {
			out[i].Timestamp = time.UnixMilli(r.Timestamp)
		}
		for _, h := range r.Headers {
			out[i].Headers = append(out[i].Headers, kgo.RecordHeader{Key: h.Key, Value: h.Value})
		}
	}
	// Not by a delivery timeout of the client, which counts from a record's own time.
	ctx, cancel := context.WithTimeout(ctx, deliveryTimeout)
	defer cancel()
	errs := make(map[*kgo.Record]error, len(out))
	for _, result := range b.client.ProduceSync(ctx, out...) {
		errs[result.Record] = result.Err
	}
	var written []ask.Record
	var failed error
	for _, r := range out {
		if err := errs[r]; err != nil {
			failed = err
			continue
		}
		written = append(written, ask.Record{Topic: topic, Partition: r.Partition, Offset: r.Offset, Timestamp: r.Timestamp.UnixMilli()})
	}
	if failed != nil && len(written) > 0 {
		return written, ask.Refuse(ask.Failed, "%d of %d records were written, the others not: %v", len(written), len(records), failed)
	}
	return written, failed
}

// partitioner takes the partition that a record names, and otherwise chooses as
// Kafka's clients do: by the key, or one for a batch of those without.
type partitioner struct{ kgo.Partitioner }

func (p partitioner) ForTopic(topic string) kgo.TopicPartitioner {
	return topicPartitioner{p.Partitioner.ForTopic(topic)}
}

type topicPartitioner struct{ kgo.TopicPartitioner }

// RequiresConsistency is true for a partition that was named: another is no stand-in
// for one that cannot be written to.
func (p topicPartitioner) RequiresConsistency(r *kgo.Record) bool {
	return r.Partition >= 0 || p.TopicPartitioner.RequiresConsistency(r)
}

func (p topicPartitioner) Partition(r *kgo.Record, n int) int {
	if r.Partition >= 0 {
		return int(r.Partition)
	}
	return p.TopicPartitioner.Partition(r, n)
}

// OnNewBatch has those without a key go to another partition with the next batch.
func (p topicPartitioner) OnNewBatch() {
	if b, ok := p.TopicPartitioner.(kgo.TopicPartitionerOnNewBatch); ok {
		b.OnNewBatch()
	}
}
