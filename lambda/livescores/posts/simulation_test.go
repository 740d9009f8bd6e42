package posts

import (
	"flag"
	"slices"
	"testing"
	"time"
)

var simulate = flag.Bool("simulate", false, "simulate 100,000 and 1,000,000 viewers too, which takes minutes")

// TestViewers simulates a match with many viewers: the code of the function, with
// the SDK's requests, in virtual time against an account with a quota. A post takes
// 10 ms and 195 µs of a processor, which is what was measured of one that is signed
// and sent over TLS; an environment has one processor, and a request to the table
// takes 5 ms.
//
//	go test ./lambda/livescores/posts -run Viewers -v -simulate -timeout 30m
func TestViewers(t *testing.T) {
	if testing.Short() {
		t.Skip("takes seconds: go test without -short runs it")
	}
	type setting struct {
		viewers int
		quota   Quota
		within  time.Duration // that all have it; 0 is not tested
	}
	worlds := []setting{{1000, Quota{10000, 5000}, time.Second}, {10000, Quota{10000, 5000}, time.Second}}
	if *simulate {
		for _, quota := range []Quota{{10000, 5000}, {100000, 50000}} {
			for _, viewers := range []int{100_000, 1_000_000} {
				ideal := (float64(viewers) - quota.Burst) / quota.PerSecond
				worlds = append(worlds, setting{viewers, quota, time.Duration(1.25 * max(ideal, 0.8) * float64(time.Second))})
			}
		}
	}
	for _, tt := range worlds {
		within(t, func(t *testing.T) {
			w := newWorld(t, tt.viewers)
			w.cpu = 195 * time.Microsecond
			w.quota = &account{rate: tt.quota.PerSecond, burst: tt.quota.Burst}
			w.share = tt.quota
			for n := range 2 {
				refused, posts := w.quota.refused, w.posts
				start := time.Now()
				w.happen()
				w.settle()
				w.check()
				var took []time.Duration
				copies := 0
				for _, got := range w.got {
					i := slices.IndexFunc(got, func(m message) bool { return m.last == int64(n+1) })
					took = append(took, began.Add(got[i].at).Sub(start))
					for _, m := range got {
						if m.last == int64(n+1) {
							copies++
						}
					}
				}
				slices.Sort(took)
				last := took[len(took)-1]
				t.Logf("%8d viewers, quota %6.0f/s, event %d: half %6.2fs, 99 %% %6.2fs, all %6.2fs; posts %d, of which refused %d; copies %d; shards %d, functions at once %d",
					tt.viewers, tt.quota.PerSecond, n+1, took[len(took)/2].Seconds(), took[len(took)*99/100].Seconds(), last.Seconds(),
					w.posts-posts, w.quota.refused-refused, copies, w.state.Shards, w.most)
				if last > tt.within {
					t.Errorf("all of %d had event %d after %v, want %v", tt.viewers, n+1, last, tt.within)
				}
				time.Sleep(time.Minute) // the account's bucket is full again
			}
		})
	}
}

// The account's quota is nobody's own: a match with few viewers gets some of it
// while one with many wants all, because that posts less when it is refused.
func TestASmallMatchIsToldBesideABigOne(t *testing.T) {
	if testing.Short() {
		t.Skip("takes seconds: go test without -short runs it")
	}
	within(t, func(t *testing.T) {
		big, small := newWorld(t, 20_000), newWorld(t, 200)
		shared := &account{rate: 1000, burst: 500}
		for _, w := range []*world{big, small} {
			w.cpu, w.quota, w.share = 195*time.Microsecond, shared, Quota{1000, 500}
		}
		big.happen()
		for range 5 {
			time.Sleep(2 * time.Second)
			start := time.Now()
			small.happen()
			small.settle()
			small.check()
			took := time.Since(start)
			t.Logf("200 viewers had it after %.2fs, while others of 20,000 waited", took.Seconds())
			if took > 3*time.Second {
				t.Errorf("200 viewers had it after %v, want 3s", took)
			}
		}
		if len(big.missing()) == 0 {
			t.Error("the big match was done before the small one, want it to go on")
		}
		big.settle()
		big.check()
	})
}
