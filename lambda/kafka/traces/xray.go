package traces

import (
	"context"
	"os"
	"strings"

	"go.opentelemetry.io/otel/trace"

	"msklambda/lambda/kafka"
)

// XRayHeader is the header in which X-Ray's instrumentation of a producer puts its
// trace.
const XRayHeader = "X-Amzn-Trace-Id"

// XRay makes the invocation's trace of X-Ray, in which Lambda's own segments are, the
// parent of the event's span, where the context has no other. It is given before
// [Spans]:
//
//	kafka.Start(process, traces.XRay(), traces.Spans(provider), kafka.Use(traces.Links))
//
// Whether the invocation is sampled is then X-Ray's choice, once a second and one in
// twenty beyond that by default: a sampler that heeds the parent, as the SDK's default,
// drops the spans of the others.
func XRay() kafka.Option {
	return kafka.EventContext(func(ctx context.Context) context.Context {
		if trace.SpanContextFromContext(ctx).IsValid() {
			return ctx
		}
		header, _ := ctx.Value("x-amzn-trace-id").(string) // where Lambda's runtimes for Go put it
		if header == "" {
			header = os.Getenv("_X_AMZN_TRACE_ID")
		}
		parent := ParseXRay(header)
		if !parent.IsValid() {
			return ctx
		}
		return trace.ContextWithRemoteSpanContext(ctx, parent)
	})
}

// ParseXRay reads X-Ray's header, such as
// Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=1. What it
// returns is not valid where the header is not, or has no Parent.
func ParseXRay(header string) trace.SpanContext {
	config := trace.SpanContextConfig{Remote: true}
	for part := range strings.SplitSeq(header, ";") {
		name, value, _ := strings.Cut(strings.TrimSpace(part), "=")
		switch name {
		case "Root":
			version, id, _ := strings.Cut(value, "-")
			seconds, rest, ok := strings.Cut(id, "-")
			if version != "1" || !ok || len(seconds) != 8 {
				return trace.SpanContext{}
			}
			traceID, err := trace.TraceIDFromHex(seconds + rest)
			if err != nil {
				return trace.SpanContext{}
			}
			config.TraceID = traceID
		case "Parent":
			spanID, err := trace.SpanIDFromHex(value)
			if err != nil {
				return trace.SpanContext{}
			}
			config.SpanID = spanID
		case "Sampled":
			if value == "1" {
				config.TraceFlags = trace.FlagsSampled
			}
		}
	}
	return trace.NewSpanContext(config)
}
