package runtimeapi

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
)

// script is a server that answers the requests of each connection in turn with
// what is written here, and closes the connection after its last.
type script [][]string

const (
	ok      = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
	okClose = "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nok"
	nothing = ""
)

// serve returns the server's address, and its requests, a list for each
// connection, once it is through.
func (s script) serve(t *testing.T) (address string, requests chan []string) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	requests = make(chan []string, len(s))
	go func() {
		defer close(requests)
		for _, answers := range s {
			c, err := l.Accept()
			if err != nil {
				return
			}
			requests <- answer(c, answers)
		}
		l.Close()
	}()
	return l.Addr().String(), requests
}

func answer(c net.Conn, answers []string) (seen []string) {
	defer c.Close()
	in := bufio.NewReader(c)
	for _, a := range answers {
		r, err := http.ReadRequest(in)
		if err != nil {
			return append(seen, err.Error())
		}
		body, _ := io.ReadAll(r.Body)
		seen = append(seen, strings.TrimSpace(r.Method+" "+r.URL.Path+" "+string(body)))
		if _, err := io.WriteString(c, a); err != nil {
			return append(seen, err.Error())
		}
	}
	return seen
}

func TestAConnectionIsUsedAgainAndMadeAnewWhenItIsClosed(t *testing.T) {
	get := request{method: "GET", path: "/a"}
	post := request{method: "POST", path: "/b", body: []byte("body")}
	long := request{method: "POST", path: "/c", body: []byte(strings.Repeat("x", 100000))}
	tests := map[string]struct {
		server   script
		requests []request
		want     string // what came in, connections apart by a bar
		fails    string // the last one
	}{
		"kept":                       {script{{ok, ok, ok}}, []request{get, post, get}, "GET /a, POST /b body, GET /a", ""},
		"said to be closed":          {script{{ok, okClose}, {ok}}, []request{get, post, get}, "GET /a, POST /b body | GET /a", ""},
		"closed before a request":    {script{{ok}, {ok}}, []request{get, get}, "GET /a | GET /a", ""},
		"closed before a post":       {script{{ok}, {ok}}, []request{get, post}, "GET /a | POST /b body", ""},
		"closed before a long post":  {script{{ok}, {ok}}, []request{get, long}, "GET /a | POST /c " + string(long.body), ""},
		"closed in place of answer":  {script{{ok, nothing}, {ok}}, []request{get, get}, "GET /a, GET /a | GET /a", ""},
		"no answer at all":           {script{{nothing}}, []request{get}, "GET /a", "EOF"},
		"no answer twice":            {script{{ok, nothing}, {nothing}}, []request{get, get}, "GET /a, GET /a | GET /a", "EOF"},
		"an answer that breaks off":  {script{{ok, ok[:len(ok)-1]}}, []request{get, post}, "GET /a, POST /b body", "unexpected EOF"},
		"headers that break off":     {script{{ok, ok[:20]}}, []request{get, get}, "GET /a, GET /a", "unexpected EOF"},
		"an answer nobody can parse": {script{{"hello\r\n"}}, []request{get}, "GET /a", `malformed HTTP response "hello"`},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			address, requests := test.server.serve(t)
			c := newConn(address)
			var err error
			for i, q := range test.requests {
				var r *response
				if r, err = c.do(q, nil); err == nil && string(r.body) != "ok" {
					t.Errorf("body = %s, want ok", r.body)
				}
				if err != nil && i < len(test.requests)-1 {
					t.Fatalf("request %d: %v", i, err)
				}
			}
			c.close()
			if test.fails == "" && err != nil || test.fails != "" && (err == nil || !strings.HasSuffix(err.Error(), test.fails)) {
				t.Errorf("err = %v, want %q", err, test.fails)
			}
			var got []string
			for of := range requests {
				got = append(got, strings.Join(of, ", "))
			}
			if got := strings.Join(got, " | "); got != test.want {
				t.Errorf("requests = %s, want %s", got, test.want)
			}
		})
	}
}

type handlerFunc func(context.Context, []byte) ([]byte, error)

func (f handlerFunc) Invoke(ctx context.Context, payload []byte) ([]byte, error) {
	return f(ctx, payload)
}

// One buffer takes all events; that of one much larger than Lambda sends is let
// go.
func TestTheBufferIsKeptUpToACap(t *testing.T) {
	accepted := "HTTP/1.1 202 Accepted\r\nContent-Length: 0\r\n\r\n"
	event := func(size int) string {
		return fmt.Sprintf("HTTP/1.1 200 OK\r\nLambda-Runtime-Aws-Request-Id: 1\r\nLambda-Runtime-Deadline-Ms: 4102444800000\r\n"+
			"Content-Length: %d\r\n\r\n%s", size, strings.Repeat("x", size))
	}
	sizes := []int{1000, 6 << 20, 10, 6 << 20, maxKept + 1, 10}
	var answers []string
	for _, size := range sizes {
		answers = append(answers, event(size), accepted)
	}
	address, _ := script{append(answers, "HTTP/1.1 410 Gone\r\nContent-Length: 0\r\n\r\n")}.serve(t)
	var caps []int
	h := handlerFunc(func(_ context.Context, payload []byte) ([]byte, error) {
		if len(payload) != sizes[len(caps)] || strings.Trim(string(payload), "x") != "" {
			t.Errorf("payload %d has %d bytes, want %d", len(caps), len(payload), sizes[len(caps)])
		}
		caps = append(caps, cap(payload))
		return nil, nil
	})
	if err := Serve(address, 1, h); err == nil || !strings.Contains(err.Error(), "410") {
		t.Fatalf("err = %v, want that the status is 410", err)
	}
	if len(caps) != len(sizes) || caps[2] < 6<<20 || caps[3] != caps[2] || caps[5] > 1000 {
		t.Errorf("sizes %v were handled in %v bytes, want 6 MiB kept and %d dropped", sizes, caps, maxKept+1)
	}
}
