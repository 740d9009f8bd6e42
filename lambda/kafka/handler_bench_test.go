package kafka

import (
	"context"
	"io"
	"log/slog"
	"testing"
	"time"
)

// BenchmarkHandler measures Invoke with a function that counts bytes, and
// without the runtime around it.
func BenchmarkHandler(b *testing.B) {
	for _, e := range benchmarks {
		b.Run(e.name, func(b *testing.B) {
			event := e.event()
			payload := make([]byte, len(event))
			total := 0
			h := Handler(func(_ context.Context, r *Record) error {
				total += len(r.Value)
				return nil
			}, Logger(slog.New(slog.NewTextHandler(io.Discard, nil))))
			ctx, cancel := context.WithTimeout(b.Context(), time.Hour)
			defer cancel()
			b.SetBytes(int64(len(event)))
			b.ReportAllocs()
			for b.Loop() {
				b.StopTimer()
				copy(payload, event)
				b.StartTimer()
				if _, err := h.Invoke(ctx, payload); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
