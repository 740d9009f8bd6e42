package kafka

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

// lane is what is handled in order, and stops when a record of it fails: a
// partition, a key of one, or, for a Batch, whatever it gets at once. One
// goroutine at a time has it.
type lane struct {
	w        *work // nil for a Batch
	next     int   // the record being handled, or to be handled next
	left     int   // from next on
	order    int   // among the lanes
	attempts int   // that next had
	ctx      recordContext
	bulk     *bulk // for a Batch

	err   error // of next, to be dealt with
	stack []byte

	last  error         // of next, which is to be tried again
	wait  time.Duration // before that, if it is not 0
	timer *time.Timer   // guarded by the queue's mutex
}

// advance goes on with the next record.
func (l *lane) advance() {
	l.next = l.w.after(l.next)
	l.left--
	l.attempts, l.last = 0, nil
}

// end leaves the rest as it is.
func (l *lane) end() { l.next, l.left, l.last = l.w.size(), 0, nil }

// recordContext is the context of a lane's record. It is made once for a lane.
type recordContext struct {
	context.Context
	batch  *batch
	record atomic.Pointer[Record]
}

type (
	recordKey struct{}
	batchKey  struct{}
)

func (c *recordContext) Value(key any) any {
	switch key.(type) {
	case recordKey:
		return c.record.Load()
	case batchKey:
		return c.batch
	}
	return c.Context.Value(key)
}

// FromContext returns the record that is being handled, for code that has its
// context and not the record, such as a log handler ([LogHandler]). In a [Batch]
// there is none, but in the function of [ForEach].
func FromContext(ctx context.Context) (*Record, bool) {
	r, _ := ctx.Value(recordKey{}).(*Record)
	return r, r != nil
}

// Concurrency handles up to n partitions at once, each in order. The default is
// 1: a function has a fraction of a processor, so that more than one at a time is
// worth it only where handling a record means waiting. Panics if n is less than 1.
func Concurrency(n int) Option {
	if n < 1 {
		panic(fmt.Sprintf("kafka: Concurrency must be at least 1, got %d", n))
	}
	return func(h *handler) { h.concurrency, h.concurrencySet = n, true }
}

// ConcurrencyByKey handles up to n records at once, over all partitions. The
// records of a key are handled in order within their partition, which is the order
// that Kafka has for them; those without a key in any. A record that fails stops
// its key and no other, and the answer names it and those behind it with the same
// key. It is for functions of one record; see [ForEach] for a [Batch]. Panics if n
// is less than 1.
func ConcurrencyByKey(n int) Option {
	if n < 1 {
		panic(fmt.Sprintf("kafka: ConcurrencyByKey must be at least 1, got %d", n))
	}
	return func(h *handler) { h.concurrency, h.byKey = n, true }
}

// makeLanes makes the lanes of a batch.
func (b *batch) makeLanes() []*lane {
	switch {
	case b.handler.batch != nil:
		return b.bulkLanes()
	case b.byKey:
		return b.keyLanes()
	}
	lanes := make([]*lane, len(b.parts))
	all := make([]lane, len(b.parts))
	for i := range b.parts {
		all[i].w, all[i].left = &b.parts[i], b.parts[i].size()
		lanes[i] = b.newLane(&all[i], i)
	}
	return lanes
}

func (b *batch) newLane(l *lane, order int) *lane {
	l.order = order
	l.ctx.Context, l.ctx.batch = b.ctx, b
	return l
}

// keyLanes links the records of each key.
func (b *batch) keyLanes() []*lane {
	p := &b.mem.progress
	p.follow = slices.Grow(p.follow[:0], len(p.status))[:len(p.status)]
	clear(p.follow)
	type tail struct {
		lane *lane
		last int
	}
	var lanes []*lane
	tails := map[string]tail{}
	from := 0
	for i := range b.parts {
		w := &b.parts[i]
		to := from + w.size()
		w.follow = p.follow[from:to:to]
		from = to
		clear(tails)
		for k := range w.status {
			key := w.record(k).Key
			if key != nil {
				if t, ok := tails[string(key)]; ok {
					w.follow[t.last] = int32(k)
					t.lane.left++
					tails[string(key)] = tail{t.lane, k}
					continue
				}
			}
			l := b.newLane(&lane{w: w, next: k, left: 1}, len(lanes))
			lanes = append(lanes, l)
			if key != nil {
				tails[string(key)] = tail{l, k}
			}
		}
	}
	return lanes
}

// queue hands out lanes. A lane is with a worker, ready, waiting for its next
// attempt, or done.
type queue struct {
	ctx   context.Context
	byKey bool

	mu    sync.Mutex
	some  sync.Cond
	ready []*lane // a heap: before tells which comes first
	wait  map[*lane]struct{}
	open  int         // lanes that are not done
	ended bool        // the context is: nothing waits any more
	stop  func() bool // what wakes all then, once something has waited
}

func (q *queue) start(ctx context.Context, lanes []*lane, byKey bool) {
	q.ctx, q.byKey, q.open = ctx, byKey, len(lanes)
	q.some.L = &q.mu
	q.ready = make([]*lane, 0, len(lanes))
	for _, l := range lanes {
		q.push(l)
	}
}

// close lets go of the context.
func (q *queue) close() {
	if q.stop != nil {
		q.stop()
	}
}

// take waits for a lane, and returns nil when all are done.
func (q *queue) take() *lane {
	q.mu.Lock()
	defer q.mu.Unlock()
	for len(q.ready) == 0 && q.open > 0 {
		q.some.Wait()
	}
	if q.open == 0 {
		return nil
	}
	return q.pop()
}

// next takes a lane back from a worker, and returns l or another one to go on
// with, if there is one ready.
func (q *queue) next(l *lane) *lane {
	q.mu.Lock()
	defer q.mu.Unlock()
	switch {
	case l.isDone():
		q.open--
		if q.open == 0 {
			q.some.Broadcast()
		}
		return nil
	case l.wait > 0 && !q.ended:
		wait := l.wait
		l.wait = 0
		if q.stop == nil {
			q.wait = map[*lane]struct{}{}
			q.stop = context.AfterFunc(q.ctx, q.wakeAll)
		}
		q.wait[l] = struct{}{}
		l.timer = time.AfterFunc(wait, func() { q.wake(l) })
		return nil
	}
	l.wait = 0
	q.push(l)
	return q.pop()
}

func (l *lane) isDone() bool {
	if l.bulk != nil {
		return len(l.bulk.todo) == 0 // and nothing later
	}
	return l.next == l.w.size()
}

func (q *queue) wake(l *lane) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if _, waits := q.wait[l]; waits {
		delete(q.wait, l)
		q.push(l)
		q.some.Signal()
	}
}

// wakeAll ends all waits, when there is no time left for them.
func (q *queue) wakeAll() {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.ended = true
	for l := range q.wait {
		l.timer.Stop()
		q.push(l)
	}
	clear(q.wait)
	q.some.Broadcast()
}

// yields says that a lane should make way for one with more to do: so that at the
// end not one key is left that could have begun earlier.
func (q *queue) yields(l *lane) bool {
	if !q.byKey {
		return false
	}
	q.mu.Lock()
	defer q.mu.Unlock()
	return len(q.ready) > 0 && q.ready[0].left > l.left
}

// before says which of two lanes is handled first: of partitions the first in the
// event, of keys the one with most records left.
func (q *queue) before(a, b *lane) bool {
	if q.byKey && a.left != b.left {
		return a.left > b.left
	}
	return a.order < b.order
}

func (q *queue) push(l *lane) {
	q.ready = append(q.ready, l)
	for i := len(q.ready) - 1; i > 0; {
		up := (i - 1) / 2
		if !q.before(q.ready[i], q.ready[up]) {
			break
		}
		q.ready[i], q.ready[up] = q.ready[up], q.ready[i]
		i = up
	}
}

func (q *queue) pop() *lane {
	top := q.ready[0]
	n := len(q.ready) - 1
	q.ready[0] = q.ready[n]
	q.ready[n] = nil
	q.ready = q.ready[:n]
	for i := 0; ; {
		first := i
		for _, down := range []int{2*i + 1, 2*i + 2} {
			if down < n && q.before(q.ready[down], q.ready[first]) {
				first = down
			}
		}
		if first == i {
			return top
		}
		q.ready[i], q.ready[first] = q.ready[first], q.ready[i]
		i = first
	}
}
