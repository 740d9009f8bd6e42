package avro

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/hamba/avro/v2"

	"msklambda/lambda/kafka"
	"msklambda/lambda/kafka/kafkatest"
	"msklambda/lambda/kafka/registry"
	"msklambda/lambda/kafka/wire"
)

type order struct {
	ID     string           `avro:"id"`
	Amount int64            `avro:"amount"`
	Note   *string          `avro:"note"`
	Lines  []line           `avro:"lines"`
	Tags   map[string]int32 `avro:"tags"`
}

type line struct {
	Article string  `avro:"article"`
	Price   float64 `avro:"price"`
}

const (
	reader = `{"type":"record","name":"Order","fields":[
		{"name":"id","type":"string"},
		{"name":"amount","type":"long","default":0},
		{"name":"note","type":["null","string"],"default":null},
		{"name":"lines","type":{"type":"array","items":{"type":"record","name":"Line","fields":[
			{"name":"article","type":"string"},{"name":"price","type":"double","default":1.5}]}},"default":[]},
		{"name":"tags","type":{"type":"map","values":"int"},"default":{}}]}`
	older = `{"type":"record","name":"Order","fields":[
		{"name":"gone","type":{"type":"array","items":"string"}},
		{"name":"amount","type":"int"},
		{"name":"id","type":"string"}]}`
	nested = `{"type":"record","name":"Order","fields":[
		{"name":"id","type":"string"},
		{"name":"lines","type":{"type":"array","items":"Line"}}]}`
	lineSchema = `{"type":"record","name":"Line","fields":[{"name":"article","type":"string"}]}`
	other      = `{"type":"record","name":"Order","fields":[{"name":"id","type":"boolean"}]}`
)

var texts = map[string]registry.Schema{
	"1":                                    {Format: registry.Avro, Text: reader},
	"2":                                    {Format: registry.Avro, Text: older},
	"3":                                    {Format: registry.Avro, Text: nested, References: []string{lineSchema}},
	"4":                                    {Format: registry.Avro, Text: other},
	"5":                                    {Format: registry.Protobuf, Text: `syntax = "proto3";`},
	"6":                                    {Format: registry.Avro, Text: `{"type":"nothing"}`},
	"0d9e1e2f-7a52-4a5b-9bd8-5c2d9e6a1b34": {Format: registry.Avro, Text: older},
}

// written is what a serializer writes of v with one of the schemas.
func written(t testing.TB, id string, v any) string {
	t.Helper()
	schema, err := parse(texts[id])
	if err != nil {
		t.Fatal(err)
	}
	b, err := avro.Marshal(schema, v)
	if err != nil {
		t.Fatal(err)
	}
	return string(append(wire.ParseID(id).AppendHeader(nil), b...))
}

func note(s string) *string { return &s }

func TestAValueIsReadWithTheSchemaOfItsWriter(t *testing.T) {
	whole := order{"a", 1 << 40, note("fragile"), []line{{"chair", 9.5}, {"table", 100}}, map[string]int32{"x": -1}}
	old := map[string]any{"gone": []string{"x", "y"}, "amount": int32(7), "id": "b"}
	tests := map[string]struct {
		value  string
		schema *kafka.Schema
		want   order
	}{
		"the same":  {written(t, "1", whole), nil, whole},
		"older":     {written(t, "2", old), nil, order{ID: "b", Amount: 7, Lines: []line{}, Tags: map[string]int32{}}},
		"Glue":      {written(t, "0d9e1e2f-7a52-4a5b-9bd8-5c2d9e6a1b34", old), nil, order{ID: "b", Amount: 7, Lines: []line{}, Tags: map[string]int32{}}},
		"Lambda":    {written(t, "2", old)[5:], &kafka.Schema{DataFormat: "AVRO", SchemaID: "2"}, order{ID: "b", Amount: 7, Lines: []line{}, Tags: map[string]int32{}}},
		"reference": {written(t, "3", map[string]any{"id": "c", "lines": []map[string]any{{"article": "chair"}}}), nil, order{ID: "c", Lines: []line{{"chair", 1.5}}, Tags: map[string]int32{}}},
	}
	decode := Of[order](registry.Static(texts), reader)
	pointer := Of[*order](registry.Static(texts), reader)
	for range 2 { // the second time what is resolved is there
		for name, test := range tests {
			r := &kafka.Record{Value: []byte(test.value), ValueSchema: test.schema}
			got, err := decode(t.Context(), r, r.Value)
			if err != nil || !reflect.DeepEqual(got, test.want) {
				t.Errorf("%s: %+v, %v, want %+v", name, got, err, test.want)
			}
			p, err := pointer(t.Context(), r, r.Value)
			if err != nil || !reflect.DeepEqual(*p, test.want) {
				t.Errorf("%s, pointer: %+v, %v, want %+v", name, p, err, test.want)
			}
		}
	}
}

func TestWithoutAReaderEachIsReadAsItIsWritten(t *testing.T) {
	value := []byte(written(t, "2", map[string]any{"gone": []string{"x"}, "amount": int32(7), "id": "b"}))
	got, err := Of[map[string]any](registry.Static(texts), "")(t.Context(), &kafka.Record{}, value)
	if want := map[string]any{"gone": []any{"x"}, "amount": 7, "id": "b"}; err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("%#v, %v, want %#v", got, err, want)
	}
}

func TestABadValueIsPermanentAndSaysWhere(t *testing.T) {
	good := written(t, "2", map[string]any{"gone": []string{"x"}, "amount": int32(7), "id": "b"})
	away := errors.New("connection refused")
	reg := registry.Func(func(ctx context.Context, id wire.ID) (registry.Schema, error) {
		switch id.String() {
		case "90":
			return registry.Schema{}, registry.ErrUnknown
		case "91":
			return registry.Schema{}, kafka.Transient(away)
		}
		return registry.Static(texts).Schema(ctx, id)
	})
	tests := map[string]struct {
		value     string
		transient bool
		want      string
	}{
		"cut off":              {good[:len(good)-1], false, `avro: schema 2: id: byte 6 behind the header: want a length of 0 to 0, got 1`},
		"more":                 {good + "x", false, "avro: schema 2: byte 8 behind the header: want the end, got 1 more"},
		"a length below 0":     {good[:5] + "\x00\x0e\x01", false, "avro: schema 2: id: byte 2 behind the header: want a length of 0 to 0, got -1"},
		"a length of 1 GB":     {good[:5] + "\x00\x0e\x80\x80\x80\x80\x08", false, "avro: schema 2: id: byte 2 behind the header: want a length of 0 to 0, got 1073741824"},
		"an array of 4 EB":     {good[:5] + "\xfe\xff\xff\xff\xff\xff\xff\xff\x7f", false, "avro: schema 2: gone: byte 0 behind the header: want at most 65545 elements, got 4611686018427387903"},
		"nothing":              {good[:5], false, "avro: schema 2: gone: byte 0 behind the header: want a number, got the end"},
		"no header":            {`{"id":"b"}`, false, "avro: want the header of a schema registry, or what Lambda says of the schema, got none"},
		"not compatible":       {written(t, "4", map[string]any{"id": true}), false, "avro: schema 4: "},
		"Protobuf":             {"\x00\x00\x00\x00\x05x", false, "avro: schema 5: want the format AVRO, got PROTOBUF"},
		"no schema":            {"\x00\x00\x00\x00\x06x", false, "avro: schema 6: "},
		"unknown":              {"\x00\x00\x00\x00\x5ax", false, "avro: the registry does not have it"},
		"registry away":        {"\x00\x00\x00\x00\x5bx", true, "avro: connection refused"},
		"not in files":         {"\x00\x00\x00\x00\x5cx", true, "avro: schema 92: the registry does not have it"},
		"cannot be compressed": {"\x03\x050123456789abcdefx", false, "wire: value of Glue schema "},
	}
	for name, test := range tests {
		var letters []kafka.Failure
		h := kafka.Handler(kafka.Typed(Of[order](reg, reader), func(context.Context, order, *kafka.Record) error { return nil }),
			kafka.DeadLetter(kafka.SinkFunc(func(_ context.Context, f []kafka.Failure) error {
				letters = append(letters, f...)
				return nil
			})))
		result := kafkatest.Run(t, h, kafkatest.Event(kafkatest.Records("orders", 0, 7, good, test.value)...), kafkatest.Provisioned)
		if test.transient {
			_, err := Of[order](reg, reader)(t.Context(), &kafka.Record{}, []byte(test.value))
			if got := fmt.Sprint(result.Failed()); got != "[orders[0]@8]" || len(letters) > 0 || !strings.HasPrefix(fmt.Sprint(err), test.want) {
				t.Errorf("%s: failed %s with %d letters, %v, want orders[0]@8 to come again for %q", name, got, len(letters), err, test.want)
			}
			continue
		}
		if len(letters) != 1 || letters[0].Record.String() != "orders[0]@8" || len(result.Failed()) > 0 {
			t.Errorf("%s: letters %v, failed %v, want one letter of orders[0]@8", name, letters, result.Failed())
			continue
		}
		if got := letters[0].Err.Error(); !strings.Contains(got, ": "+test.want) {
			t.Errorf("%s: error %q, want one with %q", name, got, test.want)
		}
	}
}

func TestWhatIsCutOffAnywhereIsAnError(t *testing.T) {
	value := written(t, "1", order{"a", 1 << 40, note("fragile"), []line{{"chair", 9.5}, {"table", 100}}, map[string]int32{"x": -1}})
	decode := Of[order](registry.Static(texts), reader)
	for n := 5; n < len(value); n++ {
		_, err := decode(t.Context(), &kafka.Record{}, []byte(value[:n]))
		if want := "behind the header: want "; err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%d bytes: %v, want %s", n, err, want)
		}
	}
}

func TestNothingOfAValueIsOfThePayload(t *testing.T) {
	var got []order
	h := kafka.Handler(kafka.Typed(Of[order](registry.Static(texts), reader), func(_ context.Context, o order, _ *kafka.Record) error {
		got = append(got, o)
		return nil
	}))
	long := strings.Repeat("long ", 1000)
	event := kafkatest.Event(kafkatest.Records("orders", 0, 0, written(t, "1", order{ID: "short"}), written(t, "1", order{ID: long}))...)
	if r := kafkatest.Run(t, h, event, kafkatest.OnDemand); r.Err != nil || len(got) != 2 || got[0].ID != "short" || got[1].ID != long {
		t.Errorf("orders = %v, %v, want what was written after the payload is overwritten", got, r.Err)
	}
}

func TestTheRegistryIsAskedOnceAnID(t *testing.T) {
	var asked []string
	reg := registry.Func(func(ctx context.Context, id wire.ID) (registry.Schema, error) {
		asked = append(asked, id.String())
		return registry.Static(texts).Schema(ctx, id)
	})
	decode := Of[order](reg, reader)
	value := []byte(written(t, "1", order{ID: "a"}))
	for range 10 {
		if _, err := decode(t.Context(), &kafka.Record{}, value); err != nil {
			t.Fatal(err)
		}
	}
	if !slices.Equal(asked, []string{"1"}) {
		t.Errorf("asked about %v, want 1 once", asked)
	}
}

func TestResolvedSchemasAreBounded(t *testing.T) {
	reg := registry.Func(func(context.Context, wire.ID) (registry.Schema, error) { return texts["1"], nil })
	d := &decoder{registry: reg, resolved: map[wire.ID]schemas{}}
	for id := range uint32(3 * maxResolved) {
		if _, err := d.schema(t.Context(), wire.Wire{ID: wire.ConfluentID(id)}); err != nil {
			t.Fatal(err)
		}
	}
	if n := len(d.resolved); n == 0 || n > maxResolved {
		t.Errorf("%d schemas remembered, want 1 to %d", n, maxResolved)
	}
}

func TestOfNeedsARegistryAndASchema(t *testing.T) {
	for name, make := range map[string]func(){
		"no registry": func() { Of[order](nil, reader) },
		"no schema":   func() { Of[order](registry.Static(nil), "{") },
	} {
		func() {
			defer func() {
				if recover() == nil {
					t.Errorf("%s: Of did not panic", name)
				}
			}()
			make()
		}()
	}
}

// FuzzDecode: whatever the bytes are, there is an error or a value, which, written
// again, is read as the same.
func FuzzDecode(f *testing.F) {
	f.Add([]byte(written(f, "1", order{"a", 1 << 40, note("fragile"), []line{{"chair", 9.5}}, map[string]int32{"x": -1}})[5:]))
	f.Add([]byte("\x00"))
	f.Add([]byte("\x02a\x00\x00\xfe\xff\xff\xff\xff\xff\xff\xff\xff\x01"))
	decode := Of[order](registry.Static(texts), reader)
	f.Fuzz(func(t *testing.T, data []byte) {
		r := &kafka.Record{ValueSchema: &kafka.Schema{DataFormat: "AVRO", SchemaID: "1"}}
		got, err := decode(t.Context(), r, data)
		if err != nil {
			return
		}
		again, err := decode(t.Context(), r, []byte(written(t, "1", got)[5:]))
		if err != nil || fmt.Sprint(values(again)) != fmt.Sprint(values(got)) {
			t.Fatalf("%x is %+v, and written again %+v, %v", data, got, again, err)
		}
	})
}

// values is an order without the pointer.
func values(o order) []any {
	n := "none"
	if o.Note != nil {
		n = "some: " + *o.Note
	}
	return []any{o.ID, o.Amount, n, o.Lines, o.Tags}
}
