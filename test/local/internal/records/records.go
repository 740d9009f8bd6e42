// Package records reads records as lines of JSON, as a person writes them, and makes
// of them what a producer would have written: bytes, or Avro by a schema.
package records

import (
	"bufio"
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"
)

// AnyPartition is that of a record whose partition the producer chooses by its key.
const AnyPartition = -1

// Reader reads records.
type Reader struct {
	lines      *bufio.Reader
	name       string
	line       int
	key, value *Schema
}

// New reads the lines of r, which errors call by name. With schemas keys or values are
// written in Avro.
func New(r io.Reader, name string, key, value *Schema) *Reader {
	return &Reader{lines: bufio.NewReader(r), name: name, key: key, value: value}
}

// maxLine is the longest line: that of a record of the largest batch that brokers take.
const maxLine = 64 << 20

// Next returns the next record, and [io.EOF] after the last. Empty lines are none. Any
// other error names the line and what is wrong with it.
func (r *Reader) Next() (*kgo.Record, error) {
	for {
		text, err := r.readLine()
		if err != nil {
			return nil, err
		}
		r.line++
		if r.line == 1 {
			text = bytes.TrimPrefix(text, []byte("\xef\xbb\xbf")) // editors write it
		}
		if text = bytes.TrimSpace(text); len(text) == 0 {
			continue
		}
		rec, err := r.parse(text)
		if err != nil {
			return nil, fmt.Errorf("%s:%d: %w", r.name, r.line, err)
		}
		return rec, nil
	}
}

func (r *Reader) readLine() ([]byte, error) {
	var all []byte
	for {
		part, err := r.lines.ReadSlice('\n')
		all = append(all, part...)
		switch {
		case len(all) > maxLine:
			return nil, fmt.Errorf("%s:%d: a line must be at most %d MB", r.name, r.line+1, maxLine>>20)
		case errors.Is(err, bufio.ErrBufferFull):
		case errors.Is(err, io.EOF) && len(all) > 0:
			return all, nil
		case err != nil:
			return nil, err
		default:
			return all, nil
		}
	}
}

// fields are those of a line, and what each is.
var fields = map[string]string{
	"topic": "a name", "partition": "a number", "key": "text, JSON or null", "value": "text, JSON or null",
	"keyBase64": "bytes in base64", "valueBase64": "bytes in base64", "headers": "an object, or a list of pairs",
	"timestamp": "milliseconds, or a time such as 2026-11-26T08:00:00Z",
}

func (r *Reader) parse(text []byte) (*kgo.Record, error) {
	var line map[string]json.RawMessage
	if err := json.Unmarshal(text, &line); err != nil {
		return nil, fmt.Errorf("must be an object such as {\"key\":\"a\",\"value\":{\"id\":1}}: %w", err)
	}
	for _, name := range slices.Sorted(maps.Keys(line)) {
		if fields[name] == "" {
			return nil, fmt.Errorf("%q is none of %s", name, strings.Join(slices.Sorted(maps.Keys(fields)), ", "))
		}
	}
	rec := &kgo.Record{Partition: AnyPartition}
	bad := func(name string) error { return fmt.Errorf("%s must be %s, got %s", name, fields[name], line[name]) }
	if text, ok := line["topic"]; ok && (json.Unmarshal(text, &rec.Topic) != nil || rec.Topic == "") {
		return nil, bad("topic")
	}
	if text, ok := line["partition"]; ok && (json.Unmarshal(text, &rec.Partition) != nil || rec.Partition < 0) {
		return nil, bad("partition")
	}
	var err error
	if rec.Key, err = content(line, "key", r.key); err != nil {
		return nil, err
	}
	if rec.Value, err = content(line, "value", r.value); err != nil {
		return nil, err
	}
	if text, ok := line["headers"]; ok {
		if rec.Headers, ok = headers(text); !ok {
			return nil, bad("headers")
		}
	}
	if text, ok := line["timestamp"]; ok {
		var millis int64
		if json.Unmarshal(text, &millis) == nil {
			rec.Timestamp = time.UnixMilli(millis)
		} else if json.Unmarshal(text, &rec.Timestamp) != nil {
			return nil, bad("timestamp")
		}
	}
	return rec, nil
}

// content is a key or a value: null where there is none.
func content(line map[string]json.RawMessage, name string, schema *Schema) ([]byte, error) {
	text, given := line[name]
	encoded, alsoGiven := line[name+"Base64"]
	switch {
	case given && alsoGiven:
		return nil, fmt.Errorf("%s and %sBase64 exclude each other", name, name)
	case alsoGiven:
		var b []byte
		var s string
		err := json.Unmarshal(encoded, &s)
		if err == nil {
			b, err = base64.StdEncoding.DecodeString(s)
		}
		if err != nil {
			return nil, fmt.Errorf("%sBase64 must be %s, got %s", name, fields[name+"Base64"], encoded)
		}
		return notNil(b), nil
	case !given || string(text) == "null":
		return nil, nil
	case schema != nil:
		b, err := schema.Encode(text)
		if err != nil {
			return nil, fmt.Errorf("%s does not fit %s: %w", name, schema.name, err)
		}
		return b, nil
	}
	var s string
	if json.Unmarshal(text, &s) == nil {
		return notNil([]byte(s)), nil
	}
	var compact bytes.Buffer
	if err := json.Compact(&compact, text); err != nil {
		return nil, err
	}
	return compact.Bytes(), nil
}

// notNil tells what is empty from what is null.
func notNil(b []byte) []byte {
	if b == nil {
		return []byte{}
	}
	return b
}

// headers are an object, in the order of its text, or pairs; a value may be null.
func headers(text json.RawMessage) (out []kgo.RecordHeader, ok bool) {
	add := func(name string, value *string) {
		h := kgo.RecordHeader{Key: name}
		if value != nil {
			h.Value = notNil([]byte(*value))
		}
		out = append(out, h)
	}
	var pairs [][]*string
	if json.Unmarshal(text, &pairs) == nil {
		for _, p := range pairs {
			if len(p) != 2 || p[0] == nil {
				return nil, false
			}
			add(*p[0], p[1])
		}
		return out, true
	}
	dec := json.NewDecoder(bytes.NewReader(text))
	if start, err := dec.Token(); err != nil || start != json.Delim('{') {
		return nil, false
	}
	for dec.More() {
		name, err := dec.Token()
		if err != nil {
			return nil, false
		}
		var value *string
		if dec.Decode(&value) != nil {
			return nil, false
		}
		add(name.(string), value)
	}
	return out, true
}
