package posts

import (
	"cmp"
	"context"

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

// part is a slot on the way. Its first page is read ahead.
type part struct {
	slot  int
	round bool
	first chan read
	more  bool
	after string
}

type read struct {
	page []table.Follower
	more bool
	err  error
}

const (
	pageSize  = 500
	readAhead = 16 // slots; of a small match most are empty, and each takes a request
)

func newWalk(ctx context.Context, store Store, match string, low, high int, from, to place, round bool) *walk {
	ctx, end := context.WithCancel(ctx)
	w := &walk{ctx: ctx, end: end, store: store, match: match, to: to, parts: make(chan *part, readAhead)}
	var way []*part
	add := func(slot int, after string, round bool) {
		way = append(way, &part{slot: slot, round: round, after: after, first: make(chan read, 1)})
	}
	last := high - 1
	if round {
		last = to.Slot
	}
	for slot := from.Slot; slot <= last; slot++ {
		after := ""
		if slot == from.Slot {
			after = from.After
		}
		add(slot, after, round)
	}
	if !round && to.compare(place{Slot: low}) > 0 {
		for slot := low; slot <= to.Slot; slot++ {
			add(slot, "", true)
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
				page, more, err := store.Followers(ctx, match, p.slot, p.after, pageSize)
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
	f := &found{w.page[0], place{w.part.slot, w.page[0].Connection}, w.part.round}
	w.page = w.page[1:]
	w.part.after = f.Connection
	if f.round && f.place.compare(w.to) > 0 {
		w.page, w.part.more = nil, false // the way ends within this slot
		return w.next()
	}
	return f, nil
}

// turn turns the page.
func (w *walk) turn() (read, bool) {
	if w.part != nil && w.part.more {
		page, more, err := w.store.Followers(w.ctx, w.match, w.part.slot, w.part.after, pageSize)
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
