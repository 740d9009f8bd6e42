package redrive

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"msklambda/constructs/filter"
	"msklambda/lambda/admin/ask"
	"msklambda/lambda/kafka"
	"msklambda/lambda/kafka/deadletter"
)

const (
	function = "arn:aws:lambda:us-east-1:111122223333:function:orders"
	cluster  = "arn:aws:kafka:us-east-1:111122223333:cluster/demo/1-2"
)

// document of offsets alone, as SQS gets it: AWS' example with other names.
func document1(topic string, size int, ranges ...Range) string {
	info := map[string]map[string]string{}
	for _, r := range ranges {
		info[fmt.Sprintf("%s-%d", topic, r.Partition)] = map[string]string{"firstRecordOffset": fmt.Sprint(r.First), "lastRecordOffset": fmt.Sprint(r.Last),
			"firstRecordTimestamp": "2019-11-14T00:38:06.021Z", "lastRecordTimestamp": "2019-11-14T00:38:06.021Z"}
	}
	text, _ := json.Marshal(map[string]any{
		"requestContext":  map[string]any{"requestId": "316aa6d0", "functionArn": function, "condition": "RetryAttemptsExhausted", "approximateInvokeCount": 1},
		"responseContext": map[string]any{"statusCode": 200, "executedVersion": "$LATEST", "functionError": "Unhandled"},
		"version":         "1.0", "timestamp": "2019-11-14T00:38:06.021Z",
		"KafkaBatchInfo": map[string]any{"batchSize": size, "eventSourceArn": cluster, "bootstrapServers": "b-1:9098", "payloadSize": 162, "recordsInfo": info},
	})
	return string(text)
}

func withPayload(doc, payload string) string {
	text, _ := json.Marshal(payload)
	return strings.TrimSuffix(doc, "}") + `,"payload":` + string(text) + "}"
}

// fake is a destination in memory.
type fake struct {
	messages []*Message
	at       int
	removed  []string
	left     []string
	closed   bool
	fail     error // of Remove
}

func (f *fake) Next(context.Context) (*Message, error) {
	if f.at == len(f.messages) {
		return nil, nil
	}
	f.at++
	return f.messages[f.at-1], nil
}

func (f *fake) Remove(_ context.Context, m *Message) error {
	if f.fail == nil {
		f.removed = append(f.removed, m.ID)
	}
	return f.fail
}
func (f *fake) Leave(_ context.Context, m *Message, ours bool) { f.left = append(f.left, m.ID) }
func (f *fake) Close(context.Context) error                    { f.closed = true; return nil }

func messages(bodies ...string) *fake {
	f := &fake{}
	for i, body := range bodies {
		f.messages = append(f.messages, &Message{ID: fmt.Sprint(i), Body: []byte(body), Sent: time.Now()})
	}
	return f
}

func value(n int64) ask.Record {
	return ask.Record{Topic: "orders", Partition: 0, Offset: n, Timestamp: 1700000000000 + n, Key: []byte("k"), Value: fmt.Appendf(nil, `{"n":%d}`, n),
		Headers: []ask.Header{{Key: "h", Value: []byte{0xff, 1}}, {Key: "none"}}}
}

// topic has records 0 to 99.
func topic(_ context.Context, r Range) (out []ask.Record, err error) {
	if r.Last > 99 {
		return nil, errors.New("gone")
	}
	for n := r.First; n <= r.Last; n++ {
		out = append(out, value(n))
	}
	return out, nil
}

// handler is a function of lambda/kafka that collects what it is given.
type handler struct {
	t      *testing.T
	seen   []string
	calls  int
	answer func(call int) ([]byte, error)
}

func (h *handler) invoke(ctx context.Context, event []byte) ([]byte, error) {
	h.calls++
	h.t.Setenv(kafka.ReportBatchItemFailuresEnv, "true")
	answer, err := kafka.Handler(func(_ context.Context, r *kafka.Record) error {
		text := r.String() + "=" + string(r.Value)
		for key, value := range r.Headers() {
			text += fmt.Sprintf(" %s:%v", key, value)
		}
		h.seen = append(h.seen, text)
		return nil
	}).Invoke(ctx, event)
	if err != nil || h.answer == nil {
		return answer, err
	}
	return h.answer(h.calls)
}

func naming(offsets ...int64) []byte {
	var items []string
	for _, o := range offsets {
		items = append(items, fmt.Sprintf(`{"itemIdentifier":{"partition":"orders-0","offset":%d}}`, o))
	}
	return []byte(`{"batchItemFailures":[` + strings.Join(items, ",") + "]}")
}

func run(t *testing.T, c Config) (Summary, []Outcome) {
	t.Helper()
	var outcomes []Outcome
	c.Report = func(o Outcome) { outcomes = append(outcomes, o) }
	s, err := Run(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	return s, outcomes
}

func eventText(t *testing.T, from, to int64) string {
	t.Helper()
	records, _ := topic(t.Context(), Range{First: from, Last: to})
	var in []Record
	for i := range records {
		in = append(in, RecordOf(&records[i]))
	}
	all, err := events(&Batch{Cluster: cluster}, in)
	if err != nil || len(all) != 1 {
		t.Fatal(err)
	}
	return string(all[0].text)
}

func TestEachFormIsHandledWhole(t *testing.T) {
	offsets := Range{"orders", 0, 3, 5}
	at := time.UnixMilli(1700000000003).UTC()
	letter, err := deadletter.Letter{Topic: "orders", Partition: 0, Offset: 3, Timestamp: &at, Key: []byte("k"), Value: []byte(`{"n":3}`),
		Headers: []deadletter.Header{{Key: "h", Value: []byte{0xff, 1}}, {Key: "none"}}, Error: "no such customer", Attempts: 3}.JSON()
	if err != nil {
		t.Fatal(err)
	}
	one := value(3)
	notification, _ := json.Marshal(map[string]string{"Type": "Notification", "TopicArn": "arn:aws:sns:us-east-1:111122223333:failed", "Message": document1("orders", 3, offsets)})
	for name, c := range map[string]struct {
		message *Message
		want    int // records, from 3 on
	}{
		"offsets of SQS":      {&Message{Body: []byte(document1("orders", 3, offsets))}, 3},
		"payload of S3":       {&Message{Body: []byte(withPayload(document1("orders", 3, offsets), eventText(t, 3, 5)))}, 3},
		"record of Kafka":     {&Message{Body: []byte(withPayload(document1("orders", 3, offsets), string(RecordOf(&one).JSON)))}, 1},
		"notification of SNS": {&Message{Body: notification}, 3},
		"letter":              {&Message{Body: letter}, 1},
		"letter of a topic": {&Message{Key: []byte("k"), Body: []byte(`{"n":3}`), Headers: []ask.Header{{Key: "h", Value: []byte{0xff, 1}}, {Key: "none"},
			{Key: deadletter.Topic, Value: []byte("orders")}, {Key: deadletter.Partition, Value: []byte("0")}, {Key: deadletter.Offset, Value: []byte("3")},
			{Key: deadletter.Error, Value: []byte("no such customer")}}}, 1},
	} {
		f := &fake{messages: []*Message{c.message}}
		h := &handler{t: t}
		s, out := run(t, Config{Source: f, Function: function + ":live", Cluster: cluster, Topic: "orders", Invoke: h.invoke, Read: topic, Apply: true})
		if s.Done != 1 || s.Handled != c.want || len(f.removed) != 1 || !f.closed {
			t.Errorf("%s: %+v, %+v, want %d handled", name, s, out, c.want)
			continue
		}
		for i, got := range h.seen {
			if want := fmt.Sprintf("orders[0]@%d={\"n\":%d} h:[255 1] none:[]", 3+i, 3+i); got != want {
				t.Errorf("%s: record %d = %s, want %s", name, i, got, want)
			}
		}
	}
}

func TestADryRunDoesNothing(t *testing.T) {
	f := messages(document1("orders", 3, Range{"orders", 0, 3, 5}), document1("orders", 1, Range{"orders", 0, 9, 9}))
	s, out := run(t, Config{Source: f, Topic: "orders", Read: topic, Invoke: func(context.Context, []byte) ([]byte, error) {
		t.Error("the function was invoked")
		return nil, nil
	}})
	if s.Messages != 2 || s.Records != 4 || s.Done != 0 || len(f.removed) != 0 || out[0].Status != Would || out[0].From != "orders-0@3..5" {
		t.Errorf("%+v, %+v", s, out)
	}
}

func TestWhatIsLeftWhereItIs(t *testing.T) {
	ours := document1("orders", 3, Range{"orders", 0, 3, 5})
	for name, c := range map[string]struct {
		body   string
		edit   func(*Config)
		status Status
		why    string
	}{
		"no JSON":            {"hello", nil, NotOne, "no JSON object"},
		"null":               {"null", nil, NotOne, "no KafkaBatchInfo"},
		"another event":      {`{"Records":[]}`, nil, NotOne, "no KafkaBatchInfo"},
		"another function":   {strings.Replace(ours, ":function:orders", ":function:refunds", 1), nil, NotOne, "of the function"},
		"another cluster":    {strings.Replace(ours, "cluster/demo", "cluster/other", 1), nil, NotOne, "of the cluster"},
		"another topic":      {document1("refunds", 1, Range{"refunds", 0, 1, 1}), nil, NotOne, "of the topic refunds"},
		"wrong ranges":       {document1("orders", 3, Range{"orders", 0, 5, 3}), nil, NotOne, "from 5 to 3"},
		"gone":               {document1("orders", 1, Range{"orders", 0, 100, 100}), nil, Left, "gone"},
		"more than failed":   {document1("orders", 2, Range{"orders", 0, 3, 5}), nil, Left, "2 records failed, and 3 are between their offsets now: some of them were handled"},
		"fewer than failed":  {document1("orders", 4, Range{"orders", 0, 3, 5}), nil, Left, "some are gone"},
		"a registry":         {ours, func(c *Config) { c.Read = nil }, Left, "schema registry"},
		"not yet":            {ours, func(c *Config) { c.Source.(*fake).messages[0].NotYet = errors.New("too new") }, Left, "too new"},
		"function fails":     {ours, func(c *Config) { c.Invoke = failing("boom") }, Left, "boom"},
		"cannot be removed":  {ours, func(c *Config) { c.Source.(*fake).fail = errors.New("denied") }, Left, "it was handled, and was not removed: denied"},
		"too large":          {withPayload(ours, strings.Replace(eventText(t, 3, 3), `"key":"`, `"key":"`+strings.Repeat("A", 6<<20), 1)), nil, Left, "it fits into none"},
		"names what was not": {ours, func(c *Config) { c.Invoke = answering(naming(77)) }, Left, "orders-0@77, which it was not given"},
		"names by no place":  {ours, named(`[{}]`), Left, "names a record without an offset"},
		"names by null":      {ours, named(`[{"itemIdentifier":null}]`), Left, "names a record without an offset"},
		"names by a text":    {ours, named(`[{"itemIdentifier":"orders-0@4"}]`), Left, "batchItemFailures cannot be read"},
		"names by no text":   {ours, named(`[{"itemIdentifier":""}]`), Left, "batchItemFailures cannot be read"},
		"an offset in a text": {ours, named(`[{"itemIdentifier":{"partition":"orders-0","offset":"4"}}]`), Left,
			"batchItemFailures cannot be read"},
		"names in no list": {ours, named(`{"itemIdentifier":{"partition":"orders-0","offset":4}}`), Left, "batchItemFailures cannot be read"},
	} {
		f := messages(c.body)
		h := &handler{t: t}
		cfg := Config{Source: f, Function: function, Cluster: cluster, Topic: "orders", Invoke: h.invoke, Read: topic, Apply: true}
		if c.edit != nil {
			c.edit(&cfg)
		}
		_, out := run(t, cfg)
		if out[0].Status != c.status || !strings.Contains(out[0].Why, c.why) || len(f.removed) != 0 || len(f.left) != 1 {
			t.Errorf("%s: %+v, removed %v, want %s: %s", name, out, f.removed, c.status, c.why)
		}
	}
}

func failing(text string) func(context.Context, []byte) ([]byte, error) {
	return func(context.Context, []byte) ([]byte, error) { return nil, errors.New(text) }
}

func answering(answer []byte) func(context.Context, []byte) ([]byte, error) {
	return func(context.Context, []byte) ([]byte, error) { return answer, nil }
}

// named is a function whose answer has something in place of the records that failed.
func named(failures string) func(*Config) {
	return func(c *Config) { c.Invoke = answering([]byte(`{"batchItemFailures":` + failures + `}`)) }
}

func TestAnswersThatNameNothing(t *testing.T) {
	for _, answer := range []string{"", "null", `"done"`, "3", "[]", "{}", `{"batchItemFailures":null}`, `{"batchItemFailures":[]}`} {
		f := messages(document1("orders", 3, Range{"orders", 0, 3, 5}))
		s, out := run(t, Config{Source: f, Function: function, Cluster: cluster, Topic: "orders", Invoke: answering([]byte(answer)), Read: topic, Apply: true})
		if s.Done != 1 || s.Handled != 3 || len(f.removed) != 1 {
			t.Errorf("%q: %+v, want all of it handled and removed", answer, out)
		}
	}
}

func TestOnlyWhatFailsIsTriedAgain(t *testing.T) {
	f := messages(document1("orders", 3, Range{"orders", 0, 3, 5}))
	h := &handler{t: t}
	h.answer = func(call int) ([]byte, error) {
		if call == 1 {
			return naming(4, 5), nil
		}
		return naming(), nil
	}
	s, _ := run(t, Config{Source: f, Invoke: h.invoke, Read: topic, Apply: true, Tries: 2})
	if s.Done != 1 || h.calls != 2 || len(h.seen) != 5 || !strings.HasPrefix(h.seen[3], "orders[0]@4") {
		t.Errorf("%+v after %d calls of %q, want 4 and 5 again and then done", s, h.calls, h.seen)
	}
	f, h = messages(document1("orders", 3, Range{"orders", 0, 3, 5})), &handler{t: t, answer: func(int) ([]byte, error) { return naming(5), nil }}
	_, out := run(t, Config{Source: f, Invoke: h.invoke, Read: topic, Apply: true, Tries: 1})
	if out[0].Status != Left || out[0].Handled != 2 || len(out[0].Failed) != 1 || out[0].Failed[0].Offset != 5 || len(f.removed) != 0 {
		t.Errorf("%+v, removed %v, want it left with 5", out, f.removed)
	}
}

func TestFiltersOfTheMapping(t *testing.T) {
	p, err := filter.Parse(`{"value":{"n":[{"numeric":["<",5]}]}}`)
	if err != nil {
		t.Fatal(err)
	}
	h := &handler{t: t}
	s, out := run(t, Config{Source: messages(document1("orders", 2, Range{"orders", 0, 3, 5})), Invoke: h.invoke, Read: topic, Apply: true, Filters: []*filter.Pattern{p}})
	if s.Done != 1 || len(h.seen) != 2 {
		t.Errorf("%+v %+v of %q, want 3 and 4", s, out, h.seen)
	}
	h = &handler{t: t}
	if s, _ = run(t, Config{Source: messages(document1("orders", 9, Range{"orders", 0, 3, 5})), Invoke: h.invoke, Read: topic, Apply: true, Inexact: true}); s.Done != 1 || len(h.seen) != 3 {
		t.Errorf("%+v of %q, want all with Inexact", s, h.seen)
	}
}

func TestTheCap(t *testing.T) {
	f := messages(document1("orders", 1, Range{"orders", 0, 1, 1}), document1("orders", 1, Range{"orders", 0, 2, 2}), document1("orders", 1, Range{"orders", 0, 3, 3}))
	h := &handler{t: t}
	s, _ := run(t, Config{Source: f, Invoke: h.invoke, Read: topic, Apply: true, Max: 2})
	if s.Done != 2 || !s.More || len(h.seen) != 2 || len(f.removed) != 2 {
		t.Errorf("%+v, removed %v, want two and more", s, f.removed)
	}
}

// Whenever it is interrupted, what was not handled is not removed.
func TestAnInterruptionRemovesNothingThatIsNotHandled(t *testing.T) {
	f := messages(document1("orders", 1, Range{"orders", 0, 1, 1}), document1("orders", 1, Range{"orders", 0, 2, 2}))
	ctx, cancel := context.WithCancel(t.Context())
	var out []Outcome
	_, err := Run(ctx, Config{Source: f, Read: topic, Apply: true, Report: func(o Outcome) { out = append(out, o) },
		Invoke: func(ctx context.Context, _ []byte) ([]byte, error) {
			cancel()
			return nil, ctx.Err()
		}})
	if !errors.Is(err, context.Canceled) || len(f.removed) != 0 || !f.closed || out[0].Status != Left {
		t.Errorf("%v, removed %v, closed %v, want nothing removed", err, f.removed, f.closed)
	}
}

func TestALargeBatchIsHandledInParts(t *testing.T) {
	var records []string
	for i := range 3 {
		r := ask.Record{Topic: "orders", Offset: int64(i), Value: []byte(strings.Repeat("v", 2<<20))}
		records = append(records, string(RecordOf(&r).JSON))
	}
	h := &handler{t: t}
	s, out := run(t, Config{Source: messages(withPayload(document1("orders", 3), `{"records":{"orders-0":[`+strings.Join(records, ",")+`]}}`)), Invoke: h.invoke, Apply: true})
	if s.Done != 1 || h.calls != 2 || len(h.seen) != 3 {
		t.Errorf("%+v %+v, %d calls, want 3 records in 2", s, out, h.calls)
	}
}
