package posts

import (
	"fmt"
	"net/http"
	"slices"
	"testing"
	"time"
)

// told tells how many have the newest, and how long after start the last of them
// had it.
func (w *world) told(start time.Time) (n int, last time.Duration) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, got := range w.got {
		i := slices.IndexFunc(got, func(m message) bool { return m.last == w.state.Sequence })
		if i >= 0 {
			n++
			last = max(last, began.Add(got[i].at).Sub(start))
		}
	}
	return n, last
}

// fail lets those fail until recover.
func (w *world) fail(status int, those []string) (until *time.Time) {
	failing := map[string]bool{}
	for _, c := range those {
		failing[c] = true
	}
	end := began.Add(time.Hour)
	w.answer = func(c string, _ int) int {
		w.mu.Lock()
		defer w.mu.Unlock()
		if failing[c] && time.Now().Before(end) {
			return status
		}
		return http.StatusOK
	}
	return &end
}

func (w *world) recover(until *time.Time) (now time.Time) {
	w.mu.Lock()
	defer w.mu.Unlock()
	*until = time.Now()
	return *until
}

// Some of 1,000 fail for ever, fewer or many more than are tried again at the usual
// pace. The others have this event and the next ones as soon as if nobody failed.
// Once they do not fail any more, those have the newest too.
func TestThoseWhoFailForEverDelayNobodyElse(t *testing.T) {
	if testing.Short() {
		t.Skip("takes seconds: go test without -short runs it")
	}
	plenty := Quota{10000, 5000}
	for _, tt := range []struct {
		failing, status int
		share           Quota
		within          time.Duration
	}{
		{300, http.StatusServiceUnavailable, plenty, time.Second},
		{400, http.StatusServiceUnavailable, plenty, time.Second},
		{900, http.StatusServiceUnavailable, plenty, time.Second},
		// One of 64 shards: what is tried again would take all of its share.
		{200, http.StatusServiceUnavailable, Quota{156, 78}, 15 * time.Second},
		// Each holds one of the posts under way for 3 seconds.
		{400, 0, plenty, 45 * time.Second},
	} {
		t.Run(fmt.Sprintf("%d of %d at %.0f a second", tt.failing, tt.status, tt.share.PerSecond), func(t *testing.T) {
			within(t, func(t *testing.T) {
				w := newWorld(t, 1000)
				w.share = tt.share
				var failing []string
				for i := range tt.failing {
					failing = append(failing, name(i))
				}
				until := w.fail(tt.status, failing)
				for event := range 2 {
					start := time.Now()
					w.happen()
					time.Sleep(tt.within)
					n, last := w.told(start)
					t.Logf("event %d: %d of %d healthy had it, the last after %v", event+1, n, 1000-tt.failing, last)
					if n < 1000-tt.failing || last > tt.within {
						t.Errorf("event %d: %d of %d healthy had it, the last after %v, want all after %v", event+1, n, 1000-tt.failing, last, tt.within)
					}
				}
				recovery := w.recover(until)
				w.happen()
				w.settle()
				w.check()
				if took := time.Since(recovery); took > 20*time.Second {
					t.Errorf("all had the newest %v after nobody failed any more, want 20s", took)
				}
			})
		})
	}
}

// Those who fail may also be the first on the way, as in an outage: that is not
// taken for one for ever, because others are begun now and then.
func TestTheFirstOnTheWayFailForEver(t *testing.T) {
	if testing.Short() {
		t.Skip("takes seconds: go test without -short runs it")
	}
	within(t, func(t *testing.T) {
		w := newWorld(t, 1000)
		var way []string
		for slot := range w.followers {
			for _, f := range w.followers[slot] {
				way = append(way, f.Connection)
			}
		}
		until := w.fail(http.StatusServiceUnavailable, way[:420])
		for event := range 2 {
			start := time.Now()
			w.happen()
			time.Sleep(20 * time.Second)
			n, last := w.told(start)
			t.Logf("event %d: %d of 580 had it, the last after %v", event+1, n, last)
			if n != 580 {
				t.Errorf("event %d: %d of 580 had it after 20 s, want all", event+1, n)
			}
		}
		w.recover(until)
		w.settle()
		w.check()
	})
}

// A shard that may not be split has more who fail than are taken along: those who
// fail for longest are given up, and the way goes on.
func TestMoreFailThanAreTakenAlong(t *testing.T) {
	if testing.Short() {
		t.Skip("takes seconds: go test without -short runs it")
	}
	within(t, func(t *testing.T) {
		const failing, healthy = 2500, 500
		w := newWorld(t, failing+healthy)
		w.shards, w.share = 1, Quota{200, 3000}
		var those []string
		for i := range failing {
			those = append(those, name(i*(failing+healthy)/failing))
		}
		until := w.fail(http.StatusServiceUnavailable, those)
		w.happen()
		for range 60 {
			time.Sleep(time.Second)
			w.mu.Lock()
			if size := len(w.progress[fmt.Sprint(0, 1)].State); size > 200_000 {
				t.Errorf("what is taken along has %d bytes, of 400 KB that the table takes", size)
			}
			w.mu.Unlock()
		}
		n, last := w.told(began)
		t.Logf("%d of %d had it, the last after %v", n, healthy, last)
		if n != healthy || len(w.errs) > 0 {
			t.Errorf("%d of %d had it after a minute, errors %v, want all and none", n, healthy, w.errs)
		}
		w.recover(until)
		w.settle()
	})
}
