package poller

import (
	"context"
	"errors"
	"time"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"
)

// commit is the next offset to read, of a time that the partition was ours.
type commit struct {
	time   int
	offset int64
}

// settle commits what of b is done with. AWS documents that offsets are
// committed after each batch, and not whether the part of a batch that was
// handled is while the rest is retried; here it is.
func (p *Poller) settle(ctx context.Context, b *batch) error {
	p.mu.Lock()
	for partition, pr := range b.progress {
		from := pr.next
		for pr.next < len(pr.offsets) && pr.done[pr.offsets[pr.next]] {
			pr.next++
		}
		if pr.next > from && p.assigned[partition] == pr.time {
			p.uncommitted[partition] = commit{pr.time, pr.offsets[pr.next-1] + 1}
		}
	}
	p.mu.Unlock()
	return p.commit(ctx)
}

// commit commits what is to be committed. What fails is tried again with the
// next one; the error is that of BeforeCommit.
func (p *Poller) commit(ctx context.Context) error {
	// A partition must not go to another member in between: what is committed
	// then would take back what that member has committed.
	p.committing.Lock()
	defer p.committing.Unlock()
	p.mu.Lock()
	offsets := map[int32]kgo.EpochOffset{}
	for partition, c := range p.uncommitted {
		offsets[partition] = kgo.EpochOffset{Epoch: -1, Offset: c.offset}
	}
	p.mu.Unlock()
	if len(offsets) == 0 {
		return nil
	}
	if err := p.BeforeCommit(); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
	defer cancel()
	p.client.CommitOffsetsSync(ctx, map[string]map[int32]kgo.EpochOffset{p.Topic: offsets}, p.committed)
	return nil
}

// committed notes the answer to a commit.
func (p *Poller) committed(_ *kgo.Client, req *kmsg.OffsetCommitRequest, resp *kmsg.OffsetCommitResponse, err error) {
	failed := map[int32]error{}
	if err == nil {
		for _, t := range resp.Topics {
			for _, part := range t.Partitions {
				failed[part.Partition] = kerr.ErrorForCode(part.ErrorCode)
			}
		}
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, t := range req.Topics {
		for _, part := range t.Partitions {
			answer, ok := failed[part.Partition]
			if !ok {
				answer = errors.New("no answer")
			}
			if err != nil || answer != nil {
				p.stats.CommitErrors++
				continue
			}
			if p.uncommitted[part.Partition].offset == part.Offset {
				delete(p.uncommitted, part.Partition)
			}
			p.stats.Commits++
		}
	}
}
