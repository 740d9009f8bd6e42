package kafka

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"slices"
	"sync"
	"sync/atomic"
)

// batch is one event being handled.
type batch struct {
	*handler
	ctx   context.Context
	log   *batchLog
	mem   *memory
	parts []work // in order; each belongs to one goroutine at a time
	next  atomic.Int64
	wait  sync.WaitGroup
}

// work is a partition and how far it got.
type work struct {
	partition
	offsets []int64   // of the records, which the user's code can change
	next    int       // the record being handled, or to be handled next
	failed  []failure // in order; two may be of one record
	rest    int       // records[rest:] are not handled, whoever failed
	skipped bool      // because there was no time to start records[rest]
}

type failure struct {
	index int
	err   error
}

var errGoexit = errors.New("the handler ended its goroutine (runtime.Goexit)")

// run handles all partitions. User code gets goroutines of our own also if it
// is one at a time: a handler that ends its goroutine, as t.FailNow does, would
// otherwise end the runtime's.
func (b *batch) run() {
	b.keepOffsets()
	for i := range b.parts {
		b.parts[i].rest = len(b.parts[i].records)
	}
	for range min(b.concurrency, len(b.parts)) {
		b.wait.Add(1)
		go b.worker(nil)
	}
	b.wait.Wait()
}

func (b *batch) keepOffsets() {
	n := 0
	for i := range b.parts {
		n += len(b.parts[i].records)
	}
	offsets := slices.Grow(b.mem.offsets[:0], n)
	for i := range b.parts {
		w := &b.parts[i]
		from := len(offsets)
		for k := range w.records {
			offsets = append(offsets, w.records[k].Offset)
		}
		w.offsets = offsets[from:]
	}
	b.mem.offsets = offsets
}

// worker handles w, if there is one, and then partitions until none is left.
func (b *batch) worker(w *work) {
	for {
		if w == nil {
			i := int(b.next.Add(1)) - 1
			if i >= len(b.parts) {
				b.wait.Done()
				return
			}
			w = &b.parts[i]
		}
		for w.next < len(w.records) {
			if replaced := b.attempt(w); replaced {
				return
			}
		}
		w = nil
	}
}

// attempt calls the user's code for the records of w from w.next on. It returns
// after a panic too, to be called again for what is left. After a Goexit it does
// not return, and a new worker takes over.
func (b *batch) attempt(w *work) (replaced bool) {
	calling, returned := false, false
	defer func() {
		if returned {
			return
		}
		v := recover()
		switch {
		case v != nil && !calling:
			panic(v) // ours, or the logger's: better no answer than a wrong one
		case v != nil:
			b.fail(w, panicked(v), debug.Stack())
		default:
			if calling {
				b.fail(w, errGoexit, nil)
			}
			replaced = true
			go b.worker(w)
		}
	}()
	for w.next < len(w.records) {
		if b.ctx.Err() != nil {
			w.rest, w.skipped = w.next, true
			w.next = len(w.records)
			break
		}
		calling = true
		err := b.call(w)
		calling = false
		if err != nil {
			b.fail(w, err, nil)
		} else {
			b.succeed(w)
		}
	}
	returned = true
	return false
}

func panicked(v any) error {
	if err, ok := v.(error); ok {
		return fmt.Errorf("panic: %w", err)
	}
	return fmt.Errorf("panic: %v", v)
}

// call calls the user's code for the next record, or for all.
func (b *batch) call(w *work) error {
	if b.handler.batch == nil {
		return b.record(b.ctx, &w.records[w.next])
	}
	records := make([]*Record, len(w.records))
	for i := range records {
		records[i] = &w.records[i]
	}
	return b.handler.batch(b.ctx, records)
}

// succeed moves on after the user's code has returned nil.
func (b *batch) succeed(w *work) {
	from := w.next
	w.next++
	if b.handler.batch != nil {
		w.next = len(w.records)
	}
	b.log.handled(w, from)
}

// fail moves on after the user's code has failed.
func (b *batch) fail(w *work, err error, stack []byte) {
	known := len(w.failed)
	switch {
	case b.handler.batch != nil:
		b.failBatch(w, err, stack == nil)
		w.next = len(w.records)
	case b.goOn:
		w.failed = append(w.failed, failure{w.next, err})
		w.next++
	default:
		w.failed = append(w.failed, failure{w.next, err})
		w.rest = w.next
		w.next = len(w.records)
	}
	for _, f := range w.failed[known:] {
		b.log.failed(w, f, stack)
	}
}

// failBatch notes which records the error of a Batch is about: those that it
// tells, if it was returned, or all if that is not certain.
func (b *batch) failBatch(w *work, err error, ok bool) {
	var found []located
	if ok {
		found, ok = locate(err)
	}
	if ok {
		index := make(map[*Record]int, len(w.records))
		for i := range w.records {
			index[&w.records[i]] = i
		}
		for _, f := range found {
			for _, r := range f.records {
				i, known := index[r]
				if !known {
					ok = false
					continue
				}
				w.failed = append(w.failed, failure{i, f.text})
				if f.rest || !b.goOn {
					w.rest = min(w.rest, i)
				}
			}
		}
	}
	if !ok {
		w.failed = []failure{{0, err}}
		w.rest = 0
		return
	}
	slices.SortStableFunc(w.failed, func(a, b failure) int { return a.index - b.index })
}
