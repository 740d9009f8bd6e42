package kafka

import (
	"context"
	"encoding/base64"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"path"
	"strings"
	"sync"
	"testing"

	"github.com/aws/aws-lambda-go/lambdacontext"

	"msklambda/lambda/kafka/internal/runtimeapi"
)

// manyEvents is a Runtime API that hands out events to whoever asks, each with
// values and headers that tell which one it is, and keeps the answers.
type manyEvents struct {
	n       int
	mu      sync.Mutex
	next    int
	answers map[string][]string // by request id
}

func (m *manyEvents) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if r.Method == "POST" {
		body, _ := io.ReadAll(r.Body)
		id := path.Base(path.Dir(r.URL.Path))
		m.answers[id] = append(m.answers[id], path.Base(r.URL.Path)+" "+string(body))
		w.WriteHeader(http.StatusAccepted)
		return
	}
	if m.next == m.n {
		w.WriteHeader(http.StatusGone)
		return
	}
	w.Header().Set("Lambda-Runtime-Aws-Request-Id", fmt.Sprint(m.next))
	w.Header().Set("Lambda-Runtime-Deadline-Ms", "4102444800000")
	io.WriteString(w, eventOf(m.next))
	m.next++
}

// eventOf is an event with some records, of which the last one fails.
func eventOf(id int) string {
	var records []string
	for i := range 3 + id%5 {
		value := base64.StdEncoding.EncodeToString([]byte(valueOf(id, i)))
		records = append(records, fmt.Sprintf(`{"topic":"t","partition":0,"offset":%d,"key":%q,"value":%q,"headers":[{"id":[%d]}]}`, 100*id+i, value, value, id))
	}
	return `{"eventSource":"aws:kafka","records":{"t-0":[` + strings.Join(records, ",") + `]}}`
}

func valueOf(id, i int) string {
	return strings.Repeat(fmt.Sprintf("event %d record %d ", id, i), 1+id%7*20)
}

// With several invocations at once each sees its own records, until it is done,
// and answers for them.
func TestInvocationsAtOnceKeepTheirRecordsApart(t *testing.T) {
	t.Setenv(ReportBatchItemFailuresEnv, "true")
	const atOnce, events = 4, 40
	api := &manyEvents{n: events, answers: map[string][]string{}}
	server := httptest.NewServer(api)
	defer server.Close()

	var mu sync.Mutex
	var inside, rounds int
	meeting := make(chan struct{})
	// meet returns when atOnce invocations have called it.
	meet := func() {
		mu.Lock()
		inside++
		all := meeting
		if inside == atOnce {
			inside, meeting = 0, make(chan struct{})
			rounds++
			close(all)
		}
		mu.Unlock()
		<-all
	}
	check := func(r *Record, id int) {
		i := int(r.Offset) - 100*id
		header, _ := r.Header("id")
		if want := valueOf(id, i); string(r.Value) != want || string(r.Key) != want || string(header) != string([]byte{byte(id)}) {
			t.Errorf("invocation %d: %s has the value %.40q and the header %d", id, r, r.Value, header)
		}
	}
	h := Handler(Batch(func(ctx context.Context, records []*Record) error {
		lc, _ := lambdacontext.FromContext(ctx)
		var id int
		fmt.Sscan(lc.AwsRequestID, &id)
		for _, r := range records {
			check(r, id)
		}
		meet()
		for _, r := range records {
			check(r, id)
			r.Value[0], r.Key[0] = 'E', 'E' // it may be written to, and is nobody else's
		}
		return FailedAt(records[len(records)-1], fmt.Errorf("the last"))
	}), quiet())
	err := runtimeapi.Serve(strings.TrimPrefix(server.URL, "http://"), atOnce, h)
	if err == nil || !strings.Contains(err.Error(), "410") {
		t.Errorf("err = %v, want that there are no more events", err)
	}
	if rounds != events/atOnce {
		t.Errorf("%d were inside at once %d times, want %d", atOnce, rounds, events/atOnce)
	}
	for id := range events {
		last := 100*id + 2 + id%5
		want := fmt.Sprintf(`[response {"batchItemFailures":[{"itemIdentifier":{"partition":"t-0","offset":%d}}]}]`, last)
		if got := fmt.Sprint(api.answers[fmt.Sprint(id)]); got != want {
			t.Errorf("answers to %d = %s, want %s", id, got, want)
		}
	}
}
