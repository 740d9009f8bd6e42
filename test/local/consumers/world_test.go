package consumers

import (
	"bufio"
	"bytes"
	"context"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/twmb/franz-go/pkg/kgo"

	"msklambda/constructs/gobuild"
	"msklambda/lambda/kafka/contract"
	"msklambda/test/local/dynalite"
	"msklambda/test/local/internal/broker"
	"msklambda/test/local/internal/poller"
	"msklambda/test/local/internal/sandbox"
)

const (
	records    = 10_000
	partitions = 8
	limit      = 4 * time.Minute
)

// world is a topic, a function that reads it, and what ends its process.
type world struct {
	*testing.T
	ctx      context.Context
	broker   *broker.Broker
	function *sandbox.Function
	stats    poller.Stats

	mu      sync.Mutex
	end     context.CancelFunc // of the invocation that runs
	running bool
	ended   int      // how often a process was ended in the middle of one
	lines   []string // of the function's log
}

func newWorld(t *testing.T, topics ...string) *world {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), limit)
	t.Cleanup(cancel)
	b, err := broker.Start(broker.Config{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(b.Close)
	for _, topic := range append([]string{"orders"}, topics...) {
		if err := b.CreateTopic(topic, partitions); err != nil {
			t.Fatal(err)
		}
	}
	return &world{T: t, ctx: ctx, broker: b}
}

// table is one of package once, as the construct makes it, and the variables by which a
// function finds it.
func (w *world) table(name string) []string {
	w.Helper()
	server, _ := dynalite.ForTest(w.T)
	client := server.Client()
	_, err := client.CreateTable(w.ctx, &dynamodb.CreateTableInput{
		TableName: &name, BillingMode: types.BillingModePayPerRequest,
		AttributeDefinitions: []types.AttributeDefinition{{AttributeName: aws.String(contract.OnceKey), AttributeType: types.ScalarAttributeTypeS}},
		KeySchema:            []types.KeySchemaElement{{AttributeName: aws.String(contract.OnceKey), KeyType: types.KeyTypeHash}},
	})
	if err == nil {
		err = dynamodb.NewTableExistsWaiter(client, func(o *dynamodb.TableExistsWaiterOptions) {
			o.MinDelay, o.MaxDelay = 10*time.Millisecond, 100*time.Millisecond
		}).Wait(w.ctx, &dynamodb.DescribeTableInput{TableName: &name}, 10*time.Second)
	}
	if err != nil {
		w.Fatal(err)
	}
	return []string{contract.OnceTable + "=" + name, "AWS_ENDPOINT_URL_DYNAMODB=" + server.Endpoint,
		"AWS_ACCESS_KEY_ID=local", "AWS_SECRET_ACCESS_KEY=local", contract.OnceNamespace + "=orders-fn"}
}

// rows is how many rows a table has.
func (w *world) rows(name string) (n int) {
	w.Helper()
	server, _ := dynalite.ForTest(w.T)
	pages := dynamodb.NewScanPaginator(server.Client(), &dynamodb.ScanInput{TableName: &name, Select: types.SelectCount})
	for pages.HasMorePages() {
		page, err := pages.NextPage(w.ctx)
		if err != nil {
			w.Fatal(err)
		}
		n += int(page.Count)
	}
	return n
}

func (w *world) produce(all []*kgo.Record) {
	w.Helper()
	client, err := kgo.NewClient(kgo.SeedBrokers(w.broker.Addrs()...), kgo.DefaultProduceTopic("orders"), kgo.RecordPartitioner(kgo.ManualPartitioner()))
	if err != nil {
		w.Fatal(err)
	}
	defer client.Close()
	if err := client.ProduceSync(w.ctx, all...).FirstErr(); err != nil {
		w.Fatal(err)
	}
}

// read returns what a topic has.
func (w *world) read(topic string) (all []*kgo.Record) {
	w.Helper()
	client, err := kgo.NewClient(kgo.SeedBrokers(w.broker.Addrs()...), kgo.ConsumeTopics(topic))
	if err != nil {
		w.Fatal(err)
	}
	defer client.Close()
	var end int64
	for _, o := range w.broker.Offsets(topic, "nobody") {
		end += o.End
	}
	for int64(len(all)) < end {
		fetches := client.PollFetches(w.ctx)
		if err := fetches.Err(); err != nil {
			w.Fatal(err)
		}
		all = append(all, fetches.Records()...)
	}
	return all
}

// Invoke has the function handle an event. Where kill ends its process meanwhile it is
// a function error, as in Lambda.
func (w *world) Invoke(ctx context.Context, payload []byte) (sandbox.Result, error) {
	invocation, end := context.WithCancel(ctx)
	defer end()
	w.mu.Lock()
	w.end, w.running = end, true
	w.mu.Unlock()
	result, err := w.function.Invoke(invocation, payload)
	w.mu.Lock()
	w.running = false
	w.mu.Unlock()
	if err != nil && invocation.Err() != nil && ctx.Err() == nil {
		return sandbox.Result{FunctionError: "Unhandled", Payload: []byte(`{"errorType":"Runtime.ExitError"}`)}, nil
	}
	return result, err
}

// kill ends the process that handles an event now.
func (w *world) kill() {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.running {
		w.ended++
		w.end()
	}
}

func (w *world) log(line string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.lines = append(w.lines, line)
}

// run builds a function and has it handle all that there is.
func (w *world) run(dir string, env []string, edit func(*poller.Config)) {
	w.Helper()
	bootstrap := filepath.Join(w.TempDir(), "bootstrap")
	if err := gobuild.Build(w.ctx, dir, bootstrap, runtime.GOOS, runtime.GOARCH); err != nil {
		w.Fatal(err)
	}
	w.function = sandbox.New(sandbox.Config{Bootstrap: bootstrap, Log: w.log, Env: append(env, contract.ReportBatchItemFailures+"=true")})
	defer w.function.Close()
	config := poller.Config{
		Brokers: w.broker.Addrs(), Topic: "orders", Group: "orders-fn", Function: w, FunctionARN: w.function.ARN(),
		SourceARN: "arn:aws:kafka:us-east-1:111122223333:cluster/local/00000000-0000-0000-0000-000000000000-1",
		BatchSize: 500, Window: 50 * time.Millisecond, RetryAttempts: 10_000, ReportBatchItemFailures: true,
		Backoff: func(int) time.Duration { return time.Millisecond },
	}
	if edit != nil {
		edit(&config)
	}
	p, err := poller.New(config)
	if err != nil {
		w.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- p.Run(w.ctx) }()
	if err := w.broker.WaitForCommit(w.ctx, "orders", "orders-fn"); err != nil {
		w.Fatalf("not everything is committed after %v: %v\n%+v\n%s", limit, w.broker.Offsets("orders", "orders-fn"), p.Stats(), strings.Join(w.lines[max(0, len(w.lines)-5):], "\n"))
	}
	p.Stop()
	if err := <-ended; err != nil {
		w.Error(err)
	}
	w.stats = p.Stats()
	w.Logf("%s: %d lines of code, %d records, %d processes, %d ended in the middle of an invocation, %+v",
		filepath.Base(dir), linesOfCode(w.T, filepath.Join(dir, "main.go")), records, w.function.Starts(), w.ended, w.stats)
}

// linesOfCode are those that are neither empty nor a comment.
func linesOfCode(t *testing.T, file string) (n int) {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	scan := bufio.NewScanner(bytes.NewReader(text))
	for scan.Scan() {
		if line := strings.TrimSpace(scan.Text()); line != "" && !strings.HasPrefix(line, "//") {
			n++
		}
	}
	return n
}

// service is what effects are made at. It makes one once for each key, and counts how often it
// was asked to.
type service struct {
	w       *world
	crashes func(key string) bool // ends the process behind the effect, before it is told
	busy    func(key string) bool // says no the first time

	mu    sync.Mutex
	made  map[string]int    // by key
	asked map[string]int    // with success, by key
	seen  map[string]string // the first answer that was no success
	order []string          // of the effects
}

func (s *service) start() string {
	s.made, s.asked, s.seen = map[string]int{}, map[string]int{}, map[string]string{}
	server := httptest.NewServer(s)
	s.w.Cleanup(server.Close)
	return server.URL
}

func (s *service) ServeHTTP(rw http.ResponseWriter, r *http.Request) {
	key := r.Header.Get("Idempotency-Key")
	s.mu.Lock()
	first := s.seen[key] == "" && s.asked[key] == 0
	if first && s.busy(key) {
		s.seen[key] = "busy"
		s.mu.Unlock()
		rw.WriteHeader(http.StatusServiceUnavailable)
		return
	}
	if s.asked[key]++; s.made[key] == 0 {
		s.made[key]++
		s.order = append(s.order, key)
	}
	crash := s.crashes(key) && s.asked[key] == 1
	s.mu.Unlock()
	if crash {
		s.w.kill()
		<-r.Context().Done() // the answer reaches nobody
	}
}

// audit wants each effect made, and asked for once, but for those that were on their way
// when the process ended: atOnce of them, each time.
func (s *service) audit(want map[string]bool, atOnce int) {
	s.w.Helper()
	again := 0
	for key := range want {
		if s.made[key] != 1 {
			s.w.Errorf("%s: %d effects, want one", key, s.made[key])
		}
		again += max(0, s.asked[key]-1)
	}
	if len(s.made) != len(want) {
		s.w.Errorf("%d effects, want %d", len(s.made), len(want))
	}
	s.w.Logf("%d effects, each made once; asked for again %d times, by processes that took the place of %d that ended between effect and mark", len(s.made), again, s.w.ended)
	if most := s.w.ended * atOnce; again > most || again < s.w.ended || s.w.ended == 0 {
		s.w.Errorf("asked for again %d times, want %d to %d", again, s.w.ended, most)
	}
}
