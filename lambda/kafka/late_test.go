package kafka

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// A panic says nothing of what is to become of a record, whatever it is made with.
func TestAPanicIsAFailureLikeAnyOther(t *testing.T) {
	t.Setenv(ReportBatchItemFailuresEnv, "true")
	for _, v := range []any{Permanent(errBoom), Skip(errBoom), RetryAfter(1, errBoom), "boom"} {
		sink := new(sinkLog)
		calls := 0
		for name, h := range map[string]Invoker{
			"a record": Handler(func(context.Context, *Record) error { calls++; panic(v) }, quiet(), DeadLetter(sink)),
			"a batch":  Handler(Batch(func(context.Context, []*Record) error { calls++; panic(v) }), quiet(), DeadLetter(sink)),
			"for each": Handler(Batch(func(ctx context.Context, r []*Record) error {
				return ForEach(ctx, r, 1, func(context.Context, *Record) error { calls++; panic(v) })
			}), quiet(), DeadLetter(sink)),
		} {
			calls = 0
			got, err := h.Invoke(t.Context(), event(1, "a-0"))
			if err != nil || string(got) != answer("a-0@1") || len(sink.took) > 0 || calls != 1 {
				t.Errorf("%s, panic of %v: answer = %s, %v after %d calls, sink took %q, want a-0@1 after 1 and nothing", name, v, got, err, calls, sink.took)
			}
		}
	}
}

func TestABatchIsNotCalledAfterTheDeadline(t *testing.T) {
	for _, whole := range []bool{false, true} {
		t.Setenv(ReportBatchItemFailuresEnv, "")
		ctx, cancel := context.WithCancel(t.Context())
		calls := 0
		opts := []Option{quiet()}
		want := "kafka: handle b[1]@1: not started, nor the 1 after it: context canceled"
		if whole {
			opts = append(opts, WholeEvent())
			cancel()
			want = "kafka: handle a[0]@1: not started, nor the 1 after it: context canceled\n" + want
		}
		_, err := Handler(Batch(func(context.Context, []*Record) error {
			calls++
			cancel()
			return nil
		}), opts...).Invoke(ctx, event(2, "a-0", "b-1"))
		if err == nil || err.Error() != want || whole == (calls == 1) {
			t.Errorf("whole event %v: error = %v after %d calls, want %s", whole, err, calls, want)
		}
	}
}

// The deadline comes while it is found out which record a bulk write refuses.
func TestHalvesThatThereIsNoTimeForWereNotStarted(t *testing.T) {
	t.Setenv(ReportBatchItemFailuresEnv, "")
	ctx, cancel := context.WithCancel(t.Context())
	_, err := Handler(Batch(func(_ context.Context, r []*Record) error {
		if len(r) == 2 {
			cancel()
		}
		return Permanent(errBoom)
	}), quiet()).Invoke(ctx, event(4, "a-0"))
	if want := "kafka: handle a[0]@1: not started, nor the 3 after it: context canceled"; err == nil || err.Error() != want {
		t.Errorf("error = %v, want %s", err, want)
	}
}

// What was done in an earlier delivery stays done, also when there is no time.
func TestWhatWasDoneBeforeIsNotStartedInVain(t *testing.T) {
	t.Setenv(ReportBatchItemFailuresEnv, "")
	store := NewMemoryStore(10)
	if err := store.Add(t.Context(), []string{"a[0]@2/-62135596800000"}); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	for name, h := range map[string]Invoker{
		"a record": Handler(func(context.Context, *Record) error { return nil }, quiet(), SkipDone(doneAnyway{store})),
		"a batch":  Handler(Batch(func(context.Context, []*Record) error { return nil }), quiet(), SkipDone(doneAnyway{store})),
	} {
		_, err := h.Invoke(ctx, event(3, "a-0"))
		if want := "kafka: handle a[0]@1: not started, nor the 1 after it: context canceled"; err == nil || err.Error() != want {
			t.Errorf("%s: error = %v, want %s", name, err, want)
		}
	}
}

// doneAnyway answers although the context has ended.
type doneAnyway struct{ *MemoryStore }

func (s doneAnyway) Done(_ context.Context, ids []string) ([]bool, error) {
	return s.MemoryStore.Done(context.Background(), ids)
}

// Without order a failure that is final and one that waits are told apart, and what
// waits is tried again.
func TestABatchWithoutOrderTriesAgainWhatWaits(t *testing.T) {
	t.Setenv(ReportBatchItemFailuresEnv, "true")
	var calls []string
	h := Handler(Batch(func(_ context.Context, r []*Record) error {
		var at []string
		var errs []error
		for _, r := range r {
			at = append(at, fmt.Sprint(r.Offset))
			switch {
			case r.Offset == 2:
				errs = append(errs, FailedOnly(Permanent(errBoom), r))
			case r.Offset == 3 && len(calls) == 0:
				errs = append(errs, FailedOnly(RetryAfter(0, errBoom), r))
			case r.Offset == 4 && len(calls) == 0:
				errs = append(errs, Unstarted(r))
			}
		}
		calls = append(calls, strings.Join(at, ","))
		return errors.Join(errs...)
	}), quiet(), ContinueOnError())
	got, err := h.Invoke(t.Context(), event(5, "a-0"))
	// 4 may wait for 2, for all that is known.
	if want := answer("a-0@2 a-0@4"); err != nil || string(got) != want {
		t.Errorf("answer = %s, %v, want %s", got, err, want)
	}
	if got := strings.Join(calls, " "); got != "1,2,3,4,5 3" {
		t.Errorf("calls = %s, want 1,2,3,4,5 3", got)
	}
}

// What a Batch says of no record in particular is about all of them.
func TestWhatABatchSaysOfAll(t *testing.T) {
	var calls []string
	tests := map[string]struct {
		fn      func(r []*Record) error
		opts    []Option
		partial string
		calls   string
		took    string
	}{
		"skip": {
			fn: func([]*Record) error { return Skip(errBoom) }, calls: "1,2,3,4",
		},
		"attempts spent": {
			fn: func([]*Record) error { return errBoom }, opts: []Option{Retry(Backoff{First: 1, Attempts: 3})},
			partial: "a-0@1 a-0@2 a-0@3 a-0@4", calls: "1,2,3,4 1,2,3,4 1,2,3,4",
		},
		"attempts spent, with a sink": {
			fn: func(r []*Record) error {
				if r[len(r)-1].Offset < 4 {
					return nil
				}
				return errBoom
			},
			opts: []Option{Retry(Backoff{First: 1, Attempts: 2}), DeadLetter(new(sinkLog))},
			// Whole until they are spent, and each half once.
			calls: "1,2,3,4 1,2,3,4 1,2 3,4 3 4", took: "a[0]@4 boom 4",
		},
		"in order, behind what is left": {
			fn: func(r []*Record) error {
				if len(r) == 4 {
					return Permanent(errBoom)
				}
				return Unstarted(r[1:]...)
			},
			partial: "a-0@2 a-0@3 a-0@4", calls: "1,2,3,4 1,2",
		},
		"without order": {
			fn: func(r []*Record) error {
				if len(r) == 4 {
					return Permanent(errBoom)
				}
				return Unstarted(r[1:]...)
			},
			opts: []Option{ContinueOnError()}, partial: "a-0@2 a-0@4", calls: "1,2,3,4 1,2 3,4",
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Setenv(ReportBatchItemFailuresEnv, "true")
			calls = nil
			h := Handler(Batch(func(_ context.Context, r []*Record) error {
				var at []string
				for _, r := range r {
					at = append(at, fmt.Sprint(r.Offset))
				}
				calls = append(calls, strings.Join(at, ","))
				return test.fn(r)
			}), append(test.opts, quiet())...)
			got, err := h.Invoke(t.Context(), event(4, "a-0"))
			if err != nil || string(got) != answer(test.partial) {
				t.Errorf("answer = %s, %v, want %s", got, err, answer(test.partial))
			}
			if got := strings.Join(calls, " "); got != test.calls {
				t.Errorf("calls = %s, want %s", got, test.calls)
			}
			if s, ok := h.(*handler).sink.(*sinkLog); ok && strings.Join(s.took, " ") != test.took {
				t.Errorf("sink took %q, want %q", s.took, test.took)
			}
		})
	}
}

// What is asked for by RetryAfter is waited for, and of several the longest.
func TestTheWaitIsTheOneAskedFor(t *testing.T) {
	one := func(fail func(n int, r *Record) error) HandlerFunc {
		n := 0
		return func(_ context.Context, r *Record) error {
			n++
			return fail(n, r)
		}
	}
	tests := map[string]Invoker{
		"with Retry": Handler(one(func(n int, _ *Record) error {
			if n == 1 {
				return RetryAfter(20*time.Second, errBoom)
			}
			return nil
		}), quiet(), Retry(Backoff{First: 1, Max: time.Hour})),
		"of a Batch": Handler(Batch(func() Batch {
			n := 0
			return func(_ context.Context, r []*Record) error {
				if n++; n > 1 {
					return nil
				}
				return errors.Join(FailedOnly(RetryAfter(20*time.Second, errBoom), r[0]), FailedOnly(RetryAfter(time.Second, errBoom), r[1]))
			}
		}()), quiet(), ContinueOnError()),
	}
	for name, h := range tests {
		synctest.Test(t, func(t *testing.T) {
			start := time.Now()
			_, err := h.Invoke(t.Context(), event(2, "a-0"))
			if took := time.Since(start); err != nil || took != 20*time.Second {
				t.Errorf("%s: took %v, %v, want 20s", name, took, err)
			}
		})
	}
}

// When the time is up a record is not said to be tried again.
func TestNothingIsTriedAgainWhenTheContextHasEnded(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	var out bytes.Buffer
	h := Handler(func(context.Context, *Record) error {
		cancel()
		return errBoom
	}, Retry(Backoff{First: 1}), Logger(slog.New(slog.NewTextHandler(&out, &slog.HandlerOptions{Level: slog.LevelDebug}))))
	h.Invoke(ctx, event(1, "a-0"))
	if strings.Contains(out.String(), "tried again") || strings.Contains(out.String(), "retries=") || !strings.Contains(out.String(), "failures=1") {
		t.Errorf("log = %s, want a failure and no retry", out.String())
	}
}
