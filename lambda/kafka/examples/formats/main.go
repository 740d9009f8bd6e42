// Command formats reads orders that some write as Avro and some as Protobuf, with a
// header of a schema registry in front: Confluent's or Glue's. The schemas are files;
// package confluent or glue in place of them asks the registry.
package main

import (
	"context"
	"embed"
	"log/slog"

	"msklambda/lambda/kafka"
	"msklambda/lambda/kafka/avro"
	"msklambda/lambda/kafka/examples/formats/orderpb"
	"msklambda/lambda/kafka/protobuf"
	"msklambda/lambda/kafka/registry"
	"msklambda/lambda/kafka/wire"
)

type Order struct {
	ID     string `avro:"id"`
	Amount int64  `avro:"amount"`
}

//go:embed schemas
var schemas embed.FS

func main() {
	reg, err := registry.Files(schemas, "schemas")
	if err != nil {
		panic(err)
	}
	kafka.Start(kafka.Typed(decoder(reg), process))
}

func process(ctx context.Context, o Order, r *kafka.Record) error {
	if r.Value == nil {
		slog.InfoContext(ctx, "order deleted")
		return nil
	}
	slog.InfoContext(ctx, "order", "id", o.ID, "amount", o.Amount)
	return nil
}

// decoder reads each value in the format of its schema.
func decoder(reg registry.Registry) kafka.Decoder[Order] {
	fromAvro, fromProtobuf := avro.Of[Order](reg, ""), protobuf.Of[*orderpb.Order]()
	return func(ctx context.Context, r *kafka.Record, data []byte) (Order, error) {
		w, err := wire.Split(data, r.ValueSchema)
		if err != nil || w.ID.IsZero() {
			return fromAvro(ctx, r, data) // which says what is wrong
		}
		schema, err := reg.Schema(ctx, w.ID)
		if err != nil {
			return Order{}, err
		}
		if schema.Format == registry.Avro {
			return fromAvro(ctx, r, data)
		}
		o, err := fromProtobuf(ctx, r, data)
		return Order{ID: o.GetId(), Amount: o.GetAmount()}, err
	}
}
