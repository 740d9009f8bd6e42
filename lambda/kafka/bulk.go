package kafka

import (
	"context"
	"slices"
)

// item is a record of a batch.
type item struct {
	w        *work
	k        int
	attempts int // that failed
	err      error
}

func (it *item) status() *status { return &it.w.status[it.k] }
func (it *item) record() *Record { return it.w.record(it.k) }

// bulk is what a Batch gets at once. It lies in a lane.
type bulk struct {
	todo  []item   // not handled yet, in order
	later [][]item // what comes then, the last one first
}

// next goes on with what comes later, but for what is behind a record that is not
// handled.
func (b *bulk) next(goOn bool) {
	for len(b.todo) == 0 && len(b.later) > 0 {
		n := len(b.later) - 1
		chunk := b.later[n]
		b.later = b.later[:n]
		blocked := map[*work]bool{}
		for _, it := range chunk {
			behind, known := blocked[it.w]
			if !known && !goOn {
				behind = slices.ContainsFunc(it.w.status[:it.k], func(s status) bool { return !s.isDone() })
				blocked[it.w] = behind
			}
			if !behind {
				b.todo = append(b.todo, it)
			}
		}
	}
}

// bulkLanes makes a lane of each partition, or of all.
func (b *batch) bulkLanes() []*lane {
	var lanes []*lane
	var todo []item
	for i := range b.parts {
		w := &b.parts[i]
		for k := range w.status {
			if w.status[k] != settled {
				todo = append(todo, item{w: w, k: k})
			}
		}
		if b.whole && i+1 < len(b.parts) {
			continue
		}
		if len(todo) > 0 {
			lanes = append(lanes, b.newLane(&lane{bulk: &bulk{todo: todo}}, len(lanes)))
		}
		todo = nil
	}
	return lanes
}

// attemptBulk calls a Batch with what is to do, again and again while records
// come out of the way. It does not return if a logger ends the goroutine: then what is
// left is not handled, and a new worker takes over.
func (b *batch) attemptBulk(l *lane) (replaced bool) {
	returned := false
	defer func() {
		if returned {
			return
		}
		if v := recover(); v != nil {
			panic(v)
		}
		l.bulk.todo, l.bulk.later = nil, nil
		replaced = true
		go b.worker(l)
	}()
	for len(l.bulk.todo) > 0 && l.wait == 0 {
		if b.ctx.Err() != nil {
			b.leaveBulk(l)
			break
		}
		records := make([]*Record, len(l.bulk.todo))
		for i := range l.bulk.todo {
			records[i] = l.bulk.todo[i].record()
		}
		stack, err := guarded(func() error { return b.callBulk(l, records) })
		if err == nil {
			for i := range l.bulk.todo {
				b.handledBulk(&l.bulk.todo[i])
			}
			l.bulk.todo = nil
		} else {
			b.failBulk(l, err, stack)
		}
		l.bulk.next(b.goOn)
	}
	returned = true
	return false
}

func (b *batch) callBulk(l *lane, records []*Record) error {
	if b.hook == nil {
		return b.handler.batch(&l.ctx, records)
	}
	positions := make([]string, len(records))
	for i, r := range records {
		positions[i] = r.String()
	}
	return b.hook.Call(positions, func() error { return b.handler.batch(&l.ctx, records) })
}

func (b *batch) handledBulk(it *item) {
	*it.status() = handled
	b.log.handled(it.w, it.k)
}

// leaveBulk gives up what is left for want of time: what failed before fails, the
// rest was not started.
func (b *batch) leaveBulk(l *lane) {
	var stopped *work
	for len(l.bulk.todo) > 0 {
		for i := range l.bulk.todo {
			switch it := &l.bulk.todo[i]; {
			case it.err != nil:
				b.giveUpBulk(it, it.err, nil)
				stopped = it.w
			case b.goOn || stopped != it.w:
				*it.status() = unstarted
				b.noteUnstarted(it.w, context.Cause(b.ctx))
			}
		}
		l.bulk.todo = nil
		l.bulk.next(true)
	}
}

func (b *batch) giveUpBulk(it *item, err error, stack []byte) {
	*it.status() = failed
	b.note(it.w, it.k, err)
	b.log.failed(it.w, it.k, err, stack)
}

// failAll deals with an error that is about all records at once. If they are given
// up it finds out for which of them that is: it goes on with each half by itself.
// What fails otherwise is told of the first.
func (b *batch) failAll(l *lane, err error, stack []byte) {
	todo := l.bulk.todo
	attempts := 0
	for i := range todo {
		todo[i].attempts++
		attempts = max(attempts, todo[i].attempts)
	}
	v := classify(err)
	decision, wait := b.decide(v, attempts)
	first := &todo[0]
	switch {
	case decision == again:
		first.err = err
		b.countRetry(first.w)
		l.wait = wait
		b.log.retried(first.w, first.k, err, attempts, wait)
		return
	case decision == skipOver:
		for i := range todo {
			*todo[i].status() = settled
			b.skip(todo[i].w, todo[i].k, err)
		}
	case len(todo) > 1 && (decision == settle || v.outcome == permanent):
		half := len(todo) / 2
		l.bulk.later = append(l.bulk.later, todo[half:])
		l.bulk.todo = todo[:half]
		return
	case decision == settle:
		causes, sinkStack := b.send([]Failure{first.w.failure(first.k, err, first.attempts)})
		if causes == nil {
			b.settleBulk(first, err)
			break
		}
		if sinkStack != nil {
			stack = sinkStack
		}
		b.giveUpBulk(first, unsent(err, causes[0]), stack)
	default:
		b.giveUpBulk(first, err, stack)
	}
	l.bulk.todo = nil
}
