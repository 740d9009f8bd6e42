package posts

import (
	"cmp"
	"context"

	"msklambda/lambda/livescores/layout"
	"msklambda/lambda/livescores/table"
)

// place is one in the order of the followers of a shard: after a connection in a
// slot, which need not be there any more.
type place struct {
	Slot  int    `json:"slot"`
	After string `json:"after,omitempty"`
}

func (p place) compare(q place) int {
	return cmp.Or(cmp.Compare(p.Slot, q.Slot), cmp.Compare(p.After, q.After))
}

// found is a follower, and the place of it. round tells that it lies beyond the end
// of the shard's slots, that is: at their beginning.
type found struct {
	table.Follower
	place
	round bool
}

// walk yields the followers of a shard in their order, from one place to another.
// The way leads over the end of the slots, unless it did already.
type walk struct {
	ctx   context.Context
	end   context.CancelFunc
	store Store
	match string
	to    place
	parts chan *part // in order
	page  []table.Follower
	part  *part
}

// part is what of the way lies in one partition of the table. Its first page is
// read ahead.
type part struct {
	at    place // read up to here
	to    int   // the last slot
	round bool
	first chan read
	more  bool
}

type read struct {
	page []table.Follower
	more bool
	err  error
}

const (
	pageSize  = 500
	readAhead = layout.Partitions
)

func newWalk(ctx context.Context, store Store, match string, low, high int, from, to place, round bool) *walk {
	ctx, end := context.WithCancel(ctx)
	w := &walk{ctx: ctx, end: end, store: store, match: match, to: to, parts: make(chan *part, readAhead)}
	var way []*part
	add := func(at place, last int, round bool) {
		for at.Slot <= last {
			end := min(last, layout.LastOfPartition(at.Slot))
			way = append(way, &part{at: at, to: end, round: round, first: make(chan read, 1)})
			at = place{Slot: end + 1}
		}
	}
	if round {
		add(from, to.Slot, true)
	} else {
		add(from, high-1, false)
		if to.compare(place{Slot: low}) > 0 {
			add(place{Slot: low}, to.Slot, true)
		}
	}
	go func() {
		defer close(w.parts)
		for _, p := range way {
			select {
			case w.parts <- p:
			case <-ctx.Done():
				return
			}
			go func() {
				page, more, err := store.Followers(ctx, match, p.at.Slot, p.at.After, p.to, pageSize)
				p.first <- read{page, more, err}
			}()
		}
	}()
	return w
}

// next returns the next follower, nil after the last.
func (w *walk) next() (*found, error) {
	for len(w.page) == 0 {
		r, ok := w.turn()
		if !ok {
			return nil, nil
		}
		if r.err != nil {
			return nil, r.err
		}
		w.page, w.part.more = r.page, r.more
	}
	f := &found{w.page[0], place{layout.Slot(w.page[0].Connection), w.page[0].Connection}, w.part.round}
	w.page = w.page[1:]
	w.part.at = f.place
	if f.round && f.place.compare(w.to) > 0 {
		w.page, w.part.more = nil, false // the way ends within this part
		return w.next()
	}
	return f, nil
}

// turn turns the page.
func (w *walk) turn() (read, bool) {
	if w.part != nil && w.part.more {
		page, more, err := w.store.Followers(w.ctx, w.match, w.part.at.Slot, w.part.at.After, w.part.to, pageSize)
		return read{page, more, err}, true
	}
	p, ok := <-w.parts
	if !ok {
		return read{}, false
	}
	w.part = p
	select {
	case r := <-p.first:
		return r, true
	case <-w.ctx.Done():
		return read{err: w.ctx.Err()}, true
	}
}
