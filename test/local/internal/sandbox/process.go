package sandbox

import (
	"bytes"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"msklambda/test/local/internal/procgroup"
)

// process is one run of the program, with a Runtime API of its own: whatever a
// killed process has left on its connections cannot reach the next one.
type process struct {
	cmd    *exec.Cmd
	server *http.Server
	memory int64 // bytes that it may have

	next      chan *invocation // to the program's next request for an event
	ready     chan struct{}    // closed at the first such request
	readyOnce sync.Once
	initError chan []byte
	exited    chan struct{} // closed when the process has ended

	mu      sync.Mutex
	current *invocation

	tooLarge atomic.Bool // it was killed for its memory
	killed   atomic.Bool // it was killed with its children

	extension atomic.Bool // it has an extension, and so a moment at its end
}

func startProcess(cfg *Config, arn string) (*process, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	p := &process{
		memory:    int64(cfg.MemorySize) << 20,
		next:      make(chan *invocation),
		ready:     make(chan struct{}),
		initError: make(chan []byte, 1),
		exited:    make(chan struct{}),
	}
	p.server = &http.Server{Handler: p}
	go func() { _ = p.server.Serve(l) }() // until it is closed
	argv := append(slices.Clone(cfg.Under), cfg.Bootstrap)
	p.cmd = exec.Command(argv[0], argv[1:]...)
	p.cmd.Dir = filepath.Dir(cfg.Bootstrap)
	p.cmd.Env = environment(cfg, l.Addr().String())
	lines := &lineWriter{log: cfg.Log}
	p.cmd.Stdout, p.cmd.Stderr = lines, lines
	p.cmd.WaitDelay = time.Second // for what a grandchild keeps open
	procgroup.Own(p.cmd)
	if err := p.cmd.Start(); err != nil {
		_ = p.server.Close()
		return nil, err
	}
	go func() {
		_ = p.cmd.Wait() // ending says how it ended
		if !p.killed.Load() {
			procgroup.Kill(p.cmd) // its children, if it ended by itself
		}
		lines.flush()
		_ = p.server.Close()
		close(p.exited)
	}()
	if !cfg.NoLimits {
		go p.watch()
	}
	return p, nil
}

// environment is what Lambda sets, as far as it can be known here. Nothing of
// this process' own environment is passed on.
func environment(cfg *Config, api string) []string {
	return append([]string{
		"AWS_LAMBDA_RUNTIME_API=" + api,
		"_HANDLER=bootstrap",
		"AWS_REGION=us-east-1",
		"AWS_DEFAULT_REGION=us-east-1",
		"AWS_LAMBDA_FUNCTION_NAME=" + cfg.Name,
		fmt.Sprintf("AWS_LAMBDA_FUNCTION_MEMORY_SIZE=%d", cfg.MemorySize),
		"AWS_LAMBDA_FUNCTION_VERSION=$LATEST",
		"AWS_LAMBDA_INITIALIZATION_TYPE=on-demand",
		"AWS_LAMBDA_LOG_GROUP_NAME=/aws/lambda/" + cfg.Name,
		"AWS_LAMBDA_LOG_STREAM_NAME=local/[$LATEST]",
		"AWS_LAMBDA_LOG_FORMAT=JSON",
		"LAMBDA_TASK_ROOT=" + filepath.Dir(cfg.Bootstrap),
		"LAMBDA_RUNTIME_DIR=" + filepath.Dir(cfg.Bootstrap),
		"TZ=:UTC",
		"LANG=en_US.UTF-8",
		"PATH=/usr/local/bin:/usr/bin/:/bin:/opt/bin",
	}, cfg.Env...)
}

// kill ends the process, with what it has started, and waits until it is gone.
func (p *process) kill() {
	select {
	case <-p.exited: // and its number may be somebody else's by now
		return
	default:
	}
	p.killed.Store(true)
	procgroup.Kill(p.cmd)
	<-p.exited
}

// shutdownTime is how long Lambda gives a process with an extension of its own to end.
const shutdownTime = 500 * time.Millisecond

// shutDown ends the process as Lambda ends one that has nothing to do.
func (p *process) shutDown() {
	if p.extension.Load() && procgroup.Terminate(p.cmd) == nil {
		select {
		case <-p.exited:
		case <-time.After(shutdownTime):
		}
	}
	p.kill()
}

// ending says how the process ended, once it has.
func (p *process) ending() string {
	if p.tooLarge.Load() {
		return fmt.Sprintf("signal: killed (more than %d MB of memory)", p.memory>>20)
	}
	return p.cmd.ProcessState.String()
}

// watch kills the process when its resident memory exceeds the memory size, as
// Lambda does. It looks every 20 ms and sees the process and not its children.
// GOMEMLIMIT is not set: Lambda does not set it either. Where there is no
// /proc, the memory is not limited.
func (p *process) watch() {
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	path := fmt.Sprintf("/proc/%d/statm", p.cmd.Process.Pid)
	for {
		select {
		case <-p.exited:
			return
		case <-tick.C:
		}
		text, err := os.ReadFile(path)
		if err != nil {
			return
		}
		var size, resident int64
		if _, err := fmt.Sscan(string(text), &size, &resident); err != nil {
			return
		}
		if resident*int64(os.Getpagesize()) > p.memory {
			p.tooLarge.Store(true)
			_ = p.cmd.Process.Kill() // it may have ended
			return                   // its children end when it has
		}
	}
}

// maxLine is the longest line that is kept whole: a function may write without
// ever ending a line.
const maxLine = 256 << 10

// lineWriter calls log for each line.
type lineWriter struct {
	log func(string)
	buf []byte
}

func (w *lineWriter) Write(p []byte) (int, error) {
	w.buf = append(w.buf, p...)
	for {
		i := bytes.IndexByte(w.buf, '\n')
		if i < 0 {
			if len(w.buf) > maxLine {
				w.flush()
			}
			return len(p), nil
		}
		w.log(string(w.buf[:i]))
		w.buf = w.buf[i+1:]
	}
}

func (w *lineWriter) flush() {
	if len(w.buf) > 0 {
		w.log(string(w.buf))
		w.buf = nil
	}
}
