package kafka

import (
	"context"
	"fmt"
	"iter"
)

// Result is what became of the records of a batch, for [AfterBatch].
type Result struct{ b *batch }

// Handled returns the records for which the function returned nil, partition by
// partition and in order.
func (r *Result) Handled() iter.Seq[*Record] {
	return func(yield func(*Record) bool) {
		for i := range r.b.parts {
			w := &r.b.parts[i]
			for k, s := range w.status {
				if s == handled && !yield(w.record(k)) {
					return
				}
			}
		}
	}
}

// Count returns how many records were handled, and how many will be sent again as
// things are. Those that were skipped or that the sink took are neither.
func (r *Result) Count() (done, again int) {
	for i := range r.b.parts {
		for _, s := range r.b.parts[i].status {
			switch {
			case s == handled:
				done++
			case !s.isDone():
				again++
			}
		}
	}
	return done, again
}

// AfterBatch calls fn when all records of an event have been tried, and before
// Lambda is told: to flush what the function has buffered, such as records to
// produce. It is called also when nothing was handled; its context ends in the
// middle of the margin of the deadline, so that there is time to flush after a batch
// that took all there was.
//
// If it returns an error, what was handled counts as not handled: all of it, or, with [FailedAt]
// and [FailedOnly], the records that these tell, and those behind them that order
// demands. The records that it is told of with [Permanent] go to the sink of
// [DeadLetter]. A panic is an error too. Several are called in the order given, and
// each sees what the one before has left. Where Lambda gives an environment several
// invocations at once they share what a function buffers, unless it keeps it apart.
// Panics if fn is nil.
func AfterBatch(fn func(ctx context.Context, r *Result) error) Option {
	if fn == nil {
		panic("kafka: AfterBatch needs a function, got nil")
	}
	return func(h *handler) { h.afterBatch = append(h.afterBatch, fn) }
}

// finish calls what AfterBatch was given.
func (b *batch) finish(ctx context.Context, cancel context.CancelFunc) {
	defer cancel()
	for _, fn := range b.afterBatch {
		stack, err := guarded(func() error { return fn(ctx, &Result{b}) })
		if err != nil {
			b.unfinished(err, stack)
		}
	}
	b.sortFailed()
}

// unfinished takes back what the error of an AfterBatch is about.
func (b *batch) unfinished(err error, stack []byte) {
	var items []item
	for i := range b.parts {
		w := &b.parts[i]
		for k, s := range w.status {
			if s == handled {
				items = append(items, item{w: w, k: k, attempts: 1})
			}
		}
	}
	if len(items) == 0 {
		b.log.afterBatch(err, stack)
		return
	}
	said, ok := b.locateIn(items, err, stack == nil && err != errGoexit)
	if !ok {
		for i := range items {
			*items[i].status() = pending
		}
		b.giveUpBulk(&items[0], fmt.Errorf("after the batch: %w", err), stack)
		return
	}
	var sending []int
	for i, t := range said {
		if t == nil || !t.failed {
			continue
		}
		if t.decision, _ = b.decide(classifyAll(t), 1); t.decision == settle {
			sending = append(sending, i)
		}
	}
	b.sendBulk(items, said, sending)
	for i, t := range said {
		it := &items[i]
		switch {
		case t == nil || *it.status() == settled:
			continue
		case t.failed && t.decision == skipOver:
			*it.status() = settled
			b.skip(it.w, it.k, t.err)
			continue
		case t.failed:
			for _, err := range append([]error{t.err}, t.also...) {
				b.giveUpBulk(it, fmt.Errorf("after the batch: %w", err), nil)
			}
		default:
			*it.status() = pending
		}
		if !b.goOn {
			b.takeBack(it.w, it.k)
		}
	}
}

// takeBack makes what was handled behind a record of its lane unhandled.
func (b *batch) takeBack(w *work, k int) {
	for k = w.after(k); k < len(w.status); k = w.after(k) {
		if w.status[k] == handled {
			w.status[k] = pending
		}
	}
}
