// Package traces makes spans of OpenTelemetry: one for each event, with a link for each
// of its records to the span that wrote it.
//
//	kafka.Start(process, traces.Spans(provider), kafka.Use(traces.Links))
//	kafka.Start(traces.Batch(write), traces.Spans(provider))
//
// A record's trace is in its header traceparent, where OpenTelemetry's instrumentation of
// a producer puts it. An event has records of many traces: therefore it is a trace of its
// own, or a part of the invocation's, and linked to theirs.
package traces

import (
	"context"
	"strconv"
	"sync"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/trace"

	"msklambda/lambda/kafka"
)

// flushTime is how long spans may take to be exported, of the time after all records.
const flushTime = time.Second

// Spans makes a span of kind consumer of each event. It is in the context of the
// function, whose own spans are inside of it. Its name is process, with the topic if
// there is one; it tells how many records there were, failed and will be sent again, and
// is an error if any will.
//
// When it has ended, and before Lambda is told, a provider that can flush, as that of the
// SDK can, is told to, for a second at most: the environment may be frozen right after.
// Panics if provider is nil.
func Spans(provider trace.TracerProvider) kafka.Option {
	if provider == nil {
		panic("traces: Spans needs a provider, got nil")
	}
	tracer := provider.Tracer("msklambda/lambda/kafka")
	return kafka.Options(
		kafka.EventContext(func(ctx context.Context) context.Context {
			ctx, span := tracer.Start(ctx, "process", trace.WithSpanKind(trace.SpanKindConsumer),
				trace.WithAttributes(attribute.String("messaging.system", "kafka"), attribute.String("messaging.operation.type", "process")))
			return context.WithValue(ctx, eventKey{}, &event{span: span, linked: map[*kafka.Record]struct{}{}})
		}),
		kafka.Observe(func(ctx context.Context, s kafka.Summary) {
			e, ok := ctx.Value(eventKey{}).(*event)
			if !ok {
				return
			}
			e.end(s)
			if p, ok := provider.(interface{ ForceFlush(context.Context) error }); ok {
				ctx, cancel := context.WithTimeout(ctx, flushTime)
				defer cancel()
				if err := p.ForceFlush(ctx); err != nil {
					panic("traces: flush: " + err.Error()) // which is logged
				}
			}
		}))
}

type eventKey struct{}

// event is the span of an event, and the records that it is linked to.
type event struct {
	span trace.Span

	mu     sync.Mutex
	linked map[*kafka.Record]struct{}
}

func (e *event) end(s kafka.Summary) {
	records, failures, unhandled := 0, 0, 0
	for _, t := range s.Topics {
		records += t.Records
		failures += t.Failures
		unhandled += t.Unhandled
	}
	e.span.SetAttributes(attribute.Int("messaging.batch.message_count", records), attribute.Int("kafka.records.failed", failures),
		attribute.Int("kafka.records.unhandled", unhandled))
	if len(s.Topics) == 1 {
		e.span.SetName("process " + s.Topics[0].Topic)
		e.span.SetAttributes(attribute.String("messaging.destination.name", s.Topics[0].Topic))
	}
	switch {
	case s.Undecoded != nil:
		e.span.SetStatus(codes.Error, s.Undecoded.Error())
	case unhandled > 0:
		e.span.SetStatus(codes.Error, strconv.Itoa(unhandled)+" records will be sent again")
	}
	e.span.End()
}

// Links is middleware that links the span of the event to that which wrote the record,
// once, however often it is tried. The SDK keeps 128 links of a span, unless it is told
// otherwise.
func Links(next kafka.HandlerFunc) kafka.HandlerFunc {
	return func(ctx context.Context, r *kafka.Record) error {
		link(ctx, r)
		return next(ctx, r)
	}
}

// Batch is a Batch that does what [Links] does for its records. It panics if fn is nil.
func Batch(fn kafka.Batch) kafka.Batch {
	if fn == nil {
		panic("traces: Batch needs a function, got nil")
	}
	return func(ctx context.Context, records []*kafka.Record) error {
		link(ctx, records...)
		return fn(ctx, records)
	}
}

func link(ctx context.Context, records ...*kafka.Record) {
	e, ok := ctx.Value(eventKey{}).(*event)
	if !ok || !e.span.IsRecording() {
		return
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	for _, r := range records {
		if _, done := e.linked[r]; done {
			continue
		}
		e.linked[r] = struct{}{}
		if from := Writer(r); from.IsValid() {
			e.span.AddLink(trace.Link{SpanContext: from, Attributes: []attribute.KeyValue{
				attribute.String("messaging.destination.name", r.Topic),
				attribute.String("messaging.destination.partition.id", strconv.Itoa(int(r.Partition))),
				attribute.Int64("messaging.kafka.offset", r.Offset),
			}})
		}
	}
}

// Writer returns the span that wrote a record, by its headers traceparent and
// tracestate, or else by [XRayHeader]; one that is not valid if there is none. For a span of one's own around
// each record: trace.ContextWithRemoteSpanContext makes it the parent.
func Writer(r *kafka.Record) trace.SpanContext {
	if from := trace.SpanContextFromContext(propagation.TraceContext{}.Extract(context.Background(), headers{r})); from.IsValid() {
		return from
	}
	header, _ := r.Header(XRayHeader)
	return ParseXRay(string(header))
}

// headers are those of a record, to be read.
type headers struct{ r *kafka.Record }

func (h headers) Get(key string) string {
	value, _ := h.r.Header(key)
	return string(value)
}

func (h headers) Set(string, string) {} // nothing is written

func (h headers) Keys() (keys []string) {
	for key := range h.r.Headers() {
		keys = append(keys, key)
	}
	return keys
}
