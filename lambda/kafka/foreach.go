package kafka

import (
	"context"
	"errors"
	"fmt"
)

// ForEach handles records of a [Batch] with fn, up to n at once, and returns what
// the Batch is to return: nil if all were handled, else an error that tells those
// that failed and those that were not started because of it. It is
// [ConcurrencyByKey] inside a Batch, for what comes before or after all of them:
//
//	kafka.Batch(func(ctx context.Context, records []*kafka.Record) error {
//		if err := prepare(ctx, records); err != nil {
//			return err
//		}
//		return kafka.ForEach(ctx, records, 16, process)
//	})
//
// The records of a key are handled in order within their partition, those without
// a key in any. A record that fails stops its key only, also without
// [ContinueOnError]. A panic of fn, or the end of its goroutine, is a failure of the
// record. When ctx ends no record is started. [Retry] and [DeadLetter] work on what
// is returned.
//
// The context must be that of the Batch or made of it. Panics if n is less than 1 or
// fn is nil.
func ForEach(ctx context.Context, records []*Record, n int, fn HandlerFunc) error {
	if n < 1 {
		panic(fmt.Sprintf("kafka: ForEach must have at least 1 at once, got %d", n))
	}
	if fn == nil {
		panic("kafka: ForEach needs a function, got nil")
	}
	// One attempt: others are the Batch's, which is called again for them.
	h := &handler{record: fn, byKey: true, concurrency: n, retry: &Backoff{Attempts: 1}}
	outer, _ := ctx.Value(batchKey{}).(*batch)
	if outer != nil {
		h.goOn = outer.goOn
	}
	b := &batch{handler: h, ctx: ctx, log: quietLog(ctx), mem: new(memory)}
	var parts []work
	index := map[place]int{}
	for _, r := range records {
		at := place{r.Topic, r.Partition}
		i, ok := index[at]
		if !ok {
			i = len(parts)
			index[at] = i
			parts = append(parts, work{index: i})
		}
		parts[i].refs = append(parts[i].refs, r)
	}
	b.setParts(parts)
	b.run()
	return b.told()
}

// told is what became of the records of a ForEach, as a Batch tells it.
func (b *batch) told() error {
	var errs []error
	for _, f := range b.failed {
		e := &batchFailure{err: f.err, records: []*Record{f.w.record(f.index)}, exact: true}
		if !b.goOn {
			for k := f.w.after(f.index); k < f.w.size(); k = f.w.after(k) {
				e.behind = append(e.behind, f.w.record(k))
			}
		}
		errs = append(errs, e)
	}
	for _, f := range b.skips {
		errs = append(errs, &batchFailure{err: f.err, records: []*Record{f.w.record(f.index)}, exact: true})
	}
	var late []*Record
	for i := range b.parts {
		w := &b.parts[i]
		for k, s := range w.status {
			if s == unstarted {
				late = append(late, w.record(k))
			}
		}
	}
	if len(late) > 0 {
		errs = append(errs, &batchFailure{err: errUnstarted, records: late, unstarted: true, exact: true})
	}
	return errors.Join(errs...)
}
