package fanout

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"msklambda/lambda/kafka"
	"msklambda/lambda/livescores/table"
)

func TestAnEventReachesThoseWhoFollowItsMatch(t *testing.T) {
	g := newGateway(t, nil)
	r := newRig(t, g)
	r.subscribe("a", "one=", "both=")
	r.subscribe("b", "other=", "both=")
	if err := r.handle(t.Context(), "a", 3); err != nil {
		t.Fatal(err)
	}
	for connection, want := range map[string]int{"one=": 1, "both=": 1, "other=": 0} {
		if got := len(g.got[connection]); got != want {
			t.Errorf("%s got %d messages, want %d", connection, got, want)
		}
	}
	const want = `{"type":"score","match":"a","events":[{"match":"a","sequence":3,"home":"Ajax","away":"PSV","score":{"home":1,"away":0},"clock":"12:00","event":"goal"}]}`
	if got := g.got["one="][0]; got != want {
		t.Errorf("message = %s, want %s", got, want)
	}
	if len(g.wrong) > 0 {
		t.Errorf("requests = %q, want signed posts alone", g.wrong)
	}
}

func TestDuplicatesAndLateEventsAreNotSent(t *testing.T) {
	g := newGateway(t, nil)
	r := newRig(t, g)
	r.subscribe("a", "one=")
	for _, sequence := range []int64{1, 2, 2, 1, 5, 4, 5, 3, 6, 6} {
		if err := r.handle(t.Context(), "a", sequence); err != nil {
			t.Fatal(err)
		}
	}
	if got, want := g.sequences(t, "one="), []int64{1, 2, 5, 6}; !slices.Equal(got, want) {
		t.Errorf("sequences = %v, want %v", got, want)
	}
}

// Events of a match that come together are one message, in order; of those that
// were sent before, none.
func TestEventsThatComeTogetherAreSentTogether(t *testing.T) {
	g := newGateway(t, nil)
	r := newRig(t, g)
	r.subscribe("a", "one=")
	for _, sequences := range [][]int64{{1}, {2, 4, 3, 4, 2}, {4, 3, 6, 5}, {6, 5}} {
		if err := r.handle(t.Context(), "a", sequences...); err != nil {
			t.Fatal(err)
		}
	}
	if got, want := g.sequences(t, "one="), []int64{1, 2, 3, 4, 5, 6}; !slices.Equal(got, want) {
		t.Errorf("sequences = %v, want %v", got, want)
	}
	if got := len(g.got["one="]); got != 3 {
		t.Errorf("messages = %d, want 3", got)
	}
}

// A message is one frame: of a long backlog it has the newest events.
func TestAMessageFitsAFrame(t *testing.T) {
	g := newGateway(t, nil)
	r := newRig(t, g)
	r.subscribe("a", "one=")
	var all []int64
	for sequence := range int64(1000) {
		all = append(all, sequence+1)
	}
	if err := r.handle(t.Context(), "a", all...); err != nil {
		t.Fatal(err)
	}
	if got := len(g.got["one="][0]); got > 32<<10 || got < 28<<10 {
		t.Errorf("message = %d bytes, want just below 32 KB", got)
	}
	got := g.sequences(t, "one=")
	if last := got[len(got)-1]; last != 1000 || got[0] != 1001-int64(len(got)) {
		t.Errorf("sequences = %d to %d, want the newest, to 1000", got[0], last)
	}
}

// The process ends after the event was written and before it was sent: the same
// record, delivered again, is sent.
func TestAnEventThatWasWrittenAndNotSentIsSentWhenItComesAgain(t *testing.T) {
	g := newGateway(t, nil)
	r := newRig(t, g)
	r.subscribe("a", "one=")
	if _, _, err := r.table.Claim(t.Context(), "a", 7, event("a", 7), time.Now()); err != nil {
		t.Fatal(err)
	}
	for range 3 {
		if err := r.handle(t.Context(), "a", 7); err != nil {
			t.Fatal(err)
		}
	}
	if got, want := g.sequences(t, "one="), []int64{7}; !slices.Equal(got, want) {
		t.Errorf("sequences = %v, want %v, once", got, want)
	}
}

// The time ends in the middle of the posts: the record fails, is delivered again,
// and reaches those that it had not reached.
func TestWhatTheDeadlineCutOffIsSentWhenItComesAgain(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	var stuck atomic.Bool // asked by a server that may still be answering when the test goes on
	stuck.Store(true)
	g := newGateway(t, func(connection string, attempt int) int {
		if stuck.Load() && connection == "slow=" {
			cancel()
			return http.StatusTooManyRequests
		}
		return http.StatusOK
	})
	r := newRig(t, g)
	r.times.first, r.times.giveUp = time.Hour, 2*time.Hour // only the deadline can end it
	r.subscribe("a", "fast=", "slow=")
	err := r.handle(ctx, "a", 7)
	if !errors.Is(err, context.Canceled) {
		t.Fatalf("Handle = %v, want that the context ended", err)
	}
	stuck.Store(false)
	if err := r.handle(t.Context(), "a", 7); err != nil {
		t.Fatal(err)
	}
	if got := g.sequences(t, "slow="); !slices.Equal(got, []int64{7}) {
		t.Errorf("slow got %v, want 7", got)
	}
	if err := r.handle(t.Context(), "a", 7); err != nil || len(g.got["slow="]) != 1 {
		t.Errorf("a third delivery: %v and %d messages, want none more", err, len(g.got["slow="]))
	}
}

func TestAFailedPostFailsNothingElse(t *testing.T) {
	statuses := map[string]int{"large=": 413, "wrong=": 400, "stuck=": 429, "ill=": 500, "broken=": 0, "good=": 200}
	g := newGateway(t, func(connection string, attempt int) int {
		if connection == "ill=" && attempt == 3 || connection == "broken=" && attempt == 2 {
			return http.StatusOK // in the end
		}
		return statuses[connection]
	})
	r := newRig(t, g)
	for connection := range statuses {
		r.subscribe("a", connection)
	}
	d, err := r.deliver(t.Context(), "a", []byte(`{}`))
	if err != nil {
		t.Fatal(err)
	}
	if d.Sent != 3 || d.Failed != 3 || d.Gone != 0 {
		t.Errorf("delivery = %+v, want 3 sent and 3 failed", d)
	}
	for connection, want := range map[string]int{"large=": 1, "wrong=": 1, "ill=": 3, "broken=": 2, "good=": 1} {
		if got := g.attempts[connection]; got != want {
			t.Errorf("%s had %d attempts, want %d", connection, got, want)
		}
	}
	if got := g.attempts["stuck="]; got < 3 {
		t.Errorf("stuck had %d attempts, want some more", got)
	}
	if got := len(r.followers("a")); got != len(statuses) {
		t.Errorf("followers = %d, want %d: none of them is gone", got, len(statuses))
	}
}

// A browser that takes nothing costs the time to give it up once, and then an
// attempt for each event, until it takes something or its time is over.
func TestAStuckConnectionDelaysOneEvent(t *testing.T) {
	g := newGateway(t, func(connection string, attempt int) int {
		if connection == "stuck=" {
			return http.StatusTooManyRequests
		}
		return http.StatusOK
	})
	r := newRig(t, g)
	r.subscribe("a", "stuck=", "good=")
	if err := r.handle(t.Context(), "a", 1); err != nil {
		t.Fatal(err)
	}
	before := g.attempts["stuck="]
	if before < 3 {
		t.Errorf("attempts = %d, want some", before)
	}
	for sequence := range int64(10) {
		if err := r.handle(t.Context(), "a", sequence+2); err != nil {
			t.Fatal(err)
		}
	}
	if got := g.attempts["stuck="] - before; got != 10 {
		t.Errorf("attempts for the 10 events after it = %d, want 10", got)
	}
	if got := len(g.got["good="]); got != 11 {
		t.Errorf("messages to the other = %d, want 11", got)
	}
}

func TestNotToBeAllowedToPostFailsTheRecord(t *testing.T) {
	g := newGateway(t, func(string, int) int { return http.StatusForbidden })
	r := newRig(t, g)
	r.subscribe("a", names("c", 200)...)
	if err := r.handle(t.Context(), "a", 1); !errors.Is(err, errForbidden) {
		t.Errorf("Handle = %v, want %v", err, errForbidden)
	}
	if len(g.attempts) == 200 {
		t.Errorf("attempts = %d, want an end after the first", len(g.attempts))
	}
}

func TestABadEventFailsAndATombstoneDoesNot(t *testing.T) {
	r := newRig(t, newGateway(t, nil))
	err := r.Handle(t.Context(), []*kafka.Record{{Value: []byte(`{"match":"a","sequence":0}`)}})
	if err == nil || !strings.Contains(err.Error(), "sequence must be 1 to") {
		t.Errorf("Handle = %v, want what is wrong", err)
	}
	if err := r.Handle(t.Context(), []*kafka.Record{{Key: []byte("a")}}); err != nil {
		t.Errorf("Handle of a tombstone = %v, want nil", err)
	}
}

func TestATableThatIsAwayFailsTheRecord(t *testing.T) {
	g := newGateway(t, nil)
	r := newRig(t, g)
	r.FanOut.table = table.New(r.client, "nowhere")
	if err := r.handle(t.Context(), "a", 1); err == nil || !strings.Contains(err.Error(), "write the score of a") {
		t.Errorf("Handle = %v, want the write's error", err)
	}
}
