package main

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"

	"msklambda/constructs/gobuild"
	"msklambda/lambda/kafka"
	"msklambda/lambda/kafka/deadletter"
	"msklambda/test/local/internal/broker"
	"msklambda/test/local/internal/fault"
	"msklambda/test/local/internal/poller"
	"msklambda/test/local/internal/sandbox"
)

// limit is how long a scenario may take before it counts as stuck.
const limit = 2 * time.Minute

func buildFaulty(t *testing.T) string {
	t.Helper()
	out := filepath.Join(t.TempDir(), "bootstrap")
	if err := gobuild.Build(t.Context(), "faulty", out, runtime.GOOS, runtime.GOARCH); err != nil {
		t.Fatal(err)
	}
	return out
}

// scenarioRun is a scenario on its way.
type scenarioRun struct {
	*scenario
	t        *testing.T
	ctx      context.Context
	broker   *broker.Broker
	function *sandbox.Function
	config   poller.Config
	ledger   string
	failures string // the destination

	ended  chan error // of each poller
	stats  poller.Stats
	faults int

	mu      sync.Mutex
	poller  *poller.Poller
	changed chan struct{} // closed and replaced at each record that is done with
	done    map[position]poller.Outcome
}

type position struct {
	partition int32
	offset    int64
}

func (s *scenario) run(t *testing.T, bootstrap string) tableRow {
	ctx, cancel := context.WithTimeout(t.Context(), limit)
	defer cancel()
	dir := t.TempDir()
	r := &scenarioRun{
		scenario: s, t: t, ctx: ctx,
		ledger:   filepath.Join(dir, "ledger"),
		failures: filepath.Join(dir, "failures"),
		ended:    make(chan error, 1),
		changed:  make(chan struct{}),
		done:     map[position]poller.Outcome{},
	}
	b, err := broker.Start(broker.Config{Brokers: cmp.Or(s.brokers, 2), DataDir: filepath.Join(dir, "broker")})
	if err != nil {
		t.Fatal(err)
	}
	r.broker = b
	defer b.Close()
	if err := b.CreateTopic("orders", faultPartitions); err != nil {
		t.Fatal(err)
	}
	r.produce()
	destination, err := poller.OpenFile(r.failures)
	if err != nil {
		t.Fatal(err)
	}
	defer destination.Close()
	r.config = poller.Config{
		Brokers: b.Addrs(), Topic: "orders", Group: "orders-fn",
		SourceARN:     "arn:aws:kafka:us-east-1:111122223333:cluster/local/00000000-0000-0000-0000-000000000000-1",
		BatchSize:     500,
		Window:        50 * time.Millisecond,
		RetryAttempts: 10_000, // without end, but for a test that would be stuck
		OnFailure:     destination,
		Backoff:       func(int) time.Duration { return time.Millisecond },
		Observe:       r.observe,
	}
	if s.config != nil {
		s.config(&r.config)
	}
	fc := sandbox.Config{
		Bootstrap: bootstrap,
		Timeout:   time.Minute,
		Env: []string{
			fault.LedgerEnv + "=" + r.ledger,
			fmt.Sprintf("%s=%v", kafka.ReportBatchItemFailuresEnv, r.config.ReportBatchItemFailures),
		},
	}
	if s.letters {
		fc.Env = append(fc.Env, fault.LettersEnv+"="+r.letters())
	}
	if s.function != nil {
		s.function(&fc)
	}
	r.function = sandbox.New(fc)
	defer r.function.Close()
	r.config.Function, r.config.FunctionARN = r.function, r.function.ARN()
	if s.during != nil {
		s.during(t, r)
	} else {
		go r.poll()
	}
	if err := b.WaitForCommit(ctx, "orders", "orders-fn"); err != nil {
		t.Fatalf("not everything is committed after %v: %v\n%+v", limit, b.Offsets("orders", "orders-fn"), r.poller.Stats())
	}
	r.current().Stop()
	if err := <-r.ended; err != nil {
		t.Error(err)
	}
	return r.audit()
}

// produce writes all records, each partition's in order.
func (r *scenarioRun) produce() {
	client, err := kgo.NewClient(
		kgo.SeedBrokers(r.broker.Addrs()...),
		kgo.DefaultProduceTopic("orders"),
		kgo.RecordPartitioner(kgo.ManualPartitioner()),
		kgo.ProducerBatchMaxBytes(16<<20),
		kgo.MaxBufferedRecords(faultRecords),
	)
	if err != nil {
		r.t.Fatal(err)
	}
	defer client.Close()
	var failed error
	var once sync.Once
	for i := range faultRecords {
		client.Produce(r.ctx, r.record(int32(i%faultPartitions), i/faultPartitions), func(_ *kgo.Record, err error) {
			if err != nil {
				once.Do(func() { failed = err })
			}
		})
	}
	if err := client.Flush(r.ctx); err != nil {
		r.t.Fatal(err)
	}
	if failed != nil {
		r.t.Fatal(failed)
	}
}

// record is record n of a partition. Some have no key, some no value, some
// empty ones.
func (r *scenarioRun) record(partition int32, n int) *kgo.Record {
	size := max(r.size, 100)
	if r.sizeOf != nil {
		if s := r.sizeOf(int(partition), n); s != 0 {
			size = s
			r.faults++
		}
	}
	rec := &kgo.Record{
		Partition: partition,
		Key:       fmt.Appendf(nil, "key-%d", n%100),
		Value:     append(fmt.Appendf(nil, `{"partition":%d,"n":%d} `, partition, n), bytes.Repeat([]byte{byte(n), 0xff, 'x'}, size/3)...),
	}
	switch n % 50 {
	case 1:
		rec.Key = nil
	case 2:
		rec.Value = nil
	case 3:
		rec.Key, rec.Value = nil, nil
	case 4:
		rec.Key, rec.Value = []byte{}, []byte{}
	}
	rec.Headers = append(rec.Headers, kgo.RecordHeader{Key: fault.SumHeader, Value: fault.Sum(rec.Key, rec.Value)})
	if r.extra != nil {
		if kind := r.extra(int(partition), n); kind != "" {
			rec.Headers = append(rec.Headers, kgo.RecordHeader{Key: fault.Header, Value: []byte(kind)})
			r.faults++
		}
	}
	return rec
}

// poll runs a poller until it ends.
func (r *scenarioRun) poll() {
	p, err := poller.New(r.config)
	if err == nil {
		r.mu.Lock()
		r.poller = p
		r.mu.Unlock()
		err = p.Run(r.ctx)
		r.mu.Lock()
		r.stats = p.Stats()
		r.mu.Unlock()
	}
	r.ended <- err
}

// current is the poller that was started last.
func (r *scenarioRun) current() *poller.Poller {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.poller
}

func (r *scenarioRun) observe(o poller.Outcome, partition int32, offset int64) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.done[position{partition, offset}] = o
	close(r.changed)
	r.changed = make(chan struct{})
}

// waitForDone waits until n records are done with.
func (r *scenarioRun) waitForDone(n int) {
	for {
		r.mu.Lock()
		got, changed := len(r.done), r.changed
		r.mu.Unlock()
		if got >= n {
			return
		}
		select {
		case <-changed:
		case <-r.ctx.Done():
			r.t.Fatalf("records done with = %d, want %d", got, n)
		}
	}
}

// audit checks what came of each record, from what the function and the
// destination have written and not from what the poller says.
func (r *scenarioRun) audit() tableRow {
	t := r.t
	entries, err := fault.ReadLedger(r.ledger)
	if err != nil {
		t.Fatal(err)
	}
	row := tableRow{name: r.name, what: r.what, records: faultRecords, faults: r.faults, handledAgain: cmp.Or(r.again, "none")}
	handled := map[position]int{}
	failures := map[position]int{}
	highest := map[int32]int64{}
	for n := range int32(faultPartitions) {
		highest[n] = -1
	}
	// Order: when a record is handled for the first time, or tried in vain, no
	// later one of its partition has been handled.
	for _, e := range entries {
		at := position{e.Partition, e.Offset}
		if handled[at] == 0 && e.Offset <= highest[e.Partition] {
			row.disordered++
		}
		if e.Fault == "" {
			handled[at]++
			highest[e.Partition] = max(highest[e.Partition], e.Offset)
		} else if failures[at]++; e.Fault != fault.Poison && failures[at] > 1 {
			t.Errorf("orders[%d]@%d: %s = %d times, want 1", e.Partition, e.Offset, e.Fault, failures[at])
		}
	}
	if r.sizeOf == nil && r.during == nil && len(failures) != r.faults {
		t.Errorf("records that failed = %d, want %d", len(failures), r.faults)
	}
	failed := readFailures(t, r.failures)
	if r.scenario.letters {
		readLetters(t, r.letters(), failed)
	}
	for partition := range int32(faultPartitions) {
		for offset := range int64(faultRecords / faultPartitions) {
			at := position{partition, offset}
			switch n := handled[at]; {
			case n == 0 && failed[at] == 0:
				if row.lost++; row.lost < 10 {
					t.Errorf("orders[%d]@%d is lost", partition, offset)
				}
			case n > 0 && failed[at] > 0:
				t.Errorf("orders[%d]@%d is handled and in the destination", partition, offset)
			case n > 1:
				row.again++
			}
		}
	}
	row.handled, row.destination = len(handled), len(failed)
	if row.disordered != 0 {
		t.Errorf("records out of order = %d, want 0", row.disordered)
	}
	if row.destination != r.destination {
		t.Errorf("records in the destination = %d, want %d", row.destination, r.destination)
	}
	if row.handled+row.destination != faultRecords {
		t.Errorf("handled %d + destination %d, want %d", row.handled, row.destination, faultRecords)
	}
	if r.again != perhaps && (row.again > 0) != (r.again == some) {
		t.Errorf("records handled more than once = %d, want %s", row.again, row.handledAgain)
	}
	if r.check != nil {
		r.check(t, r)
	}
	t.Logf("%+v processes=%d %+v", row, r.function.Starts(), r.stats)
	return row
}

// letters is the file of what the function gives up itself.
func (r *scenarioRun) letters() string { return r.ledger + ".letters" }

// readLetters adds the records that the function has given up.
func readLetters(t *testing.T, path string, found map[position]int) {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(text)) {
		var l deadletter.Letter
		if err := json.Unmarshal([]byte(line), &l); err != nil {
			t.Fatal(err)
		}
		found[position{l.Partition, l.Offset}]++
	}
}

// readFailures returns how often each record is in the destination.
func readFailures(t *testing.T, path string) map[position]int {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	found := map[position]int{}
	for line := range strings.Lines(string(text)) {
		var f struct{ Payload string }
		if err := json.Unmarshal([]byte(line), &f); err != nil {
			t.Fatal(err)
		}
		var event struct {
			Records map[string][]struct {
				Partition int32
				Offset    int64
			}
		}
		if err := json.Unmarshal([]byte(f.Payload), &event); err != nil {
			t.Fatal(err)
		}
		for _, records := range event.Records {
			for _, rec := range records {
				found[position{rec.Partition, rec.Offset}]++
			}
		}
	}
	return found
}
