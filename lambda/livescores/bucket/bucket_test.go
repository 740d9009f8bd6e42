package bucket

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"

	s3 "msklambda/test/local/bucket"
)

var cfg = aws.Config{Region: "us-east-1", Credentials: credentials.NewStaticCredentialsProvider("local", "local", "")}

func start(t *testing.T) *s3.Server {
	t.Helper()
	s, err := s3.Start()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	return s
}

func content(text string) Object {
	return Object{Content: []byte(text), Type: "text/plain", MaxAge: time.Second}
}

// Whoever writes last has read last, whatever the others do meanwhile.
func TestOfManyWritersTheLastHasReadLast(t *testing.T) {
	s := start(t)
	var mu sync.Mutex
	n := 0
	var wait sync.WaitGroup
	for range 6 {
		b := New(cfg, "b", s.Endpoint) // as many functions
		wait.Go(func() {
			for range 20 {
				mu.Lock()
				n++
				mu.Unlock()
				err := b.Replace(t.Context(), "m/a:1.json", func(context.Context) (Object, error) {
					mu.Lock()
					defer mu.Unlock()
					return content(fmt.Sprint(n)), nil
				})
				if err != nil {
					t.Error(err)
				}
			}
		})
	}
	wait.Wait()
	if o, ok := s.Get("b", "m/a:1.json"); !ok || string(o.Content) != "120" || o.Type != "text/plain" {
		t.Errorf("object = %+v, want 120, which was read last", o)
	}
}

func TestPutWritesWhateverThereIs(t *testing.T) {
	s := start(t)
	b := New(cfg, "b", s.Endpoint)
	for _, text := range []string{"one", "two"} {
		if err := b.Put(t.Context(), "key", content(text)); err != nil {
			t.Fatal(err)
		}
	}
	if o, _ := s.Get("b", "key"); string(o.Content) != "two" {
		t.Errorf("object = %s, want two", o.Content)
	}
	if err := b.Replace(t.Context(), "key", func(context.Context) (Object, error) { return content("three"), nil }); err != nil {
		t.Fatal(err)
	}
	if o, _ := s.Get("b", "key"); string(o.Content) != "three" {
		t.Errorf("object = %s, want three, over one that was not known", o.Content)
	}
}

func TestWhatIsReadBadlyIsNotWritten(t *testing.T) {
	s := start(t)
	want := errors.New("no table")
	if err := New(cfg, "b", s.Endpoint).Replace(t.Context(), "key", func(context.Context) (Object, error) { return Object{}, want }); err != want {
		t.Errorf("Replace = %v, want %v", err, want)
	}
	if _, ok := s.Get("b", "key"); ok {
		t.Error("there is an object")
	}
}

// A bucket that is away is asked until the time is up, and the error says why.
func TestABucketThatIsAway(t *testing.T) {
	s := start(t)
	s.Away(true)
	ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
	defer cancel()
	err := New(cfg, "b", s.Endpoint).Put(ctx, "key", content("x"))
	if err == nil || !strings.Contains(err.Error(), "put key: status 503") {
		t.Errorf("Put = %v, want status 503", err)
	}
	ready := make(chan error, 1)
	go func() { ready <- New(cfg, "b", s.Endpoint).Put(t.Context(), "key", content("x")) }()
	s.Away(false)
	if err := <-ready; err != nil {
		t.Errorf("Put = %v, want nil once it is back", err)
	}
}

// Who may not read the bucket is told so, and not that there is nothing.
func TestABucketThatMayNotBeReadIsNotAnEmptyOne(t *testing.T) {
	s := start(t)
	s.Put("b", "key", s3.Object{Content: []byte("theirs")})
	s.Forbid(http.MethodHead)
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	err := New(cfg, "b", s.Endpoint).Replace(ctx, "key", func(context.Context) (Object, error) { return content("ours"), nil })
	if err == nil || !strings.Contains(err.Error(), "head key: status 403") {
		t.Errorf("Replace = %v, want status 403", err)
	}
	if n := s.Requests(); n > 2 {
		t.Errorf("requests = %d, want the write and the question", n)
	}
}

// Many who write the same thing make way for each other.
func TestWhoIsOvertakenWaitsLongerAndLonger(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var at []time.Time
		b := New(cfg, "b", "http://s3.example")
		b.client = &http.Client{Transport: transport(func(r *http.Request) *http.Response {
			status := http.StatusPreconditionFailed
			if r.Method == http.MethodHead {
				status = http.StatusOK
			} else if at = append(at, time.Now()); len(at) == 40 {
				status = http.StatusOK
			}
			return &http.Response{StatusCode: status, Header: http.Header{"Etag": {"x"}}, Body: http.NoBody, Request: r}
		})}
		if err := b.Replace(t.Context(), "key", func(context.Context) (Object, error) { return content("x"), nil }); err != nil {
			t.Fatal(err)
		}
		early, late := at[1].Sub(at[0]), at[39].Sub(at[19])/20
		if early > 20*time.Millisecond || late < 100*time.Millisecond || late > time.Second {
			t.Errorf("waited %v at first and %v later, want it to grow to some 500ms", early, late)
		}
	})
}

type transport func(*http.Request) *http.Response

func (f transport) RoundTrip(r *http.Request) (*http.Response, error) { return f(r), nil }

func TestTheAddressOfABucket(t *testing.T) {
	for region, want := range map[string]string{"eu-west-1": "https://b.s3.eu-west-1.amazonaws.com/", "cn-north-1": "https://b.s3.cn-north-1.amazonaws.com.cn/"} {
		if got := New(aws.Config{Region: region}, "b", "").base; got != want {
			t.Errorf("address in %s = %s, want %s", region, got, want)
		}
	}
}

// What was read before somebody else wrote is not written over that: it is read
// again. Whoever writes alone reads once.
func TestWhatSomebodyElseWroteIsNotWrittenOver(t *testing.T) {
	s := start(t)
	one, other := New(cfg, "b", s.Endpoint), New(cfg, "b", s.Endpoint)
	reads := 0
	write := func(meanwhile func()) string {
		t.Helper()
		reads = 0
		err := one.Replace(t.Context(), "key", func(context.Context) (Object, error) {
			if reads++; reads == 1 {
				meanwhile()
			}
			return content(fmt.Sprintf("read %d", reads)), nil
		})
		if err != nil {
			t.Fatal(err)
		}
		o, _ := s.Get("b", "key")
		return string(o.Content)
	}
	for n := range 3 {
		if got := write(func() {}); got != "read 1" || reads != 1 {
			t.Errorf("write %d = %s after %d reads, want one", n+1, got, reads)
		}
		got := write(func() {
			if err := other.Replace(t.Context(), "key", func(context.Context) (Object, error) { return content(fmt.Sprint("other ", n)), nil }); err != nil {
				t.Fatal(err)
			}
		})
		if got != "read 2" {
			t.Errorf("object = %s, want what was read after the other's write", got)
		}
	}
}

// S3 checks a signature over the key as it escapes it, which is not as net/url does.
func TestAKeyIsEscapedAsS3DoesIt(t *testing.T) {
	var got string
	server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { got = r.RequestURI }))
	defer server.Close()
	b := New(cfg, "live", server.URL)
	if err := b.Put(t.Context(), "m/2026:a+b=c.json", Object{Content: []byte("{}"), Type: "application/json"}); err != nil {
		t.Fatal(err)
	}
	if want := "/m/2026%3Aa%2Bb%3Dc.json"; !strings.HasSuffix(got, want) {
		t.Errorf("request = %s, want %s", got, want)
	}
}
