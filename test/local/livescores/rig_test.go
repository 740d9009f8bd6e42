package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"msklambda/lambda/livescores/layout"
	"msklambda/lambda/livescores/score"
	"msklambda/lambda/livescores/snapshot"
	"msklambda/test/local/bucket"
	"msklambda/test/local/dynalite"
	"msklambda/test/local/internal/browser"
	"msklambda/test/local/internal/live"
)

// rig is the whole of it with a browser that shows the page.
type rig struct {
	*live.Live
	*browser.Browser
	t   *testing.T
	ctx context.Context
}

// newRig starts everything, and opens the page when prepare has been called.
func newRig(t *testing.T, cfg live.Config, prepare func(*rig)) *rig {
	t.Helper()
	r := startRig(t, cfg)
	if prepare != nil {
		prepare(r)
	}
	r.open("")
	return r
}

// startRig starts everything, and opens no page.
func startRig(t *testing.T, cfg live.Config) *rig {
	t.Helper()
	if testing.Short() {
		t.Skip("takes seconds: go test without -short runs it")
	}
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	t.Cleanup(cancel)
	b, err := browser.Start(ctx)
	if errors.Is(err, browser.ErrMissing) && os.Getenv("CI") == "" {
		t.Skipf("no browser test (with CI set this is a failure): %v", err)
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(b.Close)
	return &rig{startLive(t, ctx, cfg), b, t, ctx}
}

// open opens the page with a query, and waits until all is live.
func (r *rig) open(query string) {
	r.t.Helper()
	r.must(r.Open(r.ctx, r.Gateway.PageURL()+query))
	r.see(`document.body.dataset.state === 'online'`)
}

func (r *rig) must(err error) {
	r.t.Helper()
	if err != nil {
		r.t.Fatal(err)
	}
}

// built keeps the functions for all tests.
var built string

func TestMain(m *testing.M) {
	dir, err := os.MkdirTemp("", "msklambda-live-")
	if err != nil {
		panic(err)
	}
	built = dir
	code := m.Run()
	os.RemoveAll(dir)
	os.Exit(code)
}

func matches(ids ...string) live.Config { return live.Config{Matches: ids} }

func startLive(t *testing.T, ctx context.Context, cfg live.Config) *live.Live {
	t.Helper()
	var mu sync.Mutex
	var last []string
	cfg.Code, cfg.PagePort, cfg.Built = "../../../lambda", "0", built
	cfg.Log = func(format string, args ...any) {
		mu.Lock()
		defer mu.Unlock()
		last = append(last, fmt.Sprintf(format, args...))
	}
	l, err := live.Start(ctx, cfg)
	var missing dynalite.MissingError
	if errors.As(err, &missing) && os.Getenv("CI") == "" {
		t.Skipf("%v (with CI set this is a failure)", err)
	}
	if err != nil {
		mu.Lock()
		defer mu.Unlock()
		t.Fatalf("%v\n%s", err, strings.Join(last, "\n"))
	}
	t.Cleanup(l.Close)
	return l
}

// see waits until the page shows something.
func (r *rig) see(expression string) {
	r.t.Helper()
	ctx, cancel := context.WithTimeout(r.ctx, 30*time.Second)
	defer cancel()
	r.must(r.Wait(ctx, expression))
}

// shows compares what an expression is in the page.
func (r *rig) shows(expression string, want any) {
	r.t.Helper()
	got, err := r.Eval(r.ctx, expression)
	r.must(err)
	if got != want {
		r.t.Errorf("%s = %v, want %v", expression, got, want)
	}
}

func (r *rig) do(expression string) {
	r.t.Helper()
	_, err := r.Eval(r.ctx, expression)
	r.must(err)
}

// event is an event of a match.
func event(match string, sequence int64, home, away int, kind string) score.Event {
	return score.Event{Match: match, Sequence: sequence, Home: "Ajax", Away: "PSV",
		Score: score.Score{Home: home, Away: away}, Clock: fmt.Sprintf("%d:00", sequence), Kind: kind}
}

// produce writes an event of a match to the topic.
func (r *rig) produce(match string, sequence int64, home, away int, kind string) {
	r.t.Helper()
	r.write(match, event(match, sequence, home, away, kind).JSON())
}

func (r *rig) write(match string, text []byte) {
	r.t.Helper()
	r.must(r.Produce(r.ctx, match, text))
}

// post posts to every connection, as the function does.
func (r *rig) post(events ...score.Event) {
	r.t.Helper()
	message := score.Events(events[0].Match, 0, events)
	for _, id := range r.Gateway.IDs() {
		answer, err := http.Post(r.Gateway.Endpoint()+"/@connections/"+id, "", bytes.NewReader(message))
		if err != nil || answer.StatusCode != http.StatusOK {
			r.t.Fatalf("post = %v, %v", answer, err)
		}
		answer.Body.Close()
	}
}

// posted waits until all that was handed on is posted.
func (r *rig) posted() {
	r.t.Helper()
	r.must(r.Queue.WaitIdle(r.ctx))
}

// putSnapshot writes what there is of a match, as the function does, without a
// topic.
func (r *rig) putSnapshot(match string, events []score.Event) {
	r.t.Helper()
	text, err := json.Marshal(snapshot.Match{Match: match, Sequence: events[len(events)-1].Sequence, Events: events})
	r.must(err)
	r.Files.Put(live.Snapshots, layout.Snapshot(match), bucket.Object{Content: text, Type: "application/json"})
}

// rejected waits until the bucket of what failed has so many records.
func (r *rig) rejected(n int) (all []string) {
	r.t.Helper()
	for {
		objects, more := r.Files.List(live.Rejected)
		if len(objects) >= n {
			for _, o := range objects {
				var rejection struct {
					Error string
					Value []byte
				}
				if err := json.Unmarshal(o.Content, &rejection); err != nil {
					r.t.Fatal(err)
				}
				all = append(all, rejection.Error+": "+string(rejection.Value))
			}
			return all
		}
		select {
		case <-more:
		case <-r.ctx.Done():
			r.t.Fatalf("rejected = %d records, want %d", len(objects), n)
		}
	}
}

func card(match, part string) string {
	return fmt.Sprintf(`document.querySelector('[data-match="%s"]%s')`, match, part)
}

// scoreIs is true when a match has a score.
func scoreIs(match string, home, away int) string {
	return fmt.Sprintf(`%s.textContent === '%d : %d'`, card(match, " .score"), home, away)
}

// stateIs is true when a match is live, waiting, stale or none.
func stateIs(match, state string) string {
	return fmt.Sprintf(`%s.dataset.state === '%s'`, card(match, ""), state)
}

// play plays some of all matches, always the same.
func (r *rig) play(all []*match) {
	r.t.Helper()
	steps := rand.New(rand.NewPCG(5, 8))
	for range 9 {
		for _, m := range all {
			r.write(m.event.Match, m.next(steps).JSON())
		}
	}
	r.must(r.WaitForCommit(r.ctx))
}
