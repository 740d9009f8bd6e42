package main

import (
	"bytes"
	"compress/zlib"
	"context"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"slices"
	"testing"

	"msklambda/lambda/kafka"
	"msklambda/lambda/kafka/kafkatest"
)

func confluent(id uint32, data []byte) []byte {
	return append(binary.BigEndian.AppendUint32([]byte{0}, id), data...)
}

func glue(data []byte, compressed bool) []byte {
	id, err := hex.DecodeString("0d9e1e2f7a524a5b9bd85c2d9e6a1b34")
	if err != nil {
		panic(err)
	}
	head := append([]byte{3, 0}, id...)
	if compressed {
		head[1] = 5
		var b bytes.Buffer
		z := zlib.NewWriter(&b)
		z.Write(data)
		z.Close()
		data = b.Bytes()
	}
	return append(head, data...)
}

func asAvro(o Order) []byte {
	b := append(binary.AppendVarint(nil, int64(len(o.ID))), o.ID...)
	return binary.AppendVarint(b, o.Amount)
}

func asProtobuf(o Order) []byte {
	b := append([]byte{0, 1<<3 | 2, byte(len(o.ID))}, o.ID...)
	return binary.AppendUvarint(append(b, 2<<3), uint64(o.Amount))
}

func TestEachFormatIsTheSameOrder(t *testing.T) {
	var values []string
	var want []Order
	for i := range 200 {
		o := Order{fmt.Sprintf("order-%d", i), int64(i * 1000)}
		want = append(want, o)
		values = append(values, string([][]byte{
			confluent(17, asAvro(o)), confluent(18, asProtobuf(o)), glue(asProtobuf(o), false), glue(asProtobuf(o), true),
		}[i%4]))
	}
	for name, event := range kafkatest.Variants(kafkatest.Records("orders", 0, 0, values...)...) {
		var got []Order
		h := kafka.Handler(kafka.Typed(decode, func(_ context.Context, o Order, _ *kafka.Record) error {
			got = append(got, o)
			return nil
		}))
		if r := kafkatest.Run(t, h, event, kafkatest.OnDemand); r.Err != nil || !slices.Equal(got, want) {
			t.Errorf("%s: %d orders, %v, want %d as written", name, len(got), r.Err, len(want))
		}
	}
}

func TestWhatCannotBeReadFailsAlone(t *testing.T) {
	avro := string(confluent(17, asAvro(Order{"a", 1})))
	tests := map[string]struct {
		value  string
		letter bool // it is given up; or it comes again
	}{
		"fine":           {avro, false},
		"no header":      {"{}", true},
		"cut off":        {avro[:len(avro)-1], true},
		"too long":       {avro + "x", true},
		"no zlib":        {string(glue(nil, false)[:1]) + "\x05" + string(glue(nil, false)[2:]), true},
		"unknown field":  {string(confluent(18, []byte{0, 3 << 3, 1})), true},
		"unknown schema": {string(confluent(99, nil)), false},
	}
	for name, test := range tests {
		letters := 0
		h := kafka.Handler(kafka.Typed(decode, process), kafka.DeadLetter(kafka.SinkFunc(func(_ context.Context, f []kafka.Failure) error {
			letters += len(f)
			return nil
		})))
		failed := kafkatest.Run(t, h, kafkatest.Event(kafkatest.Records("orders", 0, 0, test.value, avro)...), kafkatest.Provisioned).Failed()
		wantFailed := "[]"
		if name == "unknown schema" {
			wantFailed = "[orders[0]@0 orders[0]@1]"
		}
		if fmt.Sprint(failed) != wantFailed || (letters > 0) != test.letter {
			t.Errorf("%s: failed %v with %d letters, want %s", name, failed, letters, wantFailed)
		}
	}
}

func TestATombstoneIsNoOrder(t *testing.T) {
	h := kafka.Handler(kafka.Typed(decode, process))
	r := kafkatest.Run(t, h, kafkatest.Event(kafka.Record{Topic: "orders", Key: []byte("a")}), kafkatest.OnDemand)
	if r.Err != nil {
		t.Error(r.Err)
	}
}
