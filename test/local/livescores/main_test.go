package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"msklambda/lambda/livescores/score"
	"msklambda/test/local/dynalite"
	"msklambda/test/local/internal/gateway"
)

func TestFlags(t *testing.T) {
	o, err := parse([]string{"-port", "0", "-rate", "5", "-faults", "-posts", "7", "-post-status", "503", "-post-share", "0.5"}, io.Discard)
	if err != nil {
		t.Fatal(err)
	}
	if want := (options{brokerPort: 9092, rate: 5, faults: true, limits: gateway.Limits{Connects: 500, Messages: 500, Posts: 7},
		fault: gateway.Fault{Status: 503}, faultShare: 0.5}); *o != want {
		t.Errorf("options = %+v, want %+v", *o, want)
	}
	for _, args := range []string{"x", "-rate -1", "-rate 1001", "-unknown", "-posts -1", "-post-status 200", "-post-share 2"} {
		if _, err := parse(strings.Fields(args), io.Discard); err == nil {
			t.Errorf("parse(%s) = nil, want an error", args)
		}
	}
}

// A share of the browsers is struck, each always or never.
func TestAFaultIsOfAShareOfTheBrowsers(t *testing.T) {
	o := &options{fault: gateway.Fault{Hang: true}, faultShare: 0.3}
	struck := 0
	for i := range 1000 {
		c := fmt.Sprintf("c%d=", i)
		first := o.postFault(c)
		if first.Hang {
			struck++
		}
		if again := o.postFault(c); again != first {
			t.Fatalf("%s is struck now and then", c)
		}
	}
	if struck < 200 || struck > 400 {
		t.Errorf("struck = %d of 1000, want some 300", struck)
	}
	for share, want := range map[float64]bool{0: false, 1: true} {
		o.faultShare = share
		if got := o.postFault("c=").Hang; got != want {
			t.Errorf("a share of %v strikes = %v, want %v", share, got, want)
		}
	}
}

// What is played is what the function takes, and goes on for ever.
func TestTheMatchesAreScoreEvents(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 1))
	kickoffs, goals := 0, 0
	for _, m := range fixtures() {
		for want := int64(1); want < 200; want++ {
			e := m.next(r)
			if e.Sequence != want {
				t.Fatalf("sequence = %d, want %d", e.Sequence, want)
			}
			text := records(e, false)
			if len(text) != 1 {
				t.Fatalf("records = %d, want 1 without faults", len(text))
			}
			if got, err := score.Parse(text[0]); err != nil || got != e {
				t.Fatalf("Parse = %+v, %v, want %+v", got, err, e)
			}
			switch e.Kind {
			case "kickoff":
				kickoffs++
			case "goal":
				goals++
			}
		}
	}
	if kickoffs < 6 || goals < 20 {
		t.Errorf("kickoffs = %d, goals = %d, want some", kickoffs, goals)
	}
}

func TestFaultsAreOfEachKind(t *testing.T) {
	m := fixtures()[0]
	r := rand.New(rand.NewPCG(1, 1))
	duplicates, late, bad := 0, 0, 0
	for range 105 {
		e := m.next(r)
		for _, text := range records(e, true)[1:] {
			got, err := score.Parse(text)
			switch {
			case err != nil && json.Valid(text):
				bad++
			case got.Sequence == e.Sequence:
				duplicates++
			case got.Sequence < e.Sequence:
				late++
			}
		}
	}
	if duplicates != 35 || late != 21 || bad != 15 {
		t.Errorf("duplicates %d, late %d, bad %d, want 35, 21 and 15", duplicates, late, bad)
	}
}

// The command runs as a person runs it, in the repository, and ends when it is told
// to: here, once it has said all that it is to say.
func TestTheCommand(t *testing.T) {
	if testing.Short() {
		t.Skip("takes seconds: go test without -short runs it")
	}
	t.Chdir("../../..")
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	out := &awaited{parts: []string{"page       http://127.0.0.1:", "kcat -b 127.0.0.1:", `"Sent":`, `"Events":1`, `rejected   {"Error":"not a score event`, `rejected   {"Error":"sequence must be greater`}, then: cancel}
	err := run(ctx, &options{rate: 50, faults: true, logs: true, duration: 45 * time.Second}, out)
	var missing dynalite.MissingError
	if errors.As(err, &missing) && os.Getenv("CI") == "" {
		t.Skipf("%v (with CI set this is a failure)", err)
	}
	if err != nil {
		t.Fatal(err)
	}
	out.mu.Lock()
	defer out.mu.Unlock()
	if len(out.parts) > 0 {
		t.Errorf("output lacks %q:\n%s", out.parts, out.text.String())
	}
}

// awaited is an output that calls then once it has all parts.
type awaited struct {
	mu    sync.Mutex
	text  strings.Builder
	parts []string // that it has not
	then  func()
}

func (w *awaited) Write(p []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.text.Write(p)
	w.parts = slices.DeleteFunc(w.parts, func(part string) bool { return strings.Contains(w.text.String(), part) })
	if len(w.parts) == 0 {
		w.then()
	}
	return len(p), nil
}
