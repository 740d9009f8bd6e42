package redrive

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"
)

const (
	// visibility is for how long a message is nobody else's: a function has at most
	// 15 minutes, and one message is taken at a time.
	visibility = 16 * time.Minute

	// remembered is for how long a FIFO queue drops what it was sent before.
	remembered = 5 * time.Minute
)

// Queue is a queue of failed batches.
type Queue struct {
	client *sqs.Client
	url    string
	opened time.Time
	taken  map[string]string // receipts of what is neither removed nor put back, by id
	seen   map[string]bool
}

// NewQueue makes a source of a queue, by its URL.
func NewQueue(client *sqs.Client, url string) *Queue {
	return &Queue{client: client, url: url, opened: time.Now(), taken: map[string]string{}, seen: map[string]bool{}}
}

// Next takes the next message that was there when the redrive began. Others are put
// back at the end.
func (q *Queue) Next(ctx context.Context) (*Message, error) {
	for empty := 0; empty < 2; {
		out, err := q.client.ReceiveMessage(ctx, &sqs.ReceiveMessageInput{
			QueueUrl: &q.url, MaxNumberOfMessages: 1, WaitTimeSeconds: 2, VisibilityTimeout: int32(visibility / time.Second),
			MessageSystemAttributeNames: []types.MessageSystemAttributeName{types.MessageSystemAttributeNameSentTimestamp},
		})
		if err != nil {
			return nil, fmt.Errorf("the queue %s cannot be read (sqs:ReceiveMessage): %w", q.url, err)
		}
		if len(out.Messages) == 0 {
			empty++ // a short answer need not be of all servers
			continue
		}
		one := out.Messages[0]
		id := aws.ToString(one.MessageId)
		q.taken[id] = aws.ToString(one.ReceiptHandle)
		millis, _ := strconv.ParseInt(one.Attributes[string(types.MessageSystemAttributeNameSentTimestamp)], 10, 64)
		sent := time.UnixMilli(millis)
		if q.seen[id] || sent.After(q.opened) {
			if empty++; q.seen[id] { // its visibility is over: there is no other
				return nil, nil
			}
			continue
		}
		q.seen[id] = true
		return &Message{ID: "sqs " + id, Body: []byte(aws.ToString(one.Body)), Sent: sent, NotYet: q.notYet(sent), at: id}, nil
	}
	return nil, nil
}

// notYet is why a message must wait: a FIFO queue drops for five minutes what it was
// sent before, so a record that the function gives up again meanwhile would be gone with
// the message that is removed.
func (q *Queue) notYet(sent time.Time) error {
	age := time.Since(sent)
	if !strings.HasSuffix(q.url, ".fifo") || age >= remembered {
		return nil
	}
	return fmt.Errorf("it is %s old, and for %s a FIFO queue drops the same record when the function gives it up again: redrive it later",
		age.Round(time.Second), remembered)
}

// Remove deletes a message.
func (q *Queue) Remove(ctx context.Context, m *Message) error {
	id := m.at.(string)
	receipt := q.taken[id]
	if _, err := q.client.DeleteMessage(ctx, &sqs.DeleteMessageInput{QueueUrl: &q.url, ReceiptHandle: &receipt}); err != nil {
		return fmt.Errorf("sqs:DeleteMessage: %w", err)
	}
	delete(q.taken, id)
	return nil
}

// Leave does nothing yet: put back at once it would come again.
func (q *Queue) Leave(context.Context, *Message, bool) {}

// Close lets what was taken and not removed be seen again. What cannot be is seen by
// itself once its time is over.
func (q *Queue) Close(ctx context.Context) error {
	var errs []error
	for _, receipt := range q.taken {
		_, err := q.client.ChangeMessageVisibility(ctx, &sqs.ChangeMessageVisibilityInput{QueueUrl: &q.url, ReceiptHandle: &receipt, VisibilityTimeout: 0})
		if err != nil {
			errs = append(errs, fmt.Errorf("a message is seen again only in %s (sqs:ChangeMessageVisibility): %w", visibility, err))
		}
	}
	return errors.Join(errs...)
}
