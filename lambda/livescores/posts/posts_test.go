package posts

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/apigatewaymanagementapi"

	"msklambda/lambda/livescores/job"
	"msklambda/lambda/livescores/layout"
	"msklambda/lambda/livescores/match"
	"msklambda/lambda/livescores/score"
)

func clientOf(o apigatewaymanagementapi.Options) *apigatewaymanagementapi.Client {
	return apigatewaymanagementapi.New(o)
}

// check fails the test unless all have the newest, and says how often they were
// posted to.
func (w *world) check() {
	w.t.Helper()
	if missing := w.missing(); len(missing) > 0 {
		w.t.Errorf("%d have not the newest, such as %q", len(missing), missing[:min(3, len(missing))])
	}
	if len(w.wrong) > 0 {
		w.t.Errorf("requests = %q, want signed posts alone", w.wrong[:1])
	}
	if len(w.errs) > 0 {
		w.t.Errorf("errors = %v, want none", w.errs)
	}
}

func TestAnEventReachesAllOnce(t *testing.T) {
	within(t, func(t *testing.T) {
		w := newWorld(t, 500)
		for range 3 {
			w.happen()
			w.settle()
		}
		w.check()
		for c, got := range w.got {
			if len(got) != 3 || got[0] != (message{got[0].at, 1, 1}) || got[2].last != 3 || got[2].n != 1 {
				t.Fatalf("%s got %+v, want each event once", c, got)
			}
		}
	})
}

// More than a shard's worth is shared among more shards, before anybody was posted
// to: nobody gets it twice for that.
func TestAManyFollowedMatchIsSplit(t *testing.T) {
	if testing.Short() {
		t.Skip("takes seconds: go test without -short runs it")
	}
	for followers, want := range map[int]int{1000: 1, 2 * perShard: 1, 2*perShard + 1: 4, 10_000: 16} {
		within(t, func(t *testing.T) {
			w := newWorld(t, followers)
			w.happen()
			w.settle()
			w.check()
			if w.state.Shards != want {
				t.Errorf("shards for %d = %d, want %d", followers, w.state.Shards, want)
			}
			if w.posts != followers {
				t.Errorf("posts for %d = %d, want one each", followers, w.posts)
			}
			w.happen()
			w.settle()
			w.check()
			if w.posts != 2*followers {
				t.Errorf("posts after two events = %d, want two each", w.posts)
			}
		})
	}
}

// A match is split when it has grown, too, and those of before are told once.
func TestAMatchThatGrowsIsSplit(t *testing.T) {
	within(t, func(t *testing.T) {
		w := newWorld(t, 1000)
		w.happen()
		w.settle()
		for i := range 2000 {
			w.follow(name(1000 + i))
		}
		w.happen()
		w.settle()
		w.check()
		if w.state.Shards != 4 || w.posts != 1000+3000 {
			t.Errorf("%d shards, %d posts, want 4 and 4000", w.state.Shards, w.posts)
		}
	})
}

// However many follow it, a match has no more shards than it may, and so no more
// invocations: the others are for other matches.
func TestAMatchTakesNoMoreThanItsShareOfThePosters(t *testing.T) {
	within(t, func(t *testing.T) {
		w := newWorld(t, 9000) // 16 shards, if it may
		w.shards, w.latency = layout.MostShards(8), 50*time.Millisecond
		for range 2 {
			w.happen()
			w.settle()
			w.check()
		}
		if w.state.Shards != 4 || w.most > 4 || w.posts != 2*9000 {
			t.Errorf("%d shards, %d invocations at once, %d posts, want 4, 4 at most, and one for each", w.state.Shards, w.most, w.posts)
		}
	})
}

// The shards of a match together take its quota, and not each of them.
func TestTheShardsShareTheQuota(t *testing.T) {
	within(t, func(t *testing.T) {
		w := newWorld(t, 3000) // 4 shards
		w.share = Quota{1000, 200}
		start := time.Now()
		w.happen()
		w.settle()
		w.check()
		if took := time.Since(start); took < 2500*time.Millisecond || took > 4*time.Second || w.state.Shards != 4 {
			t.Errorf("3,000 posts of 1,000 a second took %v in %d shards, want some 2.8s in 4", took, w.state.Shards)
		}
	})
}

// The function that did an event alone, from the head of the list on each try, did
// this: the head got three copies, and the tail nothing, ever. Here the time of an
// invocation is enough for a fraction of the followers.
func TestNobodyStarvesWhenThereIsMoreThanCanBePosted(t *testing.T) {
	within(t, func(t *testing.T) {
		w := newWorld(t, 2000)
		w.share = Quota{100, 1} // 6 s of posts are 600
		for range 10 {
			w.happen()
			time.Sleep(3 * time.Second)
		}
		// In the middle of it: posts are spread evenly.
		least, most := 1000, 0
		w.mu.Lock()
		for i := range 2000 {
			least, most = min(least, len(w.got[name(i)])), max(most, len(w.got[name(i)]))
		}
		w.mu.Unlock()
		if least < 1 || most > least+1 {
			t.Errorf("after 30 s of 100 posts a second for 2,000 followers they had %d to %d messages, want about as many each", least, most)
		}
		w.settle()
		w.check()
		for c, got := range w.got {
			if n := got[len(got)-1].n; n < 1 || got[len(got)-1].last != 10 {
				t.Fatalf("%s got %+v, want the newest last", c, got)
			}
		}
	})
}

// What comes while a shard is posted to goes with it, and its own job finds that.
func TestWhatCameMeanwhileGoesAlong(t *testing.T) {
	within(t, func(t *testing.T) {
		w := newWorld(t, 1000)
		w.share = Quota{500, 1}
		for range 20 {
			w.happen()
			time.Sleep(100 * time.Millisecond)
		}
		w.settle()
		w.check()
		if w.posts > 4*1000 {
			t.Errorf("posts for 20 events in 2 s = %d, want a few each", w.posts)
		}
	})
}

func TestWhoHasItIsNotPostedTo(t *testing.T) {
	within(t, func(t *testing.T) {
		w := newWorld(t, 10)
		for slot := range w.followers {
			for i := range w.followers[slot] {
				w.followers[slot][i].Sequence = 2
			}
		}
		w.happen()
		w.happen()
		w.settle()
		if w.posts != 0 {
			t.Errorf("posts of what they had = %d, want none", w.posts)
		}
		w.happen()
		w.settle()
		w.check()
	})
}

// Whoever begins to follow while it is being posted is there for what comes next.
func TestWhoComesMeanwhileGetsTheNext(t *testing.T) {
	within(t, func(t *testing.T) {
		w := newWorld(t, 400)
		w.share = Quota{100, 1}
		w.happen()
		time.Sleep(2 * time.Second) // it is half done
		w.mu.Lock()
		w.follow("c0000000!") // before where it is
		w.follow("d=")        // and wherever that is
		w.mu.Unlock()
		w.happen()
		w.settle()
		w.check()
	})
}

// A reset is told, and what was before it is not told after it.
func TestAResetIsToldAndEndsWhatWasBefore(t *testing.T) {
	within(t, func(t *testing.T) {
		w := newWorld(t, 10)
		w.happen()
		w.settle()
		old := job.Job{Match: "m", From: 0, To: 1, Of: 1}
		if ok, err := w.state.Reset(match.Place{Topic: "t", Offset: 2, At: time.Now().UnixMilli()}); !ok || err != nil {
			t.Fatalf("Reset = %v, %v", ok, err)
		}
		if err := w.Send(t.Context(), job.Job{Match: "m", Epoch: w.state.Epoch, Of: 1}); err != nil {
			t.Fatal(err)
		}
		w.settle()
		for c, got := range w.got {
			if len(got) != 2 || got[1].n != 0 {
				t.Fatalf("%s got %+v, want the event and the reset", c, got)
			}
		}
		posts := w.posts
		if err := w.Send(t.Context(), old); err != nil {
			t.Fatal(err)
		}
		w.settle()
		if w.posts != posts {
			t.Errorf("posts of a job of before = %d, want none", w.posts-posts)
		}
	})
}

// A job of before a reset that is late says nothing of what was sent since then.
func TestALateJobOfBeforeAResetHidesNothing(t *testing.T) {
	within(t, func(t *testing.T) {
		w := newWorld(t, 10)
		if ok, err := w.state.Reset(match.Place{Topic: "t", Offset: 1, At: time.Now().UnixMilli()}); !ok || err != nil {
			t.Fatalf("Reset = %v, %v", ok, err)
		}
		if err := w.Send(t.Context(), job.Job{Match: "m", From: 5, To: 6, Of: 1}); err != nil {
			t.Fatal(err)
		}
		for range 2 {
			w.happen()
		}
		w.settle()
		w.check()
		for c, got := range w.got {
			n := 0
			for _, m := range got {
				n += m.n
			}
			if n != 2 {
				t.Fatalf("%s got %+v, want both events", c, got)
			}
		}
	})
}

// A process that ends without a word has its job done again.
func TestAJobThatIsDoneAgainPostsNothingNew(t *testing.T) {
	within(t, func(t *testing.T) {
		w := newWorld(t, 100)
		w.happen()
		w.settle()
		if err := w.Send(t.Context(), job.Job{Match: "m", From: 0, To: 1, Of: 1}); err != nil {
			t.Fatal(err)
		}
		w.settle()
		if w.posts != 100 {
			t.Errorf("posts = %d, want 100", w.posts)
		}
	})
}

// Two functions that were given the same job hand on what is left of it once: the
// one whose progress is not kept leaves it to the other.
func TestAJobThatIsDoneTwiceIsHandedOnOnce(t *testing.T) {
	within(t, func(t *testing.T) {
		w := newWorld(t, 1000)
		w.share = Quota{100, 1} // 10 seconds, of which each has 6
		if _, err := w.state.Accept(score.Event{Match: "m", Sequence: 1, Home: "A", Away: "B", Clock: "1", Kind: "goal"}, match.Place{Topic: "t", At: 1}); err != nil {
			t.Fatal(err)
		}
		for range 2 {
			w.runs.Go(func() {
				if err := w.do(job.Job{Match: "m", To: 1, Of: 1}); err != nil {
					t.Error(err)
				}
			})
		}
		w.settle()
		w.check()
		if w.sends != 1 {
			t.Errorf("handed on %d times, want once", w.sends)
		}
	})
}

func TestTheMetricsSayWhatWasDone(t *testing.T) {
	within(t, func(t *testing.T) {
		w := newWorld(t, 10)
		w.answer = func(c string, attempt int) int {
			switch {
			case c == name(1):
				return http.StatusGone
			case c == name(2) && attempt == 1:
				return http.StatusTooManyRequests
			}
			return http.StatusOK
		}
		w.happen()
		w.settle()
		for _, want := range []string{`"Sent":9`, `"Gone":1`, `"Throttled":1`, `"Retried":1`, `"Failed":0`, `"Age":`, `"match":"m"`} {
			if !strings.Contains(w.log.String(), want) {
				t.Errorf("metrics = %s, want %s", w.log.String(), want)
			}
		}
	})
}
