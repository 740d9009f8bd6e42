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

// A second delivery of what is done is skipped, by one number for the partition.
func ExamplePartitions() {
	process := func(_ context.Context, r *kafka.Record) error {
		fmt.Println("booked", r)
		return nil
	}
	h := kafka.Handler(process, once.Partitions(once.NewMemory(), once.PartitionOptions{Namespace: "ledger"}),
		kafka.Logger(slog.New(slog.NewTextHandler(io.Discard, nil))))
	for range 2 {
		_, err := h.Invoke(context.Background(), []byte(`{"records": {"entries-0": [
			{"topic": "entries", "partition": 0, "offset": 7, "value": "MQ=="}, {"topic": "entries", "partition": 0, "offset": 8, "value": "Mg=="}]}}`))
		fmt.Println(err)
	}
	// Output:
	// booked entries[0]@7
	// booked entries[0]@8
	// <nil>
	// <nil>
}
