package poller

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"

	"msklambda/test/local/internal/sandbox"
)

// script is a function that answers as its test says, and keeps what it got.
type script struct {
	mu     sync.Mutex
	answer func(n int, positions []string) sandbox.Result // n counts from 1
	got    []string                                       // of each invocation, its records
	sizes  []int

	after func(ctx context.Context, opts []kgo.Opt) // all is committed
}

func (s *script) Invoke(_ context.Context, payload []byte) (sandbox.Result, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	var event struct {
		Records map[string][]struct {
			Partition int32
			Offset    int64
		}
	}
	if err := json.Unmarshal(payload, &event); err != nil {
		return sandbox.Result{}, err
	}
	var at []string
	for _, records := range event.Records {
		for _, r := range records {
			at = append(at, fmt.Sprintf("%d/%02d", r.Partition, r.Offset))
		}
	}
	slices.Sort(at)
	s.got = append(s.got, strings.Join(at, " "))
	s.sizes = append(s.sizes, len(payload))
	if s.answer == nil {
		return sandbox.Result{}, nil
	}
	return s.answer(len(s.got), at), nil
}

func (s *script) count() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.got)
}

// text are the records of all invocations.
func (s *script) text() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return strings.Join(s.got, " ")
}

func failed() sandbox.Result {
	return sandbox.Result{RequestID: "r1", FunctionError: "Unhandled", Payload: []byte(`{"errorMessage":"no"}`)}
}

func named(offsets ...int) sandbox.Result {
	var items []string
	for _, o := range offsets {
		items = append(items, fmt.Sprintf(`{"itemIdentifier":{"partition":"orders-0","offset":%d}}`, o))
	}
	return sandbox.Result{Payload: []byte(`{"batchItemFailures":[` + strings.Join(items, ",") + `]}`)}
}

// poll runs a poller over values, one record each in one partition, until all
// is committed, and returns what it has counted.
func poll(t *testing.T, s *script, values []string, edit func(*Config)) Stats {
	t.Helper()
	k := startKafka(t, "orders:1,dead:1")
	k.produce(t, func(client *kgo.Client, ctx context.Context) error {
		for _, v := range values {
			if err := client.ProduceSync(ctx, &kgo.Record{Topic: "orders", Key: []byte("k"), Value: []byte(v)}).FirstErr(); err != nil {
				return err
			}
		}
		return nil
	})
	c := Config{Brokers: k.Brokers(), Client: k.opts, Function: s, RetryAttempts: -1, Window: 20 * time.Millisecond}
	if edit != nil {
		edit(&c)
	}
	stats := k.poll(t, c).Stats()
	if s.after != nil {
		s.after(t.Context(), k.opts)
	}
	return stats
}

func numbers(n int) []string {
	var values []string
	for i := range n {
		values = append(values, fmt.Sprintf(`{"n":%d}`, i))
	}
	return values
}

func TestWhatIsInvokedWithWhat(t *testing.T) {
	poison := func(bad string) func(int, []string) sandbox.Result {
		return func(_ int, at []string) sandbox.Result {
			if slices.Contains(at, bad) {
				return failed()
			}
			return sandbox.Result{}
		}
	}
	first := func(answer sandbox.Result) func(int, []string) sandbox.Result {
		return func(n int, _ []string) sandbox.Result {
			if n == 1 {
				return answer
			}
			return sandbox.Result{}
		}
	}
	partial := func(c *Config) { c.ReportBatchItemFailures = true }
	all := "0/00 0/01 0/02 0/03"
	tests := map[string]struct {
		answer  func(int, []string) sandbox.Result
		edit    func(*Config)
		want    []string
		dropped int
	}{
		"success":                    {want: []string{all}},
		"batch size":                 {edit: func(c *Config) { c.BatchSize = 3 }, want: []string{"0/00 0/01 0/02", "0/03"}},
		"an error: the batch again":  {answer: first(failed()), want: []string{all, all}},
		"a partial answer":           {answer: first(named(1, 3)), edit: partial, want: []string{all, "0/01 0/03"}},
		"one that is not asked for":  {answer: first(named(1, 3)), want: []string{all}},
		"one with an unknown offset": {answer: first(named(1, 9)), edit: partial, want: []string{all, all}},
		"one that is malformed":      {answer: first(sandbox.Result{Payload: []byte(`"ok"`)}), edit: partial, want: []string{all, all}},
		"retries end":                {answer: poison("0/01"), edit: func(c *Config) { c.RetryAttempts = 2 }, want: []string{all, all, all}, dropped: 4},
		"no retries":                 {answer: poison("0/01"), edit: func(c *Config) { c.RetryAttempts = 0 }, want: []string{all}, dropped: 4},
		"retries end, partial answers": {
			answer: func(_ int, at []string) sandbox.Result {
				if len(at) == 4 {
					return named(2, 3)
				}
				return named(2)
			},
			edit:    func(c *Config) { c.RetryAttempts = 2; c.ReportBatchItemFailures = true },
			want:    []string{all, "0/02 0/03", "0/02"},
			dropped: 1,
		},
		"bisect": {
			answer:  poison("0/01"),
			edit:    func(c *Config) { c.RetryAttempts, c.BisectOnError = 1, true },
			want:    []string{all, "0/00 0/01", "0/00", "0/01", "0/01", "0/02 0/03"},
			dropped: 1,
		},
		"bisect, partial answers": {
			answer: func(_ int, at []string) sandbox.Result {
				switch len(at) {
				case 4:
					return named(1, 2, 3)
				case 2:
					return named(1, 2)
				}
				if at[0] == "0/01" {
					return named(1)
				}
				return sandbox.Result{}
			},
			edit:    func(c *Config) { c.RetryAttempts, c.BisectOnError, c.ReportBatchItemFailures = 0, true, true },
			want:    []string{all, "0/01 0/02", "0/01", "0/02", "0/03"},
			dropped: 1,
		},
		"record age": {
			answer:  poison("0/01"),
			edit:    func(c *Config) { c.MaxRecordAge = time.Nanosecond },
			dropped: 4,
		},
		"filter": {
			edit: func(c *Config) { c.Filters = []string{`{"value":{"n":[{"numeric":[">=",2]}]}}`} },
			want: []string{"0/02 0/03"},
		},
		"filter out all": {
			edit: func(c *Config) { c.Filters = []string{`{"value":{"n":[{"numeric":[">=",4]}]}}`} },
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			s := &script{answer: tt.answer}
			stats := poll(t, s, numbers(4), tt.edit)
			if !slices.Equal(s.got, tt.want) {
				t.Errorf("invocations = %q, want %q", s.got, tt.want)
			}
			if stats.Dropped != tt.dropped {
				t.Errorf("dropped = %d, want %d", stats.Dropped, tt.dropped)
			}
			if got := stats.Handled + stats.FilteredOut + stats.Dropped; got != 4 || stats.Polled != 4 {
				t.Errorf("handled, filtered out and dropped = %d of %d, want 4 of 4: %+v", got, stats.Polled, stats)
			}
		})
	}
}

// TestAnEventIsAtMostSixMB: an event of just that size is sent, and a record
// that makes it one base64 group larger goes to the destination.
func TestAnEventIsAtMostSixMB(t *testing.T) {
	s := &script{}
	poll(t, s, []string{""}, nil)
	alone := s.sizes[0] // an event of one record without a value
	fits := strings.Repeat("x", (DefaultMaxPayload-alone)/4*3)
	path := filepath.Join(t.TempDir(), "failures")
	file, err := OpenFile(path)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	s = &script{}
	stats := poll(t, s, []string{fits, fits + "y", "last"}, func(c *Config) { c.OnFailure = file })
	if want := []string{"0/00", "0/02"}; !slices.Equal(s.got, want) {
		t.Errorf("invocations = %q, want %q", s.got, want)
	}
	if got, least := s.sizes[0], DefaultMaxPayload-8; got < least || got > DefaultMaxPayload {
		t.Errorf("largest event = %d bytes, want %d to %d", got, least, DefaultMaxPayload)
	}
	if stats.Delivered != 1 || stats.Handled != 2 {
		t.Errorf("stats = %+v, want 2 handled and 1 delivered", stats)
	}
	f := readFile(t, path)
	if len(f) != 1 {
		t.Fatalf("failures = %d, want 1", len(f))
	}
	if got, want := f[0].RequestContext, (requestContext{nil, "arn:f", tooLarge, 0}); got != want {
		t.Errorf("requestContext = %+v, want %+v", got, want)
	}
	if f[0].ResponseContext != nil {
		t.Errorf("responseContext = %+v, want null", f[0].ResponseContext)
	}
	if got := f[0].KafkaBatchInfo.PayloadSize; got <= DefaultMaxPayload {
		t.Errorf("payloadSize = %d, want more than %d", got, DefaultMaxPayload)
	}
}

func readFile(t *testing.T, path string) []Failure {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var all []Failure
	lines := bufio.NewScanner(bytes.NewReader(text))
	lines.Buffer(nil, 64<<20)
	for lines.Scan() {
		var f Failure
		if err := json.Unmarshal(lines.Bytes(), &f); err != nil {
			t.Fatal(err)
		}
		all = append(all, f)
	}
	if err := lines.Err(); err != nil {
		t.Fatal(err)
	}
	return all
}

func TestAFailureSaysWhatHasFailed(t *testing.T) {
	path := filepath.Join(t.TempDir(), "failures")
	file, err := OpenFile(path)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	s := &script{answer: func(int, []string) sandbox.Result { return failed() }}
	stats := poll(t, s, numbers(3), func(c *Config) { c.OnFailure = file }) // retries are endless: 10
	if stats.Invocations != 11 || stats.Delivered != 3 {
		t.Errorf("stats = %+v, want 11 invocations and 3 records delivered", stats)
	}
	all := readFile(t, path)
	if len(all) != 1 {
		t.Fatalf("failures = %d, want 1", len(all))
	}
	f := all[0]
	if got := f.RequestContext; *got.RequestID != "r1" || got.Condition != exhausted || got.InvokeCount != 11 {
		t.Errorf("requestContext = %+v, want request r1, %s, 11", got, exhausted)
	}
	if got := f.ResponseContext; got == nil || *got.FunctionError != "Unhandled" || got.StatusCode != 200 {
		t.Errorf("responseContext = %+v, want Unhandled and 200", got)
	}
	info := f.KafkaBatchInfo.RecordsInfo["orders-0"]
	if f.KafkaBatchInfo.BatchSize != 3 || info.FirstRecordOffset != "0" || info.LastRecordOffset != "2" {
		t.Errorf("KafkaBatchInfo = %+v, want 3 records from 0 to 2", f.KafkaBatchInfo)
	}
	if len(f.Payload) != f.KafkaBatchInfo.PayloadSize || !strings.Contains(f.Payload, `"eventSourceArn":"arn:s"`) {
		t.Errorf("payload = %s, want the event of %d bytes", f.Payload, f.KafkaBatchInfo.PayloadSize)
	}
}

func TestATopicGetsTheRecordsThemselves(t *testing.T) {
	s := &script{
		answer: func(int, []string) sandbox.Result { return failed() },
		after: func(ctx context.Context, opts []kgo.Opt) {
			client, err := kgo.NewClient(append(opts, kgo.ConsumeTopics("dead"))...)
			if err != nil {
				t.Fatal(err)
			}
			defer client.Close()
			var records []*kgo.Record
			for len(records) < 2 {
				fetches := client.PollFetches(ctx)
				if err := fetches.Err(); err != nil {
					t.Fatal(err)
				}
				records = append(records, fetches.Records()...)
			}
			for i, r := range records {
				var f Failure
				if err := json.Unmarshal(r.Value, &f); err != nil {
					t.Fatal(err)
				}
				if f.RequestContext.Condition != "RetriesExhausted" || string(r.Key) != "k" || !strings.Contains(f.Payload, fmt.Sprintf(`"offset":%d,`, i)) {
					t.Errorf("record %d = %s: %s, want k with offset %d and RetriesExhausted", i, r.Key, r.Value, i)
				}
			}
		},
	}
	stats := poll(t, s, numbers(2), func(c *Config) {
		topic, err := OpenTopic(c.Brokers, "dead", c.Client...)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { topic.Close() })
		c.OnFailure, c.RetryAttempts = topic, 0
	})
	if stats.Delivered != 2 {
		t.Errorf("delivered = %d, want 2", stats.Delivered)
	}
}

func TestADestinationThatFailsIsTriedAgain(t *testing.T) {
	d := &flaky{left: 3}
	s := &script{answer: func(int, []string) sandbox.Result { return failed() }}
	stats := poll(t, s, numbers(2), func(c *Config) { c.OnFailure, c.RetryAttempts = d, 0 })
	if stats.Delivered != 2 || stats.DeliveryErrors != 3 || stats.Dropped != 0 {
		t.Errorf("stats = %+v, want 2 delivered after 3 errors and none dropped", stats)
	}
}

type flaky struct{ left int }

func (d *flaky) Deliver(context.Context, *Failure) error {
	if d.left == 0 {
		return nil
	}
	d.left--
	return errors.New("not now")
}
