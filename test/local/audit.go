package main

import (
	"sync"

	"msklambda/test/local/internal/broker"
	"msklambda/test/local/internal/poller"
)

// audit knows what became of each record, to find out at the end whether one
// was passed over. It compares two things that do not know of each other: what
// the poller says of each record, and what the broker says is committed.
type audit struct {
	mu       sync.Mutex
	outcomes map[int32][]poller.Outcome // by offset; 0 where there is none
}

func newAudit() *audit { return &audit{outcomes: map[int32][]poller.Outcome{}} }

// note takes note of a record that is done with. Of several outcomes, as after a
// rebalance, the first that is not a loss counts.
func (a *audit) note(o poller.Outcome, partition int32, offset int64) {
	a.mu.Lock()
	defer a.mu.Unlock()
	list := a.outcomes[partition]
	for int64(len(list)) <= offset {
		list = append(list, 0)
	}
	if list[offset] == 0 || list[offset] == poller.Lost {
		list[offset] = o
	}
	a.outcomes[partition] = list
}

// lost counts the records that nobody will get any more and that were neither
// handled nor delivered nor filtered out.
func (a *audit) lost(offsets []broker.Offsets) int {
	a.mu.Lock()
	defer a.mu.Unlock()
	lost := 0
	for partition, o := range offsets {
		list := a.outcomes[int32(partition)]
		for offset := range o.Committed {
			if offset >= int64(len(list)) || list[offset] == 0 || list[offset] == poller.Lost {
				lost++
			}
		}
	}
	return lost
}

// report writes the result and returns the exit status.
func (a *audit) report(s *screen, st poller.Stats, source *producer, offsets []broker.Offsets, status string) int {
	s.line("%s", status)
	if n := source.failed(); n > 0 {
		s.line("sent in vain: %d sample records were not taken by the broker, which has told the producer so", n)
	}
	var left int64
	for _, o := range offsets {
		left += o.End - o.Committed
	}
	if left > 0 {
		s.line("left in the topic: %d records, not committed: the group would get them next", left)
	}
	lost := a.lost(offsets)
	if lost > 0 {
		s.line("lost: %d records", lost)
		return exitLost
	}
	s.line("lost: none")
	return 0
}
