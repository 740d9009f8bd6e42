package posts

import (
	"math"
	"time"
)

// limiter is a bucket of tokens, a post each. Its rate falls when posts are
// throttled, because others have of the account's quota what this function takes
// for its share, and rises again with time.
type limiter struct {
	share  float64 // posts a second, at most
	rate   float64 // now
	burst  float64
	tokens float64
	at     time.Time
	slowed time.Time // when the rate fell last
}

// What a throttled post makes of the rate, how far that goes, and how long one
// round of answers takes, which is one sign of it and not many. The rate grows again
// by this part of itself a second, with which it finds what the account has left and
// does not ask for many times that: from the lowest it is back in 5 seconds.
const (
	slower   = 0.5
	slowest  = 0.005
	oneRound = 50 * time.Millisecond
	faster   = 1.0
)

func newLimiter(share, burst float64, now time.Time) *limiter {
	share, burst = max(1, share), max(1, burst)
	return &limiter{share: share, rate: share, burst: burst, tokens: burst, at: now}
}

// resume goes on at the rate of another limiter, which has nothing saved up.
func (l *limiter) resume(rate float64) {
	l.rate = min(l.share, max(l.share*slowest, rate))
	l.tokens = 0
}

// wait returns how long it is to the next token, 0 if there is one.
func (l *limiter) wait(now time.Time) time.Duration {
	passed := now.Sub(l.at).Seconds()
	l.at = now
	l.tokens = min(l.burst, l.tokens+passed*l.rate)
	l.rate = min(l.share, l.rate*math.Exp(passed*faster))
	if l.tokens >= 1 {
		return 0
	}
	return time.Duration((1-l.tokens)/l.rate*float64(time.Second)) + 1
}

func (l *limiter) take() { l.tokens-- }

func (l *limiter) throttled(now time.Time) {
	if now.Sub(l.slowed) < oneRound {
		return
	}
	l.slowed = now
	l.rate = max(l.share*slowest, l.rate*slower)
	l.tokens = min(l.tokens, 0)
}
