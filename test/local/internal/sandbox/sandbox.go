// Package sandbox runs a function as Lambda runs it: a process of its own that
// asks a Lambda Runtime API, on loopback, for one event after the other.
//
// A function that does not answer in time is killed, and one that ends is
// started again for the next event. What is not imitated: between two events
// Lambda freezes the process and here it runs on, there is one process at a
// time and no scaling, the processor is not throttled to the memory size, the
// file system can be written to, and no credentials are given.
package sandbox

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"sync"
	"sync/atomic"
	"time"
)

// Config describes a function. Bootstrap is required.
type Config struct {
	Bootstrap  string        // the program
	Name       string        // of the function. Default: local.
	MemorySize int           // in MB. Default: 256, the construct's.
	Timeout    time.Duration // of an invocation. Default: 1m, the construct's.
	Env        []string      // variables on top of those that Lambda sets
	Log        func(line string)
}

// Lambda's limits.
const (
	initTimeout = 10 * time.Second
	maxAnswer   = 6 << 20 // AWS says 6 MB and not of which kind
)

// unhandled is what Lambda answers in X-Amz-Function-Error.
const unhandled = "Unhandled"

// Result is what an invocation came to.
type Result struct {
	RequestID     string
	Payload       []byte // the answer, or what Lambda says of the error
	FunctionError string // "" for none
	Duration      time.Duration
}

// Function is a function that can be invoked, one event at a time.
type Function struct {
	cfg    Config
	mu     sync.Mutex // held while an invocation runs
	proc   *process
	closed bool
	starts atomic.Int64
}

// New makes a function. Its process is started by the first invocation.
func New(cfg Config) *Function {
	if cfg.Name == "" {
		cfg.Name = "local"
	}
	if cfg.MemorySize == 0 {
		cfg.MemorySize = 256
	}
	if cfg.Timeout == 0 {
		cfg.Timeout = time.Minute
	}
	if cfg.Log == nil {
		cfg.Log = func(string) {}
	}
	return &Function{cfg: cfg}
}

// ARN returns the ARN that the function is told it has.
func (f *Function) ARN() string {
	return "arn:aws:lambda:us-east-1:111122223333:function:" + f.cfg.Name
}

// Starts returns how many processes there were so far.
func (f *Function) Starts() int { return int(f.starts.Load()) }

// Close ends the process.
func (f *Function) Close() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.closed = true
	f.stop()
}

func (f *Function) stop() {
	if f.proc != nil {
		f.proc.kill()
		f.proc = nil
	}
}

// Invoke hands one event to the function and waits for its answer. The error
// is that of a context that ended, which ends the process too; everything that
// the function does wrong is in the result.
func (f *Function) Invoke(ctx context.Context, payload []byte) (Result, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	inv := &invocation{id: newRequestID(), payload: payload, arn: f.ARN(), answer: make(chan answer, 1)}
	start := time.Now()
	a := f.invoke(ctx, inv)
	if ctx.Err() != nil && a.fault != "" {
		f.stop()
		return Result{}, context.Cause(ctx)
	}
	return Result{RequestID: inv.id, Payload: a.body, FunctionError: a.fault, Duration: time.Since(start)}, nil
}

func (f *Function) invoke(ctx context.Context, inv *invocation) answer {
	for range 3 {
		if f.closed {
			return failure(inv.id, "Sandbox.Closed", "the sandbox is closed")
		}
		if f.proc == nil {
			p, err := startProcess(&f.cfg, f.ARN())
			if err != nil {
				return failure(inv.id, "Runtime.InvalidEntrypoint", err.Error())
			}
			f.starts.Add(1)
			f.proc = p
			if a, ok := f.init(ctx, inv.id); !ok {
				f.stop()
				return a
			}
		}
		inv.deadline = time.Now().Add(f.cfg.Timeout)
		timeout := time.NewTimer(f.cfg.Timeout)
		defer timeout.Stop()
		select {
		case f.proc.next <- inv:
			return f.await(ctx, inv, timeout.C)
		case <-f.proc.exited:
			// It ended after its last answer, as aws-lambda-go does after a
			// panic: nobody has seen this event yet.
			f.stop()
		case <-timeout.C:
			f.stop()
			return f.timedOut(inv.id)
		case <-ctx.Done():
			return failure(inv.id, "Sandbox.Canceled", ctx.Err().Error())
		}
	}
	return failure(inv.id, "Runtime.ExitError", "Runtime exited again and again before it took an event")
}

// init waits until the process asks for its first event.
func (f *Function) init(ctx context.Context, id string) (answer, bool) {
	timeout := time.NewTimer(initTimeout)
	defer timeout.Stop()
	select {
	case <-f.proc.ready:
		return answer{}, true
	case body := <-f.proc.initError:
		return answer{body: body, fault: unhandled}, false
	case <-f.proc.exited:
		select {
		case body := <-f.proc.initError:
			return answer{body: body, fault: unhandled}, false
		default:
			return failure(id, "Runtime.ExitError", "Runtime exited before it asked for an event: "+f.proc.ending()), false
		}
	case <-timeout.C:
		return failure(id, "Sandbox.Timedout", fmt.Sprintf("Init timed out after %.2f seconds", initTimeout.Seconds())), false
	case <-ctx.Done():
		return failure(id, "Sandbox.Canceled", ctx.Err().Error()), false
	}
}

func (f *Function) await(ctx context.Context, inv *invocation, timeout <-chan time.Time) answer {
	select {
	case a := <-inv.answer:
		return a
	case <-f.proc.exited:
		ending := f.proc.ending()
		f.stop()
		select {
		case a := <-inv.answer: // it answered and then ended
			return a
		default:
			return failure(inv.id, "Runtime.ExitError", "Runtime exited with error: "+ending)
		}
	case <-timeout:
		f.stop()
		return f.timedOut(inv.id)
	case <-ctx.Done():
		return failure(inv.id, "Sandbox.Canceled", ctx.Err().Error())
	}
}

func (f *Function) timedOut(id string) answer {
	return failure(id, "Sandbox.Timedout", fmt.Sprintf("Task timed out after %.2f seconds", f.cfg.Timeout.Seconds()))
}

// failure words an error that is not the function's own. The texts are close to
// Lambda's, which are not documented and nothing should read.
func failure(id, kind, text string) answer {
	body, _ := json.Marshal(map[string]string{"errorType": kind, "errorMessage": "RequestId: " + id + " Error: " + text})
	return answer{body: body, fault: unhandled}
}

// newRequestID returns a random UUID.
func newRequestID() string {
	var b [16]byte
	rand.Read(b[:])
	b[6], b[8] = b[6]&0x0f|0x40, b[8]&0x3f|0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", b[:4], b[4:6], b[6:8], b[8:10], b[10:])
}
