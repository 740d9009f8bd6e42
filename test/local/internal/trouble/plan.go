package trouble

import (
	"context"
	"errors"
	"sync"

	"github.com/twmb/franz-go/pkg/kgo"

	"msklambda/test/local/internal/sandbox"
)

// ErrRestart ends a poller in whose place another is to begin.
var ErrRestart = errors.New("the poller ends before its commit")

// Plan is all that is to happen, and how much of it has.
type Plan struct {
	specs []Spec
	log   func(format string, args ...any)

	mu   sync.Mutex
	done map[at]int // how often
}

type at struct {
	spec      int
	topic     string
	partition int32
	offset    int64
}

// NewPlan makes a plan, which tells of each thing that happens.
func NewPlan(specs []Spec, log func(format string, args ...any)) *Plan {
	return &Plan{specs: specs, log: log, done: map[at]int{}}
}

// due reports whether spec i is still to happen at a record.
func (p *Plan) due(i int, r *kgo.Record) bool {
	s := &p.specs[i]
	return s.at(r) && p.done[at{i, r.Topic, r.Partition, r.Offset}] < s.Times
}

// CutAfter ends a batch behind a record that was named, so that all before it in the
// batch is handled when it happens, and nothing after it.
func (p *Plan) CutAfter(r *kgo.Record) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	for i := range p.specs {
		if p.specs[i].Every == 0 && p.due(i, r) {
			return true
		}
	}
	return false
}

// happening is one spec at one record.
type happening struct {
	Spec
	record *kgo.Record
}

// take returns what is to happen to an invocation with records, and counts it.
func (p *Plan) take(records []*kgo.Record) (out []happening) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for i := range p.specs {
		for _, r := range records {
			if p.due(i, r) {
				p.done[at{i, r.Topic, r.Partition, r.Offset}]++
				out = append(out, happening{p.specs[i], r})
			}
		}
	}
	return out
}

// Function is a function that trouble can be made for.
type Function interface {
	InvokeWith(ctx context.Context, payload []byte, trouble sandbox.Trouble) (sandbox.Result, error)
}

// Poller makes the trouble of one poller and its function.
type Poller struct {
	plan     *Plan
	function Function

	mu      sync.Mutex
	current sandbox.Trouble
	restart bool
}

// For makes the trouble of a poller with a function. It is what the poller invokes in
// place of the function, by Invoke.
func (p *Plan) For(f Function) *Poller { return &Poller{plan: p, function: f} }

// Invoke invokes the function with the trouble at hand.
func (p *Poller) Invoke(ctx context.Context, payload []byte) (sandbox.Result, error) {
	p.mu.Lock()
	trouble := p.current
	p.current = sandbox.Trouble{}
	p.mu.Unlock()
	return p.function.InvokeWith(ctx, payload, trouble)
}

// Around makes what is due happen to an invocation.
func (p *Poller) Around(ctx context.Context, records []*kgo.Record, invoke func(context.Context) (sandbox.Result, error)) (sandbox.Result, error) {
	var trouble sandbox.Trouble
	var twice, end *kgo.Record
	for _, h := range p.plan.take(records) {
		switch h.Kind {
		case Throttle:
			p.plan.log("throttle at %s: the invocation is refused", name(h.record))
			return sandbox.Result{Throttled: true, Payload: []byte(`{"message":"Rate Exceeded."}`)}, nil
		case Crash, Memory:
			trouble.Kill, trouble.Memory, trouble.After = true, h.Kind == Memory, h.After
			p.plan.log("%s at %s: the process will not live to answer", h.Kind, name(h.record))
		case Deadline:
			trouble.Timeout = h.After
			p.plan.log("deadline at %s: the invocation has %v", name(h.record), h.After)
		case Duplicate:
			twice = h.record
		case Redeliver:
			end = h.record
		}
	}
	p.mu.Lock()
	p.current = trouble
	p.mu.Unlock()
	result, err := invoke(ctx)
	if err != nil || result.FunctionError != "" {
		return result, err
	}
	if twice != nil {
		p.plan.log("duplicate at %s: the batch is delivered once more", name(twice))
		if result, err = invoke(ctx); err != nil {
			return result, err
		}
	}
	if end != nil {
		p.plan.log("redeliver at %s: the poller ends before it has committed", name(end))
		p.mu.Lock()
		p.restart = true
		p.mu.Unlock()
	}
	return result, nil
}

// BeforeCommit ends the poller if that is due.
func (p *Poller) BeforeCommit() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.restart {
		p.restart = false
		return ErrRestart
	}
	return nil
}
