package poller

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"

	"msklambda/lambda/kafka"
	"msklambda/lambda/kafka/kafkatest"
)

var testEncoder = newEncoder(&Config{Topic: "my.orders-eu", SourceARN: "arn:aws:kafka:x", Brokers: []string{"127.0.0.1:1", "127.0.0.1:2"}})

func encoded(r *kgo.Record) *record {
	r.Topic = "my.orders-eu"
	return &record{Record: r, json: testEncoder.record(r)}
}

func TestARecordIsWrittenAsLambdaDoes(t *testing.T) {
	at := time.UnixMilli(1545084650987)
	tests := map[string]struct {
		record kgo.Record
		want   string // after the offset
	}{
		"text": {
			kgo.Record{Offset: 15, Key: []byte("k"), Value: []byte("Hello, this is a test.")},
			`"timestamp":1545084650987,"timestampType":"CREATE_TIME","key":"aw==","value":"SGVsbG8sIHRoaXMgaXMgYSB0ZXN0Lg==","headers":[]}`,
		},
		"signed headers, in order, twice": {
			kgo.Record{Offset: 15, Key: []byte{}, Value: []byte{0xff}, Headers: []kgo.RecordHeader{
				{Key: "a", Value: []byte{118, 220, 0, 127, 128}}, {Key: "a", Value: []byte{}}, {Key: `"<&`, Value: nil},
			}},
			`"timestamp":1545084650987,"timestampType":"CREATE_TIME","key":"","value":"/w==","headers":[{"a":[118,-36,0,127,-128]},{"a":[]},{"\"<&":null}]}`,
		},
		"null at an even offset": {
			kgo.Record{Offset: 14},
			`"timestamp":1545084650987,"timestampType":"CREATE_TIME","key":null,"value":null,"headers":[]}`,
		},
		"null at an odd offset": {
			kgo.Record{Offset: 15},
			`"timestamp":1545084650987,"timestampType":"CREATE_TIME","headers":[]}`,
		},
	}
	for name, tt := range tests {
		tt.record.Timestamp = at
		want := fmt.Sprintf(`{"topic":"my.orders-eu","partition":0,"offset":%d,`, tt.record.Offset) + tt.want
		if got := string(encoded(&tt.record).json); got != want {
			t.Errorf("%s: record = %s, want %s", name, got, want)
		}
	}
}

// TestAnEventIsWhatHandlersDecode decodes an event with the handler package,
// which has tests of its own against AWS' samples.
func TestAnEventIsWhatHandlersDecode(t *testing.T) {
	var records []*record
	var want []string
	for partition := range int32(12) {
		for offset := range int64(3) {
			records = append(records, encoded(&kgo.Record{
				Partition: partition, Offset: 100 + offset, Timestamp: time.UnixMilli(1),
				Value:   fmt.Appendf(nil, "%d/%d", partition, offset),
				Headers: []kgo.RecordHeader{{Key: "h", Value: []byte{0x80, byte(partition)}}},
			}))
		}
	}
	for _, partition := range []int{0, 1, 10, 11, 2, 3, 4, 5, 6, 7, 8, 9} { // by name, as the handler sorts them
		for offset := range 3 {
			want = append(want, fmt.Sprintf("my.orders-eu[%d]@%d %d/%d h=%x", partition, 100+offset, partition, offset, []byte{0x80, byte(partition)}))
		}
	}
	event := testEncoder.event(records)
	if !json.Valid(event) {
		t.Fatalf("not JSON: %s", event)
	}
	size := testEncoder.newSize()
	got := 0
	for _, r := range records {
		got = size.add(r)
	}
	if got != len(event) {
		t.Errorf("size = %d, want %d", got, len(event))
	}
	var seen []string
	h := kafka.Handler(func(_ context.Context, r *kafka.Record) error {
		for key, value := range r.Headers() {
			seen = append(seen, fmt.Sprintf("%s %s %s=%x", r, r.Value, key, value))
		}
		return nil
	})
	if _, err := h.Invoke(t.Context(), bytes.Clone(event)); err != nil {
		t.Fatal(err)
	}
	if got, want := strings.Join(seen, "\n"), strings.Join(want, "\n"); got != want {
		t.Errorf("records = %s\nwant %s", got, want)
	}
}

// The test kit for functions and the poller are two that write events: what they write
// of a record is the same, byte for byte.
func TestARecordIsWrittenAsInTheTestKit(t *testing.T) {
	r := &kgo.Record{Partition: 3, Offset: 14, Timestamp: time.UnixMilli(1545084650987).UTC(), Value: []byte{0xff},
		Headers: []kgo.RecordHeader{{Key: `"<&`, Value: []byte{128, 0}}, {Key: "null"}, {Key: "empty", Value: []byte{}}}}
	same := kafka.Record{Topic: "my.orders-eu", Partition: r.Partition, Offset: r.Offset, Timestamp: r.Timestamp, TimestampType: "CREATE_TIME", Value: r.Value}
	var headers []kafka.Header
	for _, h := range r.Headers {
		headers = append(headers, kafka.Header{Key: h.Key, Value: h.Value})
	}
	same.SetHeaders(headers...)
	if event, record := kafkatest.Event(same), encoded(r).json; !bytes.Contains(event, record) {
		t.Errorf("the test kit writes %s, the poller %s", event, record)
	}
}

func TestAnAnswerNamesRecords(t *testing.T) {
	records := []*record{
		encoded(&kgo.Record{Partition: 0, Offset: 5}),
		encoded(&kgo.Record{Partition: 0, Offset: 6}),
		encoded(&kgo.Record{Partition: 10, Offset: 5}),
	}
	item := func(partition, offset string) string {
		return `{"itemIdentifier":{"partition":` + partition + `,"offset":` + offset + `}}`
	}
	tests := map[string]struct {
		answer string
		want   string // positions, or part of the error
	}{
		"nothing":             {``, "[]"},
		"null":                {"null\n", "[]"},
		"no list":             {`{}`, "[]"},
		"a null list":         {`{"batchItemFailures":null}`, "[]"},
		"an empty list":       {`{"batchItemFailures":[]}`, "[]"},
		"one":                 {`{"batchItemFailures":[` + item(`"my.orders-eu-0"`, `6`) + `]}`, "[0/6]"},
		"in their own order":  {`{"batchItemFailures":[` + item(`"my.orders-eu-10"`, `5`) + `,` + item(`"my.orders-eu-0"`, `5`) + `]}`, "[0/5 10/5]"},
		"twice":               {`{"batchItemFailures":[` + item(`"my.orders-eu-0"`, `5`) + `,` + item(`"my.orders-eu-0"`, `5`) + `]}`, "[0/5]"},
		"unknown offset":      {`{"batchItemFailures":[` + item(`"my.orders-eu-0"`, `6`) + `,` + item(`"my.orders-eu-0"`, `7`) + `]}`, "not in the batch"},
		"unknown partition":   {`{"batchItemFailures":[` + item(`"my.orders-eu-1"`, `5`) + `]}`, "not in the batch"},
		"no identifier":       {`{"batchItemFailures":[{}]}`, "no itemIdentifier"},
		"text for a record":   {`{"batchItemFailures":[{"itemIdentifier":"my.orders-eu-0"}]}`, "cannot unmarshal"},
		"offset as text":      {`{"batchItemFailures":[` + item(`"my.orders-eu-0"`, `"5"`) + `]}`, "cannot unmarshal"},
		"no JSON":             {`ok`, "invalid character"},
		"a text":              {`"ok"`, "cannot unmarshal"},
		"something behind it": {`{"batchItemFailures":[]} {}`, "follows"},
	}
	for name, tt := range tests {
		var got string
		if failed, err := namedRecords([]byte(tt.answer), "my.orders-eu", records); err != nil {
			got = err.Error()
		} else {
			var at []string
			for _, r := range failed {
				at = append(at, fmt.Sprintf("%d/%d", r.Partition, r.Offset))
			}
			got = fmt.Sprint(at)
		}
		if !strings.Contains(got, tt.want) {
			t.Errorf("%s: failed = %s, want %s", name, got, tt.want)
		}
	}
}

// What a pattern matches is tested beside the grammar.
func TestARecordIsWantedIfOneOfTheFiltersMatches(t *testing.T) {
	f, err := newFilters([]string{`{"value":{"state":["paid"]}}`, `{"value":["go"]}`})
	if err != nil {
		t.Fatal(err)
	}
	for value, want := range map[string]bool{`{"state":"paid"}`: true, `go`: true, `{"state":"open"}`: false, `stop`: false} {
		if got := f.match([]byte(value)); got != want {
			t.Errorf("match(%s) = %v, want %v", value, got, want)
		}
	}
	var none filters
	if !none.match(nil) || !none.match([]byte("x")) {
		t.Error("without filters a record does not match")
	}
}

func TestAFilterThatCannotBeMatchedIsRefused(t *testing.T) {
	for _, pattern := range []string{`{"value":"a"}`, `{"value":{"a":[{"wildcard":"*"}]}}`} {
		if _, err := newFilters([]string{pattern}); err == nil || !strings.Contains(err.Error(), "filter "+pattern) {
			t.Errorf("newFilters(%s) = %v, want an error that names it", pattern, err)
		}
	}
}
