package kafka

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"reflect"
	"sync/atomic"
	"time"
)

// ReportBatchItemFailuresEnv is the environment variable that tells a handler
// whether its event source mapping asks for ReportBatchItemFailures. Only
// "true" says so. It is read when the handler is made.
const ReportBatchItemFailuresEnv = "MSKLAMBDA_REPORT_BATCH_ITEM_FAILURES"

// Func is the user's code: a function of one record, or a [Batch]. [JSON] makes
// one of a function of a decoded value.
//
// The context ends a margin before the invocation's time does, see
// [DeadlineMargin].
type Func interface {
	~func(context.Context, *Record) error | Batch
}

// Handler makes a handler of fn, to be given to lambda.Start of aws-lambda-go or
// called in a test. It panics if fn is nil or an option's value is not allowed.
//
// Invoke decodes its payload in place: after it the payload is no longer the
// event.
func Handler[F Func](fn F, opts ...Option) Invoker {
	h := &handler{partial: os.Getenv(ReportBatchItemFailuresEnv) == "true", concurrency: 1, margin: -1}
	switch fn := any(fn).(type) {
	case Batch:
		h.batch = fn
	case func(context.Context, *Record) error:
		h.record = fn
	default:
		// A function type of the user's own.
		v := reflect.ValueOf(fn).Convert(reflect.TypeFor[func(context.Context, *Record) error]())
		h.record = v.Interface().(func(context.Context, *Record) error)
	}
	if h.record == nil && h.batch == nil {
		panic("kafka: Handler needs a function, got nil")
	}
	for i, opt := range opts {
		if opt == nil {
			panic(fmt.Sprintf("kafka: option %d of Handler is nil", i+1))
		}
		opt(h)
	}
	return h
}

// Option changes how a [Handler] works.
type Option func(*handler)

// Concurrency handles up to n partitions at once, each in order. The default is
// 1: a function has a fraction of a processor, so that more than one at a time is
// worth it only where handling a record means waiting. Panics if n is less than 1.
func Concurrency(n int) Option {
	if n < 1 {
		panic(fmt.Sprintf("kafka: Concurrency must be at least 1, got %d", n))
	}
	return func(h *handler) { h.concurrency = n }
}

// ContinueOnError goes on with the next record of a partition when one has
// failed, for handlers that do not need order: every record is tried, and only
// those that failed are retried. See [Batch] for what it means there.
func ContinueOnError() Option {
	return func(h *handler) { h.goOn = true }
}

// DeadlineMargin stops d before the end of the invocation's time: no record is
// started from then on, the rest is reported as not handled, and the context of
// the record being handled ends, so that a function that heeds its context
// returns in time for the answer to be sent. One that does not is killed by
// Lambda with the whole invocation, and the batch is retried.
//
// The default is a tenth of the time that the invocation starts with, 2 seconds
// at most. 0 means no margin. Panics if d is negative.
func DeadlineMargin(d time.Duration) Option {
	if d < 0 {
		panic(fmt.Sprintf("kafka: DeadlineMargin must not be negative, got %v", d))
	}
	return func(h *handler) { h.margin = d }
}

// Logger makes l the logger. The default is what slog.Default returns when an
// invocation starts.
//
// Each batch is a line of level info, and each failed record one of level error,
// with the stack of a panic, for the first 100 of a batch. Each record is a line
// of level debug. Panics if l is nil.
func Logger(l *slog.Logger) Option {
	if l == nil {
		panic("kafka: Logger must not be nil")
	}
	return func(h *handler) { h.logger = l }
}

type handler struct {
	record      func(context.Context, *Record) error
	batch       Batch // in place of record
	partial     bool
	goOn        bool
	concurrency int
	margin      time.Duration // negative: the default
	logger      *slog.Logger  // nil: the default
	spare       atomic.Pointer[memory]
}

// maxMargin is the most that the default of DeadlineMargin takes.
const maxMargin = 2 * time.Second

// Invoke handles one event.
func (h *handler) Invoke(ctx context.Context, payload []byte) ([]byte, error) {
	start := time.Now()
	log := h.newLog(ctx)
	m := h.takeMemory()
	parts, err := decode(payload, m)
	if err != nil {
		log.undecoded(err, len(payload))
		return nil, err
	}
	userCtx, cancel := h.withMargin(ctx, start)
	defer cancel()
	b := &batch{handler: h, ctx: userCtx, log: log, mem: m, parts: make([]work, len(parts))}
	for i := range parts {
		b.parts[i].partition = parts[i]
	}
	b.run()
	log.batch(b, time.Since(start))
	answer, err := []byte(noFailures), error(nil)
	if h.partial {
		answer = b.answer()
	} else if err = b.err(); err != nil {
		answer = nil
	}
	h.putMemory(m)
	return answer, err
}

// takeMemory returns memory to decode into. There is one that is used again;
// invocations at the same time, which Lambda can be set to, get their own.
func (h *handler) takeMemory() *memory {
	if m := h.spare.Swap(nil); m != nil {
		return m
	}
	return new(memory)
}

// putMemory takes memory back, unless it is larger than a batch should need.
func (h *handler) putMemory(m *memory) {
	m.wipe()
	if cap(m.records) <= 2*maxBatch {
		h.spare.Store(m)
	}
}

// withMargin returns the context of the user's code.
func (h *handler) withMargin(ctx context.Context, start time.Time) (context.Context, context.CancelFunc) {
	end, ok := ctx.Deadline()
	if !ok {
		return context.WithCancel(ctx)
	}
	margin := h.margin
	if margin < 0 {
		margin = max(0, min(end.Sub(start)/10, maxMargin))
	}
	return context.WithDeadlineCause(ctx, end.Add(-margin), marginError(margin))
}
