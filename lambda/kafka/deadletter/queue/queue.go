// Package queue writes records that are given up to an SQS queue.
//
// The function needs sqs:SendMessage on the queue, kms:GenerateDataKey and
// kms:Decrypt on its key if it has one of its own, and, in a VPC without a way to the
// internet, an interface endpoint for SQS.
package queue

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"

	"msklambda/lambda/kafka"
	"msklambda/lambda/kafka/deadletter"
)

// SQS takes ten messages and a megabyte at once.
const (
	maxMessages = 10
	maxBytes    = 1 << 20
)

// Client is the part of an SQS client that is needed; [sqs.NewFromConfig] makes one.
type Client interface {
	SendMessageBatch(ctx context.Context, in *sqs.SendMessageBatchInput, opts ...func(*sqs.Options)) (*sqs.SendMessageBatchOutput, error)
}

// Sink is a queue that records are given up to.
type Sink struct {
	client Client
	url    string
}

// New makes a sink of the queue with this URL, to be given to [kafka.DeadLetter].
//
// The body of a message is a [deadletter.Letter]. What the record failed for and where
// it came from are also attributes, see package deadletter. A FIFO queue keeps the order
// of each partition, and drops a record that is given up again within five minutes. A
// record whose letter is larger than a megabyte, which SQS does not take, fails. New
// panics without a client or a URL.
func New(client Client, url string) *Sink {
	if client == nil || url == "" {
		panic("queue: New needs a client and the URL of a queue")
	}
	return &Sink{client, url}
}

// message is an entry and what it is of.
type message struct {
	types.SendMessageBatchRequestEntry
	record *kafka.Record
	size   int
}

// Send writes the records and returns when the queue has them all. What it does not
// take is told record by record.
func (s *Sink) Send(ctx context.Context, failures []kafka.Failure) error {
	var errs []error
	var batch []message
	size := 0
	flush := func() {
		if len(batch) > 0 {
			errs = append(errs, s.send(ctx, batch)...)
		}
		batch, size = nil, 0
	}
	for _, f := range failures {
		m, err := s.message(f)
		if err != nil {
			errs = append(errs, kafka.FailedOnly(err, f.Record))
			continue
		}
		if len(batch) == maxMessages || size+m.size > maxBytes {
			flush()
		}
		batch = append(batch, m)
		size += m.size
	}
	flush()
	return errors.Join(errs...)
}

func (s *Sink) message(f kafka.Failure) (message, error) {
	body, err := deadletter.NewLetter(f).JSON()
	if err != nil {
		return message{}, fmt.Errorf("write down %s: %w", f.Record, err)
	}
	m := message{record: f.Record, size: len(body)}
	m.MessageBody = aws.String(string(body))
	m.MessageAttributes = map[string]types.MessageAttributeValue{}
	for _, o := range deadletter.Origins(f) {
		value := allowed(o.Value)
		if value == "" {
			continue // SQS takes no empty ones
		}
		m.MessageAttributes[o.Name] = types.MessageAttributeValue{DataType: aws.String("String"), StringValue: &value}
		m.size += len(o.Name) + len("String") + len(value)
	}
	if strings.HasSuffix(s.url, ".fifo") {
		partition := f.Record.Topic + "-" + strconv.Itoa(int(f.Record.Partition))
		m.MessageGroupId = &partition
		m.MessageDeduplicationId = aws.String(partition + "-" + strconv.FormatInt(f.Record.Offset, 10))
	}
	if m.size > maxBytes {
		return message{}, fmt.Errorf("the letter of %s has %d bytes, SQS takes %d: use a bucket for such records", f.Record, m.size, maxBytes)
	}
	return m, nil
}

// send sends at most ten messages, and returns an error for each record that is not
// there then.
func (s *Sink) send(ctx context.Context, batch []message) []error {
	entries := make([]types.SendMessageBatchRequestEntry, len(batch))
	for i := range batch {
		entries[i] = batch[i].SendMessageBatchRequestEntry
		entries[i].Id = aws.String(strconv.Itoa(i))
	}
	out, err := s.client.SendMessageBatch(ctx, &sqs.SendMessageBatchInput{QueueUrl: &s.url, Entries: entries})
	var errs []error
	if err != nil {
		for _, m := range batch {
			errs = append(errs, kafka.FailedOnly(fmt.Errorf("send to %s: %w", s.url, err), m.record))
		}
		return errs
	}
	there := map[string]bool{}
	for _, ok := range out.Successful {
		there[aws.ToString(ok.Id)] = true
	}
	why := map[string]string{}
	for _, f := range out.Failed {
		why[aws.ToString(f.Id)] = aws.ToString(f.Code) + ": " + aws.ToString(f.Message)
	}
	for i, m := range batch {
		id := strconv.Itoa(i)
		if cause := why[id]; !there[id] || cause != "" {
			if cause == "" {
				cause = "no word of it in the answer"
			}
			errs = append(errs, kafka.FailedOnly(fmt.Errorf("send to %s: %s", s.url, cause), m.record))
		}
	}
	return errs
}

// allowed replaces what SQS does not take in the text of an attribute.
func allowed(text string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r == '\t' || r == '\n' || r == '\r' || r >= ' ' && r <= 0xd7ff || r >= 0xe000 && r <= 0xfffd || r >= 0x10000:
			return r
		}
		return '?'
	}, strings.ToValidUTF8(text, "?"))
}
