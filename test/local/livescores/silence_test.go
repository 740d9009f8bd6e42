package main

import (
	"fmt"
	"testing"
	"time"
)

// A connection that is dead and says nothing of it is noticed within 30 seconds,
// and the page says since when it knows nothing.
func TestASilentlyDeadConnectionIsNoticed(t *testing.T) {
	r := newRig(t, matches("a"), func(r *rig) {
		quickly(r)
		r.produce("a", 1, 0, 0, "kickoff")
		r.must(r.WaitForCommit(r.ctx))
	})
	r.see(stateIs("a", "live"))
	r.do(`window.from = Date.now()`)
	r.Gateway.Silence(true)
	r.see(stateIs("a", "stale"))
	// It asks after 29 s at most, and waits 8 s for the answer; timers are late on a
	// machine that has other things to do.
	r.shows(`Date.now() - from < 120_000`, true)
	r.see(fmt.Sprintf(`/^stale, as of \d/.test(%s.textContent)`, card("a", " .state")))
	r.shows(`getComputedStyle(`+card("a", " .score")+`).color === getComputedStyle(`+card("a", " .events")+`).color`, true) // dimmed
	r.produce("a", 2, 1, 0, "goal")
	r.must(r.WaitForCommit(r.ctx))
	r.Gateway.Silence(false)
	r.see(stateIs("a", "live") + ` && ` + scoreIs("a", 1, 0))
}

// Whoever comes back to a page is told the truth: the page asks because of that, and
// not because the time has come. Here nobody looks at it but in the moment of the
// event, so that it does not ask for any other reason.
func TestAPageThatIsReturnedToAsks(t *testing.T) {
	r := newRig(t, matches("a"), func(r *rig) {
		quickly(r)
		r.must(r.BeforePages(r.ctx, `Object.defineProperty(document, 'visibilityState', { get: () => window.here ? 'visible' : 'hidden' })`))
		r.produce("a", 1, 0, 0, "kickoff")
		r.must(r.WaitForCommit(r.ctx))
	})
	r.see(stateIs("a", "live"))
	for n, event := range []string{"document.dispatchEvent(new Event('visibilitychange'))", "dispatchEvent(new Event('pageshow'))", "dispatchEvent(new Event('focus'))", "dispatchEvent(new Event('online'))"} {
		r.Gateway.Silence(true)
		r.produce("a", int64(n+2), n+1, 0, "goal")
		r.must(r.WaitForCommit(r.ctx))
		r.posted()
		r.see(stateIs("a", "stale")) // long enough
		r.Gateway.Silence(false)
		r.do(`window.here = true; ` + event + `; window.here = false`)
		r.see(stateIs("a", "live") + ` && ` + scoreIs("a", n+1, 0))
	}
}

// Without a network the page says so at once, and with one it is live again.
func TestAPageWithoutANetworkSaysSo(t *testing.T) {
	r := newRig(t, matches("a"), func(r *rig) {
		r.produce("a", 1, 0, 0, "kickoff")
		r.must(r.WaitForCommit(r.ctx))
	})
	r.see(stateIs("a", "live"))
	r.must(r.Offline(r.ctx, true))
	r.see(stateIs("a", "stale") + ` && document.body.dataset.state === 'offline'`)
	r.produce("a", 2, 1, 0, "goal")
	r.must(r.WaitForCommit(r.ctx))
	r.must(r.Offline(r.ctx, false))
	r.see(stateIs("a", "live") + ` && ` + scoreIs("a", 1, 0))
}

// What is lost while it is posted, all of it, is found within 30 seconds of silence.
func TestALostMessageIsFoundWithoutAnother(t *testing.T) {
	cfg, lose := lossy("a")
	r := newRig(t, cfg, func(r *rig) {
		quickly(r)
		r.produce("a", 1, 0, 0, "kickoff")
		r.must(r.WaitForCommit(r.ctx))
	})
	lose.Store(true)
	r.do(`window.from = Date.now()`)
	r.produce("a", 2, 0, 1, "goal")
	r.see(scoreIs("a", 0, 1))
	r.see(stateIs("a", "live"))
	r.shows(`Date.now() - from < 120_000`, true)
}

// seeWhile waits until the page shows something, while a match goes on and on.
func (r *rig) seeWhile(match string, from int64, expression string) (next int64) {
	r.t.Helper()
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for start := time.Now(); time.Since(start) < 30*time.Second; from++ {
		r.post(event(match, from, 0, 0, "corner"))
		got, err := r.Eval(r.ctx, expression)
		r.must(err)
		if got == true {
			return from + 1
		}
		<-tick.C
	}
	r.t.Fatalf("%s is not so, while %s goes on", expression, match)
	return 0
}

// What is lost of a match is found while another talks without end: that is no word
// of the first.
func TestASilentMatchIsAskedForWhileAnotherTalks(t *testing.T) {
	cfg, lose := lossy("a", "b")
	r := newRig(t, cfg, func(r *rig) {
		quickly(r)
		r.produce("a", 1, 0, 0, "kickoff")
		r.produce("b", 1, 0, 0, "kickoff")
		r.must(r.WaitForCommit(r.ctx))
	})
	next := r.seeWhile("a", 2, `Date.now() - performance.timeOrigin > 10_000`) // it has asked all that it asks at first
	lose.Store(true)
	r.produce("b", 2, 0, 1, "goal")
	r.must(r.WaitForCommit(r.ctx))
	r.posted()
	lose.Store(false)
	r.do(`window.from = Date.now()`)
	r.seeWhile("a", next, scoreIs("b", 0, 1))
	r.shows(`Date.now() - from < 120_000`, true)
	r.see(stateIs("b", "live"))
}

// If nothing is to be learned of a silent match, it is not live because another one
// is.
func TestAMatchIsNotLiveBecauseAnotherIs(t *testing.T) {
	r := newRig(t, matches("a", "b"), func(r *rig) {
		quickly(r)
		r.produce("a", 1, 0, 0, "kickoff")
		r.produce("b", 1, 0, 0, "kickoff")
		r.must(r.WaitForCommit(r.ctx))
	})
	r.see(stateIs("a", "live") + ` && ` + stateIs("b", "live"))
	r.do(`window.files = fetch, window.asked = 0, window.fetch = () => { asked++; return Promise.reject(new Error('no network')) }, window.from = Date.now()`)
	next := r.seeWhile("a", 2, stateIs("b", "stale"))
	r.shows(`Date.now() - from >= 15_000 && Date.now() - from < 120_000`, true)
	r.shows(stateIs("a", "live"), true)
	r.see(`document.querySelector('.summary').textContent === '1 of 2 live'`)
	r.see(fmt.Sprintf(`/^stale, as of \d/.test(%s.textContent)`, card("b", " .state")))
	// It asks again and again, and less and less often: not each time that it looks.
	next = r.seeWhile("a", next, `Date.now() - from > 150_000`)
	r.shows(`asked >= 3 && asked <= 14`, true)
	r.do(`window.fetch = files`)
	r.seeWhile("a", next, stateIs("b", "live")+` && document.body.dataset.state === 'online'`)
}
