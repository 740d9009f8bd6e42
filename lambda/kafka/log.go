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
		records += len(w.records)
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
	}{{"retries", b.retries.Load()}, {"skipped", b.skipped.Load()}, {"deadLettered", b.deadLettered.Load()}} {
		if more.n > 0 {
			attrs = append(attrs, slog.Int64(more.key, more.n))
		}
	}
	l.LogAttrs(l.ctx, slog.LevelInfo, "kafka: batch", append(attrs, slog.Duration("duration", took))...)
}
