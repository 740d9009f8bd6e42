// Command formats reads orders that some write as Avro and some as Protobuf, with a
// header of a schema registry in front: Confluent's or Glue's. The decoders are by
// hand, for one schema each.
package main

import (
	"bytes"
	"compress/zlib"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"log/slog"

	"msklambda/lambda/kafka"
)

type Order struct {
	ID     string
	Amount int64
}

// schemas of the registry, by id, and how what they describe is read.
var schemas = map[string]func([]byte) (Order, error){
	"17":                                   avro,
	"18":                                   func(b []byte) (Order, error) { return protobuf(withoutIndex(b)) },
	"0d9e1e2f-7a52-4a5b-9bd8-5c2d9e6a1b34": func(b []byte) (Order, error) { return protobuf(withoutIndex(b)) },
}

func main() { kafka.Start(kafka.Typed(decode, process)) }

func process(ctx context.Context, o Order, r *kafka.Record) error {
	if r.Value == nil {
		slog.InfoContext(ctx, "order deleted")
		return nil
	}
	slog.InfoContext(ctx, "order", "id", o.ID, "amount", o.Amount)
	return nil
}

func decode(_ context.Context, _ *kafka.Record, data []byte) (Order, error) {
	id, data, err := frame(data)
	if err != nil {
		return Order{}, err
	}
	read, ok := schemas[id]
	if !ok {
		// It may be known to the next version of this function.
		return Order{}, kafka.Transient(fmt.Errorf("unknown schema %s", id))
	}
	return read(data)
}

// frame splits off what a registry wrote in front: 5 bytes of Confluent's, or 18 of
// Glue's, of which one says that the rest is compressed.
func frame(b []byte) (id string, data []byte, err error) {
	switch {
	case len(b) >= 5 && b[0] == 0:
		return fmt.Sprint(binary.BigEndian.Uint32(b[1:])), b[5:], nil
	case len(b) >= 18 && b[0] == 3:
		id, data = fmt.Sprintf("%x-%x-%x-%x-%x", b[2:6], b[6:8], b[8:10], b[10:12], b[12:18]), b[18:]
		if b[1] == 5 {
			var z io.ReadCloser
			if z, err = zlib.NewReader(bytes.NewReader(data)); err == nil {
				data, err = io.ReadAll(z)
			}
		}
		return id, data, err
	}
	return "", nil, errors.New("no header of a schema registry")
}

// avro reads {"id": string, "amount": long}.
func avro(b []byte) (o Order, err error) {
	n, size := binary.Varint(b)
	if size <= 0 || n < 0 || n > int64(len(b)-size) {
		return o, errors.New("avro: id")
	}
	o.ID, b = string(b[size:size+int(n)]), b[size+int(n):]
	if o.Amount, size = binary.Varint(b); size != len(b) || size <= 0 {
		return o, errors.New("avro: amount")
	}
	return o, nil
}

// protobuf reads string id = 1 and int64 amount = 2.
func protobuf(b []byte) (o Order, err error) {
	for len(b) > 0 {
		tag, size := binary.Uvarint(b)
		n, more := binary.Uvarint(b[max(size, 0):])
		if size <= 0 || more <= 0 {
			return o, errors.New("protobuf: cut off")
		}
		b = b[size+more:]
		switch tag {
		case 1<<3 | 2:
			if n > uint64(len(b)) {
				return o, errors.New("protobuf: id")
			}
			o.ID, b = string(b[:n]), b[n:]
		case 2 << 3:
			o.Amount = int64(n)
		default:
			return o, fmt.Errorf("protobuf: unknown field %d", tag>>3)
		}
	}
	return o, nil
}

// withoutIndex cuts off which message of the schema it is: one byte of zero for the
// first one.
func withoutIndex(b []byte) []byte { return bytes.TrimPrefix(b, []byte{0}) }
