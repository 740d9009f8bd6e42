package kafkatest

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/aws/aws-lambda-go/lambdacontext"

	"msklambda/lambda/kafka"
	"msklambda/lambda/kafka/internal/testhook"
)

// Mode is which of Lambda's pollers delivers.
type Mode int

const (
	// OnDemand pollers, the default of an event source mapping, know only
	// batches: one that fails is sent again whole.
	OnDemand Mode = iota

	// Provisioned pollers, set to ReportBatchItemFailures, send again the
	// records that the answer names.
	Provisioned
)

// Limit is how long an invocation of this package may take, as the function sees
// it in its context.
const Limit = time.Minute

// String returns the name of the mode.
func (m Mode) String() string {
	if m == Provisioned {
		return "provisioned"
	}
	return "on-demand"
}

// Result is what came of one delivery of an event.
type Result struct {
	// Answer is what the function answered, and Err what it failed with.
	Answer []byte
	Err    error

	records []string // all of the event
	failed  []string
}

// Failed returns the positions of the records that Lambda would send again, such as
// orders[0]@7, in the order of the answer: those that it names, or all if the
// invocation failed. It is nil when there are none.
func (r Result) Failed() []string { return r.failed }

// Records returns the positions of all records of the event.
func (r Result) Records() []string { return r.records }

// Run delivers an event to a handler once, whichever mode the handler was made
// for. When the handler has returned the payload is overwritten, as the runtime does
// with the next event: what the function has kept of it shows.
//
// The test fails if Lambda would make something else of the answer than it says: if
// it names a record that is not of the event, one twice, or any to pollers that read
// no answers, which would lose them.
func Run(t testing.TB, h kafka.Invoker, event []byte, mode Mode) Result {
	t.Helper()
	return run(t, h, event, mode, nil)
}

// Redeliver delivers an event, and then again what failed of it, until nothing
// does or it was delivered the given number of times. It returns what came of each
// delivery.
func Redeliver(t testing.TB, h kafka.Invoker, event []byte, mode Mode, times int) []Result {
	t.Helper()
	var results []Result
	for range times {
		result := run(t, h, event, mode, nil)
		results = append(results, result)
		if len(result.failed) == 0 {
			break
		}
		event = only(t, event, result.failed)
	}
	return results
}

// run delivers an event with a fault, if there is one.
func run(t testing.TB, h kafka.Invoker, event []byte, mode Mode, f *fault) Result {
	t.Helper()
	event = withoutMark(event)
	parsed := parse(t, event)
	ctx, cancel := context.WithTimeout(t.Context(), Limit)
	defer cancel()
	ctx = lambdacontext.NewContext(ctx, &lambdacontext.LambdaContext{
		AwsRequestID:       "8476a536-e9f4-11e8-9739-2dfe598c3fcd",
		InvokedFunctionArn: "arn:aws:lambda:eu-central-1:111122223333:function:kafkatest",
	})
	hook := &testhook.Hook{Partial: mode == Provisioned}
	if f != nil {
		f.end = cancel
		hook.Before, hook.After = f.before, f.after
	}
	payload := bytes.Clone(event)
	answer, err := h.Invoke(testhook.With(ctx, hook), payload)
	result := Result{Answer: bytes.Clone(answer), Err: err, records: parsed.positions()}
	for i := range payload {
		payload[i] = '#'
	}
	if f != nil && f.crashed() {
		result.Answer, result.Err = nil, errCrash
	}
	if result.Err != nil {
		result.failed = result.records
		return result
	}
	result.failed = parsed.named(t, result.Answer)
	if mode == OnDemand && len(result.failed) > 0 {
		t.Errorf("kafkatest: the answer names %v to on-demand pollers, which do not read it: they would be lost", result.failed)
		result.failed = nil
	}
	return result
}

// parsed is an event as far as a delivery has to know it.
type parsed struct {
	top   map[string]json.RawMessage
	names []string // of the partitions, sorted
	parts map[string][]placed
}

// placed is a record and where it is.
type placed struct {
	json     json.RawMessage
	offset   int64
	position string
}

func parse(t testing.TB, event []byte) parsed {
	t.Helper()
	p := parsed{parts: map[string][]placed{}}
	var records map[string][]json.RawMessage
	err := json.Unmarshal(event, &p.top)
	if err == nil {
		err = json.Unmarshal(p.top["records"], &records)
	}
	if err != nil {
		// What a function makes of such an event is worth a test too.
		return p
	}
	for name, list := range records {
		p.names = append(p.names, name)
		for _, raw := range list {
			var r struct {
				Topic     string
				Partition int32
				Offset    int64
			}
			if err := json.Unmarshal(raw, &r); err != nil {
				t.Logf("kafkatest: a record of %s cannot be read: %v", name, err)
			}
			p.parts[name] = append(p.parts[name], placed{raw, r.Offset, fmt.Sprintf("%s[%d]@%d", r.Topic, r.Partition, r.Offset)})
		}
	}
	slices.Sort(p.names)
	return p
}

func (p parsed) positions() []string {
	var all []string
	for _, name := range p.names {
		for _, r := range p.parts[name] {
			all = append(all, r.position)
		}
	}
	return all
}

// named returns the positions of the records that an answer names.
func (p parsed) named(t testing.TB, answer []byte) []string {
	t.Helper()
	var a struct {
		BatchItemFailures []struct {
			ItemIdentifier struct {
				Partition *string
				Offset    *int64
			}
		}
	}
	if len(answer) > 0 {
		if err := json.Unmarshal(answer, &a); err != nil {
			t.Errorf("kafkatest: the answer %q is not what Lambda reads: %v", answer, err)
			return p.positions()
		}
	}
	var named []string
	for _, item := range a.BatchItemFailures {
		id := item.ItemIdentifier
		if id.Partition == nil || id.Offset == nil {
			t.Errorf("kafkatest: the answer %q names a record without partition or offset: Lambda would take all for failed", answer)
			return p.positions()
		}
		i := slices.IndexFunc(p.parts[*id.Partition], func(r placed) bool { return r.offset == *id.Offset })
		if i < 0 {
			t.Errorf("kafkatest: the answer names offset %d of %q, which the event does not have: Lambda would take all for failed", *id.Offset, *id.Partition)
			return p.positions()
		}
		position := p.parts[*id.Partition][i].position
		if slices.Contains(named, position) {
			t.Errorf("kafkatest: the answer names %s twice", position)
			continue
		}
		named = append(named, position)
	}
	return named
}

// only returns the event with just these records.
func only(t testing.TB, event []byte, positions []string) []byte {
	t.Helper()
	p := parse(t, withoutMark(event))
	if p.top == nil {
		return event
	}
	keep := make(map[string]bool, len(positions))
	for _, position := range positions {
		keep[position] = true
	}
	records := map[string][]json.RawMessage{}
	for _, name := range p.names {
		for _, r := range p.parts[name] {
			if keep[r.position] {
				records[name] = append(records[name], r.json)
			}
		}
	}
	raw, err := json.Marshal(records)
	if err == nil {
		p.top["records"] = raw
		raw, err = json.Marshal(p.top)
	}
	if err != nil {
		t.Fatalf("kafkatest: write the event of what failed: %v", err)
	}
	return raw
}
