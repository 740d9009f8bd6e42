package protobuf

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/twmb/franz-go/pkg/sr"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/descriptorpb"
	"google.golang.org/protobuf/types/known/structpb"
	"google.golang.org/protobuf/types/known/wrapperspb"

	"msklambda/lambda/kafka"
	"msklambda/lambda/kafka/kafkatest"
	"msklambda/lambda/kafka/wire"
)

const uuid = "0d9e1e2f-7a52-4a5b-9bd8-5c2d9e6a1b34"

// The messages are those of protoc-gen-go's own files: descriptor.proto has many, some
// of them in others, and struct.proto has the entry of a map.
func field(name string) *descriptorpb.FieldDescriptorProto {
	return &descriptorpb.FieldDescriptorProto{Name: &name}
}

func marshal(t testing.TB, m proto.Message) string {
	t.Helper()
	b, err := proto.Marshal(m)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// confluent writes with franz-go's client of the registry.
func confluent(t testing.TB, id int, m proto.Message, index ...int) string {
	t.Helper()
	var s sr.Serde
	s.Register(id, m, sr.EncodeFn(func(v any) ([]byte, error) { return proto.Marshal(v.(proto.Message)) }), sr.Index(index...))
	b, err := s.Encode(m)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func glue(index byte, data string) string {
	return string(append(wire.ParseID(uuid).AppendHeader(nil), index)) + data
}

func TestPlaceOf(t *testing.T) {
	tests := map[string]struct {
		of   place
		path []int
		flat int
	}{
		// Glue's order: DescriptorProto, its ExtensionRange and ReservedRange, ...
		"first":  {placeOf((&descriptorpb.FileDescriptorSet{}).ProtoReflect().Descriptor()), []int{0}, 19},
		"third":  {placeOf((&descriptorpb.DescriptorProto{}).ProtoReflect().Descriptor()), []int{2}, 0},
		"nested": {placeOf((&descriptorpb.DescriptorProto_ReservedRange{}).ProtoReflect().Descriptor()), []int{2, 1}, 2},
		// google.protobuf.ListValue, Struct, Struct.FieldsEntry, Value
		"behind the entry of a map": {placeOf((&structpb.Value{}).ProtoReflect().Descriptor()), []int{1}, 3},
	}
	for name, test := range tests {
		if !slices.Equal(test.of.path, test.path) || test.of.flat != test.flat {
			t.Errorf("%s: %v and %d, want %v and %d", name, test.of.path, test.of.flat, test.path, test.flat)
		}
	}
}

func TestAMessageIsReadBehindEachHeader(t *testing.T) {
	nested := &descriptorpb.DescriptorProto_ReservedRange{Start: proto.Int32(3), End: proto.Int32(9)}
	body := marshal(t, nested)
	said := func(id string) *kafka.Schema { return &kafka.Schema{DataFormat: "PROTOBUF", SchemaID: id} }
	tests := map[string]struct {
		value  string
		schema *kafka.Schema
	}{
		"Confluent":              {confluent(t, 17, nested, 2, 1), nil},
		"Confluent, plain":       {"\x00\x00\x00\x00\x11\x02\x02\x01" + body, nil},
		"Glue":                   {glue(2, body), nil},
		"Lambda with Confluent":  {confluent(t, 17, nested, 2, 1)[5:], said("17")},
		"Lambda with Glue":       {glue(2, body)[18:], said(uuid)},
		"without a registry":     {body, nil},
		"Lambda without an id":   {body, said("")},
		"Lambda with another id": {confluent(t, 17, nested, 2, 1)[5:], said("1111111111111111")},
	}
	decode := Of[*descriptorpb.DescriptorProto_ReservedRange]()
	for name, test := range tests {
		r := &kafka.Record{Value: []byte(test.value), ValueSchema: test.schema}
		got, err := decode(t.Context(), r, r.Value)
		// What plain numbers of a path of two look like in zigzag is a path of
		// one, which is another message's: that is refused, not guessed.
		if name == "Confluent, plain" {
			if err == nil || !strings.Contains(err.Error(), "got message 1") {
				t.Errorf("%s: %v, %v, want message 1 refused", name, got, err)
			}
			continue
		}
		if err != nil || !proto.Equal(got, nested) {
			t.Errorf("%s: %v, %v, want %v", name, got, err, nested)
		}
	}
	first := &wrapperspb.DoubleValue{Value: 999.99}
	for name, value := range map[string]string{
		"first":        confluent(t, 17, first, 0),
		"plain, first": "\x00\x00\x00\x00\x11\x01\x00" + marshal(t, first),
	} {
		got, err := Of[*wrapperspb.DoubleValue]()(t.Context(), &kafka.Record{}, []byte(value))
		if err != nil || !proto.Equal(got, first) {
			t.Errorf("%s: %v, %v, want %v", name, got, err, first)
		}
	}
}

func TestABadValueIsPermanentAndSaysWhere(t *testing.T) {
	m := &descriptorpb.DescriptorProto{Name: proto.String("Order"), Field: []*descriptorpb.FieldDescriptorProto{field("id")}}
	good := confluent(t, 17, m, 2)
	body := marshal(t, m)
	tests := map[string]struct {
		value, format, want string
	}{
		"another message":       {confluent(t, 17, m, 1), "", "protobuf: schema 17: byte 0 of the data: want message 2, which is google.protobuf.DescriptorProto, got message 1"},
		"a nested one":          {confluent(t, 17, m, 2, 0), "", "protobuf: schema 17: byte 0 of the data: want message 2, which is google.protobuf.DescriptorProto, got message 2.0"},
		"another one of Glue's": {glue(7, body), "", "protobuf: schema " + uuid + ": byte 0 of the data: want message 0, which is google.protobuf.DescriptorProto, got message 7"},
		"no index":              {good[:5], "", "protobuf: schema 17: wire: message index: byte 0 of the data: want a number, got the end"},
		"cut off":               {good[:len(good)-1], "", "protobuf: schema 17: byte 9 of 14 behind the header: "},
		"cut off inside":        {good[:5] + "\x02\x04" + "\x12\x03\x0a\x05i", "", "protobuf: schema 17: byte 4 of 7 behind the header: "},
		"no UTF-8":              {good[:5] + "\x02\x04" + "\x0a\x01\xff", "", "protobuf: schema 17: byte 2 of 5 behind the header: "},
		"JSON":                  {`{"name":"Order"}`, "", "protobuf: byte 0 of 16 behind the header: "},
		"Avro":                  {"x", "AVRO", "protobuf: schema 17: want the format PROTOBUF, got AVRO"},
		"no zlib":               {string(wire.ParseID(uuid).AppendHeader(nil)[:1]) + "\x050123456789abcdefx", "", "wire: value of Glue schema "},
	}
	for name, test := range tests {
		if name == "no UTF-8" { // proto2 takes it: a message of proto3 does not
			if _, err := Of[*wrapperspb.StringValue]()(t.Context(), &kafka.Record{}, []byte("\x0a\x01\xff")); err == nil || !strings.Contains(err.Error(), "byte 0 of 3") {
				t.Errorf("%s: %v, want byte 0 of 3", name, err)
			}
			continue
		}
		var letters []kafka.Failure
		h := kafka.Handler(kafka.Typed(Of[*descriptorpb.DescriptorProto](), func(context.Context, *descriptorpb.DescriptorProto, *kafka.Record) error { return nil }),
			kafka.DeadLetter(kafka.SinkFunc(func(_ context.Context, f []kafka.Failure) error {
				letters = append(letters, f...)
				return nil
			})))
		records := kafkatest.Records("orders", 0, 7, good, test.value)
		if test.format != "" {
			records[1].ValueSchema = &kafka.Schema{DataFormat: test.format, SchemaID: "17"}
		}
		result := kafkatest.Run(t, h, kafkatest.Event(records...), kafkatest.Provisioned)
		if len(letters) != 1 || letters[0].Record.String() != "orders[0]@8" || len(result.Failed()) > 0 {
			t.Errorf("%s: letters %v, failed %v, want one letter of orders[0]@8", name, letters, result.Failed())
			continue
		}
		if got := letters[0].Err.Error(); !strings.Contains(got, ": "+test.want) {
			t.Errorf("%s: error %q, want one with %q", name, got, test.want)
		}
	}
}

func TestATombstoneIsNil(t *testing.T) {
	called := false
	h := kafka.Handler(kafka.Typed(Of[*descriptorpb.DescriptorProto](), func(_ context.Context, m *descriptorpb.DescriptorProto, _ *kafka.Record) error {
		called = m == nil
		return nil
	}))
	if r := kafkatest.Run(t, h, kafkatest.Event(kafka.Record{Topic: "orders", Key: []byte("a")}), kafkatest.OnDemand); r.Err != nil || !called {
		t.Errorf("called with nil: %v, %v", called, r.Err)
	}
}

func TestNothingOfAMessageIsOfThePayload(t *testing.T) {
	var got []*wrapperspb.BytesValue
	h := kafka.Handler(kafka.Typed(Of[*wrapperspb.BytesValue](), func(_ context.Context, m *wrapperspb.BytesValue, _ *kafka.Record) error {
		got = append(got, m)
		return nil
	}))
	want := &wrapperspb.BytesValue{Value: []byte("some bytes")}
	event := kafkatest.Event(kafkatest.Records("orders", 0, 0, marshal(t, want))...)
	if r := kafkatest.Run(t, h, event, kafkatest.OnDemand); r.Err != nil || len(got) != 1 || !proto.Equal(got[0], want) {
		t.Errorf("%v, %v, want %v after the payload is overwritten", got, r.Err, want)
	}
}

func TestOfNeedsAMessage(t *testing.T) {
	defer func() {
		if v := recover(); v == nil || !strings.Contains(fmt.Sprint(v), "needs the type of a message") {
			t.Errorf("Of of an interface: %v, want a panic that says so", v)
		}
	}()
	Of[proto.Message]()
}

// FuzzDecode: whatever the bytes are, there is a message or an error with a place
// inside of them.
func FuzzDecode(f *testing.F) {
	f.Add([]byte(marshal(f, &descriptorpb.DescriptorProto{Name: proto.String("Order"), Field: []*descriptorpb.FieldDescriptorProto{field("id")}})))
	f.Add([]byte("\x12\x03\x0a\x05i"))
	message := (&descriptorpb.DescriptorProto{}).ProtoReflect().Descriptor()
	decode := Of[*descriptorpb.DescriptorProto]()
	f.Fuzz(func(t *testing.T, data []byte) {
		r := &kafka.Record{ValueSchema: &kafka.Schema{DataFormat: "PROTOBUF"}}
		if m, err := decode(t.Context(), r, data); err == nil && m == nil {
			t.Fatalf("%x is neither a message nor an error", data)
		}
		if at := wrongAt(message, data); at < 0 || at > len(data) {
			t.Fatalf("wrongAt(%x) = %d, want 0 to %d", data, at, len(data))
		}
	})
}
