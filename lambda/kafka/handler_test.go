package kafka

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// quiet keeps the log out of a test's output.
func quiet() Option { return Logger(slog.New(slog.NewTextHandler(io.Discard, nil))) }

// event returns an event with n records for each name, of offsets from 1 on.
func event(n int, names ...string) []byte {
	var parts []string
	for p, name := range names {
		var records []string
		for i := range n {
			records = append(records, fmt.Sprintf(`{"topic":%q,"partition":%d,"offset":%d,"value":"%d"}`, name[:strings.LastIndex(name, "-")], p, i+1, 1000+i%9000))
		}
		parts = append(parts, fmt.Sprintf(`%q:[%s]`, name, strings.Join(records, ",")))
	}
	return []byte(`{"eventSource":"aws:kafka","records":{` + strings.Join(parts, ",") + `}}`)
}

// failures as in the answer: "a-0@1 a-0@2".
func answer(positions string) string {
	var items []string
	for _, p := range strings.Fields(positions) {
		partition, offset, _ := strings.Cut(p, "@")
		items = append(items, `{"itemIdentifier":{"partition":"`+partition+`","offset":`+offset+`}}`)
	}
	return `{"batchItemFailures":[` + strings.Join(items, ",") + `]}`
}

func TestWhichRecordsAreNamed(t *testing.T) {
	// Four records each, of topic a-b.1[0] and x[1].
	const a, b = "a-b.1-0", "x-1"
	tests := map[string]struct {
		fail    string // positions at which the function fails
		goOn    bool
		tried   string
		partial string // the answer with partial batch responses
		err     string // the error without
	}{
		"none": {
			tried: "a-b.1[0]@1 a-b.1[0]@2 a-b.1[0]@3 a-b.1[0]@4 x[1]@1 x[1]@2 x[1]@3 x[1]@4",
		},
		"first of one": {
			fail:    "a-b.1[0]@1",
			tried:   "a-b.1[0]@1 x[1]@1 x[1]@2 x[1]@3 x[1]@4",
			partial: "a-b.1-0@1 a-b.1-0@2 a-b.1-0@3 a-b.1-0@4",
			err:     "kafka: handle a-b.1[0]@1: boom",
		},
		"middle of one": {
			fail:    "a-b.1[0]@3",
			tried:   "a-b.1[0]@1 a-b.1[0]@2 a-b.1[0]@3 x[1]@1 x[1]@2 x[1]@3 x[1]@4",
			partial: "a-b.1-0@3 a-b.1-0@4",
			err:     "kafka: handle a-b.1[0]@3: boom",
		},
		"last of the last": {
			fail:    "x[1]@4",
			tried:   "a-b.1[0]@1 a-b.1[0]@2 a-b.1[0]@3 a-b.1[0]@4 x[1]@1 x[1]@2 x[1]@3 x[1]@4",
			partial: "x-1@4",
			err:     "kafka: handle x[1]@4: boom",
		},
		"several of each": {
			fail:    "a-b.1[0]@2 a-b.1[0]@4 x[1]@3 x[1]@4",
			tried:   "a-b.1[0]@1 a-b.1[0]@2 x[1]@1 x[1]@2 x[1]@3",
			partial: "a-b.1-0@2 a-b.1-0@3 a-b.1-0@4 x-1@3 x-1@4",
			err:     "kafka: handle a-b.1[0]@2: boom\nkafka: handle x[1]@3: boom",
		},
		"several of each, go on": {
			fail:    "a-b.1[0]@2 a-b.1[0]@4 x[1]@3",
			goOn:    true,
			tried:   "a-b.1[0]@1 a-b.1[0]@2 a-b.1[0]@3 a-b.1[0]@4 x[1]@1 x[1]@2 x[1]@3 x[1]@4",
			partial: "a-b.1-0@2 a-b.1-0@4 x-1@3",
			err:     "kafka: handle a-b.1[0]@2: boom\nkafka: handle a-b.1[0]@4: boom\nkafka: handle x[1]@3: boom",
		},
		"panic": {
			fail:    "a-b.1[0]@2!",
			tried:   "a-b.1[0]@1 a-b.1[0]@2 x[1]@1 x[1]@2 x[1]@3 x[1]@4",
			partial: "a-b.1-0@2 a-b.1-0@3 a-b.1-0@4",
			err:     "kafka: handle a-b.1[0]@2: panic: boom",
		},
		"panics, go on": {
			fail:    "a-b.1[0]@1! a-b.1[0]@2 a-b.1[0]@4! x[1]@4!",
			goOn:    true,
			tried:   "a-b.1[0]@1 a-b.1[0]@2 a-b.1[0]@3 a-b.1[0]@4 x[1]@1 x[1]@2 x[1]@3 x[1]@4",
			partial: "a-b.1-0@1 a-b.1-0@2 a-b.1-0@4 x-1@4",
			err:     "kafka: handle a-b.1[0]@1: panic: boom\nkafka: handle a-b.1[0]@2: boom\nkafka: handle a-b.1[0]@4: panic: boom\nkafka: handle x[1]@4: panic: boom",
		},
		"goexit": {
			fail:    "a-b.1[0]@2? x[1]@4?",
			tried:   "a-b.1[0]@1 a-b.1[0]@2 x[1]@1 x[1]@2 x[1]@3 x[1]@4",
			partial: "a-b.1-0@2 a-b.1-0@3 a-b.1-0@4 x-1@4",
			err:     "kafka: handle a-b.1[0]@2: the handler ended its goroutine (runtime.Goexit)\nkafka: handle x[1]@4: the handler ended its goroutine (runtime.Goexit)",
		},
		"goexits, go on": {
			fail:    "a-b.1[0]@1? a-b.1[0]@2? x[1]@4?",
			goOn:    true,
			tried:   "a-b.1[0]@1 a-b.1[0]@2 a-b.1[0]@3 a-b.1[0]@4 x[1]@1 x[1]@2 x[1]@3 x[1]@4",
			partial: "a-b.1-0@1 a-b.1-0@2 x-1@4",
			err: "kafka: handle a-b.1[0]@1: the handler ended its goroutine (runtime.Goexit)\nkafka: handle a-b.1[0]@2: the handler ended its goroutine (runtime.Goexit)\n" +
				"kafka: handle x[1]@4: the handler ended its goroutine (runtime.Goexit)",
		},
	}
	boom := errors.New("boom")
	for name, test := range tests {
		for _, concurrency := range []int{1, 4} {
			for _, partial := range []string{"true", "", "false", "TRUE", "1"} {
				t.Run(fmt.Sprintf("%s/concurrency %d/partial %q", name, concurrency, partial), func(t *testing.T) {
					t.Setenv(ReportBatchItemFailuresEnv, partial)
					var mu sync.Mutex
					var tried []string
					opts := []Option{quiet(), Concurrency(concurrency)}
					if test.goOn {
						opts = append(opts, ContinueOnError())
					}
					h := Handler(func(_ context.Context, r *Record) error {
						mu.Lock()
						tried = append(tried, r.String())
						mu.Unlock()
						fail := strings.Fields(test.fail)
						switch {
						case slices.Contains(fail, r.String()):
							return boom
						case slices.Contains(fail, r.String()+"!"):
							panic(boom)
						case slices.Contains(fail, r.String()+"?"):
							runtime.Goexit()
						}
						return nil
					}, opts...)
					got, err := h.Invoke(t.Context(), event(4, a, b))
					if concurrency > 1 {
						slices.Sort(tried)
					}
					if got, want := strings.Join(tried, " "), sorted(test.tried, concurrency); got != want {
						t.Errorf("tried = %s, want %s", got, want)
					}
					if partial == "true" || test.err == "" {
						if err != nil || string(got) != answer(test.partial) {
							t.Errorf("answer = %s, %v, want %s", got, err, answer(test.partial))
						}
						return
					}
					if err == nil || err.Error() != test.err || got != nil {
						t.Errorf("answer = %s, error = %v, want %s", got, err, test.err)
					}
					if err != nil && strings.HasSuffix(test.err, ": boom") && !errors.Is(err, boom) {
						t.Errorf("error %v does not wrap its cause", err)
					}
				})
			}
		}
	}
}

func TestTheAnswerCopiesThePartitionAsItStands(t *testing.T) {
	t.Setenv(ReportBatchItemFailuresEnv, "true")
	for _, key := range []string{"orders-0", "a-1-2-3", "A.b_c-10", `orders\u002d0`, `\"quoted\"\\`, "caf\u00e9-0", "", "0"} {
		payload := []byte(`{"records":{"` + key + `":[{"topic":"another","partition":9,"offset":9223372036854775807}]}}`)
		got, err := Handler(func(context.Context, *Record) error { return errors.New("boom") }, quiet()).Invoke(t.Context(), payload)
		if want := answer(key + "@9223372036854775807"); err != nil || string(got) != want {
			t.Errorf("answer = %s, %v, want %s", got, err, want)
		}
	}
}

func TestAnEventThatCannotBeDecodedFailsWhole(t *testing.T) {
	for _, partial := range []string{"true", ""} {
		t.Setenv(ReportBatchItemFailuresEnv, partial)
		called := false
		h := Handler(func(context.Context, *Record) error { called = true; return nil }, quiet())
		for _, payload := range []string{"", "{}", `{"records":{"a-0":[` + record(1) + `,{"topic":"t","partition":0,"offset":2,"value":"?"}]}}`} {
			got, err := h.Invoke(t.Context(), []byte(payload))
			if err == nil || got != nil || called {
				t.Errorf("partial %q, payload %q: answer = %s, error = %v, handler called = %v, want an error alone", partial, payload, got, err, called)
			}
		}
	}
}

func TestAnEventWithoutRecordsSucceeds(t *testing.T) {
	got, err := Handler(func(context.Context, *Record) error { return errors.New("boom") }, quiet()).Invoke(t.Context(), []byte(`{"records":{"a-0":[]}}`))
	if err != nil || string(got) != `{"batchItemFailures":[]}` {
		t.Errorf("answer = %s, %v, want an empty list", got, err)
	}
}

func TestTheErrorOfManyFailuresIsCutAndComplete(t *testing.T) {
	const n = 10000
	_, err := Handler(func(_ context.Context, r *Record) error { return fmt.Errorf("boom %d", r.Offset) }, quiet(), ContinueOnError()).Invoke(t.Context(), event(n, "a-0"))
	text := err.Error()
	if got := strings.Count(text, "\n"); got != maxReported || !strings.HasSuffix(text, "\nkafka: and 9900 more") {
		t.Errorf("error has %d lines, ends in %q, want %d and the rest counted", got+1, text[len(text)-40:], maxReported+1)
	}
	joined, ok := err.(interface{ Unwrap() []error })
	if !ok || len(joined.Unwrap()) != n {
		t.Errorf("error joins other than %d", n)
	}
}

// What a function does to a record must not change what Lambda is told.
func TestTheAnswerIsOfTheEventWhateverTheFunctionDoes(t *testing.T) {
	t.Setenv(ReportBatchItemFailuresEnv, "true")
	h := Handler(func(_ context.Context, r *Record) error {
		r.Offset++
		r.Partition, r.Topic = 9, "other"
		clear(r.Value)
		if r.Offset == 3 {
			*r = Record{}
			return errors.New("boom")
		}
		return nil
	}, quiet())
	got, err := h.Invoke(t.Context(), event(3, "a-0"))
	if want := answer("a-0@2 a-0@3"); err != nil || string(got) != want {
		t.Errorf("answer = %s, %v, want %s", got, err, want)
	}
}

// Memory is used again: nothing of one batch may show in the next, also when
// batches overlap and when one of them fails.
func TestBatchesDoNotShowInEachOther(t *testing.T) {
	t.Setenv(ReportBatchItemFailuresEnv, "")
	var mu sync.Mutex
	var got []string
	h := Handler(func(_ context.Context, r *Record) error {
		mu.Lock()
		defer mu.Unlock()
		got = append(got, describe(wantedRecord(r)))
		return nil
	}, quiet())
	bad := `{"records":{"t-0":[` + record(1, `"key":"QQ=="`, `"headers":[{"a":[1]}]`) + `,1]}}`
	for range 20 {
		got = nil
		var wait sync.WaitGroup
		for _, payload := range [][]byte{readEvent(t, "headers"), readEvent(t, "tombstones"), []byte(bad), readEvent(t, "schema-metadata")} {
			wait.Add(1)
			go func() {
				defer wait.Done()
				h.Invoke(context.Background(), payload)
			}()
		}
		wait.Wait()
		var want []string
		for _, name := range []string{"headers", "tombstones", "schema-metadata"} {
			for _, p := range decodedEvents[name] {
				for i := range p.records {
					want = append(want, describe(p.records[i]))
				}
			}
		}
		slices.Sort(got)
		slices.Sort(want)
		if !slices.Equal(got, want) {
			t.Fatalf("records = %s\nwant      %s", strings.Join(got, "\n"), strings.Join(want, "\n"))
		}
	}
}

// A record that is kept is an empty one, so that a test sees the mistake; an
// error that tells of a record tells of it all the same.
func TestARecordIsWipedWhenTheHandlerHasReturned(t *testing.T) {
	t.Setenv(ReportBatchItemFailuresEnv, "")
	var kept *Record
	h := Handler(func(_ context.Context, r *Record) error {
		kept = r
		return tells{r}
	}, quiet())
	_, err := h.Invoke(t.Context(), event(1, "a-0"))
	if want := "kafka: handle a[0]@1: failed at a[0]@1"; err == nil || err.Error() != want {
		t.Errorf("error = %v, want %s", err, want)
	}
	if got := describe(wantedRecord(kept)); got != describe(wantRecord{}) {
		t.Errorf("record = %s, want an empty one", got)
	}
}

type tells struct{ r *Record }

func (e tells) Error() string { return "failed at " + e.r.String() }

// A payload that a function has seen is not what it was: what the runtime does
// with its buffer must not matter to what is reported.
func TestWhatIsReportedOutlivesThePayload(t *testing.T) {
	t.Setenv(ReportBatchItemFailuresEnv, "")
	payload := event(1, "orders-0")
	_, err := Handler(func(_ context.Context, r *Record) error { return errors.New(string(r.Value)) }, quiet()).Invoke(t.Context(), payload)
	want := err.Error()
	copy(payload, bytes.Repeat([]byte("!"), len(payload)))
	if got := err.Error(); got != want {
		t.Errorf("error = %q, want %q", got, want)
	}
}

func TestConcurrencyKeepsTheOrderOfEachPartition(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var mu sync.Mutex
		running, most := 0, 0
		seen := map[string][]int64{}
		h := Handler(func(_ context.Context, r *Record) error {
			mu.Lock()
			running++
			most = max(most, running)
			seen[r.Topic] = append(seen[r.Topic], r.Offset)
			mu.Unlock()
			time.Sleep(time.Duration(r.Offset*7%5) * time.Millisecond)
			mu.Lock()
			running--
			mu.Unlock()
			return nil
		}, quiet(), Concurrency(3))
		names := []string{"a-0", "b-1", "c-2", "d-3", "e-4", "f-5", "g-6"}
		if _, err := h.Invoke(t.Context(), event(50, names...)); err != nil {
			t.Fatal(err)
		}
		if most != 3 {
			t.Errorf("handlers at once = %d, want 3", most)
		}
		for _, name := range names {
			if offsets := seen[name[:1]]; len(offsets) != 50 || !slices.IsSorted(offsets) {
				t.Errorf("offsets of %s = %v, want 1 to 50 in order", name, offsets)
			}
		}
	})
}

func TestHandlerRefusesWhatCannotWork(t *testing.T) {
	ok := func(context.Context, *Record) error { return nil }
	var none func(context.Context, *Record) error
	type named func(context.Context, *Record) error
	tests := map[string]struct {
		make func()
		want string
	}{
		"nil func":        {func() { Handler(none) }, "kafka: Handler needs a function, got nil"},
		"nil named func":  {func() { Handler(named(nil)) }, "kafka: Handler needs a function, got nil"},
		"nil Batch":       {func() { Handler(Batch(nil)) }, "kafka: Handler needs a function, got nil"},
		"nil JSON":        {func() { Handler(JSON[int](nil)) }, "kafka: JSON needs a function, got nil"},
		"nil option":      {func() { Handler(ok, ContinueOnError(), nil) }, "kafka: option 2 of Handler is nil"},
		"concurrency":     {func() { Handler(ok, Concurrency(0)) }, "kafka: Concurrency must be at least 1, got 0"},
		"negative margin": {func() { Handler(ok, DeadlineMargin(-time.Second)) }, "kafka: DeadlineMargin must not be negative, got -1s"},
		"nil logger":      {func() { Handler(ok, Logger(nil)) }, "kafka: Logger must not be nil"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			defer func() {
				if got := recover(); got != test.want {
					t.Errorf("panic = %v, want %s", got, test.want)
				}
			}()
			test.make()
		})
	}
}

func TestHandlerTakesEveryShapeOfFunction(t *testing.T) {
	type order struct{ ID int }
	type named func(context.Context, *Record) error
	n := 0
	count := func(context.Context, *Record) error { n++; return nil }
	for _, h := range []interface {
		Invoke(context.Context, []byte) ([]byte, error)
	}{
		Handler(count, quiet()),
		Handler(func(context.Context, *Record) error { n++; return nil }, quiet()),
		Handler(named(count), quiet()),
		Handler(Batch(func(_ context.Context, r []*Record) error { n += len(r); return nil }), quiet()),
		Handler(JSON(func(context.Context, *order, *Record) error { n++; return nil }), quiet()),
	} {
		n = 0
		payload := []byte(`{"records":{"t-0":[` + record(1, `"value":"eyJJRCI6MX0="`) + `]}}`)
		if _, err := h.Invoke(t.Context(), payload); err != nil || n != 1 {
			t.Errorf("records = %d, %v, want 1", n, err)
		}
	}
}

// sorted sorts the words of s when they come from several goroutines.
func sorted(s string, concurrency int) string {
	words := strings.Fields(s)
	if concurrency > 1 {
		slices.Sort(words)
	}
	return strings.Join(words, " ")
}

// What became of the records of one batch says nothing of those of the next, which lie
// in the same memory.
func TestBatchesDoNotAnswerForEachOther(t *testing.T) {
	t.Setenv(ReportBatchItemFailuresEnv, "true")
	for name, opt := range map[string]Option{"in order": Concurrency(1), "by key": ConcurrencyByKey(1)} {
		fails, calls := false, 0
		h := Handler(func(context.Context, *Record) error {
			calls++
			if fails {
				return errBoom
			}
			return nil
		}, quiet(), opt)
		for _, keys := range []string{"aabb", "abcd"} {
			calls = 0
			if _, err := h.Invoke(t.Context(), keyed(keys)); err != nil || calls != 4 {
				t.Errorf("%s: %d calls for %s, %v, want 4", name, calls, keys, err)
			}
		}
		fails = true
		got, err := h.Invoke(t.Context(), keyed("abcd"))
		if want := answer("t-0@1 t-0@2 t-0@3 t-0@4"); err != nil || string(got) != want {
			t.Errorf("%s: answer = %s, %v, want %s", name, got, err, want)
		}
	}
}
