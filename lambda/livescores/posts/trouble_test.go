package posts

import (
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"
)

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

// closedTabs are half of those who follow.
func closedTabs(c string, _ int) int {
	if (c[len(c)-2]-'0')%2 == 0 {
		return http.StatusGone
	}
	return http.StatusOK
}

// A stadium of closed tabs stops no post: they are removed beside the posts, several
// at once and no more than some.
func TestThoseWhoAreGoneAreRemovedBesideThePosts(t *testing.T) {
	within(t, func(t *testing.T) {
		w := newWorld(t, 1000)
		w.answer, w.removes = closedTabs, 10*time.Millisecond
		w.happen()
		w.settle()
		w.check()
		for c, got := range w.got {
			if got[0].at > time.Second {
				t.Fatalf("%s had it after %v, want less than a second: it did not wait for 500 removals of 10 ms", c, got[0].at)
			}
		}
		if w.removed != 500 || w.mostRemoving < 2 || w.mostRemoving > removers {
			t.Errorf("removed %d, %d at once, want 500 and at most %d", w.removed, w.mostRemoving, removers)
		}
	})
}

// A table that takes no removals holds up neither this event nor the next: who could
// not be removed is found gone again.
func TestATableThatRemovesNobodyHoldsUpNothing(t *testing.T) {
	within(t, func(t *testing.T) {
		w := newWorld(t, 1000)
		w.answer, w.removes = closedTabs, time.Hour
		for n := range 2 {
			start := time.Now()
			w.happen()
			w.settle()
			if took := time.Since(start); took > 2*time.Second {
				t.Errorf("event %d took %v, want that it does not wait for the table", n+1, took)
			}
			for c, got := range w.got {
				if at := began.Add(got[n].at).Sub(start); at > time.Second {
					t.Fatalf("%s had event %d after %v, want less than a second", c, n+1, at)
				}
			}
		}
		if len(w.errs) > 0 || w.removed != 0 || w.removing != 0 || w.posts != 2000 {
			t.Errorf("errors %v, %d removed, %d being removed, %d posts, want none, none, none that goes on, and 2000", w.errs, w.removed, w.removing, w.posts)
		}
		w.removes = 0
		w.happen()
		w.settle()
		w.check()
		if w.removed != 500 {
			t.Errorf("removed %d once the table does it, want 500", w.removed)
		}
	})
}

// Nor does it take the time that is left at the end to note how far the posts came.
func TestATableThatRemovesNobodyTakesNoTimeFromTheRest(t *testing.T) {
	within(t, func(t *testing.T) {
		w := newWorld(t, 1000)
		w.answer, w.removes, w.share = closedTabs, time.Hour, Quota{100, 1} // two runs of 6 s
		w.happen()
		w.settle()
		if len(w.errs) > 0 || len(w.got) != 500 {
			t.Errorf("errors %v, %d have it, want none and 500", w.errs, len(w.got))
		}
		if took := time.Since(began); took > 15*time.Second || w.posts != 1000 {
			t.Errorf("took %v and %d posts, want little more than 10 s and 1000", took, w.posts)
		}
	})
}

// outage tests that all have the newest within 10 seconds of the end of an outage,
// by which nothing was lost.
func outage(t *testing.T, followers, status int, lasts time.Duration) {
	t.Helper()
	within(t, func(t *testing.T) {
		w := newWorld(t, followers)
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
	// Longer than one connection alone may fail.
	outage(t, 2*inARow, http.StatusServiceUnavailable, usual.again+10*time.Second)
	for _, status := range []int{http.StatusServiceUnavailable, http.StatusInternalServerError, http.StatusTooManyRequests, 0} {
		outage(t, 1000, status, 20*time.Second)
	}
}

// While nothing is taken, what is to be tried again grows slowly, also from one run
// to the next, and is not tried more often for that.
func TestAnOutageIsNotTriedOnEverybody(t *testing.T) {
	within(t, func(t *testing.T) {
		w := newWorld(t, 2000)
		end := time.Now().Add(15 * time.Second)
		w.answer = func(string, int) int {
			if time.Now().Before(end) {
				return http.StatusServiceUnavailable
			}
			return http.StatusOK
		}
		w.happen()
		time.Sleep(14 * time.Second)
		w.mu.Lock()
		// Those by whom it is seen, those who were under way by then, and now and
		// then another: who gets something may be among the others.
		most := inARow + atOnce + int(14*time.Second/usual.probe)
		if tried := len(w.attempts); tried < inARow+10 || tried > most {
			t.Errorf("tried %d of 2,000 while nothing was taken, want %d to %d", tried, inARow+10, most)
		}
		// What is tried again stays within the pace of inARow: each of those
		// waits for half a second or so.
		if w.posts > 14*3*inARow {
			t.Errorf("%d posts in 14 s while nothing was taken, want %d at most", w.posts, 14*3*inARow)
		}
		w.mu.Unlock()
		w.settle()
		w.check()
	})
}

// A table that takes nothing, from before an event or in the middle of one, delays
// it and loses nobody.
func TestAThrottledTableDelaysAllAndLosesNobody(t *testing.T) {
	for name, before := range map[string]time.Duration{"before": 0, "in the middle": 1200 * time.Millisecond} {
		t.Run(name, func(t *testing.T) {
			within(t, func(t *testing.T) {
				w := newWorld(t, 1000)
				w.share = Quota{500, 1} // two seconds
				end := time.Now().Add(35 * time.Second)
				if before == 0 {
					w.away = end
				}
				w.happen()
				time.Sleep(before)
				w.mu.Lock()
				w.away = end
				w.mu.Unlock()
				time.Sleep(10 * time.Second)
				w.happen()
				w.settle()
				if missing := w.missing(); len(missing) > 0 {
					t.Errorf("%d have not the newest", len(missing))
				}
				if took := time.Since(end); took > 10*time.Second {
					t.Errorf("all had the newest %v after the end of the outage, want 10s", took)
				}
			})
		})
	}
}

// Who was read is told, also when the table takes nothing any more: to look for
// what is newer can wait.
func TestATableThatIsAwayStopsNoPostOfWhoIsKnown(t *testing.T) {
	within(t, func(t *testing.T) {
		w := newWorld(t, 1000)
		w.share = Quota{500, 1} // two seconds
		w.happen()
		time.Sleep(300 * time.Millisecond)
		w.mu.Lock()
		w.away = time.Now().Add(25 * time.Second)
		w.mu.Unlock()
		time.Sleep(3 * time.Second)
		if missing := w.missing(); len(missing) > 0 {
			t.Errorf("%d have not the newest while the table is away, want none: all were read", len(missing))
		}
		w.settle()
		if missing := w.missing(); len(missing) > 0 {
			t.Errorf("%d have not the newest", len(missing))
		}
	})
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
