package main

import (
	"fmt"
	"strings"
	"testing"
)

// TestAViewerSeesTheScores is the whole path: topic, poller, functions, queue, API,
// page.
func TestAViewerSeesTheScores(t *testing.T) {
	r := newRig(t, matches("ajx-psv"), nil)
	r.see(stateIs("ajx-psv", "none"))
	r.produce("ajx-psv", 1, 0, 0, "kickoff")
	r.see(scoreIs("ajx-psv", 0, 0))
	r.produce("ajx-psv", 2, 1, 0, "goal")
	r.see(scoreIs("ajx-psv", 1, 0))
	r.see(stateIs("ajx-psv", "live"))

	// What is at least once, and what is wrong, is nothing to the viewer.
	r.produce("ajx-psv", 2, 1, 0, "goal")
	r.produce("ajx-psv", 1, 0, 0, "kickoff")
	r.write("ajx-psv", []byte(`{"match":"ajx-psv","sequence":"none"}`))
	r.produce("ajx-psv", 3, 2, 0, "goal")
	r.see(card("ajx-psv", "") + `.dataset.sequence === '3'`)
	r.shows(card("ajx-psv", " .events")+`.children.length`, 3.0)
	if got := r.rejected(1)[0]; !strings.Contains(got, "not a score event") || !strings.HasSuffix(got, `{"match":"ajx-psv","sequence":"none"}`) {
		t.Errorf("rejected = %s, want the bad event with the reason", got)
	}

	// Should one come twice all the same, the page drops it.
	dropped, err := r.Eval(r.ctx, `Number(document.body.dataset.dropped)`)
	r.must(err)
	r.post(event("ajx-psv", 2, 1, 0, "goal"))
	r.see(fmt.Sprintf(`document.body.dataset.dropped === '%v'`, dropped.(float64)+1))
	r.shows(scoreIs("ajx-psv", 2, 0), true)
	select {
	case f := <-r.Failed:
		t.Errorf("failed = %+v, want nothing", f)
	default:
	}
	if got := r.Errors(); len(got) > 0 {
		t.Errorf("the page threw %q", got)
	}
}

// TestATabComesBackAfterTheServerDoes: what happened meanwhile is there at once.
func TestATabComesBackAfterTheServerDoes(t *testing.T) {
	r := newRig(t, matches("ajx-psv"), nil)
	r.produce("ajx-psv", 1, 0, 0, "kickoff")
	r.see(scoreIs("ajx-psv", 0, 0))
	sequence := int64(1)
	for outage := range 2 {
		r.Gateway.Stop()
		r.see(`document.body.dataset.state !== 'online' && ` + stateIs("ajx-psv", "stale"))
		sequence++
		r.produce("ajx-psv", sequence, outage+1, 0, "goal")
		r.must(r.WaitForCommit(r.ctx))
		r.must(r.Gateway.Start(""))
		r.see(`document.body.dataset.state === 'online' && ` + scoreIs("ajx-psv", outage+1, 0))
		sequence++
		r.produce("ajx-psv", sequence, outage+1, 1, "goal") // and it is live again
		r.see(scoreIs("ajx-psv", outage+1, 1))
	}
	r.shows(card("ajx-psv", " .events")+`.children.length`, 5.0)
	r.shows(`Number(document.body.dataset.reconnects) >= 1`, true)
	if got := len(r.Gateway.IDs()); got != 1 {
		t.Errorf("connections = %d, want 1", got)
	}
}

// TestAViewerChoosesMatches: follows others by the form and from the list, and
// leaves one.
func TestAViewerChoosesMatches(t *testing.T) {
	r := newRig(t, matches("one", "two"), nil)
	r.produce("three", 1, 3, 3, "goal")
	r.produce("four", 1, 4, 4, "goal")
	r.must(r.WaitForCommit(r.ctx))
	r.do(`document.getElementById('match').value = 'three', document.getElementById('follow').requestSubmit()`)
	r.see(scoreIs("three", 3, 3)) // the snapshot has it
	r.do(card("one", " .unfollow") + `.click()`)
	r.see(card("one", "") + ` === null`)
	r.shows(`location.search`, "?match=two&match=three")
	r.produce("one", 1, 1, 0, "goal")
	r.produce("two", 1, 2, 0, "goal")
	r.see(scoreIs("two", 2, 0))

	r.see(`document.querySelector('#list [data-id="four"]') !== null`)
	r.do(`document.querySelector('#list [data-id="four"]').click()`)
	r.see(scoreIs("four", 4, 4))
	r.shows(`document.querySelector('#list [data-id="four"]').getAttribute('aria-pressed')`, "true")
	r.shows(`location.search`, "?match=two&match=three&match=four")
	r.do(`document.querySelector('#list [data-id="four"]').click()`)
	r.see(card("four", "") + ` === null`)

	// The address is what a reload, or a friend, gets.
	r.do(`document.body.dataset.before = 'yes', location.reload()`)
	r.see(`!document.body.dataset.before && document.querySelectorAll('[data-match]').length === 2 && ` + scoreIs("two", 2, 0))
	r.see(scoreIs("three", 3, 3))
}
