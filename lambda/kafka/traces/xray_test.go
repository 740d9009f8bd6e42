package traces

import (
	"context"
	"testing"

	"go.opentelemetry.io/otel/trace"

	"msklambda/lambda/kafka"
	"msklambda/lambda/kafka/kafkatest"
)

const (
	xray        = "Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=1"
	traceparent = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
)

func TestXRaysHeader(t *testing.T) {
	for header, want := range map[string]string{
		xray: "5759e988bd862e3fe1be46a994272793 53995c3f42cd8ad8 true",
		"Sampled=0; Parent=53995c3f42cd8ad8; Root=1-5759e988-bd862e3fe1be46a994272793;Lineage=a:0": "5759e988bd862e3fe1be46a994272793 53995c3f42cd8ad8 false",
		"Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=?":               "5759e988bd862e3fe1be46a994272793 53995c3f42cd8ad8 false",
		"": "",
		"Root=1-5759e988-bd862e3fe1be46a994272793":                         "",
		"Root=2-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8": "",
		"Root=1-5759e988-bd862e3fe1be46a99427279;Parent=53995c3f42cd8ad8":  "",
		"Root=1-5759e98-8bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8": "",
		"Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad":  "",
		"Root=1-00000000-000000000000000000000000;Parent=53995c3f42cd8ad8": "",
		"Root=1-5759e988bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8":  "",
		"parent=53995c3f42cd8ad8":                                          "",
	} {
		got := ""
		if c := ParseXRay(header); c.IsValid() {
			got = c.TraceID().String() + " " + c.SpanID().String() + " "
			if got += "false"; c.IsSampled() {
				got = got[:len(got)-5] + "true"
			}
			if !c.IsRemote() {
				t.Errorf("%q is not remote", header)
			}
		}
		if got != want {
			t.Errorf("%q = %q, want %q", header, got, want)
		}
	}
}

// The parent of the event's span: that of the context, else X-Ray's, from the context
// or, without one, from the environment.
func TestTheInvocationsTraceIsTheParent(t *testing.T) {
	told := func(ctx context.Context) context.Context {
		//lint:ignore SA1029 it is where Lambda's runtimes for Go put it
		return context.WithValue(ctx, "x-amzn-trace-id", xray)
	}
	own := ParseXRay("Root=1-11111111-111111111111111111111111;Parent=2222222222222222;Sampled=1")
	for name, tt := range map[string]struct {
		ctx  func(context.Context) context.Context
		env  string
		want string
	}{
		"none":        {func(ctx context.Context) context.Context { return ctx }, "", "0000000000000000"},
		"context":     {told, "", "53995c3f42cd8ad8"},
		"environment": {func(ctx context.Context) context.Context { return ctx }, xray, "53995c3f42cd8ad8"},
		"of one's own": {func(ctx context.Context) context.Context {
			return trace.ContextWithRemoteSpanContext(ctx, own)
		}, xray, "2222222222222222"},
		"malformed": {func(ctx context.Context) context.Context { return ctx }, "Root=x", "0000000000000000"},
	} {
		t.Setenv("_X_AMZN_TRACE_ID", tt.env)
		parent := trace.SpanContext{}
		h := kafka.Handler(func(context.Context, *kafka.Record) error { return nil }, kafka.EventContext(tt.ctx), XRay(),
			kafka.EventContext(func(ctx context.Context) context.Context {
				parent = trace.SpanContextFromContext(ctx)
				return ctx
			}))
		if r := kafkatest.Run(t, h, kafkatest.Event(kafkatest.Records("orders", 0, 0, "a")...), kafkatest.OnDemand); r.Err != nil {
			t.Error(r.Err)
		}
		if got := parent.SpanID().String(); got != tt.want {
			t.Errorf("%s: parent = %s, want %s", name, got, tt.want)
		}
	}
}

func TestTheWriterIsThatOfTraceparentOrElseOfXRay(t *testing.T) {
	for name, tt := range map[string]struct {
		headers []kafka.Header
		want    string
	}{
		"none":      {nil, "0000000000000000"},
		"W3C":       {[]kafka.Header{{Key: "traceparent", Value: []byte(traceparent)}}, "00f067aa0ba902b7"},
		"X-Ray":     {[]kafka.Header{{Key: XRayHeader, Value: []byte(xray)}}, "53995c3f42cd8ad8"},
		"both":      {[]kafka.Header{{Key: XRayHeader, Value: []byte(xray)}, {Key: "traceparent", Value: []byte(traceparent)}}, "00f067aa0ba902b7"},
		"one wrong": {[]kafka.Header{{Key: "traceparent", Value: []byte("00-x")}, {Key: XRayHeader, Value: []byte(xray)}}, "53995c3f42cd8ad8"},
	} {
		r := &kafka.Record{Topic: "orders"}
		r.SetHeaders(tt.headers...)
		if got := Writer(r).SpanID().String(); got != tt.want {
			t.Errorf("%s: writer = %s, want %s", name, got, tt.want)
		}
	}
}
