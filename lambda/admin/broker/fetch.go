package broker

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"

	"msklambda/lambda/admin/ask"
)

const (
	fetchWait  = 500 * time.Millisecond // of one request to a broker
	fetchBytes = 1 << 20                // of a partition in one request; a larger batch comes whole
	firstBytes = 1                      // to have the first batch alone
	cutTo      = 1 << 10                // of a record that fits into no answer

	// patience is how long partitions are asked for again that have just got
	// another leader.
	patience = 5 * time.Second
)

// read is what a reading of partitions has come to.
type read struct {
	records []ask.Record
	next    map[int32]int64
	start   map[int32]int64 // of partitions whose first records are gone
	size    int             // of the records, as JSON
	most    int             // records
	full    bool
}

// fetch reads records of partitions, from a question's From on, until all its To are
// reached, the answer is full, or there was nothing for as long as Wait.
//
// The requests are made by hand and not by a consumer of franz-go: one tells of a
// partition how far it is read also where what was read are no records, as behind a
// transaction or where a topic was compacted, and takes no connections of its own.
func (b *Broker) fetch(ctx context.Context, q *ask.Question, a *ask.Answer) error {
	if len(q.From) == 0 {
		return ask.Refuse(ask.Invalid, "it needs partitions to fetch from")
	}
	if q.Max < 0 || q.Wait < 0 || q.Wait > ask.MaxWait {
		return ask.Refuse(ask.Invalid, "the most records must be 0 or more and the wait 0 to %d ms, got %d and %d", ask.MaxWait, q.Max, q.Wait)
	}
	t, err := b.partitions(ctx, q.Topic)
	if err != nil {
		return err
	}
	for p := range q.From {
		if _, ok := t.Partitions[p]; !ok {
			return ask.Refuse(ask.Invalid, "topic %q has no partition %d, its partitions are 0 to %d", q.Topic, p, len(t.Partitions)-1)
		}
	}
	r := &read{next: maps.Clone(q.From), start: map[int32]int64{}, most: q.Max}
	a.Next, a.Start = r.next, r.start
	deadline := time.Now().Add(time.Duration(q.Wait) * time.Millisecond)
	for {
		open := r.open(q.To)
		if len(open) == 0 || r.full {
			break
		}
		progress, err := b.fetchOnce(ctx, t, open, q.To, r)
		if moved := kerr.IsRetriable(err); moved && time.Now().Before(deadline.Add(patience)) {
			select {
			case <-time.After(metadataAge):
			case <-ctx.Done():
				return ctx.Err()
			}
			if t, err = b.partitions(ctx, q.Topic); err != nil {
				return err
			}
			continue
		}
		if err != nil {
			return err
		}
		if progress {
			deadline = time.Now().Add(time.Duration(q.Wait) * time.Millisecond)
		} else if !time.Now().Before(deadline) {
			break
		}
	}
	a.Records = r.records
	return nil
}

// open are the partitions that are not read to their ends.
func (r *read) open(to map[int32]int64) map[int32]int64 {
	open := map[int32]int64{}
	for p, next := range r.next {
		if end, bounded := to[p]; !bounded || next < end {
			open[p] = next
		}
	}
	return open
}

func (b *Broker) partitions(ctx context.Context, topic string) (kadm.TopicDetail, error) {
	all, err := b.admin.ListTopicsWithInternal(ctx, topic)
	if err != nil {
		return kadm.TopicDetail{}, err
	}
	t := all[topic]
	if t.Err == nil && len(t.Partitions) == 0 {
		t.Err = kerr.UnknownTopicOrPartition
	}
	return t, t.Err
}

// fetchOnce makes one request to each leader of the open partitions.
func (b *Broker) fetchOnce(ctx context.Context, t kadm.TopicDetail, open, to map[int32]int64, r *read) (progress bool, err error) {
	err = b.each(ctx, t, open, fetchBytes, func(p *kmsg.FetchResponseTopicPartition) error {
		end, bounded := to[p.Partition]
		if !bounded {
			end = -1
		}
		some, err := r.take(t.Topic, p, open[p.Partition], end)
		progress = progress || some
		if err != nil {
			return fmt.Errorf("%s-%d at %d: %w", t.Topic, p.Partition, open[p.Partition], err)
		}
		return nil
	})
	return progress, err
}

// each asks all leaders of the partitions at once, and then has take look at what came
// of each partition.
func (b *Broker) each(ctx context.Context, t kadm.TopicDetail, from map[int32]int64, bytes int32, take func(*kmsg.FetchResponseTopicPartition) error) error {
	leaders := map[int32][]int32{}
	for _, p := range slices.Sorted(maps.Keys(from)) {
		leader := t.Partitions[p].Leader
		leaders[leader] = append(leaders[leader], p)
	}
	ids := slices.Sorted(maps.Keys(leaders))
	replies, errs := make([]*kmsg.FetchResponse, len(ids)), make([]error, len(ids))
	var wait sync.WaitGroup
	for i, leader := range ids {
		wait.Go(func() { replies[i], errs[i] = b.request(ctx, t, leader, leaders[leader], from, bytes) })
	}
	wait.Wait()
	for i, resp := range replies {
		if errs[i] != nil {
			return errs[i]
		}
		for _, topic := range resp.Topics {
			for k := range topic.Partitions {
				if _, asked := from[topic.Partitions[k].Partition]; !asked {
					continue
				}
				if err := take(&topic.Partitions[k]); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

func (b *Broker) request(ctx context.Context, t kadm.TopicDetail, leader int32, partitions []int32, from map[int32]int64, bytes int32) (*kmsg.FetchResponse, error) {
	if leader < 0 {
		return nil, ask.Refuse(ask.Failed, "partitions %v of topic %q have no leader at the moment", partitions, t.Topic)
	}
	req := kmsg.NewPtrFetchRequest()
	req.MaxWaitMillis = int32(fetchWait / time.Millisecond)
	req.MinBytes = 1
	req.MaxBytes = ask.MaxPage / 4 * 3 // as base64 they are a page
	topic := kmsg.NewFetchRequestTopic()
	topic.Topic, topic.TopicID = t.Topic, t.ID
	for _, p := range partitions {
		one := kmsg.NewFetchRequestTopicPartition()
		one.Partition, one.FetchOffset, one.PartitionMaxBytes = p, from[p], bytes
		topic.Partitions = append(topic.Partitions, one)
	}
	req.Topics = append(req.Topics, topic)
	resp, err := b.client.Broker(int(leader)).RetriableRequest(ctx, req)
	if err != nil {
		return nil, err
	}
	fetched := resp.(*kmsg.FetchResponse)
	return fetched, kerr.ErrorForCode(fetched.ErrorCode)
}

// take takes the records of a partition, up to its end; -1 is none.
func (r *read) take(topic string, p *kmsg.FetchResponseTopicPartition, from, end int64) (progress bool, err error) {
	fetched, next := processed(topic, p, from)
	switch {
	case errors.Is(fetched.Err, kerr.OffsetOutOfRange) && fetched.LogStartOffset > from:
		r.next[p.Partition], r.start[p.Partition] = fetched.LogStartOffset, fetched.LogStartOffset
		return true, nil
	case errors.Is(fetched.Err, kerr.OffsetOutOfRange):
		return false, ask.Refuse(ask.Invalid, "offset %d is behind the end of %s-%d", from, topic, p.Partition)
	case fetched.Err != nil:
		return false, fetched.Err
	}
	for _, record := range fetched.Records {
		if end >= 0 && record.Offset >= end {
			next = max(end, from)
			break
		}
		if !r.add(record) {
			next = record.Offset // it is the first of the next page
			break
		}
	}
	r.next[p.Partition] = next
	return next > from, nil
}

// processed are the records that came of a partition from an offset on, and the offset
// to go on with.
func processed(topic string, p *kmsg.FetchResponseTopicPartition, from int64) (kgo.FetchPartition, int64) {
	return kgo.ProcessFetchPartition(kgo.ProcessFetchPartitionOpts{Offset: from, Topic: topic, Partition: p.Partition}, p, kgo.DefaultDecompressor(), nil)
}

// add adds a record where there is room for it.
func (r *read) add(record *kgo.Record) bool {
	if r.full {
		return false
	}
	one := recordOf(record)
	size := one.Size()
	if size > ask.MaxPage {
		one.CutTo(cutTo)
		size = one.Size()
	}
	if r.size+size > ask.MaxPage {
		r.full = true
		return false
	}
	r.records = append(r.records, one)
	r.size += size
	r.full = r.most > 0 && len(r.records) >= r.most
	return true
}

func recordOf(r *kgo.Record) ask.Record {
	one := ask.Record{Topic: r.Topic, Partition: r.Partition, Offset: r.Offset, Timestamp: r.Timestamp.UnixMilli(),
		Appended: r.Attrs.TimestampType() == 1, Key: r.Key, Value: r.Value}
	for _, h := range r.Headers {
		one.Headers = append(one.Headers, ask.Header{Key: h.Key, Value: h.Value})
	}
	return one
}

// times are the times of the records at or behind offsets, in milliseconds, of those
// partitions that can be read.
func (b *Broker) times(ctx context.Context, topic string, at map[int32]int64) map[int32]int64 {
	times := map[int32]int64{}
	if len(at) == 0 {
		return times
	}
	t, err := b.partitions(ctx, topic)
	if err != nil {
		return times
	}
	_ = b.each(ctx, t, at, firstBytes, func(p *kmsg.FetchResponseTopicPartition) error {
		fetched, _ := processed(topic, p, at[p.Partition])
		if fetched.Err == nil && len(fetched.Records) > 0 {
			times[p.Partition] = fetched.Records[0].Timestamp.UnixMilli()
		}
		return nil
	}) // what is not known is not told
	return times
}
