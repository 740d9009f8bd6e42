package avro_test

import (
	"context"
	"fmt"
	"io"
	"log/slog"

	"msklambda/lambda/kafka"
	"msklambda/lambda/kafka/avro"
	"msklambda/lambda/kafka/registry"
)

type Order struct {
	ID     string `avro:"id"`
	Amount int64  `avro:"amount"`
}

// The value is written with schema 17, which has no amount yet.
func ExampleOf() {
	reg := registry.Static(map[string]registry.Schema{
		"17": {Format: registry.Avro, Text: `{"type":"record","name":"Order","fields":[{"name":"id","type":"string"}]}`},
	})
	const reader = `{"type":"record","name":"Order","fields":[
		{"name":"id","type":"string"},
		{"name":"amount","type":"long","default":1}]}`

	process := func(ctx context.Context, o Order, r *kafka.Record) error {
		fmt.Printf("%s is %d of %s\n", r, o.Amount, o.ID)
		return nil
	}
	h := kafka.Handler(kafka.Typed(avro.Of[Order](reg, reader), process), kafka.Logger(slog.New(slog.NewTextHandler(io.Discard, nil))))
	_, err := h.Invoke(context.Background(), []byte(`{"records": {"orders-0": [
		{"topic": "orders", "partition": 0, "offset": 7, "value": "AAAAABEKY2hhaXI="},
		{"topic": "orders", "partition": 0, "offset": 8, "value": "AAAAABEKY2g="}]}}`))
	fmt.Println(err)
	// Output:
	// orders[0]@7 is 1 of chair
	// kafka: handle orders[0]@8: decode the value, 8 bytes, as avro_test.Order: avro: schema 17: id: byte 0 behind the header: want a length of 0 to 2, got 5
}
