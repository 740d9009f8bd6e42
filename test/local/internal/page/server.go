package page

import (
	"context"
	"embed"
	"encoding/json"
	"errors"
	"io"
	"io/fs"
	"mime"
	"net"
	"net/http"
	"strconv"
	"time"
)

//go:embed files
var files embed.FS

// Server serves the page on loopback.
type Server struct {
	loop   Loop
	server *http.Server
	host   string // as the browser has to name it
	port   string
}

// Start serves the page of a loop at a port of 127.0.0.1; 0 is any that is free.
func Start(port int, loop Loop) (*Server, error) {
	l, err := net.Listen("tcp", net.JoinHostPort("127.0.0.1", strconv.Itoa(port)))
	if err != nil {
		return nil, err
	}
	s := &Server{loop: loop, host: l.Addr().String()}
	_, s.port, _ = net.SplitHostPort(s.host)
	s.server = &http.Server{Handler: s.handler(), ReadHeaderTimeout: 5 * time.Second}
	go func() { _ = s.server.Serve(l) }() // until Close
	return s, nil
}

// URL is the address of the page.
func (s *Server) URL() string { return "http://" + s.host + "/" }

// Close ends it.
func (s *Server) Close() { _ = s.server.Close() }

func (s *Server) handler() http.Handler {
	static, err := fs.Sub(files, "files")
	if err != nil {
		panic(err) // they are in the program
	}
	mux := http.NewServeMux()
	mux.Handle("GET /", http.FileServerFS(static))
	mux.HandleFunc("GET /state", func(w http.ResponseWriter, _ *http.Request) { answer(w, s.loop.State()) })
	mux.HandleFunc("GET /records", func(w http.ResponseWriter, r *http.Request) {
		answer(w, s.loop.Records(r.URL.Query().Get("topic")))
	})
	mux.HandleFunc("POST /produce", s.post(func(ctx context.Context, body []byte) (string, error) {
		return s.loop.Produce(ctx, body)
	}))
	mux.HandleFunc("POST /replay", s.post(func(ctx context.Context, body []byte) (string, error) {
		var at struct {
			Topic     string
			Partition int32
			Offset    int64
		}
		if err := json.Unmarshal(body, &at); err != nil || at.Topic == "" {
			return "", errors.New("must name a record by topic, partition and offset")
		}
		return s.loop.Replay(ctx, at.Topic, at.Partition, at.Offset)
	}))
	return s.guard(mux)
}

// policy lets the page have what is its own, and nothing else: what a record holds is
// somebody else's text.
const policy = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

// guard lets in the browser of this machine that means this server: another page could
// have a name of its own lead to 127.0.0.1.
func (s *Server) guard(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Content-Security-Policy", policy)
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Referrer-Policy", "no-referrer")
		h.Set("Cross-Origin-Resource-Policy", "same-origin")
		h.Set("Cache-Control", "no-store")
		if r.Host != s.host && r.Host != "localhost:"+s.port {
			http.Error(w, "this is the page of "+s.host, http.StatusMisdirectedRequest)
			return
		}
		next.ServeHTTP(w, r)
	})
}

// maxBody is the largest record to write.
const maxBody = 32 << 20

// post takes a request that this page has made: of its origin, and of a kind that no
// form of another page can send.
func (s *Server) post(do func(context.Context, []byte) (string, error)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if origin := r.Header.Get("Origin"); origin != "http://"+r.Host {
			http.Error(w, "only the page itself may ask for this", http.StatusForbidden)
			return
		}
		if kind, _, err := mime.ParseMediaType(r.Header.Get("Content-Type")); err != nil || kind != "application/json" {
			http.Error(w, "must be application/json", http.StatusUnsupportedMediaType)
			return
		}
		body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
		if err != nil {
			http.Error(w, err.Error(), http.StatusRequestEntityTooLarge)
			return
		}
		ctx, cancel := context.WithTimeout(r.Context(), 10*time.Second)
		defer cancel()
		position, err := do(ctx, body)
		if err != nil {
			w.WriteHeader(http.StatusUnprocessableEntity)
			answer(w, map[string]string{"error": err.Error()})
			return
		}
		answer(w, map[string]string{"position": position})
	}
}

func answer(w http.ResponseWriter, v any) {
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(v) // who asked has gone
}
