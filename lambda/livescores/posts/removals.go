package posts

import (
	"context"
	"log/slog"
	"sync"
	"time"
)

// removers is how many followers are removed at once. That is more than the table
// takes of one match for long, and leaves the processor to the posts.
const removers = 16

// removals removes followers that are gone, beside the posts and never instead of
// them: a stadium of closed tabs, or a table that has no room, delays nobody who
// is there. Who is not removed is found gone again by the next event.
type removals struct {
	ctx    context.Context
	cancel context.CancelFunc
	remove func(ctx context.Context, connection string) error

	mu      sync.Mutex
	waiting []string
	busy    int
	running sync.WaitGroup
	failed  int
	err     error // the first
}

func newRemovals(ctx context.Context, remove func(ctx context.Context, connection string) error) *removals {
	ctx, cancel := context.WithCancel(ctx)
	return &removals{ctx: ctx, cancel: cancel, remove: remove}
}

// add removes one as soon as there is room for it. It does not wait.
func (r *removals) add(connection string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.waiting = append(r.waiting, connection)
	if r.busy < removers {
		r.busy++
		r.running.Go(r.run)
	}
}

func (r *removals) run() {
	for {
		r.mu.Lock()
		if len(r.waiting) == 0 || r.ctx.Err() != nil {
			r.busy--
			r.mu.Unlock()
			return
		}
		connection := r.waiting[0]
		r.waiting = r.waiting[1:]
		r.mu.Unlock()
		if err := r.remove(r.ctx, connection); err != nil {
			r.mu.Lock()
			r.failed++
			if r.err == nil {
				r.err = err
			}
			r.mu.Unlock()
		}
	}
}

// end gives those who wait some more time, and then up. Afterwards nothing of it
// is under way.
func (r *removals) end(more time.Duration) {
	timer := time.AfterFunc(more, r.cancel)
	r.running.Wait()
	timer.Stop()
	r.cancel()
	if left := r.failed + len(r.waiting); left > 0 {
		slog.WarnContext(r.ctx, "livescores: connections that are gone are not removed: the next event finds them again", "connections", left, "error", r.err)
	}
}
