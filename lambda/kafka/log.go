package kafka

import (
	"context"
	"log/slog"
	"sync/atomic"
	"time"

	"github.com/aws/aws-lambda-go/lambdacontext"
)

// batchLog is the log of one invocation.
type batchLog struct {
	*slog.Logger
	ctx      context.Context
	debug    bool
	failures atomic.Int64
}

func (h *handler) newLog(ctx context.Context) *batchLog {
	l := h.logger
	if l == nil {
		l = slog.Default()
	}
	if lc, ok := lambdacontext.FromContext(ctx); ok {
		l = l.With(slog.String("requestId", lc.AwsRequestID))
	}
	return &batchLog{Logger: l, ctx: ctx, debug: l.Enabled(ctx, slog.LevelDebug)}
}

// recordAttrs tells where w's record i is.
func recordAttrs(w *work, i int, more ...slog.Attr) []slog.Attr {
	r := &w.records[i]
	return append([]slog.Attr{
		slog.String("topic", r.Topic),
		slog.Int("partition", int(r.Partition)),
		slog.Int64("offset", w.offsets[i]),
	}, more...)
}

// handled logs, at debug, the records of w from one on up to the next.
func (l *batchLog) handled(w *work, from int) {
	if !l.debug {
		return
	}
	for i := from; i < w.next; i++ {
		l.LogAttrs(l.ctx, slog.LevelDebug, "kafka: record handled", recordAttrs(w, i)...)
	}
}

// failed logs a record's failure, if it is one of the first.
func (l *batchLog) failed(w *work, f failure, stack []byte) {
	if l.failures.Add(1) > maxReported {
		return
	}
	attrs := recordAttrs(w, f.index, slog.Any("error", f.err))
	if stack != nil {
		attrs = append(attrs, slog.String("stack", string(stack)))
	}
	l.LogAttrs(l.ctx, slog.LevelError, "kafka: record failed", attrs...)
}

// undecoded logs that an event could not be read.
func (l *batchLog) undecoded(err error, size int) {
	l.LogAttrs(l.ctx, slog.LevelError, "kafka: event not decoded", slog.Any("error", err), slog.Int("bytes", size))
}

// batch logs the one line that sums up an invocation.
func (l *batchLog) batch(b *batch, took time.Duration) {
	records, unhandled, skipped := 0, 0, 0
	for i := range b.parts {
		w := &b.parts[i]
		records += len(w.records)
		for range w.unhandled {
			unhandled++
		}
		if w.skipped {
			skipped += len(w.records) - w.rest
		}
	}
	failures := int(l.failures.Load())
	if failures > maxReported {
		l.LogAttrs(l.ctx, slog.LevelWarn, "kafka: further failures not logged", slog.Int("failures", failures-maxReported))
	}
	if skipped > 0 {
		l.LogAttrs(l.ctx, slog.LevelWarn, "kafka: records not started", slog.Int("records", skipped), slog.Any("error", context.Cause(b.ctx)))
	}
	l.LogAttrs(l.ctx, slog.LevelInfo, "kafka: batch",
		slog.Int("records", records),
		slog.Int("partitions", len(b.parts)),
		slog.Int("failures", failures),
		slog.Int("unhandled", unhandled),
		slog.Duration("duration", took))
}
