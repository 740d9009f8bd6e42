package sandbox

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-lambda-go/lambda"
	"github.com/aws/aws-lambda-go/lambdacontext"
)

// functionEnv makes this test binary a function, and says which.
const functionEnv = "SANDBOX_TEST_FUNCTION"

func TestMain(m *testing.M) {
	switch os.Getenv(functionEnv) {
	case "":
		os.Exit(m.Run())
	case "handler":
		lambda.Start(handle)
	case "says goodbye":
		lambda.StartWithOptions(handle, lambda.WithEnableSIGTERM(func() { fmt.Println("goodbye") }))
	case "exits at once":
		os.Exit(7)
	case "child":
		time.Sleep(time.Hour)
	case "reports an init error":
		http.Post("http://"+os.Getenv("AWS_LAMBDA_RUNTIME_API")+"/2018-06-01/runtime/init/error", "application/json",
			strings.NewReader(`{"errorType":"Mine","errorMessage":"no table"}`))
		os.Exit(1)
	case "ends before its event":
		client := http.Client{Timeout: 50 * time.Millisecond}
		client.Get("http://" + os.Getenv("AWS_LAMBDA_RUNTIME_API") + "/2018-06-01/runtime/invocation/next")
		os.Exit(1)
	}
}

type request struct{ Do string }

type reply struct {
	Env      map[string]string
	Left     time.Duration
	Request  string
	Function string
}

// handle does what an event says.
func handle(ctx context.Context, r request) (any, error) {
	switch r.Do {
	case "fail":
		return nil, errors.New("failed on purpose")
	case "panic":
		panic("on purpose")
	case "exit":
		os.Exit(5)
	case "hang":
		time.Sleep(time.Hour)
	case "log":
		fmt.Println("to standard output")
		fmt.Fprint(os.Stderr, "to standard error\nwithout an end")
	case "child", "child, and exit":
		// It outlives its parent, but for whoever ends both.
		child := exec.Command(os.Args[0])
		child.Env = []string{functionEnv + "=child"}
		child.Stdout = os.Stdout
		if err := child.Start(); err != nil {
			return nil, err
		}
		if r.Do != "child" {
			fmt.Println("child", child.Process.Pid)
			os.Exit(5)
		}
		return child.Process.Pid, nil
	case "large":
		return strings.Repeat("x", maxAnswer), nil
	case "memory":
		all := make([][]byte, 0, 1024)
		for len(all) < cap(all) {
			all = append(all, bytes.Repeat([]byte{1}, 1<<20))
			time.Sleep(100 * time.Microsecond)
		}
		sum := 0
		for _, b := range all { // or they would be garbage by now
			sum += int(b[0])
		}
		return sum, nil
	}
	env := map[string]string{}
	for _, v := range os.Environ() {
		name, value, _ := strings.Cut(v, "=")
		env[name] = value
	}
	deadline, _ := ctx.Deadline()
	lc, _ := lambdacontext.FromContext(ctx)
	return reply{env, time.Until(deadline), lc.AwsRequestID, lc.InvokedFunctionArn}, nil
}

func newTest(t *testing.T, function string, edit ...func(*Config)) *Function {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	c := Config{Bootstrap: self, Name: "orders", Timeout: 30 * time.Second, Env: []string{functionEnv + "=" + function}}
	for _, e := range edit {
		e(&c)
	}
	f := New(c)
	t.Cleanup(f.Close)
	return f
}

func invoke(t *testing.T, f *Function, do string) Result {
	t.Helper()
	r, err := f.Invoke(t.Context(), fmt.Appendf(nil, `{"Do":%q}`, do))
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func TestAFunctionSeesWhatLambdaTellsIt(t *testing.T) {
	t.Setenv("AWS_SECRET_ACCESS_KEY", "not for the function")
	f := newTest(t, "handler", func(c *Config) { c.Env = append(c.Env, "TABLE=orders") })
	result := invoke(t, f, "")
	var got reply
	if err := json.Unmarshal(result.Payload, &got); err != nil {
		t.Fatalf("%v: %s", err, result.Payload)
	}
	for name, want := range map[string]string{
		"AWS_LAMBDA_FUNCTION_NAME":        "orders",
		"AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "256",
		"AWS_LAMBDA_LOG_GROUP_NAME":       "/aws/lambda/orders",
		"_HANDLER":                        "bootstrap",
		"TABLE":                           "orders",
		"AWS_SECRET_ACCESS_KEY":           "",
		"HOME":                            "",
	} {
		if got.Env[name] != want {
			t.Errorf("%s = %q, want %q", name, got.Env[name], want)
		}
	}
	if got.Left <= 25*time.Second || got.Left > 30*time.Second {
		t.Errorf("time left = %v, want almost 30s", got.Left)
	}
	if got.Request != result.RequestID || len(got.Request) != 36 {
		t.Errorf("request id = %q, want %q", got.Request, result.RequestID)
	}
	if got.Function != f.ARN() {
		t.Errorf("function = %q, want %q", got.Function, f.ARN())
	}
}

func TestWhatAFunctionDoesWrongIsInTheResult(t *testing.T) {
	tests := map[string]struct {
		do, want string // in the payload
		starts   int    // after another event, which must succeed
	}{
		"an error":              {"fail", "failed on purpose", 1},
		"a panic":               {"panic", "on purpose", 2},
		"its process ends":      {"exit", "exit status 5", 2},
		"it hangs":              {"hang", "timed out after 1.00 seconds", 2},
		"its answer is too big": {"large", "Function.ResponseSizeTooLarge", 2},
		"it takes more memory":  {"memory", "more than 128 MB", 2},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			if tt.do == "memory" {
				if _, err := os.Stat("/proc/self/statm"); err != nil {
					t.Skip("memory is watched through /proc")
				}
			}
			f := newTest(t, "handler", func(c *Config) {
				c.MemorySize = 128
				if tt.do == "hang" {
					c.Timeout = time.Second
				}
			})
			if tt.do != "memory" {
				f.cfg.MemorySize = 1024 // the race detector needs more than functions do
			}
			invoke(t, f, "")
			r := invoke(t, f, tt.do)
			if r.FunctionError != unhandled || !strings.Contains(string(r.Payload), tt.want) {
				t.Errorf("result = %q %s, want %s with %s", r.FunctionError, cut(r.Payload), unhandled, tt.want)
			}
			if r := invoke(t, f, ""); r.FunctionError != "" {
				t.Errorf("next result = %q %s, want none", r.FunctionError, r.Payload)
			}
			if got := f.Starts(); got != tt.starts && tt.do != "large" { // whether it ends then is up to the runtime
				t.Errorf("processes = %d, want %d", got, tt.starts)
			}
		})
	}
}

func cut(b []byte) string { return string(b[:min(len(b), 200)]) }

func TestAnInitThatFailsIsReported(t *testing.T) {
	for function, want := range map[string]string{
		"exits at once":         "exit status 7",
		"reports an init error": "no table",
		"ends before its event": "Runtime.ExitError",
	} {
		f := newTest(t, function)
		for range 2 {
			if r := invoke(t, f, ""); r.FunctionError != unhandled || !strings.Contains(string(r.Payload), want) {
				t.Errorf("%s: result = %q %s, want %s with %s", function, r.FunctionError, r.Payload, unhandled, want)
			}
		}
	}
	f := newTest(t, "", func(c *Config) { c.Bootstrap = t.TempDir() + "/none" })
	if r := invoke(t, f, ""); r.FunctionError != unhandled || !strings.Contains(string(r.Payload), "Runtime.InvalidEntrypoint") {
		t.Errorf("without a program: result = %q %s, want %s", r.FunctionError, r.Payload, unhandled)
	}
}

func TestTheFunctionsLinesAreLogged(t *testing.T) {
	var mu sync.Mutex
	var lines []string
	f := newTest(t, "handler", func(c *Config) {
		c.Log = func(line string) {
			mu.Lock()
			defer mu.Unlock()
			lines = append(lines, line)
		}
	})
	invoke(t, f, "log")
	f.Close() // and with it, what it has written is here
	for _, want := range []string{"to standard output", "to standard error", "without an end"} {
		if !slices.Contains(lines, want) {
			t.Errorf("lines = %q, want %q", lines, want)
		}
	}
}

func TestAContextThatEndsEndsTheProcess(t *testing.T) {
	f := newTest(t, "handler")
	invoke(t, f, "")
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	if r, err := f.Invoke(ctx, []byte(`{"Do":"hang"}`)); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("result = %v, %v, want %v", r, err, context.DeadlineExceeded)
	}
	if f.proc != nil {
		t.Error("the process is still there")
	}
}

// A process that has nothing to do is told of its end, if it asks to be.
func TestAFunctionIsToldOfItsEnd(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("has no such signal")
	}
	said := make(chan string, 10)
	f := newTest(t, "says goodbye", func(c *Config) { c.Log = func(line string) { said <- line } })
	invoke(t, f, "")
	f.Close()
	select {
	case line := <-said:
		if line != "goodbye" {
			t.Errorf("said %q, want goodbye", line)
		}
	default:
		t.Error("said nothing, want goodbye")
	}
}
