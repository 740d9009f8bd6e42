package kafka

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// sinkLog is a sink that remembers what it took, and fails when asked to.
type sinkLog struct {
	took  []string
	sends int
	err   error
	how   string // panic or goexit, in place of err
}

func (s *sinkLog) Send(_ context.Context, failures []Failure) error {
	s.sends++
	switch {
	case s.how == "panic":
		panic("no sink")
	case s.how == "goexit":
		runtime.Goexit()
	case s.err != nil:
		return s.err
	}
	for _, f := range failures {
		s.took = append(s.took, fmt.Sprintf("%s %v %d", f.Record, f.Err, f.Attempts))
	}
	return nil
}

var errBoom = errors.New("boom")

// One record of three, the second, ends in one way or another.
func TestWhatBecomesOfARecord(t *testing.T) {
	tests := map[string]struct {
		err     error
		opts    []Option
		sink    *sinkLog
		calls   string // offsets that the function got
		partial string
		goOn    string // the answer with ContinueOnError, if it differs
		fails   string // the error in on-demand mode
		took    string // by the sink
	}{
		"nothing": {calls: "1 2 3"},
		"transient": {
			err: errBoom, calls: "1 2", partial: "a-0@2 a-0@3", goOn: "a-0@2", fails: "kafka: handle a[0]@2: boom",
		},
		"transient, with a sink": {
			err: errBoom, sink: new(sinkLog), calls: "1 2", partial: "a-0@2 a-0@3", goOn: "a-0@2", fails: "kafka: handle a[0]@2: boom",
		},
		"permanent": {
			err: Permanent(errBoom), calls: "1 2", partial: "a-0@2 a-0@3", goOn: "a-0@2", fails: "kafka: handle a[0]@2: boom",
		},
		"permanent, with retries": {
			err: Permanent(errBoom), opts: []Option{Retry(Backoff{})}, calls: "1 2", partial: "a-0@2 a-0@3", goOn: "a-0@2",
			fails: "kafka: handle a[0]@2: boom",
		},
		"permanent, with a sink": {
			err: fmt.Errorf("decode: %w", Permanent(errBoom)), sink: new(sinkLog), calls: "1 2 3", took: "a[0]@2 decode: boom 1",
		},
		"permanent, with a sink that fails": {
			err: Permanent(errBoom), sink: &sinkLog{err: errors.New("no sink")}, calls: "1 2", partial: "a-0@2 a-0@3", goOn: "a-0@2",
			fails: "kafka: handle a[0]@2: boom; dead letter: no sink",
		},
		"permanent, with a sink that panics": {
			err: Permanent(errBoom), sink: &sinkLog{how: "panic"}, calls: "1 2", partial: "a-0@2 a-0@3", goOn: "a-0@2",
			fails: "kafka: handle a[0]@2: boom; dead letter: panic: no sink",
		},
		"permanent, with a sink that ends its goroutine": {
			err: Permanent(errBoom), sink: &sinkLog{how: "goexit"}, calls: "1 2", partial: "a-0@2 a-0@3", goOn: "a-0@2",
			fails: "kafka: handle a[0]@2: boom; dead letter: the handler ended its goroutine (runtime.Goexit)",
		},
		"skip": {err: Skip(errBoom), calls: "1 2 3"},
		"skip, wrapped": {
			err: fmt.Errorf("late: %w", Skip(errBoom)), sink: new(sinkLog), opts: []Option{Retry(Backoff{})}, calls: "1 2 3",
		},
		"skip, joined with a failure": {
			err: errors.Join(Skip(errors.New("late")), errBoom), calls: "1 2", partial: "a-0@2 a-0@3", goOn: "a-0@2",
			fails: "kafka: handle a[0]@2: late\nboom",
		},
		"retries spent": {
			err: errBoom, opts: []Option{Retry(Backoff{Attempts: 3})}, calls: "1 2 2 2", partial: "a-0@2 a-0@3", goOn: "a-0@2",
			fails: "kafka: handle a[0]@2: boom",
		},
		"retries spent, with a sink": {
			err: errBoom, opts: []Option{Retry(Backoff{Attempts: 3})}, sink: new(sinkLog), calls: "1 2 2 2 3", took: "a[0]@2 boom 3",
		},
		"retries spent, with a sink that fails": {
			err: errBoom, opts: []Option{Retry(Backoff{Attempts: 2})}, sink: &sinkLog{err: errors.New("no sink")},
			calls: "1 2 2", partial: "a-0@2 a-0@3", goOn: "a-0@2", fails: "kafka: handle a[0]@2: boom; dead letter: no sink",
		},
		"retries until the margin": {
			err: errBoom, opts: []Option{Retry(Backoff{First: 59 * time.Second})}, sink: new(sinkLog),
			calls: "1 2 2", partial: "a-0@2 a-0@3", goOn: "a-0@2", fails: "kafka: handle a[0]@2: boom",
		},
		"retry after": {
			err: RetryAfter(20*time.Second, errBoom), calls: "1 2 2 2", partial: "a-0@2 a-0@3", goOn: "a-0@2", fails: "kafka: handle a[0]@2: boom",
		},
		"retry after more than there is": {
			err: RetryAfter(time.Hour, errBoom), sink: new(sinkLog), calls: "1 2", partial: "a-0@2 a-0@3", goOn: "a-0@2",
			fails: "kafka: handle a[0]@2: boom",
		},
		"retry after, spent": {
			err: RetryAfter(time.Second, errBoom), opts: []Option{Retry(Backoff{Attempts: 2})}, sink: new(sinkLog),
			calls: "1 2 2 3", took: "a[0]@2 boom 2",
		},
		"transient although permanent": {
			err: errors.Join(Permanent(errBoom), Transient(errBoom)), sink: new(sinkLog), calls: "1 2", partial: "a-0@2 a-0@3", goOn: "a-0@2",
			fails: "kafka: handle a[0]@2: boom\nboom",
		},
		"an error that cannot be asked": {
			err: (*brokenUnwrap)(nil), sink: new(sinkLog), calls: "1 2", partial: "a-0@2 a-0@3", goOn: "a-0@2",
			fails: "kafka: handle a[0]@2: broken",
		},
		"no cause": {
			err: Permanent(nil), calls: "1 2", partial: "a-0@2 a-0@3", goOn: "a-0@2", fails: "kafka: handle a[0]@2: no cause given",
		},
	}
	for name, test := range tests {
		for _, form := range []string{"record", "batch", "whole"} {
			for _, goOn := range []bool{false, true} {
				for _, partial := range []string{"true", ""} {
					t.Run(fmt.Sprintf("%s/%s/go on %v/partial %q", name, form, goOn, partial), func(t *testing.T) {
						t.Setenv(ReportBatchItemFailuresEnv, partial)
						synctest.Test(t, func(t *testing.T) {
							var calls []string
							opts := append([]Option{quiet(), DeadlineMargin(time.Second)}, test.opts...)
							if goOn {
								opts = append(opts, ContinueOnError())
							}
							var sink sinkLog
							if test.sink != nil {
								sink = *test.sink
								opts = append(opts, DeadLetter(&sink))
							}
							h := oneRecordFails(form, test.err, &calls, opts)
							ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
							defer cancel()
							answered, err := h.Invoke(ctx, event(3, "a-0"))
							wantCalls, want := test.calls, test.partial
							if goOn && test.goOn != "" {
								want = test.goOn
								wantCalls += " 3"
							}
							if goOn { // a Batch tries all before any is tried again
								slices.Sort(calls)
							}
							if got := strings.Join(calls, " "); got != wantCalls {
								t.Errorf("calls = %s, want %s", got, wantCalls)
							}
							if got := strings.Join(sink.took, ", "); got != test.took {
								t.Errorf("sink took %q, want %q", got, test.took)
							}
							if partial == "true" || test.fails == "" {
								if err != nil || string(answered) != answer(want) {
									t.Errorf("answer = %s, %v, want %s", answered, err, answer(want))
								}
							} else if err == nil || err.Error() != test.fails {
								t.Errorf("error = %v, want %s", err, test.fails)
							}
						})
					})
				}
			}
		}
	}
}

// oneRecordFails makes a handler whose function fails at offset 2, and notes the
// offsets that it tries.
func oneRecordFails(form string, fail error, calls *[]string, opts []Option) interface {
	Invoke(context.Context, []byte) ([]byte, error)
} {
	one := func(_ context.Context, r *Record) error {
		*calls = append(*calls, fmt.Sprint(r.Offset))
		if r.Offset == 2 {
			return fail
		}
		return nil
	}
	switch form {
	case "whole":
		opts = append(opts, WholeEvent())
		fallthrough
	case "batch":
		goOn := false
		h := new(handler)
		for _, opt := range opts {
			opt(h)
		}
		goOn = h.goOn
		return Handler(Batch(func(ctx context.Context, records []*Record) error {
			var errs []error
			for i, r := range records {
				err := one(ctx, r)
				if err == nil {
					continue
				}
				if !goOn {
					return FailedAt(records[i], err)
				}
				errs = append(errs, FailedOnly(err, r))
			}
			return errors.Join(errs...)
		}), opts...)
	}
	return Handler(one, opts...)
}

type brokenUnwrap struct{ err error }

func (e *brokenUnwrap) Error() string { return "broken" }
func (e *brokenUnwrap) Unwrap() error { return e.err }

func TestClassify(t *testing.T) {
	second := verdict{after: time.Second, exact: true, said: true}
	tests := map[string]struct {
		err  error
		want verdict
	}{
		"plain":                        {errBoom, verdict{}},
		"permanent":                    {Permanent(errBoom), verdict{outcome: permanent}},
		"permanent, deep":              {fmt.Errorf("a: %w", fmt.Errorf("b: %w", Permanent(errBoom))), verdict{outcome: permanent}},
		"permanent beside a sentinel":  {fmt.Errorf("%w: %w", errBoom, Permanent(errBoom)), verdict{outcome: permanent}},
		"the outermost counts":         {Permanent(RetryAfter(time.Second, errBoom)), verdict{outcome: permanent}},
		"the outermost counts, again":  {RetryAfter(time.Second, Permanent(errBoom)), second},
		"transient around permanent":   {Transient(Permanent(errBoom)), verdict{said: true}},
		"skip":                         {Skip(errBoom), verdict{outcome: skip}},
		"skips":                        {errors.Join(Skip(errBoom), Skip(errBoom)), verdict{outcome: skip}},
		"skip and permanent":           {errors.Join(Skip(errBoom), Permanent(errBoom)), verdict{outcome: permanent}},
		"skip and plain":               {errors.Join(errBoom, Skip(errBoom)), verdict{}},
		"the longest wait":             {errors.Join(RetryAfter(time.Second, errBoom), RetryAfter(time.Millisecond, errBoom), Permanent(errBoom)), second},
		"negative wait":                {RetryAfter(-time.Second, errBoom), verdict{exact: true, said: true}},
		"nothing in it":                {emptyJoin{}, verdict{}},
		"wraps nil":                    {&brokenUnwrap{}, verdict{}},
		"methods that panic":           {(*brokenUnwrap)(nil), verdict{}},
		"skip of nil":                  {Skip(nil), verdict{outcome: skip}},
		"what a Batch did not start":   {Unstarted(new(Record)), verdict{}},
		"where a Batch failed":         {FailedAt(new(Record), Permanent(errBoom)), verdict{outcome: permanent}},
		"where a Batch failed, around": {Permanent(FailedAt(new(Record), errBoom)), verdict{outcome: permanent}},
	}
	for name, test := range tests {
		if got := classify(test.err); got != test.want {
			t.Errorf("%s: classify = %+v, want %+v", name, got, test.want)
		}
	}
}

type emptyJoin struct{}

func (emptyJoin) Error() string   { return "" }
func (emptyJoin) Unwrap() []error { return nil }

func TestMarksKeepTheirCause(t *testing.T) {
	for name, err := range map[string]error{
		"Permanent": Permanent(errBoom), "Skip": Skip(errBoom), "RetryAfter": RetryAfter(1, errBoom), "Transient": Transient(errBoom),
	} {
		if !errors.Is(err, errBoom) || err.Error() != "boom" {
			t.Errorf("%s = %v, want boom, which it is", name, err)
		}
	}
}

func TestTheWaitsOfRetryAreJitteredAndDouble(t *testing.T) {
	tests := []struct {
		b    Backoff
		want []time.Duration // the longest
	}{
		{Backoff{}, []time.Duration{100, 200, 400, 800, 1600, 3200, 6400, 10000, 10000}},
		{Backoff{First: 3 * time.Second, Max: 7 * time.Second}, []time.Duration{3000, 6000, 7000, 7000}},
		{Backoff{First: time.Minute}, []time.Duration{60000, 60000}},
		{Backoff{Max: 50 * time.Millisecond}, []time.Duration{50, 50}},
	}
	for _, test := range tests {
		h := new(handler)
		Retry(test.b)(h)
		for i, want := range test.want {
			want *= time.Millisecond
			seen := map[time.Duration]bool{}
			for range 1000 {
				d := h.retry.wait(i + 1)
				seen[d] = true
				if d < want/2 || d > want {
					t.Fatalf("%+v: wait after %d attempts = %v, want %v to %v", test.b, i+1, d, want/2, want)
				}
			}
			if len(seen) < 100 {
				t.Errorf("%+v: %d different waits of 1000, want them spread", test.b, len(seen))
			}
		}
		if d := h.retry.wait(1 << 20); d > h.retry.Max {
			t.Errorf("%+v: wait after very many attempts = %v, want %v at most", test.b, d, h.retry.Max)
		}
	}
}

// A record that waits holds up those behind it and nobody else.
func TestOthersGoOnWhileARecordWaits(t *testing.T) {
	t.Setenv(ReportBatchItemFailuresEnv, "true")
	synctest.Test(t, func(t *testing.T) {
		start := time.Now()
		var calls []string
		failures := 2
		h := Handler(func(_ context.Context, r *Record) error {
			calls = append(calls, fmt.Sprintf("%v:%s", time.Since(start), r))
			time.Sleep(time.Second)
			if r.Topic == "a" && r.Offset == 1 && failures > 0 {
				failures--
				return RetryAfter(1500*time.Millisecond, errBoom)
			}
			return nil
		}, quiet())
		got, err := h.Invoke(t.Context(), event(2, "a-0", "b-1", "c-2"))
		if err != nil || string(got) != answer("") {
			t.Errorf("answer = %s, %v, want no failures", got, err)
		}
		// One at a time: b is not interrupted, and a goes before c when it may.
		want := "0s:a[0]@1 1s:b[1]@1 2s:b[1]@2 3s:a[0]@1 4s:c[2]@1 5s:c[2]@2 6s:a[0]@1 7s:a[0]@2"
		if got := strings.Join(calls, " "); got != want {
			t.Errorf("calls = %s\nwant    %s", got, want)
		}
	})
}

// The waits end with the context, and what failed then fails with its own error.
func TestARecordThatWaitsFailsWhenTheContextEnds(t *testing.T) {
	for _, form := range []string{"record", "batch"} {
		for _, goOn := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s/go on %v", form, goOn), func(t *testing.T) {
				t.Setenv(ReportBatchItemFailuresEnv, "")
				synctest.Test(t, func(t *testing.T) {
					var calls []string
					sink := new(sinkLog)
					opts := []Option{quiet(), Retry(Backoff{First: time.Hour, Attempts: 9}), DeadLetter(sink)}
					want := "kafka: handle a[0]@2: boom"
					if goOn {
						opts = append(opts, ContinueOnError())
						if form == "record" {
							want += "\nkafka: handle a[0]@3: not started: context canceled"
						}
					}
					ctx, cancel := context.WithCancel(t.Context())
					time.AfterFunc(time.Minute, cancel)
					start := time.Now()
					_, err := oneRecordFails(form, errBoom, &calls, opts).Invoke(ctx, event(3, "a-0"))
					if err == nil || err.Error() != want {
						t.Errorf("error = %v, want %s", err, want)
					}
					if took := time.Since(start); took != time.Minute {
						t.Errorf("took %v, want 1m", took)
					}
					if len(sink.took) != 0 {
						t.Errorf("sink took %q, want nothing: the retries are not spent", sink.took)
					}
				})
			})
		}
	}
}

func TestTheSinkGetsTheRecordOfTheEvent(t *testing.T) {
	t.Setenv(ReportBatchItemFailuresEnv, "true")
	var got []string
	h := Handler(func(_ context.Context, r *Record) error {
		r.Offset = 99
		return Permanent(errBoom)
	}, quiet(), DeadLetter(SinkFunc(func(_ context.Context, failures []Failure) error {
		for _, f := range failures {
			got = append(got, fmt.Sprintf("%s %s", f.Record, f.Record.Value))
		}
		return nil
	})))
	h.Invoke(t.Context(), []byte(`{"records":{"t-0":[`+record(1, `"value":"QQ=="`)+`,`+record(2, `"value":"Qg=="`)+`]}}`))
	if want := []string{"t[0]@1 A", "t[0]@2 B"}; !slices.Equal(got, want) {
		t.Errorf("sink got %q, want %q", got, want)
	}
}

// A Batch has one Send for all that it gives up at once.
func TestABatchSendsWhatItGivesUpAtOnce(t *testing.T) {
	t.Setenv(ReportBatchItemFailuresEnv, "true")
	sink := new(sinkLog)
	calls := 0
	h := Handler(Batch(func(_ context.Context, r []*Record) error {
		calls++
		return errors.Join(FailedOnly(Permanent(errBoom), r[0], r[2]), FailedOnly(Permanent(errors.New("bang")), r[3]))
	}), quiet(), DeadLetter(sink))
	got, err := h.Invoke(t.Context(), event(4, "a-0"))
	if err != nil || string(got) != answer("") || sink.sends != 1 || calls != 1 {
		t.Errorf("answer = %s, %v after %d sends and %d calls, want no failures after one each", got, err, sink.sends, calls)
	}
	if got, want := strings.Join(sink.took, ", "), "a[0]@1 boom 1, a[0]@3 boom 1, a[0]@4 bang 1"; got != want {
		t.Errorf("sink took %s, want %s", got, want)
	}
}

// What is told of a failure is the event's, whatever the function does to the record.
func TestTheErrorIsOfTheEventWhateverTheFunctionDoes(t *testing.T) {
	t.Setenv(ReportBatchItemFailuresEnv, "")
	_, err := Handler(func(_ context.Context, r *Record) error {
		r.Offset = 99
		return errBoom
	}, quiet(), ContinueOnError()).Invoke(t.Context(), event(2, "a-0"))
	if want := "kafka: handle a[0]@1: boom\nkafka: handle a[0]@2: boom"; fmt.Sprint(err) != want {
		t.Errorf("error = %v, want %s", err, want)
	}
}

// A sink says which records it does not have; if it does not say it well, it has none.
func TestWhatTheSinkDoesNotTakeFails(t *testing.T) {
	bang := errors.New("bang")
	tests := map[string]struct {
		send    func(f []Failure) error
		partial string
	}{
		"all": {func([]Failure) error { return nil }, ""},
		"one": {func(f []Failure) error { return fmt.Errorf("send: %w", FailedOnly(bang, f[1].Record)) }, "a-0@2"},
		"two, for two reasons": {func(f []Failure) error {
			return errors.Join(FailedOnly(bang, f[0].Record), FailedOnly(bang, f[2].Record))
		}, "a-0@1 a-0@3"},
		"none":                   {func([]Failure) error { return bang }, "a-0@1 a-0@2 a-0@3"},
		"one, and who knows":     {func(f []Failure) error { return errors.Join(bang, FailedOnly(bang, f[1].Record)) }, "a-0@1 a-0@2 a-0@3"},
		"a record of elsewhere":  {func(f []Failure) error { return FailedOnly(bang, f[1].Record, &Record{Topic: "a"}) }, "a-0@1 a-0@2 a-0@3"},
		"a panic that names one": {func(f []Failure) error { panic(FailedOnly(bang, f[1].Record)) }, "a-0@1 a-0@2 a-0@3"},
	}
	for name, test := range tests {
		t.Setenv(ReportBatchItemFailuresEnv, "true")
		h := Handler(Batch(func(_ context.Context, r []*Record) error {
			return FailedOnly(Permanent(errBoom), r...)
		}), quiet(), ContinueOnError(), DeadLetter(SinkFunc(func(_ context.Context, f []Failure) error { return test.send(f) })))
		got, err := h.Invoke(t.Context(), event(3, "a-0"))
		if err != nil || string(got) != answer(test.partial) {
			t.Errorf("%s: answer = %s, %v, want %s", name, got, err, answer(test.partial))
		}
	}
}
