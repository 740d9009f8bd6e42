package gateway

import (
	"encoding/json"
	"io"
	"mime"
	"net/http"
	"path"
	"strings"
	"sync"
	"time"

	"msklambda/constructs/livescores/page"
	"msklambda/lambda/livescores/layout"
)

// Requests counts those of a file, by its name.
func (g *Gateway) Requests(name string) int {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.requests[name]
}

// serveFile serves the page with the headers that the construct gives it, and the
// snapshots as CloudFront does: from a copy, for some time.
func (g *Gateway) serveFile(w http.ResponseWriter, r *http.Request) {
	name := strings.TrimPrefix(r.URL.Path, "/")
	g.mu.Lock()
	g.requests[name]++
	g.mu.Unlock()
	w.Header().Set("Content-Security-Policy", page.Policy("ws://"+r.Host))
	w.Header().Set("X-Content-Type-Options", "nosniff")
	switch {
	case name == page.Config:
		w.Header().Set("Content-Type", "application/json")
		matches := g.cfg.Matches
		if matches == nil {
			matches = []string{}
		}
		// Where this very request went, be it by name or by number.
		_ = json.NewEncoder(w).Encode(map[string]any{"url": "ws://" + r.Host + "/" + stage, "matches": matches})
	case strings.HasPrefix(name, layout.Snapshots):
		w.Header().Set("Cache-Control", "public, max-age=1")
		c := g.cache.get(name, g.cfg.Snapshot)
		if !c.ok {
			w.WriteHeader(http.StatusForbidden) // as S3 says it to who may not list
			return
		}
		w.Header().Set("Content-Type", c.kind)
		_, _ = w.Write(c.content)
	default:
		if name == "" {
			name = "index.html"
		}
		text, ok := g.files[name]
		if !ok {
			w.WriteHeader(http.StatusForbidden)
			return
		}
		w.Header().Set("Content-Type", mime.TypeByExtension(path.Ext(name)))
		w.Header().Set("Cache-Control", "no-cache")
		_, _ = io.WriteString(w, text)
	}
}

// cache keeps copies as long as CloudFront does at most.
type cache struct {
	mu     sync.Mutex
	copies map[string]snapshotCopy
}

type snapshotCopy struct {
	content []byte
	kind    string
	ok      bool
	at      time.Time
}

func (c *cache) get(name string, read func(string) ([]byte, string, bool)) snapshotCopy {
	c.mu.Lock()
	defer c.mu.Unlock()
	if s, ok := c.copies[name]; ok && time.Since(s.at) < layout.SnapshotTTL {
		return s
	}
	s := snapshotCopy{at: time.Now()}
	if read != nil {
		s.content, s.kind, s.ok = read(name)
	}
	if c.copies == nil {
		c.copies = map[string]snapshotCopy{}
	}
	c.copies[name] = s
	return s
}
