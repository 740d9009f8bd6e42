package fanout

import (
	"net/http"
	"testing"
	"time"
)

// TestTenThousandViewers is a match with 10,000 connections, of which one in a
// hundred is gone and one in twenty is throttled at first: all others get each
// event once, and the table is clean.
func TestTenThousandViewers(t *testing.T) {
	if testing.Short() {
		t.Skip("takes seconds: go test without -short runs it")
	}
	const viewers, gone, throttled = 10000, 100, 500
	all := names("c", viewers)
	index := map[string]int{}
	for i, c := range all {
		index[c] = i
	}
	g := newGateway(t, func(connection string, attempt int) int {
		switch i := index[connection]; {
		case i%100 == 7:
			return http.StatusGone
		case i%20 == 3 && attempt <= 1+i%3: // up to three times
			return http.StatusTooManyRequests
		}
		return http.StatusOK
	})
	g.takes = 10 * time.Millisecond
	r := newRig(t, g)
	r.times = usual
	r.times.attempt, r.times.giveUp = time.Minute, time.Minute // on a machine that has other things to do
	r.subscribe("a", all...)

	start := time.Now()
	d, err := r.deliver(t.Context(), "a", []byte(`{"type":"score"}`))
	took := time.Since(start)
	if err != nil {
		t.Fatal(err)
	}
	retries := 0
	for i := range viewers {
		if i%20 == 3 {
			retries += 1 + i%3
		}
	}
	if want := (Delivery{Sent: viewers - gone, Gone: gone, Retries: retries}); d != want {
		t.Errorf("delivery = %+v, want %+v", d, want)
	}
	for i, c := range all {
		want := 1
		if i%100 == 7 {
			want = 0
		}
		if got := len(g.got[c]); got != want {
			t.Fatalf("%s got %d messages, want %d", c, got, want)
		}
	}
	if g.busiest > posts || g.busiest < posts/4 {
		t.Errorf("at most %d posts at once, want up to %d, and not far less", g.busiest, posts)
	}
	if len(g.wrong) > 0 {
		t.Errorf("requests = %q, want signed posts alone", g.wrong[:1])
	}
	if got := len(r.followers("a")); got != viewers-gone {
		t.Errorf("followers = %d, want %d: those who are gone are removed", got, viewers-gone)
	}
	t.Logf("%d connections, %d gone, %d throttled, %v a post: %+v in %v, %.0f posts a second, %d at once at most",
		viewers, gone, throttled, g.takes, d, took.Round(time.Millisecond), float64(d.Sent+d.Gone+d.Retries)/took.Seconds(), g.busiest)

	// The next event finds the table clean.
	before := len(g.attempts)
	if err := r.handle(t.Context(), "a", 1); err != nil {
		t.Fatal(err)
	}
	if got := g.attempts[all[7]]; got != 1 || len(g.attempts) != before {
		t.Errorf("a connection that is gone had %d posts, want 1", got)
	}
}
