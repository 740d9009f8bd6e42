package main

import (
	"bytes"
	"compress/zlib"
	"context"
	"fmt"
	"slices"
	"testing"

	"github.com/hamba/avro/v2"
	"github.com/twmb/franz-go/pkg/sr"
	"google.golang.org/protobuf/proto"

	"msklambda/lambda/kafka"
	"msklambda/lambda/kafka/examples/formats/orderpb"
	"msklambda/lambda/kafka/kafkatest"
	"msklambda/lambda/kafka/registry"
	"msklambda/lambda/kafka/wire"
)

// write writes an order with franz-go's client of the registry and the encoders of
// hamba/avro and protobuf, none of which are the example's.
func write(t *testing.T, id int, o Order, index ...int) string {
	t.Helper()
	var s sr.Serde
	s.Register(id, o, sr.EncodeFn(func(any) ([]byte, error) {
		if id == 17 {
			return avro.Marshal(avro.MustParse(`{"type":"record","name":"Order","fields":[{"name":"id","type":"string"},{"name":"amount","type":"long"}]}`), o)
		}
		return proto.Marshal(&orderpb.Order{Id: o.ID, Amount: o.Amount})
	}), sr.Index(index...))
	b, err := s.Encode(o)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// glue is what follows the header of Confluent, behind that of Glue.
func glue(value string, compressed bool) string {
	data := []byte(value[5:])
	head := wire.ParseID("0d9e1e2f-7a52-4a5b-9bd8-5c2d9e6a1b34").AppendHeader(nil)
	if compressed {
		head[1] = 5
		var b bytes.Buffer
		z := zlib.NewWriter(&b)
		z.Write(data)
		z.Close()
		data = b.Bytes()
	}
	return string(head) + string(data)
}

func files(t *testing.T) registry.Registry {
	t.Helper()
	reg, err := registry.Files(schemas, "schemas")
	if err != nil {
		t.Fatal(err)
	}
	return reg
}

func TestEachFormatIsTheSameOrder(t *testing.T) {
	var values []string
	var want []Order
	for i := range 200 {
		o := Order{fmt.Sprintf("order-%d", i), int64(i * 1000)}
		want = append(want, o)
		values = append(values, []string{
			write(t, 17, o), write(t, 18, o, 0), glue(write(t, 18, o, 0), false), glue(write(t, 18, o, 0), true),
		}[i%4])
	}
	for name, event := range kafkatest.Variants(kafkatest.Records("orders", 0, 0, values...)...) {
		var got []Order
		h := kafka.Handler(kafka.Typed(decoder(files(t)), func(_ context.Context, o Order, _ *kafka.Record) error {
			got = append(got, o)
			return nil
		}))
		if r := kafkatest.Run(t, h, event, kafkatest.OnDemand); r.Err != nil || !slices.Equal(got, want) {
			t.Errorf("%s: %d orders, %v, want %d as written", name, len(got), r.Err, len(want))
		}
	}
}

func TestWhatCannotBeReadFailsAlone(t *testing.T) {
	good, message := write(t, 17, Order{"a", 1}), write(t, 18, Order{"a", 1}, 0)
	tests := map[string]struct {
		value  string
		letter bool // it is given up; or it comes again
	}{
		"fine":            {good, false},
		"no header":       {"{}", true},
		"cut off":         {good[:len(good)-1], true},
		"too long":        {good + "x", true},
		"no zlib":         {glue(good, false)[:1] + "\x05" + glue(good, false)[2:], true},
		"message cut off": {message[:len(message)-1], true},
		"another message": {write(t, 18, Order{"a", 1}, 1), true},
		"unknown schema":  {write(t, 99, Order{"a", 1}, 0), false},
	}
	for name, test := range tests {
		letters := 0
		h := kafka.Handler(kafka.Typed(decoder(files(t)), process), kafka.DeadLetter(kafka.SinkFunc(func(_ context.Context, f []kafka.Failure) error {
			letters += len(f)
			return nil
		})))
		failed := kafkatest.Run(t, h, kafkatest.Event(kafkatest.Records("orders", 0, 0, test.value, good)...), kafkatest.Provisioned).Failed()
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
	h := kafka.Handler(kafka.Typed(decoder(files(t)), process))
	r := kafkatest.Run(t, h, kafkatest.Event(kafka.Record{Topic: "orders", Key: []byte("a")}), kafkatest.OnDemand)
	if r.Err != nil {
		t.Error(r.Err)
	}
}
