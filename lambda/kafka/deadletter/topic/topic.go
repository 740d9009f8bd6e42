// Package topic writes records that are given up to a Kafka topic, with franz-go.
//
// The function needs a network way to the brokers, which a function outside of the
// cluster's VPC does not have, and the right to write: with IAM authentication
// kafka-cluster:Connect on the cluster, and kafka-cluster:WriteData and DescribeTopic
// on the topic. The client's idempotent writes, which are its default, need
// kafka-cluster:WriteDataIdempotently on the cluster too.
package topic

import (
	"context"
	"errors"
	"fmt"

	"github.com/twmb/franz-go/pkg/kgo"

	"msklambda/lambda/kafka"
	"msklambda/lambda/kafka/deadletter"
)

// Sink is a topic that records are given up to.
type Sink struct {
	client *kgo.Client
	topic  string
}

// New makes a sink of a topic, to be given to [kafka.DeadLetter]. The client is for
// many batches: make it before the function starts.
//
// A record keeps its key, its value and its headers, null or not; what it failed for
// and where it came from are headers behind its own, see package deadletter. Its
// timestamp is that of writing. The client waits for all replicas in sync unless it
// is told otherwise; New panics if it is, for a record that is lost there is lost.
// It panics too without a client or a topic.
func New(client *kgo.Client, topic string) *Sink {
	if client == nil || topic == "" {
		panic("topic: New needs a client and the name of a topic")
	}
	if acks, ok := client.OptValue(kgo.RequiredAcks).(kgo.Acks); ok && acks != kgo.AllISRAcks() {
		panic("topic: the client must wait for all replicas in sync (kgo.AllISRAcks)")
	}
	return &Sink{client, topic}
}

// Send writes the records and returns when the brokers have them all. What they do
// not take is told record by record.
func (s *Sink) Send(ctx context.Context, failures []kafka.Failure) error {
	records := make([]*kgo.Record, len(failures))
	for i, f := range failures {
		records[i] = &kgo.Record{Topic: s.topic, Key: f.Record.Key, Value: f.Record.Value, Headers: headers(f)}
	}
	of := make(map[*kgo.Record]*kafka.Record, len(records))
	for i, r := range records {
		of[r] = failures[i].Record
	}
	var errs []error
	for _, result := range s.client.ProduceSync(ctx, records...) {
		if result.Err != nil {
			errs = append(errs, kafka.FailedOnly(fmt.Errorf("produce to %s: %w", s.topic, result.Err), of[result.Record]))
		}
	}
	return errors.Join(errs...)
}

func headers(f kafka.Failure) []kgo.RecordHeader {
	var headers []kgo.RecordHeader
	for key, value := range f.Record.Headers() {
		headers = append(headers, kgo.RecordHeader{Key: key, Value: value})
	}
	for _, o := range deadletter.Origins(f) {
		headers = append(headers, kgo.RecordHeader{Key: o.Name, Value: []byte(o.Value)})
	}
	return headers
}
