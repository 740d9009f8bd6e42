package main

import (
	"context"
	"encoding/json"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/coder/websocket"

	"msklambda/lambda/livescores/score"
	"msklambda/test/local/internal/live"
)

// viewer is a browser without a page: it drops what it has, and takes what it
// missed from the snapshot.
type viewer struct {
	mu     sync.Mutex
	has    map[int64]bool
	twice  int
	newest int64
	ended  error // why its connection did
}

// take takes events in, and returns those that it had not.
func (v *viewer) take(events []score.Event) (fresh []score.Event) {
	v.mu.Lock()
	defer v.mu.Unlock()
	for _, e := range events {
		if v.has[e.Sequence] {
			v.twice++
			continue
		}
		v.has[e.Sequence] = true
		v.newest = max(v.newest, e.Sequence)
		fresh = append(fresh, e)
	}
	return fresh
}

// wait waits until the viewer has an event.
func (v *viewer) wait(ctx context.Context, sequence int64) {
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for {
		v.mu.Lock()
		there := v.newest >= sequence
		v.mu.Unlock()
		if there {
			return
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return
		}
	}
}

// startViewers makes so many follow the match "a" until they have so many events of
// it. seen is called with each that one of them gets for the first time, by several
// goroutines.
func startViewers(t *testing.T, ctx context.Context, l *live.Live, viewers, events int, seen func(sequence int64)) ([]*viewer, *sync.WaitGroup) {
	t.Helper()
	all := make([]*viewer, viewers)
	var done sync.WaitGroup
	for i := range all {
		v := &viewer{has: map[int64]bool{}}
		all[i] = v
		c, _, err := websocket.Dial(ctx, strings.Replace(l.Gateway.Endpoint(), "http", "ws", 1), nil)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = c.CloseNow() })
		if err := c.Write(ctx, websocket.MessageText, []byte(`{"action":"subscribe","matches":[{"match":"a"}]}`)); err != nil {
			t.Fatal(err)
		}
		if _, _, err := c.Read(ctx); err != nil {
			t.Fatal(err)
		}
		done.Go(func() {
			for len(v.has) < events { // only this goroutine writes it
				_, text, err := c.Read(ctx)
				if err != nil {
					v.ended = err
					return
				}
				var m struct{ Events []score.Event }
				if err := json.Unmarshal(text, &m); err != nil {
					t.Error(err)
				}
				for _, e := range v.take(m.Events) {
					seen(e.Sequence)
				}
			}
		})
	}
	return all, &done
}
