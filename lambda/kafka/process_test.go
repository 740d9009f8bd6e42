package kafka

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"
)

// startEnv has the process of a test be a function.
const startEnv = "KAFKA_TEST_START"

// A function from its start to its end: it sets nothing up, its lines are Lambda's, and
// it is told when it ends.
func TestAFunctionFromStartToShutdown(t *testing.T) {
	if os.Getenv(startEnv) != "" {
		Start(func(ctx context.Context, r *Record) error {
			slog.InfoContext(ctx, "mine")
			return nil
		}, OnShutdown(func(context.Context) {
			fmt.Println("bye")
			os.Exit(0)
		}))
	}
	answered := make(chan string, 1)
	idle := make(chan struct{}, 2)
	events := make(chan []byte, 1)
	events <- event(1, "a-0")
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch {
		case strings.HasSuffix(r.URL.Path, "/extension/register"):
			w.Header().Set("Lambda-Extension-Identifier", "1")
		case strings.HasSuffix(r.URL.Path, "/invocation/next"):
			select {
			case e := <-events:
				w.Header().Set("Lambda-Runtime-Aws-Request-Id", "request-1")
				w.Header().Set("Lambda-Runtime-Deadline-Ms", fmt.Sprint(time.Now().Add(time.Minute).UnixMilli()))
				w.Write(e)
			default:
				idle <- struct{}{}
				<-r.Context().Done()
			}
		case strings.HasSuffix(r.URL.Path, "/response"):
			body, _ := io.ReadAll(r.Body)
			w.WriteHeader(http.StatusAccepted)
			answered <- string(body)
		default: // the extension's wait for an event
			<-r.Context().Done()
		}
	}))
	defer server.Close()
	var out, errs strings.Builder
	cmd := exec.Command(os.Args[0], "-test.run=^TestAFunctionFromStartToShutdown$")
	cmd.Env = append(os.Environ(), startEnv+"=1", "AWS_LAMBDA_RUNTIME_API="+strings.TrimPrefix(server.URL, "http://"),
		"AWS_LAMBDA_LOG_FORMAT=JSON", ReportBatchItemFailuresEnv+"=true")
	cmd.Stdout, cmd.Stderr = &out, &errs
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	if got := <-answered; got != answer("") {
		t.Errorf("answer = %s, want no failures", got)
	}
	<-idle
	if err := cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	if err := cmd.Wait(); err != nil || !strings.HasSuffix(out.String(), "bye\n") {
		t.Errorf("the function ended with %v, %q, %q, want it to say bye", err, out.String(), errs.String())
	}
	line, _, _ := strings.Cut(out.String(), "\n")
	var got map[string]any
	if err := json.Unmarshal([]byte(line), &got); err != nil {
		t.Fatalf("line %q: %v", line, err)
	}
	if _, err := time.Parse(time.RFC3339, fmt.Sprint(got["timestamp"])); err != nil {
		t.Error(err)
	}
	delete(got, "timestamp")
	want := map[string]any{"level": "INFO", "message": "mine", "requestId": "request-1", "topic": "a", "partition": 0.0, "offset": 1.0}
	if fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("line = %v, want %v", got, want)
	}
}

// What is wrong in this package, or in a logger, must not become an answer.
func TestALoggerThatPanicsEndsTheProcess(t *testing.T) {
	if os.Getenv(startEnv) != "" {
		Handler(func(context.Context, *Record) error { return errBoom }, Logger(slog.New(panics{}))).Invoke(context.Background(), event(1, "a-0"))
		fmt.Println("answered")
		os.Exit(0)
	}
	cmd := exec.Command(os.Args[0], "-test.run=^TestALoggerThatPanicsEndsTheProcess$")
	cmd.Env = append(os.Environ(), startEnv+"=1")
	if out, err := cmd.CombinedOutput(); err == nil || !strings.Contains(string(out), "panic: no log") || strings.Contains(string(out), "answered") {
		t.Errorf("output = %s, %v, want a panic and no answer", out, err)
	}
}

// A logger that ends its goroutine, as one of a test may, ends no other.
func TestALoggerThatEndsItsGoroutine(t *testing.T) {
	t.Setenv(ReportBatchItemFailuresEnv, "true")
	for name, h := range map[string]Invoker{
		"a record": Handler(func(context.Context, *Record) error { return errBoom }, Logger(slog.New(ends{}))),
		"a batch":  Handler(Batch(func(context.Context, []*Record) error { return errBoom }), Logger(slog.New(ends{}))),
		"several": Handler(Batch(func(_ context.Context, r []*Record) error { return FailedOnly(errBoom, r...) }),
			Logger(slog.New(ends{})), ContinueOnError()),
	} {
		got, err := h.Invoke(t.Context(), event(2, "a-0", "b-1"))
		if want := answer("a-0@1 a-0@2 b-1@1 b-1@2"); err != nil || string(got) != want {
			t.Errorf("%s: answer = %s, %v, want %s", name, got, err, want)
		}
	}
}

type ends struct{ slog.Handler }

func (ends) Enabled(_ context.Context, l slog.Level) bool { return l >= slog.LevelError }
func (ends) Handle(context.Context, slog.Record) error    { runtime.Goexit(); return nil }
func (e ends) WithAttrs([]slog.Attr) slog.Handler         { return e }

type panics struct{ slog.Handler }

func (panics) Enabled(_ context.Context, l slog.Level) bool { return l >= slog.LevelError }
func (panics) Handle(context.Context, slog.Record) error    { panic("no log") }
func (p panics) WithAttrs([]slog.Attr) slog.Handler         { return p }
