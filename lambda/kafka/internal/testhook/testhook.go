// Package testhook lets kafkatest reach into a handler: through the context of an
// invocation, so that a handler has nothing to be set up for it.
package testhook

import "context"

// Hook is what a test wants of one invocation.
type Hook struct {
	// Partial is in place of the environment variable.
	Partial bool

	// Before is called before the function is, with the positions of its
	// records. With an error the function is not called, and has returned it.
	Before func(positions []string) error

	// After is called with what the function returned, and returns what it is
	// to have returned.
	After func(positions []string, err error) error
}

type key struct{}

// With returns a context with a hook.
func With(ctx context.Context, h *Hook) context.Context {
	return context.WithValue(ctx, key{}, h)
}

// From returns the hook of a context, or nil.
func From(ctx context.Context) *Hook {
	h, _ := ctx.Value(key{}).(*Hook)
	return h
}

// Call calls fn in between.
func (h *Hook) Call(positions []string, fn func() error) error {
	if h.Before != nil {
		if err := h.Before(positions); err != nil {
			return err
		}
	}
	err := fn()
	if h.After != nil {
		err = h.After(positions, err)
	}
	return err
}
