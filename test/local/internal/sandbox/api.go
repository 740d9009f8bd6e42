package sandbox

import (
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"
)

// invocation is one event on its way through the function.
type invocation struct {
	id       string
	payload  []byte
	arn      string
	deadline time.Time
	answer   chan answer
	trouble  Trouble
}

type answer struct {
	body  []byte
	fault string
}

// ServeHTTP is the Runtime API, version 2018-06-01.
func (p *process) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	path, ok := strings.CutPrefix(r.URL.Path, "/2018-06-01/runtime/")
	parts := strings.Split(path, "/")
	switch {
	case ok && r.Method == http.MethodGet && path == "invocation/next":
		p.serveNext(w, r)
	case ok && r.Method == http.MethodPost && path == "init/error":
		body, _ := io.ReadAll(io.LimitReader(r.Body, maxAnswer))
		select {
		case p.initError <- body:
		default:
		}
		w.WriteHeader(http.StatusAccepted)
	case ok && r.Method == http.MethodPost && len(parts) == 3 && parts[0] == "invocation" && parts[2] == "response":
		p.serveAnswer(w, r, parts[1], "")
	case ok && r.Method == http.MethodPost && len(parts) == 3 && parts[0] == "invocation" && parts[2] == "error":
		p.serveAnswer(w, r, parts[1], unhandled)
	case r.Method == http.MethodPost && r.URL.Path == "/2020-01-01/extension/register":
		// An extension within the process asks for nothing but a signal at the end.
		p.extension.Store(true)
		w.Header().Set("Lambda-Extension-Identifier", newRequestID())
		w.Header().Set("Content-Type", "application/json")
		fmt.Fprintln(w, `{"handler":"bootstrap"}`)
	case r.Method == http.MethodGet && r.URL.Path == "/2020-01-01/extension/event/next":
		<-r.Context().Done() // the end is told by the signal
	default:
		http.NotFound(w, r)
	}
}

// serveNext waits for an event, as long as it takes.
func (p *process) serveNext(w http.ResponseWriter, r *http.Request) {
	p.readyOnce.Do(func() { close(p.ready) })
	var inv *invocation
	select {
	case inv = <-p.next:
	case <-r.Context().Done():
		return
	}
	p.mu.Lock()
	p.current = inv
	p.mu.Unlock()
	h := w.Header()
	h.Set("Content-Type", "application/json")
	h.Set("Content-Length", fmt.Sprint(len(inv.payload)))
	h.Set("Lambda-Runtime-Aws-Request-Id", inv.id)
	h.Set("Lambda-Runtime-Deadline-Ms", fmt.Sprint(inv.deadline.UnixMilli()))
	h.Set("Lambda-Runtime-Invoked-Function-Arn", inv.arn)
	h.Set("Lambda-Runtime-Trace-Id", traceID(inv))
	w.Write(inv.payload)
}

// traceID returns an X-Ray trace that is not sampled: there is no X-Ray here.
func traceID(inv *invocation) string {
	id := strings.ReplaceAll(inv.id, "-", "")
	return fmt.Sprintf("Root=1-%08x-%s;Parent=%s;Sampled=0", time.Now().Unix(), id[:24], id[:16])
}

// serveAnswer takes the answer to the event that is being handled, once.
func (p *process) serveAnswer(w http.ResponseWriter, r *http.Request, id, fault string) {
	p.mu.Lock()
	inv := p.current
	if inv != nil && inv.id == id {
		p.current = nil
	} else {
		inv = nil
	}
	p.mu.Unlock()
	if inv == nil {
		http.Error(w, `{"errorType":"InvalidRequestID","errorMessage":"Invalid request ID"}`, http.StatusBadRequest)
		return
	}
	body, err := io.ReadAll(io.LimitReader(r.Body, maxAnswer+1))
	switch {
	case err != nil:
		return // the process ended half way; that is the answer
	case len(body) > maxAnswer:
		a := failure(id, "Function.ResponseSizeTooLarge", fmt.Sprintf("Response payload size exceeded maximum allowed payload size (%d bytes).", maxAnswer))
		w.WriteHeader(http.StatusRequestEntityTooLarge)
		w.Write(a.body)
		inv.answer <- a
		return
	}
	w.WriteHeader(http.StatusAccepted)
	inv.answer <- answer{body, fault}
}
