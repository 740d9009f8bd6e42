package kafka

import (
	"context"
	"fmt"
)

// Middleware wraps a function of one record: it may look at the record and at what
// the function returns, and change the context or the error.
type Middleware func(next HandlerFunc) HandlerFunc

// Use runs middleware around the function for each record, the first one
// outermost. Each attempt of a [Retry] goes through it. It is for functions of one
// record. Panics if one is nil.
func Use(middleware ...Middleware) Option {
	for i, m := range middleware {
		if m == nil {
			panic(fmt.Sprintf("kafka: middleware %d of Use is nil", i+1))
		}
	}
	return func(h *handler) { h.middleware = append(h.middleware, middleware...) }
}

// wrap puts the middleware around the function.
func (h *handler) wrap() {
	for i := len(h.middleware) - 1; i >= 0; i-- {
		h.record = h.middleware[i](h.record)
		if h.record == nil {
			panic(fmt.Sprintf("kafka: middleware %d of Use returned nil", i+1))
		}
	}
}

// OnShutdown calls fn when Lambda ends the execution environment, for closing
// clients and flushing what is not the batches' own. Functions given later are
// called first. All together have about 300 ms, and Lambda may end an environment
// without a word: nothing that must not be lost may wait for it. It works with
// [Start]. Panics if fn is nil.
func OnShutdown(fn func(context.Context)) Option {
	if fn == nil {
		panic("kafka: OnShutdown needs a function, got nil")
	}
	return func(h *handler) { h.onShutdown = append(h.onShutdown, fn) }
}

// shutdown calls what OnShutdown was given. None keeps the others from being
// called.
func (h *handler) shutdown() {
	ctx, cancel := context.WithTimeout(context.Background(), shutdownTime)
	defer cancel()
	for i := len(h.onShutdown) - 1; i >= 0; i-- {
		_, err := guarded(func() error { h.onShutdown[i](ctx); return nil })
		if err != nil {
			h.newLog(ctx).shutdown(err)
		}
	}
}
