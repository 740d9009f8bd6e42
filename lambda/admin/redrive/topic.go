package redrive

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"time"

	"msklambda/lambda/admin/ask"
)

// Asker answers questions about a cluster.
type Asker interface {
	Ask(context.Context, *ask.Question) (*ask.Answer, error)
}

// Topic is a topic of failed batches. Records of a topic are not removed one by one:
// how far they are handled is committed as a group of the redrive's own.
type Topic struct {
	asker        Asker
	topic, group string
	next, end    map[int32]int64 // to read; nil before the first
	committed    map[int32]int64
	stopped      map[int32]bool // behind a message that failed
	page         []ask.Record
}

// NewTopic makes a source of a topic and a group.
func NewTopic(asker Asker, topic, group string) *Topic {
	return &Topic{asker: asker, topic: topic, group: group, stopped: map[int32]bool{}}
}

func (t *Topic) open(ctx context.Context) error {
	a, err := t.asker.Ask(ctx, &ask.Question{Do: ask.DoTopics, Topic: t.topic})
	if err != nil {
		return err
	}
	t.next, t.end, t.committed = map[int32]int64{}, map[int32]int64{}, map[int32]int64{}
	for _, p := range a.Topics[0].Partitions {
		t.next[p.Partition], t.end[p.Partition], t.committed[p.Partition] = p.Start, p.End, -1
	}
	lag, err := t.asker.Ask(ctx, &ask.Question{Do: ask.DoLag, Topic: t.topic, Group: t.group})
	if lag != nil && lag.Refused != nil && lag.Refused.Kind == ask.NoGroup {
		return nil // it is the first redrive
	}
	if err != nil {
		return err
	}
	for _, l := range lag.Lag {
		if l.Committed >= 0 {
			t.committed[l.Partition] = l.Committed
			t.next[l.Partition] = max(l.Committed, t.next[l.Partition])
		}
	}
	return nil
}

// Next reads the next record.
func (t *Topic) Next(ctx context.Context) (*Message, error) {
	if t.next == nil {
		if err := t.open(ctx); err != nil {
			t.next = nil
			return nil, err
		}
	}
	for {
		for len(t.page) > 0 {
			r := t.page[0]
			t.page = t.page[1:]
			if t.stopped[r.Partition] {
				continue
			}
			m := &Message{ID: fmt.Sprintf("%s-%d@%d", t.topic, r.Partition, r.Offset), Body: r.Value, Key: r.Key, Headers: r.Headers,
				Sent: time.UnixMilli(r.Timestamp), at: &r}
			if r.Cut > 0 {
				m.Body = nil // which is no JSON
			}
			return m, nil
		}
		from := maps.Clone(t.next)
		maps.DeleteFunc(from, func(p int32, next int64) bool { return t.stopped[p] || next >= t.end[p] })
		if len(from) == 0 {
			return nil, nil
		}
		a, err := t.asker.Ask(ctx, &ask.Question{Do: ask.DoFetch, Topic: t.topic, From: from, To: t.end, Wait: ask.MaxWait})
		if err != nil {
			return nil, err
		}
		maps.Copy(t.next, a.Next)
		if t.page = a.Records; len(t.page) == 0 && maps.Equal(from, a.Next) {
			return nil, fmt.Errorf("what is in %s behind %v did not come", t.topic, from)
		}
	}
}

// Remove commits that all up to a message is handled.
func (t *Topic) Remove(ctx context.Context, m *Message) error {
	r := m.at.(*ask.Record)
	c := ask.Commit{Partition: r.Partition, Was: t.committed[r.Partition], Offset: r.Offset + 1}
	if _, err := t.asker.Ask(ctx, &ask.Question{Do: ask.DoCommit, Topic: t.topic, Group: t.group, Commit: []ask.Commit{c}}); err != nil {
		t.stopped[r.Partition] = true
		return err
	}
	t.committed[r.Partition] = c.Offset
	return nil
}

// Leave stops at a message of ours: to commit what is behind it would be to commit it
// too. One of somebody else stays in the topic, whatever is committed.
func (t *Topic) Leave(_ context.Context, m *Message, ours bool) {
	if ours {
		t.stopped[m.at.(*ask.Record).Partition] = true
	}
}

// Close does nothing.
func (t *Topic) Close(context.Context) error { return nil }

// Reader reads records of a topic again.
func Reader(asker Asker) func(context.Context, Range) ([]ask.Record, error) {
	return func(ctx context.Context, r Range) ([]ask.Record, error) {
		var out []ask.Record
		for next := r.First; next <= r.Last; {
			a, err := asker.Ask(ctx, &ask.Question{Do: ask.DoFetch, Topic: r.Topic, Wait: ask.MaxWait,
				From: map[int32]int64{r.Partition: next}, To: map[int32]int64{r.Partition: r.Last + 1}})
			if err != nil {
				return nil, err
			}
			if first, gone := a.Start[r.Partition]; gone {
				return nil, fmt.Errorf("records %s-%d@%d..%d are gone from the topic, which begins at %d", r.Topic, r.Partition, r.First, min(r.Last, first-1), first)
			}
			out = append(out, a.Records...)
			if a.Next[r.Partition] <= next {
				return nil, fmt.Errorf("record %s-%d@%d and on did not come", r.Topic, r.Partition, next)
			}
			next = a.Next[r.Partition]
		}
		slices.SortFunc(out, func(a, b ask.Record) int { return int(a.Offset - b.Offset) })
		return out, nil
	}
}
