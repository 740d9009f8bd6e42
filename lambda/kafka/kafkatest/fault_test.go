package kafkatest

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"msklambda/lambda/kafka"
)

// recording is a test that notes its errors.
type recording struct {
	testing.TB
	errors []string
}

func (r *recording) Helper() {}
func (r *recording) Errorf(format string, args ...any) {
	r.errors = append(r.errors, fmt.Sprintf(format, args...))
}

// forgetful answers that all is well, whatever its handler says.
type forgetful struct{ kafka.Invoker }

func (f forgetful) Invoke(ctx context.Context, payload []byte) ([]byte, error) {
	f.Invoker.Invoke(ctx, payload)
	return nil, nil
}

func TestAtEachRecordNoticesWhatIsLost(t *testing.T) {
	ok := kafka.Handler(func(context.Context, *kafka.Record) error { return nil })
	records := Records("t", 0, 0, "a", "b", "c")
	tests := map[string]struct {
		handler kafka.Invoker
		kind    string
		want    string
	}{
		"an error that is forgotten":      {forgetful{ok}, "error before", "t[0]@1 is lost"},
		"a deadline that is forgotten":    {forgetful{ok}, "deadline", "t[0]@2 is lost"},
		"a record that is not handed on":  {answerless{}, "error before", "the function did not get t[0]@1"},
		"one that is never done":          {kafka.Handler(func(context.Context, *kafka.Record) error { return errors.New("boom") }), "error before", "still fail after 10 deliveries"},
		"right":                           {ok, "error before", ""},
		"right, after a crash":            {forgetful{ok}, "crash before", ""}, // a crash forgets nothing: there is no answer
		"right, after a crash at the end": {ok, "crash after", ""},
	}
	for name, test := range tests {
		r := &recording{TB: t}
		for _, k := range kinds {
			if k.name == test.kind {
				deliver(r, test.handler, Event(records...), Provisioned, &fault{kind: k, position: "t[0]@1"})
			}
		}
		got := strings.Join(r.errors, "; ")
		if test.want == "" && got != "" || !strings.Contains(got, test.want) {
			t.Errorf("%s: errors = %q, want %q", name, got, test.want)
		}
	}
}

// answerless gets events and does nothing.
type answerless struct{}

func (answerless) Invoke(context.Context, []byte) ([]byte, error) { return nil, nil }

func TestACrashIsNoAnswer(t *testing.T) {
	calls := 0
	h := kafka.Handler(func(context.Context, *kafka.Record) error { calls++; return nil })
	for _, k := range kinds {
		calls = 0
		results := deliver(t, h, Event(Records("t", 0, 0, "a", "b", "c")...), Provisioned, &fault{kind: k, position: "t[0]@1"})
		var failed []string
		for _, r := range results {
			failed = append(failed, fmt.Sprint(r.Failed()))
		}
		want := map[string]string{
			"crash before": "[t[0]@0 t[0]@1 t[0]@2] [], 4 calls",
			"crash after":  "[t[0]@0 t[0]@1 t[0]@2] [], 5 calls",
			"deadline":     "[t[0]@2] [], 3 calls",
			"error before": "[t[0]@1 t[0]@2] [], 3 calls",
			"error after":  "[t[0]@1 t[0]@2] [], 4 calls",
		}[k.name]
		if got := fmt.Sprintf("%s, %d calls", strings.Join(failed, " "), calls); got != want {
			t.Errorf("%s: deliveries = %s, want %s", k.name, got, want)
		}
	}
}
