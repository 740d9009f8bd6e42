package poller

import (
	"context"
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"

	"msklambda/test/local/internal/sandbox"
)

// work is a batch, or what is left of it, to be invoked with.
type work struct {
	records []*record
	failed  int // how many invocations have failed
	last    *sandbox.Result

	throttled int // how many were refused, which count as no attempt
}

// errStopped ends a batch before it is done with: what is left of it, and all
// that comes after, is for the next poller.
var errStopped = errors.New("stopped")

// invokeAll hands one batch after the other to the function.
func (p *Poller) invokeAll(ctx context.Context) error {
	for {
		b := p.take(ctx)
		if b == nil {
			return p.commit(ctx)
		}
		if err := p.deliver(ctx, b); err != nil {
			return err
		}
		select {
		case <-p.stop:
			return p.commit(ctx)
		default:
		}
	}
}

// deliver gets done with a batch: every record of it is handled, sent to the
// destination or dropped. While it has not, no later record is tried, so that
// the order of each partition is kept.
func (p *Poller) deliver(ctx context.Context, b *batch) error {
	p.finish(b, FilteredOut, b.unmatched)
	for _, r := range b.oversized {
		// One by one, so that none of them holds up its partition.
		if err := p.giveUp(ctx, b, &work{records: []*record{r}}, tooLarge); err != nil {
			return err
		}
	}
	if len(b.records) == 0 {
		return p.settle(ctx, b)
	}
	todo := []*work{{records: b.records}}
	for len(todo) > 0 {
		w := todo[len(todo)-1]
		todo = todo[:len(todo)-1]
		if err := p.removeOld(ctx, b, w); err != nil {
			return err
		}
		p.removeGone(w)
		if len(w.records) == 0 {
			continue
		}
		before := len(w.records)
		throttled, err := p.attempt(ctx, b, w)
		if err != nil {
			return err
		}
		if throttled {
			w.throttled++
			p.Log("%d records throttled, attempt %d", before, w.failed+1)
			todo = append(todo, w)
			if !pause(ctx, p.stop, p.Backoff(w.throttled)) {
				return errStopped
			}
			continue
		}
		if err := p.settle(ctx, b); err != nil {
			return err
		}
		if len(w.records) == 0 {
			continue
		}
		p.Log("%d of %d records failed, attempt %d", len(w.records), before, w.failed+1)
		switch {
		case p.BisectOnError && len(w.records) > 1:
			// The first half is done with before the second is tried. To split
			// counts as no retry: AWS says so for Kinesis, and for Kafka nothing.
			half := (len(w.records) + 1) / 2
			todo = append(todo,
				&work{records: w.records[half:], failed: w.failed, last: w.last},
				&work{records: w.records[:half], failed: w.failed, last: w.last})
		case p.RetryAttempts >= 0 && w.failed >= p.RetryAttempts:
			w.failed++
			if err := p.giveUp(ctx, b, w, exhausted); err != nil {
				return err
			}
			continue
		default:
			w.failed++
			todo = append(todo, w)
		}
		if !pause(ctx, p.stop, p.Backoff(w.failed)) {
			return errStopped
		}
	}
	return p.settle(ctx, b)
}

// attempt invokes the function with w and leaves in it what is to be retried.
// That a batch made progress does not begin its count of retries anew: AWS does
// not say whether it does. An invocation that Lambda refuses, with 429, has not come to
// the function: AWS counts as retries those after the function's errors, and says of
// Kafka no more than that it polls less then.
func (p *Poller) attempt(ctx context.Context, b *batch, w *work) (throttled bool, err error) {
	payload := p.events.event(w.records)
	records := make([]*kgo.Record, len(w.records))
	for i, r := range w.records {
		records[i] = r.Record
	}
	result, err := p.Around(ctx, records, func(ctx context.Context) (sandbox.Result, error) {
		return p.Function.Invoke(ctx, payload)
	})
	if err != nil {
		return false, err
	}
	if result.Throttled {
		p.count(func(s *Stats) { s.Throttles++ })
		return true, nil
	}
	w.last = &result
	failed := w.records
	if result.FunctionError == "" {
		failed = nil
		if p.ReportBatchItemFailures {
			failed, err = namedRecords(result.Payload, p.Topic, w.records)
			if err != nil {
				p.Log("the answer is not one: %v: the whole batch counts as failed", err)
				failed = w.records
			}
		}
	}
	p.count(func(s *Stats) {
		s.Invocations++
		s.Invoked += len(w.records)
		s.LargestPayload = max(s.LargestPayload, len(payload))
		s.FailedRecords += len(failed)
		switch {
		case result.FunctionError != "":
			s.FunctionErrors++
		case len(failed) > 0:
			s.PartialFailures++
		}
	})
	if result.FunctionError != "" {
		p.Log("invocation failed: %s", ErrorText(result))
	}
	p.finish(b, Handled, without(w.records, failed))
	w.records = failed
	return false, nil
}

// without returns the records that are not among some of them, in order.
func without(all, some []*record) []*record {
	if len(some) == 0 {
		return all
	}
	var rest []*record
	for _, r := range all {
		if len(some) > 0 && some[0] == r {
			some = some[1:]
			continue
		}
		rest = append(rest, r)
	}
	return rest
}

// removeOld gives up on records that have become too old.
func (p *Poller) removeOld(ctx context.Context, b *batch, w *work) error {
	if p.MaxRecordAge == 0 {
		return nil
	}
	limit := time.Now().Add(-p.MaxRecordAge)
	old := slices.DeleteFunc(slices.Clone(w.records), func(r *record) bool { return !r.Timestamp.Before(limit) })
	if len(old) == 0 {
		return nil
	}
	w.records = without(w.records, old)
	return p.giveUp(ctx, b, &work{records: old, failed: w.failed, last: w.last}, expired)
}

// removeGone forgets the records of partitions that are not ours any more:
// another member has them, or this one again from the offset committed.
func (p *Poller) removeGone(w *work) {
	p.mu.Lock()
	defer p.mu.Unlock()
	w.records = slices.DeleteFunc(slices.Clone(w.records), func(r *record) bool { return !p.owns(r) })
}

// giveUp sends the records of w to the destination, for as long as that takes:
// what AWS does when the destination fails is not documented.
func (p *Poller) giveUp(ctx context.Context, b *batch, w *work, why condition) error {
	if p.OnFailure == nil {
		p.Log("%d records given up on (%s) and lost: there is no destination", len(w.records), why)
		p.finish(b, Lost, w.records)
		return p.settle(ctx, b)
	}
	f := p.failure(w, why)
	for n := 0; ; n++ {
		err := p.OnFailure.Deliver(ctx, f)
		if err == nil {
			break
		}
		p.count(func(s *Stats) { s.DeliveryErrors++ })
		p.Log("destination: %v", err)
		if !pause(ctx, p.stop, p.Backoff(n)) {
			return errStopped
		}
	}
	p.Log("%d records sent to the destination (%s)", len(w.records), why)
	p.finish(b, SentToDestination, w.records)
	return p.settle(ctx, b)
}

// ErrorText is what a person wants to read of the error of a function.
func ErrorText(r sandbox.Result) string {
	var e struct{ ErrorMessage string }
	text := string(r.Payload)
	if json.Unmarshal(r.Payload, &e) == nil && e.ErrorMessage != "" {
		text = strings.TrimPrefix(e.ErrorMessage, "RequestId: "+r.RequestID+" Error: ")
	}
	const most = 300
	if len(text) > most {
		text = text[:most] + "..."
	}
	return text
}
