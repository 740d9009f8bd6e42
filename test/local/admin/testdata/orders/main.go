// The function of the session in docs/admin.md: it notes each order in a file, and
// fails at one with a negative amount, until it is told that those are refunds.
package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"

	"msklambda/lambda/kafka"
)

func main() {
	kafka.Start(func(_ context.Context, r *kafka.Record) error {
		var order struct{ Amount float64 }
		if err := json.Unmarshal(r.Value, &order); err != nil {
			return err
		}
		if order.Amount < 0 && os.Getenv("REFUNDS") != "true" {
			return fmt.Errorf("amount %v is negative", order.Amount)
		}
		f, err := os.OpenFile(os.Getenv("LEDGER"), os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o644)
		if err != nil {
			return err
		}
		if _, err := fmt.Fprintf(f, "%s %s\n", r, r.Value); err != nil {
			return err
		}
		return f.Close()
	})
}
