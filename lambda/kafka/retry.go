package kafka

import (
	"fmt"
	"math/rand/v2"
	"time"
)

// Backoff says when a function is called again for a record that failed with a
// transient error. The zero value waits 100 ms, then twice as long each time up to
// 10 s, until the margin of the deadline.
type Backoff struct {
	// First is the wait before the second attempt. Default: 100ms.
	First time.Duration

	// Max is the longest wait. Default: 10s, or First if that is longer.
	Max time.Duration

	// Attempts is how often a function is called for a record in one
	// invocation, the first time included. 0 means no limit but the time.
	Attempts int
}

// Retry calls the function again for a record that failed with a transient error,
// in the same invocation. The waits are jittered: each is between half of what b
// says and the whole. Records behind the one that waits wait with it, as order
// demands; other partitions, or keys with [ConcurrencyByKey], go on meanwhile.
//
// A [Batch] is called again with the records that it has not handled.
//
// A record whose Attempts are spent goes to the sink of [DeadLetter], or, without
// one, fails. A record for whose next attempt there is no time before the margin
// of the deadline fails and goes to no sink: Lambda sends it again, and what it
// failed for may be over by then. Panics if a value of b is negative, or Max is
// less than First.
func Retry(b Backoff) Option {
	switch {
	case b.First < 0:
		panic(fmt.Sprintf("kafka: Backoff.First must not be negative, got %v", b.First))
	case b.Max < 0:
		panic(fmt.Sprintf("kafka: Backoff.Max must not be negative, got %v", b.Max))
	case b.Attempts < 0:
		panic(fmt.Sprintf("kafka: Backoff.Attempts must not be negative, got %d", b.Attempts))
	}
	if b.First == 0 {
		b.First = 100 * time.Millisecond
		if b.Max > 0 {
			b.First = min(b.First, b.Max)
		}
	}
	if b.Max == 0 {
		b.Max = max(b.First, 10*time.Second)
	}
	if b.Max < b.First {
		panic(fmt.Sprintf("kafka: Backoff.Max must be at least First, %v, got %v", b.First, b.Max))
	}
	return func(h *handler) { h.retry = &b }
}

// wait is how long to wait after that many attempts.
func (b *Backoff) wait(attempts int) time.Duration {
	d := b.First
	for range attempts - 1 {
		if d >= b.Max/2 {
			d = b.Max
			break
		}
		d *= 2
	}
	half := d / 2
	return half + rand.N(d-half+1)
}

// decision is what becomes of a record that failed.
type decision int

const (
	failNow  decision = iota
	again             // after a wait
	settle            // by the sink
	skipOver          // counts as handled
)

// decide says what becomes of a record that failed for the given time in this
// invocation.
func (b *batch) decide(v verdict, attempts int) (decision, time.Duration) {
	switch v.outcome {
	case skip:
		return skipOver, 0
	case permanent:
		return b.orFail(settle), 0
	}
	if b.retry == nil && !v.exact {
		return failNow, 0
	}
	if b.retry != nil && b.retry.Attempts > 0 && attempts >= b.retry.Attempts {
		return b.orFail(settle), 0
	}
	wait := v.after
	if !v.exact {
		wait = b.retry.wait(attempts)
	}
	end, limited := b.ctx.Deadline()
	if b.ctx.Err() != nil || limited && time.Until(end) <= wait {
		return failNow, 0
	}
	return again, wait
}

// orFail is d where there is a sink.
func (b *batch) orFail(d decision) decision {
	if b.sink == nil {
		return failNow
	}
	return d
}
