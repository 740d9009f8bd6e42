package fanout

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"msklambda/lambda/kafka"
	"msklambda/lambda/livescores/layout"
	"msklambda/lambda/livescores/score"
	"msklambda/lambda/livescores/table"
	"msklambda/test/local/dynalite"
)

// gateway is the management API of an API Gateway, over real HTTP. What a
// connection answers is asked for each attempt to post to it.
type gateway struct {
	server *httptest.Server
	answer func(connection string, attempt int) int // a status
	takes  time.Duration                            // that each post is under way

	mu       sync.Mutex
	attempts map[string]int
	got      map[string][]string // messages that were accepted, by connection
	wrong    []string
	busy     int
	busiest  int
}

func newGateway(t *testing.T, answer func(connection string, attempt int) int) *gateway {
	t.Helper()
	g := &gateway{answer: answer, attempts: map[string]int{}, got: map[string][]string{}}
	g.server = httptest.NewServer(g)
	t.Cleanup(g.server.Close)
	return g
}

func (g *gateway) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	connection, ok := strings.CutPrefix(r.URL.Path, "/live/@connections/")
	signed := strings.Contains(r.Header.Get("Authorization"), "/us-east-1/execute-api/aws4_request")
	g.mu.Lock()
	g.busy++
	g.busiest = max(g.busiest, g.busy)
	if !ok || r.Method != http.MethodPost || !signed {
		g.wrong = append(g.wrong, fmt.Sprintf("%s %s, signed %v", r.Method, r.URL.Path, signed))
	}
	g.attempts[connection]++
	attempt := g.attempts[connection]
	g.mu.Unlock()
	time.Sleep(g.takes)
	status := http.StatusOK
	if g.answer != nil {
		status = g.answer(connection, attempt)
	}
	g.mu.Lock()
	g.busy--
	if status == http.StatusOK {
		g.got[connection] = append(g.got[connection], string(body))
	}
	g.mu.Unlock()
	if status == 0 {
		panic(http.ErrAbortHandler) // the connection breaks
	}
	// As API Gateway does for a connection that is gone, with no body at all.
	if status == http.StatusTooManyRequests {
		w.Header().Set("X-Amzn-ErrorType", "LimitExceededException")
	}
	w.WriteHeader(status)
}

func (g *gateway) sequences(t *testing.T, connection string) (all []int64) {
	t.Helper()
	g.mu.Lock()
	defer g.mu.Unlock()
	for _, text := range g.got[connection] {
		var m struct {
			Type   string
			Events []score.Event
		}
		if err := json.Unmarshal([]byte(text), &m); err != nil || m.Type != score.TypeScore || len(m.Events) == 0 {
			t.Fatalf("message %q: %v, want a score", text, err)
		}
		for _, e := range m.Events {
			all = append(all, e.Sequence)
		}
	}
	return all
}

// quick are the times of a FanOut that is throttled for the sake of it.
var quick = times{attempt: 2 * time.Second, giveUp: time.Second, stuck: time.Minute, first: 2 * time.Millisecond, longest: 20 * time.Millisecond}

// rig is a FanOut between a table and a gateway.
type rig struct {
	*FanOut
	t      *testing.T
	table  *table.Table
	client *dynamodb.Client
	name   string
}

func newRig(t *testing.T, g *gateway) *rig {
	t.Helper()
	server, name := dynalite.ForTest(t)
	client := server.Client()
	tbl := table.New(client, name)
	cfg := aws.Config{Region: "us-east-1", Credentials: credentials.NewStaticCredentialsProvider("local", "local", "")}
	f := New(cfg, g.server.URL+"/live", tbl)
	f.times = quick
	return &rig{f, t, tbl, client, name}
}

// subscribe makes connections follow a match, many at a time.
func (r *rig) subscribe(match string, connections ...string) {
	r.t.Helper()
	for len(connections) > 0 {
		n := min(25, len(connections))
		var writes []types.WriteRequest
		for _, c := range connections[:n] {
			writes = append(writes, types.WriteRequest{PutRequest: &types.PutRequest{Item: map[string]types.AttributeValue{
				layout.Match:      &types.AttributeValueMemberS{Value: match},
				layout.Item:       &types.AttributeValueMemberS{Value: layout.ConnectionPrefix + c},
				layout.Connection: &types.AttributeValueMemberS{Value: c},
				layout.Expires:    &types.AttributeValueMemberN{Value: "1800000000"},
			}}})
		}
		out, err := r.client.BatchWriteItem(r.t.Context(), &dynamodb.BatchWriteItemInput{RequestItems: map[string][]types.WriteRequest{r.name: writes}})
		if err != nil || len(out.UnprocessedItems) > 0 {
			r.t.Fatalf("BatchWriteItem = %v, %v", out, err)
		}
		connections = connections[n:]
	}
}

func (r *rig) followers(match string) (all []string) {
	r.t.Helper()
	for c, err := range r.table.Connections(r.t.Context(), match) {
		if err != nil {
			r.t.Fatal(err)
		}
		all = append(all, c)
	}
	return all
}

func event(match string, sequence int64) []byte {
	return fmt.Appendf(nil, `{"match":%q,"sequence":%d,"home":"Ajax","away":"PSV","score":{"home":1,"away":0},"clock":"12:00","event":"goal"}`, match, sequence)
}

// handle handles records with these events of a match, together.
func (r *rig) handle(ctx context.Context, match string, sequences ...int64) error {
	var records []*kafka.Record
	for _, sequence := range sequences {
		records = append(records, &kafka.Record{Topic: "scores", Value: event(match, sequence)})
	}
	return r.Handle(ctx, records)
}

func names(prefix string, n int) []string {
	all := make([]string, n)
	for i := range all {
		all[i] = fmt.Sprintf("%s%05d=", prefix, i) // as API Gateway's ids, which end so
	}
	return all
}
