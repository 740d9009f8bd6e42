package records

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/twmb/franz-go/pkg/kgo"
)

func show(r *kgo.Record) string {
	text := func(b []byte) string {
		if b == nil {
			return "null"
		}
		return fmt.Sprintf("%q", b)
	}
	out := fmt.Sprintf("%s[%d] %s %s", r.Topic, r.Partition, text(r.Key), text(r.Value))
	for _, h := range r.Headers {
		out += " " + h.Key + "=" + text(h.Value)
	}
	if !r.Timestamp.IsZero() {
		out += fmt.Sprint(" at ", r.Timestamp.UnixMilli())
	}
	return out
}

func TestLinesAreRecords(t *testing.T) {
	for line, want := range map[string]string{
		`{}`:                       "[-1] null null",
		`{"key":"a","value":null}`: `[-1] "a" null`,
		`{"key":"","value":""}`:    `[-1] "" ""`,
		`{"topic":"orders","partition":3,"key":"a","value":"text"}`:  `orders[3] "a" "text"`,
		`{"value": {"id": 1, "b": [1.50, null]}}`:                    `[-1] null "{\"id\":1,\"b\":[1.50,null]}"`,
		`{"key":7,"value":true}`:                                     `[-1] "7" "true"`,
		`{"keyBase64":"AAEC","valueBase64":""}`:                      `[-1] "\x00\x01\x02" ""`,
		`{"headers":{"b":"1","a":"","n":null}}`:                      `[-1] null null b="1" a="" n=null`,
		`{"headers":[["a","1"],["a","2"],["n",null]]}`:               `[-1] null null a="1" a="2" n=null`,
		`{"timestamp":1500}`:                                         `[-1] null null at 1500`,
		`{"timestamp":"1970-01-01T00:00:02Z"}`:                       `[-1] null null at 2000`,
		"\xef\xbb\xbf" + `{"key":"a byte order mark"}`:               `[-1] "a byte order mark" null`,
		`{"key":"` + strings.Repeat("x", 100_000) + `","value":"v"}`: `[-1] "` + strings.Repeat("x", 100_000) + `" "v"`,
	} {
		r := New(strings.NewReader("\n  \r\n"+line), "x.jsonl", nil, nil)
		if strings.HasPrefix(line, "\xef") {
			r = New(strings.NewReader(line), "x.jsonl", nil, nil)
		}
		got, err := r.Next()
		if err != nil {
			t.Errorf("%.80s = %v", line, err)
			continue
		}
		if show(got) != want {
			t.Errorf("%.80s = %.200s\nwant %.200s", line, show(got), want)
		}
		if _, err := r.Next(); !errors.Is(err, io.EOF) {
			t.Errorf("%.80s: after it = %v, want the end", line, err)
		}
	}
}

func TestWhatIsWrongWithALine(t *testing.T) {
	for line, want := range map[string]string{
		`x`:                            `x.jsonl:2: must be an object such as {"key":"a","value":{"id":1}}`,
		`[1]`:                          `x.jsonl:2: must be an object`,
		`{"vale":1}`:                   `"vale" is none of headers, key, keyBase64, partition, timestamp, topic, value, valueBase64`,
		`{"partition":-1}`:             "partition must be a number, got -1",
		`{"topic":""}`:                 `topic must be a name, got ""`,
		`{"headers":["a"]}`:            `headers must be an object, or a list of pairs, got ["a"]`,
		`{"headers":{"a":1}}`:          "headers must be",
		`{"timestamp":"now"}`:          `timestamp must be milliseconds, or a time such as 2026-11-26T08:00:00Z, got "now"`,
		`{"keyBase64":"?"}`:            `keyBase64 must be bytes in base64, got "?"`,
		`{"key":"a","keyBase64":"YQ"}`: "key and keyBase64 exclude each other",
	} {
		r := New(strings.NewReader("{}\n"+line+"\n{}\n"), "x.jsonl", nil, nil)
		if _, err := r.Next(); err != nil {
			t.Fatal(err)
		}
		if _, err := r.Next(); err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "\n") {
			t.Errorf("%s = %v, want one line with %s", line, err, want)
		}
	}
}

const orderSchema = `{"type":"record","name":"Order","namespace":"shop","fields":[
	{"name":"id","type":"long"},
	{"name":"count","type":"int","default":1},
	{"name":"price","type":"double"},
	{"name":"weight","type":"float","default":0},
	{"name":"state","type":{"type":"enum","name":"State","symbols":["OPEN","PAID"]}},
	{"name":"note","type":["null","string"],"default":null},
	{"name":"either","type":["string","long"],"default":""},
	{"name":"at","type":{"type":"long","logicalType":"timestamp-millis"}},
	{"name":"maybeAt","type":["null",{"type":"long","logicalType":"timestamp-millis"}],"default":null},
	{"name":"day","type":{"type":"int","logicalType":"date"},"default":0},
	{"name":"tags","type":{"type":"array","items":"string"},"default":[]},
	{"name":"counts","type":{"type":"map","values":"int"},"default":{}},
	{"name":"raw","type":"bytes","default":""},
	{"name":"hash","type":{"type":"fixed","name":"Hash","size":2},"default":"ab"},
	{"name":"paid","type":"boolean","default":false},
	{"name":"parent","type":["null","Order"],"default":null}]}`

func schema(t *testing.T, text, behind string) *Schema {
	t.Helper()
	path := filepath.Join(t.TempDir(), "order.avsc")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	s, err := OpenSchema(path + behind)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// What is written by a schema is read by it.
func TestAvroBySchema(t *testing.T) {
	for _, behind := range []string{"", ",id=7"} {
		s := schema(t, orderSchema, behind)
		for line, want := range map[string]string{
			`{"id":9007199254740993,"price":1.5,"state":"PAID","at":1500}`:                                                                        `"id":9007199254740993`,
			`{"id":1,"price":1,"state":"OPEN","at":"2026-11-26T08:00:00Z","note":"x","either":5,"tags":["a"],"counts":{"n":2},"paid":true}`:       `"note":"x"`,
			`{"id":1,"price":1,"state":"OPEN","at":0,"note":{"string":"x"},"either":{"long":5},"maybeAt":1500,"day":"2026-11-26","raw":"\u00ff"}`: `"raw":"/w=="`,
			`{"id":1,"price":1,"state":"OPEN","at":0,"parent":{"id":2,"price":2,"state":"PAID","at":0}}`:                                          `"id":2`,
		} {
			b, err := s.Encode([]byte(line))
			if err != nil {
				t.Errorf("%s = %v", line, err)
				continue
			}
			if framed := string(b[:5]) == "\x00\x00\x00\x00\x07"; framed != (behind != "") {
				t.Errorf("%s begins with %q, want an id: %v", line, b[:5], behind != "")
			}
			got, err := s.Decode(b)
			if err != nil || !strings.Contains(string(got), want) {
				t.Errorf("%s = %s, %v, want %s", line, got, err, want)
			}
		}
	}
}

func TestWhatDoesNotFitASchema(t *testing.T) {
	s := schema(t, orderSchema, "")
	for line, want := range map[string]string{
		`{"price":1,"state":"OPEN","at":0}`:                           "value does not fit " + s.name + ": id is missing",
		`{"id":"1","price":1,"state":"OPEN","at":0}`:                  `id must be of type long, got "1"`,
		`{"id":1,"price":1,"state":"GONE","at":0}`:                    `state must be of type shop.State, got "GONE"`,
		`{"id":1,"price":1,"state":"OPEN","at":0,"note":5}`:           "note must be of type null or string, got 5",
		`{"id":1,"price":1,"state":"OPEN","at":0,"count":3000000000}`: "count must be of type int, got 3000000000",
		`{"id":1,"price":1,"state":"OPEN","at":0,"tags":["a",1]}`:     "tags[1] must be of type string, got 1",
		`{"id":1,"price":1,"state":"OPEN","at":0,"hash":"abc"}`:       `hash must be of type shop.Hash, got "abc"`,
		`{"id":1,"price":1,"state":"OPEN","at":0,"more":1}`:           "more is no field of shop.Order",
		`{"id":1,"price":1,"state":"OPEN","at":0,"parent":{"id":1}}`:  "parent.price is missing",
		`{"id":1,"price":1,"state":"OPEN","at":0,"counts":{"n":"x"}}`: `counts.n must be of type int, got "x"`,
		`"text"`: `must be of type shop.Order, got "text"`,
	} {
		_, err := New(strings.NewReader(`{"value":`+line+`}`), "x.jsonl", nil, s).Next()
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s = %v, want %s", line, err, want)
		}
	}
	if r, err := New(strings.NewReader(`{"key":"a","value":null}`), "x", nil, s).Next(); err != nil || r.Value != nil {
		t.Errorf("null = %v, %v, want a tombstone", r, err)
	}
	for spec, want := range map[string]string{"none.avsc": "no such file", "records.go": "is no Avro schema", "records.go,id=x": `must be a file, with a number behind ",id=" at most`} {
		if _, err := OpenSchema(spec); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("OpenSchema(%s) = %v, want %s", spec, err, want)
		}
	}
}
