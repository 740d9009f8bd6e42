// Package job is what one function hands to the next: that a shard of the
// followers of a match is to be told what happened.
package job

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"sync"

	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"
)

// Job says that the followers in a shard of a match are to have the events after
// From, up to To at least.
type Job struct {
	Match string `json:"match"`
	Epoch int64  `json:"epoch,omitempty"`
	From  int64  `json:"from"`
	To    int64  `json:"to"`
	Shard int    `json:"shard"` // 0 to Of-1
	Of    int    `json:"of"`
	Part  int    `json:"part,omitempty"` // of a job that was not done in one go
}

// group keeps the jobs of a shard one after the other: two at once would post
// twice as much as its share, and each thing twice.
func (j Job) group() string { return j.Match + "#" + strconv.Itoa(j.Of) + "#" + strconv.Itoa(j.Shard) }

// id is the same for the same job: what is handed on again within 5 minutes, after
// a failure, is there once.
func (j Job) id() string {
	return fmt.Sprintf("%s#%d#%d#%d#%d", j.group(), j.Epoch, j.From, j.To, j.Part)
}

// Shards are the jobs of all shards of a match.
func Shards(j Job, of int) []Job {
	all := make([]Job, of)
	for i := range all {
		all[i] = j
		all[i].Shard, all[i].Of = i, of
	}
	return all
}

// Queue is where jobs wait. Its methods may be called by several goroutines.
type Queue struct {
	client *sqs.Client
	url    string
}

// NewQueue makes a Queue of one that exists. It calls nothing.
func NewQueue(client *sqs.Client, url string) *Queue { return &Queue{client, url} }

// Send puts jobs into the queue, in as many requests at once as that takes.
func (q *Queue) Send(ctx context.Context, jobs ...Job) error {
	const most = 10 // of one request
	var wait sync.WaitGroup
	errs := make([]error, (len(jobs)+most-1)/most)
	for i := range errs {
		part := jobs[i*most : min(len(jobs), (i+1)*most)]
		wait.Go(func() { errs[i] = q.send(ctx, part) })
	}
	wait.Wait()
	if err := errors.Join(errs...); err != nil {
		return fmt.Errorf("hand on %d jobs of %s: %w", len(jobs), jobs[0].Match, err)
	}
	return nil
}

func (q *Queue) send(ctx context.Context, jobs []Job) error {
	in := &sqs.SendMessageBatchInput{QueueUrl: &q.url}
	for i, j := range jobs {
		text, err := json.Marshal(j)
		if err != nil {
			return err
		}
		body, group, id, entry := string(text), j.group(), j.id(), strconv.Itoa(i)
		in.Entries = append(in.Entries, types.SendMessageBatchRequestEntry{
			Id: &entry, MessageBody: &body, MessageGroupId: &group, MessageDeduplicationId: &id})
	}
	out, err := q.client.SendMessageBatch(ctx, in)
	if err != nil {
		return err
	}
	var errs []error
	for _, f := range out.Failed {
		text := ""
		if f.Message != nil {
			text = *f.Message
		}
		errs = append(errs, fmt.Errorf("entry %s: %s %s", *f.Id, *f.Code, text))
	}
	return errors.Join(errs...)
}
