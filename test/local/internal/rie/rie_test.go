//go:build linux

package rie

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"

	"msklambda/constructs/gobuild"
	"msklambda/lambda/kafka"
	"msklambda/test/local/internal/broker"
	"msklambda/test/local/internal/fault"
	"msklambda/test/local/internal/poller"
	"msklambda/test/local/internal/sandbox"
)

// start builds the function that fails as it is asked to, and starts it over the
// emulator.
func start(t *testing.T, timeout time.Duration, env ...string) (e *Emulator, bootstrap, ledger string) {
	t.Helper()
	if testing.Short() {
		t.Skip("builds a function, and the emulator once: go test without -short runs it")
	}
	dir := t.TempDir()
	bootstrap, ledger = filepath.Join(dir, "bootstrap"), filepath.Join(dir, "ledger")
	if err := gobuild.Build(t.Context(), "../../faulty", bootstrap, runtime.GOOS, runtime.GOARCH); err != nil {
		t.Fatal(err)
	}
	e, err := Start(bootstrap, timeout, append(env, fault.LedgerEnv+"="+ledger)...)
	var missing MissingError
	if errors.As(err, &missing) && os.Getenv("CI") == "" {
		t.Skipf("%v (with CI set this is a failure)", err)
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(e.Close)
	return e, bootstrap, ledger
}

func event(records ...string) []byte {
	return []byte(`{"eventSource":"aws:kafka","eventSourceArn":"arn:s","bootstrapServers":"b:1","records":{"orders-0":[` + strings.Join(records, ",") + `]}}`)
}

// record is one that asks for a fault.
func record(offset int, kind string) string {
	headers := ""
	if kind != "" {
		var bytes []string
		for _, b := range []byte(kind) {
			bytes = append(bytes, fmt.Sprint(b))
		}
		headers = `{"fault":[` + strings.Join(bytes, ",") + `]}`
	}
	return fmt.Sprintf(`{"topic":"orders","partition":0,"offset":%d,"timestamp":1,"timestampType":"CREATE_TIME","key":"YQ==","value":"YQ==","headers":[%s]}`, offset, headers)
}

var requestID = regexp.MustCompile(`[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}`)

// What a function comes to over our Runtime API is what it comes to over AWS's, in the
// same words.
func TestOurRuntimeAPIIsAWSs(t *testing.T) {
	for mode, env := range map[string]string{"whole batch": "false", "partial answers": "true"} {
		t.Run(mode, func(t *testing.T) {
			env := kafka.ReportBatchItemFailuresEnv + "=" + env
			theirs, bootstrap, ledger := start(t, 2*time.Second, env)
			ours := sandbox.New(sandbox.Config{Bootstrap: bootstrap, Timeout: 2 * time.Second, Env: []string{env, fault.LedgerEnv + "=" + ledger + "-ours"}})
			defer ours.Close()
			offset := 0
			for _, kinds := range [][]string{{""}, {"", fault.Error, ""}, {fault.Panic}, {fault.Crash}, {""}, {fault.Poison, ""}, {fault.Timeout}, {""}} {
				var records []string
				for _, kind := range kinds {
					records = append(records, record(offset, kind))
					offset++
				}
				payload := event(records...)
				want, err := theirs.Invoke(t.Context(), payload)
				if err != nil {
					t.Fatal(err)
				}
				got, err := ours.Invoke(t.Context(), payload)
				if err != nil {
					t.Fatal(err)
				}
				if g, w := plain(got), plain(want); g != w {
					t.Errorf("%q: ours = %s\nAWS's = %s", kinds, g, w)
				}
			}
		})
	}
}

// plain is a result without what differs from one to the next: ids, and at a timeout all
// but the sentence, which is all that the emulator says.
func plain(r sandbox.Result) string {
	text := requestID.ReplaceAllString(string(r.Payload), "ID")
	var e struct{ ErrorType, ErrorMessage string }
	if r.FunctionError != "" && json.Unmarshal([]byte(text), &e) == nil {
		text = e.ErrorType + ": " + e.ErrorMessage
	}
	if _, sentence, ok := strings.Cut(text, "Task timed out"); ok {
		text = "Task timed out" + sentence
	}
	return r.FunctionError + " " + text
}

// A topic goes through the poller and a function over AWS's Runtime API, with faults, and
// nothing is lost.
func TestAPollerOverAWSsRuntimeAPI(t *testing.T) {
	e, _, ledger := start(t, 30*time.Second, kafka.ReportBatchItemFailuresEnv+"=true")
	const n = 2000
	b, err := broker.Start(broker.Config{})
	if err != nil {
		t.Fatal(err)
	}
	defer b.Close()
	if err := b.CreateTopic("orders", 2); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	client, err := kgo.NewClient(kgo.SeedBrokers(b.Addrs()...), kgo.DefaultProduceTopic("orders"), kgo.RecordPartitioner(kgo.ManualPartitioner()))
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	faults := 0
	for i := range n {
		r := &kgo.Record{Partition: int32(i % 2), Value: fmt.Append(nil, i)}
		if i%100 == 99 {
			r.Headers = []kgo.RecordHeader{{Key: fault.Header, Value: []byte([]string{fault.Error, fault.Panic, fault.Crash}[faults%3])}}
			faults++
		}
		client.Produce(ctx, r, nil)
	}
	if err := client.Flush(ctx); err != nil {
		t.Fatal(err)
	}
	p, err := poller.New(poller.Config{
		Brokers: b.Addrs(), Topic: "orders", Group: "g", Function: e, FunctionARN: "arn:f", SourceARN: "arn:s", RetryAttempts: 100, Window: 10 * time.Millisecond,
		BatchSize: 200, ReportBatchItemFailures: true, Backoff: func(int) time.Duration { return time.Millisecond },
	})
	if err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- p.Run(ctx) }()
	if err := b.WaitForCommit(ctx, "orders", "g"); err != nil {
		t.Fatalf("%v: %+v\n%s", err, p.Stats(), e.logs)
	}
	p.Stop()
	if err := <-ended; err != nil {
		t.Error(err)
	}
	entries, err := fault.ReadLedger(ledger)
	if err != nil {
		t.Fatal(err)
	}
	handled, failed := map[fault.Entry]bool{}, 0
	for _, entry := range entries {
		if entry.Fault == "" {
			handled[entry] = true
		} else {
			failed++
		}
	}
	if len(handled) != n || failed != faults || p.Stats().Dropped != 0 {
		t.Errorf("handled = %d, faults %d, want %d and %d: %+v", len(handled), failed, n, faults, p.Stats())
	}
}
