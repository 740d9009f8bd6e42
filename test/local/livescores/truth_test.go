package main

import (
	"fmt"
	"strings"
	"sync/atomic"
	"testing"

	"msklambda/lambda/livescores/layout"
	"msklambda/lambda/livescores/score"
	"msklambda/test/local/internal/gateway"
	"msklambda/test/local/internal/live"
)

// faster is how much faster the clock of a page runs where a test waits for its
// timers.
const faster = 10

func quickly(r *rig) { r.must(r.Faster(r.ctx, faster)) }

// lossy is a configuration whose posts are lost, each given up at once, while it is
// told so.
func lossy(ids ...string) (live.Config, *atomic.Bool) {
	cfg, lose := matches(ids...), &atomic.Bool{}
	cfg.Fault = func(string) gateway.Fault {
		if lose.Load() {
			return gateway.Fault{Status: 413}
		}
		return gateway.Fault{}
	}
	return cfg, lose
}

// One message names all matches: none of them can be refused while another is
// live, and after an outage a browser needs one of the messages a second that the
// API takes, however many matches it shows.
func TestAllMatchesAreFollowedByOneMessage(t *testing.T) {
	var ids []string
	for i := range 10 {
		ids = append(ids, fmt.Sprintf("m%d", i))
	}
	cfg := matches(ids...)
	cfg.Limits = gateway.Limits{Messages: 1, Connects: 1}
	r := newRig(t, cfg, func(r *rig) {
		quickly(r)
		for _, id := range ids {
			r.produce(id, 1, 0, 0, "kickoff")
		}
		r.must(r.WaitForCommit(r.ctx))
	})
	for outage := range 2 {
		for _, id := range ids {
			r.see(stateIs(id, "live"))
		}
		if outage == 0 {
			r.Gateway.Stop()
			r.see(`document.body.dataset.state !== 'online'`)
			r.must(r.Gateway.Start(""))
		}
	}
	r.produce("m9", 2, 0, 1, "goal")
	r.see(scoreIs("m9", 0, 1))
}

// A refused subscription is tried again, and until then nothing is called live.
func TestWhatIsRefusedIsNotLiveAndIsTriedAgain(t *testing.T) {
	cfg := matches("a")
	cfg.Limits = gateway.Limits{Messages: 0.5} // less than one: nothing at first
	r := startRig(t, cfg)
	quickly(r)
	r.produce("a", 1, 0, 0, "kickoff")
	r.must(r.WaitForCommit(r.ctx))
	r.must(r.Open(r.ctx, r.Gateway.PageURL()))
	r.see(scoreIs("a", 0, 0)) // the snapshot needs no subscription
	r.see(stateIs("a", "stale"))
	r.shows(`document.body.dataset.state`, "connecting")
	r.Gateway.Limit(gateway.Limits{})
	r.see(stateIs("a", "live") + ` && document.body.dataset.state === 'online'`)
}

// A message that was lost shows in the next: the page reads what it missed.
func TestAGapIsFilled(t *testing.T) {
	cfg, lose := lossy("a")
	r := newRig(t, cfg, func(r *rig) {
		r.produce("a", 1, 0, 0, "kickoff")
		r.must(r.WaitForCommit(r.ctx))
	})
	r.see(stateIs("a", "live"))
	lose.Store(true)
	for sequence := int64(2); sequence < 5; sequence++ {
		r.produce("a", sequence, 0, 0, "corner")
	}
	r.must(r.WaitForCommit(r.ctx))
	r.posted()
	lose.Store(false)
	r.produce("a", 5, 0, 1, "goal")
	r.see(scoreIs("a", 0, 1))
	r.see(`[...document.querySelectorAll('.events li')].map((e) => e.dataset.sequence).join() === '5,4,3,2,1'`)

	// What nobody has is said to be missing.
	r.produce("a", 8, 0, 1, "corner")
	r.see(card("a", " .gap") + `?.textContent === '2 events are missing'`)
}

// Who comes late, and who reloads, sees all that there was.
func TestWhoComesLateSeesTheHistory(t *testing.T) {
	r := newRig(t, matches("a", "nobody", "a b"), func(r *rig) {
		for sequence := range int64(60) {
			r.produce("a", sequence+1, 0, int(sequence/10), "corner")
		}
		r.must(r.WaitForCommit(r.ctx))
	})
	const all = `document.querySelectorAll('.events li[data-sequence]').length === 50`
	r.see(all + ` && ` + scoreIs("a", 0, 5))
	r.see(stateIs("nobody", "none") + ` && ` + card("nobody", " .state") + `.textContent === 'no such match'`)
	r.see(stateIs("a b", "none"))
	r.do(`location.reload()`)
	r.see(all + ` && document.body.dataset.state === 'online'`)
	// And it begins after all.
	r.produce("nobody", 1, 0, 0, "kickoff")
	r.see(stateIs("nobody", "live"))
}

// A match that was reset begins anew on a page that shows it, and on one that was
// away.
func TestAResetIsShown(t *testing.T) {
	r := newRig(t, matches("a"), func(r *rig) {
		r.produce("a", 300, 4, 4, "goal")
		r.must(r.WaitForCommit(r.ctx))
	})
	r.see(scoreIs("a", 4, 4))
	r.produce("a", 1, 0, 0, "kickoff") // a producer that began anew: not shown, and said
	r.rejected(1)
	r.shows(scoreIs("a", 4, 4), true)
	r.write("a", nil)
	r.see(card("a", " .score") + `.textContent === '- : -'`)
	r.produce("a", 1, 0, 0, "kickoff")
	r.see(scoreIs("a", 0, 0))

	r.Gateway.Stop()
	r.see(stateIs("a", "stale"))
	r.write("a", nil)
	r.produce("a", 1, 9, 9, "kickoff")
	r.must(r.WaitForCommit(r.ctx))
	r.must(r.Gateway.Start(""))
	r.see(scoreIs("a", 9, 9) + ` && ` + stateIs("a", "live"))
	r.shows(`document.querySelectorAll('.events li').length`, 1.0)
}

// A copy of a snapshot that is of before a reset is no word of what came after it,
// however far the sequences had come.
func TestACopyOfBeforeAResetIsNotTheNewest(t *testing.T) {
	cfg, lose := lossy("a")
	r := newRig(t, cfg, func(r *rig) {
		quickly(r)
		r.produce("a", 300, 4, 4, "goal")
		r.must(r.WaitForCommit(r.ctx))
	})
	r.see(stateIs("a", "live"))
	// Of its snapshot the page gets two copies that are too old, and what it says
	// while it has just one of them is kept.
	r.do(`(async () => {
		const files = fetch, copy = await (await files('m/a.json')).text();
		window.copies = 0, window.said = [];
		window.fetch = (path, options) => {
			if (path !== 'm/a.json' || ++copies > 2) return files(path, options);
			if (copies === 2) said.push(` + card("a", "") + `.dataset.state);
			return Promise.resolve(new Response(copy));
		};
	})()`)
	lose.Store(true)
	r.write("a", nil)
	r.produce("a", 1, 9, 9, "kickoff")
	r.must(r.WaitForCommit(r.ctx))
	r.posted()
	r.see(scoreIs("a", 9, 9) + ` && ` + stateIs("a", "live"))
	r.shows(`said.join()`, "stale")
}

// The starving run: more viewers than the quota can tell of every event. Each has
// the newest in the end, and nothing good is given up.
func TestPostsThatFailForAWhileDelayAndLoseNothing(t *testing.T) {
	var status atomic.Int32
	status.Store(503)
	cfg := matches("a")
	cfg.Fault = func(string) gateway.Fault { return gateway.Fault{Status: int(status.Load())} }
	r := newRig(t, cfg, nil)
	for sequence := range int64(5) {
		r.produce("a", sequence+1, int(sequence), 0, "goal")
	}
	r.must(r.WaitForCommit(r.ctx))
	status.Store(0)
	r.see(scoreIs("a", 4, 0))
	if objects, _ := r.Files.List(live.Rejected); len(objects) != 0 {
		t.Errorf("rejected = %v, want none", objects)
	}
	select {
	case f := <-r.Failed:
		t.Errorf("failed = %+v, want nothing", f)
	default:
	}
}

// Nothing that an event says becomes part of the page, and no file that was not its
// own is asked for.
func TestHostileEventsAreText(t *testing.T) {
	hostile := []string{`<img src=x onerror=alert(1)>`, `<script>alert(1)</script>`, `<svg onload=alert(1)>`, "\u202e\u0000\u2028", `"><b>`, `{{1}}`}
	r := newRig(t, matches("__proto__", "constructor"), nil)
	r.do(`window.before = document.querySelectorAll('img,script,svg').length`)
	for i, text := range hostile {
		for _, id := range []string{"__proto__", "constructor"} {
			e := event(id, int64(i+1), i, 0, "goal")
			e.Home, e.Away, e.Text = text, text, text
			e.Clock = string([]rune(text)[:min(len([]rune(text)), 16)])
			r.write(id, e.JSON())
		}
	}
	for _, id := range []string{"__proto__", "constructor"} {
		r.see(scoreIs(id, len(hostile)-1, 0))
		r.shows(card(id, " .away")+`.textContent`, hostile[len(hostile)-1])
	}
	r.shows(`document.querySelectorAll('img,script,svg').length - before`, 0.0)
	r.see(`document.querySelector('#list [data-id="__proto__"]') !== null`)
	if got := r.Errors(); len(got) > 0 {
		t.Errorf("the page threw %q", got)
	}
}

// Many matches with all their events are shown at once, and an event of one is as
// quick as ever.
func TestManyMatchesStaySmooth(t *testing.T) {
	var ids []string
	for i := range layout.MatchLimit {
		ids = append(ids, fmt.Sprintf("m%03d", i))
	}
	r := newRig(t, matches(ids[0]), func(r *rig) {
		for _, id := range ids {
			var events []score.Event
			for sequence := range int64(layout.History) {
				events = append(events, event(id, sequence+1, 0, 0, "corner"))
			}
			r.putSnapshot(id, events)
		}
	})
	query := "?match=" + strings.Join(ids, "&match=")
	r.must(r.Open(r.ctx, r.Gateway.PageURL()+query))
	r.see(fmt.Sprintf(`document.querySelectorAll('.events li').length === %d`, len(ids)*layout.History))
	last := ids[len(ids)-1]
	// The work of an event, layout with it, and of a page as long as that.
	got, err := r.Eval(r.ctx, `(async () => {
		const work = [];
		new PerformanceObserver((l) => work.push(...l.getEntries().map((e) => e.duration))).observe({ entryTypes: ['longtask'] });
		for (let i = 0; i < 20; i++) { scrollTo(0, document.body.scrollHeight * i / 20); await new Promise((done) => requestAnimationFrame(() => setTimeout(done))); }
		return Math.max(0, ...work);
	})()`)
	r.must(err)
	t.Logf("longest task while scrolling through %d matches: %v ms", len(ids), got)
	r.see(`document.querySelectorAll('[data-state="live"]').length > 0`)
	r.post(event(last, layout.History+1, 1, 0, "goal"))
	r.see(scoreIs(last, 1, 0))
	r.shows(`getComputedStyle(`+card(last, "")+`).contentVisibility`, "auto")
}
