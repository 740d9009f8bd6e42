package storetest

import (
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"msklambda/lambda/kafka/once"
)

// RunMarks tests stores of marks that are made with a clock.
func RunMarks(t *testing.T, make func(t *testing.T, now func() time.Time) once.MarkStore) {
	type step func(t *testing.T, s once.MarkStore, c *Clock)
	hold := func(owner string, want once.State, next int64) step {
		return func(t *testing.T, s once.MarkStore, c *Clock) {
			t.Helper()
			got, err := s.Hold(t.Context(), "key", owner, lease, keep)
			if err != nil || got.State != want || got.Next != next {
				t.Errorf("hold of %s = %v at %d, %v, want %v at %d", owner, got.State, got.Next, err, want, next)
			}
			if want == once.Taken && (got.Until.Before(c.Now()) || got.Until.After(c.Now().Add(lease))) {
				t.Errorf("hold of %s: taken until %v, want at most %v from %v", owner, got.Until, lease, c.Now())
			}
			if want == once.Claimed && (next == 0) != got.Moved.IsZero() || got.Moved.After(c.Now()) {
				t.Errorf("hold of %s: moved at %v with next %d, want a time if there is a mark", owner, got.Moved, next)
			}
		}
	}
	moveWith := func(owner string, next int64, lease time.Duration, want error) step {
		return func(t *testing.T, s once.MarkStore, _ *Clock) {
			t.Helper()
			if err := s.Move(t.Context(), "key", owner, next, lease, keep); !errors.Is(err, want) {
				t.Errorf("move of %s to %d = %v, want %v", owner, next, err, want)
			}
		}
	}
	move := func(owner string, next int64, want error) step { return moveWith(owner, next, lease, want) }
	leave := func(owner string) step {
		return func(t *testing.T, s once.MarkStore, _ *Clock) {
			t.Helper()
			if err := s.Leave(t.Context(), "key", owner); err != nil {
				t.Errorf("leave of %s = %v", owner, err)
			}
		}
	}
	after := func(d time.Duration) step { return func(_ *testing.T, _ once.MarkStore, c *Clock) { c.move(d) } }
	tests := map[string][]step{
		"moved":                       {hold("a", once.Claimed, 0), move("a", 7, nil), leave("a"), hold("b", once.Claimed, 7), move("b", 9, nil), hold("b", once.Claimed, 9)},
		"another has it":              {hold("a", once.Claimed, 0), hold("b", once.Taken, 0), move("b", 7, once.ErrLost), leave("b"), hold("b", once.Taken, 0)},
		"until its lease ends":        {hold("a", once.Claimed, 0), after(lease - time.Millisecond), hold("b", once.Taken, 0), after(time.Millisecond), hold("b", once.Claimed, 0)},
		"a move renews the lease":     {hold("a", once.Claimed, 0), after(lease - time.Second), move("a", 7, nil), after(lease - time.Second), hold("b", once.Taken, 0), after(time.Second), hold("b", once.Claimed, 7)},
		"a hold renews the lease":     {hold("a", once.Claimed, 0), after(lease - time.Second), hold("a", once.Claimed, 0), after(lease - time.Second), hold("b", once.Taken, 0)},
		"too late":                    {hold("a", once.Claimed, 0), after(lease), hold("b", once.Claimed, 0), move("a", 7, once.ErrLost), leave("a"), hold("c", once.Taken, 0), move("b", 3, nil), leave("b"), hold("c", once.Claimed, 3)},
		"late, and nobody has it":     {hold("a", once.Claimed, 0), after(2 * lease), move("a", 7, nil), hold("b", once.Taken, 0)},
		"moved and given up at once":  {hold("a", once.Claimed, 0), moveWith("a", 7, 0, nil), hold("b", once.Claimed, 7)},
		"held twice, as the SDK may":  {hold("a", once.Claimed, 0), hold("a", once.Claimed, 0), hold("b", once.Taken, 0)},
		"moved twice, as the SDK may": {hold("a", once.Claimed, 0), move("a", 7, nil), move("a", 7, nil), hold("a", once.Claimed, 7)},
		"left twice, as the SDK may":  {hold("a", once.Claimed, 0), leave("a"), hold("b", once.Claimed, 0), leave("a"), hold("c", once.Taken, 0)},
		// A call that was repeated comes after the one that followed it.
		"never back":                {hold("a", once.Claimed, 0), move("a", 7, nil), move("a", 8, nil), move("a", 7, nil), leave("a"), hold("b", once.Claimed, 8)},
		"forgotten":                 {hold("a", once.Claimed, 0), move("a", 7, nil), leave("a"), after(keep - time.Second), hold("b", once.Claimed, 7), leave("b"), after(time.Second), hold("c", once.Claimed, 0)},
		"forgotten, and then lower": {hold("a", once.Claimed, 0), move("a", 7, nil), leave("a"), after(keep), hold("b", once.Claimed, 0), move("b", 2, nil), leave("b"), hold("c", once.Claimed, 2)},
		"moved again in time":       {hold("a", once.Claimed, 0), move("a", 7, nil), after(keep - time.Second), move("a", 8, nil), leave("a"), after(keep - time.Second), hold("b", once.Claimed, 8)},
		"not held":                  {move("a", 7, once.ErrLost), leave("a"), hold("b", once.Claimed, 0)},
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
				got, err := s.Hold(t.Context(), "key", fmt.Sprint("owner", i), lease, keep)
				if err != nil {
					t.Error(err)
				}
				states[i] = got.State
			})
		}
		wait.Wait()
		held := 0
		for _, state := range states {
			if state == once.Claimed {
				held++
			}
		}
		if held != 1 {
			t.Errorf("%d of %d hold the partition, want 1", held, len(states))
		}
	})
}
