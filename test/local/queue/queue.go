// Package queue is a FIFO queue of SQS on loopback, with the event source mapping
// that invokes a function with each message. Messages of a group are handled one
// after the other, those of different groups at once; a message whose invocation
// fails is seen again after the visibility timeout, and its group waits for it.
package queue

import (
	"context"
	"crypto/md5"
	"encoding/hex"
	"encoding/json"
	"net"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/aws/aws-lambda-go/events"

	"msklambda/test/local/internal/sandbox"
)

// Result is what an invocation came to.
type Result = sandbox.Result

// Function is what is invoked: one of several, which are as many environments.
type Function interface {
	Invoke(ctx context.Context, payload []byte) (Result, error)
}

// Config describes a queue and its mapping.
type Config struct {
	Visibility time.Duration // of a message whose invocation failed
	Log        func(format string, args ...any)
}

// Queue is a running one.
type Queue struct {
	// Endpoint is for AWS_ENDPOINT_URL_SQS, and URL is the queue's.
	Endpoint, URL string

	cfg    Config
	server *http.Server
	free   chan Function
	ctx    context.Context
	end    context.CancelFunc
	wait   sync.WaitGroup

	mu     sync.Mutex
	seen   map[string]time.Time // deduplication ids
	groups map[string][]message // that wait, or of which the first is being handled
	away   bool
	done   chan struct{} // closed, and made anew, when a group has no more
}

type message struct {
	id, body string
	receives int
}

// New serves on loopback. What comes waits until Start.
func New(cfg Config) (*Queue, error) {
	if cfg.Log == nil {
		cfg.Log = func(string, ...any) {}
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	q := &Queue{cfg: cfg, free: make(chan Function, 1000), seen: map[string]time.Time{}, groups: map[string][]message{}, done: make(chan struct{})}
	q.ctx, q.end = context.WithCancel(context.Background())
	q.Endpoint = "http://" + l.Addr().String()
	q.URL = q.Endpoint + "/111122223333/posts.fifo"
	q.server = &http.Server{Handler: q, ReadHeaderTimeout: 10 * time.Second}
	go func() { _ = q.server.Serve(l) }() // until Close
	return q, nil
}

// Start invokes these from now on: environments of one function, each for one
// invocation at a time.
func (q *Queue) Start(functions ...Function) {
	for _, f := range functions {
		q.free <- f
	}
}

// Close ends the queue, and waits for invocations.
func (q *Queue) Close() {
	_ = q.server.Close()
	q.end()
	q.wait.Wait()
}

// Away makes it refuse messages with 503.
func (q *Queue) Away(on bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.away = on
}

// WaitIdle waits until nothing waits and nothing is being handled.
func (q *Queue) WaitIdle(ctx context.Context) error {
	for {
		q.mu.Lock()
		idle, done := len(q.groups) == 0, q.done
		q.mu.Unlock()
		if idle {
			return nil
		}
		select {
		case <-done:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

type entry struct{ Id, MessageBody, MessageGroupId, MessageDeduplicationId string }

// ServeHTTP serves SendMessageBatch.
func (q *Queue) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	var in struct {
		QueueUrl string
		Entries  []entry
	}
	refuse := func(status int, kind string) {
		w.Header().Set("Content-Type", "application/x-amz-json-1.0")
		w.WriteHeader(status)
		_ = json.NewEncoder(w).Encode(map[string]string{"__type": "com.amazonaws.sqs#" + kind})
	}
	q.mu.Lock()
	defer q.mu.Unlock()
	switch {
	case q.away:
		refuse(http.StatusServiceUnavailable, "ServiceUnavailable")
		return
	case r.Header.Get("X-Amz-Target") != "AmazonSQS.SendMessageBatch" || !strings.Contains(r.Header.Get("Authorization"), "/sqs/aws4_request"):
		refuse(http.StatusBadRequest, "UnsupportedOperation")
		return
	case json.NewDecoder(r.Body).Decode(&in) != nil || in.QueueUrl != q.URL:
		refuse(http.StatusBadRequest, "QueueDoesNotExist")
		return
	case len(in.Entries) > 10:
		refuse(http.StatusBadRequest, "TooManyEntriesInBatchRequest")
		return
	}
	type sent struct{ Id, MessageId, MD5OfMessageBody, SequenceNumber string }
	out := struct {
		Successful []sent
		Failed     []any
	}{Failed: []any{}}
	for _, e := range in.Entries {
		q.add(e)
		sum := md5.Sum([]byte(e.MessageBody))
		out.Successful = append(out.Successful, sent{e.Id, e.MessageDeduplicationId, hex.EncodeToString(sum[:]), "1"})
	}
	w.Header().Set("Content-Type", "application/x-amz-json-1.0")
	_ = json.NewEncoder(w).Encode(out)
}

const remembered = 5 * time.Minute

func (q *Queue) add(e entry) {
	now := time.Now()
	if now.Sub(q.seen[e.MessageDeduplicationId]) < remembered {
		return
	}
	if len(q.seen) > 10_000 {
		for id, at := range q.seen {
			if now.Sub(at) >= remembered {
				delete(q.seen, id)
			}
		}
	}
	q.seen[e.MessageDeduplicationId] = now
	q.groups[e.MessageGroupId] = append(q.groups[e.MessageGroupId], message{id: e.MessageDeduplicationId, body: e.MessageBody})
	if len(q.groups[e.MessageGroupId]) == 1 && q.ctx.Err() == nil {
		q.wait.Go(func() { q.serve(e.MessageGroupId) })
	}
}

// serve handles the messages of a group until there are no more.
func (q *Queue) serve(group string) {
	for {
		q.mu.Lock()
		waiting := q.groups[group]
		if len(waiting) == 0 {
			delete(q.groups, group)
			close(q.done)
			q.done = make(chan struct{})
			q.mu.Unlock()
			return
		}
		m := waiting[0]
		q.mu.Unlock()
		for !q.invoke(m, group) {
			m.receives++
			select {
			case <-time.After(q.cfg.Visibility):
			case <-q.ctx.Done():
				return
			}
		}
		q.mu.Lock()
		q.groups[group] = q.groups[group][1:]
		q.mu.Unlock()
	}
}

// invoke invokes the function with a message, and tells whether that is handled.
func (q *Queue) invoke(m message, group string) bool {
	var f Function
	select {
	case f = <-q.free:
		defer func() { q.free <- f }()
	case <-q.ctx.Done():
		return true
	}
	payload, err := json.Marshal(events.SQSEvent{Records: []events.SQSMessage{{
		MessageId: m.id, Body: m.body, EventSource: "aws:sqs", EventSourceARN: "arn:aws:sqs:us-east-1:111122223333:posts.fifo",
		Attributes: map[string]string{"MessageGroupId": group},
	}}})
	if err != nil {
		q.cfg.Log("%s: %v", group, err)
		return true
	}
	result, err := f.Invoke(q.ctx, payload)
	switch {
	case q.ctx.Err() != nil:
		return true
	case err != nil:
		q.cfg.Log("%s: %v", group, err)
	case result.FunctionError != "":
		q.cfg.Log("%s: %s", group, result.Payload)
	default:
		return true
	}
	return false
}
