package kafka

import (
	"bytes"
	"context"
	"fmt"
	"reflect"
	"strings"
	"sync"
	"testing"
)

// withHeaders returns a decoded record with these headers as they stand in an
// event.
func withHeaders(t *testing.T, headers string) *Record {
	t.Helper()
	parts, err := decode([]byte(`{"records":{"orders-0":[{"topic":"orders","partition":0,"offset":7,"headers":`+headers+`}]}}`), new(memory))
	if err != nil {
		t.Fatal(err)
	}
	return &parts[0].records[0]
}

// panicOf returns what f panics with, or nil.
func panicOf(f func()) (v any) {
	defer func() { v = recover() }()
	f()
	return nil
}

// malformedHeaders is what a record can be decoded with, and what is wrong with
// it. sound is a header beside it that can still be read.
var malformedHeaders = map[string]struct{ headers, sound, want string }{
	"string":          {`["a"]`, "", `byte 1 of them: want a header: an object, got '"'`},
	"value":           {`[{"b":[2]},{"a":"b"}]`, "b", `byte 16 of them: want an array of bytes, got '"'`},
	"value nested":    {`[{"b":[2]},{"a":[[1],2]}]`, "b", `byte 17 of them: want a byte: a whole number from -128 to 255, got '['`},
	"byte too large":  {`[{"b":[2]},{"a":[1,256]}]`, "b", `byte 19 of them: want a byte: a whole number from -128 to 255, got '2'`},
	"byte too small":  {`[{"a":[-129]},{"b":[2]}]`, "b", `byte 7 of them: want a byte: a whole number from -128 to 255, got '-'`},
	"byte null":       {`[{"a":[1,null]},{"b":[2]}]`, "b", `byte 9 of them: want a byte: a whole number from -128 to 255, got 'n'`},
	"byte fraction":   {`[{"a":[1.5,2,3,4,5]},{"b":[2]}]`, "b", `byte 7 of them: want a byte: a whole number from -128 to 255, got '1'`},
	"byte long":       {`[{"a":[1000,2,3,4,5]},{"b":[2]}]`, "b", `byte 7 of them: want a byte: a whole number from -128 to 255, got '1'`},
	"not JSON":        {`[{"a":[01,2]},{"b":[2]}]`, "b", `byte 7 of them: want a byte: a whole number from -128 to 255, got '0'`},
	"comma":           {`[{"a":[1,,2]},{"b":[2]}]`, "b", `byte 9 of them: want a byte: a whole number from -128 to 255, got ','`},
	"comma at end":    {`[{"a":[1,]},{"b":[2]}]`, "b", `byte 9 of them: want a byte: a whole number from -128 to 255, got ']'`},
	"bracket":         {`[{"a":[1,{,2]},{"b":[2]}]`, "b", `byte 9 of them: want a byte: a whole number from -128 to 255, got '{'`},
	"character":       {"[{\"a\":[1,2\x00]},{\"b\":[2]}]", "b", `byte 10 of them: want ',' or ']', got byte 0x00`},
	"name, control":   {"[{\"a\x01\":[1]},{\"b\":[2]}]", "", "byte 4 of them: want an escape in place of a control character, got byte 0x01"},
	"name, escape":    {`[{"a\x1":[1]},{"b":[2]}]`, "", `byte 5 of them: want an escape, got 'x'`},
	"many, the first": {`[{"a":[300,` + strings.Repeat("1,", 50) + `1]},{"b":[2]}]`, "b", `byte 7 of them: want a byte: a whole number from -128 to 255, got '3'`},
}

// A malformed header is not seen until it is read, and then never looks absent.
func TestAMalformedHeaderIsAnErrorAtTheAccess(t *testing.T) {
	for name, test := range malformedHeaders {
		t.Run(name, func(t *testing.T) {
			r := withHeaders(t, test.headers)
			for _, r := range []*Record{r, r.Clone()} {
				want := "kafka: decode orders[0]@7: headers: " + test.want
				accesses := map[string]func(){
					"Headers": func() {
						for range r.Headers() {
						}
					},
					"Header": func() { r.Header("a") },
				}
				for name, access := range accesses {
					if err, ok := panicOf(access).(error); !ok || err.Error() != want {
						t.Errorf("%s panics with %v, want %s", name, err, want)
					}
				}
				if err := r.CheckHeaders(); err == nil || err.Error() != want {
					t.Errorf("CheckHeaders = %v, want %s", err, want)
				}
				if test.sound != "" {
					if value, ok := r.Header(test.sound); !ok || string(value) != "\x02" {
						t.Errorf("Header(%q) = %q, %v, want its byte 2", test.sound, value, ok)
					}
				}
			}
		})
	}
}

func TestAMalformedHeaderFailsTheRecordThatReadsIt(t *testing.T) {
	t.Setenv(ReportBatchItemFailuresEnv, "true")
	event := `{"records":{"t-0":[` + record(1, `"headers":[{"a":[1]}]`) + `,` + record(2, `"headers":[{"a":[1000]}]`) + `,` + record(3, `"headers":[{"a":[1]}]`) + `]}}`
	read := Handler(func(_ context.Context, r *Record) error { r.Header("a"); return nil }, ContinueOnError(), quiet())
	checkInvoke(t, read, event, `{"batchItemFailures":[{"itemIdentifier":{"partition":"t-0","offset":2}}]}`)
	ignore := Handler(func(_ context.Context, r *Record) error { return nil }, quiet())
	checkInvoke(t, ignore, event, noFailures)
}

func checkInvoke(t *testing.T, h interface {
	Invoke(context.Context, []byte) ([]byte, error)
}, event, want string) {
	t.Helper()
	if got, err := h.Invoke(t.Context(), []byte(event)); err != nil || string(got) != want {
		t.Errorf("answer = %s, %v, want %s", got, err, want)
	}
}

func TestHeaderIsTheLastOfItsName(t *testing.T) {
	r := withHeaders(t, ` [ {"trace":[49]}, {"x":[]} , null, {}, {"null":null,"trac\u0065":[50]}, {"caf\u00e9":[255,-1]} ] `)
	for key, want := range map[string]Header{"trace": {"ok", []byte("2")}, "x": {"ok", []byte{}}, "null": {"ok", nil}, "caf\u00e9": {"ok", []byte{255, 255}}, "Trace": {}, "": {}} {
		value, ok := r.Header(key)
		if ok != (want.Key == "ok") || !reflect.DeepEqual(value, want.Value) {
			t.Errorf("Header(%q) = %#v, %v, want %#v", key, value, ok, want)
		}
	}
	var none Record
	if value, ok := none.Header("a"); ok || value != nil || headersOf(&none) != nil || none.CheckHeaders() != nil {
		t.Errorf("a record without headers has %q, %v", value, ok)
	}
}

func TestHeadersCanBeReadInPart(t *testing.T) {
	r := withHeaders(t, `[{"a":[1]},{"b":[2]},{"c":[1000]}]`)
	for key := range r.Headers() {
		if key == "b" {
			break // before the one that is malformed
		}
	}
}

// What has been read is the reader's own: it is in no payload, and nothing that
// another reader gets.
func TestHeaderValuesAreCopies(t *testing.T) {
	event := readEvent(t, "headers")
	parts, err := decode(event, new(memory))
	if err != nil {
		t.Fatal(err)
	}
	r := &parts[0].records[0]
	first, want := headersOf(r), decodedEvents["headers"][0].records[0].Headers
	for i := range event {
		event[i] = '!'
	}
	if !reflect.DeepEqual(first, want) {
		t.Errorf("headers, payload overwritten = %v, want %v", first, want)
	}
}

func TestHeadersMayBeReadAtTheSameTime(t *testing.T) {
	parts, err := decode(readEvent(t, "headers"), new(memory))
	if err != nil {
		t.Fatal(err)
	}
	r := &parts[0].records[0]
	want := decodedEvents["headers"][0].records[0].Headers
	var wait sync.WaitGroup
	for range 8 {
		wait.Go(func() {
			got := headersOf(r)
			if value, _ := r.Header("trace"); string(value) != "2" || !reflect.DeepEqual(got, want) {
				t.Errorf("headers = %v, want %v", got, want)
			}
			for _, h := range got {
				clear(h.Value)
			}
		})
	}
	wait.Wait()
}

func TestSetHeadersIsReadBack(t *testing.T) {
	all := make([]byte, 256)
	for i := range all {
		all[i] = byte(i)
	}
	tests := [][]Header{
		nil,
		{{"a", nil}, {"b", []byte{}}, {"a", []byte("x")}, {"", []byte{0}}},
		{{`quote " slash \ line` + "\n\u00e9\U0001f600\u2028<", all}, {"c", all[128:]}},
	}
	for _, want := range tests {
		r := withHeaders(t, `[{"before":[1]}]`)
		r.SetHeaders(want...)
		if err := r.CheckHeaders(); err != nil {
			t.Fatal(err)
		}
		if got := headersOf(r); !reflect.DeepEqual(got, want) {
			t.Errorf("headers = %v, want %v", got, want)
		}
	}
}

// Every byte in every spelling, among others and alone.
func TestHeaderBytesAreSignedOrUnsigned(t *testing.T) {
	for v := -300; v <= 400; v++ {
		for _, format := range []string{"[%d]", "[%d,1,2,3,4,5,6]", "[1,%d,2,3,4,5,6]", "[1,2,3,4,5,6,%d]", "[ %d , 1,2,3,4,5,6]"} {
			text := fmt.Sprintf(format, v)
			want := fmt.Appendf(nil, strings.NewReplacer("[", "", "]", "", " ", "").Replace(format), v)
			r := withHeaders(t, `[{"a":`+text+`}]`)
			if v < -128 || v > 255 {
				if err := r.CheckHeaders(); err == nil {
					t.Errorf("%s: no error", text)
				}
				continue
			}
			var bytesWant []byte
			for _, n := range bytes.Split(want, []byte(",")) {
				var b int
				fmt.Sscan(string(n), &b)
				bytesWant = append(bytesWant, byte(b))
			}
			if got, _ := r.Header("a"); !bytes.Equal(got, bytesWant) {
				t.Errorf("%s = %v, want %v", text, got, bytesWant)
			}
		}
	}
}

// What follows malformed headers is not taken for a part of them: the record
// would lose its value, or the batch a record, and nobody would notice.
func TestMalformedHeadersHideNoFieldAndNoRecord(t *testing.T) {
	tests := map[string]string{
		"a field":  record(1, `"headers":[{"a":[1,2,"value":"QUJD","headers":[{"b":[3]}]`),
		"a record": record(1, `"headers":[{"a":[1,2}]}`) + `,` + record(2, `"headers":[{"b":[3]}]`),
		"an end":   record(1, `"headers":[{"a":[1,2`) + `,` + record(2, `"headers":[{"b":[3]}]`),
	}
	for name, records := range tests {
		t.Run(name, func(t *testing.T) {
			parts, err := decode([]byte(`{"records":{"t-0":[`+records+`]}}`), new(memory))
			if err == nil {
				t.Errorf("decoded as %v, want an error", wanted(parts))
			}
		})
	}
}
