// Package fanout posts the score events of a topic to the browsers that follow
// their match.
//
// Kafka in Lambda is at least once, and a viewer must not notice:
//
//  1. The event is made the newest of its match, by a conditional write. One that
//     is not newer is late, and not sent.
//  2. It is posted to each connection that follows the match.
//  3. It is marked as sent.
//
// Whoever ends between 1 and 3 leaves an event that is the newest and not marked:
// when it is delivered again, it is posted again, to some for a second time. They
// drop it by its sequence. So nothing is lost, and what is seen twice is not shown
// twice. Several events of a match that come together go through this together.
//
// A connection that subscribes during all this misses nothing either: it is
// written before the score is read for it, and connections are queried, with a
// consistent read, after the score was written.
package fanout

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/apigatewaymanagementapi"

	"msklambda/lambda/kafka"
	"msklambda/lambda/livescores/score"
	"msklambda/lambda/livescores/table"
)

// FanOut handles score events. Its methods may be called by several goroutines,
// which share the limit of posts at once.
type FanOut struct {
	table  *table.Table
	client *apigatewaymanagementapi.Client
	slots  chan struct{}
	times  times
	stuck  stuck
}

type times struct {
	attempt time.Duration // of one attempt to post
	giveUp  time.Duration // from the first attempt to post to a connection
	stuck   time.Duration // that a connection has one attempt only, after it was given up
	first   time.Duration // longest wait after the first attempt; it doubles with each
	longest time.Duration // wait between two attempts
}

// usual leaves time for many matches in the minute of an invocation, even if
// connections of each have to be given up.
var usual = times{attempt: 3 * time.Second, giveUp: 5 * time.Second, stuck: time.Minute, first: 50 * time.Millisecond, longest: time.Second}

// posts is how many are under way at once. Each waits for API Gateway for most of
// its time, so there are more of them than processors.
const posts = 128

// New makes a FanOut. The configuration's credentials sign the posts to the
// management API at endpoint.
func New(cfg aws.Config, endpoint string, t *table.Table) *FanOut {
	client := apigatewaymanagementapi.NewFromConfig(cfg, func(o *apigatewaymanagementapi.Options) {
		o.BaseEndpoint = &endpoint
		// The SDK's retries share a budget that a few hundred throttled posts use
		// up; and post has to tell why it failed anyway.
		o.Retryer = aws.NopRetryer{}
		o.HTTPClient = newHTTPClient()
	})
	return &FanOut{table: t, client: client, slots: make(chan struct{}, posts), times: usual}
}

// Handle handles the records of a partition, as a [kafka.Batch]. The events of a
// match go out in one message: so a function that has fallen behind, by the length
// of a batch for a match with many viewers, catches up with as many posts as one
// event takes.
//
// Records that are no score events fail, alone and every time, and end in the
// failure destination. Those of a match that could not be sent fail together, and are
// one failure.
func (f *FanOut) Handle(ctx context.Context, records []*kafka.Record) error {
	var errs []error
	var order []*batch
	byMatch := map[string]*batch{}
	for _, r := range records {
		if r.Value == nil {
			continue // a tombstone, which says of a compacted topic that a match is over
		}
		event, err := score.Parse(r.Value)
		if err != nil {
			errs = append(errs, kafka.FailedOnly(kafka.Permanent(err), r))
			continue
		}
		b := byMatch[event.Match]
		if b == nil {
			b = &batch{match: event.Match}
			byMatch[event.Match] = b
			order = append(order, b)
		}
		b.records = append(b.records, r)
		b.events = append(b.events, event)
	}
	for _, b := range order {
		if err := f.send(ctx, b); err != nil {
			errs = append(errs, kafka.FailedOnly(err, b.records[0]), kafka.Unstarted(b.records[1:]...))
		}
	}
	return errors.Join(errs...)
}

// batch is what a partition has of one match.
type batch struct {
	match   string
	records []*kafka.Record
	events  []score.Event
}

// send sends the events of a match that are newer than what was sent.
func (f *FanOut) send(ctx context.Context, b *batch) error {
	// Late ones are then not late at all, if they came together.
	slices.SortStableFunc(b.events, func(x, y score.Event) int { return cmp.Compare(x.Sequence, y.Sequence) })
	newest := b.events[len(b.events)-1]
	log := slog.With("match", b.match, "sequence", newest.Sequence)
	after, ok, err := f.table.Claim(ctx, b.match, newest.Sequence, asJSON(newest), time.Now())
	if err != nil {
		return err
	}
	if !ok {
		log.InfoContext(ctx, "livescores: late or duplicate events not sent", "events", len(b.events))
		return nil
	}
	start := time.Now()
	message, n := b.message(after)
	d, err := f.deliver(ctx, b.match, message)
	log.InfoContext(ctx, "livescores: events sent", "events", n, "late", len(b.events)-n,
		"sent", d.Sent, "gone", d.Gone, "failed", d.Failed, "retries", d.Retries, "duration", time.Since(start))
	if err != nil {
		return fmt.Errorf("send %d of %s, after %d posts: %w", newest.Sequence, b.match, d.Sent, err)
	}
	if err := f.table.MarkSent(ctx, b.match, newest.Sequence); err != nil {
		// They were sent. Without the mark a duplicate is sent too, and dropped by
		// those who see it.
		log.WarnContext(ctx, "livescores: events not marked as sent", "error", err)
	}
	return nil
}

// maxMessage keeps a message in one frame of API Gateway's, which has 32 KB.
const maxMessage = 30 << 10

// message is what a browser gets of the events after a sequence, each once and in
// order. Of more than there is room for, these are the newest.
func (b *batch) message(after int64) (text []byte, n int) {
	var events []json.RawMessage
	size := 0
	last := int64(0)
	for _, e := range slices.Backward(b.events) {
		if e.Sequence <= after || e.Sequence == last {
			continue
		}
		last = e.Sequence
		// Not the record's value: what is sent on is what was read and checked.
		event := asJSON(e)
		if size += len(event) + 1; size > maxMessage {
			break
		}
		events = append(events, event)
	}
	slices.Reverse(events)
	return score.Message{Type: score.TypeScore, Match: b.match, Events: events}.JSON(), len(events)
}

func asJSON(e score.Event) []byte {
	text, err := json.Marshal(e)
	if err != nil {
		panic(err) // texts and numbers
	}
	return text
}

// Delivery counts what became of an event's posts, a connection each.
type Delivery struct {
	Sent    int
	Gone    int // no longer there, and removed
	Failed  int // given up
	Retries int // attempts after the first of each connection
}

// deliver posts a message to all who follow a match. A post that fails is counted
// and logged, and no error: the next event replaces it, and so does the next
// subscribe of a browser, which has the current score for an answer. It is an error
// if some were not tried to the end, because the time was up or the connections
// could not be read, or if posting is not allowed at all.
func (f *FanOut) deliver(ctx context.Context, match string, message []byte) (Delivery, error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	var (
		mu    sync.Mutex
		total Delivery
		first error // of a post; what comes after it is its consequence
		wait  sync.WaitGroup
	)
	read := func() error {
		for connection, err := range f.table.Connections(ctx, match) {
			if err != nil {
				return err
			}
			select {
			case f.slots <- struct{}{}:
			case <-ctx.Done():
				return context.Cause(ctx)
			}
			wait.Go(func() {
				defer func() { <-f.slots }()
				one, err := f.toConnection(ctx, match, connection, message)
				mu.Lock()
				defer mu.Unlock()
				if err != nil && first == nil {
					first = err
					cancel()
				}
				total.Sent += one.Sent
				total.Gone += one.Gone
				total.Failed += one.Failed
				total.Retries += one.Retries
			})
		}
		return nil
	}
	err := read()
	wait.Wait()
	if first != nil {
		err = first
	}
	return total, err
}

var errForbidden = errors.New("posting to the connections is not allowed")

// toConnection posts to one connection. An error ends the posts to all.
func (f *FanOut) toConnection(ctx context.Context, match, connection string, message []byte) (Delivery, error) {
	result, retries, err := f.post(ctx, connection, message)
	d := Delivery{Retries: retries}
	switch result {
	case sent:
		d.Sent = 1
	case gone:
		d.Gone = 1
		if err := f.table.Unsubscribe(ctx, match, connection); err != nil {
			// The next event finds it gone again.
			slog.WarnContext(ctx, "livescores: a connection that is gone is not removed", "connection", connection, "error", err)
		}
	case forbidden:
		return d, fmt.Errorf("%w: %w", errForbidden, err)
	case interrupted:
		return d, context.Cause(ctx)
	default:
		d.Failed = 1
		slog.WarnContext(ctx, "livescores: post failed", "match", match, "connection", connection, "error", err)
	}
	return d, nil
}
