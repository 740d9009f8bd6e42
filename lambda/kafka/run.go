package kafka

import (
	"context"
	"runtime/debug"
	"slices"
	"sync"
	"sync/atomic"

	"msklambda/lambda/kafka/internal/testhook"
)

// batch is one event being handled.
type batch struct {
	*handler
	ctx   context.Context // of the user's code
	log   *batchLog
	mem   *memory
	parts []work // in order
	hook  *testhook.Hook
	queue queue
	wait  sync.WaitGroup

	mu     sync.Mutex
	failed []failure // guarded by mu until all workers have ended
	skips  []failure // of a ForEach, the same

	retries, skipped, deadLettered atomic.Int64

	tallies    []tally  // for Observe; nil without
	recordIDs  []string // for SkipDone
	doneBefore int
}

// status is what became of a record. The zero value is that nothing did: what
// nobody has said of that it is handled is not, and is sent again.
type status uint8

const (
	pending   status = iota // not reached, or behind one that failed
	handled                 // the function said so
	settled                 // done without the function: skipped, or taken by the sink
	failed                  // and the error is in batch.failed
	unstarted               // for want of time, or because a Batch said so
)

// isDone says that a record is not to be sent again.
func (s status) isDone() bool { return s == handled || s == settled }

// progress is how far a batch got, as memory that is used again.
type progress struct {
	offsets []int64
	status  []status
	follow  []int32
}

// reset makes room for n records of which nothing is known.
func (p *progress) reset(n int) {
	p.offsets = slices.Grow(p.offsets[:0], n)[:n]
	p.status = slices.Grow(p.status[:0], n)[:n]
	clear(p.status)
}

// work is a partition and how far it got. A record's status belongs to the
// goroutine that has its lane.
type work struct {
	partition
	refs    []*Record // in place of records, for a ForEach
	index   int       // among the partitions
	offsets []int64   // of the records, which the user's code can change
	status  []status
	follow  []int32 // the next record of the same lane, or 0; nil where it is the next one

	notBegun error // why records were not started; guarded by batch.mu
}

func (w *work) record(k int) *Record {
	if w.refs != nil {
		return w.refs[k]
	}
	return &w.records[k]
}

func (w *work) size() int { return max(len(w.records), len(w.refs)) }

// after returns the record after k in its lane, or w.size().
func (w *work) after(k int) int {
	switch {
	case w.follow == nil:
		return k + 1
	case w.follow[k] == 0:
		return w.size()
	}
	return int(w.follow[k])
}

type failure struct {
	w     *work
	index int
	err   error
}

// newBatch makes a batch of partitions.
func (h *handler) newBatch(ctx context.Context, log *batchLog, m *memory, parts []partition) *batch {
	b := &batch{handler: h, ctx: ctx, log: log, mem: m}
	works := make([]work, len(parts))
	for i := range parts {
		works[i].partition = parts[i]
	}
	b.setParts(works)
	return b
}

// setParts gives a batch its partitions, of which nothing is known yet.
func (b *batch) setParts(parts []work) {
	b.parts = parts
	n := 0
	for i := range parts {
		n += parts[i].size()
	}
	m := b.mem
	m.reset(n)
	from := 0
	for i := range parts {
		w := &parts[i]
		to := from + w.size()
		w.index = i
		w.offsets, w.status = m.offsets[from:to:to], m.status[from:to:to]
		for k := range w.offsets {
			w.offsets[k] = w.record(k).Offset
		}
		from = to
	}
}

// run handles all records. User code gets goroutines of our own also if it is one
// at a time: a handler that ends its goroutine, as t.FailNow does, would otherwise
// end the runtime's.
func (b *batch) run() {
	lanes := b.makeLanes()
	b.queue.start(b.ctx, lanes, b.byKey)
	defer b.queue.close()
	for range min(b.concurrency, len(lanes)) {
		b.wait.Add(1)
		go b.worker(nil)
	}
	b.wait.Wait()
	b.sortFailed()
}

func (b *batch) sortFailed() {
	slices.SortStableFunc(b.failed, func(x, y failure) int {
		if x.w != y.w {
			return x.w.index - y.w.index
		}
		return x.index - y.index
	})
}

// worker handles l, if there is one, and then lanes until none is left.
func (b *batch) worker(l *lane) {
	for {
		if l == nil {
			if l = b.queue.take(); l == nil {
				b.wait.Done()
				return
			}
		}
		attempt := b.attempt
		if l.bulk != nil {
			attempt = b.attemptBulk
		}
		if replaced := attempt(l); replaced {
			return
		}
		l = b.queue.next(l)
	}
}

// attempt calls the user's code for the records of l, until the lane is done, has
// to wait or makes way for another. It returns after a panic too, to be called
// again for what is left. After a Goexit it does not return, and a new worker
// takes over.
func (b *batch) attempt(l *lane) (replaced bool) {
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
			l.err, l.stack = panicked(v), debug.Stack()
		default:
			if calling {
				l.err, l.stack = errGoexit, nil
			}
			replaced = true
			go b.worker(l)
		}
	}()
	w := l.w
	for {
		if l.err != nil {
			b.fail(l)
		}
		if l.wait > 0 || l.next == w.size() || b.queue.yields(l) {
			break
		}
		if w.status[l.next] == settled { // before: see SkipDone
			l.advance()
			continue
		}
		if b.ctx.Err() != nil {
			if l.last != nil {
				b.giveUp(l, l.last, nil)
				continue
			}
			b.leave(l)
			break
		}
		r := w.record(l.next)
		l.ctx.record.Store(r)
		calling = true
		err := b.call(l, r)
		calling = false
		if err != nil {
			l.err = err
			continue
		}
		w.status[l.next] = handled
		from := l.next
		l.advance()
		b.log.handled(w, from)
	}
	returned = true
	return false
}

// call calls the user's code for one record.
func (b *batch) call(l *lane, r *Record) error {
	if b.hook != nil {
		return b.hook.Call([]string{r.String()}, func() error { return b.record(&l.ctx, r) })
	}
	return b.record(&l.ctx, r)
}

// fail deals with the error of the lane's next record.
func (b *batch) fail(l *lane) {
	w, k, err, stack := l.w, l.next, l.err, l.stack
	l.err, l.stack = nil, nil
	l.attempts++
	decision, wait := b.decide(classify(err), l.attempts)
	switch decision {
	case again:
		b.countRetry(w)
		l.wait, l.last = wait, err
		b.log.retried(w, k, err, l.attempts, wait)
		return
	case skipOver:
		w.status[k] = settled
		l.advance()
		b.skip(w, k, err)
		return
	case settle:
		causes, sinkStack := b.send([]Failure{w.failure(k, err, l.attempts)})
		if causes == nil {
			w.status[k] = settled
			attempts := l.attempts
			l.advance()
			b.sent(w, k, err, attempts)
			return
		}
		err = unsent(err, causes[0])
		if sinkStack != nil {
			stack = sinkStack
		}
	}
	b.giveUp(l, err, stack)
}

// giveUp fails the lane's next record.
func (b *batch) giveUp(l *lane, err error, stack []byte) {
	w, k := l.w, l.next
	w.status[k] = failed
	b.note(w, k, err)
	if b.goOn {
		l.advance()
	} else {
		l.end()
	}
	b.log.failed(w, k, err, stack)
}

// leave gives up what is left of a lane because there is no time.
func (b *batch) leave(l *lane) {
	for k := l.next; k < l.w.size(); k = l.w.after(k) {
		if l.w.status[k] == pending {
			l.w.status[k] = unstarted
		}
	}
	l.end()
	b.noteUnstarted(l.w, context.Cause(b.ctx))
}

// countRetry counts that a record, or a Batch with it, is tried again.
func (b *batch) countRetry(w *work) {
	b.retries.Add(1)
	if t := b.tally(w); t != nil {
		t.retries.Add(1)
	}
}

// note keeps the error of a record that failed.
func (b *batch) note(w *work, k int, err error) {
	if t := b.tally(w); t != nil {
		t.failures.Add(1)
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.failed = append(b.failed, failure{w, k, err})
}

// noteUnstarted keeps why records of a partition were not started.
func (b *batch) noteUnstarted(w *work, cause error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if w.notBegun == nil {
		w.notBegun = cause
	}
}

// skip counts and logs a record that needs no handling.
func (b *batch) skip(w *work, k int, err error) {
	b.mu.Lock()
	b.skips = append(b.skips, failure{w, k, err})
	b.mu.Unlock()
	if t := b.tally(w); t != nil {
		t.skipped.Add(1)
	}
	b.log.skipped(w, k, err, b.skipped.Add(1))
}

// sent counts and logs a record that the sink has taken.
func (b *batch) sent(w *work, k int, err error, attempts int) {
	if t := b.tally(w); t != nil {
		t.deadLettered.Add(1)
	}
	b.log.deadLettered(w, k, err, attempts, b.deadLettered.Add(1))
}

// failure is record k as it is given to the sink. What is told of its place is of
// the event, whatever the function did to the record.
func (w *work) failure(k int, err error, attempts int) Failure {
	r := *w.record(k)
	r.Offset = w.offsets[k]
	return Failure{Record: &r, Err: err, Attempts: attempts}
}
