package bucket_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"msklambda/lambda/kafka"
	"msklambda/lambda/kafka/deadletter"
	"msklambda/lambda/kafka/deadletter/bucket"
	"msklambda/lambda/kafka/kafkatest"
)

// fakeBucket takes objects.
type fakeBucket struct {
	mu      sync.Mutex
	objects map[string][]byte
	headers map[string]http.Header
	refuse  string // a part of the path
}

func (b *fakeBucket) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	b.mu.Lock()
	defer b.mu.Unlock()
	if err != nil || r.Method != http.MethodPut || b.refuse != "" && strings.Contains(r.URL.Path, b.refuse) {
		w.WriteHeader(http.StatusForbidden)
		io.WriteString(w, `<Error><Code>AccessDenied</Code><Message>no</Message></Error>`)
		return
	}
	if b.objects == nil {
		b.objects, b.headers = map[string][]byte{}, map[string]http.Header{}
	}
	b.objects[r.URL.Path], b.headers[r.URL.Path] = body, r.Header
}

func (b *fakeBucket) client(t *testing.T) *s3.Client {
	server := httptest.NewServer(b)
	t.Cleanup(server.Close)
	return s3.New(s3.Options{
		Region: "eu-central-1", BaseEndpoint: &server.URL, UsePathStyle: true, Retryer: aws.NopRetryer{},
		Credentials:                credentials.NewStaticCredentialsProvider("AKID", "SECRET", ""),
		RequestChecksumCalculation: aws.RequestChecksumCalculationWhenRequired,
	})
}

// giveUp gives all records up at once.
func giveUp(err error) kafka.Batch {
	return func(_ context.Context, r []*kafka.Record) error { return kafka.FailedOnly(kafka.Permanent(err), r...) }
}

func TestARecordThatIsGivenUpIsAnObject(t *testing.T) {
	b := new(fakeBucket)
	h := kafka.Handler(giveUp(errors.New("bo\u00f6m\n")), kafka.DeadLetter(bucket.New(b.client(t), "dead", "letters/")))
	event := kafkatest.Event(kafkatest.Keyed("orders", 2, 7, "a", "1", "b", "2")...)
	for range 2 { // again: the same objects
		if result := kafkatest.Run(t, h, event, kafkatest.OnDemand); result.Err != nil {
			t.Fatal(result.Err)
		}
	}
	if len(b.objects) != 2 {
		t.Fatalf("objects = %d, want 2", len(b.objects))
	}
	const path = "/dead/letters/orders/2/00000000000000000008.json"
	var l deadletter.Letter
	if err := json.Unmarshal(b.objects[path], &l); err != nil {
		t.Fatalf("%s: %v, of %d objects", path, err, len(b.objects))
	}
	if r := l.Record(); r.String() != "orders[2]@8" || string(r.Key) != "b" || string(r.Value) != "2" || l.Error != "bo\u00f6m\n" {
		t.Errorf("letter = %+v", l)
	}
	for name, want := range map[string]string{
		"Content-Type": "application/json", "X-Amz-Meta-Topic": "orders", "X-Amz-Meta-Partition": "2", "X-Amz-Meta-Offset": "8",
		"X-Amz-Meta-Timestamp": "2025-01-01T00:00:01Z", "X-Amz-Meta-Error": "bo?m?", "X-Amz-Meta-Attempts": "1",
	} {
		if got := b.headers[path].Get(name); got != want {
			t.Errorf("%s = %q, want %q", name, got, want)
		}
	}
}

func TestWhatTheBucketDoesNotTakeFails(t *testing.T) {
	b := &fakeBucket{refuse: "0005.json"}
	h := kafka.Handler(giveUp(errors.New("boom")), kafka.DeadLetter(bucket.New(b.client(t), "dead", "")), kafka.ContinueOnError())
	result := kafkatest.Run(t, h, kafkatest.Event(kafkatest.Records("t", 0, 0, make([]string, 20)...)...), kafkatest.Provisioned)
	if got := fmt.Sprint(result.Failed()); got != "[t[0]@5]" || len(b.objects) != 19 {
		t.Errorf("failed = %s with %d objects, want t[0]@5 with 19", got, len(b.objects))
	}
}

func TestNewNeedsAClientAndABucket(t *testing.T) {
	for _, f := range []func(){func() { bucket.New(nil, "dead", "") }, func() { bucket.New(new(s3.Client), "", "") }} {
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
