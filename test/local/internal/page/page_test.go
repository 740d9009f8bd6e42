package page

import (
	"context"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"
)

// fake is a loop that notes what it is asked for.
type fake struct{ got []string }

func (f *fake) State() State                  { return State{Brokers: "127.0.0.1:9092", Topics: []string{"orders"}} }
func (f *fake) Records(topic string) []Record { return []Record{{Topic: topic}} }
func (f *fake) Produce(_ context.Context, line []byte) (string, error) {
	f.got = append(f.got, "produce "+string(line))
	return "orders[0]@7", nil
}
func (f *fake) Replay(_ context.Context, topic string, _ int32, _ int64) (string, error) {
	f.got = append(f.got, "replay "+topic)
	return "", errors.New("it is gone")
}

func start(t *testing.T) (*fake, *Server) {
	t.Helper()
	f := &fake{}
	s, err := Start(0, f)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	return f, s
}

func do(t *testing.T, s *Server, method, path, body string, edit func(*http.Request)) (int, string, http.Header) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, s.URL()+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("Origin", strings.TrimSuffix(s.URL(), "/"))
	if edit != nil {
		edit(r)
	}
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	if err != nil {
		t.Fatal(err)
	}
	return answer.StatusCode, string(text), answer.Header
}

func TestThePageIsServedWithItsPolicy(t *testing.T) {
	_, s := start(t)
	for path, want := range map[string]string{"": "<h1>Local loop</h1>", "page.js": "refresh", "page.css": "color", "state": `"brokers":"127.0.0.1:9092"`, "records?topic=orders": `"topic":"orders"`} {
		status, text, header := do(t, s, http.MethodGet, path, "", nil)
		if status != http.StatusOK || !strings.Contains(text, want) {
			t.Errorf("%s = %d %.100s, want %s", path, status, text, want)
		}
		if csp := header.Get("Content-Security-Policy"); !strings.HasPrefix(csp, "default-src 'none'; script-src 'self'") || header.Get("X-Content-Type-Options") != "nosniff" {
			t.Errorf("%s: policy = %q, want one that lets nothing else in", path, csp)
		}
	}
	if !strings.HasPrefix(s.URL(), "http://127.0.0.1:") {
		t.Errorf("URL = %s, want loopback", s.URL())
	}
}

// Only the page itself writes: not another page in the same browser, by whatever name.
func TestAnotherPageWritesNothing(t *testing.T) {
	f, s := start(t)
	for name, tt := range map[string]struct {
		edit func(*http.Request)
		want int
	}{
		"of another origin":        {func(r *http.Request) { r.Header.Set("Origin", "http://evil.example") }, http.StatusForbidden},
		"without one":              {func(r *http.Request) { r.Header.Del("Origin") }, http.StatusForbidden},
		"of a page of null origin": {func(r *http.Request) { r.Header.Set("Origin", "null") }, http.StatusForbidden},
		"of a form":                {func(r *http.Request) { r.Header.Set("Content-Type", "text/plain") }, http.StatusUnsupportedMediaType},
		"by another name":          {func(r *http.Request) { r.Host = "evil.example" }, http.StatusMisdirectedRequest},
		"by another port's name":   {func(r *http.Request) { r.Host, _, _ = strings.Cut(r.URL.Host, ":") }, http.StatusMisdirectedRequest},
	} {
		for _, path := range []string{"produce", "replay"} {
			if status, text, _ := do(t, s, http.MethodPost, path, `{"topic":"orders"}`, tt.edit); status != tt.want {
				t.Errorf("%s %s = %d %s, want %d", path, name, status, text, tt.want)
			}
		}
	}
	if status, _, _ := do(t, s, http.MethodGet, "state", "", func(r *http.Request) { r.Host = "evil.example" }); status != http.StatusMisdirectedRequest {
		t.Errorf("state by another name = %d, want %d", status, http.StatusMisdirectedRequest)
	}
	if len(f.got) != 0 {
		t.Errorf("the loop was asked for %q, want nothing", f.got)
	}
	if status, text, _ := do(t, s, http.MethodPost, "produce", `{"key":"a"}`, nil); status != http.StatusOK || !strings.Contains(text, `"position":"orders[0]@7"`) {
		t.Errorf("produce = %d %s, want where it is", status, text)
	}
	if status, text, _ := do(t, s, http.MethodPost, "replay", `{"topic":"orders"}`, nil); status != http.StatusUnprocessableEntity || !strings.Contains(text, "it is gone") {
		t.Errorf("replay = %d %s, want why not", status, text)
	}
	if status, text, _ := do(t, s, http.MethodPost, "replay", `{}`, nil); status != http.StatusUnprocessableEntity || !strings.Contains(text, "must name a record") {
		t.Errorf("replay of nothing = %d %s, want it refused", status, text)
	}
}

type decoder struct{}

func (decoder) Decode(b []byte) ([]byte, error) {
	if string(b) != "avro" {
		return nil, errors.New("no")
	}
	return []byte(`{"a":1}`), nil
}

func TestContentIsReadable(t *testing.T) {
	for value, want := range map[string]Content{
		"":                           {Form: "text", Size: 0},
		"text\nmore":                 {Form: "text", Text: "text\nmore", Size: 9},
		`{"a":9007199254740993}`:     {Form: "JSON", Text: "{\n  \"a\": 9007199254740993\n}", Size: 22},
		"{not JSON":                  {Form: "text", Text: "{not JSON", Size: 9},
		"avro":                       {Form: "Avro", Text: "{\n  \"a\": 1\n}", Size: 4},
		"\x00\x00\x00\x00\x07\xffab": {Form: "base64, schema 7", Text: "/2Fi", Size: 8},
		"\xff":                       {Form: "base64", Text: "/w==", Size: 1},
		"\x1b[31m":                   {Form: "base64", Text: "G1szMW0=", Size: 5},
		strings.Repeat("ä", 3000):    {Form: "text", Text: strings.Repeat("ä", 2000) + "...", Size: 6000},
	} {
		if got := show([]byte(value), decoder{}); got != want {
			t.Errorf("%.20q = %+v, want %+v", value, got, want)
		}
	}
	r := Show(&kgo.Record{Topic: "orders", Partition: 1, Offset: 7, Timestamp: time.UnixMilli(1500), Headers: []kgo.RecordHeader{{Key: "n"}, {Key: "a", Value: []byte("1")}}}, nil, nil)
	if r.Key.Form != "null" || r.Value.Form != "null" || len(r.Headers) != 2 || r.Headers[0].Value.Form != "null" || r.Headers[1].Value.Text != "1" {
		t.Errorf("record = %+v, want nulls, and two headers", r)
	}
}
