// Package deadletter is what the sinks of records that are given up have in common:
// how such a record is written down, and what is told of where it came from. The
// sinks are packages of their own, so that a function pays for the client of the one
// that it uses: topic (Kafka), queue (SQS) and bucket (S3). A sink of one's own is a
// [kafka.SinkFunc] or any [kafka.Sink].
package deadletter

import (
	"encoding/json"
	"fmt"
	"strconv"
	"time"
	"unicode/utf8"

	"msklambda/lambda/kafka"
)

// Names of what is told of a record: headers of a Kafka record, attributes of an SQS
// message, and, without the prefix, metadata of an S3 object.
const (
	Topic     = "dead-letter-topic"
	Partition = "dead-letter-partition"
	Offset    = "dead-letter-offset"
	Timestamp = "dead-letter-timestamp" // RFC 3339; not there if the record has none
	Error     = "dead-letter-error"     // the first MaxError bytes
	Attempts  = "dead-letter-attempts"  // calls of the function in the last invocation
)

// MaxError is how many bytes of an error's text are told.
const MaxError = 1024

// Origin is where a record came from and why it is given up, as text.
type Origin struct{ Name, Value string }

// Origins returns what is told of a failure, by the names above and in their order.
func Origins(f kafka.Failure) []Origin {
	r := f.Record
	origins := []Origin{
		{Topic, r.Topic},
		{Partition, strconv.Itoa(int(r.Partition))},
		{Offset, strconv.FormatInt(r.Offset, 10)},
	}
	if !r.Timestamp.IsZero() {
		origins = append(origins, Origin{Timestamp, r.Timestamp.Format(time.RFC3339Nano)})
	}
	return append(origins, Origin{Error, ErrorText(f.Err)}, Origin{Attempts, strconv.Itoa(f.Attempts)})
}

// ErrorText returns the text of an error, cut after a whole character to MaxError
// bytes.
func ErrorText(err error) string {
	if err == nil {
		return ""
	}
	text := fmt.Sprint(err) // which survives errors that panic
	if len(text) <= MaxError {
		return text
	}
	end := MaxError
	for end > 0 && !utf8.RuneStart(text[end]) {
		end--
	}
	return text[:end]
}

// Letter is a record that was given up, as JSON: what the sinks write that have no
// keys and headers of their own. Key and Value are base64 in it, and null where the
// record's were.
type Letter struct {
	Topic         string        `json:"topic"`
	Partition     int32         `json:"partition"`
	Offset        int64         `json:"offset"`
	Timestamp     *time.Time    `json:"timestamp,omitempty"`
	TimestampType string        `json:"timestampType,omitempty"`
	Key           []byte        `json:"key"`
	Value         []byte        `json:"value"`
	Headers       []Header      `json:"headers,omitempty"`
	KeySchema     *kafka.Schema `json:"keySchema,omitempty"`
	ValueSchema   *kafka.Schema `json:"valueSchema,omitempty"`
	Error         string        `json:"error"`
	Attempts      int           `json:"attempts"`
}

// Header is a header of a record, in the order of the record. A null value is nil.
type Header struct {
	Key   string `json:"key"`
	Value []byte `json:"value"`
}

// NewLetter makes a letter of a failure. It shares the memory of the record.
func NewLetter(f kafka.Failure) Letter {
	r := f.Record
	l := Letter{
		Topic: r.Topic, Partition: r.Partition, Offset: r.Offset, TimestampType: r.TimestampType,
		Key: r.Key, Value: r.Value, KeySchema: r.KeySchema, ValueSchema: r.ValueSchema,
		Error: ErrorText(f.Err), Attempts: f.Attempts,
	}
	if !r.Timestamp.IsZero() {
		t := r.Timestamp
		l.Timestamp = &t
	}
	for key, value := range r.Headers() {
		l.Headers = append(l.Headers, Header{key, value})
	}
	return l
}

// Record returns the record that the letter is of, to be handled again.
func (l Letter) Record() *kafka.Record {
	r := &kafka.Record{
		Topic: l.Topic, Partition: l.Partition, Offset: l.Offset, TimestampType: l.TimestampType,
		Key: l.Key, Value: l.Value, KeySchema: l.KeySchema, ValueSchema: l.ValueSchema,
	}
	if l.Timestamp != nil {
		r.Timestamp = l.Timestamp.UTC()
	}
	headers := make([]kafka.Header, len(l.Headers))
	for i, h := range l.Headers {
		headers[i] = kafka.Header{Key: h.Key, Value: h.Value}
	}
	if len(headers) > 0 {
		r.SetHeaders(headers...)
	}
	return r
}

// JSON returns the letter as JSON.
func (l Letter) JSON() ([]byte, error) { return json.Marshal(l) }
