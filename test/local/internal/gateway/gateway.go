// Package gateway is an API Gateway WebSocket API on loopback, as the live scores
// define it: browsers connect, their messages invoke a function by route, and the
// management API posts to them. It is the CloudFront of the page and of the
// snapshots too.
//
// It does what AWS documents of connection ids, routes, answers, sizes, times and,
// if asked for, limits. What is not imitated: IAM (a post needs no signature),
// access logs, and that several messages of a browser are handled at once; here
// they are handled in order.
package gateway

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"errors"
	"io"
	"maps"
	"net"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/coder/websocket"

	"msklambda/constructs/livescores/page"
	"msklambda/test/local/internal/sandbox"
)

// Function is what a route invokes.
type Function interface {
	Invoke(ctx context.Context, payload []byte) (sandbox.Result, error)
}

// Config describes an API. Routes is the function behind all its routes but those
// that API Gateway answers alone.
type Config struct {
	Routes  Function
	Matches []string // that the page shows
	Limits  Limits

	// Snapshot returns a file of the bucket of the snapshots, by its key.
	Snapshot func(key string) (content []byte, kind string, ok bool)

	// Fault is asked for each post, unless it is nil.
	Fault func(connection string) Fault

	Log func(format string, args ...any)
}

// API Gateway's limits, and the stage of the construct.
const (
	stage        = "live"
	maxMessage   = 128 << 10
	idleTimeout  = 10 * time.Minute
	connectionAt = 2 * time.Hour // the most that a connection lasts
	postTimeout  = 5 * time.Second
)

// Gateway is an API that can be stopped and started again at the same address.
type Gateway struct {
	cfg    Config
	files  map[string]string
	addr   string
	limits *limits
	cache  cache

	mu          sync.Mutex
	connections map[string]*connection
	server      *http.Server
	running     sync.WaitGroup // connections, until they have ended
	loud        chan struct{}  // closed unless all is silent
	requests    map[string]int // of files, by name
}

// New makes a Gateway, which serves once it is started.
func New(cfg Config) *Gateway {
	if cfg.Log == nil {
		cfg.Log = func(string, ...any) {}
	}
	loud := make(chan struct{})
	close(loud)
	return &Gateway{cfg: cfg, files: maps.Collect(page.Files()), connections: map[string]*connection{}, limits: newLimits(cfg.Limits),
		loud: loud, requests: map[string]int{}}
}

// Start serves on 127.0.0.1, at a port or, for 0, at any; a Gateway that was
// stopped serves where it did.
func (g *Gateway) Start(port string) error {
	addr := g.addr
	if addr == "" {
		addr = net.JoinHostPort("127.0.0.1", port)
	}
	l, err := net.Listen("tcp", addr)
	if err != nil {
		return err
	}
	if g.addr == "" {
		g.addr = l.Addr().String()
	}
	server := &http.Server{Handler: g, ReadHeaderTimeout: 10 * time.Second}
	g.mu.Lock()
	g.server = server
	g.mu.Unlock()
	go func() { _ = server.Serve(l) }() // until Stop
	return nil
}

// Stop ends all connections at once, as an outage would, and waits until the
// function has been told of each.
func (g *Gateway) Stop() {
	g.Silence(false)
	g.mu.Lock()
	server := g.server
	g.server = nil
	open := g.connections
	g.connections = map[string]*connection{}
	g.mu.Unlock()
	if server == nil {
		return
	}
	_ = server.Close()
	for _, c := range open {
		_ = c.socket.CloseNow()
	}
	g.running.Wait()
}

// Silence makes the gateway say nothing more, to nobody and without an end to any
// connection, as a network does that is gone; and speak again. What it is told
// meanwhile waits.
func (g *Gateway) Silence(on bool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	select {
	case <-g.loud:
		if on {
			g.loud = make(chan struct{})
		}
	default:
		if !on {
			close(g.loud)
		}
	}
}

// hear waits until the gateway is not silent.
func (g *Gateway) hear(ctx context.Context) error {
	g.mu.Lock()
	loud := g.loud
	g.mu.Unlock()
	select {
	case <-loud:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// Limit changes the limits.
func (g *Gateway) Limit(l Limits) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.limits = newLimits(l)
}

func (g *Gateway) limited() *limits {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.limits
}

// PageURL is where the page is.
func (g *Gateway) PageURL() string { return "http://" + g.addr + "/" }

// Endpoint is that of the management API.
func (g *Gateway) Endpoint() string { return "http://" + g.addr + "/" + stage }

// IDs are those of the connections that there are.
func (g *Gateway) IDs() []string {
	g.mu.Lock()
	defer g.mu.Unlock()
	return slices.Sorted(maps.Keys(g.connections))
}

// Close ends one connection, without the browser being told.
func (g *Gateway) Close(id string) {
	g.mu.Lock()
	c := g.connections[id]
	g.mu.Unlock()
	if c != nil {
		_ = c.socket.CloseNow()
	}
}

// ServeHTTP serves the API below its stage, and the page beside it.
func (g *Gateway) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if id, ok := strings.CutPrefix(r.URL.Path, "/"+stage+"/@connections/"); ok {
		g.serveManagement(w, r, id)
		return
	}
	if g.hear(r.Context()) != nil {
		return
	}
	if r.URL.Path == "/"+stage {
		g.serveSocket(w, r)
		return
	}
	g.serveFile(w, r)
}

// serveManagement is the management API of @connections.
func (g *Gateway) serveManagement(w http.ResponseWriter, r *http.Request, id string) {
	g.mu.Lock()
	c := g.connections[id]
	g.mu.Unlock()
	refuse := func(status int, kind string) {
		w.Header().Set("X-Amzn-ErrorType", kind)
		w.WriteHeader(status)
	}
	if !g.limited().posts.take() {
		refuse(http.StatusTooManyRequests, "LimitExceededException")
		return
	}
	if g.cfg.Fault != nil {
		switch fault := g.cfg.Fault(id); {
		case fault.Hang:
			_, _ = io.Copy(io.Discard, r.Body) // or the end of the request is not noticed
			<-r.Context().Done()
			return
		case fault.Status != 0:
			refuse(fault.Status, "InternalServerError")
			return
		}
	}
	if c == nil {
		refuse(http.StatusGone, "GoneException")
		return
	}
	switch r.Method {
	case http.MethodPost:
		message, err := io.ReadAll(io.LimitReader(r.Body, maxMessage+1))
		if err != nil {
			return
		}
		if len(message) > maxMessage {
			refuse(http.StatusRequestEntityTooLarge, "PayloadTooLargeException")
			return
		}
		// API Gateway has it for the browser, and what becomes of it is not told.
		if g.silent() {
			return
		}
		// So it is written to the end too if whoever posted is gone by then: half a
		// message would be the end of the connection.
		if err := c.write(context.WithoutCancel(r.Context()), message); err != nil {
			refuse(http.StatusGone, "GoneException")
		}
	case http.MethodDelete:
		go func() { _ = c.socket.Close(websocket.StatusNormalClosure, "") }() // which waits for the browser
		w.WriteHeader(http.StatusNoContent)
	case http.MethodGet:
		_ = json.NewEncoder(w).Encode(map[string]any{"ConnectedAt": c.since.Format(time.RFC3339), "Identity": map[string]any{"SourceIp": "127.0.0.1"}})
	default:
		refuse(http.StatusForbidden, "ForbiddenException")
	}
}

func (g *Gateway) silent() bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	select {
	case <-g.loud:
		return false
	default:
		return true
	}
}

// connection is a browser's.
type connection struct {
	id     string
	since  time.Time
	socket *websocket.Conn
}

// newID makes an id of the form that API Gateway's have.
func newID() string {
	var b [11]byte
	rand.Read(b[:])
	return base64.URLEncoding.EncodeToString(b[:])
}

func (c *connection) write(ctx context.Context, message []byte) error {
	ctx, cancel := context.WithTimeout(ctx, postTimeout)
	defer cancel()
	return c.socket.Write(ctx, websocket.MessageText, message)
}

// add takes a connection in, unless the gateway was stopped meanwhile.
func (g *Gateway) add(c *connection, server *http.Server) error {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.server != server || server == nil {
		return errors.New("the gateway was stopped")
	}
	g.connections[c.id] = c
	g.running.Add(1)
	return nil
}

func (g *Gateway) remove(c *connection) {
	g.mu.Lock()
	defer g.mu.Unlock()
	delete(g.connections, c.id)
}
