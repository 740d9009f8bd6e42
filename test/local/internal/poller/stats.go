package poller

import (
	"net"

	"github.com/twmb/franz-go/pkg/kgo"
)

// Stats counts what a poller has done. The names of Lambda's own metrics for
// the same are behind them.
type Stats struct {
	Polled      int // records fetched: PolledEventCount
	FilteredOut int // FilteredOutEventCount
	Invoked     int // records handed to the function, again and again: InvokedEventCount
	Handled     int // records that the function took
	Delivered   int // OnFailureDestinationDeliveredEventCount
	Dropped     int // records given up on without a destination: DroppedEventCount

	Batches         int // not counting what is tried again
	FailedRecords   int // records to be retried, again and again: FailedInvokeEventCount
	Invocations     int
	FunctionErrors  int // invocations that failed as a whole: InvokeErrorCount
	Throttles       int // invocations that Lambda refused
	PartialFailures int // invocations whose answer named records
	LargestPayload  int // bytes

	Commits        int // of one partition each
	CommitErrors   int // CommitErrorCount
	PollingErrors  int // PollingErrorCount
	DeliveryErrors int // OnFailureDestinationDeliveryErrorCount
	Disconnects    int // from a broker
}

// Stats returns the counts so far.
func (p *Poller) Stats() Stats {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.stats
}

func (p *Poller) count(f func(*Stats)) {
	p.mu.Lock()
	defer p.mu.Unlock()
	f(&p.stats)
}

// OnBrokerDisconnect is called by the client.
func (p *Poller) OnBrokerDisconnect(kgo.BrokerMetadata, net.Conn) {
	p.count(func(s *Stats) { s.Disconnects++ })
}

// Plus adds the counts of another poller.
func (s Stats) Plus(o Stats) Stats {
	s.Polled += o.Polled
	s.FilteredOut += o.FilteredOut
	s.Invoked += o.Invoked
	s.Handled += o.Handled
	s.Delivered += o.Delivered
	s.Dropped += o.Dropped
	s.Batches += o.Batches
	s.FailedRecords += o.FailedRecords
	s.Invocations += o.Invocations
	s.FunctionErrors += o.FunctionErrors
	s.Throttles += o.Throttles
	s.PartialFailures += o.PartialFailures
	s.LargestPayload = max(s.LargestPayload, o.LargestPayload)
	s.Commits += o.Commits
	s.CommitErrors += o.CommitErrors
	s.PollingErrors += o.PollingErrors
	s.DeliveryErrors += o.DeliveryErrors
	s.Disconnects += o.Disconnects
	return s
}
