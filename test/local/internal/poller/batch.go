package poller

import (
	"context"
	"maps"
	"slices"
	"time"
)

// batch is what is taken off the queue at once, and how far it got.
type batch struct {
	records   []*record // to be invoked with
	oversized []*record
	unmatched []*record
	progress  map[int32]*progress
}

// progress is that of one partition. Offsets are done in any order, as the
// records that an answer does not name are, but committed only up to the first
// that is not.
type progress struct {
	time    int
	offsets []int64
	done    map[int64]bool
	next    int // offsets[:next] are committed, or about to be
}

// take waits for a batch. A batch ends when it has BatchSize records, when the
// next record would make the event too large, or when the window has passed
// since its first record came in. nil means to stop.
func (p *Poller) take(ctx context.Context) *batch {
	for {
		p.mu.Lock()
		c := p.fit()
		var wait <-chan time.Time
		if c.n > 0 && !c.full {
			left := p.Window - time.Since(c.first)
			c.full = left <= 0
			wait = time.After(left)
		}
		if c.full {
			b := p.cut(c)
			p.mu.Unlock()
			return b
		}
		if c.n == 0 && len(p.uncommitted) > 0 {
			wait = time.After(100 * time.Millisecond)
		}
		p.mu.Unlock()
		select {
		case <-p.changed:
		case <-wait:
			if c.n == 0 && p.commit(ctx) != nil {
				return nil
			}
		case <-p.stop:
			return nil
		case <-ctx.Done():
			return nil
		}
	}
}

// choice says how many records of which partitions the next batch is to have.
type choice struct {
	counts map[int32]int
	n      int       // in all
	first  time.Time // when the first of them came in
	full   bool      // no more can be added
}

// fit chooses the next batch: a record of each partition in turn, beginning
// with another partition each time, so that none waits for another and events
// are of several partitions. AWS does not say how it mixes them. Records that
// the function is not to see count for nothing.
func (p *Poller) fit() choice {
	c := choice{counts: map[int32]int{}}
	partitions := slices.Sorted(maps.Keys(p.queues))
	for _, partition := range partitions {
		if at := p.queues[partition][0].arrived; c.first.IsZero() || at.Before(c.first) {
			c.first = at
		}
	}
	size := p.events.newSize()
	for count, i := 0, p.turn; c.n < p.queued; i++ {
		partition := partitions[i%len(partitions)]
		q := p.queues[partition]
		if c.counts[partition] == len(q) {
			continue
		}
		last := false
		if r := q[c.counts[partition]]; !r.unmatched && !r.oversized {
			if count == p.BatchSize || size.add(r) > p.MaxPayload {
				c.full = true
				return c
			}
			count++
			c.full = count == p.BatchSize
			last = p.CutAfter(r.Record)
		}
		c.counts[partition]++
		c.n++
		if last {
			c.full = true
			return c
		}
	}
	c.full = c.full || p.full()
	return c
}

func (p *Poller) cut(c choice) *batch {
	b := &batch{progress: map[int32]*progress{}}
	for _, partition := range slices.Sorted(maps.Keys(c.counts)) {
		records := p.dequeue(partition, c.counts[partition])
		pr := &progress{time: records[0].time, done: map[int64]bool{}}
		b.progress[partition] = pr
		for _, r := range records {
			pr.offsets = append(pr.offsets, r.Offset)
			switch {
			case r.unmatched:
				b.unmatched = append(b.unmatched, r)
			case r.oversized:
				b.oversized = append(b.oversized, r)
			default:
				b.records = append(b.records, r)
			}
		}
	}
	p.turn++
	p.stats.Batches++
	signal(p.room)
	return b
}

// finish notes that records are done with.
func (p *Poller) finish(b *batch, o Outcome, records []*record) {
	for _, r := range records {
		b.progress[r.Partition].done[r.Offset] = true
		p.Observe(o, r.Partition, r.Offset)
	}
	n := len(records)
	p.count(func(s *Stats) {
		switch o {
		case Handled:
			s.Handled += n
		case FilteredOut:
			s.FilteredOut += n
		case SentToDestination:
			s.Delivered += n
		case Lost:
			s.Dropped += n
		}
	})
}
