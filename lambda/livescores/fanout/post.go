package fanout

import (
	"context"
	"errors"
	"math/rand/v2"
	"net"
	"net/http"
	"sync"
	"time"

	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/service/apigatewaymanagementapi"
)

// newHTTPClient keeps a connection to API Gateway for each post that may be under
// way: with the two that are the default, most posts would make one of their own.
func newHTTPClient() *http.Client {
	return &http.Client{Transport: &http.Transport{
		Proxy:               http.ProxyFromEnvironment,
		DialContext:         (&net.Dialer{Timeout: 3 * time.Second, KeepAlive: 30 * time.Second}).DialContext,
		TLSHandshakeTimeout: 3 * time.Second,
		ForceAttemptHTTP2:   true,
		MaxIdleConns:        posts,
		MaxIdleConnsPerHost: posts,
		MaxConnsPerHost:     posts,
		IdleConnTimeout:     90 * time.Second,
	}}
}

type result int

const (
	failed      result = iota // with no hope, or for too long
	sent                      // to API Gateway, which has it for the connection
	gone                      // the connection has ended
	forbidden                 // and so will be all other posts
	throttled                 // or otherwise worth another attempt
	interrupted               // the context ended first
)

// post posts to one connection. What is throttled is tried again, after waits that
// grow, until it is time to give up or the context ends. A post that waits keeps
// its slot: the more is throttled, the fewer posts there are.
//
// Who was given up a moment ago gets one attempt: a browser that does not read what
// it is sent must not cost all others that time for each event.
func (f *FanOut) post(ctx context.Context, connection string, message []byte) (r result, retries int, err error) {
	giveUp := time.Now().Add(f.times.giveUp)
	if f.stuck.has(connection, time.Now()) {
		giveUp = time.Time{}
	}
	longest := f.times.first
	for {
		r, err = f.attempt(ctx, connection, message)
		if r != throttled {
			return r, retries, err
		}
		// Anything up to the longest wait, so that those who were throttled
		// together do not come again together.
		wait := time.Duration(rand.Int64N(int64(longest))) + 1
		if time.Now().Add(wait).After(giveUp) {
			f.stuck.add(connection, time.Now().Add(f.times.stuck))
			return failed, retries, err
		}
		timer := time.NewTimer(wait)
		select {
		case <-timer.C:
		case <-ctx.Done():
			timer.Stop()
			return interrupted, retries, ctx.Err()
		}
		longest = min(2*longest, f.times.longest)
		retries++
	}
}

// attempt posts once. The status decides and not the error's code, which is
// missing where the body of the answer is.
func (f *FanOut) attempt(ctx context.Context, connection string, message []byte) (result, error) {
	attemptCtx, cancel := context.WithTimeout(ctx, f.times.attempt)
	defer cancel()
	_, err := f.client.PostToConnection(attemptCtx, &apigatewaymanagementapi.PostToConnectionInput{
		ConnectionId: &connection,
		Data:         message,
	})
	if err == nil {
		return sent, nil
	}
	if ctx.Err() != nil {
		return interrupted, err
	}
	status := 0
	var answer *awshttp.ResponseError
	if errors.As(err, &answer) {
		status = answer.HTTPStatusCode()
	}
	switch {
	case status == 0:
		return throttled, err // no answer: a broken connection, or one that took too long
	case status == http.StatusGone:
		return gone, err
	case status == http.StatusForbidden:
		return forbidden, err
	case status == http.StatusTooManyRequests, status >= http.StatusInternalServerError:
		return throttled, err
	}
	return failed, err
}

// stuck are the connections that were given up, until when they have one attempt
// only. The zero value is ready to use.
type stuck struct {
	mu    sync.Mutex
	until map[string]time.Time
}

func (s *stuck) has(connection string, now time.Time) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.until[connection].After(now)
}

func (s *stuck) add(connection string, until time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.until == nil || len(s.until) >= maxStuck {
		s.until = map[string]time.Time{} // connections are never named again once they have ended
	}
	s.until[connection] = until
}

// maxStuck bounds the memory.
const maxStuck = 100_000
