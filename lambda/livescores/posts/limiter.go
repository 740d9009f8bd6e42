package posts

import "time"

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
// round of answers takes, which is one sign of it and not many. The rate rises to
// the share again within recovery.
const (
	slower   = 0.7
	slowest  = 0.02
	oneRound = 100 * time.Millisecond
	recovery = 5 * time.Second
)

func newLimiter(share, burst float64, now time.Time) *limiter {
	share, burst = max(1, share), max(1, burst)
	return &limiter{share: share, rate: share, burst: burst, tokens: burst, at: now}
}

// wait returns how long it is to the next token, 0 if there is one.
func (l *limiter) wait(now time.Time) time.Duration {
	passed := now.Sub(l.at).Seconds()
	l.at = now
	l.tokens = min(l.burst, l.tokens+passed*l.rate)
	l.rate = min(l.share, l.rate+passed*l.share/recovery.Seconds())
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
