// Package browser drives a headless Chromium through its DevTools protocol, as
// far as a test of a page needs it.
package browser

import (
	"bufio"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"sync"
	"time"

	"github.com/coder/websocket"
)

// ErrMissing is that there is no Chromium on this machine.
var ErrMissing = errors.New("there is no chromium on the PATH (on Debian: apt-get install chromium)")

// flags keep Chromium to itself: no look-ups, no updates, no sandbox, since tests
// may run as root.
var flags = []string{
	"--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
	"--disable-component-update", "--disable-sync", "--disable-dev-shm-usage", "--hide-scrollbars", "--remote-debugging-port=0",
}

// Browser is a running Chromium with one tab.
type Browser struct {
	cmd     *exec.Cmd
	profile string
	socket  *websocket.Conn
	session string
	ended   chan struct{} // closed when the connection has ended

	mu      sync.Mutex
	id      int
	still   bool // pages have no JavaScript
	waiting map[int]chan answer
	errors  []string // that the page threw or logged
}

type answer struct {
	Result json.RawMessage
	Error  *struct{ Message string }
}

// Start starts Chromium with an empty profile. It ends with Close, or when the
// context does.
func Start(ctx context.Context) (b *Browser, err error) {
	program, err := exec.LookPath("chromium")
	if err != nil {
		return nil, ErrMissing
	}
	b = &Browser{waiting: map[int]chan answer{}, ended: make(chan struct{})}
	if b.profile, err = os.MkdirTemp("", "msklambda-browser-"); err != nil {
		return nil, err
	}
	b.cmd = exec.CommandContext(ctx, program, append(flags, "--user-data-dir="+b.profile, "about:blank")...)
	b.cmd.WaitDelay = 5 * time.Second // for what its children keep open
	stderr, err := b.cmd.StderrPipe()
	if err == nil {
		err = b.cmd.Start()
	}
	if err != nil {
		os.RemoveAll(b.profile)
		return nil, err
	}
	if err := b.attach(ctx, stderr); err != nil {
		b.Close()
		return nil, err
	}
	return b, nil
}

// attach connects to the browser, whose address is in what it says first, and
// opens a tab.
func (b *Browser) attach(ctx context.Context, stderr io.Reader) error {
	said, address := bufio.NewReader(stderr), ""
	var all strings.Builder
	for address == "" {
		line, err := said.ReadString('\n')
		all.WriteString(line)
		if err != nil {
			return fmt.Errorf("chromium did not say where it listens: %w\n%s", err, all.String())
		}
		if _, url, ok := strings.Cut(line, "DevTools listening on "); ok {
			address = strings.TrimSpace(url)
		}
	}
	go func() { _, _ = io.Copy(io.Discard, said) }()
	var err error
	if b.socket, _, err = websocket.Dial(ctx, address, nil); err != nil {
		return err
	}
	b.socket.SetReadLimit(64 << 20) // screenshots
	go b.read(context.WithoutCancel(ctx))
	var target struct{ TargetID string }
	if err := b.call(ctx, "Target.createTarget", map[string]any{"url": "about:blank"}, &target); err != nil {
		return err
	}
	var attached struct{ SessionID string }
	if err := b.call(ctx, "Target.attachToTarget", map[string]any{"targetId": target.TargetID, "flatten": true}, &attached); err != nil {
		return err
	}
	b.session = attached.SessionID
	for _, domain := range []string{"Page.enable", "Runtime.enable", "Log.enable", "Network.enable"} {
		if err := b.call(ctx, domain, nil, nil); err != nil {
			return err
		}
	}
	return nil
}

// read takes answers to where they are waited for, and notes errors of the page.
func (b *Browser) read(ctx context.Context) {
	defer close(b.ended)
	for {
		_, text, err := b.socket.Read(ctx)
		if err != nil {
			return
		}
		var m struct {
			ID     int
			Method string
			Params json.RawMessage
			answer
		}
		if json.Unmarshal(text, &m) != nil {
			continue
		}
		b.mu.Lock()
		switch {
		case m.ID != 0:
			if c := b.waiting[m.ID]; c != nil {
				c <- m.answer
				delete(b.waiting, m.ID)
			}
		case m.Method == "Runtime.exceptionThrown":
			b.errors = append(b.errors, string(m.Params))
		}
		b.mu.Unlock()
	}
}

// call calls a method of the protocol.
func (b *Browser) call(ctx context.Context, method string, params, result any) error {
	c := make(chan answer, 1)
	b.mu.Lock()
	b.id++
	id := b.id
	b.waiting[id] = c
	b.mu.Unlock()
	text, err := json.Marshal(map[string]any{"id": id, "method": method, "params": params, "sessionId": b.session})
	if b.session == "" {
		text, err = json.Marshal(map[string]any{"id": id, "method": method, "params": params})
	}
	if err != nil {
		return err
	}
	if err := b.socket.Write(ctx, websocket.MessageText, text); err != nil {
		return err
	}
	select {
	case a := <-c:
		if a.Error != nil {
			return fmt.Errorf("%s: %s", method, a.Error.Message)
		}
		if result == nil {
			return nil
		}
		return json.Unmarshal(a.Result, result)
	case <-b.ended:
		return fmt.Errorf("%s: chromium has ended", method)
	case <-ctx.Done():
		return fmt.Errorf("%s: %w", method, ctx.Err())
	}
}

// Open opens a page.
func (b *Browser) Open(ctx context.Context, url string) error {
	var result struct{ ErrorText string }
	if err := b.call(ctx, "Page.navigate", map[string]any{"url": url}, &result); err != nil {
		return err
	}
	if result.ErrorText != "" {
		return fmt.Errorf("open %s: %s", url, result.ErrorText)
	}
	return nil
}

// BeforePages runs a script in each page that is opened from now on, before the
// page's own.
func (b *Browser) BeforePages(ctx context.Context, script string) error {
	return b.call(ctx, "Page.addScriptToEvaluateOnNewDocument", map[string]any{"source": script}, nil)
}

// Faster makes the clock and the timers of the pages run so many times as fast as
// they are, so that a test need not wait as a person would.
func (b *Browser) Faster(ctx context.Context, times int) error {
	return b.BeforePages(ctx, fmt.Sprintf(`{ const n = %d, start = Date.now(), now = Date.now.bind(Date), after = setTimeout, every = setInterval, timeout = AbortSignal.timeout.bind(AbortSignal);
		Date.now = () => start + (now() - start) * n;
		window.setTimeout = (f, ms, ...args) => after(f, (ms ?? 0) / n, ...args);
		window.setInterval = (f, ms, ...args) => every(f, (ms ?? 0) / n, ...args);
		AbortSignal.timeout = (ms) => timeout(ms / n); }`, times))
}

// Window makes the window of a size, that of a phone if it is narrow, with colours
// for light or dark.
func (b *Browser) Window(ctx context.Context, width, height int, scheme string) error {
	if err := b.call(ctx, "Emulation.setDeviceMetricsOverride", map[string]any{
		"width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < 600}, nil); err != nil {
		return err
	}
	return b.call(ctx, "Emulation.setEmulatedMedia", map[string]any{"features": []map[string]string{{"name": "prefers-color-scheme", "value": scheme}}}, nil)
}

// WithoutScripts makes pages that are opened from now on have no JavaScript.
func (b *Browser) WithoutScripts(ctx context.Context) error {
	b.mu.Lock()
	b.still = true
	b.mu.Unlock()
	return b.call(ctx, "Emulation.setScriptExecutionDisabled", map[string]any{"value": true}, nil)
}

// Offline takes the network away, and gives it back.
func (b *Browser) Offline(ctx context.Context, on bool) error {
	return b.call(ctx, "Network.emulateNetworkConditions", map[string]any{"offline": on, "latency": 0, "downloadThroughput": -1, "uploadThroughput": -1}, nil)
}

// Press presses a key, as a person does.
func (b *Browser) Press(ctx context.Context, key string, code int) error {
	for _, kind := range []string{"keyDown", "keyUp"} {
		params := map[string]any{"type": kind, "key": key, "code": key, "windowsVirtualKeyCode": code}
		if key == "Enter" && kind == "keyDown" {
			params["text"] = "\r"
		}
		if err := b.call(ctx, "Input.dispatchKeyEvent", params, nil); err != nil {
			return err
		}
	}
	return nil
}

// Eval evaluates an expression in the page, or what it promises.
func (b *Browser) Eval(ctx context.Context, expression string) (any, error) {
	var out struct {
		Result           struct{ Value any }
		ExceptionDetails *struct {
			Text      string
			Exception struct{ Description string }
		}
	}
	err := b.call(ctx, "Runtime.evaluate", map[string]any{"expression": expression, "returnByValue": true, "awaitPromise": true, "userGesture": true}, &out)
	if err == nil && out.ExceptionDetails != nil {
		err = fmt.Errorf("%s: %s %s", expression, out.ExceptionDetails.Text, out.ExceptionDetails.Exception.Description)
	}
	return out.Result.Value, err
}

// Wait waits until an expression is true. It may be of a page that is still being
// loaded.
func (b *Browser) Wait(ctx context.Context, expression string) error {
	b.mu.Lock()
	still := b.still
	b.mu.Unlock()
	for still { // timers are scripts: ask instead
		if v, err := b.Eval(ctx, `(() => { try { return !!(`+expression+`) } catch { return false } })()`); v == true {
			return nil
		} else if ctx.Err() != nil {
			return fmt.Errorf("waiting for %s: %w, last %v", expression, ctx.Err(), err)
		}
	}
	for {
		v, err := b.Eval(ctx, `new Promise((done) => { const end = Date.now() + 1000; const look = () => {
			let ok = false; try { ok = !!(`+expression+`) } catch {}
			if (ok || Date.now() > end) done(ok); else setTimeout(look, 10) }; look() })`)
		if v == true {
			return nil
		}
		if ctx.Err() != nil {
			shown, _ := b.Eval(context.WithoutCancel(ctx), "document.body.dataset.state + ' ' + document.body.innerText")
			return fmt.Errorf("waiting for %s: %w; the page shows %v", expression, ctx.Err(), shown)
		}
		// Another page has come meanwhile: look there.
		if err != nil && !strings.Contains(err.Error(), "context was destroyed") && !strings.Contains(err.Error(), "navigated or closed") {
			return err
		}
	}
}

// Screenshot takes a picture of the window, as PNG.
func (b *Browser) Screenshot(ctx context.Context) ([]byte, error) {
	var out struct{ Data string }
	if err := b.call(ctx, "Page.captureScreenshot", map[string]any{"format": "png"}, &out); err != nil {
		return nil, err
	}
	return base64.StdEncoding.DecodeString(out.Data)
}

// Errors returns what the page threw.
func (b *Browser) Errors() []string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return append([]string(nil), b.errors...)
}

// Close ends the browser and removes its profile.
func (b *Browser) Close() {
	if b.socket != nil {
		ctx, cancel := context.WithTimeout(context.Background(), 3*time.Second)
		defer cancel()
		b.session = ""
		_ = b.call(ctx, "Browser.close", nil, nil)
		_ = b.socket.CloseNow()
	} else {
		_ = b.cmd.Process.Kill()
	}
	_ = b.cmd.Wait()
	os.RemoveAll(b.profile)
}
