package kafka

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"reflect"
	"sync/atomic"
	"time"

	"msklambda/lambda/kafka/contract"
	"msklambda/lambda/kafka/internal/testhook"
)

// ReportBatchItemFailuresEnv is the environment variable that tells a handler
// whether its event source mapping asks for ReportBatchItemFailures. Only
// "true" says so. It is read when the handler is made.
const ReportBatchItemFailuresEnv = contract.ReportBatchItemFailures

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
	h.check()
	h.wrap()
	return h
}

// check refuses options that do not go together.
func (h *handler) check() {
	switch {
	case h.byKey && h.batch != nil:
		panic("kafka: ConcurrencyByKey needs a function of one record, got a Batch, which can use ForEach")
	case h.byKey && h.concurrencySet:
		panic("kafka: Concurrency and ConcurrencyByKey exclude each other")
	case h.whole && h.batch == nil:
		panic("kafka: WholeEvent needs a Batch, got a function of one record")
	case len(h.middleware) > 0 && h.batch != nil:
		panic("kafka: Use needs a function of one record, got a Batch")
	case h.onReturn && len(h.afterBatch) > 0:
		panic("kafka: DoneOnReturn, which once.Partitions has without EachBatch, excludes AfterBatch, whose error would take back what is marked as done")
	case h.inOrder && (h.byKey || h.goOn):
		panic("kafka: InOrder, which once.Partitions has, excludes ConcurrencyByKey and ContinueOnError: a later record may be handled before an earlier one then")
	}
}

// HandlerFunc is user code for one record. What it returns says what becomes of
// the record: nil, that it is handled; [Skip], that it need not be; [Permanent], that
// no retry helps; [RetryAfter], when to try again; any other error, that a retry
// may help. A panic, or the end of its goroutine, is an error of the last kind.
type HandlerFunc func(ctx context.Context, r *Record) error

// Option changes how a [Handler] works.
type Option func(*handler)

// WholeEvent gives a [Batch] the records of all partitions of the event at once,
// those of each in order and together, for stores that take many records in one go
// wherever they come from. Without [ContinueOnError] a record that fails holds up
// those after it in its own partition only, unless it is told by [FailedAt].
func WholeEvent() Option {
	return func(h *handler) { h.whole = true }
}

// ContinueOnError goes on with the next record of a partition when one has
// failed, for handlers that do not need order: every record is tried, and only
// those that failed are retried. See [Batch] for what it means there.
func ContinueOnError() Option {
	return func(h *handler) { h.goOn = true }
}

// InOrder is for middleware that relies on the order of a partition: that a record is
// handled only when all before it are, or have been given up for good. Making the
// handler panics with [ConcurrencyByKey] or [ContinueOnError], by which that is not so.
func InOrder() Option {
	return func(h *handler) { h.inOrder = true }
}

// DoneOnReturn is for middleware that takes a record for done, for ever, when the function
// has returned nil for it. Making the handler panics with [AfterBatch], whose error would have
// such a record come again.
func DoneOnReturn() Option {
	return func(h *handler) { h.onReturn = true }
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
	record HandlerFunc
	batch  Batch // in place of record

	partial           bool
	goOn              bool
	byKey, whole      bool
	inOrder, onReturn bool
	concurrency       int
	concurrencySet    bool
	margin            time.Duration // negative: the default
	retry             *Backoff
	sink              Sink
	store             Store
	middleware        []Middleware
	afterBatch        []func(context.Context, *Result) error
	observers         []func(context.Context, Summary)
	watch             *watch // nil without observers
	contexts          []func(context.Context, *batchLog) context.Context
	onShutdown        []func(context.Context)
	logger            *slog.Logger // nil: the default

	spare atomic.Pointer[memory]
}

// shutdownTime is what Lambda leaves to a function that it ends, a little less.
const shutdownTime = 300 * time.Millisecond

// maxMargin is the most that the default of DeadlineMargin takes.
const maxMargin = 2 * time.Second

// Invoke handles one event.
func (h *handler) Invoke(ctx context.Context, payload []byte) ([]byte, error) {
	start := time.Now()
	log := h.newLog(ctx)
	for _, more := range h.contexts {
		ctx = more(ctx, log)
	}
	m := h.takeMemory()
	parts, err := decode(payload, m)
	if err != nil {
		log.undecoded(err, len(payload))
		if h.watch != nil {
			h.watch.tell(h, ctx, log, nil, err, time.Since(start))
		}
		return nil, err
	}
	userCtx, margin, cancel := h.withMargin(ctx, start)
	defer cancel()
	b := h.newBatch(userCtx, log, m, parts)
	if h.watch != nil {
		h.watch.begin(b)
	}
	partial := h.partial
	if b.hook = testhook.From(ctx); b.hook != nil {
		partial = b.hook.Partial
	}
	if h.store != nil && !partial {
		b.skipDone(userCtx)
	}
	b.run()
	if len(h.afterBatch) > 0 {
		b.finish(late(ctx, margin))
	}
	took := time.Since(start)
	log.batch(b, took)
	if h.watch != nil {
		h.watch.tell(h, ctx, log, b, nil, took)
	}
	answer, err := []byte(noFailures), error(nil)
	if partial {
		answer = b.answer()
	} else if err = b.err(); err != nil {
		answer = nil
		if h.store != nil {
			b.addDone(late(ctx, margin))
		}
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

// withMargin returns the context of the user's code, and how long before the end of
// the invocation it ends.
func (h *handler) withMargin(ctx context.Context, start time.Time) (context.Context, time.Duration, context.CancelFunc) {
	end, ok := ctx.Deadline()
	if !ok {
		ctx, cancel := context.WithCancel(ctx)
		return ctx, 0, cancel
	}
	margin := h.margin
	if margin < 0 {
		margin = max(0, min(end.Sub(start)/10, maxMargin))
	}
	ctx, cancel := context.WithDeadlineCause(ctx, end.Add(-margin), marginError(margin))
	return ctx, margin, cancel
}

// late returns the context of what comes after all records: it ends in the middle of
// the margin.
func late(ctx context.Context, margin time.Duration) (context.Context, context.CancelFunc) {
	end, ok := ctx.Deadline()
	if !ok {
		return context.WithCancel(ctx)
	}
	return context.WithDeadlineCause(ctx, end.Add(-margin/2), marginError(margin/2))
}
