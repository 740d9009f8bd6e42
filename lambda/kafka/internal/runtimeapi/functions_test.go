package runtimeapi_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log"
	"os"
	"strings"
	"sync"
	"testing"

	"github.com/aws/aws-lambda-go/lambda"
	"github.com/aws/aws-lambda-go/lambda/messages"
	"github.com/aws/aws-lambda-go/lambdacontext"

	"msklambda/lambda/kafka/internal/runtimeapi"
)

// The tests of this package start their own binary again, as a function that is
// served by one of the two clients.
const (
	clientEnv   = "RUNTIMEAPI_TEST_CLIENT" // ours or theirs
	functionEnv = "RUNTIMEAPI_TEST_FUNCTION"
)

func TestMain(m *testing.M) {
	client := os.Getenv(clientEnv)
	if client == "" {
		os.Exit(m.Run())
	}
	name := os.Getenv(functionEnv)
	f := functions[name]
	var onSIGTERM []func()
	if name == "sigterm" {
		onSIGTERM = []func(){
			func() { log.Print("the first is called") },
			func() { log.Print("the second is called"); os.Exit(3) },
		}
	}
	switch {
	case client == "ours":
		runtimeapi.Start(f, onSIGTERM...)
	case onSIGTERM != nil:
		lambda.StartWithOptions(f, lambda.WithEnableSIGTERM(onSIGTERM...))
	default:
		lambda.Start(f)
	}
}

// function is a handler of bytes.
type function func(context.Context, []byte) ([]byte, error)

func (f function) Invoke(ctx context.Context, payload []byte) ([]byte, error) {
	return f(ctx, payload)
}

var functions = map[string]function{
	"report":  report,
	"echo":    func(_ context.Context, payload []byte) ([]byte, error) { return payload, nil },
	"nothing": func(context.Context, []byte) ([]byte, error) { return nil, nil },
	"large":   func(context.Context, []byte) ([]byte, error) { return []byte(strings.Repeat("x", 3<<20)), nil },
	"fail":    func(_ context.Context, payload []byte) ([]byte, error) { return nil, failures[string(payload)] },
	"panic": func(_ context.Context, payload []byte) ([]byte, error) {
		panics[string(payload)]()
		return payload, nil
	},
	"expire": func(ctx context.Context, _ []byte) ([]byte, error) {
		<-ctx.Done()
		return nil, ctx.Err()
	},
	"sigterm":  func(_ context.Context, payload []byte) ([]byte, error) { return payload, nil },
	"together": together,
	"one dies": oneDies,
}

// report answers with all that a function can see.
func report(ctx context.Context, payload []byte) ([]byte, error) {
	lc, ok := lambdacontext.FromContext(ctx)
	end, hasEnd := ctx.Deadline()
	env, hasEnv := os.LookupEnv("_X_AMZN_TRACE_ID")
	return json.Marshal(map[string]any{
		"payload":    string(payload),
		"context":    lc,
		"hasContext": ok,
		"deadline":   end.UnixNano(),
		"hasEnd":     hasEnd,
		"err":        fmt.Sprint(ctx.Err()),
		"trace":      ctx.Value("x-amzn-trace-id"),
		"traceEnv":   env,
		"hasEnv":     hasEnv,
	})
}

type (
	pointerError struct{ text string }
	valueError   struct{ text string }
	mapError     map[string]string
)

func (e *pointerError) Error() string { return e.text }
func (e valueError) Error() string    { return e.text }
func (e mapError) Error() string      { return e["text"] }

var failures = map[string]error{
	"plain":   errors.New("plain \"quoted\" <b> \u2028 caf\u00e9\nnext line"),
	"delete":  errors.New("a character 127: \x7f"),
	"invalid": errors.New("not UTF-8: \xff"),
	"wrapped": fmt.Errorf("wrapped: %w", errors.New("plain")),
	"joined":  errors.Join(errors.New("one"), errors.New("two")),
	"pointer": &pointerError{"by pointer"},
	"value":   valueError{"by value"},
	"map":     mapError{"text": "a map"},
	"empty":   errors.New(""),
	"long":    errors.New(strings.Repeat("long ", 300000)),
	"own":     messages.InvokeResponse_Error{Type: "Mine", Message: "says what it is", StackTrace: frames},
	"own exit": messages.InvokeResponse_Error{
		Type: "Mine", Message: "and ends the process", ShouldExit: true, StackTrace: frames,
	},
	"own pointer": &messages.InvokeResponse_Error{Type: "Mine", Message: "by pointer"},
}

var frames = []*messages.InvokeResponse_Error_StackFrame{{Path: "a_test.go", Line: 1, Label: "f"}, {Path: "a_test.go", Line: 2, Label: "g"}}

var panics = map[string]func(){
	"string":  func() { panic("a text") },
	"error":   func() { panic(errors.New("an error")) },
	"pointer": func() { panic(&pointerError{"by pointer"}) },
	"value":   func() { panic(valueError{"by value"}) },
	"int":     func() { panic(7) },
	"runtime": func() { _ = os.Args[len(os.Args)+7] },
	"nil":     func() { panic(nil) },
	"deep":    func() { deep(50) },
	"own":     func() { panic(messages.InvokeResponse_Error{Type: "Mine", Message: "goes on"}) },
}

func deep(n int) {
	if n == 0 {
		panic("deep")
	}
	deep(n - 1)
}

// together answers only when as many invocations as may run at once are there.
func together(ctx context.Context, payload []byte) ([]byte, error) {
	if err := meet(ctx); err != nil {
		return nil, err
	}
	return report(ctx, payload)
}

var meeting = struct {
	sync.Mutex
	n   int
	all chan struct{}
}{all: make(chan struct{})}

func meet(ctx context.Context) error {
	meeting.Lock()
	meeting.n++
	if meeting.n == lambdacontext.MaxConcurrency() {
		close(meeting.all)
	}
	meeting.Unlock()
	select {
	case <-meeting.all:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// oneDies panics for one of the invocations, when all are there.
func oneDies(ctx context.Context, payload []byte) ([]byte, error) {
	if err := meet(ctx); err != nil {
		return nil, err
	}
	if string(payload) == "die" {
		panic("dead")
	}
	return payload, nil
}
