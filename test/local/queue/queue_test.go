package queue

import (
	"context"
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-lambda-go/events"
	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/sqs"

	"msklambda/lambda/livescores/job"
)

// function notes the jobs that it is invoked with, in the order of their groups.
type function struct {
	mu      sync.Mutex
	seen    []string
	busy    map[string]bool
	overlap bool
	fail    int // the next invocations
}

func (f *function) Invoke(_ context.Context, payload []byte) (Result, error) {
	var e events.SQSEvent
	if err := json.Unmarshal(payload, &e); err != nil {
		return Result{}, err
	}
	m := e.Records[0]
	group := m.Attributes["MessageGroupId"]
	f.mu.Lock()
	f.overlap = f.overlap || f.busy[group]
	f.busy[group] = true
	failed := f.fail > 0
	if failed {
		f.fail--
	} else {
		f.seen = append(f.seen, m.Body)
	}
	f.mu.Unlock()
	defer func() {
		f.mu.Lock()
		f.busy[group] = false
		f.mu.Unlock()
	}()
	if failed {
		return Result{FunctionError: "Unhandled"}, nil
	}
	return Result{}, nil
}

func start(t *testing.T, n int) (*Queue, *job.Queue, *function) {
	t.Helper()
	q, err := New(Config{Visibility: time.Millisecond})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(q.Close)
	f := &function{busy: map[string]bool{}}
	for range n {
		q.Start(f)
	}
	cfg := aws.Config{Region: "us-east-1", Credentials: credentials.NewStaticCredentialsProvider("local", "local", "")}
	client := sqs.NewFromConfig(cfg, func(o *sqs.Options) { o.BaseEndpoint, o.Retryer = &q.Endpoint, aws.NopRetryer{} })
	return q, job.NewQueue(client, q.URL), f
}

func settled(t *testing.T, q *Queue) {
	t.Helper()
	if err := q.WaitIdle(t.Context()); err != nil {
		t.Fatal(err)
	}
}

// A group's messages come one after the other and in order; what was sent twice
// comes once.
func TestGroupsKeepTheirOrder(t *testing.T) {
	q, jobs, f := start(t, 4)
	for to := range int64(20) {
		all := job.Shards(job.Job{Match: "m", From: to, To: to + 1}, 16)
		for range 2 {
			if err := jobs.Send(t.Context(), all...); err != nil {
				t.Fatal(err)
			}
		}
	}
	settled(t, q)
	if f.overlap {
		t.Error("two messages of a group were handled at once")
	}
	last := map[int]int64{}
	for _, text := range f.seen {
		var j job.Job
		if err := json.Unmarshal([]byte(text), &j); err != nil {
			t.Fatal(err)
		}
		if j.To != last[j.Shard]+1 {
			t.Errorf("shard %d: %d after %d, want the next", j.Shard, j.To, last[j.Shard])
		}
		last[j.Shard] = j.To
	}
	if len(f.seen) != 20*16 {
		t.Errorf("messages = %d, want %d, each once", len(f.seen), 20*16)
	}
}

func TestWhatFailedComesAgain(t *testing.T) {
	q, jobs, f := start(t, 1)
	f.fail = 3
	if err := jobs.Send(t.Context(), job.Job{Match: "m", To: 1, Of: 1}, job.Job{Match: "m", From: 1, To: 2, Of: 1}); err != nil {
		t.Fatal(err)
	}
	settled(t, q)
	if want := []string{`{"match":"m","from":0,"to":1,"shard":0,"of":1}`, `{"match":"m","from":1,"to":2,"shard":0,"of":1}`}; !slices.Equal(f.seen, want) {
		t.Errorf("messages = %q, want %q", f.seen, want)
	}
}

func TestAQueueThatIsAwayIsAnError(t *testing.T) {
	q, jobs, _ := start(t, 1)
	q.Away(true)
	err := jobs.Send(t.Context(), job.Shards(job.Job{Match: "m", To: 1}, 64)...)
	if err == nil || !strings.Contains(err.Error(), "hand on 64 jobs of m") {
		t.Errorf("Send = %v, want an error", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := jobs.Send(ctx, job.Job{Match: "m"}); !errors.Is(err, context.Canceled) {
		t.Errorf("Send = %v, want that the context ended", err)
	}
}

// The ids that SQS gets are not longer than it takes.
func TestTheIdsFit(t *testing.T) {
	q, jobs, f := start(t, 1)
	j := job.Job{Match: strings.Repeat("m", 64), Epoch: 1_800_000_000_000, From: 1<<53 - 2, To: 1<<53 - 1, Shard: 63, Of: 64, Part: 600}
	if err := jobs.Send(t.Context(), j); err != nil {
		t.Fatal(err)
	}
	settled(t, q)
	if len(f.seen) != 1 {
		t.Fatalf("messages = %q", f.seen)
	}
	q.mu.Lock()
	defer q.mu.Unlock()
	for id := range q.seen {
		if len(id) > 128 {
			t.Errorf("id = %s, %d characters, want at most 128", id, len(id))
		}
	}
}
