package main

import (
	"context"
	"flag"
	"slices"
	"sync"
	"testing"
	"time"

	"msklambda/test/local/internal/live"
)

var measure = flag.Bool("measure", false, "measure how long events take to viewers, which takes a minute")

// TestFromTheTopicToViewers measures what docs/live-scores.md says of it, on this
// machine: from before an event is written to the topic until a viewer has it, and
// how many posts a second are made of one with many viewers.
//
//	go test ./test/local/livescores -run FromTheTopicToViewers -v -measure
func TestFromTheTopicToViewers(t *testing.T) {
	if !*measure {
		t.Skip("-measure is not set")
	}
	took := measured(t, 100, 60, 200*time.Millisecond)
	at := func(share float64) time.Duration {
		return took[int(share*float64(len(took)-1))].at.Round(time.Millisecond)
	}
	slices.SortFunc(took, func(a, b arrival) int { return int(a.at - b.at) })
	t.Logf("100 viewers, 60 events, 5 a second: p50 %v, p90 %v, p99 %v, max %v", at(0.5), at(0.9), at(0.99), at(1))

	const many = 2000
	byEvent := map[int64][]time.Duration{}
	for _, a := range measured(t, many, 6, 3*time.Second) {
		byEvent[a.sequence] = append(byEvent[a.sequence], a.at)
	}
	var rates []float64
	for _, all := range byEvent {
		rates = append(rates, float64(len(all))/(slices.Max(all)-slices.Min(all)).Seconds())
	}
	slices.Sort(rates)
	t.Logf("%d viewers of one match, from the first that has an event to the last: %.0f posts a second (%.0f to %.0f)",
		many, rates[len(rates)/2], rates[0], rates[len(rates)-1])
}

// arrival is an event at a viewer, and how long it took.
type arrival struct {
	sequence int64
	at       time.Duration
}

// measured writes events, each some time after the one before it, and waits until
// all viewers have all. The first is not among what it returns: it starts the
// functions.
func measured(t *testing.T, viewers, events int, every time.Duration) (all []arrival) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	l := startLive(t, ctx, live.Config{})
	defer l.Close()
	var mu sync.Mutex
	written := map[int64]time.Time{}
	first := make(chan bool, viewers)
	followers, done := startViewers(t, ctx, l, viewers, events+1, func(sequence int64) {
		now := time.Now()
		if sequence == 1 {
			first <- true
			return
		}
		mu.Lock()
		defer mu.Unlock()
		all = append(all, arrival{sequence, now.Sub(written[sequence])})
	})
	write := func(sequence int64) {
		mu.Lock()
		written[sequence] = time.Now()
		mu.Unlock()
		if err := l.Produce(ctx, "a", event("a", sequence, 0, 0, "corner").JSON()); err != nil {
			t.Fatal(err)
		}
	}
	write(1)
	for range viewers {
		select {
		case <-first:
		case <-ctx.Done():
			t.Fatal(ctx.Err())
		}
	}
	tick := time.NewTicker(every)
	defer tick.Stop()
	for n := range int64(events) {
		write(n + 2)
		<-tick.C
	}
	done.Wait()
	for i, v := range followers {
		if v.ended != nil {
			t.Fatalf("viewer %d has %d events: its connection ended with %v", i, len(v.has), v.ended)
		}
	}
	return all
}
