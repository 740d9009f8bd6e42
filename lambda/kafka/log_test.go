package kafka

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-lambda-go/lambdacontext"
)

// invocation is the context of an invocation, as the runtime makes it.
func invocation(t *testing.T) context.Context {
	return lambdacontext.NewContext(t.Context(), &lambdacontext.LambdaContext{AwsRequestID: "request-1"})
}

// logged runs a handler and returns the lines it logs, as JSON without time and
// duration, and the stacks that are in them.
func logged(t *testing.T, level slog.Level, payload []byte, fn func(context.Context, *Record) error, opts ...Option) (lines, stacks []string) {
	t.Helper()
	var out bytes.Buffer
	logger := slog.New(slog.NewJSONHandler(&out, &slog.HandlerOptions{Level: level}))
	Handler(fn, append(opts, Logger(logger))...).Invoke(invocation(t), payload)
	for line := range strings.Lines(out.String()) {
		var attrs map[string]any
		if err := json.Unmarshal([]byte(line), &attrs); err != nil {
			t.Fatalf("line %q: %v", line, err)
		}
		if attrs["requestId"] != "request-1" {
			t.Errorf("request id of %q = %v, want request-1", line, attrs["requestId"])
		}
		if attrs["msg"] == "kafka: batch" && attrs["duration"] == nil {
			t.Errorf("line %q has no duration", line)
		}
		if s, ok := attrs["stack"].(string); ok {
			stacks = append(stacks, s)
		}
		for _, key := range []string{"time", "requestId", "duration", "stack"} {
			delete(attrs, key)
		}
		kept, err := json.Marshal(attrs)
		if err != nil {
			t.Fatal(err)
		}
		lines = append(lines, string(kept))
	}
	return lines, stacks
}

func TestABatchIsOneLine(t *testing.T) {
	lines, _ := logged(t, slog.LevelInfo, event(3, "a-0", "b-1"), func(context.Context, *Record) error { return nil })
	want := []string{`{"failures":0,"level":"INFO","msg":"kafka: batch","partitions":2,"records":6,"unhandled":0}`}
	if !slices.Equal(lines, want) {
		t.Errorf("lines = %s, want %s", lines, want)
	}
}

func TestAFailedRecordIsALineOfItsOwn(t *testing.T) {
	lines, stacks := logged(t, slog.LevelInfo, event(3, "a-0", "b-1"), func(_ context.Context, r *Record) error {
		switch r.String() {
		case "a[0]@2":
			return errors.New("boom")
		case "b[1]@1":
			panic("bang")
		}
		return nil
	})
	want := []string{
		`{"error":"boom","level":"ERROR","msg":"kafka: record failed","offset":2,"partition":0,"topic":"a"}`,
		`{"error":"panic: bang","level":"ERROR","msg":"kafka: record failed","offset":1,"partition":1,"topic":"b"}`,
		`{"failures":2,"level":"INFO","msg":"kafka: batch","partitions":2,"records":6,"unhandled":5}`,
	}
	if !slices.Equal(lines, want) {
		t.Errorf("lines = %s, want %s", lines, want)
	}
	if len(stacks) != 1 || !strings.Contains(stacks[0], "TestAFailedRecordIsALineOfItsOwn") {
		t.Errorf("stacks = %q, want one, of this test's function", stacks)
	}
}

func TestRecordsAreLinesAtDebug(t *testing.T) {
	lines, _ := logged(t, slog.LevelDebug, event(2, "a-0"), func(context.Context, *Record) error { return nil })
	want := []string{
		`{"level":"DEBUG","msg":"kafka: record handled","offset":1,"partition":0,"topic":"a"}`,
		`{"level":"DEBUG","msg":"kafka: record handled","offset":2,"partition":0,"topic":"a"}`,
		`{"failures":0,"level":"INFO","msg":"kafka: batch","partitions":1,"records":2,"unhandled":0}`,
	}
	if !slices.Equal(lines, want) {
		t.Errorf("lines = %s, want %s", lines, want)
	}
}

func TestTheLogOfManyFailuresIsCut(t *testing.T) {
	lines, _ := logged(t, slog.LevelInfo, event(1000, "a-0"), func(context.Context, *Record) error { return errors.New("boom") }, ContinueOnError())
	want := []string{
		`{"failures":900,"level":"WARN","msg":"kafka: further failures not logged"}`,
		`{"failures":1000,"level":"INFO","msg":"kafka: batch","partitions":1,"records":1000,"unhandled":1000}`,
	}
	if len(lines) != 102 || !slices.Equal(lines[100:], want) {
		t.Errorf("%d lines, the last %s, want 102, the last %s", len(lines), lines[max(0, len(lines)-2):], want)
	}
}

func TestRecordsThatAreNotStartedAreALine(t *testing.T) {
	var out bytes.Buffer
	ctx, cancel := context.WithTimeout(t.Context(), time.Hour)
	defer cancel()
	h := Handler(func(context.Context, *Record) error { return nil }, DeadlineMargin(2*time.Hour), Logger(slog.New(slog.NewTextHandler(&out, nil))))
	h.Invoke(ctx, event(3, "a-0", "b-1"))
	if want := `level=WARN msg="kafka: records not started" records=6 error="2h0m0s before the end of the invocation (kafka.DeadlineMargin)"`; !strings.Contains(out.String(), want) {
		t.Errorf("log = %s, want %s", out.String(), want)
	}
}

func TestAnEventThatCannotBeDecodedIsALine(t *testing.T) {
	lines, _ := logged(t, slog.LevelInfo, []byte("{}"), func(context.Context, *Record) error { return nil })
	want := []string{`{"bytes":2,"error":"kafka: decode byte 1: want a Kafka event: \"records\" with an object, got '}'","level":"ERROR","msg":"kafka: event not decoded"}`}
	if !slices.Equal(lines, want) {
		t.Errorf("lines = %s, want %s", lines, want)
	}
}

func TestTheDefaultLoggerIsThatOfTheInvocation(t *testing.T) {
	h := Handler(func(context.Context, *Record) error { return nil })
	before := slog.Default()
	defer slog.SetDefault(before)
	var out bytes.Buffer
	slog.SetDefault(slog.New(slog.NewTextHandler(&out, nil)))
	h.Invoke(invocation(t), event(1, "a-0"))
	if want := `level=INFO msg="kafka: batch" requestId=request-1 records=1`; !strings.Contains(out.String(), want) {
		t.Errorf("log = %s, want %s", out.String(), want)
	}
}

// A user's error may panic when asked for its text: that is not to cost the
// invocation its answer.
func TestAnErrorThatPanicsIsReported(t *testing.T) {
	t.Setenv(ReportBatchItemFailuresEnv, "")
	for _, fail := range []error{(*brokenError)(nil), brokenError{}} {
		var out bytes.Buffer
		h := Handler(func(context.Context, *Record) error { return fail }, Logger(slog.New(slog.NewJSONHandler(&out, nil))))
		_, err := h.Invoke(t.Context(), event(1, "a-0"))
		if err == nil || !strings.HasPrefix(fmt.Sprint(err), "kafka: handle a[0]@1: ") {
			t.Errorf("error = %v, want one of a[0]@1", err)
		}
	}
}

type brokenError struct{ text *string }

func (e brokenError) Error() string { return *e.text }
