// Package rie runs a function over AWS's own Runtime Interface Emulator, which is a
// second opinion on package sandbox: AWS's Runtime API and AWS's words, in place of
// ours.
package rie

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"time"

	"msklambda/test/local/internal/procgroup"
	"msklambda/test/local/internal/sandbox"
)

// program is the emulator, of the version that was tried.
const (
	program = "github.com/aws/aws-lambda-runtime-interface-emulator/cmd/aws-lambda-rie"
	version = "v0.0.0-20261030222936-bef5c4ba774d"
)

// MissingError is that the emulator cannot be had on this machine.
type MissingError struct{ cause error }

// Error says how it is installed, and why that failed.
func (e MissingError) Error() string {
	return fmt.Sprintf("go install %s@%s: %v", program, version, e.cause)
}

// Unwrap returns why.
func (e MissingError) Unwrap() error { return e.cause }

// install builds the emulator once for a user, and returns where it is.
var install = sync.OnceValues(func() (string, error) {
	cache, err := os.UserCacheDir()
	if err != nil {
		return "", MissingError{err}
	}
	dir := filepath.Join(cache, "msklambda", "rie-"+version)
	path := filepath.Join(dir, "aws-lambda-rie")
	if _, err := os.Stat(path); err == nil {
		return path, nil
	}
	cmd := exec.Command("go", "install", program+"@"+version)
	cmd.Env = append(os.Environ(), "GOBIN="+dir, "GOFLAGS=")
	if text, err := cmd.CombinedOutput(); err != nil {
		return "", MissingError{fmt.Errorf("%w: %s", err, bytes.TrimSpace(text))}
	}
	return path, nil
})

// Emulator is a function behind the emulator.
type Emulator struct {
	cmd  *exec.Cmd
	url  string
	done chan struct{}
	logs *bytes.Buffer
}

// Start starts the emulator with a program. Env is what the program has besides what
// Lambda sets.
func Start(bootstrap string, timeout time.Duration, env ...string) (*Emulator, error) {
	path, err := install()
	if err != nil {
		return nil, err
	}
	invoke, err := freeAddress()
	if err != nil {
		return nil, err
	}
	api, err := freeAddress()
	if err != nil {
		return nil, err
	}
	e := &Emulator{url: "http://" + invoke + "/2015-03-31/functions/function/invocations", done: make(chan struct{}), logs: &bytes.Buffer{}}
	e.cmd = exec.Command(path, "--runtime-interface-emulator-address", invoke, "--runtime-api-address", api, bootstrap)
	e.cmd.Dir = filepath.Dir(bootstrap)
	e.cmd.Env = append([]string{"PATH=/usr/bin:/bin", fmt.Sprintf("AWS_LAMBDA_FUNCTION_TIMEOUT=%d", int(timeout.Seconds()))}, env...)
	e.cmd.Stdout, e.cmd.Stderr = e.logs, e.logs
	e.cmd.WaitDelay = time.Second
	procgroup.Own(e.cmd)
	if err := e.cmd.Start(); err != nil {
		return nil, err
	}
	go func() {
		_ = e.cmd.Wait()
		close(e.done)
	}()
	return e, e.wait(invoke)
}

func freeAddress() (string, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	defer l.Close()
	return l.Addr().String(), nil
}

// wait waits until the emulator listens.
func (e *Emulator) wait(address string) error {
	for range 500 {
		if c, err := net.Dial("tcp", address); err == nil {
			return c.Close()
		}
		select {
		case <-e.done:
			return fmt.Errorf("the emulator has ended: %s", e.logs)
		case <-time.After(10 * time.Millisecond):
		}
	}
	e.Close()
	return errors.New("the emulator does not listen")
}

// Close ends the emulator and the function.
func (e *Emulator) Close() {
	select {
	case <-e.done:
	default:
		procgroup.Kill(e.cmd)
		<-e.done
	}
}

// Invoke hands one event to the function. The emulator has no X-Amz-Function-Error: an
// error is told from an answer by what it looks like, as AWS documents it.
func (e *Emulator) Invoke(ctx context.Context, payload []byte) (sandbox.Result, error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, e.url, bytes.NewReader(payload))
	if err != nil {
		return sandbox.Result{}, err
	}
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		return sandbox.Result{}, err
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	if err != nil {
		return sandbox.Result{}, err
	}
	result := sandbox.Result{Payload: text}
	var failed struct{ ErrorType, ErrorMessage *string }
	// Of a timeout it says the sentence alone.
	if answer.StatusCode != http.StatusOK || bytes.HasPrefix(text, []byte("Task timed out")) || json.Unmarshal(text, &failed) == nil && failed.ErrorMessage != nil && failed.ErrorType != nil {
		result.FunctionError = "Unhandled"
	}
	return result, nil
}
