package poller

import (
	"context"
	"errors"
	"slices"
	"sync"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"
)

// Poller is a member of a consumer group that hands batches to a function.
type Poller struct {
	*Config
	client *kgo.Client
	events encoder
	filter filters

	changed chan struct{} // something was added to the queue, or there is room
	room    chan struct{}
	stop    chan struct{}
	stopped sync.Once

	committing sync.Mutex // held while offsets are committed; before mu

	mu     sync.Mutex
	queues map[int32][]*record // of each partition, in order
	queued int                 // records in all queues
	bytes  int                 // of them
	turn   int                 // which partition the next batch begins with
	// assigned counts how often a partition was given to this member; the
	// records of an earlier time are not its own any more. 0: not its own.
	assigned map[int32]int
	times    int
	// uncommitted is what could not be committed yet: the next offset.
	uncommitted map[int32]commit
	stats       Stats
}

// record is a record on its way from the topic to the function.
type record struct {
	*kgo.Record
	json      []byte // as it stands in an event
	time      int    // of assigned
	arrived   time.Time
	unmatched bool // the filters do not want it
	oversized bool // no event can hold it
}

// New makes a poller. It joins its group once it runs.
func New(c Config) (*Poller, error) {
	cfg, err := c.complete()
	if err != nil {
		return nil, err
	}
	f, err := newFilters(cfg.Filters)
	if err != nil {
		return nil, err
	}
	p := &Poller{
		Config:      cfg,
		events:      newEncoder(cfg),
		filter:      f,
		changed:     make(chan struct{}, 1),
		room:        make(chan struct{}, 1),
		stop:        make(chan struct{}),
		queues:      map[int32][]*record{},
		assigned:    map[int32]int{},
		uncommitted: map[int32]commit{},
	}
	p.client, err = kgo.NewClient(append(slices.Clone(cfg.Client),
		kgo.ClientID("lambda-poller"),
		kgo.ConsumerGroup(cfg.Group),
		kgo.ConsumeTopics(cfg.Topic),
		kgo.ConsumeStartOffset(cfg.offset()),
		kgo.DisableAutoCommit(),
		// Offsets are of use only to whom the partition belongs: callbacks must
		// not come between a poll and the queue.
		kgo.BlockRebalanceOnPoll(),
		kgo.OnPartitionsAssigned(p.onAssigned),
		kgo.OnPartitionsRevoked(p.onGone),
		kgo.OnPartitionsLost(p.onGone),
		kgo.RetryBackoffFn(func(n int) time.Duration { return min(time.Second, 20*time.Millisecond<<min(n, 10)) }),
		kgo.MetadataMinAge(50*time.Millisecond),
		kgo.FetchMaxWait(time.Second),
		kgo.FetchMaxPartitionBytes(256<<10),         // not far ahead of the function
		kgo.HeartbeatInterval(250*time.Millisecond), // who joins does not wait for seconds
		kgo.WithHooks(p),
		kgo.AlwaysRetryEOF(), // a broker that restarts says so
	)...)
	return p, err
}

// Run polls until ctx ends, Stop is called or BeforeCommit fails, whose error
// it returns. It can be called once.
func (p *Poller) Run(ctx context.Context) error {
	ctx, cancel := context.WithCancel(ctx)
	var fetching sync.WaitGroup
	fetching.Go(func() { p.fetch(ctx) })
	err := p.invokeAll(ctx)
	cancel()
	fetching.Wait()
	p.client.Close()
	if errors.Is(err, errStopped) || errors.Is(err, context.Canceled) {
		return nil
	}
	return err
}

// Stop makes Run return after the invocation that is under way. What it has not
// committed the next poller of the group gets.
func (p *Poller) Stop() { p.stopped.Do(func() { close(p.stop) }) }

// fetch moves records from the brokers to the queue.
func (p *Poller) fetch(ctx context.Context) {
	for p.waitForRoom(ctx) {
		fetches := p.client.PollFetches(ctx)
		if ctx.Err() != nil || fetches.IsClientClosed() {
			p.client.AllowRebalance()
			return
		}
		for _, e := range fetches.Errors() {
			p.count(func(s *Stats) { s.PollingErrors++ })
			p.Log("poll %s[%d]: %v", e.Topic, e.Partition, e.Err)
		}
		fetches.EachRecord(p.enqueue)
		p.client.AllowRebalance()
		signal(p.changed)
		if len(fetches.Errors()) > 0 && !pause(ctx, p.stop, 100*time.Millisecond) {
			return
		}
	}
}

// enqueue is called between a poll and AllowRebalance, so the partition is ours.
func (p *Poller) enqueue(r *kgo.Record) {
	rec := &record{Record: r, arrived: time.Now()}
	if rec.unmatched = !p.filter.match(r.Value); !rec.unmatched {
		rec.json = p.events.record(r)
		rec.oversized = p.events.sizeOf(rec) > p.MaxPayload
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	rec.time = p.assigned[r.Partition]
	p.queues[r.Partition] = append(p.queues[r.Partition], rec)
	p.queued++
	p.bytes += len(rec.json)
	p.stats.Polled++
}

// waitForRoom waits until there is less than two batches, by count and by size.
func (p *Poller) waitForRoom(ctx context.Context) bool {
	for {
		p.mu.Lock()
		full := p.full()
		p.mu.Unlock()
		if !full {
			return true
		}
		select {
		case <-p.room:
		case <-p.stop:
			return false
		case <-ctx.Done():
			return false
		}
	}
}

func (p *Poller) full() bool {
	return p.queued >= 2*p.BatchSize || p.bytes >= 2*p.MaxPayload
}

func (p *Poller) onAssigned(_ context.Context, _ *kgo.Client, partitions map[string][]int32) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, n := range partitions[p.Topic] {
		p.times++
		p.assigned[n] = p.times
	}
}

// onGone forgets what was fetched of partitions that are not ours any more:
// whoever gets them starts at the offset committed.
func (p *Poller) onGone(_ context.Context, _ *kgo.Client, partitions map[string][]int32) {
	p.committing.Lock()
	defer p.committing.Unlock()
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, n := range partitions[p.Topic] {
		delete(p.assigned, n)
		delete(p.uncommitted, n)
		p.dequeue(n, len(p.queues[n]))
	}
	signal(p.room)
}

// dequeue takes the first n records of a partition off its queue.
func (p *Poller) dequeue(partition int32, n int) []*record {
	q := p.queues[partition]
	head := slices.Clone(q[:n])
	for _, r := range head {
		p.bytes -= len(r.json)
	}
	p.queued -= n
	clear(q[:n]) // large ones are not to be kept
	if p.queues[partition] = q[n:]; len(q) == n {
		delete(p.queues, partition)
	}
	return head
}

// owns reports whether r's partition was ours all the time since r was fetched.
func (p *Poller) owns(r *record) bool {
	return r.time != 0 && p.assigned[r.Partition] == r.time
}

func signal(c chan struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}

// pause waits and reports whether to go on.
func pause(ctx context.Context, stop <-chan struct{}, d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return true
	case <-stop:
		return false
	case <-ctx.Done():
		return false
	}
}
