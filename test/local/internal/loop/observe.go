package loop

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"

	"msklambda/test/local/internal/cluster"
	"msklambda/test/local/internal/page"
	"msklambda/test/local/internal/poller"
	"msklambda/test/local/internal/sandbox"
)

// around is what a poller calls in place of the function.
type around = func(ctx context.Context, records []*kgo.Record, invoke func(context.Context) (sandbox.Result, error)) (sandbox.Result, error)

// seen is what the page tells of a loop besides its counts: what is under way, and what
// failed.
type seen struct {
	mu       sync.Mutex
	n        int
	underWay map[*consumer]map[int]page.Batch
	failures []failure // the oldest first
}

// failure is one, with its records as they came.
type failure struct {
	page.Failure
	records []*kgo.Record
}

// mostFailures are kept, and mostOfOne records of each.
const (
	mostFailures = 200
	mostOfOne    = 20
)

// fail notes a failure with its first records.
func (s *seen) fail(c *consumer, what, text string, records []*kgo.Record) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.n++
	f := failure{Failure: page.Failure{ID: s.n, At: time.Now(), Consumer: c.Name, What: what, Text: text, Count: len(records)}}
	f.records = slices.Clone(records[:min(len(records), mostOfOne)])
	if s.failures = append(s.failures, f); len(s.failures) > mostFailures {
		s.failures = slices.Delete(s.failures, 0, 1)
	}
}

// watch tells of each invocation of a consumer.
func (s *seen) watch(c *consumer, inner around) around {
	return func(ctx context.Context, records []*kgo.Record, invoke func(context.Context) (sandbox.Result, error)) (sandbox.Result, error) {
		s.mu.Lock()
		s.n++
		id := s.n
		if s.underWay[c] == nil {
			s.underWay[c] = map[int]page.Batch{}
		}
		s.underWay[c][id] = page.Batch{Records: len(records), First: nameOfRecord(records[0]), Last: nameOfRecord(records[len(records)-1]), Since: time.Now()}
		s.mu.Unlock()
		result, err := inner(ctx, records, invoke)
		s.mu.Lock()
		delete(s.underWay[c], id)
		s.mu.Unlock()
		if err == nil && result.FunctionError != "" {
			s.fail(c, "invocation failed", poller.ErrorText(result), records)
		}
		return result, err
	}
}

func nameOfRecord(r *kgo.Record) string {
	return fmt.Sprintf("%s[%d]@%d", r.Topic, r.Partition, r.Offset)
}

// told is a destination that tells of what it gets.
type told struct {
	destination
	seen *seen
	of   *consumer
}

func (t told) Deliver(ctx context.Context, f *poller.Failure) error {
	if err := t.destination.Deliver(ctx, f); err != nil {
		return err
	}
	t.seen.fail(t.of, "sent to the destination", f.Why()+" after "+fmt.Sprint(f.Tries())+" tries, to "+t.of.OnFailure, f.Records())
	return nil
}

// observe tells of records that are lost.
func (s *seen) observe(c *consumer, o poller.Outcome, partition int32, offset int64) {
	if o == poller.Lost {
		s.fail(c, "lost", "given up on, and there is no destination", []*kgo.Record{{Topic: c.Topic, Partition: partition, Offset: offset}})
	}
}

// batches are those of a consumer that are under way, the oldest first.
func (s *seen) batches(c *consumer) []page.Batch {
	s.mu.Lock()
	defer s.mu.Unlock()
	out := []page.Batch{}
	for _, b := range s.underWay[c] {
		out = append(out, b)
	}
	slices.SortFunc(out, func(a, b page.Batch) int { return a.Since.Compare(b.Since) })
	return out
}

// all are the failures, the newest first, as a person reads them.
func (s *seen) all(show func(*kgo.Record) page.Record) []page.Failure {
	s.mu.Lock()
	defer s.mu.Unlock()
	out := []page.Failure{}
	for _, f := range slices.Backward(s.failures) {
		for _, r := range f.records {
			f.Records = append(f.Records, show(r))
		}
		out = append(out, f.Failure)
	}
	return out
}

// tail keeps the latest records of topics.
type tail struct {
	mu      sync.Mutex
	records map[string][]*kgo.Record // the oldest first
}

// mostRecords of a topic are kept.
const mostRecords = 100

// follow reads topics from shortly before their end, as nobody's group, until ctx ends.
func (t *tail) follow(ctx context.Context, c *cluster.Cluster, topics []string) error {
	opts, err := c.Kafka().Options()
	if err != nil {
		return err
	}
	client, err := kgo.NewClient(append(opts,
		kgo.ClientID("msklambda-local-page"), kgo.ConsumeTopics(topics...),
		kgo.ConsumeStartOffset(kgo.NewOffset().AtEnd().Relative(-mostRecords/2)),
		kgo.FetchMaxPartitionBytes(1<<20))...)
	if err != nil {
		return err
	}
	defer client.Close()
	for ctx.Err() == nil {
		fetches := client.PollFetches(ctx)
		t.mu.Lock()
		fetches.EachRecord(func(r *kgo.Record) {
			all := append(t.records[r.Topic], r)
			if len(all) > mostRecords {
				all = slices.Clone(all[len(all)-mostRecords:])
			}
			t.records[r.Topic] = all
		})
		t.mu.Unlock()
	}
	return nil
}

// latest are the records of a topic, the newest first.
func (t *tail) latest(topic string) []*kgo.Record {
	t.mu.Lock()
	defer t.mu.Unlock()
	out := slices.Clone(t.records[topic])
	slices.Reverse(out)
	slices.SortStableFunc(out, func(a, b *kgo.Record) int { return b.Timestamp.Compare(a.Timestamp) })
	return out
}

var errGone = errors.New("the record is not in the topic any more")
