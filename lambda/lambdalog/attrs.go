package lambdalog

import (
	"context"
	"log/slog"
	"slices"
)

// WithAttrs returns a handler that adds what attrs finds in the context of a line,
// at its top level, but for what the line has itself.
func WithAttrs(h slog.Handler, attrs func(context.Context) []slog.Attr) slog.Handler {
	return &handler{Handler: h, root: h, attrs: attrs}
}

type handler struct {
	slog.Handler // root with what was done to it
	root         slog.Handler
	attrs        func(context.Context) []slog.Attr

	// grouped are what was done from the first group on: what is added to a
	// line would be in the group, if it were not added before.
	grouped []func(slog.Handler) slog.Handler
}

func (h *handler) Handle(ctx context.Context, r slog.Record) error {
	found := h.attrs(ctx)
	if len(found) == 0 {
		return h.Handler.Handle(ctx, r)
	}
	if len(h.grouped) > 0 {
		grouped := h.root.WithAttrs(found)
		for _, again := range h.grouped {
			grouped = again(grouped)
		}
		return grouped.Handle(ctx, r)
	}
	r.Attrs(func(a slog.Attr) bool {
		found = slices.DeleteFunc(found, func(f slog.Attr) bool { return f.Key == a.Key })
		return true
	})
	// Before what the line has: where something is is read first.
	line := slog.NewRecord(r.Time, r.Level, r.Message, r.PC)
	line.AddAttrs(found...)
	r.Attrs(func(a slog.Attr) bool {
		line.AddAttrs(a)
		return true
	})
	return h.Handler.Handle(ctx, line)
}

func (h *handler) WithAttrs(attrs []slog.Attr) slog.Handler {
	return h.with(func(h slog.Handler) slog.Handler { return h.WithAttrs(attrs) }, false)
}

func (h *handler) WithGroup(name string) slog.Handler {
	if name == "" {
		return h
	}
	return h.with(func(h slog.Handler) slog.Handler { return h.WithGroup(name) }, true)
}

func (h *handler) with(do func(slog.Handler) slog.Handler, group bool) slog.Handler {
	c := *h
	c.Handler = do(h.Handler)
	if group || len(h.grouped) > 0 {
		c.grouped = append(slices.Clone(h.grouped), do)
	} else {
		c.root = c.Handler
	}
	return &c
}
