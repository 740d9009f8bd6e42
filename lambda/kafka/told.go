package kafka

import (
	"slices"
	"time"
)

// told is what the error of a Batch says of a record.
type told struct {
	decision
	failed bool  // or it was not started
	exact  bool  // what is behind it is told too
	behind *told // the failure that it was not started for
	err    error // the first, of several
	also   []error
	wait   time.Duration
}

// failBulk deals with the error of a Batch: with each record that it tells of, or
// with all if it tells of none, or if that is not certain.
func (b *batch) failBulk(l *lane, err error, stack []byte) {
	todo := l.bulk.todo
	said, ok := b.locateIn(todo, err, stack == nil && err != errGoexit)
	if !ok {
		b.failAll(l, err, stack)
		return
	}
	var sending []int
	for i := range todo {
		if said[i] == nil || !said[i].failed {
			continue
		}
		t, it := said[i], &todo[i]
		it.attempts++
		t.decision, t.wait = b.decide(classifyAll(t), it.attempts)
		if t.decision == settle {
			sending = append(sending, i)
		}
	}
	progress := b.sendBulk(todo, said, sending)
	var rest []item
	var wait time.Duration
	retrying := false
	// Partitions of which a record is not handled, of which one failed for good and
	// nothing behind it is to be tried, and of which one failed at all.
	var open, stopped, fails *work
	for i := range todo {
		it, t := &todo[i], said[i]
		switch {
		case t == nil && (b.goOn || open != it.w):
			b.handledBulk(it)
			continue
		case *it.status() == settled:
			continue // by sendBulk
		case t != nil && t.failed && t.decision == skipOver:
			*it.status() = settled
			b.skip(it.w, it.k, t.err)
			progress = true
			continue
		case t != nil && t.failed && (t.decision == failNow || !b.goOn && stopped == it.w):
			t.decision = failNow // also if it would be tried again
			for _, err := range append([]error{t.err}, t.also...) {
				b.giveUpBulk(it, err, nil)
			}
			if fails = it.w; !t.exact {
				open, stopped = it.w, it.w
			}
			continue
		case t != nil && t.failed:
			it.err = t.err
			wait, retrying = max(wait, t.wait), true
			b.countRetry(it.w)
			b.log.retried(it.w, it.k, t.err, it.attempts, t.wait)
		}
		if t == nil || !t.exact {
			open = it.w
		}
		switch {
		case !b.goOn && stopped == it.w:
		case t != nil && t.behind != nil && t.behind.decision == failNow:
		case t != nil && !t.failed && !t.exact && fails == it.w:
			// Not started because of one that fails, for all that is known.
		default:
			rest = append(rest, *it)
		}
	}
	switch {
	case retrying:
		l.bulk.todo, l.wait = rest, wait
	case progress:
		l.bulk.todo = rest
	default:
		for i := range rest {
			*rest[i].status() = unstarted
			b.noteUnstarted(rest[i].w, errUnstarted)
		}
		l.bulk.todo = nil
	}
}

// sendBulk gives the sink what is for it, at once, and says whether it took any.
func (b *batch) sendBulk(todo []item, said []*told, sending []int) (took bool) {
	if len(sending) == 0 {
		return false
	}
	failures := make([]Failure, len(sending))
	for n, i := range sending {
		failures[n] = todo[i].w.failure(todo[i].k, said[i].err, todo[i].attempts)
	}
	causes, _ := b.send(failures)
	for n, i := range sending {
		if causes != nil && causes[n] != nil {
			said[i].decision, said[i].err = failNow, unsent(said[i].err, causes[n])
			continue
		}
		b.settleBulk(&todo[i], said[i].err)
		took = true
	}
	return took
}

// settleBulk notes that the sink has taken a record.
func (b *batch) settleBulk(it *item, err error) {
	*it.status() = settled
	b.sent(it.w, it.k, err, it.attempts)
}

// locateIn finds what err says of each record of todo. It is not ok if a part of
// it is about no record, or about one that is not of todo.
func (b *batch) locateIn(todo []item, err error, ok bool) ([]*told, bool) {
	if !ok {
		return nil, false
	}
	found, ok := locate(err)
	if !ok {
		return nil, false
	}
	index := make(map[*Record]int, len(todo))
	for i := range todo {
		index[todo[i].record()] = i
	}
	said := make([]*told, len(todo))
	at := func(i int) *told {
		if said[i] == nil {
			said[i] = new(told)
		}
		return said[i]
	}
	for _, f := range found {
		for _, r := range f.records {
			i, known := index[r]
			if !known {
				return nil, false
			}
			t := at(i)
			t.exact = f.exact
			switch {
			case f.unstarted:
			case t.failed:
				t.also = append(t.also, f.text)
			default:
				t.failed, t.err = true, f.text
			}
			for _, r := range f.behind {
				k, known := index[r]
				if !known {
					return nil, false
				}
				at(k).behind, at(k).exact = t, true
			}
			if f.rest {
				for k := i + 1; k < len(todo); k++ {
					at(k)
				}
			}
		}
	}
	return said, true
}

// classifyAll is what all errors of a record say together.
func classifyAll(t *told) verdict {
	if len(t.also) == 0 {
		return classify(t.err)
	}
	return classify(joined(slices.Concat([]error{t.err}, t.also)))
}

// joined is a list of errors, for classify.
type joined []error

func (j joined) Error() string   { return "" }
func (j joined) Unwrap() []error { return j }
