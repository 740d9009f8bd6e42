package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"msklambda/lambda/livescores/score"
	"msklambda/test/local/internal/live"
)

// wide are events that are as long as they may be, of which nothing can be broken
// at a space.
func wide(match, home, away, text string) (all []score.Event) {
	for i, kind := range []string{"scheduled", "kickoff", "goal", "substitution", "a-kind-of-event-nobody-knows-of", "halftime"} {
		e := event(match, int64(i+1), min(i, 2), 0, kind)
		e.Home, e.Away, e.Text, e.Clock = home, away, text, "120:00+15:00 xx"
		all = append(all, e)
	}
	return all
}

// fits is whether nothing is wider than the window, and every row has two lines at
// most.
const fits = `(() => {
	const width = document.documentElement.clientWidth;
	if (document.documentElement.scrollWidth > width) return 'the page is ' + document.documentElement.scrollWidth + ' wide, the window ' + width;
	for (const e of document.querySelectorAll('.match *, .list *')) {
		const r = e.getBoundingClientRect();
		if (r.width && (r.right > width + 1 || r.left < -1)) return e.className + ' ' + e.tagName + ' from ' + r.left + ' to ' + r.right + ' of ' + width;
	}
	const line = parseFloat(getComputedStyle(document.querySelector('.events')).fontSize) * 1.4;
	for (const e of document.querySelectorAll('.events li')) {
		const lines = (e.getBoundingClientRect().height - 8) / line;
		if (lines > 2.1) return 'a row of ' + lines + ' lines: ' + e.textContent.slice(0, 40);
	}
	return 'all fits';
})()`

func TestNothingIsTooWide(t *testing.T) {
	names := map[string]string{"latin": strings.Repeat("W", 80), "arabic": strings.Repeat("ن", 80), "words": strings.TrimSpace(strings.Repeat("Rovers ", 11))}
	var ids []string
	for id := range names {
		ids = append(ids, id)
	}
	r := startRig(t, matches(ids...))
	for id, name := range names {
		for _, e := range wide(id, name, name, strings.Repeat("x", 280)) {
			r.write(id, e.JSON())
		}
	}
	r.must(r.WaitForCommit(r.ctx))
	for _, width := range []int{320, 390, 1200} {
		r.must(r.Window(r.ctx, width, 844, "light"))
		r.open("")
		r.see(`document.querySelectorAll('.events li').length === 18 && document.querySelectorAll('#list li').length === 3`)
		r.do(`document.getElementById('day').open = true`)
		for _, direction := range []string{"ltr", "rtl"} {
			r.do(fmt.Sprintf(`document.documentElement.dir = '%s', document.querySelectorAll('.match').forEach((e) => e.style.contentVisibility = 'visible')`, direction))
			r.shows(fits, "all fits")
		}
	}
}

// A goal is marked, each time, and only one that has just been shot.
func TestAGoalIsMarked(t *testing.T) {
	r := newRig(t, matches("a"), func(r *rig) {
		r.produce("a", 1, 3, 0, "goal")
		r.must(r.WaitForCommit(r.ctx))
	})
	r.see(scoreIs("a", 3, 0))
	r.do(`window.marks = 0, document.addEventListener('animationstart', (e) => e.animationName === 'changed' && marks++)`)
	r.produce("a", 2, 3, 0, "corner")
	r.see(card("a", "") + `.dataset.sequence === '2'`)
	r.shows(`document.getAnimations().length`, 0.0)
	for n := 1; n <= 3; n++ {
		r.produce("a", int64(n+2), 3+n, 0, "goal")
		r.see(fmt.Sprintf(`marks === %d && %s`, n, scoreIs("a", 3+n, 0)))
	}
}

// Who looks elsewhere sees a goal in the title and the icon, until they look.
func TestAGoalShowsWhileThePageIsHidden(t *testing.T) {
	r := newRig(t, matches("a"), func(r *rig) {
		r.must(r.BeforePages(r.ctx, `Object.defineProperty(document, 'hidden', { get: () => !!window.away })`))
		r.produce("a", 1, 0, 0, "kickoff")
		r.must(r.WaitForCommit(r.ctx))
	})
	r.see(scoreIs("a", 0, 0))
	r.do(`window.away = true`)
	r.produce("a", 2, 0, 1, "goal")
	r.see(`document.title === '(1) Ajax 0 : 1 PSV' && document.getElementById('icon').href.includes('svg')`)
	r.produce("a", 3, 0, 2, "goal")
	r.see(`document.title === '(2) Ajax 0 : 2 PSV'`)
	r.do(`window.away = false, document.dispatchEvent(new Event('visibilitychange'))`)
	r.shows(`document.title`, "Live scores")
	r.shows(`document.getElementById('icon').href`, "data:,")
}

func TestTheWordsOfAMatch(t *testing.T) {
	r := newRig(t, matches("a"), nil)
	for i, step := range []struct{ kind, phase, word string }{
		{"scheduled", "not begun", "not begun"}, {"kickoff", "first half", "kick-off"}, {"goal", "first half", "goal"}, {"halftime", "half time", "half time"},
		{"secondhalf", "second half", "second half"}, {"corner-kick", "second half", "corner kick"}, {"fulltime", "full time", "full time"}, {"postponed", "postponed", "postponed"},
	} {
		r.produce("a", int64(i+1), 0, 0, step.kind)
		r.see(fmt.Sprintf(`%s.dataset.sequence === '%d'`, card("a", ""), i+1))
		r.shows(card("a", " .phase")+`.textContent`, step.phase)
		r.shows(card("a", " .events b")+`.textContent`, step.word)
	}
}

// What a screen reader gets: a heading a match, which is read whole, with the
// names, when it changes; buttons that say what they leave; and by keyboard one
// goes on at the next match when one is left.
func TestByEarAndKeyboard(t *testing.T) {
	r := newRig(t, matches("a", "b", "c"), func(r *rig) {
		for _, id := range []string{"a", "b", "c"} {
			r.produce(id, 1, 1, 0, "goal")
		}
		r.must(r.WaitForCommit(r.ctx))
	})
	r.see(scoreIs("c", 1, 0))
	r.shows(`document.querySelectorAll('h1').length`, 1.0)
	r.shows(`[...document.querySelectorAll('.match')].every((m) => m.querySelectorAll('h1,h2,h3').length === 1)`, true)
	r.shows(card("a", " h2")+`.innerText.replace(/\s+/g, ' ')`, "Ajax 1 : 0 PSV")
	r.shows(card("a", " h2")+`.ariaLive + ' ' + `+card("a", " h2")+`.ariaAtomic`, "polite true")
	r.shows(card("b", " .unfollow")+`.ariaLabel`, "Stop following Ajax – PSV")
	r.do(card("b", " .unfollow") + `.focus()`)
	r.must(r.Press(r.ctx, "Enter", 13))
	r.see(card("b", "") + ` === null`)
	r.shows(`document.activeElement === `+card("c", " .unfollow"), true)
	r.must(r.Press(r.ctx, "Enter", 13))
	r.see(card("c", "") + ` === null`)
	r.shows(`document.activeElement === `+card("a", " .unfollow"), true)
	r.must(r.Press(r.ctx, "Enter", 13))
	r.see(card("a", "") + ` === null`)
	r.shows(`document.activeElement.id`, "match")
}

func TestWithoutJavaScriptThereIsASnapshot(t *testing.T) {
	r := startRig(t, matches("a"))
	r.produce("a", 1, 2, 1, "goal")
	r.must(r.WaitForCommit(r.ctx))
	r.must(r.WithoutScripts(r.ctx))
	r.must(r.Open(r.ctx, r.Gateway.PageURL()))
	r.see(`document.querySelector('noscript a')?.getAttribute('href') === 'm/day/index.html'`)
	r.do(`document.querySelector('noscript a').click()`)
	r.see(`document.querySelector('.list li')?.innerText.replace(/\s+/g, ' ').startsWith('Ajax 2 : 1 PSV')`)
	r.see(`getComputedStyle(document.querySelector('.list')).listStyleType === 'none'`) // its style is there
}

// TestThePictures writes the pictures of the documentation:
//
//	LIVE_SCORES_PICTURES=../../../docs go test ./test/local/livescores -run ThePictures
func TestThePictures(t *testing.T) {
	dir := os.Getenv("LIVE_SCORES_PICTURES")
	if dir == "" {
		t.Skip("LIVE_SCORES_PICTURES is not set")
	}
	all := fixtures()
	r := startRig(t, live.Config{Matches: ids(all[:2])})
	r.play(all)
	picture := func(name string, width, height int, scheme string) {
		t.Helper()
		r.must(r.Window(r.ctx, width, height, scheme))
		r.see(`document.getAnimations().length === 0`)
		png, err := r.Screenshot(r.ctx)
		r.must(err)
		r.must(os.WriteFile(filepath.Join(dir, "live-scores"+name+".png"), png, 0o644))
		t.Logf("live-scores%s.png: %d bytes", name, len(png))
	}
	r.must(r.Window(r.ctx, 700, 780, "light"))
	r.open("")
	r.see(`document.querySelectorAll('.events li').length === 18 && document.querySelectorAll('#list li').length === 3`)
	picture("", 700, 780, "light")
	picture("-dark", 700, 780, "dark")
	picture("-phone", 390, 780, "light")
	r.Gateway.Silence(true)
	r.must(r.Offline(r.ctx, true))
	r.see(stateIs(all[0].event.Match, "stale"))
	picture("-stale", 700, 780, "light")
	r.must(r.Offline(r.ctx, false))
	r.Gateway.Silence(false)
	r.must(r.WithoutScripts(r.ctx))
	r.must(r.Open(r.ctx, r.Gateway.PageURL()+"m/day/index.html"))
	r.see(`document.querySelectorAll('.list li').length === 3`)
	picture("-noscript", 700, 300, "light")
}
