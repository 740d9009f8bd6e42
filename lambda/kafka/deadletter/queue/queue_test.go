package queue_test

import (
	"context"
	"crypto/md5"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/sqs"

	"msklambda/lambda/kafka"
	"msklambda/lambda/kafka/deadletter"
	"msklambda/lambda/kafka/deadletter/queue"
	"msklambda/lambda/kafka/kafkatest"
)

// entry is a message as it comes over the wire.
type entry struct {
	Id, MessageBody                        string //nolint:revive // names of SQS
	MessageGroupId, MessageDeduplicationId string //nolint:revive
	MessageAttributes                      map[string]struct{ DataType, StringValue string }
}

// fakeQueue is what SQS answers to SendMessageBatch.
type fakeQueue struct {
	requests [][]entry
	refuse   func(e entry) bool
	silent   func(e entry) bool // neither taken nor refused
	status   int
}

func (q *fakeQueue) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if target := r.Header.Get("X-Amz-Target"); target != "AmazonSQS.SendMessageBatch" {
		http.Error(w, target, http.StatusBadRequest)
		return
	}
	if q.status != 0 {
		w.WriteHeader(q.status)
		io.WriteString(w, `{"__type":"com.amazonaws.sqs#QueueDoesNotExist","message":"no queue"}`)
		return
	}
	var in struct{ Entries []entry }
	if err := json.NewDecoder(r.Body).Decode(&in); err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	q.requests = append(q.requests, in.Entries)
	type result map[string]any
	var out struct{ Successful, Failed []result }
	for _, e := range in.Entries {
		switch {
		case q.silent != nil && q.silent(e):
		case q.refuse != nil && q.refuse(e):
			out.Failed = append(out.Failed, result{"Id": e.Id, "Code": "InternalError", "Message": "try again", "SenderFault": false})
		default:
			sum := md5.Sum([]byte(e.MessageBody))
			out.Successful = append(out.Successful, result{"Id": e.Id, "MessageId": "m" + e.Id, "MD5OfMessageBody": hex.EncodeToString(sum[:])})
		}
	}
	w.Header().Set("Content-Type", "application/x-amz-json-1.0")
	json.NewEncoder(w).Encode(out)
}

func (q *fakeQueue) client(t *testing.T) *sqs.Client {
	server := httptest.NewServer(q)
	t.Cleanup(server.Close)
	return sqs.New(sqs.Options{
		Region: "eu-central-1", BaseEndpoint: &server.URL, Retryer: aws.NopRetryer{},
		Credentials: credentials.NewStaticCredentialsProvider("AKID", "SECRET", ""),
	})
}

// giveUp gives all records up at once.
func giveUp(err error) kafka.Batch {
	return func(_ context.Context, r []*kafka.Record) error { return kafka.FailedOnly(kafka.Permanent(err), r...) }
}

const url = "https://sqs.eu-central-1.amazonaws.com/111122223333/dead"

func TestARecordThatIsGivenUpIsInTheQueue(t *testing.T) {
	q := new(fakeQueue)
	records := kafkatest.Keyed("orders", 2, 7, "a", "1")
	records[0].SetHeaders(kafka.Header{Key: "trace", Value: []byte("x")})
	h := kafka.Handler(giveUp(errors.New("boom\x00")), kafka.DeadLetter(queue.New(q.client(t), url)))
	if result := kafkatest.Run(t, h, kafkatest.Event(records...), kafkatest.OnDemand); result.Err != nil {
		t.Fatal(result.Err)
	}
	if len(q.requests) != 1 || len(q.requests[0]) != 1 {
		t.Fatalf("requests = %v, want one of one message", q.requests)
	}
	e := q.requests[0][0]
	wantBody := `{"topic":"orders","partition":2,"offset":7,"timestamp":"2025-01-01T00:00:00Z","timestampType":"CREATE_TIME","key":"YQ==","value":"MQ==",` +
		`"headers":[{"key":"trace","value":"eA=="}],"error":"boom\u0000","attempts":1}`
	if e.MessageBody != wantBody || e.MessageGroupId != "" {
		t.Errorf("body = %s, group %q, want %s and none", e.MessageBody, e.MessageGroupId, wantBody)
	}
	got := map[string]string{}
	for name, a := range e.MessageAttributes {
		got[name] = a.DataType + " " + a.StringValue
	}
	want := map[string]string{
		deadletter.Topic: "String orders", deadletter.Partition: "String 2", deadletter.Offset: "String 7",
		deadletter.Timestamp: "String 2025-01-01T00:00:00Z", deadletter.Error: "String boom?", deadletter.Attempts: "String 1",
	}
	if fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("attributes = %v, want %v", got, want)
	}
}

func TestMessagesGoTenAtOnceAndAMegabyteAtMost(t *testing.T) {
	q := new(fakeQueue)
	var values []string
	for range 23 {
		values = append(values, "small")
	}
	for range 3 {
		values = append(values, strings.Repeat("x", 300_000)) // 400 kB as base64
	}
	values = append(values, strings.Repeat("x", 900_000)) // too large
	h := kafka.Handler(giveUp(errors.New("boom")), kafka.DeadLetter(queue.New(q.client(t), url+".fifo")), kafka.ContinueOnError())
	result := kafkatest.Run(t, h, kafkatest.Event(kafkatest.Records("orders", 0, 0, values...)...), kafkatest.Provisioned)
	if got := fmt.Sprint(result.Failed()); got != "[orders[0]@26]" {
		t.Errorf("failed = %s, want orders[0]@26, which is too large", got)
	}
	var sizes []int
	for _, r := range q.requests {
		sizes = append(sizes, len(r))
	}
	if got, want := fmt.Sprint(sizes), "[10 10 5 1]"; got != want {
		t.Errorf("messages at once = %s, want %s", got, want)
	}
	if e := q.requests[1][3]; e.MessageGroupId != "orders-0" || e.MessageDeduplicationId != "orders-0-13" {
		t.Errorf("group and deduplication = %q, %q, want orders-0 and orders-0-13", e.MessageGroupId, e.MessageDeduplicationId)
	}
}

func TestWhatTheQueueDoesNotTakeFails(t *testing.T) {
	has := func(offset int) func(entry) bool {
		return func(e entry) bool { return strings.Contains(e.MessageBody, fmt.Sprintf(`"offset":%d,`, offset)) }
	}
	for name, test := range map[string]struct {
		queue *fakeQueue
		want  string
	}{
		"one refused":         {&fakeQueue{refuse: has(1)}, "[t[0]@1]"},
		"one not spoken of":   {&fakeQueue{silent: has(2)}, "[t[0]@2]"},
		"the request refused": {&fakeQueue{status: 400}, "[t[0]@0 t[0]@1 t[0]@2]"},
	} {
		h := kafka.Handler(giveUp(errors.New("boom")), kafka.DeadLetter(queue.New(test.queue.client(t), url)), kafka.ContinueOnError())
		result := kafkatest.Run(t, h, kafkatest.Event(kafkatest.Records("t", 0, 0, "a", "b", "c")...), kafkatest.Provisioned)
		if got := fmt.Sprint(result.Failed()); got != test.want {
			t.Errorf("%s: failed = %s, want %s", name, got, test.want)
		}
	}
}

func TestNewNeedsAClientAndAURL(t *testing.T) {
	for _, f := range []func(){func() { queue.New(nil, url) }, func() { queue.New(new(sqs.Client), "") }} {
		func() {
			defer func() {
				if recover() == nil {
					t.Error("New took nothing")
				}
			}()
			f()
		}()
	}
}
