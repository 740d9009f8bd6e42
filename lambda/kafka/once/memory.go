package once

import (
	"context"
	"sync"
	"time"
)

// Memory is a [Store] and a [MarkStore] in memory, for tests, and for one environment of a function whose
// effects only have to be made once while it lives.
type Memory struct {
	mu   sync.Mutex
	rows map[string]row
	mark map[string]markRow
	now  func() time.Time
}

type markRow struct {
	owner        string
	until, moved time.Time
	next         int64
}

type row struct {
	owner   string
	done    bool
	until   time.Time // of the lease
	expires time.Time
	result  []byte
}

// NewMemory makes an empty store.
func NewMemory() *Memory {
	return &Memory{rows: map[string]row{}, mark: map[string]markRow{}, now: time.Now}
}

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

// Hold implements [MarkStore].
func (m *Memory) Hold(_ context.Context, key, owner string, lease, keep time.Duration) (Mark, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	now, r := m.now(), m.mark[key]
	if r.owner != owner && now.Before(r.until) {
		return Mark{State: Taken, Until: r.until}, nil
	}
	r.owner, r.until = owner, now.Add(lease)
	if !now.Before(r.moved.Add(keep)) {
		r.next, r.moved = 0, time.Time{}
	}
	m.mark[key] = r
	return Mark{State: Claimed, Next: r.next, Moved: r.moved}, nil
}

// Move implements [MarkStore].
func (m *Memory) Move(_ context.Context, key, owner string, next int64, lease, _ time.Duration) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	r := m.mark[key]
	switch {
	case r.owner != owner:
		return ErrLost
	case r.next > next:
		return nil // a call that comes late, behind another of this owner
	}
	now := m.now()
	m.mark[key] = markRow{owner: owner, until: now.Add(lease), moved: now, next: next}
	return nil
}

// Leave implements [MarkStore].
func (m *Memory) Leave(_ context.Context, key, owner string) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if r := m.mark[key]; r.owner == owner {
		r.owner, r.until = "", time.Time{}
		m.mark[key] = r
	}
	return nil
}
