package kafka

import (
	"context"
	"slices"
	"strings"
	"sync/atomic"
	"time"
)

// Summary is what became of an event, for [Observe].
type Summary struct {
	Topics []TopicSummary // in the order of their names

	// Undecoded is why the event could not be read, if it could not. There are no
	// topics then.
	Undecoded error

	Duration time.Duration // of the invocation
}

// TopicSummary is what became of the records of a topic.
type TopicSummary struct {
	Topic   string
	Records int

	Handled      int // the function said so
	Failures     int // records that failed, as the log counts them
	Unhandled    int // records that will be sent again
	Retries      int // attempts after the first, of one record or of a Batch
	Skipped      int // by the function
	DeadLettered int // taken by the sink
	DoneBefore   int // settled by SkipDone

	// Oldest and Newest are timestamps of records; zero if none has one.
	Oldest, Newest time.Time
}

// Observe calls fn once for each event, when all is done and logged but before Lambda
// is told: for metrics. Package metrics beside this one writes them for CloudWatch. What
// fn does changes nothing for the records; a panic of it is logged. Panics if fn is
// nil.
func Observe(fn func(ctx context.Context, s Summary)) Option {
	if fn == nil {
		panic("kafka: Observe needs a function, got nil")
	}
	return func(h *handler) {
		h.observers = append(h.observers, fn)
		h.watch = &watch{(*batch).newTallies, (*handler).tell}
	}
}

// watch is what is done for observers. It is by functions of an option, so that it is in no
// program without one.
type watch struct {
	begin func(*batch)
	tell  func(h *handler, ctx context.Context, log *batchLog, b *batch, undecoded error, took time.Duration)
}

// tally is what is counted of a partition for the observers.
type tally struct {
	topic                                    string
	oldest, newest                           time.Time
	failures, retries, skipped, deadLettered atomic.Int64
	doneBefore                               int
}

// newTallies notes what the function can change of the records.
func (b *batch) newTallies() {
	b.tallies = make([]tally, len(b.parts))
	for i := range b.parts {
		t := &b.tallies[i]
		for k := range b.parts[i].size() {
			r := b.parts[i].record(k)
			if k == 0 {
				t.topic = r.Topic
			}
			t.oldest, t.newest = span(t.oldest, t.newest, r.Timestamp, r.Timestamp)
		}
	}
}

// span adds times to a span of time. Zero ones are none.
func span(oldest, newest, from, to time.Time) (time.Time, time.Time) {
	if oldest.IsZero() || !from.IsZero() && from.Before(oldest) {
		oldest = from
	}
	if to.After(newest) {
		newest = to
	}
	return oldest, newest
}

// tally returns what is counted of w's partition, nil if nobody looks at it.
func (b *batch) tally(w *work) *tally {
	if b.tallies == nil {
		return nil
	}
	return &b.tallies[w.index]
}

// tell tells the observers of a batch, or of an event that cannot be read.
func (h *handler) tell(ctx context.Context, log *batchLog, b *batch, undecoded error, took time.Duration) {
	s := Summary{Undecoded: undecoded, Duration: took}
	if b != nil {
		s.Topics = b.topics()
	}
	for _, fn := range h.observers {
		if stack, err := guarded(func() error { fn(ctx, s); return nil }); err != nil {
			log.error("kafka: observer failed", err, stack)
		}
	}
}

// topics sums up the partitions of each topic.
func (b *batch) topics() []TopicSummary {
	var topics []TopicSummary
	index := map[string]int{}
	for i := range b.parts {
		w, t := &b.parts[i], &b.tallies[i]
		if w.size() == 0 {
			continue
		}
		at, ok := index[t.topic]
		if !ok {
			at = len(topics)
			index[t.topic] = at
			topics = append(topics, TopicSummary{Topic: t.topic})
		}
		to := &topics[at]
		to.Records += w.size()
		for _, status := range w.status {
			if status == handled {
				to.Handled++
			}
		}
		for range w.unhandled {
			to.Unhandled++
		}
		to.Failures += int(t.failures.Load())
		to.Retries += int(t.retries.Load())
		to.Skipped += int(t.skipped.Load())
		to.DeadLettered += int(t.deadLettered.Load())
		to.DoneBefore += t.doneBefore
		to.Oldest, to.Newest = span(to.Oldest, to.Newest, t.oldest, t.newest)
	}
	slices.SortFunc(topics, func(x, y TopicSummary) int { return strings.Compare(x.Topic, y.Topic) })
	return topics
}
