package runtimeapi_test

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"regexp"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
)

// invocation is what the stand-in hands out, and how.
type invocation struct {
	header  map[string]string // besides the usual ones, or in place of them
	body    string
	chunks  int // 0: with a Content-Length
	status  int // 0: 200
	refused int // the status of the answer's receipt; 0: 202
	closed  bool
}

// standIn is a Lambda Runtime API for one process.
type standIn struct {
	mu          sync.Mutex
	t           *testing.T
	invocations []invocation
	next        int
	requests    []string      // what came in, in a form that can be compared
	extension   int           // the status of a registration
	held        bool          // a request for the next invocation, when there is none
	waits       chan struct{} // tells of a request that is never answered
	open        chan struct{} // closed when the test is over
}

// serve runs a function against the stand-in and returns all that can be seen of
// it: requests, logs and how it ended.
func (s *standIn) serve(t *testing.T, client, function string, env ...string) string {
	t.Helper()
	s.t, s.waits, s.open = t, make(chan struct{}, 2), make(chan struct{})
	server := httptest.NewServer(s)
	defer server.Close()
	defer close(s.open)
	address := strings.TrimPrefix(server.URL, "http://")

	cmd := functionCommand(t, client, function, append(env, "AWS_LAMBDA_RUNTIME_API="+address)...)
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan error)
	go func() { ended <- cmd.Wait() }()
	var err error
	for running, waiting := true, 0; running; {
		select {
		case <-s.waits:
			if waiting++; waiting == 2 { // for events, and for an invocation
				cmd.Process.Signal(syscall.SIGTERM)
			}
		case err = <-ended:
			running = false
		}
	}

	s.mu.Lock()
	defer s.mu.Unlock()
	var b strings.Builder
	for _, r := range s.requests {
		fmt.Fprintln(&b, r)
	}
	fmt.Fprintf(&b, "%v\n%s", err, out.String())
	return normalize(b.String(), address)
}

// functionCommand is this binary as a function.
func functionCommand(t *testing.T, client, function string, env ...string) *exec.Cmd {
	cmd := exec.CommandContext(t.Context(), os.Args[0])
	cmd.Env = append([]string{clientEnv + "=" + client, functionEnv + "=" + function}, env...)
	return cmd
}

func (s *standIn) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		s.t.Errorf("%s: %v", r.URL.Path, err)
	}
	switch r.URL.Path {
	case "/2018-06-01/runtime/invocation/next":
		s.handOut(w, r)
	case "/2020-01-01/extension/register":
		s.note(r, body, "Lambda-Extension-Name")
		w.Header().Set("Lambda-Extension-Identifier", "extension-1")
		w.WriteHeader(s.extension)
	case "/2020-01-01/extension/event/next":
		s.note(r, body, "Lambda-Extension-Identifier")
		s.waits <- struct{}{}
		<-s.open
	default:
		s.note(r, body, "Content-Type", "Lambda-Runtime-Function-Xray-Error-Cause")
		s.mu.Lock()
		i := 0
		fmt.Sscanf(r.URL.Path, "/2018-06-01/runtime/invocation/request-%d/", &i)
		refused := s.invocations[i].refused
		s.mu.Unlock()
		w.WriteHeader(cmp.Or(refused, http.StatusAccepted))
		io.WriteString(w, `{"status":"OK"}`)
	}
}

func (s *standIn) note(r *http.Request, body []byte, headers ...string) {
	line := r.Method + " " + r.URL.Path
	if r.Method == "POST" && r.URL.RawQuery != "" {
		s.t.Errorf("query = %s, want none", r.URL.RawQuery)
	}
	for _, name := range headers {
		if v := r.Header.Values(name); v != nil {
			line += fmt.Sprintf(" %s: %q", name, v)
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.requests = append(s.requests, fmt.Sprintf("%s %s", line, body))
}

// handOut answers a request for the next invocation. When there is none left, it
// is the last: both clients end then.
func (s *standIn) handOut(w http.ResponseWriter, r *http.Request) {
	if agent := r.UserAgent(); !strings.HasPrefix(agent, "aws-lambda-go/go1.") {
		s.t.Errorf("user agent = %q, want aws-lambda-go/go1. and so on", agent)
	}
	s.mu.Lock()
	i := s.next
	s.next++
	if i >= len(s.invocations) {
		s.mu.Unlock()
		if s.extension == http.StatusOK {
			s.waits <- struct{}{}
			<-s.open
		}
		if s.held {
			<-r.Context().Done()
		}
		w.WriteHeader(http.StatusGone)
		return
	}
	v := s.invocations[i]
	s.mu.Unlock()
	h := w.Header()
	for name, value := range map[string]string{
		"Lambda-Runtime-Aws-Request-Id":       fmt.Sprintf("request-%d", i),
		"Lambda-Runtime-Deadline-Ms":          "4102444800123", // in the year 2100
		"Lambda-Runtime-Invoked-Function-Arn": "arn:aws:lambda:eu-central-1:111122223333:function:f",
		"Lambda-Runtime-Trace-Id":             fmt.Sprintf("Root=1-%d", i),
	} {
		h.Set(name, value)
	}
	for name, value := range v.header {
		h.Del(name)
		if value != "" {
			h[name] = []string{value} // the name as it is written
		}
	}
	if v.closed {
		h.Set("Connection", "close")
	}
	if v.chunks == 0 {
		h.Set("Content-Length", fmt.Sprint(len(v.body)))
	}
	w.WriteHeader(cmp.Or(v.status, http.StatusOK))
	for part := range slices.Chunk([]byte(v.body), max(1, len(v.body)/max(1, v.chunks))) {
		w.Write(part)
		if v.chunks > 0 {
			w.(http.Flusher).Flush()
		}
	}
}

var (
	logTime   = regexp.MustCompile(`(?m)^\d{4}/\d\d/\d\d \d\d:\d\d:\d\d `)
	goroutine = regexp.MustCompile(`\{\\?"path\\?":\\?"[^"]*?\\?",\\?"line\\?":\d+,\\?"label\\?":\\?"[^"]*?\\?"\},?`)
	pathList  = regexp.MustCompile(`\\?"paths\\?":\[[^\]]*\]`)
)

// normalize takes out what differs from run to run, and of stacks the frames of
// the clients and of the Go runtime.
func normalize(s, address string) string {
	s = strings.ReplaceAll(s, address, "ADDRESS")
	s = logTime.ReplaceAllString(s, "")
	s = goroutine.ReplaceAllStringFunc(s, func(frame string) string {
		if strings.Contains(frame, "_test.go") && !strings.Contains(frame, "TestMain") {
			return strings.TrimSuffix(frame, ",") + ";"
		}
		return ""
	})
	return pathList.ReplaceAllStringFunc(s, func(list string) string {
		var own []string
		for _, p := range strings.FieldsFunc(list, func(r rune) bool { return strings.ContainsRune(`[]",\`, r) }) {
			if strings.HasSuffix(p, "_test.go") {
				own = append(own, p)
			}
		}
		text, _ := json.Marshal(own)
		return fmt.Sprintf("paths %s", text)
	})
}
