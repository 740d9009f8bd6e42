package posts

import (
	"context"
	"sync"
	"time"

	"msklambda/lambda/livescores/match"
)

// watch looks again and again at a match, beside the posts: they do not wait for a
// table that takes its time. The function that it returns ends it.
func (w *Worker) watch(ctx context.Context, id string) (<-chan match.State, func()) {
	ctx, cancel := context.WithCancel(ctx)
	seen := make(chan match.State)
	var running sync.WaitGroup
	running.Go(func() {
		tick := time.NewTicker(w.times.look)
		defer tick.Stop()
		for {
			select {
			case <-tick.C:
			case <-ctx.Done():
				return
			}
			s, err := w.store.Match(ctx, id, false)
			if err != nil {
				continue // what is newer comes with a job of its own
			}
			select {
			case seen <- s:
			case <-ctx.Done():
				return
			}
		}
	})
	return seen, func() {
		cancel()
		running.Wait()
	}
}

// saw makes what was seen what is sent, if it is newer: the job that brings it then
// finds it sent.
func (r *run) saw(ctx context.Context, s *match.State, seen match.State) {
	if seen.Epoch == s.Epoch && seen.Sequence > s.Sequence {
		*s = seen
		r.aim(ctx, s)
	}
}
