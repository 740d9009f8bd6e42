package loop

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"msklambda/test/local/internal/browser"
	"msklambda/test/local/internal/options"
	"msklambda/test/local/internal/screen"
)

// shown is a loop with its page in a browser.
type shown struct {
	*browser.Browser
	t      *testing.T
	ctx    context.Context
	stop   func()
	output *watched
}

// show starts a loop with a page, and opens it in Chromium.
func show(t *testing.T, args ...string) *shown {
	t.Helper()
	if testing.Short() {
		t.Skip("starts a browser: go test without -short runs it")
	}
	root(t)
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	t.Cleanup(cancel)
	b, err := browser.Start(ctx)
	if errors.Is(err, browser.ErrMissing) && os.Getenv("CI") == "" {
		t.Skip(err)
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(b.Close)
	o, err := options.Parse(append([]string{"-port", "0", "-ui", "0", "-logs=false"}, args...), os.Stderr)
	if err != nil {
		t.Fatal(err)
	}
	ready := make(chan struct{})
	w := &watched{when: map[string]func(){"page       http": sync.OnceFunc(func() { close(ready) })}}
	stop, ended := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(ended)
		if _, err := Run(ctx, o, screen.To(w, false), stop); err != nil {
			t.Error(err)
		}
	}()
	t.Cleanup(func() { cancel(); <-ended })
	s := &shown{b, t, ctx, func() { close(stop); <-ended }, w}
	select {
	case <-ready:
	case <-ended:
		t.Fatalf("the loop ended:\n%s", w.String())
	}
	address := regexp.MustCompile(`page       (http\S+)`)
	for address.FindString(w.String()) == "" {
		time.Sleep(time.Millisecond) // the rest of the line
	}
	s.must(b.Window(ctx, 1280, 900, "light"))
	s.must(b.Open(ctx, address.FindStringSubmatch(w.String())[1]))
	s.see(`document.body.dataset.state === 'live'`)
	return s
}

func (w *watched) String() string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.text.String()
}

func (s *shown) must(err error) {
	s.t.Helper()
	if err != nil {
		s.t.Fatalf("%v\n%s", err, s.output.String())
	}
}

func (s *shown) see(expression string) {
	s.t.Helper()
	s.must(s.Wait(s.ctx, expression))
}

func (s *shown) do(expression string) {
	s.t.Helper()
	_, err := s.Eval(s.ctx, "void ("+expression+")")
	s.must(err)
}

// text is whether a part of the page has a text.
func text(id, want string) string {
	return `document.getElementById('` + id + `').innerText.includes(` + "`" + want + "`" + `)`
}

// A person sees records arrive and fail, writes one, and has one that failed written
// again. What a record holds is never more than text.
func TestThePageShowsTheLoop(t *testing.T) {
	s := show(t, "-rate", "0", "-partitions", "2", "-pollers", "1", "-fail", "poison", "-retries", "1", "-on-failure", "kafka://dead", "-topics", "enriched")
	s.see(text("consumers", "reads orders as group orders-fn, provisioned, 1 poller"))
	s.see(text("failures", "none") + " && " + text("batches", "none"))
	s.see(`[...document.getElementById('topic').options].map((o) => o.value).join() === 'dead,enriched,orders'`)
	s.do(`document.getElementById('topic').value = 'orders', document.getElementById('topic').dispatchEvent(new Event('change'))`)

	write := func(key, value, headers string) {
		t.Helper()
		s.do("document.getElementById('to').value = 'orders', document.getElementById('key').value = `" + key + "`, document.getElementById('value').value = `" + value +
			"`, document.getElementById('headers').value = `" + headers + "`, document.getElementById('partition').value = '1', document.getElementById('answer').textContent = '', document.getElementById('produce').requestSubmit()")
	}
	write("customer-1", `{"id": 9007199254740993}`, "")
	s.see(text("answer", "written as orders[1]@0"))
	s.see(text("records", "orders[1]@0") + " && " + text("consumers", "handled"))
	s.do(`document.querySelector('#records summary').click()`)
	s.see(text("records", `"id": 9007199254740993`)) // not rounded

	write("<img src=x onerror=alert(1)>", `<script>document.body.dataset.state = 'taken'</script>`, `{"source":"page"}`)
	s.see(text("records", "<img src=x") + ` && document.querySelector('#records img, #records script') === null`)

	write("bad", `{"id": 2}`, `{"fault":"poison"}`)
	s.see(text("failures", "sent to the destination") + " && " + text("failures", "invocation failed"))
	s.see(text("failures", "the record asks for it"))
	s.do(`document.querySelector('#failures details summary').click()`)
	s.do(`document.querySelector('#failures details details summary').click()`)
	s.do(`document.getElementById('answer').textContent = '', document.querySelector('#failures details details button').click()`)
	s.see(text("answer", "written as orders[1]@3"))
	s.see(text("consumers", "to destination\n2"))
	s.see(`document.querySelector('#failures details details[open]') !== null`) // it stays open

	write("x", "y", "[1]")
	s.see(text("answer", "headers must be an object, or a list of pairs, got [1]"))
	s.do(`document.getElementById('headers').value = '', document.getElementById('partition').value = '7', document.getElementById('produce').requestSubmit()`)
	s.see(text("answer", `topic "orders" has the partitions 0 to 1, got 7`))
	s.do(`document.getElementById('partition').value = '0', document.getElementById('tombstone').checked = true, document.getElementById('produce').requestSubmit()`)
	s.see(text("answer", "written as orders[0]@0"))

	if got := s.Errors(); len(got) > 0 {
		t.Errorf("the page threw %q", got)
	}
	s.stop()
	s.see(`document.body.dataset.state === 'gone'`)
}

// A batch that takes its time is seen while it does.
func TestThePageShowsABatchUnderWay(t *testing.T) {
	s := show(t, "-rate", "0", "-partitions", "1", "-fail", "timeout", "-timeout", "10m")
	s.do(`document.getElementById('to').value = 'orders', document.getElementById('headers').value = '{"fault":"timeout"}', document.getElementById('produce').requestSubmit()`)
	s.see(text("batches", "orders[0]@0") + " && " + text("consumers", "lag\n1"))
}

// TestThePictureOfThePage writes the picture of the documentation:
//
//	LOCAL_PICTURES=../../../../docs go test ./test/local/internal/loop -run ThePicture
func TestThePictureOfThePage(t *testing.T) {
	dir := os.Getenv("LOCAL_PICTURES")
	if dir == "" {
		t.Skip("LOCAL_PICTURES is not set")
	}
	dir, err := filepath.Abs(dir)
	if err != nil {
		t.Fatal(err)
	}
	s := show(t, "-rate", "40", "-pollers", "1", "-partial", "-fail", "timeout,every=250", "-timeout", "4s", "-retries", "2", "-on-failure", "kafka://dead", "-topics", "enriched")
	poison := `{"fault":"poison"}`
	s.do("document.getElementById('topic').value = 'orders', document.getElementById('to').value = 'orders', document.getElementById('key').value = 'customer-7', document.getElementById('headers').value = `" + poison + "`, document.getElementById('produce').requestSubmit()")
	s.see(text("failures", "sent to the destination"))
	s.do(`document.getElementById('headers').value = ''`)
	s.see(`document.querySelector('#batches tbody tr') !== null && document.querySelector('#consumers meter').value > 3`)
	s.do(`document.querySelector('#failures details summary').click()`)
	s.see(`document.querySelector('#failures details[open] details') !== null`)
	png, err := s.Screenshot(s.ctx)
	s.must(err)
	s.must(os.WriteFile(filepath.Join(dir, "local.png"), png, 0o644))
	if strings.Contains(s.output.String(), "LOST") {
		t.Error("records were lost while the picture was taken")
	}
	s.stop()
}
