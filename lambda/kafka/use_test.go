package kafka

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-lambda-go/lambdacontext"
)

func TestMiddlewareIsAroundEachAttempt(t *testing.T) {
	var got []string
	trace := func(name string) Middleware {
		return func(next HandlerFunc) HandlerFunc {
			return func(ctx context.Context, r *Record) error {
				got = append(got, name+"(")
				err := next(ctx, r)
				got = append(got, ")"+name)
				return err
			}
		}
	}
	failures := 1
	h := Handler(func(_ context.Context, r *Record) error {
		got = append(got, r.String())
		if failures--; failures >= 0 {
			return RetryAfter(0, errBoom)
		}
		return nil
	}, Use(trace("a"), trace("b")), quiet(), Use(trace("c")))
	if _, err := h.Invoke(t.Context(), event(1, "t-0")); err != nil {
		t.Error(err)
	}
	once := "a( b( c( t[0]@1 )c )b )a"
	if want := once + " " + once; strings.Join(got, " ") != want {
		t.Errorf("calls = %s, want %s", strings.Join(got, " "), want)
	}
}

// A middleware may decide in place of the function.
func TestMiddlewareDecidesWhatBecomesOfARecord(t *testing.T) {
	t.Setenv(ReportBatchItemFailuresEnv, "true")
	calls := 0
	seen := func(next HandlerFunc) HandlerFunc {
		return func(ctx context.Context, r *Record) error {
			if r.Offset == 1 {
				return Skip(errors.New("seen before"))
			}
			return next(ctx, r)
		}
	}
	h := Handler(func(context.Context, *Record) error { calls++; return nil }, Use(seen), quiet())
	if got, err := h.Invoke(t.Context(), event(2, "t-0")); err != nil || string(got) != answer("") || calls != 1 {
		t.Errorf("answer = %s, %v after %d calls, want no failures after 1", got, err, calls)
	}
}

func TestFromContextIsTheRecordThatIsHandled(t *testing.T) {
	tests := map[string]struct {
		handler func(check HandlerFunc) interface {
			Invoke(context.Context, []byte) ([]byte, error)
		}
	}{
		"a record": {func(check HandlerFunc) interface {
			Invoke(context.Context, []byte) ([]byte, error)
		} {
			return Handler(check, quiet(), Concurrency(3))
		}},
		"by key": {func(check HandlerFunc) interface {
			Invoke(context.Context, []byte) ([]byte, error)
		} {
			return Handler(check, quiet(), ConcurrencyByKey(3))
		}},
		"a ForEach": {func(check HandlerFunc) interface {
			Invoke(context.Context, []byte) ([]byte, error)
		} {
			return Handler(Batch(func(ctx context.Context, records []*Record) error {
				if r, ok := FromContext(ctx); ok {
					return fmt.Errorf("a Batch has %s in its context", r)
				}
				return ForEach(ctx, records, 3, check)
			}), quiet())
		}},
	}
	for name, test := range tests {
		h := test.handler(func(ctx context.Context, r *Record) error {
			ctx, cancel := context.WithTimeout(ctx, time.Hour)
			defer cancel()
			if got, ok := FromContext(ctx); !ok || got != r {
				return fmt.Errorf("FromContext = %v, %v, want %s", got, ok, r)
			}
			return nil
		})
		if _, err := h.Invoke(t.Context(), event(20, "a-0", "b-1", "c-2")); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	if r, ok := FromContext(t.Context()); ok || r != nil {
		t.Errorf("FromContext of any context = %v, %v, want none", r, ok)
	}
}

// The context of a record ends with the invocation's, also for what is made of it.
func TestTheContextOfARecordEnds(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	_, err := Handler(func(ctx context.Context, r *Record) error {
		ctx, stop := context.WithCancel(ctx)
		defer stop()
		cancel()
		<-ctx.Done()
		return ctx.Err()
	}, quiet()).Invoke(ctx, event(1, "a-0"))
	if !errors.Is(err, context.Canceled) {
		t.Errorf("error = %v, want %v", err, context.Canceled)
	}
}

func TestForEachLosesNoRecordOfAWorkerThatEnds(t *testing.T) {
	t.Setenv(ReportBatchItemFailuresEnv, "true")
	for _, whole := range []bool{false, true} {
		opts := []Option{quiet()}
		if whole {
			opts = append(opts, WholeEvent())
		}
		h := Handler(Batch(func(ctx context.Context, records []*Record) error {
			return ForEach(ctx, records, 8, func(_ context.Context, r *Record) error {
				switch r.String() {
				case "a[0]@2":
					runtime.Goexit()
				case "a[0]@4":
					panic(Permanent(FailedAt(records[0], errBoom)))
				case "b[1]@3":
					return errBoom
				}
				return nil
			})
		}), opts...)
		got, err := h.Invoke(t.Context(), event(4, "a-0", "b-1"))
		if want := answer("a-0@2 a-0@4 b-1@3"); err != nil || string(got) != want {
			t.Errorf("whole event %v: answer = %s, %v, want %s", whole, got, err, want)
		}
	}
}

func TestWhatAForEachSkipsIsCountedAndLoggedOnce(t *testing.T) {
	t.Setenv(ReportBatchItemFailuresEnv, "true")
	var out bytes.Buffer
	h := Handler(Batch(func(ctx context.Context, records []*Record) error {
		return ForEach(ctx, records, 2, func(_ context.Context, r *Record) error {
			switch r.Offset {
			case 1:
				return Skip(errBoom)
			case 2:
				return errBoom
			}
			return nil
		})
	}), Logger(slog.New(slog.NewTextHandler(&out, nil))))
	if got, err := h.Invoke(t.Context(), event(3, "a-0")); err != nil || string(got) != answer("a-0@2") {
		t.Errorf("answer = %s, %v, want a-0@2", got, err)
	}
	for _, want := range []string{"record skipped", "record failed", "failures=1 unhandled=1 skipped=1"} {
		if n := strings.Count(out.String(), want); n != 1 {
			t.Errorf("log has %q %d times, want once:\n%s", want, n, out.String())
		}
	}
}

// ForEach works in a test that has no handler.
func TestForEachReturnsWhatFailed(t *testing.T) {
	records := []*Record{{Topic: "t", Offset: 1, Key: []byte("a")}, {Topic: "t", Offset: 2, Key: []byte("a")}, {Topic: "t", Offset: 3}}
	err := ForEach(t.Context(), records, 2, func(_ context.Context, r *Record) error {
		if r.Offset == 1 {
			return errBoom
		}
		return nil
	})
	if !errors.Is(err, errBoom) {
		t.Errorf("error = %v, want boom", err)
	}
	if err := ForEach(t.Context(), nil, 1, func(context.Context, *Record) error { return errBoom }); err != nil {
		t.Errorf("error of no records = %v, want none", err)
	}
}

func TestABatchGetsTheWholeEvent(t *testing.T) {
	tests := map[string]struct {
		goOn    bool
		fn      func(r []*Record) error
		partial string
		fails   string
	}{
		"all fine": {fn: func([]*Record) error { return nil }},
		"one fails": {
			fn:      func(r []*Record) error { return FailedOnly(errBoom, r[1]) },
			partial: "a-0@2 a-0@3", fails: "kafka: handle a[0]@2: boom",
		},
		"one fails, go on": {
			goOn: true, fn: func(r []*Record) error { return FailedOnly(errBoom, r[1]) },
			partial: "a-0@2", fails: "kafka: handle a[0]@2: boom",
		},
		"one of each fails": {
			fn:      func(r []*Record) error { return FailedOnly(errBoom, r[4], r[1]) },
			partial: "a-0@2 a-0@3 b-1@2 b-1@3", fails: "kafka: handle a[0]@2: boom\nkafka: handle b[1]@2: boom",
		},
		"up to one": {
			fn: func(r []*Record) error { return FailedAt(r[2], errBoom) }, partial: "a-0@3 b-1@1 b-1@2 b-1@3",
			fails: "kafka: handle a[0]@3: boom\nkafka: handle b[1]@1: not started, nor the 2 after it: the function did not start it (kafka.Unstarted)",
		},
		"all": {
			fn: func([]*Record) error { return errBoom }, partial: "a-0@1 a-0@2 a-0@3 b-1@1 b-1@2 b-1@3",
			fails: "kafka: handle a[0]@1: boom\nkafka: 3 records of b-1 were not handled",
		},
		"one that waits for another": {
			goOn: true, fn: func(r []*Record) error { return errors.Join(FailedOnly(errBoom, r[0]), Unstarted(r[2], r[5])) },
			partial: "a-0@1 a-0@3 b-1@3",
			fails: "kafka: handle a[0]@1: boom\n" +
				"kafka: handle b[1]@3: not started: the function did not start it (kafka.Unstarted)",
		},
	}
	for name, test := range tests {
		for _, partial := range []string{"true", ""} {
			t.Run(fmt.Sprintf("%s/partial %q", name, partial), func(t *testing.T) {
				t.Setenv(ReportBatchItemFailuresEnv, partial)
				opts := []Option{quiet(), WholeEvent()}
				if test.goOn {
					opts = append(opts, ContinueOnError())
				}
				calls := ""
				h := Handler(Batch(func(_ context.Context, r []*Record) error {
					for _, r := range r {
						calls += r.String() + " "
					}
					return test.fn(r)
				}), opts...)
				got, err := h.Invoke(t.Context(), event(3, "a-0", "b-1"))
				if want := "a[0]@1 a[0]@2 a[0]@3 b[1]@1 b[1]@2 b[1]@3 "; calls != want {
					t.Fatalf("calls = %s, want %s once", calls, want)
				}
				if partial == "true" || test.fails == "" {
					if err != nil || string(got) != answer(test.partial) {
						t.Errorf("answer = %s, %v, want %s", got, err, answer(test.partial))
					}
					return
				}
				if err == nil || err.Error() != test.fails {
					t.Errorf("error = %v\nwant    %s", err, test.fails)
				}
			})
		}
	}
}

// One key that fails is one failure, in the log and in the count.
func TestWhatABatchDidNotStartIsNoFailure(t *testing.T) {
	t.Setenv(ReportBatchItemFailuresEnv, "true")
	var out bytes.Buffer
	h := Handler(Batch(func(_ context.Context, r []*Record) error {
		return errors.Join(FailedOnly(errBoom, r[1]), Unstarted(r[3], r[5], r[7]))
	}), ContinueOnError(), Logger(slog.New(slog.NewTextHandler(&out, nil))))
	got, err := h.Invoke(t.Context(), event(8, "a-0"))
	if want := answer("a-0@2 a-0@4 a-0@6 a-0@8"); err != nil || string(got) != want {
		t.Errorf("answer = %s, %v, want %s", got, err, want)
	}
	if n := strings.Count(out.String(), "level=ERROR"); n != 1 || !strings.Contains(out.String(), "failures=1 unhandled=4") {
		t.Errorf("%d error lines in %s, want 1, and failures=1 unhandled=4", n, out.String())
	}
}

func TestNothingThatIsNotStartedIsNoError(t *testing.T) {
	if err := Unstarted(); err != nil {
		t.Errorf("error = %v, want none", err)
	}
	t.Setenv(ReportBatchItemFailuresEnv, "true")
	h := Handler(Batch(func(_ context.Context, r []*Record) error {
		return errors.Join(FailedOnly(errBoom, r[0]), Unstarted(r[3:]...))
	}), ContinueOnError(), quiet())
	if got, err := h.Invoke(t.Context(), event(3, "a-0")); err != nil || string(got) != answer("a-0@1") {
		t.Errorf("answer = %s, %v, want a-0@1", got, err)
	}
}

// A Batch that starts nothing is not called again and again, and fails the batch.
func TestABatchThatStartsNothing(t *testing.T) {
	t.Setenv(ReportBatchItemFailuresEnv, "")
	calls := 0
	h := Handler(Batch(func(_ context.Context, r []*Record) error {
		calls++
		return Unstarted(r...)
	}), quiet(), Retry(Backoff{}), DeadLetter(new(sinkLog)))
	_, err := h.Invoke(t.Context(), event(3, "a-0"))
	want := "kafka: handle a[0]@1: not started, nor the 2 after it: the function did not start it (kafka.Unstarted)"
	if err == nil || err.Error() != want || calls != 1 {
		t.Errorf("error = %v after %d calls, want %s after 1", err, calls, want)
	}
}

func TestOnShutdownIsCalledLastFirst(t *testing.T) {
	var got []string
	note := func(name string) Option {
		return OnShutdown(func(ctx context.Context) {
			if _, limited := ctx.Deadline(); limited {
				got = append(got, name)
			}
		})
	}
	h := Handler(func(context.Context, *Record) error { return nil }, quiet(),
		note("a"), OnShutdown(func(context.Context) { panic("boom") }), OnShutdown(func(context.Context) { runtime.Goexit() }), note("b"))
	h.(*handler).shutdown()
	if strings.Join(got, " ") != "b a" {
		t.Errorf("calls = %s, want b a", got)
	}
}

func TestWhatDoesNotGoTogetherIsRefused(t *testing.T) {
	one := func(context.Context, *Record) error { return nil }
	all := Batch(func(context.Context, []*Record) error { return nil })
	through := func(next HandlerFunc) HandlerFunc { return next }
	tests := map[string]struct {
		make func()
		want string
	}{
		"by key, n":            {func() { ConcurrencyByKey(0) }, "kafka: ConcurrencyByKey must be at least 1, got 0"},
		"by key, batch":        {func() { Handler(all, ConcurrencyByKey(1)) }, "kafka: ConcurrencyByKey needs a function of one record, got a Batch, which can use ForEach"},
		"by key and not":       {func() { Handler(one, Concurrency(1), ConcurrencyByKey(1)) }, "kafka: Concurrency and ConcurrencyByKey exclude each other"},
		"whole event":          {func() { Handler(one, WholeEvent()) }, "kafka: WholeEvent needs a Batch, got a function of one record"},
		"in order, by key":     {func() { Handler(one, InOrder(), ConcurrencyByKey(2)) }, "kafka: InOrder, which once.Partitions has, excludes ConcurrencyByKey and ContinueOnError: a later record may be handled before an earlier one then"},
		"in order, going on":   {func() { Handler(one, ContinueOnError(), InOrder()) }, "kafka: InOrder, which once.Partitions has, excludes ConcurrencyByKey and ContinueOnError: a later record may be handled before an earlier one then"},
		"done, and a flush":    {func() { Handler(one, DoneOnReturn(), AfterBatch(func(context.Context, *Result) error { return nil })) }, "kafka: DoneOnReturn, which once.Partitions has without EachBatch, excludes AfterBatch, whose error would take back what is marked as done"},
		"use, batch":           {func() { Handler(all, Use(through)) }, "kafka: Use needs a function of one record, got a Batch"},
		"use, nil":             {func() { Use(through, nil) }, "kafka: middleware 2 of Use is nil"},
		"use, returns nil":     {func() { Handler(one, Use(through, func(HandlerFunc) HandlerFunc { return nil })) }, "kafka: middleware 2 of Use returned nil"},
		"dead letter":          {func() { DeadLetter(nil) }, "kafka: DeadLetter needs a sink, got nil"},
		"dead letter, func":    {func() { DeadLetter(SinkFunc(nil)) }, "kafka: DeadLetter needs a sink, got nil"},
		"store":                {func() { SkipDone(nil) }, "kafka: SkipDone needs a store, got nil"},
		"store, memory":        {func() { SkipDone((*MemoryStore)(nil)) }, "kafka: SkipDone needs a store, got nil"},
		"memory":               {func() { NewMemoryStore(0) }, "kafka: NewMemoryStore must have room for at least 1, got 0"},
		"backoff, first":       {func() { Retry(Backoff{First: -1}) }, "kafka: Backoff.First must not be negative, got -1ns"},
		"backoff, max":         {func() { Retry(Backoff{Max: -1}) }, "kafka: Backoff.Max must not be negative, got -1ns"},
		"backoff, attempts":    {func() { Retry(Backoff{Attempts: -1}) }, "kafka: Backoff.Attempts must not be negative, got -1"},
		"backoff, max < first": {func() { Retry(Backoff{First: 2, Max: 1}) }, "kafka: Backoff.Max must be at least First, 2ns, got 1ns"},
		"after batch":          {func() { AfterBatch(nil) }, "kafka: AfterBatch needs a function, got nil"},
		"shutdown":             {func() { OnShutdown(nil) }, "kafka: OnShutdown needs a function, got nil"},
		"typed":                {func() { Typed(FromJSON[int], nil) }, "kafka: Typed needs a decoder and a function, got nil"},
		"typed batch":          {func() { TypedBatch[int](nil, nil) }, "kafka: TypedBatch needs a decoder and a function, got nil"},
		"for each, n":          {func() { ForEach(context.Background(), nil, 0, one) }, "kafka: ForEach must have at least 1 at once, got 0"},
		"for each, nil":        {func() { ForEach(context.Background(), nil, 1, nil) }, "kafka: ForEach needs a function, got nil"},
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

// In a process of its own, as slog.Default is the process's: what Lambda gets of a
// function that sets nothing up.
func TestTheLogIsLambdasWithNothingSetUp(t *testing.T) {
	if os.Getenv("KAFKA_TEST_LOG") != "" {
		h := Handler(func(ctx context.Context, r *Record) error {
			slog.InfoContext(ctx, "mine")
			return errBoom
		})
		h.Invoke(invocation(t), event(1, "a-0"))
		os.Exit(0)
	}
	cmd := exec.Command(os.Args[0], "-test.run=^TestTheLogIsLambdasWithNothingSetUp$")
	cmd.Env = append(os.Environ(), "KAFKA_TEST_LOG=1", "AWS_LAMBDA_FUNCTION_NAME=f", "AWS_LAMBDA_LOG_FORMAT=JSON")
	out, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		`"level":"ERROR","message":"kafka: record failed","requestId":"request-1","topic":"a","partition":0,"offset":1,"error":"boom"}`,
		`"level":"INFO","message":"kafka: batch","requestId":"request-1","records":1,`,
	} {
		if !strings.Contains(string(out), want) {
			t.Errorf("log = %s, want %s", out, want)
		}
	}
}

// With whatever logger: the library's lines have the request's id once, the
// function's have the record's place.
func TestEachLineHasItsIdOnce(t *testing.T) {
	var out bytes.Buffer
	// As lambdacontext.NewLogHandler does, which writes to os.Stdout only.
	adding := withID{slog.NewJSONHandler(&out, nil)}
	before := slog.Default()
	defer slog.SetDefault(before)
	slog.SetDefault(slog.New(LogHandler(adding)))
	Handler(func(ctx context.Context, r *Record) error {
		slog.InfoContext(ctx, "mine", "bytes", len(r.Value))
		return errBoom
	}).Invoke(invocation(t), event(1, "a-0"))
	lines := strings.Split(strings.TrimSpace(out.String()), "\n")
	if len(lines) != 3 {
		t.Fatalf("lines = %s, want 3", out.String())
	}
	for _, line := range lines {
		if n := strings.Count(line, `"requestId":"request-1"`); n != 1 {
			t.Errorf("%d request ids in %s, want 1", n, line)
		}
	}
	if want := `"topic":"a","partition":0,"offset":1,"bytes":3`; !strings.Contains(lines[0], want) {
		t.Errorf("line = %s, want %s", lines[0], want)
	}
	if n := strings.Count(lines[1], `"offset"`); n != 1 {
		t.Errorf("%d offsets in %s, want 1", n, lines[1])
	}
}

type withID struct{ slog.Handler }

func (h withID) Handle(ctx context.Context, r slog.Record) error {
	if lc, ok := lambdacontext.FromContext(ctx); ok {
		r.AddAttrs(slog.String("requestId", lc.AwsRequestID))
	}
	return h.Handler.Handle(ctx, r)
}

func (h withID) WithAttrs(attrs []slog.Attr) slog.Handler { return withID{h.Handler.WithAttrs(attrs)} }
