// Command consume is the second of a pair of functions that the local loop is tested
// with: it notes each enriched order in a file, so that a test can tell whether one is
// missing.
package main

import (
	"context"
	"fmt"
	"os"

	"msklambda/lambda/kafka"
)

type order struct {
	ID      int
	Country string
}

func main() {
	file := os.Stdout
	if path := os.Getenv("SEEN"); path != "" {
		var err error
		if file, err = os.OpenFile(path, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o644); err != nil {
			panic(err)
		}
	}
	kafka.Start(kafka.JSON(func(_ context.Context, o *order, _ *kafka.Record) error {
		if o == nil {
			return nil
		}
		_, err := fmt.Fprintln(file, o.ID, o.Country)
		return err
	}))
}
