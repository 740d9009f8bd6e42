package registry

import (
	"context"
	"errors"
	"runtime"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"msklambda/lambda/kafka"
	"msklambda/lambda/kafka/wire"
)

// source is a registry that takes a second for an answer and counts what it is asked.
type source struct {
	mu     sync.Mutex
	asked  map[string]int
	answer func(ctx context.Context, id wire.ID) (Schema, error)
}

func (s *source) Schema(ctx context.Context, id wire.ID) (Schema, error) {
	s.mu.Lock()
	if s.asked == nil {
		s.asked = map[string]int{}
	}
	s.asked[id.String()]++
	s.mu.Unlock()
	select {
	case <-time.After(time.Second):
	case <-ctx.Done():
		return Schema{}, ctx.Err()
	}
	if s.answer == nil {
		return Schema{Format: Avro, Text: id.String()}, nil
	}
	return s.answer(ctx, id)
}

func (s *source) times(id string) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.asked[id]
}

// isTransient says whether a decoder that returns err leaves the record to come again.
func isTransient(t *testing.T, err error) bool {
	t.Helper()
	settled := false
	h := kafka.Handler(kafka.Typed(func(context.Context, *kafka.Record, []byte) (int, error) { return 0, err },
		func(context.Context, int, *kafka.Record) error { return nil }), kafka.DeadLetter(kafka.SinkFunc(func(context.Context, []kafka.Failure) error {
		settled = true
		return nil
	})))
	_, _ = h.Invoke(context.Background(), []byte(`{"records":{"orders-0":[{"topic":"orders","partition":0,"offset":1,"value":"eA=="}]}}`))
	return !settled
}

var seventeen = wire.ConfluentID(17)

func TestAnIDIsAskedAboutOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &source{}
		c := Cached(s, Limits{})
		var wait sync.WaitGroup
		for range 100 {
			wait.Go(func() {
				if got, err := c.Schema(t.Context(), seventeen); err != nil || got.Text != "17" {
					t.Errorf("Schema = %v, %v, want 17", got, err)
				}
			})
		}
		wait.Wait()
		time.Sleep(time.Hour)
		if _, err := c.Schema(t.Context(), seventeen); err != nil || s.times("17") != 1 {
			t.Errorf("asked %d times, %v, want once", s.times("17"), err)
		}
	})
}

func TestFailuresAreRememberedForAWhile(t *testing.T) {
	away := errors.New("connection refused")
	tests := map[string]struct {
		err       error
		remembers time.Duration
		transient bool
	}{
		"unknown": {ErrUnknown, time.Minute, false},
		"away":    {away, time.Second, true},
	}
	for name, test := range tests {
		synctest.Test(t, func(t *testing.T) {
			s := &source{answer: func(context.Context, wire.ID) (Schema, error) { return Schema{}, test.err }}
			c := Cached(s, Limits{})
			ask := func() error {
				t.Helper()
				_, err := c.Schema(t.Context(), seventeen)
				if !errors.Is(err, test.err) || !strings.HasPrefix(err.Error(), "schema 17: ") {
					t.Errorf("%s: %v, want %v of schema 17", name, err, test.err)
				}
				return err
			}
			if err := ask(); isTransient(t, err) != test.transient {
				t.Errorf("%s: transient is %v, want %v", name, !test.transient, test.transient)
			}
			time.Sleep(test.remembers - time.Nanosecond)
			ask()
			if n := s.times("17"); n != 1 {
				t.Errorf("%s: asked %d times before %v, want once", name, n, test.remembers)
			}
			time.Sleep(time.Nanosecond)
			ask()
			if n := s.times("17"); n != 2 {
				t.Errorf("%s: asked %d times after %v, want twice", name, n, test.remembers)
			}
		})
	}
}

func TestAQuestionTakesNoLongerThanItsLimit(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &source{answer: func(ctx context.Context, _ wire.ID) (Schema, error) {
			<-ctx.Done()
			return Schema{}, ctx.Err()
		}}
		c := Cached(s, Limits{Timeout: 3 * time.Second})
		start := time.Now()
		_, err := c.Schema(t.Context(), seventeen)
		if took := time.Since(start); took != 3*time.Second || !errors.Is(err, context.DeadlineExceeded) || !strings.Contains(err.Error(), "no answer in 3s") || !isTransient(t, err) {
			t.Errorf("%v after %v, want a transient one after 3s", err, took)
		}
	})
}

func TestAQuestionEndsWithTheInvocation(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &source{}
		c := Cached(s, Limits{})
		ctx, cancel := context.WithTimeout(t.Context(), 500*time.Millisecond)
		defer cancel()
		if _, err := c.Schema(ctx, seventeen); !errors.Is(err, context.DeadlineExceeded) || !isTransient(t, err) {
			t.Errorf("%v, want a transient one of the deadline", err)
		}
		synctest.Wait()
		// The next invocation has more time, and nothing is held against it.
		if got, err := c.Schema(t.Context(), seventeen); err != nil || got.Text != "17" || s.times("17") != 2 {
			t.Errorf("%v, %v after %d questions, want 17 after 2", got, err, s.times("17"))
		}
	})
}

// One who gives up does not take the answer from those who wait with him.
func TestWhoWaitsIsNotEndedByWhoAskedFirst(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &source{}
		c := Cached(s, Limits{})
		first, cancel := context.WithCancel(t.Context())
		var wait sync.WaitGroup
		wait.Go(func() {
			if _, err := c.Schema(first, seventeen); !errors.Is(err, context.Canceled) {
				t.Errorf("the first: %v, want that it was canceled", err)
			}
		})
		synctest.Wait()
		wait.Go(func() {
			if got, err := c.Schema(t.Context(), seventeen); err != nil || got.Text != "17" {
				t.Errorf("the second: %v, %v, want 17", got, err)
			}
		})
		synctest.Wait()
		cancel()
		wait.Wait()
		if n := s.times("17"); n != 1 {
			t.Errorf("asked %d times, want once", n)
		}
	})
}

func TestWhatWasNotAskedAboutForLongestIsForgotten(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &source{}
		c := newCache(s, Limits{Size: 2})
		for _, id := range []uint32{1, 2, 1, 3, 1, 2} {
			if _, err := c.Schema(t.Context(), wire.ConfluentID(id)); err != nil {
				t.Fatal(err)
			}
		}
		for id, want := range map[string]int{"1": 1, "2": 2, "3": 1} {
			if n := s.times(id); n != want {
				t.Errorf("asked about %s %d times, want %d", id, n, want)
			}
		}
		if len(c.entries) != 2 || c.recent.Len() != 2 {
			t.Errorf("%d and %d entries, want 2", len(c.entries), c.recent.Len())
		}
	})
}

func TestARegistryThatPanicsFailsTheRecord(t *testing.T) {
	for name, answer := range map[string]func(context.Context, wire.ID) (Schema, error){
		"panic":  func(context.Context, wire.ID) (Schema, error) { panic("no such luck") },
		"goexit": func(context.Context, wire.ID) (Schema, error) { runtime.Goexit(); return Schema{}, nil },
	} {
		synctest.Test(t, func(t *testing.T) {
			_, err := Cached(&source{answer: answer}, Limits{}).Schema(t.Context(), seventeen)
			if err == nil || !isTransient(t, err) {
				t.Errorf("%s: %v, want a transient error", name, err)
			}
		})
	}
}

func TestCachedNeedsARegistryAndLimits(t *testing.T) {
	for name, make := range map[string]func(){
		"nil":      func() { Cached(nil, Limits{}) },
		"negative": func() { Cached(&source{}, Limits{Timeout: -1}) },
	} {
		func() {
			defer func() {
				if recover() == nil {
					t.Errorf("%s: Cached did not panic", name)
				}
			}()
			make()
		}()
	}
}
