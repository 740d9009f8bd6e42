package gateway

import (
	"sync"
	"time"
)

// Limits are what API Gateway takes a second, and as much at once; 0 is no limit.
type Limits struct {
	Connects float64 // refused with 429
	Messages float64 // of each route, answered with "Too Many Requests"
	Posts    float64 // answered with 429
}

// Fault is what the management API does to a post instead of posting it.
type Fault struct {
	Status int  // that it answers, 0 for none
	Hang   bool // it does not answer, until whoever asks gives up
}

// tokens is a bucket of them, which fills at a rate to a second's worth.
type tokens struct {
	mu   sync.Mutex
	rate float64
	left float64
	at   time.Time
}

func newTokens(rate float64) *tokens { return &tokens{rate: rate, left: rate} }

// take takes one, if there is one.
func (t *tokens) take() bool {
	if t.rate == 0 {
		return true
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	now := time.Now()
	if !t.at.IsZero() {
		t.left = min(t.rate, t.left+now.Sub(t.at).Seconds()*t.rate)
	}
	t.at = now
	if t.left < 1 {
		return false
	}
	t.left--
	return true
}

// limits are the buckets of a gateway.
type limits struct {
	connects, posts *tokens
	mu              sync.Mutex
	rate            float64
	messages        map[string]*tokens // by route
}

func newLimits(l Limits) *limits {
	return &limits{connects: newTokens(l.Connects), posts: newTokens(l.Posts), rate: l.Messages, messages: map[string]*tokens{}}
}

func (l *limits) message(route string) bool {
	l.mu.Lock()
	t := l.messages[route]
	if t == nil {
		t = newTokens(l.rate)
		l.messages[route] = t
	}
	l.mu.Unlock()
	return t.take()
}
