// Package storetest tests stores of package once: each has to do the same.
package storetest

import (
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"msklambda/lambda/kafka/once"
)

const (
	lease = 30 * time.Second
	keep  = time.Hour
)

// Clock is a clock that is moved by hand.
type Clock struct {
	mu  sync.Mutex
	now time.Time
}

// Now returns its time.
func (c *Clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *Clock) move(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}

// Run tests stores that are made with a clock.
func Run(t *testing.T, make func(t *testing.T, now func() time.Time) once.Store) {
	type step func(t *testing.T, s once.Store, c *Clock)
	claim := func(owner string, want once.State, result string) step {
		return func(t *testing.T, s once.Store, c *Clock) {
			t.Helper()
			got, err := s.Claim(t.Context(), "key", owner, lease, keep)
			if err != nil || got.State != want || string(got.Result) != result {
				t.Errorf("claim of %s = %v with %q, %v, want %v with %q", owner, got.State, got.Result, err, want, result)
			}
			if want == once.Taken && (got.Until.Before(c.Now()) || got.Until.After(c.Now().Add(lease))) {
				t.Errorf("claim of %s: taken until %v, want at most %v from %v", owner, got.Until, lease, c.Now())
			}
		}
	}
	finish := func(owner, result string, want error) step {
		return func(t *testing.T, s once.Store, _ *Clock) {
			t.Helper()
			if err := s.Finish(t.Context(), "key", owner, []byte(result), keep); !errors.Is(err, want) {
				t.Errorf("finish of %s = %v, want %v", owner, err, want)
			}
		}
	}
	release := func(owner string) step {
		return func(t *testing.T, s once.Store, _ *Clock) {
			t.Helper()
			if err := s.Release(t.Context(), "key", owner); err != nil {
				t.Errorf("release of %s = %v", owner, err)
			}
		}
	}
	after := func(d time.Duration) step { return func(_ *testing.T, _ once.Store, c *Clock) { c.move(d) } }
	tests := map[string][]step{
		"done":                               {claim("a", once.Claimed, ""), finish("a", "r", nil), claim("b", once.Done, "r"), claim("a", once.Done, "r")},
		"another has it":                     {claim("a", once.Claimed, ""), claim("b", once.Taken, ""), finish("b", "", once.ErrLost), release("b"), claim("b", once.Taken, "")},
		"until its lease ends":               {claim("a", once.Claimed, ""), after(lease - time.Millisecond), claim("b", once.Taken, ""), after(time.Millisecond), claim("b", once.Claimed, "")},
		"too late":                           {claim("a", once.Claimed, ""), after(lease), claim("b", once.Claimed, ""), finish("a", "", once.ErrLost), release("a"), finish("b", "r", nil), claim("c", once.Done, "r")},
		"late, and nobody has it":            {claim("a", once.Claimed, ""), after(2 * lease), finish("a", "r", nil), claim("b", once.Done, "r")},
		"released":                           {claim("a", once.Claimed, ""), release("a"), claim("b", once.Claimed, "")},
		"released twice, as the SDK may":     {claim("a", once.Claimed, ""), release("a"), release("a"), claim("b", once.Claimed, ""), release("a"), claim("c", once.Taken, "")},
		"claimed twice, as the SDK may":      {claim("a", once.Claimed, ""), claim("a", once.Claimed, ""), claim("b", once.Taken, "")},
		"finished twice, as the SDK may":     {claim("a", once.Claimed, ""), finish("a", "r", nil), finish("a", "r", nil), claim("b", once.Done, "r")},
		"what is done is not released":       {claim("a", once.Claimed, ""), finish("a", "r", nil), release("a"), claim("b", once.Done, "r")},
		"forgotten":                          {claim("a", once.Claimed, ""), finish("a", "r", nil), after(keep - time.Second), claim("b", once.Done, "r"), after(time.Second), claim("b", once.Claimed, ""), finish("b", "s", nil), claim("c", once.Done, "s")},
		"nothing of it is left when claimed": {claim("a", once.Claimed, ""), finish("a", "r", nil), after(keep), claim("b", once.Claimed, ""), finish("b", "", nil), claim("c", once.Done, "")},
		"not claimed":                        {finish("a", "", once.ErrLost), release("a"), claim("a", once.Claimed, "")},
	}
	for name, steps := range tests {
		t.Run(name, func(t *testing.T) {
			c := &Clock{now: time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)}
			s := make(t, c.Now)
			for _, step := range steps {
				step(t, s, c)
			}
		})
	}
	t.Run("one of many", func(t *testing.T) {
		c := &Clock{now: time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)}
		s := make(t, c.Now)
		var wait sync.WaitGroup
		states := [20]once.State{}
		for i := range states {
			wait.Go(func() {
				got, err := s.Claim(t.Context(), "key", fmt.Sprint("owner", i), lease, keep)
				if err != nil {
					t.Error(err)
				}
				states[i] = got.State
			})
		}
		wait.Wait()
		claimed := 0
		for _, state := range states {
			if state == once.Claimed {
				claimed++
			}
		}
		if claimed != 1 {
			t.Errorf("%d of %d claimed the key, want 1", claimed, len(states))
		}
	})
}
