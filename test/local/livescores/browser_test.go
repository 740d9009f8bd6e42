package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"math/rand/v2"
	"net/http"
	"os"
	"strings"
	"testing"
	"time"

	"msklambda/lambda/livescores/score"
	"msklambda/test/local/dynalite"
	"msklambda/test/local/internal/browser"
	"msklambda/test/local/internal/live"
)

var screenshot = flag.String("screenshot", "", "write a picture of the page to this `file`")

// rig is the whole of it with a browser that shows the page.
type rig struct {
	*live.Live
	*browser.Browser
	t   *testing.T
	ctx context.Context
}

func newRig(t *testing.T, matches ...string) *rig {
	t.Helper()
	if testing.Short() {
		t.Skip("takes seconds: go test without -short runs it")
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	t.Cleanup(cancel)
	b, err := browser.Start(ctx)
	if errors.Is(err, browser.ErrMissing) && os.Getenv("CI") == "" {
		t.Skipf("no browser test (with CI set this is a failure): %v", err)
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(b.Close)
	l := startLive(t, ctx, matches...)
	r := &rig{l, b, t, ctx}
	if err := b.Open(ctx, l.Gateway.PageURL()); err != nil {
		t.Fatal(err)
	}
	r.see(`document.body.dataset.state === 'online'`)
	return r
}

func startLive(t *testing.T, ctx context.Context, matches ...string) *live.Live {
	t.Helper()
	var last []string
	l, err := live.Start(ctx, live.Config{
		Code: "../../../lambda", Matches: matches, PagePort: "0",
		Log: func(format string, args ...any) { last = append(last, fmt.Sprintf(format, args...)) },
	})
	var missing dynalite.MissingError
	if errors.As(err, &missing) && os.Getenv("CI") == "" {
		t.Skipf("%v (with CI set this is a failure)", err)
	}
	if err != nil {
		t.Fatalf("%v\n%s", err, strings.Join(last, "\n"))
	}
	t.Cleanup(l.Close)
	return l
}

// see waits until the page shows something.
func (r *rig) see(expression string) {
	r.t.Helper()
	ctx, cancel := context.WithTimeout(r.ctx, 20*time.Second)
	defer cancel()
	if err := r.Wait(ctx, expression); err != nil {
		r.t.Fatal(err)
	}
}

// shows compares what an expression is in the page.
func (r *rig) shows(expression string, want any) {
	r.t.Helper()
	got, err := r.Eval(r.ctx, expression)
	if err != nil {
		r.t.Fatal(err)
	}
	if got != want {
		r.t.Errorf("%s = %v, want %v", expression, got, want)
	}
}

// produce writes an event of a match to the topic.
func (r *rig) produce(match string, sequence int64, home, away int, kind string) {
	r.t.Helper()
	text, err := json.Marshal(score.Event{Match: match, Sequence: sequence, Home: "Ajax", Away: "PSV",
		Score: score.Score{Home: home, Away: away}, Clock: fmt.Sprintf("%d:00", sequence), Kind: kind})
	if err != nil {
		r.t.Fatal(err)
	}
	r.write(match, text)
}

func (r *rig) write(match string, text []byte) {
	r.t.Helper()
	if err := r.Produce(r.ctx, match, text); err != nil {
		r.t.Fatal(err)
	}
}

func card(match, part string) string {
	return fmt.Sprintf(`document.querySelector('[data-match="%s"]%s')`, match, part)
}

const scoreOf = ` .score`

// TestAViewerSeesTheScores is the whole path: topic, poller, function, API, page.
func TestAViewerSeesTheScores(t *testing.T) {
	r := newRig(t, "ajx-psv")
	r.shows(card("ajx-psv", scoreOf)+`.textContent`, "- : -")
	r.produce("ajx-psv", 1, 0, 0, "kickoff")
	r.see(card("ajx-psv", scoreOf) + `.textContent === '0 : 0'`)
	r.produce("ajx-psv", 2, 1, 0, "goal")
	r.see(card("ajx-psv", scoreOf) + `.textContent === '1 : 0'`)

	// What is at least once, and what is wrong, is nothing to the viewer.
	r.produce("ajx-psv", 2, 1, 0, "goal")
	r.produce("ajx-psv", 1, 0, 0, "kickoff")
	r.write("ajx-psv", []byte(`{"match":"ajx-psv","sequence":"none"}`))
	r.produce("ajx-psv", 3, 2, 0, "goal")
	r.see(card("ajx-psv", "") + `.dataset.sequence === '3'`)
	r.shows(card("ajx-psv", " .events")+`.children.length`, 3.0)
	r.shows(`document.body.dataset.dropped ?? 'none'`, "none")
	select {
	case f := <-r.Failed:
		if f.KafkaBatchInfo.BatchSize != 1 || !strings.Contains(f.Payload, "eyJtYXRjaCI6ImFqeC1wc3YiLCJzZXF1ZW5jZSI6Im5vbmUifQ==") {
			t.Errorf("failed = %+v, want the bad event alone", f)
		}
	case <-r.ctx.Done():
		t.Error("the bad event has not reached the destination")
	}

	// Should one come twice all the same, the page drops it.
	r.post(`{"type":"score","match":"ajx-psv","events":[{"match":"ajx-psv","sequence":2,"home":"Ajax","away":"PSV","score":{"home":1,"away":0},"clock":"2:00","event":"goal"}]}`)
	r.see(`document.body.dataset.dropped === '1'`)
	r.shows(card("ajx-psv", scoreOf)+`.textContent`, "2 : 0")
	if got := r.Errors(); len(got) > 0 {
		t.Errorf("the page threw %q", got)
	}
}

// post posts to every connection, as the function does.
func (r *rig) post(message string) {
	r.t.Helper()
	for _, id := range r.Gateway.IDs() {
		answer, err := http.Post(r.Gateway.Endpoint()+"/@connections/"+id, "", bytes.NewBufferString(message))
		if err != nil || answer.StatusCode != http.StatusOK {
			r.t.Fatalf("post = %v, %v", answer, err)
		}
		answer.Body.Close()
	}
}

// TestATabComesBackAfterTheServerDoes: what happened meanwhile is there at once.
func TestATabComesBackAfterTheServerDoes(t *testing.T) {
	r := newRig(t, "ajx-psv")
	r.produce("ajx-psv", 1, 0, 0, "kickoff")
	r.see(card("ajx-psv", scoreOf) + `.textContent === '0 : 0'`)
	sequence := int64(1)
	for outage := range 2 {
		r.Gateway.Stop()
		r.see(`document.body.dataset.state !== 'online'`)
		sequence++
		r.produce("ajx-psv", sequence, outage+1, 0, "goal")
		if err := r.WaitForCommit(r.ctx); err != nil {
			t.Fatal(err)
		}
		if err := r.Gateway.Start(""); err != nil {
			t.Fatal(err)
		}
		r.see(fmt.Sprintf(`document.body.dataset.state === 'online' && %s.textContent === '%d : 0'`, card("ajx-psv", scoreOf), outage+1))
		sequence++
		r.produce("ajx-psv", sequence, outage+1, 1, "goal") // and it is live again
		r.see(fmt.Sprintf(`%s.textContent === '%d : 1'`, card("ajx-psv", scoreOf), outage+1))
	}
	r.shows(`Number(document.body.dataset.reconnects) >= 1`, true)
	if got := len(r.Gateway.IDs()); got != 1 {
		t.Errorf("connections = %d, want 1", got)
	}
}

// TestAViewerChoosesMatches: follows another by the form, and stops to follow one.
func TestAViewerChoosesMatches(t *testing.T) {
	r := newRig(t, "one", "two")
	r.produce("three", 1, 3, 3, "goal")
	if err := r.WaitForCommit(r.ctx); err != nil {
		t.Fatal(err)
	}
	if _, err := r.Eval(r.ctx, `document.getElementById('match').value = 'three', document.getElementById('follow').requestSubmit()`); err != nil {
		t.Fatal(err)
	}
	r.see(card("three", scoreOf) + `.textContent === '3 : 3'`) // the answer has it
	if _, err := r.Eval(r.ctx, card("one", " .unfollow")+`.click()`); err != nil {
		t.Fatal(err)
	}
	r.see(card("one", "") + ` === null`)
	r.shows(`location.search`, "?match=two&match=three")
	r.produce("one", 1, 1, 0, "goal")
	r.produce("two", 1, 2, 0, "goal")
	r.see(card("two", scoreOf) + `.textContent === '2 : 0'`)

	// The address is what a reload, or a friend, gets.
	if _, err := r.Eval(r.ctx, `document.body.dataset.before = 'yes', location.reload()`); err != nil {
		t.Fatal(err)
	}
	r.see(`!document.body.dataset.before && document.querySelectorAll('[data-match]').length === 2 && ` + card("two", scoreOf) + `.textContent === '2 : 0'`)
	r.see(card("three", scoreOf) + `.textContent === '3 : 3'`)
}

// TestThePicture writes the README's picture of the page:
//
//	go test ./test/local/livescores -run Picture -screenshot ../../../docs/live-scores.png
func TestThePicture(t *testing.T) {
	if *screenshot == "" {
		t.Skip("-screenshot is not given")
	}
	matches := fixtures()[:2]
	r := newRig(t, ids(matches)...)
	steps := rand.New(rand.NewPCG(5, 8))
	for range 6 {
		for _, m := range matches {
			for _, text := range records(m.next(steps), false) {
				r.write(m.event.Match, text)
			}
		}
	}
	for _, m := range matches {
		r.see(card(m.event.Match, "") + `.dataset.sequence === '6'`)
	}
	// After the mark that a change leaves.
	r.see(`document.getAnimations().length === 0`)
	png, err := r.Screenshot(r.ctx, 620, 630)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(*screenshot, png, 0o644); err != nil {
		t.Fatal(err)
	}
}
