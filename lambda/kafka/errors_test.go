package kafka

import (
	"encoding/json"
	"strings"
	"testing"
)

func TestDecodeErrorsSayWhereAndWhat(t *testing.T) {
	in := func(records string) string { return `{"records":{"orders-0":[` + records + `]}}` }
	first := `{"topic":"orders","partition":0,"offset":6},`
	known := `{"topic":"orders","partition":0,"offset":7,`
	tests := map[string]struct{ event, want string }{
		"empty":             {"", "byte 0: want a Kafka event: an object, got the end of the payload"},
		"array":             {"[]", "byte 0: want a Kafka event: an object, got '['"},
		"null":              {"null", "byte 0: want a Kafka event: an object, got 'n'"},
		"no records":        {`{"Records":[]}`, `byte 13: want a Kafka event: "records" with an object, got '}'`},
		"records null":      {`{"records":null}`, `byte 15: want a Kafka event: "records" with an object, got '}'`},
		"records array":     {`{"records":[]}`, "byte 11: want an object from topic-partition to records, got '['"},
		"other service":     {`{"eventSource":"aws:sqs","records":{}}`, `byte 15: want a Kafka event: eventSource aws:kafka or SelfManagedKafka, got "aws:sqs"`},
		"partition object":  {`{"records":{"orders-0":{}}}`, `records["orders-0"]: byte 23: want an array of records, got '{'`},
		"no comma between":  {in(first[:len(first)-1] + " {}"), `records["orders-0"]: byte 68: want ',' or ']', got '{'`},
		"partition name":    {"{\"records\":{\"orders\xff-0\":[]}}", "byte 12: want a topic-partition in UTF-8, got '\"'"},
		"lone surrogate":    {`{"records":{"orders\ud800-0":[]}}`, "byte 12: want a topic-partition in UTF-8, got '\"'"},
		"cut short":         {`{"records":{"orders-0":[`, `records["orders-0"][0]: byte 24: want a record: an object, got the end of the payload`},
		"trailing data":     {`{"records":{}} {}`, "byte 15: want the end of the payload, got '{'"},
		"trailing comma":    {`{"records":{},}`, "byte 14: want a key in quotes, got '}'"},
		"no comma":          {`{"records":{} "a":1}`, "byte 14: want ',' or '}', got '\"'"},
		"no colon":          {`{"records" {}}`, "byte 11: want ':', got '{'"},
		"unknown":           {`{"x":tru}`, "byte 8: want true, got '}'"},
		"unknown number":    {`{"x":1.}`, "byte 7: want a digit, got '}'"},
		"unknown value":     {`{"x":}`, "byte 5: want a value, got '}'"},
		"control character": {"{\"x\":\"a\nb\"}", "byte 7: want an escape in place of a control character, got byte 0x0a"},
		"escape":            {`{"x":"\x"}`, "byte 7: want an escape, got 'x'"},
		"unicode escape":    {`{"x":"\u12g4"}`, "byte 10: want four hexadecimal digits, got 'g'"},
		"open string":       {`{"x":"`, "byte 6: want '\"' to end the string, got the end of the payload"},
		"record null":       {in(first + "null"), `records["orders-0"][1]: byte 68: want a record: an object, got 'n'`},
		"no position":       {in(first + `{"topic":"orders"}`), `records["orders-0"][1]: byte 85: want a record with "topic", "partition" and "offset", got '}'`},
		"topic number":      {in(`{"topic":1}`), `records["orders-0"][0]: topic: byte 33: want a string, got '1'`},
		"offset fraction":   {in(`{"topic":"orders","partition":0,"offset":1.0}`), `records["orders-0"][0]: offset: byte 65: want an offset: a whole number of 64 bits, not negative, got '1'`},
		"offset too large":  {in(`{"topic":"orders","partition":0,"offset":9223372036854775808}`), `records["orders-0"][0]: offset: byte 65: want an offset: a whole number of 64 bits, not negative, got '9'`},
		"offset negative":   {in(`{"topic":"orders","partition":0,"offset":-1}`), `records["orders-0"][0]: offset: byte 65: want an offset: a whole number of 64 bits, not negative, got '-'`},
		"offset after all":  {in(known + `"offset":"8"}`), `orders[0]@7: offset: byte 76: want an offset: a whole number of 64 bits, not negative, got '"'`},
		"partition range":   {in(`{"partition":2147483648}`), `records["orders-0"][0]: partition: byte 37: want a partition: a whole number of 32 bits, not negative, got '2'`},
		"timestamp":         {in(known + `"timestamp":"now"}`), `orders[0]@7: timestamp: byte 79: want a timestamp: a whole number of milliseconds, got '"'`},
		"value number":      {in(known + `"value":1}`), `orders[0]@7: value: byte 75: want base64 in quotes, or null, got '1'`},
		"value base64":      {in(known + `"value":"QUJD!UJD"}`), `orders[0]@7: value: byte 80: want base64, got '!'`},
		"value long base64": {in(known + `"value":"` + strings.Repeat("QUJD", 50) + `-UJD"}`), `orders[0]@7: value: byte 276: want base64, got '-'`},
		"value far base64":  {in(known + `"value":"QUJDQUJD` + strings.Repeat("QUJD", 50) + "\x80" + strings.Repeat("QUJD", 50) + `QUJ"}`), `orders[0]@7: value: byte 284: want base64, got byte 0x80`},
		"value unpadded":    {in(known + `"value":"QUI"}`), `orders[0]@7: value: byte 79: want base64, got '"'`},
		"value open":        {in(known + `"value":"QUI`), `orders[0]@7: value: byte 82: want '"' to end the string, got the end of the payload`},
		"value escaped":     {in(known + `"value":"QUJD\u0021UJD"}`), `orders[0]@7: value: byte 76: want base64, got 'Q'`},
		"key base64":        {in(`{"key":"?","topic":"orders"}`), `records["orders-0"][0]: key: byte 32: want base64, got '?'`},
		"headers object":    {in(known + `"headers":{}}`), `orders[0]@7: headers: byte 77: want an array of headers, got '{'`},
		"header open":       {in(known + `"headers":[{"a":[1}]}`), `records["orders-0"]: byte 90: want ',' or ']', got '}'`},
		"headers twice":     {in(known + `"headers":[{"a":[01]}],"headers":[]}`), `orders[0]@7: headers: byte 85: want ',' or ']', got '1'`},
		"schema":            {in(known + `"keySchemaMetadata":"AVRO"}`), `orders[0]@7: keySchemaMetadata: byte 87: want schema metadata: an object, got '"'`},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			parts, err := decode([]byte(test.event), new(memory))
			if err == nil {
				t.Fatalf("partitions = %v, want an error", parts)
			}
			if got, want := err.Error(), "kafka: decode "+test.want; got != want {
				t.Errorf("error = %s\nwant    %s", got, want)
			}
		})
	}
}

// Whatever is cut off anywhere is an error, never a shorter batch.
func TestDecodeNoticesATruncatedPayload(t *testing.T) {
	for name := range decodedEvents {
		event := []byte(strings.TrimSpace(string(readEvent(t, name))))
		for n := range event {
			if decodeGuarded(t, event[:n]).err == nil {
				t.Errorf("%s: decode of %d of %d bytes gave no error", name, n, len(event))
			}
		}
	}
}

func TestDecodeNestsAsDeepAsEncodingJSON(t *testing.T) {
	for _, open := range []string{"[", `{"a":`} {
		end := map[string]string{"[": "]", `{"a":`: "}"}[open]
		for _, where := range []struct {
			before, after string
			depth         int
		}{
			{`{"records":{},"x":`, `}`, 1},
			{`{"records":{"t-0":[{"topic":"t","partition":0,"offset":1,"x":`, `}]}}`, 4},
			{`{"records":{"t-0":[{"topic":"t","partition":0,"offset":1,"keySchemaMetadata":{"x":`, `}}]}}`, 5},
		} {
			for _, depth := range []int{9999, 10000, 10001} {
				n := depth - where.depth
				event := []byte(where.before + strings.Repeat(open, n) + "0" + strings.Repeat(end, n) + where.after)
				var v any
				wantErr := json.Unmarshal(event, &v)
				if _, err := decode(event, new(memory)); (err == nil) != (wantErr == nil) {
					t.Errorf("%d levels of %s in %s: err = %v, want %v", depth, open, where.before, err, wantErr)
				}
			}
		}
	}
}
