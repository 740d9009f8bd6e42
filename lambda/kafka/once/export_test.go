package once

import "time"

// SetNow gives a store another clock.
func (m *Memory) SetNow(now func() time.Time) { m.now = now }

// Len returns how many rows a store has.
func (m *Memory) Len() int { return len(m.rows) }
