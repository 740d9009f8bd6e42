package jsonschema_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/twmb/franz-go/pkg/sr"

	"msklambda/lambda/kafka"
	"msklambda/lambda/kafka/jsonschema"
	"msklambda/lambda/kafka/kafkatest"
	"msklambda/lambda/kafka/registry"
	"msklambda/lambda/kafka/wire"
)

type Order struct {
	ID     string `json:"id"`
	Amount int64  `json:"amount"`
}

const schema = `{
	"$schema": "https://json-schema.org/draft/2020-12/schema", "type": "object", "required": ["id", "amount"], "additionalProperties": false,
	"properties": {"id": {"type": "string", "pattern": "^[a-z]+-[0-9]+$"}, "amount": {"type": "integer", "minimum": 1},
		"lines": {"type": "array", "items": {"type": "object", "required": ["sku"]}}}}`

// written is a value behind Confluent's header, by franz-go's own serializer.
func written(t *testing.T, id int, value string) []byte {
	t.Helper()
	var s sr.Serde
	s.Register(id, value, sr.EncodeFn(func(v any) ([]byte, error) { return []byte(v.(string)), nil }))
	b, err := s.Encode(value)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func handle(t *testing.T, decode kafka.Decoder[Order], r kafka.Record) (got string, err error) {
	t.Helper()
	err = kafka.Typed(decode, func(_ context.Context, o Order, r *kafka.Record) error {
		got = fmt.Sprint(o, r.Value == nil)
		return nil
	})(t.Context(), &r)
	return got, err
}

func TestValuesHoldTheirSchema(t *testing.T) {
	reg := registry.Static(map[string]registry.Schema{"7": {Format: registry.JSON, Text: schema},
		"0d9e1e2f-7a52-4a5b-9bd8-5c2d9e6a1b34": {Format: registry.JSON, Text: schema}})
	against := jsonschema.Against[Order](schema)
	of := jsonschema.Of[Order](reg)
	const long = "-9007199254740993" // no float64
	for name, tt := range map[string]struct{ value, want, err string }{
		"good":        {`{"id":"a-1","amount":2}`, "{a-1 2} false", ""},
		"large":       {`{"id":"a-1","amount":9007199254740993}`, "{a-1 9007199254740993} false", ""},
		"1.0":         {`{"id":"a-1","amount":1.0}`, "", "after byte"}, // an integer of JSON Schema, and none of Go
		"missing":     {`{"id":"a-1"}`, "", `the value does not hold "required"`},
		"below":       {`{"id":"a-1","amount":` + long + `}`, "", `/amount does not hold "minimum"`},
		"two":         {`{"id":"secret","amount":0}`, "", `/amount does not hold "minimum", /id does not hold "pattern"`},
		"another":     {`{"id":7,"amount":2}`, "", `/id does not hold "type"`},
		"too much":    {`{"id":"a-1","amount":2,"secret":1}`, "", `the value does not hold "additionalProperties"`},
		"inside":      {`{"id":"a-1","amount":2,"lines":[{"sku":1},{}]}`, "", `/lines/1 does not hold "required"`},
		"many":        {`{"id":"a-1","amount":2,"lines":[{},{},{},{},{}]}`, "", `/lines/0 does not hold "required", /lines/1 does not hold "required", /lines/2 does not hold "required", and 2 more`},
		"no JSON":     {`{"id":`, "", "after byte 6: unexpected end of JSON input"},
		"two values":  {`{} {}`, "", "after byte 4: invalid character '{' after top-level value"},
		"null":        {`null`, "", `the value does not hold "type"`},
		"not at all":  {``, "", "after byte 0: unexpected end of JSON input"},
		"a long text": {`"` + strings.Repeat("secret", 1000) + `"`, "", `the value does not hold "type"`},
	} {
		for how, r := range map[string]struct {
			decode kafka.Decoder[Order]
			kafka.Record
			names string
		}{
			"against":              {against, kafka.Record{Value: []byte(tt.value)}, "jsonschema: "},
			"Confluent":            {of, kafka.Record{Value: written(t, 7, tt.value)}, "jsonschema: schema 7: "},
			"Glue":                 {of, kafka.Record{Value: append(wire.ParseID("0d9e1e2f-7a52-4a5b-9bd8-5c2d9e6a1b34").AppendHeader(nil), tt.value...)}, "jsonschema: schema 0d9e1e2f-7a52-4a5b-9bd8-5c2d9e6a1b34: "},
			"Lambda's integration": {of, kafka.Record{Value: []byte(tt.value), ValueSchema: &kafka.Schema{DataFormat: "JSON", SchemaID: "7"}}, "jsonschema: schema 7: "},
		} {
			got, err := handle(t, r.decode, r.Record)
			if got != tt.want || (err != nil) != (tt.err != "") {
				t.Errorf("%s, %s = %q, %v, want %q and %q", name, how, got, err, tt.want, tt.err)
			}
			if err != nil && (!strings.Contains(err.Error(), r.names+tt.err) || strings.Contains(err.Error(), "secret")) {
				t.Errorf("%s, %s: %v, want %q, and nothing of the value", name, how, err, r.names+tt.err)
			}
		}
	}
	if got, err := handle(t, of, kafka.Record{}); got != "{ 0} true" || err != nil {
		t.Errorf("tombstone = %q, %v", got, err)
	}
}

// What is wrong for good is given up; what may be over comes again.
func TestWhatCannotBeChecked(t *testing.T) {
	away := registry.Func(func(context.Context, wire.ID) (registry.Schema, error) {
		return registry.Schema{}, errors.New("connection refused")
	})
	of := func(s registry.Schema) registry.Registry {
		return registry.Func(func(_ context.Context, id wire.ID) (registry.Schema, error) {
			if id != wire.ParseID("7") {
				return registry.Schema{}, registry.ErrUnknown
			}
			return s, nil
		})
	}
	secret := filepath.Join(t.TempDir(), "secret.json")
	if err := os.WriteFile(secret, []byte(`{"type":"string"}`), 0o600); err != nil {
		t.Fatal(err)
	}
	good := of(registry.Schema{Format: registry.JSON, Text: schema})
	for name, tt := range map[string]struct {
		reg    registry.Registry
		value  []byte
		letter bool
		says   string
	}{
		"a registry that is away": {registry.Cached(away, registry.Limits{}), written(t, 7, `{}`), false, "connection refused"},
		"an unknown schema":       {good, written(t, 8, `{}`), true, "the registry does not have it"},
		"no header":               {good, []byte(`{"id":"a-1","amount":2}`), true, "want the header of a schema registry"},
		"a schema of Avro":        {of(registry.Schema{Format: registry.Avro, Text: `"string"`}), written(t, 7, `{}`), true, "want the format JSON, got AVRO"},
		"no schema":               {of(registry.Schema{Format: registry.JSON, Text: `{`}), written(t, 7, `{}`), true, "schema 7: read the schema"},
		"a schema that is wrong":  {of(registry.Schema{Format: registry.JSON, Text: `{"type": 7}`}), written(t, 7, `{}`), true, "schema 7: read the schema"},
		"a file of the function":  {of(registry.Schema{Format: registry.JSON, Text: `{"$ref": "file://` + secret + `"}`}), written(t, 7, `"x"`), true, "nothing else is loaded"},
		"an address":              {of(registry.Schema{Format: registry.JSON, Text: `{"$ref": "http://169.254.169.254/latest"}`}), written(t, 7, `"x"`), true, "nothing else is loaded"},
	} {
		letters := ""
		h := kafka.Handler(kafka.Typed(jsonschema.Of[any](tt.reg), func(context.Context, any, *kafka.Record) error { return nil }), kafka.Logger(slog.New(slog.DiscardHandler)),
			kafka.DeadLetter(kafka.SinkFunc(func(_ context.Context, f []kafka.Failure) error {
				letters = f[0].Err.Error()
				return nil
			})))
		r := kafkatest.Run(t, h, kafkatest.Event(kafka.Record{Topic: "orders", Value: tt.value}), kafkatest.OnDemand)
		if said := letters + fmt.Sprint(r.Err); (letters != "") != tt.letter || !strings.Contains(said, tt.says) {
			t.Errorf("%s: letter %q, error %v, want a letter %t with %q", name, letters, r.Err, tt.letter, tt.says)
		}
	}
}

func TestASchemaMayReferToOthers(t *testing.T) {
	reg := registry.Static(map[string]registry.Schema{"7": {Format: registry.JSON, Text: `{"type":"object","properties":{"amount":{"$ref":"https://example.com/money"}}}`,
		References: []string{`true`, `{"$id":"https://example.com/money","$ref":"https://example.com/positive"}`, `{"$id":"https://example.com/positive","minimum":1}`}}})
	for value, want := range map[string]string{`{"amount":1}`: "", `{"amount":0}`: `/amount does not hold "minimum"`} {
		_, err := handle(t, jsonschema.Of[Order](reg), kafka.Record{Value: written(t, 7, value)})
		if (err != nil) != (want != "") || err != nil && !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", value, err, want)
		}
	}
}

func TestASchemaIsReadOnce(t *testing.T) {
	asked := 0
	reg := registry.Func(func(context.Context, wire.ID) (registry.Schema, error) {
		asked++
		return registry.Schema{Format: registry.JSON, Text: schema}, nil
	})
	decode := jsonschema.Of[Order](reg)
	for range 3 {
		if _, err := handle(t, decode, kafka.Record{Value: written(t, 7, `{"id":"a-1","amount":2}`)}); err != nil {
			t.Error(err)
		}
	}
	if asked != 1 {
		t.Errorf("asked %d times, want once", asked)
	}
}

func TestWhatIsNeeded(t *testing.T) {
	for name, make := range map[string]func(){
		"no registry": func() { jsonschema.Of[Order](nil) },
		"no schema":   func() { jsonschema.Against[Order](`{"type":`) },
		"a reference": func() { jsonschema.Against[Order](`{"$ref":"https://example.com/a"}`) },
	} {
		func() {
			defer func() {
				if recover() == nil {
					t.Errorf("%s: no panic", name)
				}
			}()
			make()
		}()
	}
}

func Example() {
	decode := jsonschema.Against[Order](`{"type": "object", "required": ["id"], "properties": {"amount": {"minimum": 1}}}`)
	process := kafka.Typed(decode, func(_ context.Context, o Order, r *kafka.Record) error {
		fmt.Println(r, o.ID, o.Amount)
		return nil
	})
	for i, value := range []string{`{"id": "a", "amount": 2}`, `{"amount": 0}`} {
		if err := process(context.Background(), &kafka.Record{Topic: "orders", Offset: int64(i), Value: []byte(value)}); err != nil {
			fmt.Println(err)
		}
	}
	// Output:
	// orders[0]@0 a 2
	// decode the value, 13 bytes, as jsonschema_test.Order: jsonschema: /amount does not hold "minimum", the value does not hold "required"
}
