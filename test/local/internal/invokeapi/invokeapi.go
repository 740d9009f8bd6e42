// Package invokeapi is Lambda's API on loopback, as far as it invokes a function: for
// clients of AWS, with its URL for AWS_ENDPOINT_URL_LAMBDA.
package invokeapi

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"time"

	"msklambda/test/local/internal/sandbox"
)

// Function is what is invoked.
type Function interface {
	Invoke(ctx context.Context, payload []byte) (sandbox.Result, error)
}

// maxEvent is what Lambda takes.
const maxEvent = 6 << 20

// Server serves functions by their names.
type Server struct {
	// Endpoint is its URL.
	Endpoint string

	functions map[string]Function
	server    *http.Server
}

// Start serves on a port of loopback; 0 is any.
func Start(port int, functions map[string]Function) (*Server, error) {
	l, err := net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", port))
	if err != nil {
		return nil, err
	}
	s := &Server{Endpoint: "http://" + l.Addr().String(), functions: functions}
	s.server = &http.Server{Handler: s, ReadHeaderTimeout: 10 * time.Second}
	go func() { _ = s.server.Serve(l) }() // until Close
	return s, nil
}

// Close ends the server.
func (s *Server) Close() { _ = s.server.Close() }

// ServeHTTP serves Invoke, of a function by its name or ARN.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	name, ok := strings.CutPrefix(r.URL.Path, "/2015-03-31/functions/")
	name, ok2 := strings.CutSuffix(name, "/invocations")
	if !ok || !ok2 || r.Method != http.MethodPost {
		refuse(w, http.StatusNotFound, "ResourceNotFoundException", "this serves Invoke alone")
		return
	}
	if parts := strings.Split(name, ":"); len(parts) > 6 {
		name = parts[6]
	}
	f := s.functions[name]
	if f == nil {
		refuse(w, http.StatusNotFound, "ResourceNotFoundException", "Function not found: "+name)
		return
	}
	event, err := io.ReadAll(io.LimitReader(r.Body, maxEvent+1))
	switch {
	case err != nil:
		return
	case len(event) > maxEvent:
		refuse(w, http.StatusRequestEntityTooLarge, "RequestTooLargeException", fmt.Sprintf("Request must be smaller than %d bytes for the InvokeFunction operation", maxEvent))
		return
	}
	result, err := f.Invoke(r.Context(), event)
	if err != nil {
		if !errors.Is(err, context.Canceled) {
			refuse(w, http.StatusInternalServerError, "ServiceException", err.Error())
		}
		return
	}
	if result.FunctionError != "" {
		w.Header().Set("X-Amz-Function-Error", result.FunctionError)
	}
	w.Header().Set("X-Amz-Executed-Version", "$LATEST")
	_, _ = w.Write(result.Payload)
}

func refuse(w http.ResponseWriter, status int, kind, text string) {
	w.Header().Set("X-Amzn-Errortype", kind)
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(map[string]string{"Type": "User", "Message": text})
}
