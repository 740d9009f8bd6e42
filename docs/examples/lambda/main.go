// Command lambda is the function of the examples: it logs each record. What else a
// function can do is in lambda/kafka/examples.
package main

import (
	"context"
	"log/slog"

	"msklambda/lambda/kafka"
)

func main() { kafka.Start(process) }

func process(ctx context.Context, r *kafka.Record) error {
	slog.InfoContext(ctx, "got", "record", r.String(), "bytes", len(r.Value))
	return nil
}
