package kafka

import (
	"context"
	"fmt"
)

// EventContext calls fn once for each event, before it is read, with the context of the
// invocation. What fn returns is the context from then on, also of the function and of
// [Observe]: for a span that is open meanwhile. If it panics, which is logged, or returns
// nil, the context stays. Panics if fn is nil.
func EventContext(fn func(ctx context.Context) context.Context) Option {
	if fn == nil {
		panic("kafka: EventContext needs a function, got nil")
	}
	return func(h *handler) {
		h.contexts = append(h.contexts, func(ctx context.Context, log *batchLog) context.Context {
			made := ctx
			if stack, err := guarded(func() error { made = fn(ctx); return nil }); err != nil {
				log.error("kafka: event context failed", err, stack)
			}
			if made == nil {
				return ctx
			}
			return made
		})
	}
}

// Options makes one option of several, which take effect in this order. Panics if one
// is nil.
func Options(options ...Option) Option {
	for i, o := range options {
		if o == nil {
			panic(fmt.Sprintf("kafka: option %d of Options is nil", i+1))
		}
	}
	return func(h *handler) {
		for _, o := range options {
			o(h)
		}
	}
}
