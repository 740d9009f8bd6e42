package kafkatest_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"msklambda/lambda/kafka"
	"msklambda/lambda/kafka/kafkatest"
)

// everything has all that a record can have.
func everything() []kafka.Record {
	records := kafkatest.Keyed("orders", 0, 7, "a", "1", "b", "2", "", "")
	records[1].Value = nil
	records[1].SetHeaders(kafka.Header{Key: "trace<id>", Value: []byte{0, 127, 128, 255}}, kafka.Header{Key: "null"}, kafka.Header{Key: "empty", Value: []byte{}})
	records[2].KeySchema = &kafka.Schema{DataFormat: "AVRO", SchemaID: "1"}
	records[2].ValueSchema = &kafka.Schema{DataFormat: "JSON", SchemaID: "2"}
	bare := kafka.Record{Topic: "orders-eu", Partition: 12, Offset: 1<<63 - 1}
	return append(records, bare)
}

func describe(r *kafka.Record) string {
	s := fmt.Sprintf("%s %v %q key %#v value %#v", r, r.Timestamp.UTC(), r.TimestampType, r.Key, r.Value)
	for key, value := range r.Headers() {
		s += fmt.Sprintf(" %q:%#v", key, value)
	}
	if r.KeySchema != nil {
		s += fmt.Sprintf(" %+v %+v", *r.KeySchema, *r.ValueSchema)
	}
	return s
}

func TestEachVariantIsTheSameRecords(t *testing.T) {
	var want []string
	records := everything()
	for i := range records {
		want = append(want, describe(&records[i]))
	}
	forms := map[string]string{}
	for name, event := range kafkatest.Variants(records...) {
		if before, ok := forms[string(event)]; ok {
			t.Errorf("%s is the same as %s", name, before)
		}
		forms[string(event)] = name
		var got []string
		h := kafka.Handler(func(_ context.Context, r *kafka.Record) error {
			got = append(got, describe(r))
			return nil
		})
		if result := kafkatest.Run(t, h, event, kafkatest.Provisioned); result.Err != nil || !slices.Equal(got, want) {
			t.Errorf("%s: records = %s, %v\nwant %s", name, strings.Join(got, "\n"), result.Err, strings.Join(want, "\n"))
		}
	}
	if len(forms) != 7 {
		t.Errorf("variants = %d, want 7", len(forms))
	}
}

func TestTheEventIsAsDocumented(t *testing.T) {
	r := kafkatest.Keyed("orders", 0, 7, "a", "1")
	r[0].SetHeaders(kafka.Header{Key: "h", Value: []byte{200}})
	want := `{"eventSource":"aws:kafka","eventSourceArn":"arn:aws:kafka:eu-central-1:111122223333:cluster/demo/751d2973-a626-431c-9d4e-d7975eb44dd7-2",` +
		`"bootstrapServers":"b-1.demo.a1bcde.c1.kafka.eu-central-1.amazonaws.com:9098,b-2.demo.a1bcde.c1.kafka.eu-central-1.amazonaws.com:9098",` +
		`"records":{"orders-0":[{"topic":"orders","partition":0,"offset":7,"timestamp":1735689600000,"timestampType":"CREATE_TIME","key":"YQ==","value":"MQ==","headers":[{"h":[-56]}]}]}}`
	if got := string(kafkatest.Event(r...)); got != want {
		t.Errorf("event = %s\nwant    %s", got, want)
	}
}

var errBoom = errors.New("boom")

// failing fails at these positions.
func failing(positions ...string) func(context.Context, *kafka.Record) error {
	return func(_ context.Context, r *kafka.Record) error {
		if slices.Contains(positions, r.String()) {
			return errBoom
		}
		return nil
	}
}

func TestRunSaysWhatComesAgain(t *testing.T) {
	event := kafkatest.Event(append(kafkatest.Records("orders", 0, 7, "a", "b", "c"), kafkatest.Records("orders", 1, 0, "d")...)...)
	tests := map[string]struct {
		fn       func(context.Context, *kafka.Record) error
		mode     kafkatest.Mode
		want     string
		wantErr  bool
		wantRuns string // what Redeliver's results are, at most three
	}{
		"nothing": {failing(), kafkatest.OnDemand, "[]", false, "[]"},
		"provisioned": {
			failing("orders[0]@8"), kafkatest.Provisioned, "[orders[0]@8 orders[0]@9]", false,
			"[orders[0]@8 orders[0]@9] [orders[0]@8 orders[0]@9] [orders[0]@8 orders[0]@9]",
		},
		"on-demand": {
			failing("orders[1]@0"), kafkatest.OnDemand, "[orders[0]@7 orders[0]@8 orders[0]@9 orders[1]@0]", true,
			strings.TrimSpace(strings.Repeat("[orders[0]@7 orders[0]@8 orders[0]@9 orders[1]@0] ", 3)),
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			h := kafka.Handler(test.fn)
			result := kafkatest.Run(t, h, event, test.mode)
			if got := fmt.Sprint(result.Failed()); got != test.want || (result.Err != nil) != test.wantErr {
				t.Errorf("failed = %s, %v, want %s", got, result.Err, test.want)
			}
			var runs []string
			for _, r := range kafkatest.Redeliver(t, h, event, test.mode, 3) {
				runs = append(runs, fmt.Sprint(r.Failed()))
			}
			if got := strings.Join(runs, " "); got != test.wantRuns {
				t.Errorf("deliveries = %s, want %s", got, test.wantRuns)
			}
		})
	}
}

func TestRunOverwritesThePayload(t *testing.T) {
	var kept []byte
	h := kafka.Handler(func(_ context.Context, r *kafka.Record) error { kept = r.Value; return nil })
	kafkatest.Run(t, h, kafkatest.Event(kafkatest.Records("t", 0, 0, "value")...), kafkatest.OnDemand)
	if string(kept) != "#####" {
		t.Errorf("a value that is kept = %q, want it overwritten", kept)
	}
}

func TestAByteOrderMarkIsNoPartOfAnEvent(t *testing.T) {
	event := append([]byte("\xef\xbb\xbf"), kafkatest.Event(kafkatest.Records("t", 0, 0, "a")...)...)
	path := filepath.Join(t.TempDir(), "event.json")
	if err := os.WriteFile(path, event, 0o600); err != nil {
		t.Fatal(err)
	}
	for name, event := range map[string][]byte{"given": event, "of a file": kafkatest.Load(t, path)} {
		n := 0
		h := kafka.Handler(func(context.Context, *kafka.Record) error { n++; return nil })
		if result := kafkatest.Run(t, h, event, kafkatest.OnDemand); result.Err != nil || n != 1 {
			t.Errorf("%s: records = %d, %v, want 1", name, n, result.Err)
		}
	}
}

// recorder is a test that notes its errors.
type recorder struct {
	testing.TB
	errors []string
}

func (r *recorder) Helper()             {}
func (r *recorder) Logf(string, ...any) {}
func (r *recorder) Errorf(format string, args ...any) {
	r.errors = append(r.errors, fmt.Sprintf(format, args...))
}

// answers is a handler that answers as it likes.
type answers string

func (a answers) Invoke(context.Context, []byte) ([]byte, error) { return []byte(a), nil }

func TestRunNoticesAnswersThatLoseRecords(t *testing.T) {
	const item = `{"itemIdentifier":{"partition":"t-0","offset":1}}`
	event := kafkatest.Event(kafkatest.Records("t", 0, 1, "a", "b")...)
	tests := map[string]struct {
		answer string
		mode   kafkatest.Mode
		failed string
		want   string
	}{
		"fine":             {`{"batchItemFailures":[` + item + `]}`, kafkatest.Provisioned, "[t[0]@1]", "[]"},
		"nothing":          {``, kafkatest.Provisioned, "[]", "[]"},
		"null":             {`null`, kafkatest.Provisioned, "[]", "[]"},
		"to nobody":        {`{"batchItemFailures":[` + item + `]}`, kafkatest.OnDemand, "[]", "which do not read it"},
		"twice":            {`{"batchItemFailures":[` + item + `,` + item + `]}`, kafkatest.Provisioned, "[t[0]@1]", "names t[0]@1 twice"},
		"no JSON":          {`?`, kafkatest.Provisioned, "[t[0]@1 t[0]@2]", "not what Lambda reads"},
		"unknown offset":   {strings.Replace(`{"batchItemFailures":[`+item+`]}`, ":1", ":9", 1), kafkatest.Provisioned, "[t[0]@1 t[0]@2]", `offset 9 of "t-0", which the event does not have`},
		"no offset":        {`{"batchItemFailures":[{"itemIdentifier":{"partition":"t-0"}}]}`, kafkatest.Provisioned, "[t[0]@1 t[0]@2]", "without partition or offset"},
		"unknown partiton": {strings.Replace(`{"batchItemFailures":[`+item+`]}`, "t-0", "t-1", 1), kafkatest.Provisioned, "[t[0]@1 t[0]@2]", `offset 1 of "t-1", which the event does not have`},
	}
	for name, test := range tests {
		r := &recorder{TB: t}
		result := kafkatest.Run(r, answers(test.answer), event, test.mode)
		if got := fmt.Sprint(result.Failed()); got != test.failed {
			t.Errorf("%s: failed = %s, want %s", name, got, test.failed)
		}
		if got := fmt.Sprint(r.errors); !strings.Contains(got, test.want) || len(r.errors) > 1 {
			t.Errorf("%s: errors = %s, want %s", name, got, test.want)
		}
	}
}

// once notes the records that it gets, each one time.
type once struct {
	mu      sync.Mutex
	charged map[string]int
}

func newOnce() *once { return &once{charged: map[string]int{}} }

func (o *once) process(_ context.Context, r *kafka.Record) error {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.charged[r.String()] == 0 {
		o.charged[r.String()]++
	}
	return nil
}

func (o *once) count(position string) int { return o.charged[position] }

// A function that remembers what it did stands everything, in every form.
func TestAtEachRecordLeavesARightFunctionAlone(t *testing.T) {
	records := append(kafkatest.Keyed("orders", 0, 7, "a", "1", "b", "2", "a", "3"), kafkatest.Keyed("orders", 1, 0, "c", "4")...)
	for _, mode := range []kafkatest.Mode{kafkatest.OnDemand, kafkatest.Provisioned} {
		for name, opts := range map[string][]kafka.Option{
			"in order":  nil,
			"by key":    {kafka.ConcurrencyByKey(4)},
			"go on":     {kafka.ContinueOnError()},
			"retrying":  {kafka.Retry(kafka.Backoff{First: time.Microsecond, Attempts: 2})},
			"at once":   {kafka.Concurrency(2)},
			"by key, 1": {kafka.ConcurrencyByKey(1), kafka.ContinueOnError()},
		} {
			t.Run(mode.String()+"/"+name, func(t *testing.T) {
				kafkatest.AtEachRecord(t, mode, records, func(t *testing.T) (kafka.Invoker, func([]kafkatest.Result)) {
					seen := newOnce()
					return kafka.Handler(seen.process, opts...), func(deliveries []kafkatest.Result) {
						for i := range records {
							if n := seen.count(records[i].String()); n != 1 {
								t.Errorf("%s was charged %d times, want once", &records[i], n)
							}
						}
						if n := len(deliveries); n > 2 {
							t.Errorf("deliveries = %d, want 2 at most", n)
						}
					}
				})
			})
		}
	}
}
