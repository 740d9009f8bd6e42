// Package bucket is S3 on loopback, as far as the live scores use it: objects are
// written whole, with conditions, and read.
package bucket

import (
	"crypto/md5"
	"encoding/hex"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"time"
)

// Object is one object.
type Object struct {
	Content []byte
	Type    string
	Tag     string
}

// Server has all buckets that are named.
type Server struct {
	// Endpoint is its URL, for AWS_ENDPOINT_URL_S3.
	Endpoint string

	server *http.Server

	mu      sync.Mutex
	objects map[string]Object // by bucket and key
	away    bool
	forbid  string // a method
	asked   int
	written chan struct{} // closed and made anew by each write
}

// Start serves on loopback.
func Start() (*Server, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	s := &Server{Endpoint: "http://" + l.Addr().String(), objects: map[string]Object{}, written: make(chan struct{})}
	s.server = &http.Server{Handler: s, ReadHeaderTimeout: 10 * time.Second}
	go func() { _ = s.server.Serve(l) }() // until Close
	return s, nil
}

// Close ends the server.
func (s *Server) Close() { _ = s.server.Close() }

// Away makes it answer 503, as S3 does when it is asked for too much.
func (s *Server) Away(on bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.away = on
}

// Forbid makes it answer 403 to a method from now on, as to somebody who has not the
// right to it.
func (s *Server) Forbid(method string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.forbid = method
}

// Requests counts the requests so far.
func (s *Server) Requests() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.asked
}

// Get returns an object.
func (s *Server) Get(bucket, key string) (Object, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	o, ok := s.objects[bucket+"/"+key]
	return o, ok
}

// Put writes an object, without a request.
func (s *Server) Put(bucket, key string, o Object) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.put(bucket+"/"+key, o)
}

func (s *Server) put(path string, o Object) Object {
	sum := md5.Sum(o.Content)
	o.Tag = `"` + hex.EncodeToString(sum[:]) + `"`
	s.objects[path] = o
	close(s.written)
	s.written = make(chan struct{})
	return o
}

// List returns the objects of a bucket by key, and a channel that is closed when
// there is another.
func (s *Server) List(bucket string) (map[string]Object, <-chan struct{}) {
	s.mu.Lock()
	defer s.mu.Unlock()
	all := map[string]Object{}
	for path, o := range s.objects {
		if key, ok := strings.CutPrefix(path, bucket+"/"); ok {
			all[key] = o
		}
	}
	return all, s.written
}

// ServeHTTP serves requests with the bucket in the path.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	content, err := io.ReadAll(r.Body)
	if err != nil {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.asked++
	path := strings.TrimPrefix(r.URL.Path, "/")
	o, there := s.objects[path]
	signed := strings.Contains(r.Header.Get("Authorization"), "/s3/aws4_request")
	switch {
	case !signed, r.Method == s.forbid:
		w.WriteHeader(http.StatusForbidden)
	case s.away:
		w.WriteHeader(http.StatusServiceUnavailable)
	case r.Method == http.MethodHead && !there:
		w.WriteHeader(http.StatusNotFound) // as for one who may list
	case r.Method == http.MethodHead:
		w.Header().Set("ETag", o.Tag)
	case r.Method == http.MethodPut:
		match := r.Header.Get("If-Match")
		switch {
		case match != "" && !there:
			w.WriteHeader(http.StatusNotFound)
			return
		case match != "" && match != o.Tag, r.Header.Get("If-None-Match") == "*" && there:
			w.WriteHeader(http.StatusPreconditionFailed)
			return
		}
		w.Header().Set("ETag", s.put(path, Object{Content: content, Type: r.Header.Get("Content-Type")}).Tag)
	default:
		w.WriteHeader(http.StatusMethodNotAllowed)
	}
}
