package loop

import (
	"context"
	"sync"

	"msklambda/test/local/internal/cluster"
	"msklambda/test/local/internal/poller"
)

// audit knows what became of each record, to find out at the end whether one
// was passed over. It compares two things that do not know of each other: what
// the poller says of each record, and what the brokers say is committed.
type audit struct {
	mu       sync.Mutex
	outcomes map[int32]*outcomes
}

// outcomes are those of a partition, from the offset first on; 0 where there is none.
type outcomes struct {
	first int64
	list  []poller.Outcome
}

func newAudit() *audit { return &audit{outcomes: map[int32]*outcomes{}} }

// begin says where the group began to read.
func (a *audit) begin(all []cluster.Offsets) {
	a.mu.Lock()
	defer a.mu.Unlock()
	for n, o := range all {
		a.outcomes[int32(n)] = &outcomes{first: o.Next()}
	}
}

// note takes note of a record that is done with. Of several outcomes, as after a
// rebalance, the first that is not a loss counts.
func (a *audit) note(o poller.Outcome, partition int32, offset int64) {
	a.mu.Lock()
	defer a.mu.Unlock()
	p := a.outcomes[partition]
	switch {
	case p == nil:
		p = &outcomes{first: offset}
		a.outcomes[partition] = p
	case len(p.list) == 0 && offset > p.first:
		p.first = offset // LATEST, or a time: what came before is not for the group
	case offset < p.first:
		// Somebody has set the group back: what it gets again was done with before.
		return
	}
	for int64(len(p.list)) <= offset-p.first {
		p.list = append(p.list, 0)
	}
	if at := &p.list[offset-p.first]; *at == 0 || *at == poller.Lost {
		*at = o
	}
}

// missing are the offsets that nobody will get any more and that were neither
// handled nor delivered nor filtered out, by partition.
func (a *audit) missing(all []cluster.Offsets) map[int32][]int64 {
	a.mu.Lock()
	defer a.mu.Unlock()
	out := map[int32][]int64{}
	for n, o := range all {
		partition := int32(n)
		p := a.outcomes[partition]
		if p == nil {
			p = &outcomes{first: o.Next()}
		}
		for offset := p.first; offset < o.Committed; offset++ {
			if i := offset - p.first; i >= int64(len(p.list)) || p.list[i] == 0 || p.list[i] == poller.Lost {
				out[partition] = append(out[partition], offset)
			}
		}
	}
	return out
}

// lost counts the missing offsets that hold a record. The brokers are asked: the end of
// a transaction has an offset too, and what was compacted away had one.
func (a *audit) lost(ctx context.Context, c *cluster.Cluster, topic string, all []cluster.Offsets) (int, error) {
	lost := 0
	for partition, offsets := range a.missing(all) {
		there, err := c.Records(ctx, topic, partition, offsets[0], offsets[len(offsets)-1]+1)
		if err != nil {
			return 0, err
		}
		for _, offset := range offsets {
			if there[offset] {
				lost++
			}
		}
	}
	return lost, nil
}
