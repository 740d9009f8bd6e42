package gateway

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-lambda-go/events"
	"github.com/coder/websocket"

	"msklambda/constructs/livescores/page"
	"msklambda/test/local/internal/sandbox"
)

// routes is a function that answers with the route and the message.
type routes struct {
	mu     sync.Mutex
	events []events.APIGatewayWebsocketProxyRequest
	fail   string // a route whose invocation fails
}

func (f *routes) Invoke(_ context.Context, payload []byte) (sandbox.Result, error) {
	var e events.APIGatewayWebsocketProxyRequest
	if err := json.Unmarshal(payload, &e); err != nil {
		return sandbox.Result{}, err
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.events = append(f.events, e)
	if e.RequestContext.RouteKey == f.fail {
		return sandbox.Result{FunctionError: "Unhandled", Payload: []byte(`{"errorMessage":"no table"}`)}, nil
	}
	answer, err := json.Marshal(events.APIGatewayProxyResponse{StatusCode: 200, Body: e.RequestContext.RouteKey + " " + e.Body})
	return sandbox.Result{Payload: answer}, err
}

func (f *routes) seen() (all []string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, e := range f.events {
		all = append(all, e.RequestContext.EventType+" "+e.RequestContext.RouteKey+" "+e.RequestContext.ConnectionID)
	}
	return all
}

func start(t *testing.T, f *routes) *Gateway {
	t.Helper()
	return startWith(t, Config{Routes: f, Matches: []string{"a"}})
}

func startWith(t *testing.T, cfg Config) *Gateway {
	t.Helper()
	g := New(cfg)
	if err := g.Start("0"); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(g.Stop)
	return g
}

func dial(t *testing.T, g *Gateway) *websocket.Conn {
	t.Helper()
	c, _, err := websocket.Dial(deadline(t), strings.Replace(g.Endpoint(), "http", "ws", 1), nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.CloseNow() })
	return c
}

func deadline(t *testing.T) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	t.Cleanup(cancel)
	return ctx
}

// ask sends a message and returns the answer.
func ask(t *testing.T, c *websocket.Conn, message string) string {
	t.Helper()
	if err := c.Write(deadline(t), websocket.MessageText, []byte(message)); err != nil {
		t.Fatal(err)
	}
	return hear(t, c)
}

func hear(t *testing.T, c *websocket.Conn) string {
	t.Helper()
	_, text, err := c.Read(deadline(t))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func post(t *testing.T, method, url, body string) int {
	t.Helper()
	r, err := http.NewRequestWithContext(deadline(t), method, url, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	answer.Body.Close()
	return answer.StatusCode
}

// What API Gateway was given for a browser it has for it, whatever becomes of the
// function that posted: a process that is killed ends no browser's connection.
func TestWhoPostedMayEndBeforeTheAnswer(t *testing.T) {
	g := start(t, &routes{})
	c := dial(t, g)
	ask(t, c, `{"action":"subscribe"}`)
	ended, end := context.WithCancel(t.Context())
	end()
	const posts = 20
	for i := range posts {
		answer := httptest.NewRecorder()
		r := httptest.NewRequest(http.MethodPost, "/live/@connections/"+g.IDs()[0], strings.NewReader(fmt.Sprint("score ", i)))
		g.ServeHTTP(answer, r.WithContext(ended))
		if answer.Code != http.StatusOK {
			t.Fatalf("post %d = %d, want 200: the browser is there", i, answer.Code)
		}
	}
	for i := range posts {
		if got, want := hear(t, c), fmt.Sprint("score ", i); got != want {
			t.Fatalf("message = %q, want %q", got, want)
		}
	}
}

func TestMessagesGoByTheirRoute(t *testing.T) {
	f := &routes{}
	g := start(t, f)
	c := dial(t, g)
	for _, tt := range []struct{ message, want string }{
		{`{"action":"subscribe","match":"a"}`, `subscribe {"action":"subscribe","match":"a"}`},
		{`{"action":"ping"}`, `{"type":"pong"}`}, // and no function is asked
		{`{"action":"unsubscribe"}`, `$default {"action":"unsubscribe"}`},
		{`{"action":"$connect"}`, `$default {"action":"$connect"}`},
		{`{"action":"dance"}`, `$default {"action":"dance"}`},
		{`hello`, `$default hello`},
	} {
		if got := ask(t, c, tt.message); got != tt.want {
			t.Errorf("answer to %s = %s, want %s", tt.message, got, tt.want)
		}
	}
	if err := c.Close(websocket.StatusNormalClosure, ""); err != nil {
		t.Fatal(err)
	}
	g.Stop() // waits for $disconnect
	seen := f.seen()
	first, last := seen[0], seen[len(seen)-1]
	id := strings.TrimPrefix(first, "MESSAGE subscribe ")
	if len(id) != 16 || !strings.HasSuffix(id, "=") || last != "DISCONNECT $disconnect "+id || len(seen) != 6 {
		t.Errorf("events = %q, want messages and a disconnect of one id", seen)
	}
}

func TestAFailureIsToldAsAPIGatewayTellsIt(t *testing.T) {
	c := dial(t, start(t, &routes{fail: "subscribe"}))
	if got := ask(t, c, `{"action":"subscribe"}`); !strings.Contains(got, `"message":"Internal server error"`) {
		t.Errorf("answer = %s, want an internal server error", got)
	}
	if got := ask(t, c, `x`); got != `$default x` {
		t.Errorf("answer after it = %s, want the connection to go on", got)
	}
}

// The limits are those of an account: beyond them there is no connection, no
// answer but "Too Many Requests", and no post.
func TestLimits(t *testing.T) {
	f := &routes{}
	g := startWith(t, Config{Routes: f, Limits: Limits{Connects: 2, Messages: 1, Posts: 1}})
	c := dial(t, g)
	dial(t, g)
	_, answer, err := websocket.Dial(deadline(t), strings.Replace(g.Endpoint(), "http", "ws", 1), nil)
	if err == nil || answer.StatusCode != http.StatusTooManyRequests {
		t.Errorf("third Dial = %v, %v, want 429", answer, err)
	}
	if got := ask(t, c, `{"action":"subscribe"}`); !strings.HasPrefix(got, "subscribe") {
		t.Errorf("answer = %s, want the function's", got)
	}
	if got := ask(t, c, `{"action":"subscribe"}`); !strings.Contains(got, `"message":"Too Many Requests"`) {
		t.Errorf("answer to one too many = %s", got)
	}
	if got := ask(t, c, `{"action":"ping"}`); got != `{"type":"pong"}` {
		t.Errorf("answer over another route = %s, want a limit of its own", got)
	}
	url := g.Endpoint() + "/@connections/" + g.IDs()[0]
	if got := []int{post(t, http.MethodPost, url, "a"), post(t, http.MethodPost, url, "b")}; got[0] != 200 || got[1] != 429 {
		t.Errorf("posts = %v, want 200 and 429", got)
	}
}

func TestPostsFailAsAsked(t *testing.T) {
	fault := Fault{Status: 503}
	g := startWith(t, Config{Routes: &routes{}, Fault: func(string) Fault { return fault }})
	ask(t, dial(t, g), "x")
	url := g.Endpoint() + "/@connections/" + g.IDs()[0]
	if got := post(t, http.MethodPost, url, "news"); got != 503 {
		t.Errorf("POST = %d, want 503", got)
	}
	fault = Fault{Hang: true}
	ctx, cancel := context.WithCancel(t.Context())
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, url, strings.NewReader("news"))
	if err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() {
		_, err := http.DefaultClient.Do(r)
		ended <- err
	}()
	cancel()
	if err := <-ended; !errors.Is(err, context.Canceled) {
		t.Errorf("POST = %v, want no answer", err)
	}
}

// A silent gateway says nothing, ends nothing, and answers what it was asked when
// it speaks again.
func TestSilence(t *testing.T) {
	g := start(t, &routes{})
	c := dial(t, g)
	ask(t, c, "x")
	g.Silence(true)
	if err := c.Write(deadline(t), websocket.MessageText, []byte(`{"action":"ping"}`)); err != nil {
		t.Fatal(err)
	}
	url := g.Endpoint() + "/@connections/" + g.IDs()[0]
	if got := post(t, http.MethodPost, url, "lost"); got != 200 {
		t.Errorf("POST = %d, want 200: nobody is told", got)
	}
	g.Silence(false)
	if got := hear(t, c); got != `{"type":"pong"}` {
		t.Errorf("answer = %s, want the pong", got)
	}
}

func TestTheManagementAPI(t *testing.T) {
	g := start(t, &routes{})
	c := dial(t, g)
	ask(t, c, "x") // it is there now
	url := g.Endpoint() + "/@connections/" + g.IDs()[0]
	if got := post(t, http.MethodPost, url, "news"); got != 200 {
		t.Errorf("POST = %d, want 200", got)
	}
	if got := hear(t, c); got != "news" {
		t.Errorf("message = %s, want news", got)
	}
	for _, tt := range []struct {
		method, url, body string
		want              int
	}{
		{http.MethodGet, url, "", 200},
		{http.MethodPost, url, strings.Repeat("x", maxMessage+1), 413},
		{http.MethodPut, url, "", 403},
		{http.MethodPost, g.Endpoint() + "/@connections/nobody=", "news", 410},
	} {
		if got := post(t, tt.method, tt.url, tt.body); got != tt.want {
			t.Errorf("%s %s = %d, want %d", tt.method, tt.url, got, tt.want)
		}
	}
	if got := post(t, http.MethodDelete, url, ""); got != 204 {
		t.Errorf("DELETE = %d, want 204", got)
	}
	if _, _, err := c.Read(deadline(t)); websocket.CloseStatus(err) != websocket.StatusNormalClosure {
		t.Errorf("Read after DELETE = %v, want an end", err)
	}
}

func TestAfterARestartItIsWhereItWas(t *testing.T) {
	f := &routes{}
	g := start(t, f)
	c := dial(t, g)
	ask(t, c, "x")
	id := g.IDs()[0]
	g.Stop()
	if _, _, err := c.Read(deadline(t)); err == nil {
		t.Error("Read after Stop = nil, want an error")
	}
	if seen := f.seen(); seen[len(seen)-1] != "DISCONNECT $disconnect "+id {
		t.Errorf("events = %q, want that the function was told of the end", seen)
	}
	url := g.PageURL()
	if err := g.Start(""); err != nil {
		t.Fatal(err)
	}
	if g.PageURL() != url {
		t.Errorf("page = %s, want %s", g.PageURL(), url)
	}
	if got := post(t, http.MethodPost, g.Endpoint()+"/@connections/"+id, "news"); got != 410 {
		t.Errorf("POST to a connection of before = %d, want 410", got)
	}
	if got := ask(t, dial(t, g), "y"); got != "$default y" {
		t.Errorf("answer = %s, want $default y", got)
	}
}

func TestThePageIsServed(t *testing.T) {
	g := start(t, &routes{})
	get := func(path string) (int, string, string) {
		r, err := http.NewRequestWithContext(deadline(t), http.MethodGet, g.PageURL()+path, nil)
		if err != nil {
			t.Fatal(err)
		}
		answer, err := http.DefaultClient.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		defer answer.Body.Close()
		text, err := io.ReadAll(answer.Body)
		if err != nil && !errors.Is(err, io.EOF) {
			t.Fatal(err)
		}
		return answer.StatusCode, answer.Header.Get("Content-Type"), string(text)
	}
	for name, want := range page.Files() {
		status, _, got := get(name)
		if status != 200 || got != want {
			t.Errorf("%s = %d and %d bytes, want %d", name, status, len(got), len(want))
		}
	}
	if _, kind, _ := get(""); !strings.HasPrefix(kind, "text/html") {
		t.Errorf("/ is %s, want text/html", kind)
	}
	if _, kind, _ := get("app.js"); !strings.HasPrefix(kind, "text/javascript") {
		t.Errorf("app.js is %s, want text/javascript: a browser takes no other for a module", kind)
	}
	want := `{"matches":["a"],"url":"ws://` + strings.TrimSuffix(strings.TrimPrefix(g.PageURL(), "http://"), "/") + `/live"}`
	if _, _, got := get(page.Config); strings.TrimSpace(got) != want {
		t.Errorf("%s = %s, want %s", page.Config, got, want)
	}
	if status, _, _ := get("nothing"); status != 403 {
		t.Errorf("status of nothing = %d, want 403, as S3 has it", status)
	}
}

// A copy of a snapshot is served for a while, also of one that is not there.
func TestSnapshotsAreServedFromACopy(t *testing.T) {
	asked := 0
	g := startWith(t, Config{Routes: &routes{}, Snapshot: func(key string) ([]byte, string, bool) {
		asked++
		return []byte(key), "application/json", key == "m/a.json"
	}})
	for _, tt := range []struct {
		name string
		want int
	}{{"m/a.json", 200}, {"m/a.json", 200}, {"m/b.json", 403}, {"m/b.json", 403}} {
		if got := post(t, http.MethodGet, g.PageURL()+tt.name, ""); got != tt.want {
			t.Errorf("status of %s = %d, want %d", tt.name, got, tt.want)
		}
	}
	if asked != 2 || g.Requests("m/a.json") != 2 {
		t.Errorf("read %d times, asked for %d, want 2 and 2", asked, g.Requests("m/a.json"))
	}
}
