package protobuf_test

import (
	"context"
	"fmt"
	"io"
	"log/slog"

	"google.golang.org/protobuf/types/known/wrapperspb"

	"msklambda/lambda/kafka"
	"msklambda/lambda/kafka/protobuf"
)

// The first value is written with Confluent's header, the second is of another message
// of the file.
func ExampleOf() {
	process := func(ctx context.Context, price *wrapperspb.DoubleValue, r *kafka.Record) error {
		fmt.Printf("%s costs %.2f\n", r, price.GetValue())
		return nil
	}
	h := kafka.Handler(kafka.Typed(protobuf.Of[*wrapperspb.DoubleValue](), process), kafka.Logger(slog.New(slog.NewTextHandler(io.Discard, nil))))
	_, err := h.Invoke(context.Background(), []byte(`{"records": {"prices-0": [
		{"topic": "prices", "partition": 0, "offset": 7, "value": "AAAAABEACVK4HoXrP49A"},
		{"topic": "prices", "partition": 0, "offset": 8, "value": "AAAAABECBAlSuB6F6z+PQA=="}]}}`))
	fmt.Println(err)
	// Output:
	// prices[0]@7 costs 999.99
	// kafka: handle prices[0]@8: decode the value, 16 bytes, as *wrapperspb.DoubleValue: protobuf: schema 17: byte 0 of the data: want message 0, which is google.protobuf.DoubleValue, got message 2
}
