package posts

import (
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/apigatewaymanagementapi"

	"msklambda/lambda/livescores/job"
	"msklambda/lambda/livescores/match"
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

func TestWhoIsGoneIsRemoved(t *testing.T) {
	within(t, func(t *testing.T) {
		w := newWorld(t, 1000)
		w.answer = func(c string, _ int) int {
			if strings.HasSuffix(c, "7=") {
				return http.StatusGone
			}
			return http.StatusOK
		}
		w.happen()
		w.settle()
		w.check()
		if w.removed != 100 || w.posts != 1000 {
			t.Errorf("removed %d after %d posts, want 100 after 1000", w.removed, w.posts)
		}
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

// outage tests that all have the newest within 10 seconds of the end of an outage,
// by which nothing was lost.
func outage(t *testing.T, status int, lasts time.Duration) {
	t.Helper()
	within(t, func(t *testing.T) {
		w := newWorld(t, 1000)
		end := time.Now().Add(lasts)
		w.answer = func(string, int) int {
			if time.Now().Before(end) {
				return status
			}
			return http.StatusOK
		}
		w.happen()
		time.Sleep(lasts / 2)
		w.happen()
		w.settle()
		w.check()
		if took := time.Since(end); took > 10*time.Second {
			t.Errorf("all had the newest %v after the end of the outage, want 10s", took)
		}
		if strings.Count(w.log.String(), `"Failed":`) != strings.Count(w.log.String(), `"Failed":0`) {
			t.Error("connections were given up for an outage that was not theirs")
		}
	})
}

func TestAnOutageOfPostsDelaysAllAndLosesNobody(t *testing.T) {
	if testing.Short() {
		t.Skip("takes seconds: go test without -short runs it")
	}
	for _, status := range []int{http.StatusServiceUnavailable, http.StatusInternalServerError, http.StatusTooManyRequests, 0} {
		outage(t, status, 20*time.Second)
	}
}

// One in a hundred does not answer: nobody waits for those, and each has the newest
// within 10 seconds of when it answers again.
func TestConnectionsThatHangDelayNobody(t *testing.T) {
	within(t, func(t *testing.T) {
		w := newWorld(t, 2000)
		hangs := func(c string) bool { return strings.HasSuffix(c, "00=") }
		recovery := time.Now().Add(20 * time.Second)
		w.answer = func(c string, _ int) int {
			if hangs(c) && time.Now().Before(recovery) {
				return 0
			}
			return http.StatusOK
		}
		for range 3 {
			start := time.Now()
			w.happen()
			time.Sleep(3 * time.Second)
			w.mu.Lock()
			for c, got := range w.got {
				if last := got[len(got)-1]; !hangs(c) && (last.last != w.state.Sequence || began.Add(last.at).Sub(start) > 1500*time.Millisecond) {
					t.Fatalf("%s got %+v, want the newest within 1.5 s of %v", c, got, start.Sub(began))
				}
			}
			if len(w.got) < 1980 {
				t.Errorf("%d got something, want 1980", len(w.got))
			}
			w.mu.Unlock()
		}
		w.settle()
		w.check()
		for i := range 20 {
			got := w.got[name(i*100)]
			if at := began.Add(got[len(got)-1].at); at.Sub(recovery) > 10*time.Second {
				t.Errorf("one that hung got the newest %v after it answered again, want 10s", at.Sub(recovery))
			}
		}
	})
}

// Who never answers while others do is given up for this event, and not removed.
func TestWhoNeverAnswersIsGivenUp(t *testing.T) {
	within(t, func(t *testing.T) {
		w := newWorld(t, 100)
		w.answer = func(c string, _ int) int {
			if c == name(7) {
				return http.StatusInternalServerError
			}
			return http.StatusOK
		}
		start := time.Now()
		w.happen()
		w.settle()
		if got := w.missing(); !slices.Equal(got, []string{name(7)}) {
			t.Errorf("missing = %q, want the one", got)
		}
		if took := time.Since(start); took < usual.alone || took > usual.alone+10*time.Second {
			t.Errorf("given up after %v, want some time after %v", took, usual.alone)
		}
		if n := strings.Count(w.log.String(), `"Age":`); n != 1 {
			t.Errorf("ages = %d, want one, of when the others had it", n)
		}
		if w.removed != 0 || !strings.Contains(w.log.String(), `"Failed":1`) {
			t.Errorf("removed %d, want that it still follows and a metric", w.removed)
		}
	})
}

// The waits grow: what fails for long is asked for less and less often.
func TestTheWaitsGrow(t *testing.T) {
	within(t, func(t *testing.T) {
		w := newWorld(t, 1)
		w.latency = 0
		var at []time.Time
		w.answer = func(string, int) int {
			at = append(at, time.Now())
			if len(at) < 200 {
				return http.StatusServiceUnavailable
			}
			return http.StatusOK
		}
		w.happen()
		w.settle()
		w.check()
		early, late := at[1].Sub(at[0]), at[199].Sub(at[99])/100
		if early > usual.first+time.Millisecond || late < 5*usual.first || late > usual.longest {
			t.Errorf("wait %v at first and %v later, want it to grow to some %v", early, late, usual.longest/2)
		}
	})
}

func TestNotToBeAllowedToPostFailsTheJob(t *testing.T) {
	within(t, func(t *testing.T) {
		w := newWorld(t, 1000)
		w.answer = func(string, int) int { return http.StatusForbidden }
		w.happen()
		w.settle()
		if len(w.errs) < 2 || !strings.Contains(w.errs[0].Error(), "not allowed") {
			t.Errorf("errors = %v, want that it is not allowed, until the queue gives it up", w.errs)
		}
		if w.posts > 20*2*atOnce {
			t.Errorf("posts = %d, want an end after the first answers", w.posts)
		}
	})
}

func TestAPostThatCannotBeTakenIsNotTriedAgain(t *testing.T) {
	within(t, func(t *testing.T) {
		w := newWorld(t, 10)
		w.answer = func(c string, _ int) int {
			if c == name(3) {
				return http.StatusRequestEntityTooLarge
			}
			return http.StatusOK
		}
		w.happen()
		w.settle()
		if w.posts != 10 || !strings.Contains(w.log.String(), `"Failed":1`) {
			t.Errorf("posts = %d, want 10, and one failed", w.posts)
		}
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

// A post that is under way with what was the newest when it began is not the last
// to a connection, if something newer came meanwhile and the others had that.
func TestASlowPostOfTheOldIsFollowedByTheNew(t *testing.T) {
	within(t, func(t *testing.T) {
		w := newWorld(t, 50)
		w.answer = func(c string, attempt int) int {
			switch {
			case c == name(7) && attempt == 1:
				return http.StatusServiceUnavailable
			case c == name(7) && attempt == 2:
				time.Sleep(2 * time.Second)
			}
			return http.StatusOK
		}
		w.happen()
		time.Sleep(500 * time.Millisecond) // the second attempt is under way
		w.happen()
		w.settle()
		w.check()
		if got := w.got[name(7)]; len(got) != 2 || got[0].last != 1 {
			t.Errorf("the slow one got %+v, want the old and then the new", got)
		}
	})
}

// Others take of the account's quota what this function takes for its share: it
// goes down to what is left, and does not take that from the others by asking for
// more.
func TestTheRateFallsToWhatTheAccountGives(t *testing.T) {
	within(t, func(t *testing.T) {
		w := newWorld(t, 2000)
		w.quota = &account{rate: 200, burst: 100} // of 10,000 that it may post
		start := time.Now()
		w.happen()
		w.settle()
		w.check()
		refused := float64(w.quota.refused) / float64(w.posts)
		t.Logf("%d posts, %.0f %% refused, all had it after %v", w.posts, 100*refused, time.Since(start))
		if refused > 0.3 {
			t.Errorf("refused = %.0f %%, want less than 30", 100*refused)
		}
		if took := time.Since(start); took > 20*time.Second { // 9.5 s are what the account takes
			t.Errorf("took %v, want not much more than the account's rate makes of it", took)
		}
	})
}
