package main

import (
	"bytes"
	"context"
	"errors"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"msklambda/test/local/internal/fault"
	"msklambda/test/local/internal/poller"
	"msklambda/test/local/internal/sandbox"
)

const (
	faultRecords    = 20_000
	faultPartitions = 8
)

// scenario is a fault, and what is to come of the records in spite of it.
type scenario struct {
	name string // for the table
	what string

	size     int                                // of a value. Default: 100 bytes.
	extra    func(partition, n int) string      // the fault that record n of a partition asks for
	sizeOf   func(partition, n int) int         // of single values
	config   func(*poller.Config)               // of the mapping
	function func(*sandbox.Config)              // of the function
	letters  bool                               // the function gives records up itself
	during   func(t *testing.T, r *scenarioRun) // what happens meanwhile
	brokers  int                                // Default: 2.

	destination int    // records that are to be in the destination
	again       string // whether records are handled more than once: none, some, or perhaps
	check       func(t *testing.T, r *scenarioRun)
}

// Whether records are handled more than once; the zero value is none.
const (
	some    = "some"
	perhaps = "perhaps" // it depends on when the fault happens
)

// every returns an extra that asks for a fault at record first of each partition
// and at each step-th after it. first differs between partitions, so that the
// faults do not all come in the same batch.
func every(kind string, first, step int) func(int, int) string {
	return func(partition, n int) string {
		if n -= first + 17*partition; n >= 0 && n%step == 0 {
			return kind
		}
		return ""
	}
}

func scenarios() []scenario {
	partial := func(c *poller.Config) { c.ReportBatchItemFailures = true }
	return []scenario{
		{
			name: "none", what: "nothing fails",
		},
		{
			name: "error, whole batch", what: "the handler returns an error for some records; their batches are sent again",
			extra: every(fault.Error, 10, 100), again: some,
		},
		{
			name: "error, partial answer", what: "the same with `ReportBatchItemFailures`",
			extra: every(fault.Error, 10, 100), config: partial,
		},
		{
			name: "poison record, bisect", what: "some records fail each time; batches are halved, two retries, destination",
			extra: every(fault.Poison, 100, 1000), destination: 24, again: some,
			config: func(c *poller.Config) { c.BisectOnError, c.RetryAttempts = true, 2 },
		},
		{
			name: "poison record, bisect and partial answer", what: "the same with `ReportBatchItemFailures`",
			extra: every(fault.Poison, 100, 1000), destination: 24,
			config: func(c *poller.Config) {
				c.BisectOnError, c.RetryAttempts, c.ReportBatchItemFailures = true, 2, true
			},
		},
		{
			name: "poison record, dead letters of the function", what: "the same with a sink (`kafka.DeadLetter`) instead of all this: on-demand pollers, which have neither bisect nor a retry limit",
			extra: every(fault.Poison, 100, 1000), destination: 24,
			letters: true,
			check: func(t *testing.T, r *scenarioRun) {
				if r.stats.FunctionErrors != 0 {
					t.Errorf("invocations that failed = %d, want none", r.stats.FunctionErrors)
				}
			},
		},
		{
			name: "panic", what: "the handler panics at some records",
			extra: every(fault.Panic, 10, 200), again: some,
		},
		{
			name: "timeout", what: "the handler hangs at some records until Lambda kills the process",
			extra: every(fault.Timeout, 900, 2000), again: some,
			config:   partial,
			function: func(c *sandbox.Config) { c.Timeout = 400 * time.Millisecond },
			check: func(t *testing.T, r *scenarioRun) {
				if got, least := r.function.Starts(), r.faults+1; got < least {
					t.Errorf("processes = %d, want at least %d", got, least)
				}
			},
		},
		{
			name: "crash", what: "the process ends in the middle of a batch",
			extra: every(fault.Crash, 100, 500), again: some,
			config: partial,
			check: func(t *testing.T, r *scenarioRun) {
				if got, want := r.function.Starts(), r.faults+1; got != want {
					t.Errorf("processes = %d, want %d", got, want)
				}
			},
		},
		{
			name: "broker restart", what: "all brokers stop and start again, three times, while records are handled",
			during: restartBrokers(3), again: perhaps,
			check: func(t *testing.T, r *scenarioRun) {
				if got, least := r.stats.Disconnects, r.faults; got < least {
					t.Errorf("connections lost = %d, want at least %d", got, least)
				}
			},
		},
		{
			name: "poller restart", what: "the handler fails at some records, and the poller is killed: three times after an invocation and before its commit, three times before a retry",
			extra: every(fault.Error, 10, 100), config: partial,
			during: killPollers(3), again: some,
		},
		{
			name: "rebalance", what: "a second poller joins the group while a batch is being handled, and the first one leaves",
			brokers: 1, // so that batches are of all partitions, those that move too
			during:  rebalance, again: some,
		},
		{
			name: "slow consumer", what: "batches take longer than the function may run; it answers what it did not get to",
			extra: every(fault.Slow, 0, 20), again: perhaps, // if the machine is slower still
			function: func(c *sandbox.Config) { c.Timeout = 500 * time.Millisecond },
			config: func(c *poller.Config) {
				c.ReportBatchItemFailures, c.BatchSize = true, 10_000
			},
			check: func(t *testing.T, r *scenarioRun) {
				if r.stats.PartialFailures == 0 {
					t.Error("no answer named records: the function was not slow")
				}
			},
		},
		{
			name: "batch at 6 MB", what: "batches are cut by their size and not by their count",
			size: 1500, config: func(c *poller.Config) { c.BatchSize = 10_000 },
			check: func(t *testing.T, r *scenarioRun) {
				if got, least, most := r.stats.LargestPayload, poller.DefaultMaxPayload-4000, poller.DefaultMaxPayload; got < least || got > most {
					t.Errorf("largest payload = %d bytes, want %d to %d", got, least, most)
				}
			},
		},
		{
			name: "record over 6 MB", what: "some records are too large for any event",
			sizeOf: func(partition, n int) int {
				if partition%4 == 1 && n%1000 == 999 {
					return 5 << 20 // and a third more in base64
				}
				return 0
			},
			destination: 4,
		},
	}
}

// TestNoFaultLosesARecord runs the whole path for each fault and writes what
// came of the records to docs/faults.md.
func TestNoFaultLosesARecord(t *testing.T) {
	if testing.Short() {
		t.Skip("takes seconds: go test without -short runs it")
	}
	bootstrap := buildFaulty(t)
	all := scenarios()
	rows := make([]tableRow, len(all))
	t.Run("faults", func(t *testing.T) {
		for i, s := range all {
			t.Run(s.name, func(t *testing.T) {
				t.Parallel() // most of the time is waiting: for timeouts, and for the function
				rows[i] = s.run(t, bootstrap)
			})
		}
	})
	if !t.Failed() && !slices.ContainsFunc(rows, func(r tableRow) bool { return r.name == "" }) { // none by -run
		checkTable(t, rows)
	}
}

// restartBrokers restarts the brokers n times, each time during an invocation,
// so that there are records that have not been fetched, records that have been
// fetched, and offsets to commit.
func restartBrokers(n int) func(*testing.T, *scenarioRun) {
	return func(t *testing.T, r *scenarioRun) {
		g := newGate(r, 8)
		go r.poll()
		for range n {
			g.wait(r)
			if err := r.broker.Restart(); err != nil {
				t.Fatal(err)
			}
			r.faults++
			g.resume <- struct{}{}
		}
		g.every.Store(0)
	}
}

// killPollers lets pollers, one after the other, end at their third commit or
// at a retry, n of them each.
func killPollers(n int) func(*testing.T, *scenarioRun) {
	return func(t *testing.T, r *scenarioRun) {
		config := r.config
		for i := range 2 * n {
			if i%2 == 0 {
				commits := 0
				r.config.BeforeCommit = func() error {
					if commits++; commits == 3 {
						return errKilled
					}
					return nil
				}
			} else {
				r.config.Function = &killer{Function: r.function}
			}
			go r.poll()
			if err := <-r.ended; err != errKilled {
				t.Errorf("poller ended with %v, want %v", err, errKilled)
			}
			r.faults++
			r.config = config
		}
		go r.poll()
	}
}

var errKilled = errors.New("killed")

// killer ends the poller in place of the first retry.
type killer struct {
	poller.Function
	failed bool
}

func (k *killer) Invoke(ctx context.Context, payload []byte) (sandbox.Result, error) {
	if k.failed {
		return sandbox.Result{}, errKilled
	}
	result, err := k.Function.Invoke(ctx, payload)
	k.failed = result.FunctionError != "" || bytes.Contains(result.Payload, []byte("itemIdentifier"))
	return result, err
}

// rebalance moves half of the partitions to a second poller while the first is
// in an invocation with records of them, and later the other half.
func rebalance(t *testing.T, r *scenarioRun) {
	g := newGate(r, 8)
	go r.poll()
	g.wait(r)
	g.every.Store(0)
	first := r.current()
	r.config.Function = r.function
	go r.poll()
	if err := r.broker.WaitForMembers(r.ctx, "orders-fn", 2); err != nil {
		t.Fatal(err)
	}
	g.resume <- struct{}{}
	r.waitForDone(faultRecords * 3 / 4)
	first.Stop()
	if err := <-r.ended; err != nil {
		t.Error(err)
	}
	r.faults = 2
}

// gate holds one invocation of every so many until it is told to resume.
type gate struct {
	poller.Function
	every   atomic.Int64
	n       atomic.Int64
	waiting chan struct{}
	resume  chan struct{}
}

// newGate puts a gate before the function.
func newGate(r *scenarioRun, every int64) *gate {
	g := &gate{Function: r.function, waiting: make(chan struct{}), resume: make(chan struct{})}
	g.every.Store(every)
	r.config.Function = g
	return g
}

// wait waits until an invocation is held.
func (g *gate) wait(r *scenarioRun) {
	select {
	case <-g.waiting:
	case <-r.ctx.Done():
		r.t.Fatal("no invocation has come to the gate")
	}
}

func (g *gate) Invoke(ctx context.Context, payload []byte) (sandbox.Result, error) {
	if every := g.every.Load(); every > 0 && g.n.Add(1)%every == 0 {
		select {
		case g.waiting <- struct{}{}:
		case <-ctx.Done():
			return sandbox.Result{}, ctx.Err()
		}
		select {
		case <-g.resume:
		case <-ctx.Done():
			return sandbox.Result{}, ctx.Err()
		}
	}
	return g.Function.Invoke(ctx, payload)
}
