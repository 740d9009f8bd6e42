package once

import (
	"context"
	"sync"
	"time"
)

// Memory is a [Store] in memory, for tests, and for one environment of a function whose
// effects only have to be made once while it lives.
type Memory struct {
	mu   sync.Mutex
	rows map[string]row
	now  func() time.Time
}

type row struct {
	owner   string
	done    bool
	until   time.Time // of the lease
	expires time.Time
	result  []byte
}

// NewMemory makes an empty store.
func NewMemory() *Memory { return &Memory{rows: map[string]row{}, now: time.Now} }

// sweepAt is how many rows there are when those that are over are looked for.
const sweepAt = 10_000

// Claim implements [Store].
func (m *Memory) Claim(_ context.Context, key, owner string, lease, keep time.Duration) (Claim, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	now := m.now()
	if r, ok := m.rows[key]; ok && now.Before(r.expires) {
		switch {
		case r.done:
			return Claim{State: Done, Result: r.result}, nil
		case r.owner != owner && now.Before(r.until):
			return Claim{State: Taken, Until: r.until}, nil
		}
	}
	if len(m.rows) >= sweepAt {
		for key, r := range m.rows {
			if !now.Before(r.expires) {
				delete(m.rows, key)
			}
		}
	}
	m.rows[key] = row{owner: owner, until: now.Add(lease), expires: now.Add(lease + keep)}
	return Claim{State: Claimed}, nil
}

// Finish implements [Store].
func (m *Memory) Finish(_ context.Context, key, owner string, result []byte, keep time.Duration) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.rows[key].owner != owner {
		return ErrLost
	}
	m.rows[key] = row{owner: owner, done: true, expires: m.now().Add(keep), result: result}
	return nil
}

// Release implements [Store].
func (m *Memory) Release(_ context.Context, key, owner string) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if r := m.rows[key]; r.owner == owner && !r.done {
		delete(m.rows, key)
	}
	return nil
}
