package runtimeapi_test

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

// emulatorModule is AWS's Runtime Interface Emulator, which shares its code with
// Lambda. It is built by its own go.mod, to be in no one else's.
const (
	emulatorModule  = "github.com/aws/aws-lambda-runtime-interface-emulator"
	emulatorVersion = "v0.0.0-20261030222936-bef5c4ba774d"
)

// emulator is a running emulator with a function.
type emulator struct {
	address string
	log     syncBuffer
}

type syncBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (b *syncBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.Write(p)
}

func (b *syncBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.String()
}

// buildEmulator builds the emulator, once for all tests that need it.
func buildEmulator(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	module := emulatorModule + "@" + emulatorVersion
	run := func(args ...string) ([]byte, error) {
		cmd := exec.CommandContext(t.Context(), "go", args...)
		cmd.Dir = dir
		cmd.Env = append(os.Environ(), "GOBIN="+dir, "GOFLAGS=", "CGO_ENABLED=0")
		return cmd.CombinedOutput()
	}
	if out, err := run("mod", "download", module); err != nil {
		if os.Getenv("CI") == "true" {
			t.Fatalf("%s cannot be had: %v: %s", module, err, out)
		}
		t.Skipf("%s cannot be had: %v: %s", module, err, out)
	}
	if out, err := run("install", emulatorModule+"/cmd/aws-lambda-rie@"+emulatorVersion); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	return filepath.Join(dir, "aws-lambda-rie")
}

// freeAddress is an address that nobody listens at.
func freeAddress(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

// several is what makes the emulator run several invocations at once. It only
// takes a function from its place in Lambda then, so that it gets a file system
// of its own.
const several = "AWS_LAMBDA_MAX_CONCURRENCY=3"

func startEmulator(t *testing.T, binary, client, function string, env ...string) *emulator {
	t.Helper()
	e := &emulator{address: freeAddress(t)}
	command := []string{binary, "--runtime-interface-emulator-address", e.address, "--runtime-api-address", freeAddress(t)}
	if slices.Contains(env, several) {
		inPlace := `mount -t tmpfs tmpfs /var && mkdir /var/task && cp "$0" /var/task/bootstrap && chmod 755 /var/task/bootstrap && exec "$@"`
		command = append([]string{"unshare", "--mount", "sh", "-c", inPlace, os.Args[0]}, command...)
	} else {
		command = append(command, os.Args[0])
	}
	cmd := exec.CommandContext(t.Context(), command[0], command[1:]...)
	cmd.Env = append([]string{clientEnv + "=" + client, functionEnv + "=" + function, "AWS_LAMBDA_FUNCTION_NAME=f", "AWS_REGION=eu-central-1", "PATH=" + os.Getenv("PATH")}, env...)
	cmd.Stdout, cmd.Stderr = &e.log, &e.log
	cmd.Cancel = func() error { return cmd.Process.Signal(os.Interrupt) } // which ends the function too
	cmd.WaitDelay = 10 * time.Second
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan struct{})
	go func() {
		cmd.Wait()
		close(ended)
	}()
	t.Cleanup(func() {
		<-ended
		if t.Failed() {
			t.Logf("log of the emulator with %s:\n%s", client, e.log.String())
		}
	})
	for {
		c, err := net.Dial("tcp", e.address)
		if err == nil {
			c.Close()
			return e
		}
		select {
		case <-time.After(10 * time.Millisecond):
		case <-ended:
			t.Fatal("the emulator has ended")
		}
	}
}

// invoke sends an event and returns the answer. It sends it again as long as the
// function has not asked for as many invocations as are to run at once.
func (e *emulator) invoke(t *testing.T, payload string, headers ...string) string {
	for {
		answer := e.invokeOnce(t, payload, headers...)
		if answer != `{"errorType":"Runtime.Unavailable"}` {
			return answer
		}
		select {
		case <-time.After(10 * time.Millisecond):
		case <-t.Context().Done():
			return answer
		}
	}
}

func (e *emulator) invokeOnce(t *testing.T, payload string, headers ...string) string {
	r, err := http.NewRequestWithContext(t.Context(), "POST", "http://"+e.address+"/2015-03-31/functions/function/invocations", strings.NewReader(payload))
	if err != nil {
		t.Error(err)
		return ""
	}
	for i := 0; i < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Error(err)
		return ""
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Error(err)
	}
	return string(body)
}

// reported is an answer of the function that reports, without what differs from
// one invocation to the next.
func reported(t *testing.T, answer string) string {
	t.Helper()
	var seen map[string]any
	if err := json.Unmarshal([]byte(answer), &seen); err != nil {
		t.Fatalf("answer = %s: %v", answer, err)
	}
	if end, ok := seen["deadline"].(float64); !ok || time.Until(time.Unix(0, int64(end))) < time.Minute {
		t.Errorf("deadline = %v, want one in minutes", seen["deadline"])
	}
	delete(seen, "deadline")
	for _, key := range []string{"trace", "traceEnv"} {
		if text, _ := seen[key].(string); strings.HasPrefix(text, "Root=1-") {
			seen[key] = "Root=1-..."
		}
	}
	text, _ := json.Marshal(seen)
	return string(text)
}

// Both clients get the same from AWS's own Runtime API, and it takes the same
// from them.
func TestBothClientsUnderTheEmulator(t *testing.T) {
	binary := buildEmulator(t)
	custom := base64.StdEncoding.EncodeToString([]byte(`{"custom":{"a":"b"}}`))
	tests := map[string]struct {
		function string
		env      []string
		invoke   func(*testing.T, *emulator) string
		want     []string
	}{
		"what a function sees": {"report", nil, func(t *testing.T, e *emulator) string {
			return reported(t, e.invoke(t, `{"a":1}`, "X-Amzn-RequestId", "id-1", "X-Amz-Client-Context", custom,
				"X-Amz-Cognito-Identity", `{"cognitoIdentityId":"c","cognitoIdentityPoolId":"p"}`)) +
				reported(t, e.invoke(t, "2", "X-Amzn-RequestId", "id-2"))
		}, []string{`"AwsRequestID":"id-1"`, `"custom":{"a":"b"}`, `"CognitoIdentityID":"c"`, `"payload":"{\"a\":1}"`, `"AwsRequestID":"id-2"`}},
		"payloads": {"echo", nil, func(t *testing.T, e *emulator) string {
			var b strings.Builder
			for _, size := range []int{0, 1, 5000, 5 << 20, 10} {
				payload := strings.Repeat("x", size)
				if got := e.invoke(t, payload); got != payload {
					t.Errorf("answer has %d bytes, want the %d of the payload", len(got), size)
				}
			}
			return b.String()
		}, nil},
		"errors": {"fail", nil, func(t *testing.T, e *emulator) string {
			return e.invoke(t, "wrapped") + e.invoke(t, "own") + e.invoke(t, "plain")
		}, []string{`{"errorMessage":"wrapped: plain","errorType":"wrapError"}`, `"errorType":"Mine"`}},
		"a panic, and the next process": {"panic", nil, func(t *testing.T, e *emulator) string {
			return normalize(e.invoke(t, "string")+"\n"+e.invoke(t, "error"), e.address)
		}, []string{`"errorMessage":"a text","errorType":"string","stackTrace":[`, `"errorMessage":"an error","errorType":"errorString"`}},
		"SIGTERM is asked for": {"sigterm", nil, func(t *testing.T, e *emulator) string {
			got := e.invoke(t, "x")
			if strings.Contains(e.log.String(), "WARNING") {
				t.Error("the extension was not registered")
			}
			return got
		}, []string{"x"}},
		"several at once": {"together", []string{several, "AWS_LAMBDA_FUNCTION_TIMEOUT=10"}, func(t *testing.T, e *emulator) string {
			answers := make([]string, 3)
			var wait sync.WaitGroup
			for i := range answers {
				wait.Go(func() { answers[i] = e.invoke(t, fmt.Sprintf("payload %d", i)) })
			}
			wait.Wait()
			var all string
			for i, answer := range answers {
				var seen struct {
					Payload string
					HasEnv  bool
				}
				json.Unmarshal([]byte(answer), &seen)
				if want := fmt.Sprintf("payload %d", i); seen.Payload != want || seen.HasEnv {
					t.Errorf("answer = %s, want %s and no trace in the environment", answer, want)
				}
				all += seen.Payload + ";"
			}
			return all
		}, []string{"payload 0;payload 1;payload 2;"}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			if slices.Contains(test.env, several) && exec.Command("unshare", "--mount", "true").Run() != nil {
				t.Skip("needs to be root, for a file system in which the function is where Lambda has it")
			}
			seen := map[string]string{}
			for _, client := range []string{"ours", "theirs"} {
				t.Run(client, func(t *testing.T) {
					e := startEmulator(t, binary, client, test.function, test.env...)
					seen[client] = test.invoke(t, e)
					for _, want := range test.want {
						if !strings.Contains(seen[client], want) {
							t.Errorf("no %q in %s", want, cut(seen[client]))
						}
					}
				})
			}
			if seen["ours"] != seen["theirs"] {
				t.Errorf("seen of ours = %s\nof theirs = %s", seen["ours"], seen["theirs"])
			}
		})
	}
}
