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

	// Under is a command that runs the program, such as a debugger: the program is its
	// last argument. Default: none.
	Under []string

	// Started is told of each process, by its number. Default: nobody is.
	Started func(pid int)

	// NoLimits lets an invocation take as long, and the process as much memory, as it
	// wants. The function is told of a deadline a day ahead.
	NoLimits bool
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
	Throttled     bool   // Lambda did not run it: 429
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

// Replace makes another program the function's, once the invocation under way has
// ended. The process of the old one ends.
func (f *Function) Replace(bootstrap string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.cfg.Bootstrap = bootstrap
	f.shutDown()
}

// Close ends the process, which is told so if it has an extension.
func (f *Function) Close() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.closed = true
	f.shutDown()
}

func (f *Function) shutDown() {
	if f.proc != nil {
		f.proc.shutDown()
		f.proc = nil
	}
}

func (f *Function) stop() {
	if f.proc != nil {
		f.proc.kill()
		f.proc = nil
	}
}

// Trouble is what happens to one invocation besides what the function does. The zero
// value is nothing.
type Trouble struct {
	// Kill ends the process when it answers, and its answer is lost: all is done, and
	// nobody knows. After says when, at the latest then.
	Kill bool

	// After is how long after the event was handed over the process is killed.
	// Default: when it answers.
	After time.Duration

	// Memory says that the process is killed for its memory.
	Memory bool

	// Timeout is in place of the function's. Default: the function's.
	Timeout time.Duration
}

// Invoke hands one event to the function and waits for its answer. The error
// is that of a context that ended, which ends the process too; everything that
// the function does wrong is in the result.
func (f *Function) Invoke(ctx context.Context, payload []byte) (Result, error) {
	return f.InvokeWith(ctx, payload, Trouble{})
}

// InvokeWith does the same, and has something happen meanwhile.
func (f *Function) InvokeWith(ctx context.Context, payload []byte, trouble Trouble) (Result, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	inv := &invocation{id: newRequestID(), payload: payload, arn: f.ARN(), answer: make(chan answer, 1), trouble: trouble}
	start := time.Now()
	a := f.invoke(ctx, inv)
	if ctx.Err() != nil && a.fault != "" {
		f.stop()
		return Result{}, context.Cause(ctx)
	}
	return Result{RequestID: inv.id, Payload: a.body, FunctionError: a.fault, Duration: time.Since(start)}, nil
}

// day is the time of an invocation that is not limited.
const day = 24 * time.Hour

func (f *Function) timeout(inv *invocation) time.Duration {
	switch {
	case inv.trouble.Timeout != 0:
		return inv.trouble.Timeout
	case f.cfg.NoLimits:
		return day
	}
	return f.cfg.Timeout
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
			if f.cfg.Started != nil {
				f.cfg.Started(p.cmd.Process.Pid)
			}
			f.proc = p
			if a, ok := f.init(ctx, inv.id); !ok {
				f.stop()
				return a
			}
		}
		inv.deadline = time.Now().Add(f.timeout(inv))
		timeout := time.NewTimer(f.timeout(inv))
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
			return f.timedOut(inv)
		case <-ctx.Done():
			return failure(inv.id, "Sandbox.Canceled", ctx.Err().Error())
		}
	}
	return failure(inv.id, "Runtime.ExitError", "Runtime exited again and again before it took an event")
}

// init waits until the process asks for its first event.
func (f *Function) init(ctx context.Context, id string) (answer, bool) {
	limit := initTimeout
	if f.cfg.NoLimits {
		limit = day
	}
	timeout := time.NewTimer(limit)
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
	var kill <-chan time.Time
	if inv.trouble.Kill && inv.trouble.After > 0 {
		timer := time.NewTimer(inv.trouble.After)
		defer timer.Stop()
		kill = timer.C
	}
	select {
	case a := <-inv.answer:
		if inv.trouble.Kill {
			return f.killed(inv)
		}
		return a
	case <-kill:
		return f.killed(inv)
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
		return f.timedOut(inv)
	case <-ctx.Done():
		return failure(inv.id, "Sandbox.Canceled", ctx.Err().Error())
	}
}

// killed ends the process in the middle of an invocation.
func (f *Function) killed(inv *invocation) answer {
	f.proc.tooLarge.Store(inv.trouble.Memory)
	f.proc.kill()
	ending := f.proc.ending()
	f.stop()
	return failure(inv.id, "Runtime.ExitError", "Runtime exited with error: "+ending)
}

func (f *Function) timedOut(inv *invocation) answer {
	return failure(inv.id, "Sandbox.Timedout", fmt.Sprintf("Task timed out after %.2f seconds", f.timeout(inv).Seconds()))
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
