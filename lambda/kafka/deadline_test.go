package kafka

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// Ten seconds an invocation, a record takes a second: what is started, what is
// named, and when the answer is there.
func TestNoRecordIsStartedNearTheDeadline(t *testing.T) {
	tests := map[string]struct {
		opts    []Option
		limit   time.Duration // of the invocation
		respect bool          // the function heeds its context
		slow    int64         // the offset that takes until then, and longer
		names   []string
		tried   string
		partial string
		err     string
		took    time.Duration
	}{
		"enough time": {
			limit: 10 * time.Second, names: []string{"a-0"},
			tried: "a[0]@1 a[0]@2 a[0]@3",
			took:  3 * time.Second,
		},
		"default margin, a tenth": {
			limit: 3 * time.Second, names: []string{"a-0"},
			tried:   "a[0]@1 a[0]@2 a[0]@3",
			took:    3 * time.Second,
			partial: "",
		},
		"default margin, rest named": {
			limit: 2 * time.Second, names: []string{"a-0", "b-1"},
			tried:   "a[0]@1 a[0]@2",
			took:    2 * time.Second,
			partial: "a-0@3 b-1@1 b-1@2 b-1@3",
			err: "kafka: handle a[0]@3: not started: 200ms before the end of the invocation (kafka.DeadlineMargin)\n" +
				"kafka: handle b[1]@1: not started, nor the 2 after it: 200ms before the end of the invocation (kafka.DeadlineMargin)",
		},
		"default margin, at most two seconds": {
			limit: 100 * time.Second, respect: true, slow: 2, names: []string{"a-0"},
			tried:   "a[0]@1 a[0]@2",
			took:    98 * time.Second,
			partial: "a-0@2 a-0@3",
			err:     "kafka: handle a[0]@2: context deadline exceeded",
		},
		"margin of one's own": {
			opts:  []Option{DeadlineMargin(4 * time.Second)},
			limit: 10 * time.Second, respect: true, slow: 3, names: []string{"a-0", "b-1"},
			tried:   "a[0]@1 a[0]@2 a[0]@3",
			took:    6 * time.Second,
			partial: "a-0@3 b-1@1 b-1@2 b-1@3",
			err: "kafka: handle a[0]@3: context deadline exceeded\n" +
				"kafka: handle b[1]@1: not started, nor the 2 after it: 4s before the end of the invocation (kafka.DeadlineMargin)",
		},
		"go on": {
			opts:  []Option{DeadlineMargin(4 * time.Second), ContinueOnError()},
			limit: 10 * time.Second, respect: true, slow: 2, names: []string{"a-0"},
			tried:   "a[0]@1 a[0]@2",
			took:    6 * time.Second,
			partial: "a-0@2 a-0@3",
			err: "kafka: handle a[0]@2: context deadline exceeded\n" +
				"kafka: handle a[0]@3: not started: 4s before the end of the invocation (kafka.DeadlineMargin)",
		},
		"two at once": {
			opts:  []Option{Concurrency(2)},
			limit: 2 * time.Second, names: []string{"a-0", "b-1", "c-2"},
			tried:   "a[0]@1 a[0]@2 b[1]@1 b[1]@2",
			took:    2 * time.Second,
			partial: "a-0@3 b-1@3 c-2@1 c-2@2 c-2@3",
			err: "kafka: handle a[0]@3: not started: 200ms before the end of the invocation (kafka.DeadlineMargin)\n" +
				"kafka: handle b[1]@3: not started: 200ms before the end of the invocation (kafka.DeadlineMargin)\n" +
				"kafka: handle c[2]@1: not started, nor the 2 after it: 200ms before the end of the invocation (kafka.DeadlineMargin)",
		},
		"no margin": {
			opts:  []Option{DeadlineMargin(0)},
			limit: 2500 * time.Millisecond, names: []string{"a-0"},
			tried: "a[0]@1 a[0]@2 a[0]@3",
			took:  3 * time.Second,
		},
		"margin larger than the time": {
			opts:  []Option{DeadlineMargin(time.Minute)},
			limit: 10 * time.Second, names: []string{"a-0"},
			partial: "a-0@1 a-0@2 a-0@3",
			err:     "kafka: handle a[0]@1: not started, nor the 2 after it: 1m0s before the end of the invocation (kafka.DeadlineMargin)",
		},
	}
	for name, test := range tests {
		for _, partial := range []string{"true", ""} {
			t.Run(fmt.Sprintf("%s/partial %q", name, partial), func(t *testing.T) {
				t.Setenv(ReportBatchItemFailuresEnv, partial)
				synctest.Test(t, func(t *testing.T) {
					tried := make(chan string, 100)
					h := Handler(func(ctx context.Context, r *Record) error {
						tried <- r.String()
						if r.Offset != test.slow {
							time.Sleep(time.Second)
							return nil
						}
						select {
						case <-ctx.Done():
							return ctx.Err()
						case <-time.After(time.Hour):
							return nil
						}
					}, append(test.opts, quiet())...)
					ctx, cancel := context.WithTimeout(t.Context(), test.limit)
					defer cancel()
					start := time.Now()
					got, err := h.Invoke(ctx, event(3, test.names...))
					if took := time.Since(start); took != test.took {
						t.Errorf("took %v, want %v", took, test.took)
					}
					close(tried)
					var all []string
					for r := range tried {
						all = append(all, r)
					}
					if got := sorted(strings.Join(all, " "), 2); got != test.tried {
						t.Errorf("tried = %s, want %s", got, test.tried)
					}
					if partial == "true" || test.err == "" {
						if err != nil || string(got) != answer(test.partial) {
							t.Errorf("answer = %s, %v, want %s", got, err, answer(test.partial))
						}
						return
					}
					if err == nil || err.Error() != test.err {
						t.Errorf("error = %v\nwant    %s", err, test.err)
					}
					if !errors.Is(err, context.DeadlineExceeded) {
						t.Errorf("error %v is not context.DeadlineExceeded", err)
					}
				})
			})
		}
	}
}

func TestAFunctionThatSucceedsAfterTheDeadlineHasSucceeded(t *testing.T) {
	t.Setenv(ReportBatchItemFailuresEnv, "true")
	synctest.Test(t, func(t *testing.T) {
		h := Handler(func(ctx context.Context, r *Record) error {
			<-ctx.Done()
			return nil
		}, quiet())
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		got, err := h.Invoke(ctx, event(3, "a-0"))
		if want := answer("a-0@2 a-0@3"); err != nil || string(got) != want {
			t.Errorf("answer = %s, %v, want %s", got, err, want)
		}
	})
}

func TestACanceledInvocationStartsNothing(t *testing.T) {
	t.Setenv(ReportBatchItemFailuresEnv, "")
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	for _, deadline := range []bool{false, true} {
		if deadline {
			var stop context.CancelFunc
			ctx, stop = context.WithTimeout(ctx, time.Hour)
			defer stop()
		}
		_, err := Handler(func(context.Context, *Record) error { t.Error("handler was called"); return nil }, quiet()).Invoke(ctx, event(1, "a-0"))
		if want := "kafka: handle a[0]@1: not started: context canceled"; err == nil || err.Error() != want {
			t.Errorf("error = %v, want %s", err, want)
		}
	}
}
