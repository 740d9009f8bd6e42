package runtimeapi

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log"
	"os"
	"runtime"
	"strconv"
	"time"

	"github.com/aws/aws-lambda-go/lambda/messages"
	"github.com/aws/aws-lambda-go/lambdacontext"
)

// maxKept is how large a buffer is kept for the next event. Events have up to
// 6 MB.
const maxKept = 8 << 20

const (
	invocations = "/2018-06-01/runtime/invocation/"

	contentTypeBytes = "application/octet-stream"
	contentTypeJSON  = "application/json"

	// maxCause is how large a cause for X-Ray may be, which is sent as a header.
	maxCause = 1 << 20
)

// userAgent names the client whose place this one takes first: it is by that
// name that Lambda knows how functions in Go behave.
var userAgent = "aws-lambda-go/" + runtime.Version() + " msklambda"

// slot handles one invocation at a time.
type slot struct {
	conn *conn
	// alone says that there is no other slot, so that the environment may tell
	// about the invocation.
	alone   bool
	payload []byte // memory for it
}

func newSlot(address string, alone bool) *slot {
	return &slot{conn: newConn(address), alone: alone}
}

// serve handles invocations until it cannot go on, or ctx ends.
func (s *slot) serve(ctx context.Context, h Handler) error {
	defer s.conn.close()
	for {
		r, err := s.next(ctx)
		if err != nil {
			return err
		}
		if err := s.handle(h, r); err != nil {
			return err
		}
		if cap(s.payload) > maxKept {
			s.payload = nil
		}
	}
}

// next waits for an invocation. The request for it also ends the one before.
func (s *slot) next(ctx context.Context) (*response, error) {
	if ctx.Err() != nil {
		return nil, context.Cause(ctx)
	}
	stop := context.AfterFunc(ctx, s.conn.interrupt)
	r, err := s.conn.do(request{method: "GET", path: invocations + "next"}, s.payload)
	switch {
	case !stop():
		return nil, context.Cause(ctx)
	case errors.As(err, new(*bodyError)):
		return nil, fmt.Errorf("failed to read the invoke payload: %w", err)
	case err != nil:
		return nil, fmt.Errorf("failed to get the next invoke: %w", err)
	case r.status != 200:
		return nil, fmt.Errorf("failed to GET %s: got unexpected status code: %d", s.conn.url(invocations+"next"), r.status)
	}
	s.payload = r.body
	return r, nil
}

// handle calls the handler and reports what comes of it. An error is one after
// which the process is to end.
func (s *slot) handle(h Handler, r *response) error {
	id := r.header[requestID]
	ctx, cancel, err := s.context(r)
	if err != nil {
		return s.fail(id, failure(err))
	}
	defer cancel()
	answer, failed := call(ctx, h, r.body)
	if failed == nil {
		if err := s.post(request{path: invocations + id + "/response", contentType: contentTypeBytes, body: answer}); err != nil {
			return fmt.Errorf("unexpected error occurred when sending the function functionResponse to the API: %w", err)
		}
		return nil
	}
	if err := s.fail(id, failed); err != nil {
		return err
	}
	if failed.ShouldExit {
		return errors.New("calling the handler function resulted in a panic, the process should exit")
	}
	return nil
}

// context makes the context of an invocation, with what Lambda tells about it.
func (s *slot) context(r *response) (context.Context, context.CancelFunc, error) {
	// Not %w below: the type of these errors is told too, and is that of a text.
	ms, err := strconv.ParseInt(r.header[deadline], 10, 64)
	if err != nil {
		return nil, nil, fmt.Errorf("failed to parse deadline: %v", err)
	}
	lc := &lambdacontext.LambdaContext{
		AwsRequestID:       r.header[requestID],
		InvokedFunctionArn: r.header[functionARN],
		TenantID:           r.header[tenantID],
	}
	if text := r.header[clientContext]; text != "" {
		if err := json.Unmarshal([]byte(text), &lc.ClientContext); err != nil {
			return nil, nil, fmt.Errorf("failed to unmarshal client context json: %v", err)
		}
	}
	if text := r.header[cognitoIdentity]; text != "" {
		if err := json.Unmarshal([]byte(text), &lc.Identity); err != nil {
			return nil, nil, fmt.Errorf("failed to unmarshal cognito identity json: %v", err)
		}
	}
	if s.alone {
		_ = os.Setenv("_X_AMZN_TRACE_ID", r.header[traceID]) // it fails for a name or a NUL alone, and no header has one
	}
	ctx, cancel := context.WithDeadline(context.Background(), time.UnixMilli(ms))
	ctx = lambdacontext.NewContext(ctx, lc)
	//lint:ignore SA1029 it is where the AWS X-Ray SDK looks for it
	return context.WithValue(ctx, "x-amzn-trace-id", r.header[traceID]), cancel, nil
}

// fail reports that an invocation has failed.
func (s *slot) fail(id string, failed *messages.InvokeResponse_Error) error {
	text := marshal(failed)
	log.Printf("%s", text)
	err := s.post(request{path: invocations + id + "/error", contentType: contentTypeJSON, cause: xrayCause(failed), body: text})
	if err != nil {
		return fmt.Errorf("unexpected error occurred when sending the function error to the API: %w", err)
	}
	return nil
}

func (s *slot) post(q request) error {
	q.method = "POST"
	r, err := s.conn.do(q, nil)
	if err != nil {
		return fmt.Errorf("failed to POST to %s: %w", s.conn.url(q.path), err)
	}
	if r.status != 202 {
		return fmt.Errorf("failed to POST to %s: got unexpected status code: %d", s.conn.url(q.path), r.status)
	}
	return nil
}
