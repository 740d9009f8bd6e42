package avro

import (
	"encoding/binary"
	"errors"
	"testing"

	"msklambda/lambda/kafka"
	"msklambda/lambda/kafka/registry"
)

const two = `{"type":"record","name":"Order","fields":[{"name":"id","type":"string"},{"name":"amount","type":"long"}]}`

type small struct {
	ID     string `avro:"id"`
	Amount int64  `avro:"amount"`
}

// byHand reads one schema, as a user would without this package.
func byHand(b []byte) (o small, err error) {
	if len(b) < 5 || b[0] != 0 || binary.BigEndian.Uint32(b[1:]) != 17 {
		return o, errors.New("another schema")
	}
	b = b[5:]
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

// BenchmarkDecode compares a value of two fields with the same by hand, and one that
// is nested with what of it is the check.
func BenchmarkDecode(b *testing.B) {
	reg := registry.Static(map[string]registry.Schema{"17": {Format: registry.Avro, Text: two}, "1": texts["1"]})
	value := []byte("\x00\x00\x00\x00\x11\x10order-17\xd0\x0f")
	nested := []byte(written(b, "1", order{"a", 1 << 40, note("fragile"), make([]line, 10), map[string]int32{"x": -1}}))
	r := &kafka.Record{}
	b.Run("two fields", func(b *testing.B) {
		decode := Of[small](reg, two)
		b.ReportAllocs()
		for b.Loop() {
			if o, err := decode(b.Context(), r, value); err != nil || o.Amount != 1000 {
				b.Fatal(o, err)
			}
		}
	})
	b.Run("two fields by hand", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if o, err := byHand(value); err != nil || o.Amount != 1000 {
				b.Fatal(o, err)
			}
		}
	})
	b.Run("nested", func(b *testing.B) {
		decode := Of[order](reg, reader)
		b.ReportAllocs()
		for b.Loop() {
			if _, err := decode(b.Context(), r, nested); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("nested, only checked", func(b *testing.B) {
		schema, err := parse(texts["1"])
		if err != nil {
			b.Fatal(err)
		}
		b.ReportAllocs()
		for b.Loop() {
			if err := check(schema, nested[5:]); err != nil {
				b.Fatal(err)
			}
		}
	})
}
