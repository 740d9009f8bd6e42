package avro

import (
	"fmt"
	"strings"
	"testing"

	"github.com/hamba/avro/v2"
)

func TestCheck(t *testing.T) {
	const (
		union  = `["null","string","int"]`
		enum   = `{"type":"enum","name":"E","symbols":["A","B"]}`
		fixed  = `{"type":"fixed","name":"F","size":3}`
		nulls  = `{"type":"array","items":"null"}`
		longs  = `{"type":"array","items":"long"}`
		lists  = `{"type":"map","values":{"type":"array","items":{"type":"record","name":"R","fields":[{"name":"a","type":"boolean"}]}}}`
		linked = `{"type":"record","name":"L","fields":[{"name":"next","type":["null","L"]}]}`
	)
	tests := map[string]struct{ schema, data, want string }{
		"null":                 {`"null"`, "", ""},
		"boolean":              {`"boolean"`, "\x01", ""},
		"no boolean":           {`"boolean"`, "\x02", "byte 0 behind the header: want 0 or 1, got 2"},
		"boolean missing":      {`"boolean"`, "", "byte 0 behind the header: want 1 bytes, got 0"},
		"int":                  {`"int"`, "\xff\xff\xff\xff\x0f", ""},
		"int of 33 bits":       {`"int"`, "\x80\x80\x80\x80\x10", "byte 0 behind the header: want 32 bits, got 2147483648"},
		"long":                 {`"long"`, strings.Repeat("\xff", 9) + "\x01", ""},
		"long of 65 bits":      {`"long"`, strings.Repeat("\xff", 9) + "\x02", "byte 0 behind the header: want 64 bits, got more"},
		"long cut off":         {`"long"`, "\xff\xff", "byte 2 behind the header: want a number, got the end"},
		"float":                {`"float"`, "1234", ""},
		"float cut off":        {`"float"`, "123", "byte 0 behind the header: want 4 bytes, got 3"},
		"double":               {`"double"`, "12345678", ""},
		"double cut off":       {`"double"`, "1234567", "byte 0 behind the header: want 8 bytes, got 7"},
		"bytes":                {`"bytes"`, "\x04ab", ""},
		"string cut off":       {`"string"`, "\x04a", "byte 0 behind the header: want a length of 0 to 1, got 2"},
		"union, null":          {union, "\x00", ""},
		"union, string":        {union, "\x02\x02a", ""},
		"union of four":        {union, "\x06", "byte 0 behind the header: want a type of the union, 0 to 2, got 3"},
		"union below 0":        {union, "\x01", "byte 0 behind the header: want a type of the union, 0 to 2, got -1"},
		"enum":                 {enum, "\x02", ""},
		"enum of three":        {enum, "\x04", "byte 0 behind the header: want a symbol of the enum, 0 to 1, got 2"},
		"fixed":                {fixed, "abc", ""},
		"fixed cut off":        {fixed, "ab", "byte 0 behind the header: want 3 bytes, got 2"},
		"array, two blocks":    {longs, "\x02\x08\x04\x02\x04\x00", ""},
		"array with sizes":     {longs, "\x03\x04\x02\x04\x00", ""},
		"array, wrong size":    {longs, "\x03\x06\x02\x04\x00", "byte 0 behind the header: want elements of 3 bytes, got 2"},
		"array without end":    {longs, "\x02\x08", "byte 2 behind the header: want a number, got the end"},
		"array cut off":        {longs, "\x04\x08", "[1]: byte 2 behind the header: want a number, got the end"},
		"array, smallest long": {longs, strings.Repeat("\xff", 9) + "\x01\x00", "byte 0 behind the header: want at most 65547 elements, got -9223372036854775808"},
		"nulls":                {nulls, "\xd0\x0f\x00", ""},
		"too many nulls":       {nulls, "\x80\x80\x10\x00", "byte 0 behind the header: want at most 65540 elements, got 131072"},
		"too many in blocks":   {nulls, strings.Repeat("\xa0\x9c\x01", 7) + "\x00", "byte 18 behind the header: want at most 5558 elements, got 10000"},
		"in a field":           {lists, "\x02\x02x\x04\x01\x02\x00\x00", `["x"][1].a: byte 5 behind the header: want 0 or 1, got 2`},
		"a key cut off":        {lists, "\x02\x08x", `[""]: byte 1 behind the header: want a length of 0 to 1, got 4`},
		"nested":               {linked, strings.Repeat("\x02", 1000) + "\x00", ""},
		"nested too deep":      {linked, strings.Repeat("\x02", 1<<20) + "\x00", "want at most 10000 levels, got more"},
		"more":                 {`"boolean"`, "\x01\x01", "byte 1 behind the header: want the end, got 1 more"},
	}
	for name, test := range tests {
		schema, err := avro.ParseWithCache(test.schema, "", &avro.SchemaCache{})
		if err != nil {
			t.Fatal(err)
		}
		err = check(schema, []byte(test.data))
		if got := fmt.Sprint(err); test.want == "" && err != nil || !strings.HasSuffix(got, test.want) {
			t.Errorf("%s: %s, want %q", name, got, test.want)
		}
		if test.want == "" {
			var v any
			if err := api.Unmarshal(schema, []byte(test.data), &v); err != nil {
				t.Errorf("%s: the check passes, and hamba/avro says %v", name, err)
			}
		}
	}
}
