package kafka

import (
	"bytes"
	"cmp"
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"log/slog"
	"runtime"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// keyed is an event of one partition, a record for each letter, which is its key.
func keyed(keys string) []byte {
	var records []string
	for i, key := range keys {
		records = append(records, fmt.Sprintf(`{"topic":"t","partition":0,"offset":%d,"key":%q}`, i+1, base64.StdEncoding.EncodeToString([]byte(string(key)))))
	}
	return []byte(`{"records":{"t-0":[` + strings.Join(records, ",") + `]}}`)
}

// handledAt returns the handled record of an offset.
func handledAt(r *Result, offset int64) *Record {
	for r := range r.Handled() {
		if r.Offset == offset {
			return r
		}
	}
	return nil
}

func TestAFlushThatFailsFailsWhatWasHandled(t *testing.T) {
	// Six records of keys a and b in turns, of which the function skips the first
	// and fails the last.
	tests := map[string]struct {
		flush   func(r *Result) error
		opts    []Option
		partial string // in order
		byKey   string // the same by key; "" is the same
		goOn    string // and with ContinueOnError
		fails   string
		took    string
	}{
		"fine": {
			flush: func(*Result) error { return nil }, partial: "t-0@6", fails: "kafka: handle t[0]@6: boom",
		},
		"an error": {
			flush: func(*Result) error { return errors.New("bang") }, partial: "t-0@2 t-0@3 t-0@4 t-0@5 t-0@6",
			fails: "kafka: handle t[0]@2: after the batch: bang\nkafka: handle t[0]@6: boom",
		},
		"a panic": {
			flush: func(*Result) error { panic("bang") }, partial: "t-0@2 t-0@3 t-0@4 t-0@5 t-0@6",
			fails: "kafka: handle t[0]@2: after the batch: panic: bang\nkafka: handle t[0]@6: boom",
		},
		"a goroutine that ends": {
			flush: func(*Result) error { runtime.Goexit(); return nil }, partial: "t-0@2 t-0@3 t-0@4 t-0@5 t-0@6",
			fails: "kafka: handle t[0]@2: after the batch: the handler ended its goroutine (runtime.Goexit)\nkafka: handle t[0]@6: boom",
		},
		"one record": {
			flush:   func(r *Result) error { return FailedOnly(errors.New("bang"), handledAt(r, 3)) },
			partial: "t-0@3 t-0@4 t-0@5 t-0@6", byKey: "t-0@3 t-0@5 t-0@6", goOn: "t-0@3 t-0@6",
			fails: "kafka: handle t[0]@3: after the batch: bang\nkafka: handle t[0]@6: boom",
		},
		"from one on": {
			flush:   func(r *Result) error { return FailedAt(handledAt(r, 4), errors.New("bang")) },
			partial: "t-0@4 t-0@5 t-0@6", fails: "kafka: handle t[0]@4: after the batch: bang\nkafka: handle t[0]@6: boom",
		},
		"a record that was not handled": {
			flush:   func(r *Result) error { return FailedOnly(errors.New("bang"), &Record{Topic: "t", Offset: 3}) },
			partial: "t-0@2 t-0@3 t-0@4 t-0@5 t-0@6",
			fails:   "kafka: handle t[0]@2: after the batch: bang\nkafka: handle t[0]@6: boom",
		},
		"a record that may be skipped": {
			flush:   func(r *Result) error { return FailedOnly(Skip(errors.New("bang")), handledAt(r, 3)) },
			partial: "t-0@6", fails: "kafka: handle t[0]@6: boom",
		},
		"for good, with a sink": {
			flush: func(r *Result) error { return FailedOnly(Permanent(errors.New("bang")), handledAt(r, 3)) }, opts: []Option{DeadLetter(new(sinkLog))},
			partial: "t-0@6", fails: "kafka: handle t[0]@6: boom", took: "t[0]@3 bang 1",
		},
		"for good, with a sink that fails": {
			flush:   func(r *Result) error { return FailedOnly(Permanent(errors.New("bang")), handledAt(r, 3)) },
			opts:    []Option{DeadLetter(&sinkLog{err: errors.New("no sink")})},
			partial: "t-0@3 t-0@4 t-0@5 t-0@6", byKey: "t-0@3 t-0@5 t-0@6", goOn: "t-0@3 t-0@6",
			fails: "kafka: handle t[0]@3: after the batch: bang; dead letter: no sink\nkafka: handle t[0]@6: boom",
		},
	}
	for name, test := range tests {
		for _, form := range []string{"in order", "by key", "go on"} {
			for _, partial := range []string{"true", ""} {
				t.Run(fmt.Sprintf("%s/%s/partial %q", name, form, partial), func(t *testing.T) {
					t.Setenv(ReportBatchItemFailuresEnv, partial)
					opts := append([]Option{quiet(), AfterBatch(func(_ context.Context, r *Result) error {
						if done, again := r.Count(); done != 4 || again != 1 {
							t.Errorf("count = %d, %d, want 4 handled and 1 to come again", done, again)
						}
						return test.flush(r)
					})}, test.opts...)
					want := test.partial
					switch {
					case form == "by key":
						opts = append(opts, ConcurrencyByKey(1))
						want = cmp.Or(test.byKey, test.partial)
					case form == "go on":
						opts = append(opts, ContinueOnError())
						want = cmp.Or(test.goOn, test.partial)
					}
					h := Handler(func(_ context.Context, r *Record) error {
						switch r.Offset {
						case 1:
							return Skip(errBoom)
						case 6:
							return errBoom
						}
						return nil
					}, opts...)
					got, err := h.Invoke(t.Context(), keyed("ababab"))
					if partial == "true" {
						if err != nil || string(got) != answer(want) {
							t.Errorf("answer = %s, %v, want %s", got, err, answer(want))
						}
					} else if err == nil || err.Error() != test.fails {
						t.Errorf("error = %v\nwant    %s", err, test.fails)
					}
					if s, ok := h.(*handler).sink.(*sinkLog); ok && strings.Join(s.took, " ") != test.took {
						t.Errorf("sink took %q, want %q", s.took, test.took)
						s.took = nil
					} else if ok {
						s.took = nil
					}
				})
			}
		}
	}
}

// What was left is what the next one sees.
func TestSeveralFlushesAreCalledInOrder(t *testing.T) {
	t.Setenv(ReportBatchItemFailuresEnv, "true")
	var got []string
	h := Handler(func(context.Context, *Record) error { return nil }, quiet(),
		AfterBatch(func(_ context.Context, r *Result) error { return FailedOnly(errBoom, handledAt(r, 2)) }),
		AfterBatch(func(_ context.Context, r *Result) error {
			for r := range r.Handled() {
				got = append(got, r.String())
			}
			return FailedOnly(errBoom, handledAt(r, 1))
		}))
	answered, err := h.Invoke(t.Context(), event(3, "a-0"))
	if strings.Join(got, " ") != "a[0]@1" || err != nil || string(answered) != answer("a-0@1 a-0@2 a-0@3") {
		t.Errorf("the second sees %s and the answer is %s, %v, want a[0]@1 and all", got, answered, err)
	}
}

// A flush has time of its own: half of the margin.
func TestAFlushHasTimeAfterTheDeadlineOfTheRecords(t *testing.T) {
	t.Setenv(ReportBatchItemFailuresEnv, "true")
	synctest.Test(t, func(t *testing.T) {
		start := time.Now()
		var left time.Duration
		h := Handler(func(ctx context.Context, r *Record) error {
			<-ctx.Done()
			return nil
		}, quiet(), DeadlineMargin(4*time.Second), AfterBatch(func(ctx context.Context, r *Result) error {
			if ctx.Err() != nil {
				t.Errorf("the context has ended: %v", ctx.Err())
			}
			end, _ := ctx.Deadline()
			left = end.Sub(start)
			return nil
		}))
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
		defer cancel()
		got, err := h.Invoke(ctx, event(2, "a-0"))
		if took := time.Since(start); took != 6*time.Second || left != 8*time.Second {
			t.Errorf("took %v with time until %v, want 6s and 8s", took, left)
		}
		if err != nil || string(got) != answer("a-0@2") {
			t.Errorf("answer = %s, %v, want a-0@2", got, err)
		}
	})
}

func TestAFlushOfNothingThatFailsIsLogged(t *testing.T) {
	t.Setenv(ReportBatchItemFailuresEnv, "true")
	var out bytes.Buffer
	h := Handler(func(context.Context, *Record) error { return Skip(errBoom) }, Logger(slog.New(slog.NewTextHandler(&out, nil))),
		AfterBatch(func(context.Context, *Result) error { panic("bang") }))
	got, err := h.Invoke(t.Context(), event(1, "a-0"))
	if err != nil || string(got) != answer("") {
		t.Errorf("answer = %s, %v, want no failures", got, err)
	}
	if want := `level=ERROR msg="kafka: after the batch failed" error="panic: bang" stack=`; !strings.Contains(out.String(), want) {
		t.Errorf("log = %s, want %s", out.String(), want)
	}
}
