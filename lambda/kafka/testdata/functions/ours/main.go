// Command ours counts the bytes of an event's values with this package.
package main

import (
	"context"

	"msklambda/lambda/kafka"
)

var total int

func main() {
	kafka.Start(func(_ context.Context, r *kafka.Record) error {
		total += len(r.Value)
		return nil
	})
}
