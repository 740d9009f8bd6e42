package once_test

import (
	"context"
	"fmt"
	"io"
	"log/slog"

	"msklambda/lambda/kafka"
	"msklambda/lambda/kafka/once"
)

// The charge is made once for each order, and the receipt is sent with each record.
func ExampleDo() {
	guard := once.New(once.NewMemory(), once.Options{Prefix: "payments/"})
	charges := 0
	process := func(ctx context.Context, r *kafka.Record) error {
		receipt, err := once.Do(ctx, guard, string(r.Key), func(context.Context) (string, error) {
			charges++ // with the key of the order, so that the provider knows it too
			return fmt.Sprintf("receipt %d", charges), nil
		})
		if err != nil {
			return err
		}
		fmt.Println(r, receipt)
		return nil
	}
	h := kafka.Handler(process, kafka.Logger(slog.New(slog.NewTextHandler(io.Discard, nil))))
	_, err := h.Invoke(context.Background(), []byte(`{"records": {"orders-0": [
		{"topic": "orders", "partition": 0, "offset": 7, "key": "YQ==", "value": "MQ=="},
		{"topic": "orders", "partition": 0, "offset": 8, "key": "Yg==", "value": "Mg=="},
		{"topic": "orders", "partition": 0, "offset": 9, "key": "YQ==", "value": "MQ=="}]}}`))
	fmt.Println(err)
	// Output:
	// orders[0]@7 receipt 1
	// orders[0]@8 receipt 2
	// orders[0]@9 receipt 1
	// <nil>
}
