package traces

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/trace"
	"go.opentelemetry.io/otel/trace/noop"

	"msklambda/lambda/kafka"
	"msklambda/lambda/kafka/kafkatest"
)

// recorder is a provider that keeps what its spans are told.
type recorder struct {
	noop.TracerProvider
	mu      sync.Mutex
	spans   []*span
	flushed int // spans that had ended at the last flush
	fail    error
}

type tracer struct {
	noop.Tracer
	r *recorder
}

type span struct {
	noop.Span
	name, status string
	kind         trace.SpanKind
	attributes   map[attribute.Key]string
	links        []string
	ended        int
	context      trace.SpanContext
}

func (r *recorder) Tracer(string, ...trace.TracerOption) trace.Tracer { return &tracer{r: r} }

func (r *recorder) ForceFlush(ctx context.Context) error {
	if _, ok := ctx.Deadline(); !ok {
		return errors.New("flush without a limit")
	}
	r.flushed = 0
	for _, s := range r.spans {
		r.flushed += s.ended
	}
	return r.fail
}

func (t *tracer) Start(ctx context.Context, name string, options ...trace.SpanStartOption) (context.Context, trace.Span) {
	c := trace.NewSpanStartConfig(options...)
	t.r.mu.Lock()
	defer t.r.mu.Unlock()
	s := &span{name: name, kind: c.SpanKind(), attributes: map[attribute.Key]string{}}
	s.context = trace.NewSpanContext(trace.SpanContextConfig{TraceID: trace.TraceID{1}, SpanID: trace.SpanID{byte(len(t.r.spans) + 1)}})
	s.SetAttributes(c.Attributes()...)
	t.r.spans = append(t.r.spans, s)
	return trace.ContextWithSpan(ctx, s), s
}

func (s *span) IsRecording() bool                   { return s.ended == 0 }
func (s *span) SpanContext() trace.SpanContext      { return s.context }
func (s *span) SetName(name string)                 { s.name = name }
func (s *span) SetStatus(c codes.Code, text string) { s.status = c.String() + ": " + text }
func (s *span) End(...trace.SpanEndOption)          { s.ended++ }

func (s *span) SetAttributes(attributes ...attribute.KeyValue) {
	for _, a := range attributes {
		s.attributes[a.Key] = a.Value.String()
	}
}

func (s *span) AddLink(l trace.Link) {
	var attributes []string
	for _, a := range l.Attributes {
		attributes = append(attributes, a.Value.String())
	}
	s.links = append(s.links, fmt.Sprintf("%s %s %s %s", strings.Join(attributes, " "), l.SpanContext.TraceID(), l.SpanContext.SpanID(), l.SpanContext.TraceState()))
}

// records are four, of which the third has no trace and the fourth a header that is none.
func records() []kafka.Record {
	records := kafkatest.Records("orders", 3, 7, "a", "b", "c", "d")
	set := func(i int, traceparent string, more ...kafka.Header) {
		records[i].SetHeaders(append(more, kafka.Header{Key: "traceparent", Value: []byte(traceparent)})...)
	}
	set(0, "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01", kafka.Header{Key: "tracestate", Value: []byte("vendor=x")})
	set(1, "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-00")
	set(3, "00-00000000000000000000000000000000-b7ad6b7169203331-00")
	return records
}

var wantLinks = []string{
	"orders 3 7 4bf92f3577b34da6a3ce929d0e0e4736 00f067aa0ba902b7 vendor=x",
	"orders 3 8 0af7651916cd43dd8448eb211c80319c b7ad6b7169203331 ",
}

func TestAnEventIsASpanWithALinkForEachRecord(t *testing.T) {
	one := func(ctx context.Context, _ *kafka.Record) error {
		if !trace.SpanFromContext(ctx).IsRecording() {
			return errors.New("the span is not in the context")
		}
		return nil
	}
	all := kafka.Batch(func(ctx context.Context, records []*kafka.Record) error {
		for _, r := range records {
			if err := one(ctx, r); err != nil {
				return err
			}
		}
		return nil
	})
	for name, make := range map[string]func(r *recorder) kafka.Invoker{
		"one by one": func(r *recorder) kafka.Invoker { return kafka.Handler(one, Spans(r), kafka.Use(Links)) },
		"by key": func(r *recorder) kafka.Invoker {
			return kafka.Handler(one, Spans(r), kafka.Use(Links), kafka.ConcurrencyByKey(4))
		},
		"a batch": func(r *recorder) kafka.Invoker { return kafka.Handler(Batch(all), Spans(r)) },
	} {
		for form, event := range kafkatest.Variants(records()...) {
			r := &recorder{}
			if result := kafkatest.Run(t, make(r), event, kafkatest.OnDemand); result.Err != nil || len(r.spans) != 1 {
				t.Fatalf("%s, %s: %v, %d spans, want one", name, form, result.Err, len(r.spans))
			}
			s := r.spans[0]
			slices.Sort(s.links)
			if s.name != "process orders" || s.kind != trace.SpanKindConsumer || s.status != "" || s.ended != 1 || r.flushed != 1 || !slices.Equal(s.links, wantLinks) {
				t.Errorf("%s, %s: %s of kind %v, %q, ended %d, %d flushed, links\n%s", name, form, s.name, s.kind, s.status, s.ended, r.flushed, strings.Join(s.links, "\n"))
			}
			for key, want := range map[attribute.Key]string{
				"messaging.system": "kafka", "messaging.operation.type": "process", "messaging.destination.name": "orders",
				"messaging.batch.message_count": "4", "kafka.records.failed": "0", "kafka.records.unhandled": "0",
			} {
				if s.attributes[key] != want {
					t.Errorf("%s, %s: %s = %q, want %s", name, form, key, s.attributes[key], want)
				}
			}
		}
	}
}

func TestARecordIsLinkedOnceHoweverOftenItIsTried(t *testing.T) {
	r := &recorder{}
	tries := 0
	h := kafka.Handler(func(context.Context, *kafka.Record) error {
		if tries++; tries < 4 {
			return kafka.RetryAfter(0, errors.New("connection refused"))
		}
		return nil
	}, Spans(r), kafka.Use(Links))
	kafkatest.Run(t, h, kafkatest.Event(records()...), kafkatest.OnDemand)
	if tries < 5 || !slices.Equal(r.spans[0].links, wantLinks) {
		t.Errorf("after %d calls links\n%s", tries, strings.Join(r.spans[0].links, "\n"))
	}
}

func TestASpanIsAnErrorWhenRecordsComeAgain(t *testing.T) {
	r := &recorder{}
	h := kafka.Handler(func(_ context.Context, r *kafka.Record) error {
		if r.Offset == 8 {
			return errors.New("connection refused")
		}
		return nil
	}, Spans(r), kafka.Use(Links))
	kafkatest.Run(t, h, kafkatest.Event(append(records(), kafkatest.Records("stock", 0, 0, "a")...)...), kafkatest.Provisioned)
	s := r.spans[0]
	if s.name != "process" || s.status != "Error: 3 records will be sent again" || s.attributes["kafka.records.failed"] != "1" || s.attributes["messaging.batch.message_count"] != "5" {
		t.Errorf("%s, %q, %v", s.name, s.status, s.attributes)
	}
	if _, err := h.Invoke(t.Context(), []byte("{")); err == nil {
		t.Error("want an error")
	}
	if s := r.spans[1]; s.name != "process" || !strings.HasPrefix(s.status, "Error: kafka: decode ") || s.ended != 1 {
		t.Errorf("an event that cannot be read: %s, %q, ended %d", s.name, s.status, s.ended)
	}
}

func TestAFlushThatFailsChangesNothing(t *testing.T) {
	r := &recorder{fail: errors.New("no collector")}
	h := kafka.Handler(func(context.Context, *kafka.Record) error { return nil }, Spans(r), kafka.Use(Links))
	if result := kafkatest.Run(t, h, kafkatest.Event(records()...), kafkatest.OnDemand); result.Err != nil || r.flushed != 1 {
		t.Errorf("%v with %d spans flushed", result.Err, r.flushed)
	}
}

// Without Spans, and with a provider that makes none, Links and Batch do nothing.
func TestLinksWithoutSpans(t *testing.T) {
	for name, options := range map[string][]kafka.Option{"none": nil, "no provider": {Spans(noop.NewTracerProvider())}} {
		h := kafka.Handler(func(context.Context, *kafka.Record) error { return nil }, append(options, kafka.Use(Links))...)
		if result := kafkatest.Run(t, h, kafkatest.Event(records()...), kafkatest.OnDemand); result.Err != nil {
			t.Errorf("%s: %v", name, result.Err)
		}
	}
}

func TestNilIsRefused(t *testing.T) {
	for name, make := range map[string]func(){"Spans": func() { Spans(nil) }, "Batch": func() { Batch(nil) }} {
		func() {
			defer func() {
				if recover() == nil {
					t.Errorf("%s(nil) did not panic", name)
				}
			}()
			make()
		}()
	}
}
