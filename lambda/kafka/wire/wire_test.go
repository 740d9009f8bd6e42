package wire

import (
	"bytes"
	"compress/zlib"
	"encoding/base64"
	"fmt"
	"slices"
	"strings"
	"testing"

	"msklambda/lambda/kafka"
)

const uuid = "0d9e1e2f-7a52-4a5b-9bd8-5c2d9e6a1b34"

// glue is a value as Glue's serializers write it.
func glue(compression byte, data string) string {
	b := ParseID(uuid).AppendHeader(nil)
	b[1] = compression
	return string(b) + data
}

func compressed(data string) string {
	var b bytes.Buffer
	z := zlib.NewWriter(&b)
	z.Write([]byte(data))
	z.Close()
	return b.String()
}

func TestSplit(t *testing.T) {
	said := func(format, id string) *kafka.Schema { return &kafka.Schema{DataFormat: format, SchemaID: id} }
	tests := map[string]struct {
		value  string
		schema *kafka.Schema
		want   Wire
	}{
		"Confluent":               {"\x00\x00\x00\x01\x02data", nil, Wire{Registry: Confluent, ID: ConfluentID(258), Data: []byte("data")}},
		"Confluent, nothing more": {"\x00\xff\xff\xff\xff", nil, Wire{Registry: Confluent, ID: ConfluentID(1<<32 - 1), Data: []byte{}}},
		"Glue":                    {glue(0, "data"), nil, Wire{Registry: Glue, ID: ParseID(uuid), Data: []byte("data")}},
		"Glue, nothing more":      {glue(0, ""), nil, Wire{Registry: Glue, ID: ParseID(uuid), Data: []byte{}}},
		"Glue, zlib":              {glue(5, compressed("data")), nil, Wire{Registry: Glue, ID: ParseID(uuid), Data: []byte("data")}},
		"Glue, zlib of nothing":   {glue(5, compressed("")), nil, Wire{Registry: Glue, ID: ParseID(uuid), Data: []byte{}}},
		"JSON":                    {`{"id":1}`, nil, Wire{Data: []byte(`{"id":1}`)}},
		"empty":                   {"", nil, Wire{Data: []byte{}}},
		"too short for Confluent": {"\x00\x00\x00\x07", nil, Wire{Data: []byte("\x00\x00\x00\x07")}},
		"too short for Glue":      {glue(0, "")[:17], nil, Wire{Data: []byte(glue(0, "")[:17])}},
		"unknown compression":     {glue(4, "data"), nil, Wire{Data: []byte(glue(4, "data"))}},

		// Lambda has taken the header off: what looks like one is data.
		"Lambda, Confluent": {"\x00\x00\x00\x01\x02data", said("AVRO", "258"), Wire{Confluent, ConfluentID(258), "AVRO", true, []byte("\x00\x00\x00\x01\x02data")}},
		"Lambda, Glue":      {glue(0, ""), said("PROTOBUF", strings.ToUpper(uuid)), Wire{Glue, ParseID(uuid), "PROTOBUF", true, []byte(glue(0, ""))}},
		"Lambda, JSON":      {"{}", said("JSON", uuid), Wire{Glue, ParseID(uuid), "JSON", true, []byte("{}")}},
		"Lambda, other id":  {"x", said("AVRO", "1111111111111111"), Wire{None, ID{text: "1111111111111111"}, "AVRO", true, []byte("x")}},
		"Lambda, no id":     {"x", said("PROTOBUF", ""), Wire{None, ID{}, "PROTOBUF", true, []byte("x")}},
	}
	for name, test := range tests {
		r := &kafka.Record{Value: []byte(test.value), ValueSchema: test.schema, Key: []byte(test.value), KeySchema: test.schema}
		for of, split := range map[string]func(*kafka.Record) (Wire, error){"value": Value, "key": Key} {
			got, err := split(r)
			if err != nil || fmt.Sprint(got) != fmt.Sprint(test.want) || got.ID != test.want.ID {
				t.Errorf("%s of %s = %v, %v, want %v", of, name, got, err, test.want)
			}
			if (got.Data == nil) != (test.want.Data == nil) {
				t.Errorf("%s of %s: data is nil: %v", of, name, got.Data == nil)
			}
		}
	}
}

func TestATombstoneHasNoWire(t *testing.T) {
	if w, err := Value(&kafka.Record{}); err != nil || w.Data != nil || w.Registry != None || !w.ID.IsZero() {
		t.Errorf("Value = %v, %v, want the zero Wire", w, err)
	}
}

func TestWhatIsNotCompressedSaysWhere(t *testing.T) {
	whole := compressed(strings.Repeat("data ", 100))
	tests := map[string]struct{ data, want string }{
		"no zlib":      {"data", "zlib: byte 18: zlib: invalid header"},
		"nothing":      {"", "zlib: byte 18: unexpected EOF"},
		"cut off":      {whole[:len(whole)-5], fmt.Sprintf("zlib: byte %d: unexpected EOF", 18+len(whole)-5)},
		"checksum":     {whole[:len(whole)-1] + "x", "zlib: invalid checksum"},
		"more behind":  {whole + "xy", fmt.Sprintf("zlib: byte %d: want the end, got 2 bytes more", 18+len(whole))},
		"without end":  {compressed(strings.Repeat("\x00", MaxInflated+1)), "zlib: more than 67108864 bytes, which is the most that is read"},
		"just as much": {compressed(strings.Repeat("\x00", MaxInflated)), ""},
	}
	for name, test := range tests {
		_, err := Split([]byte(glue(5, test.data)), nil)
		if test.want == "" {
			if err != nil {
				t.Errorf("%s: %v", name, err)
			}
			continue
		}
		if err == nil || !strings.HasSuffix(err.Error(), test.want) || !strings.Contains(err.Error(), uuid) {
			t.Errorf("%s: error = %v, want one of schema %s that ends in %q", name, err, uuid, test.want)
		}
	}
}

// The values are those that other projects' tests have for a product with id 1001,
// named Laptop, for 999.99, behind each form of index.
func TestIndexesOfOtherProjectsEvents(t *testing.T) {
	const product = "COkHEgZMYXB0b3AZUrgehes/j0A="
	want, err := base64.StdEncoding.DecodeString(product)
	if err != nil {
		t.Fatal(err)
	}
	tests := map[string]struct {
		value, id string
		index     []int
	}{
		"no schema":                 {product, "", nil},
		"Confluent, first message":  {"AAjpBxIGTGFwdG9wGVK4HoXrP49A", "123", []int{0}},
		"Confluent, plain numbers":  {"AgEACOkHEgZMYXB0b3AZUrgehes/j0A=", "1", []int{1, 0}},
		"Confluent, zigzag numbers": {"BAIACOkHEgZMYXB0b3AZUrgehes/j0A=", "124", []int{1, 0}},
		"Glue":                      {"AQjpBxIGTGFwdG9wGVK4HoXrP49A", "12345678-1234-1234-1234-123456789012", []int{1}},
		"an id of sixteen ones":     {"AAjpBxIGTGFwdG9wGVK4HoXrP49A", "1111111111111111", []int{0}},
	}
	for name, test := range tests {
		value, err := base64.StdEncoding.DecodeString(test.value)
		if err != nil {
			t.Fatal(err)
		}
		w, err := Value(&kafka.Record{Value: value, ValueSchema: &kafka.Schema{DataFormat: "PROTOBUF", SchemaID: test.id}})
		if err != nil {
			t.Fatal(err)
		}
		index, rest, err := w.AppendIndex(nil)
		if err != nil || !slices.Equal(index, test.index) || !bytes.Equal(rest, want) {
			t.Errorf("%s: index = %v, rest = %x, %v, want %v, %x", name, index, rest, err, test.index, want)
		}
	}
}

func TestAppendIndex(t *testing.T) {
	confluent, glue := ConfluentID(1), ParseID(uuid)
	tests := map[string]struct {
		id    ID
		data  string
		index []int
		rest  string
		err   string
	}{
		"first":              {confluent, "\x00rest", []int{0}, "rest", ""},
		"first, at length":   {confluent, "\x02\x00rest", []int{0}, "rest", ""},
		"third":              {confluent, "\x02\x04rest", []int{2}, "rest", ""},
		"nested":             {confluent, "\x06\x02\x00\x80\x02rest", []int{1, 0, 128}, "rest", ""},
		"plain":              {confluent, "\x01\x01rest", []int{1}, "rest", ""},
		"nothing":            {confluent, "", nil, "", "byte 0 of the data: want a number, got the end"},
		"cut off":            {confluent, "\x04\x02", nil, "", "want as many numbers as it says, got 2 for 1 bytes"},
		"cut off in one":     {confluent, "\x04\x02\x80", nil, "", "byte 2 of the data: want a number, got the end"},
		"many":               {confluent, "\xfe\xff\xff\xff\x0frest", nil, "", "want as many numbers as it says, got 2147483647 for 4 bytes"},
		"more than many":     {confluent, "\x80\x80\x80\x80\x10rest", nil, "", "byte 0 of the data: want at most 2147483647, got more"},
		"no end":             {confluent, strings.Repeat("\xff", 11), nil, "", "byte 0 of the data: want at most 2147483647, got more"},
		"no sense in either": {confluent, "\x03\x01", nil, "", "byte 0 of the data: want no less than 0, got -2: negative"},
		"Glue":               {glue, "\x00rest", []int{0}, "rest", ""},
		"Glue, two bytes":    {glue, "\x80\x01rest", []int{128}, "rest", ""},
		"Glue, nothing":      {glue, "", nil, "", "byte 0 of the data: want a number, got the end"},
		"Glue, no end":       {glue, strings.Repeat("\xff", 9) + "\x01", nil, "", "byte 0 of the data: want at most 2147483647, got more"},
		"none":               {ID{}, "rest", nil, "rest", ""},
	}
	for name, test := range tests {
		w := Wire{Registry: test.id.Registry(), ID: test.id, Data: []byte(test.data)}
		index, rest, err := w.AppendIndex(nil)
		if test.err != "" {
			if err == nil || !strings.HasSuffix(err.Error(), test.err) || len(index) > 0 {
				t.Errorf("%s: %v, %v, want an error that ends in %q", name, index, err, test.err)
			}
			continue
		}
		if err != nil || !slices.Equal(index, test.index) || string(rest) != test.rest {
			t.Errorf("%s: %v, %q, %v, want %v, %q", name, index, rest, err, test.index, test.rest)
		}
	}
}

func TestIDs(t *testing.T) {
	for text, want := range map[string]Registry{
		"0": Confluent, "17": Confluent, "4294967295": Confluent, uuid: Glue,
		"4294967296": None, "-1": None, "+1": None, "": None, "1x": None, "x" + uuid[1:]: None, uuid + "0": None, strings.ReplaceAll(uuid, "-", ""): None,
		uuid[:8] + "0" + uuid[9:]: None,
	} {
		id := ParseID(text)
		if id.Registry() != want || id.String() != text {
			t.Errorf("ParseID(%q) is %v and %q, want %v and the same", text, id.Registry(), id, want)
		}
		w, err := Split(append(id.AppendHeader(nil), "data"...), nil)
		if err != nil || want != None && w.ID != id || string(w.Data) != "data" {
			t.Errorf("behind the header of %q: %v, %v", text, w, err)
		}
	}
	if n, ok := ConfluentID(17).Number(); n != 17 || !ok {
		t.Errorf("Number = %d, %v, want 17", n, ok)
	}
	if _, ok := ParseID(uuid).Number(); ok {
		t.Error("an id of Glue has a number")
	}
}

func TestSplitDoesNotAllocate(t *testing.T) {
	values := map[string]*kafka.Record{
		"Confluent": {Value: []byte("\x00\x00\x00\x01\x02\x04\x02\x00data")},
		"Glue":      {Value: []byte(glue(0, "\x01data"))},
		"Lambda":    {Value: []byte("\x01data"), ValueSchema: &kafka.Schema{DataFormat: "PROTOBUF", SchemaID: uuid}},
		"a number":  {Value: []byte("\x00data"), ValueSchema: &kafka.Schema{DataFormat: "PROTOBUF", SchemaID: "123456"}},
		"JSON":      {Value: []byte("{}")},
	}
	var index [4]int
	for name, r := range values {
		n := testing.AllocsPerRun(100, func() {
			w, err := Value(r)
			if err == nil {
				_, _, err = w.AppendIndex(index[:0])
			}
			if err != nil {
				t.Error(err)
			}
		})
		if n > 0 {
			t.Errorf("%s: %v allocations, want none", name, n)
		}
	}
}

// FuzzSplit: whatever a value is, what comes out is a part of it or what was
// compressed, and with the header in front it is the value again.
func FuzzSplit(f *testing.F) {
	f.Add([]byte("\x00\x00\x00\x01\x02\x04\x02\x00data"), "")
	f.Add([]byte(glue(0, "\x01data")), "")
	f.Add([]byte(glue(5, compressed("\x01data"))), "")
	f.Add([]byte("\x01data"), uuid)
	f.Add([]byte("\x03\x01"), "17")
	f.Add([]byte(strings.Repeat("\xff", 11)), "x")
	f.Fuzz(func(t *testing.T, value []byte, id string) {
		var schema *kafka.Schema
		if id != "" {
			schema = &kafka.Schema{DataFormat: "PROTOBUF", SchemaID: id}
		}
		w, err := Split(value, schema)
		if err != nil {
			if len(value) < glueHeader || value[0] != glueVersion || value[1] != glueZlib || schema != nil {
				t.Fatalf("Split(%q): %v, want an error only of what is compressed", value, err)
			}
			return
		}
		whole := w.Data
		if !w.Removed {
			whole = append(w.ID.AppendHeader(nil), w.Data...)
		}
		inflated := !w.Removed && w.Registry == Glue && value[1] == glueZlib
		if !inflated && !bytes.Equal(whole, value) {
			t.Fatalf("Split(%q) = %v, which is %q again", value, w, whole)
		}
		index, rest, err := w.AppendIndex(nil)
		if err == nil && !bytes.HasSuffix(w.Data, rest) {
			t.Fatalf("AppendIndex of %q left %q", w.Data, rest)
		}
		for _, n := range index {
			if n < 0 {
				t.Fatalf("AppendIndex of %q = %v, want none below 0", w.Data, index)
			}
		}
	})
}
