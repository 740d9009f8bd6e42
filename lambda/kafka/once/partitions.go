package once

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"os"
	"strconv"
	"sync"
	"time"

	"msklambda/lambda/kafka"
	"msklambda/lambda/kafka/contract"
)

// PartitionOptions are those of [Partitions]. The zero value of each field is its
// default.
type PartitionOptions struct {
	// Namespace is what the marks are kept under: another one is another beginning. It
	// must be another for each function that reads the topic and has the same table, and
	// for each cluster, whose offsets are its own.
	// Default: what the construct says, the consumer group or
	// ConsumerProps.Idempotency.Namespace, by MSKLAMBDA_ONCE_NAMESPACE; else the
	// name of the function.
	Namespace string

	// Lease is how long the effect of a record may take: its context ends then. A
	// partition waits for twice as long, at most, after a process has ended in the
	// middle. Default: 30s.
	Lease time.Duration

	// Keep is how long a mark is known after it was moved last: longer than it
	// takes until a record may come again after a pause. Default: 7 days.
	Keep time.Duration

	// EachBatch moves a mark once, when the whole event has been handled: two writes
	// for a partition and not one for each record. A process that ends before that makes all
	// effects of its batch again. It is for effects that are buffered and flushed by
	// [kafka.AfterBatch] too, which has to be given before Partitions; without EachBatch
	// making the handler panics with an AfterBatch.
	EachBatch bool
}

// clockSkew is how far a producer's clock may be ahead before its record is taken
// for one that was written after the mark.
const clockSkew = time.Minute

// Partitions makes effects once by one mark for each partition, in place of a row
// for each key: how far it is. A record before the mark is done, and skipped
// ([kafka.Skip]); the mark moves behind each record for which the function has
// returned nil.
//
//	kafka.Start(process, once.Partitions(store, once.PartitionOptions{}))
//
// It knows a record by its place, and not what it is about: the same order in two
// records is two effects, for which [Guard] has keys. It needs the order of
// partitions: with [kafka.ConcurrencyByKey] or [kafka.ContinueOnError], where a later
// record may be done before an earlier one, and with a [kafka.Batch], making
// the handler panics. Keys of records work with those.
//
// While an event is handled its partitions are held, by a lease that is renewed, so that no
// two make effects of one at the same time. As with Guard, a process that ends between
// the effect and the mark is followed by that effect again, of one record for each
// partition, because there is no telling whether it was made.
//
// # When offsets go back
//
// An operator who sets the offsets of the group back has all of it skipped, which
// is logged and counted: for another beginning give another Namespace. A topic that was
// deleted and made again, or that has lost its end in an unclean election, begins again
// at offsets before the mark. Its records are told by their timestamps: one that was
// written more than a minute after the mark was moved cannot be done. It fails, with an error
// that says so, and its partition waits until there is another Namespace. Records that
// were written within that minute, or without a timestamp, are taken for done.
//
// It panics if store is nil or an option is wrong.
func Partitions(store MarkStore, options PartitionOptions) kafka.Option {
	if store == nil {
		panic("once: Partitions needs a store, got nil")
	}
	if options.Lease < 0 || options.Keep < 0 {
		panic(fmt.Sprintf("once: PartitionOptions must not be negative, got a Lease of %v and a Keep of %v", options.Lease, options.Keep))
	}
	for _, name := range []string{contract.OnceNamespace, "AWS_LAMBDA_FUNCTION_NAME"} {
		if options.Namespace == "" {
			options.Namespace = os.Getenv(name)
		}
	}
	if options.Namespace == "" {
		panic("once: Partitions needs a Namespace, got none, nor one in " + contract.OnceNamespace)
	}
	if options.Lease == 0 {
		options.Lease = defaultLease
	}
	if options.Keep == 0 {
		options.Keep = defaultKeep
	}
	p := &partitions{store, options}
	after := kafka.Options(kafka.DoneOnReturn(), kafka.Observe(func(ctx context.Context, _ kafka.Summary) { p.leave(ctx) }))
	if p.EachBatch {
		after = kafka.AfterBatch(p.moveAll)
	}
	return kafka.Options(kafka.InOrder(), kafka.EventContext(p.begin), kafka.Use(p.middleware), after)
}

type partitions struct {
	store MarkStore
	PartitionOptions
}

// hold is a partition as an event has it. One goroutine at a time has it: records of
// a partition are handled one after the other.
type hold struct {
	key, owner string
	until      time.Time // when the lease ends, as far as it is known; zero = ask
	mark       Mark
	unmarked   bool // what is before mark.Next is done, and not written so
}

// event is what an event holds.
type event struct {
	mu    sync.Mutex
	holds map[string]*hold
	made  map[*kafka.Record]made // with EachBatch
}

// made is a record that the function has returned nil for.
type made struct {
	h    *hold
	next int64
}

type eventKey struct{ p *partitions } // of each Partitions its own

func (p *partitions) begin(ctx context.Context) context.Context {
	return context.WithValue(ctx, eventKey{p}, &event{holds: map[string]*hold{}, made: map[*kafka.Record]made{}})
}

// partitionKey is that of a mark. It begins with what no key of a Guard should.
func (p *partitions) partitionKey(topic string, partition int32) string {
	return "partition\x00" + p.Namespace + "\x00" + topic + "\x00" + strconv.Itoa(int(partition))
}

func (p *partitions) hold(e *event, topic string, partition int32) *hold {
	e.mu.Lock()
	defer e.mu.Unlock()
	key := p.partitionKey(topic, partition)
	h := e.holds[key]
	if h == nil {
		// An owner is one partition in one event: that its lease was written by a call
		// whose answer was lost is known by it.
		h = &hold{key: key, owner: fmt.Sprintf("%016x%016x", rand.Uint64(), rand.Uint64())}
		e.holds[key] = h
	}
	return h
}

func (p *partitions) middleware(next kafka.HandlerFunc) kafka.HandlerFunc {
	return func(ctx context.Context, r *kafka.Record) error {
		place, offset := r.String(), r.Offset // which the function can change
		e := ctx.Value(eventKey{p}).(*event)
		h := p.hold(e, r.Topic, r.Partition)
		if err := p.renew(ctx, h); err != nil {
			return err
		}
		if offset < h.mark.Next {
			if behind := r.Timestamp.Sub(h.mark.Moved); !r.Timestamp.IsZero() && behind > clockSkew {
				return kafka.Transient(fmt.Errorf("once: %s is before the mark at %d of %q, and was written %v after that was moved: the topic has begun again, which needs another Namespace",
					place, h.mark.Next, p.Namespace, behind.Round(time.Second)))
			}
			return kafka.Skip(fmt.Errorf("once: %s is done: the mark of %q is at %d", place, p.Namespace, h.mark.Next))
		}
		limited, cancel := context.WithDeadlineCause(ctx, time.Now().Add(p.Lease),
			fmt.Errorf("the lease of %v has ended (once.PartitionOptions): %w", p.Lease, context.DeadlineExceeded))
		err := next(limited, r)
		cancel()
		if err != nil {
			return err
		}
		if p.EachBatch {
			e.mu.Lock()
			defer e.mu.Unlock()
			e.made[r] = made{h, offset + 1}
			return nil
		}
		h.mark.Next, h.mark.Moved, h.unmarked = offset+1, time.Now(), true
		err = late(ctx, func(ctx context.Context) error { return p.move(ctx, h, 2*p.Lease) })
		if errors.Is(err, ErrLost) {
			return kafka.Transient(fmt.Errorf("once: %s was made, and could not be marked as done: %w", place, err))
		}
		// Otherwise it is done, and will be marked before anything else is: to fail it
		// would be to have it made again.
		return nil
	}
}

// renew makes sure of a partition: that it is held for at least a Lease, and that
// what is done is marked.
func (p *partitions) renew(ctx context.Context, h *hold) error {
	if h.unmarked {
		if err := p.move(ctx, h, 2*p.Lease); err != nil {
			return kafka.Transient(fmt.Errorf("once: mark %q up to %d: %w", p.Namespace, h.mark.Next, err))
		}
	}
	if time.Until(h.until) >= p.Lease {
		return nil
	}
	start := time.Now()
	mark, err := p.store.Hold(ctx, h.key, h.owner, 2*p.Lease, p.Keep)
	switch {
	case err != nil:
		return kafka.Transient(fmt.Errorf("once: hold the partition: %w", err))
	case mark.State == Taken:
		h.until = time.Time{}
		wait := max(time.Until(mark.Until)/4, minWait)
		return kafka.RetryAfter(wait, fmt.Errorf("once: the partition is another's until %v", mark.Until.UTC().Format(time.RFC3339Nano)))
	}
	h.until = start.Add(2 * p.Lease)
	if mark.Next > h.mark.Next || !h.unmarked {
		h.mark, h.unmarked = mark, false
	}
	return nil
}

// move writes how far a partition is.
func (p *partitions) move(ctx context.Context, h *hold, lease time.Duration) error {
	start := time.Now()
	switch err := p.store.Move(ctx, h.key, h.owner, h.mark.Next, lease, p.Keep); {
	case errors.Is(err, ErrLost):
		// Another has it, and knows how far it is.
		h.until, h.unmarked = time.Time{}, false
		return err
	case err != nil:
		return err
	}
	h.until, h.unmarked = start.Add(lease), false
	return nil
}

// moveAll moves the marks behind what is handled when all is: what a flush before this
// has taken back is not.
func (p *partitions) moveAll(ctx context.Context, r *kafka.Result) error {
	e := ctx.Value(eventKey{p}).(*event)
	for record := range r.Handled() {
		if m, ok := e.made[record]; ok && m.next > m.h.mark.Next {
			m.h.mark.Next, m.h.unmarked = m.next, true
		}
	}
	p.leave(ctx)
	return nil
}

// leave gives up what the event holds, and moves the marks that are not moved yet. What
// cannot be written is no failure of a record: the records are handled, and a lease ends
// by itself.
func (p *partitions) leave(ctx context.Context) {
	wait := lateTime
	if end, ok := ctx.Deadline(); ok {
		wait = min(wait, time.Until(end)/2) // there is an answer to be given
	}
	ctx, cancel := context.WithTimeout(ctx, wait)
	defer cancel()
	var all sync.WaitGroup
	defer all.Wait() // before cancel
	for _, h := range ctx.Value(eventKey{p}).(*event).holds {
		all.Go(func() {
			var err error
			if h.unmarked {
				err = p.move(ctx, h, 0)
			} else {
				err = p.store.Leave(ctx, h.key, h.owner)
			}
			if err != nil {
				slog.WarnContext(ctx, "once: a partition could not be given up, and waits until its lease ends", "error", err.Error())
			}
		})
	}
}
