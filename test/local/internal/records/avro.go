package records

import (
	"bytes"
	"cmp"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"math/big"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/hamba/avro/v2"
)

// Schema is an Avro schema, and how what is written by it is framed.
type Schema struct {
	name   string
	schema avro.Schema
	id     uint32
	framed bool
}

// OpenSchema reads a schema of a file. With ",id=7" behind the name, what is written
// begins with that id, as clients of Confluent's registry write it: a zero, and four
// bytes. Else it is Avro alone.
func OpenSchema(spec string) (*Schema, error) {
	path, id, framed := strings.Cut(spec, ",id=")
	s := &Schema{name: path, framed: framed}
	if framed {
		n, err := strconv.ParseUint(id, 10, 32)
		if err != nil {
			return nil, fmt.Errorf("must be a file, with a number behind \",id=\" at most, got %q", spec)
		}
		s.id = uint32(n)
	}
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	// A cache of its own: two schemas may define a name in two ways.
	if s.schema, err = avro.ParseBytesWithCache(text, "", &avro.SchemaCache{}); err != nil {
		return nil, fmt.Errorf("%s is no Avro schema: %w", path, err)
	}
	return s, nil
}

// Encode writes JSON in Avro. What may be of several types stands as itself, or as Avro's
// own JSON has it, {"string": "x"}.
func (s *Schema) Encode(text []byte) ([]byte, error) {
	dec := json.NewDecoder(bytes.NewReader(text))
	dec.UseNumber()
	var v any
	if err := dec.Decode(&v); err != nil {
		return nil, err
	}
	v, err := fit(s.schema, v, "")
	if err != nil {
		return nil, err
	}
	b, err := avro.Marshal(s.schema, v)
	if err != nil || !s.framed {
		return notNil(b), err
	}
	return append(binary.BigEndian.AppendUint32([]byte{0}, s.id), b...), nil
}

// Decode returns Avro as JSON, for a person to read.
func (s *Schema) Decode(b []byte) ([]byte, error) {
	if s.framed {
		if len(b) < 5 || b[0] != 0 {
			return nil, errors.New("does not begin with the id of a schema")
		}
		b = b[5:]
	}
	var v any
	if err := avro.Unmarshal(s.schema, b, &v); err != nil {
		return nil, err
	}
	return json.Marshal(plain(v))
}

// plain is a value without what JSON does not have.
func plain(v any) any {
	switch v := v.(type) {
	case map[string]any:
		for name := range v {
			v[name] = plain(v[name])
		}
	case []any:
		for i := range v {
			v[i] = plain(v[i])
		}
	case []byte:
		return base64.StdEncoding.EncodeToString(v)
	case *big.Rat:
		return v.FloatString(10)
	}
	return v
}

// fit makes of a value what the schema wants.
func fit(schema avro.Schema, v any, path string) (any, error) {
	wrong := func() (any, error) {
		text, _ := json.Marshal(v)
		return nil, fmt.Errorf("%s must be of type %s, got %s", cmp.Or(strings.TrimPrefix(path, "."), "it"), typeOf(schema), text)
	}
	switch s := schema.(type) {
	case *avro.RefSchema:
		return fit(s.Schema(), v, path)
	case *avro.RecordSchema:
		object, ok := v.(map[string]any)
		if !ok {
			return wrong()
		}
		return fitRecord(s, object, path)
	case *avro.ArraySchema:
		all, ok := v.([]any)
		if !ok {
			return wrong()
		}
		for i := range all {
			var err error
			if all[i], err = fit(s.Items(), all[i], fmt.Sprintf("%s[%d]", path, i)); err != nil {
				return nil, err
			}
		}
		return all, nil
	case *avro.MapSchema:
		object, ok := v.(map[string]any)
		if !ok {
			return wrong()
		}
		for name := range object {
			var err error
			if object[name], err = fit(s.Values(), object[name], path+"."+name); err != nil {
				return nil, err
			}
		}
		return object, nil
	case *avro.UnionSchema:
		return fitUnion(s, v, path)
	case *avro.EnumSchema:
		if name, ok := v.(string); ok {
			for _, symbol := range s.Symbols() {
				if symbol == name {
					return name, nil
				}
			}
		}
		return wrong()
	case *avro.FixedSchema, *avro.PrimitiveSchema, *avro.NullSchema:
		if out, ok := fitPrimitive(schema, v); ok {
			return out, nil
		}
	}
	return wrong()
}

func fitRecord(s *avro.RecordSchema, object map[string]any, path string) (any, error) {
	known := map[string]bool{}
	for _, f := range s.Fields() {
		known[f.Name()] = true
		value, given := object[f.Name()]
		if !given {
			if !f.HasDefault() {
				return nil, fmt.Errorf("%s is missing", strings.TrimPrefix(path+"."+f.Name(), "."))
			}
			continue // the codec writes the default
		}
		var err error
		if object[f.Name()], err = fit(f.Type(), value, path+"."+f.Name()); err != nil {
			return nil, err
		}
	}
	for name := range object {
		if !known[name] {
			return nil, fmt.Errorf("%s is no field of %s", strings.TrimPrefix(path+"."+name, "."), s.FullName())
		}
	}
	return object, nil
}

// fitUnion takes Avro's own form, or the first type that the value is of.
func fitUnion(s *avro.UnionSchema, v any, path string) (any, error) {
	if v == nil && s.Contains(avro.Null) {
		return nil, nil
	}
	if object, ok := v.(map[string]any); ok && len(object) == 1 {
		for name, value := range object {
			if t, _ := s.Types().Get(name); t != nil {
				return branch(t, value, path)
			}
		}
	}
	var last error
	tried := 0
	for _, t := range s.Types() {
		if t.Type() == avro.Null {
			continue
		}
		out, err := branch(t, clone(v), path)
		if err == nil {
			return out, nil
		}
		last, tried = err, tried+1
	}
	if _, object := v.(map[string]any); object && tried == 1 {
		return nil, last // it says more
	}
	text, _ := json.Marshal(v)
	return nil, fmt.Errorf("%s must be of type %s, got %s", strings.TrimPrefix(path, "."), typeOf(s), text)
}

// branch is a value of a union as the codec wants it: by the name of its type.
func branch(t avro.Schema, v any, path string) (any, error) {
	out, err := fit(t, v, path)
	if err != nil {
		return nil, err
	}
	return map[string]any{nameOf(t): out}, nil
}

// clone copies what fit would change.
func clone(v any) any {
	text, err := json.Marshal(v)
	if err != nil {
		return v
	}
	dec := json.NewDecoder(bytes.NewReader(text))
	dec.UseNumber()
	var out any
	if dec.Decode(&out) != nil {
		return v
	}
	return out
}

func nameOf(s avro.Schema) string {
	if ref, ok := s.(*avro.RefSchema); ok {
		s = ref.Schema()
	}
	if named, ok := s.(avro.NamedSchema); ok {
		return named.FullName()
	}
	if l, ok := s.(avro.LogicalTypeSchema); ok && l.Logical() != nil {
		return string(s.Type()) + "." + string(l.Logical().Type())
	}
	return string(s.Type())
}

func typeOf(s avro.Schema) string {
	if u, ok := s.(*avro.UnionSchema); ok {
		var all []string
		for _, t := range u.Types() {
			all = append(all, typeOf(t))
		}
		return strings.Join(all, " or ")
	}
	return nameOf(s)
}

// fitPrimitive makes numbers, bytes and times what the codec takes them as.
func fitPrimitive(schema avro.Schema, v any) (any, bool) {
	logical := avro.LogicalType("")
	if l, ok := schema.(avro.LogicalTypeSchema); ok && l.Logical() != nil {
		logical = l.Logical().Type()
	}
	number, isNumber := v.(json.Number)
	text, isText := v.(string)
	switch schema.Type() {
	case avro.Null:
		return nil, v == nil
	case avro.Boolean:
		b, ok := v.(bool)
		return b, ok
	case avro.String:
		return text, isText
	case avro.Int, avro.Long:
		return fitInteger(schema.Type(), logical, number, isNumber, text)
	case avro.Float, avro.Double:
		f, err := number.Float64()
		if schema.Type() == avro.Float {
			return float32(f), isNumber && err == nil
		}
		return f, isNumber && err == nil
	case avro.Bytes:
		if logical == avro.Decimal {
			r, ok := new(big.Rat).SetString(text + number.String())
			return r, ok
		}
		return latin1(text), isText
	case avro.Fixed:
		b := latin1(text)
		return b, isText && len(b) == schema.(*avro.FixedSchema).Size()
	}
	return nil, false
}

func fitInteger(kind avro.Type, logical avro.LogicalType, number json.Number, isNumber bool, text string) (any, bool) {
	n, err := number.Int64()
	ok := isNumber && err == nil
	switch logical {
	case avro.TimestampMillis, avro.TimestampMicros, avro.Date:
		if at, err := time.Parse(time.RFC3339, text); err == nil {
			return at, true
		}
		if at, err := time.Parse(time.DateOnly, text); err == nil && logical == avro.Date {
			return at, true
		}
		switch logical {
		case avro.TimestampMicros:
			return time.UnixMicro(n).UTC(), ok
		case avro.Date:
			return time.Unix(n*24*60*60, 0).UTC(), ok
		}
		return time.UnixMilli(n).UTC(), ok
	case avro.TimeMillis:
		return time.Duration(n) * time.Millisecond, ok
	case avro.TimeMicros:
		return time.Duration(n) * time.Microsecond, ok
	}
	if kind == avro.Int {
		return int(n), ok && n == int64(int32(n))
	}
	return n, ok
}

// latin1 is text as bytes, a character each, as Avro's JSON has bytes.
func latin1(s string) []byte {
	out := []byte{}
	for _, r := range s {
		out = append(out, byte(r))
	}
	return out
}
