package poller

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"
)

// Destination takes what was given up on. It may be told of a record twice.
type Destination interface {
	Deliver(context.Context, *Failure) error
}

// condition is why records were given up on. AWS documents the first two for
// Kafka; the third is Kinesis' name, because for Kafka there is only the
// sentence that such records are sent too.
type condition string

const (
	exhausted condition = "RetryAttemptsExhausted"
	tooLarge  condition = "MaximumPayloadSizeExceeded"
	expired   condition = "RecordAgeExceeded"
)

// Failure is the document that AWS sends to a bucket. A queue or a topic of SNS
// gets the same without the payload.
type Failure struct {
	RequestContext  requestContext   `json:"requestContext"`
	ResponseContext *responseContext `json:"responseContext"`
	Version         string           `json:"version"`
	Timestamp       string           `json:"timestamp"`
	KafkaBatchInfo  batchInfo        `json:"KafkaBatchInfo"`
	Payload         string           `json:"payload,omitempty"`

	records []*record
}

// Records are those that were given up on.
func (f *Failure) Records() []*kgo.Record {
	out := make([]*kgo.Record, len(f.records))
	for i, r := range f.records {
		out[i] = r.Record
	}
	return out
}

// Why is the condition, such as RetryAttemptsExhausted.
func (f *Failure) Why() string { return string(f.RequestContext.Condition) }

// Tries is how often the function was invoked with them.
func (f *Failure) Tries() int { return f.RequestContext.InvokeCount }

type requestContext struct {
	RequestID   *string   `json:"requestId"`
	FunctionARN string    `json:"functionArn"`
	Condition   condition `json:"condition"`
	InvokeCount int       `json:"approximateInvokeCount"`
}

type responseContext struct {
	StatusCode      int     `json:"statusCode"`
	ExecutedVersion string  `json:"executedVersion"`
	FunctionError   *string `json:"functionError"`
}

type batchInfo struct {
	BatchSize        int                    `json:"batchSize"`
	EventSourceARN   string                 `json:"eventSourceArn"`
	BootstrapServers string                 `json:"bootstrapServers"`
	PayloadSize      int                    `json:"payloadSize"`
	RecordsInfo      map[string]recordsInfo `json:"recordsInfo"`
}

// recordsInfo has its offsets as text, as AWS' example does.
type recordsInfo struct {
	FirstRecordOffset    string `json:"firstRecordOffset"`
	LastRecordOffset     string `json:"lastRecordOffset"`
	FirstRecordTimestamp string `json:"firstRecordTimestamp"`
	LastRecordTimestamp  string `json:"lastRecordTimestamp"`
}

const isoTime = "2006-01-02T15:04:05.000Z"

func (p *Poller) failure(w *work, why condition) *Failure {
	payload := p.events.event(w.records)
	f := &Failure{
		RequestContext: requestContext{FunctionARN: p.FunctionARN, Condition: why, InvokeCount: w.failed},
		Version:        "1.0",
		Timestamp:      time.Now().UTC().Format(isoTime),
		KafkaBatchInfo: batchInfo{
			BatchSize:        len(w.records),
			EventSourceARN:   p.SourceARN,
			BootstrapServers: strings.Join(p.Brokers, ","),
			PayloadSize:      len(payload),
			RecordsInfo:      map[string]recordsInfo{},
		},
		Payload: string(payload),
		records: w.records,
	}
	if w.last != nil {
		f.RequestContext.RequestID = &w.last.RequestID
		f.ResponseContext = &responseContext{StatusCode: 200, ExecutedVersion: "$LATEST"}
		if w.last.FunctionError != "" {
			f.ResponseContext.FunctionError = &w.last.FunctionError
		}
	}
	for _, r := range w.records {
		name := p.Topic + "-" + strconv.Itoa(int(r.Partition))
		offset, at := strconv.FormatInt(r.Offset, 10), r.Timestamp.UTC().Format(isoTime)
		info, ok := f.KafkaBatchInfo.RecordsInfo[name]
		if !ok {
			info.FirstRecordOffset, info.FirstRecordTimestamp = offset, at
		}
		info.LastRecordOffset, info.LastRecordTimestamp = offset, at
		f.KafkaBatchInfo.RecordsInfo[name] = info
	}
	return f
}

// File is a destination that appends a line of JSON for each failure, in the
// form of an S3 object.
type File struct {
	mu   sync.Mutex
	file *os.File
}

// OpenFile opens a destination.
func OpenFile(path string) (*File, error) {
	f, err := os.OpenFile(path, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o644)
	if err != nil {
		return nil, err
	}
	return &File{file: f}, nil
}

// Deliver writes f.
func (d *File) Deliver(_ context.Context, f *Failure) error {
	line, err := json.Marshal(f)
	if err != nil {
		return err
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	_, err = d.file.Write(append(line, '\n'))
	return err
}

// Close closes the file.
func (d *File) Close() error { return d.file.Close() }

// Topic is a destination on the same cluster. AWS documents that it gets the
// records themselves with what is known of the failure, and their condition; it
// is taken here as one record for each, with its own key, and the document as
// its value, whose payload is the record as it stood in the event.
type Topic struct {
	client *kgo.Client
	topic  string
}

// OpenTopic makes a destination. With options, these say how the brokers are reached.
func OpenTopic(brokers []string, topic string, opts ...kgo.Opt) (*Topic, error) {
	if len(opts) == 0 {
		opts = []kgo.Opt{kgo.SeedBrokers(brokers...)}
	}
	client, err := kgo.NewClient(append(slices.Clone(opts),
		kgo.DefaultProduceTopic(topic),
		kgo.ProducerBatchMaxBytes(32<<20),
	)...)
	if err != nil {
		return nil, err
	}
	return &Topic{client, topic}, nil
}

// Deliver writes the records of f and waits until they are acknowledged.
func (d *Topic) Deliver(ctx context.Context, f *Failure) error {
	one := *f
	if one.RequestContext.Condition == exhausted {
		one.RequestContext.Condition = "RetriesExhausted" // as it is called here
	}
	var out []*kgo.Record
	for _, r := range f.records {
		one.Payload = string(r.json)
		value, err := json.Marshal(one)
		if err != nil {
			return err
		}
		out = append(out, &kgo.Record{Key: r.Key, Value: value})
	}
	if err := d.client.ProduceSync(ctx, out...).FirstErr(); err != nil {
		return fmt.Errorf("topic %s: %w", d.topic, err)
	}
	return nil
}

// Close closes the connection.
func (d *Topic) Close() error {
	d.client.Close()
	return nil
}
