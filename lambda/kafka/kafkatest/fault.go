package kafkatest

import (
	"context"
	"errors"
	"slices"
	"sync"
	"testing"

	"msklambda/lambda/kafka"
)

// kind is a way an invocation goes wrong at a record.
type kind struct {
	name  string
	after bool // when the function has returned
	crash bool // the process ends: nothing is answered
	time  bool // the time is up
}

var kinds = []kind{
	{name: "crash before", crash: true},
	{name: "crash after", after: true, crash: true},
	{name: "deadline", time: true},
	{name: "error before"},
	{name: "error after", after: true},
}

var (
	errCrash = errors.New("kafkatest: the process ended")
	errFault = errors.New("kafkatest: an error at this record")
)

// fault happens at a record, the first time that it is handled.
type fault struct {
	kind
	position string
	end      context.CancelFunc // of the invocation's time

	mu    sync.Mutex
	fired bool
	dead  bool            // the process has ended
	open  map[string]bool // records whose last call was no call of the function
	seen  map[string]bool // records that the function got
}

func (f *fault) crashed() bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.dead
}

// due says that the fault is to happen now, which it does once.
func (f *fault) due(positions []string, after bool) bool {
	if f.fired || f.kind.after != after || !slices.Contains(positions, f.position) {
		return false
	}
	f.fired = true
	f.dead = f.crash
	if f.crash || f.time {
		f.end()
	}
	return true
}

func (f *fault) before(positions []string) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	due := f.due(positions, false)
	var err error
	switch {
	case f.dead:
		err = errCrash
	case due && !f.time:
		err = errFault
	}
	for _, p := range positions {
		f.open[p] = err != nil
		f.seen[p] = f.seen[p] || err == nil
	}
	return err
}

func (f *fault) after(positions []string, err error) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	switch due := f.due(positions, true); {
	case f.dead:
		return errCrash
	case due:
		return errFault
	}
	return err
}

// deliveries is how often AtEachRecord delivers an event before it gives up.
const deliveries = 10

// AtEachRecord runs a scenario for each record and each way that an invocation can
// go wrong at it, in a subtest each: the process ends before or after the function
// has handled the record, the time is up when it begins, or the function's call
// fails, before or after it has done its work. That happens once; then the records
// are delivered again until none fails.
//
// The scenario makes a handler with fresh state, and returns it with a check of that
// state, which gets what came of each delivery. The check says what must be true at
// the end however often records were handled: that each order is charged once, for
// example. A test that nothing fails comes first.
//
// The subtest fails if a record is left that the function has not got since its
// fault, which is lost, or if records still fail after 10 deliveries.
func AtEachRecord(t *testing.T, mode Mode, records []kafka.Record, scenario func(t *testing.T) (h kafka.Invoker, check func(deliveries []Result))) {
	t.Helper()
	event := Event(records...)
	t.Run("nothing", func(t *testing.T) {
		h, check := scenario(t)
		check(deliver(t, h, event, mode, new(fault)))
	})
	for i := range records {
		for _, k := range kinds {
			t.Run(records[i].String()+"/"+k.name, func(t *testing.T) {
				h, check := scenario(t)
				check(deliver(t, h, event, mode, &fault{kind: k, position: records[i].String()}))
			})
		}
	}
}

// deliver delivers an event with a fault until nothing fails.
func deliver(t testing.TB, h kafka.Invoker, event []byte, mode Mode, f *fault) []Result {
	t.Helper()
	f.open, f.seen = map[string]bool{}, map[string]bool{}
	var results []Result
	for len(results) < deliveries {
		f.dead = false
		result := run(t, h, event, mode, f)
		results = append(results, result)
		if len(result.failed) == 0 {
			break
		}
		event = only(t, event, result.failed)
	}
	if left := results[len(results)-1].failed; len(left) > 0 {
		t.Errorf("kafkatest: %v still fail after %d deliveries", left, deliveries)
		return results
	}
	if f.position != "" && !f.fired {
		t.Errorf("kafkatest: the function did not get %s", f.position)
	}
	for _, position := range results[0].records {
		if f.open[position] || !f.seen[position] {
			t.Errorf("kafkatest: %s is lost: the function has not got it since the fault", position)
		}
	}
	return results
}
