package kafka

import (
	"context"
	"log/slog"
	"os"
	"sync/atomic"
	"time"

	"github.com/aws/aws-lambda-go/lambdacontext"

	"msklambda/lambda/lambdalog"
)

// batchLog is the log of one invocation.
type batchLog struct {
	*slog.Logger
	ctx      context.Context
	debug    bool
	failures atomic.Int64
}

// newLog makes the log of an invocation. Its lines have the requestId once, however
// the logger is made: they are logged with it, and with a context that tells it to
// no handler.
func (h *handler) newLog(ctx context.Context) *batchLog {
	l := h.logger
	if l == nil {
		if l = slog.Default(); lambdalog.IsUnset() && os.Getenv("AWS_LAMBDA_FUNCTION_NAME") != "" {
			l = slog.New(LogHandler(lambdalog.NewHandler(os.Stdout)))
		}
	}
	if lc, ok := lambdacontext.FromContext(ctx); ok && lc != nil {
		l = l.With(slog.String("requestId", lc.AwsRequestID))
	}
	return &batchLog{Logger: l, ctx: anonymous{ctx}, debug: l.Enabled(ctx, slog.LevelDebug)}
}

// anonymous is a context without the invocation that it is of.
type anonymous struct{ context.Context }

func (c anonymous) Value(key any) any {
	v := c.Context.Value(key)
	if _, ok := v.(*lambdacontext.LambdaContext); ok {
		return nil
	}
	return v
}

// quietLog is the log of a ForEach: what becomes of its records is told by the
// batch that it is in.
func quietLog(ctx context.Context) *batchLog {
	return &batchLog{Logger: slog.New(slog.DiscardHandler), ctx: ctx}
}

// LogHandler returns a handler that adds, to lines that are logged with the context
// of a record, where it is: topic, partition and offset. [Start] logs through one if
// nothing else is set up; around a handler of one's own it does the same:
//
//	slog.SetDefault(slog.New(kafka.LogHandler(slog.NewJSONHandler(os.Stdout, nil))))
func LogHandler(h slog.Handler) slog.Handler {
	return lambdalog.WithAttrs(h, func(ctx context.Context) []slog.Attr {
		r, ok := FromContext(ctx)
		if !ok {
			return nil
		}
		return []slog.Attr{slog.String("topic", r.Topic), slog.Int("partition", int(r.Partition)), slog.Int64("offset", r.Offset)}
	})
}

// recordAttrs tells where w's record i is.
func recordAttrs(w *work, i int, more ...slog.Attr) []slog.Attr {
	r := w.record(i)
	return append([]slog.Attr{
		slog.String("topic", r.Topic),
		slog.Int("partition", int(r.Partition)),
		slog.Int64("offset", w.offsets[i]),
	}, more...)
}

// handled logs a record at debug.
func (l *batchLog) handled(w *work, k int) {
	if l.debug {
		l.LogAttrs(l.ctx, slog.LevelDebug, "kafka: record handled", recordAttrs(w, k)...)
	}
}

// retried logs, at debug, that a record is tried again.
func (l *batchLog) retried(w *work, k int, err error, attempts int, wait time.Duration) {
	if l.debug {
		l.LogAttrs(l.ctx, slog.LevelDebug, "kafka: record to be tried again", recordAttrs(w, k,
			slog.Any("error", err), slog.Int("attempts", attempts), slog.Duration("wait", wait))...)
	}
}

// skipped logs that a record needs no handling, if it is one of the first.
func (l *batchLog) skipped(w *work, k int, reason error, n int64) {
	if n <= maxReported {
		l.LogAttrs(l.ctx, slog.LevelInfo, "kafka: record skipped", recordAttrs(w, k, slog.Any("reason", reason))...)
	}
}

// deadLettered logs that the sink has taken a record, if it is one of the first.
func (l *batchLog) deadLettered(w *work, k int, err error, attempts int, n int64) {
	if n <= maxReported {
		l.LogAttrs(l.ctx, slog.LevelWarn, "kafka: record dead-lettered", recordAttrs(w, k, slog.Any("error", err), slog.Int("attempts", attempts))...)
	}
}

// failed logs a record's failure, if it is one of the first.
func (l *batchLog) failed(w *work, k int, err error, stack []byte) {
	if l.failures.Add(1) > maxReported {
		return
	}
	attrs := recordAttrs(w, k, slog.Any("error", err))
	if stack != nil {
		attrs = append(attrs, slog.String("stack", string(stack)))
	}
	l.LogAttrs(l.ctx, slog.LevelError, "kafka: record failed", attrs...)
}

// afterBatch logs that an AfterBatch failed of which no record is taken back.
func (l *batchLog) afterBatch(err error, stack []byte) {
	l.error("kafka: after the batch failed", err, stack)
}

// store logs that a store failed.
func (l *batchLog) store(message string, err error, stack []byte) { l.error(message, err, stack) }

// shutdown logs that an OnShutdown failed.
func (l *batchLog) shutdown(err error) { l.error("kafka: on shutdown failed", err, nil) }

func (l *batchLog) error(message string, err error, stack []byte) {
	attrs := []slog.Attr{slog.Any("error", err)}
	if stack != nil {
		attrs = append(attrs, slog.String("stack", string(stack)))
	}
	l.LogAttrs(l.ctx, slog.LevelError, message, attrs...)
}

// undecoded logs that an event could not be read.
func (l *batchLog) undecoded(err error, size int) {
	l.LogAttrs(l.ctx, slog.LevelError, "kafka: event not decoded", slog.Any("error", err), slog.Int("bytes", size))
}

// batch logs the one line that sums up an invocation.
func (l *batchLog) batch(b *batch, took time.Duration) {
	records, unhandled, notBegun := 0, 0, 0
	var cause error
	for i := range b.parts {
		w := &b.parts[i]
		records += w.size()
		for k := range w.unhandled {
			unhandled++
			if w.status[k] == unstarted {
				notBegun++
			}
		}
		if cause == nil {
			cause = w.notBegun
		}
	}
	failures := int(l.failures.Load())
	if failures > maxReported {
		l.LogAttrs(l.ctx, slog.LevelWarn, "kafka: further failures not logged", slog.Int("failures", failures-maxReported))
	}
	if notBegun > 0 {
		l.LogAttrs(l.ctx, slog.LevelWarn, "kafka: records not started", slog.Int("records", notBegun), slog.Any("error", cause))
	}
	attrs := []slog.Attr{
		slog.Int("records", records),
		slog.Int("partitions", len(b.parts)),
		slog.Int("failures", failures),
		slog.Int("unhandled", unhandled),
	}
	for _, more := range []struct {
		key string
		n   int64
	}{{"retries", b.retries.Load()}, {"skipped", b.skipped.Load()}, {"deadLettered", b.deadLettered.Load()}, {"doneBefore", int64(b.doneBefore)}} {
		if more.n > 0 {
			attrs = append(attrs, slog.Int64(more.key, more.n))
		}
	}
	l.LogAttrs(l.ctx, slog.LevelInfo, "kafka: batch", append(attrs, slog.Duration("duration", took))...)
}
