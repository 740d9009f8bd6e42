package registry

import (
	"container/list"
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"msklambda/lambda/kafka"
	"msklambda/lambda/kafka/wire"
)

// Limits are those of a registry that is asked over a network. The zero value of each
// field is its default.
type Limits struct {
	// Size is how many ids are remembered; of more, those not asked about for
	// longest are forgotten. Default: 1000.
	Size int

	// Timeout is how long one question may take. It also ends with the context of
	// who asked first, which is before the end of the invocation. Default: 5s.
	Timeout time.Duration

	// UnknownFor is how long it is remembered that there is no such id.
	// Default: 1m.
	UnknownFor time.Duration

	// FailedFor is how long it is remembered that the question failed, so that a
	// registry that is away is not waited for by each record. Default: 1s.
	FailedFor time.Duration
}

// Cached remembers what a registry says, and asks it once about an id that several
// records need at the same time. An error of source that is not [ErrUnknown] is
// transient. The registries of packages confluent and glue are cached already. Panics
// if source is nil or a limit is negative.
func Cached(source Registry, limits Limits) Registry { return newCache(source, limits) }

func newCache(source Registry, limits Limits) *cache {
	if source == nil {
		panic("registry: Cached needs a registry, got nil")
	}
	if limits.Size < 0 || limits.Timeout < 0 || limits.UnknownFor < 0 || limits.FailedFor < 0 {
		panic(fmt.Sprintf("registry: Limits must not be negative, got %+v", limits))
	}
	c := &cache{source: source, limits: limits, entries: map[wire.ID]*list.Element{}, now: time.Now}
	fill(&c.limits.Size, 1000)
	fill(&c.limits.Timeout, 5*time.Second)
	fill(&c.limits.UnknownFor, time.Minute)
	fill(&c.limits.FailedFor, time.Second)
	return c
}

func fill[T comparable](field *T, byDefault T) {
	var zero T
	if *field == zero {
		*field = byDefault
	}
}

type cache struct {
	source Registry
	limits Limits
	now    func() time.Time

	mu      sync.Mutex
	entries map[wire.ID]*list.Element // of *entry
	recent  list.List                 // the last used first
}

// entry is what is known of an id. Its fields but id are written before done is
// closed and read after.
type entry struct {
	id     wire.ID
	done   chan struct{}
	schema Schema
	err    error
	until  time.Time // zero: for good
}

// Schema implements [Registry].
func (c *cache) Schema(ctx context.Context, id wire.ID) (Schema, error) {
	e := c.entry(ctx, id)
	select {
	case <-e.done: // also of a context that has ended: it is there
		return e.schema, e.err
	default:
	}
	select {
	case <-e.done:
		return e.schema, e.err
	case <-ctx.Done():
		return Schema{}, kafka.Transient(fmt.Errorf("schema %s: %w", id, context.Cause(ctx)))
	}
}

// entry returns what is known of an id, or is being asked.
func (c *cache) entry(ctx context.Context, id wire.ID) *entry {
	c.mu.Lock()
	defer c.mu.Unlock()
	if at, ok := c.entries[id]; ok {
		e := at.Value.(*entry)
		if !c.isOver(e) {
			c.recent.MoveToFront(at)
			return e
		}
		c.forget(at)
	}
	e := &entry{id: id, done: make(chan struct{})}
	c.entries[id] = c.recent.PushFront(e)
	if c.recent.Len() > c.limits.Size {
		c.forget(c.recent.Back()) // who waits for it has it
	}
	go c.ask(ctx, e)
	return e
}

// isOver says that an entry is a failure that is not to be remembered any more.
func (c *cache) isOver(e *entry) bool {
	select {
	case <-e.done:
		return !e.until.IsZero() && !c.now().Before(e.until)
	default:
		return false
	}
}

func (c *cache) forget(at *list.Element) {
	delete(c.entries, at.Value.(*entry).id)
	c.recent.Remove(at)
}

// ask asks the source. It is not ended by the one who asked first, for the sake of
// those who wait with him, but when his invocation ends nobody can wait.
func (c *cache) ask(ctx context.Context, e *entry) {
	limit, cut := c.limits.Timeout, false
	if end, ok := ctx.Deadline(); ok && time.Until(end) < limit {
		limit, cut = time.Until(end), true
	}
	asking, cancel := context.WithTimeoutCause(context.WithoutCancel(ctx), limit, fmt.Errorf("no answer in %v: %w", limit, context.DeadlineExceeded))
	defer cancel()
	defer close(e.done)
	// What stays if the source ends this goroutine.
	e.err, e.until = kafka.Transient(fmt.Errorf("schema %s: the registry ended its goroutine", e.id)), c.now()
	schema, err := c.guarded(asking, e.id)
	switch {
	case err == nil:
		e.schema, e.err, e.until = schema, nil, time.Time{}
		return
	case errors.Is(err, ErrUnknown):
		e.err, e.until = fmt.Errorf("schema %s: %w", e.id, err), c.now().Add(c.limits.UnknownFor)
		return
	}
	if asking.Err() != nil {
		err = fmt.Errorf("%w (%w)", context.Cause(asking), err)
	}
	e.err, e.until = kafka.Transient(fmt.Errorf("schema %s: %w", e.id, err)), c.now()
	if !cut || asking.Err() == nil { // with more time there may be an answer
		e.until = e.until.Add(c.limits.FailedFor)
	}
}

// guarded makes an error of a panic of the source: in this goroutine it would end the
// process.
func (c *cache) guarded(ctx context.Context, id wire.ID) (schema Schema, err error) {
	defer func() {
		if v := recover(); v != nil {
			err = fmt.Errorf("the registry panicked: %v", v)
		}
	}()
	return c.source.Schema(ctx, id)
}
