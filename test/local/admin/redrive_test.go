package admin

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"

	"msklambda/test/local/fauxqs"
	"msklambda/test/local/internal/broker"
	"msklambda/test/local/internal/poller"
)

// orders are what is produced: 2 and 4 are refunds, at which the function fails.
var orders = []string{`{"id":1,"amount":10}`, `{"id":2,"amount":-3}`, `{"id":3,"amount":30}`, `{"id":4,"amount":-7}`, `{"id":5,"amount":50}`}

func input(values ...string) string { return strings.Join(values, "\n") + "\n" }

// mustText is a document as JSON.
func mustText(f *poller.Failure) string {
	text, err := json.Marshal(f)
	if err != nil {
		panic(err) // it is plain data
	}
	return string(text)
}

// bucket is a destination that writes what Lambda writes to a bucket.
type bucket struct {
	client *s3.Client
	name   string
	n      int
}

func (b *bucket) Deliver(ctx context.Context, f *poller.Failure) error {
	b.n++
	_, err := b.client.PutObject(ctx, &s3.PutObjectInput{Bucket: &b.name, Key: aws.String(fmt.Sprintf("failed/%03d", b.n)), Body: strings.NewReader(mustText(f))})
	return err
}

// queue is one that writes what Lambda writes to a queue: no payload.
type queue struct {
	client *sqs.Client
	url    string
}

func (q *queue) Deliver(ctx context.Context, f *poller.Failure) error {
	one := *f
	one.Payload = ""
	_, err := q.client.SendMessage(ctx, &sqs.SendMessageInput{QueueUrl: &q.url, MessageBody: aws.String(mustText(&one))})
	return err
}

func TestRedriveFromABucket(t *testing.T) {
	s := fauxqs.ForTest(t)
	client := s3.NewFromConfig(s.Config(), func(o *s3.Options) { o.UsePathStyle = true })
	name := "failed-orders"
	if _, err := client.CreateBucket(t.Context(), &s3.CreateBucketInput{Bucket: &name}); err != nil {
		t.Fatal(err)
	}
	put := func(key, text string) {
		if _, err := client.PutObject(t.Context(), &s3.PutObjectInput{Bucket: &name, Key: &key, Body: strings.NewReader(text)}); err != nil {
			t.Fatal(err)
		}
	}
	left := func() (keys []string) {
		out, err := client.ListObjectsV2(t.Context(), &s3.ListObjectsV2Input{Bucket: &name})
		if err != nil {
			t.Fatal(err)
		}
		for _, o := range out.Contents {
			keys = append(keys, *o.Key)
		}
		return keys
	}
	r := newRig(t, func(*broker.Broker) poller.Destination { return &bucket{client: client, name: name} })
	r.env = []string{"AWS_ENDPOINT_URL_S3=" + s.Endpoint, "AWS_REGION=us-east-1", "AWS_ACCESS_KEY_ID=local", "AWS_SECRET_ACCESS_KEY=local"}
	put("failed/notes.txt", "not a batch")
	r.start()
	r.admin(input(orders...), 0, "produce", "-brokers", r.brokers(), "-topic", "orders")
	r.settled()
	redrive := func(want int, more ...string) string {
		return r.admin("", want, append([]string{"redrive", "-brokers", r.brokers(), "-topic", "orders", "-from", "s3://failed-orders/failed/",
			"-endpoint", r.api.Endpoint}, more...)...)
	}
	if out := redrive(0); !strings.Contains(out, "would be handled") || !strings.Contains(out, "nothing was done") {
		t.Errorf("a dry run says\n%s", out)
	}
	// While it is not mended all stays.
	before := len(left())
	if out := redrive(1, "-apply", "-handler", "broken"); !strings.Contains(out, "records as not handled") || !strings.Contains(out, "0 handled and removed") {
		t.Errorf("with the broken function:\n%s", out)
	}
	if len(left()) != before {
		t.Errorf("%v are left, want all %d", left(), before)
	}
	out := redrive(0, "-apply", "-handler", "orders")
	if !strings.Contains(out, "handled and removed") || !strings.Contains(out, "0 left, 1 of others") {
		t.Errorf("the redrive says\n%s", out)
	}
	r.wantOnce(orders...)
	if got := left(); len(got) != 1 || got[0] != "failed/notes.txt" {
		t.Errorf("%v are left, want the notes alone", got)
	}
	redrive(0, "-apply", "-handler", "orders")
	r.wantOnce(orders...)
}

func TestRedriveFromAQueue(t *testing.T) {
	s := fauxqs.ForTest(t)
	client := sqs.NewFromConfig(s.Config())
	made, err := client.CreateQueue(t.Context(), &sqs.CreateQueueInput{QueueName: aws.String("failed-orders")})
	if err != nil {
		t.Fatal(err)
	}
	url := *made.QueueUrl
	count := func() string {
		out, err := client.GetQueueAttributes(t.Context(), &sqs.GetQueueAttributesInput{QueueUrl: &url, AttributeNames: []types.QueueAttributeName{"ApproximateNumberOfMessages"}})
		if err != nil {
			t.Fatal(err)
		}
		return out.Attributes["ApproximateNumberOfMessages"]
	}
	r := newRig(t, func(*broker.Broker) poller.Destination { return &queue{client, url} })
	r.env = []string{"AWS_ENDPOINT_URL_SQS=" + s.Endpoint, "AWS_REGION=us-east-1", "AWS_ACCESS_KEY_ID=local", "AWS_SECRET_ACCESS_KEY=local"}
	if _, err := client.SendMessage(t.Context(), &sqs.SendMessageInput{QueueUrl: &url, MessageBody: aws.String("not a batch")}); err != nil {
		t.Fatal(err)
	}
	r.start()
	r.admin(input(orders...), 0, "produce", "-brokers", r.brokers(), "-topic", "orders", "-key", "customer-1")
	r.settled()
	time.Sleep(10 * time.Millisecond) // so that all is older than the redrive
	before := count()
	redrive := func(want int, more ...string) string {
		return r.admin("", want, append([]string{"redrive", "-brokers", r.brokers(), "-topic", "orders", "-from", "arn:aws:sqs:us-east-1:000000000000:failed-orders",
			"-endpoint", r.api.Endpoint}, more...)...)
	}
	redrive(0)
	if count() != before {
		t.Errorf("%s messages can be seen after a dry run, want %s", count(), before)
	}
	redrive(1, "-apply", "-handler", "broken")
	if count() != before {
		t.Errorf("%s messages can be seen after a failure, want %s", count(), before)
	}
	t.Log(redrive(0, "-apply", "-handler", "orders"))
	r.wantOnce(orders...)
	if count() != "1" {
		t.Errorf("%s messages are left, want the one of somebody else", count())
	}
}
