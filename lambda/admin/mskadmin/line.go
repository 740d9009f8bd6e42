package main

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"msklambda/lambda/admin/ask"
	"msklambda/lambda/kafka/wire"
)

// line is a record as a line of JSON, which peek writes and produce reads. Key and
// value are text, or null; what is no UTF-8 is in keyBase64 and valueBase64.
type line struct {
	Topic       string          `json:"topic,omitempty"`
	Partition   *int32          `json:"partition,omitempty"`
	Offset      *int64          `json:"offset,omitempty"`
	Timestamp   string          `json:"timestamp,omitempty"`
	Key         json.RawMessage `json:"key,omitempty"`
	KeyBase64   *string         `json:"keyBase64,omitempty"`
	Value       json.RawMessage `json:"value,omitempty"`
	ValueBase64 *string         `json:"valueBase64,omitempty"`
	Headers     []lineHeader    `json:"headers,omitempty"`
	Schema      string          `json:"schema,omitempty"` // that the value names
	Cut         int             `json:"cut,omitempty"`    // bytes of a record that came only in part
}

type lineHeader struct {
	Key         string          `json:"key"`
	Value       json.RawMessage `json:"value,omitempty"`
	ValueBase64 *string         `json:"valueBase64,omitempty"`
}

func lineOf(r *ask.Record) line {
	l := line{Topic: r.Topic, Partition: &r.Partition, Offset: &r.Offset, Timestamp: clock(r.Timestamp), Cut: r.Cut}
	l.Key, l.KeyBase64 = asJSON(r.Key)
	l.Value, l.ValueBase64 = asJSON(r.Value)
	l.Schema = schema(r.Value)
	for _, h := range r.Headers {
		one := lineHeader{Key: h.Key}
		one.Value, one.ValueBase64 = asJSON(h.Value)
		l.Headers = append(l.Headers, one)
	}
	return l
}

func asJSON(b []byte) (text json.RawMessage, binary *string) {
	if b != nil && !utf8.Valid(b) {
		encoded := base64.StdEncoding.EncodeToString(b)
		return nil, &encoded
	}
	if b == nil {
		return json.RawMessage("null"), nil
	}
	var out bytes.Buffer
	enc := json.NewEncoder(&out)
	enc.SetEscapeHTML(false)
	_ = enc.Encode(string(b)) // a text has no way to fail
	return bytes.TrimSpace(out.Bytes()), nil
}

// parseLine reads a record. A value that is an object or a list is taken as its JSON.
func parseLine(text []byte) (ask.Record, error) {
	var l line
	dec := json.NewDecoder(bytes.NewReader(text))
	dec.DisallowUnknownFields()
	r := ask.Record{Partition: -1}
	if err := dec.Decode(&l); err != nil {
		return r, err
	}
	if l.Cut > 0 {
		return r, fmt.Errorf("the record came only in part, of %d bytes: the rest is not here to produce", l.Cut)
	}
	if l.Partition != nil {
		r.Partition = *l.Partition
	}
	if l.Timestamp != "" {
		at, err := time.Parse(time.RFC3339Nano, l.Timestamp)
		if err != nil {
			return r, fmt.Errorf("timestamp: %w", err)
		}
		r.Timestamp = at.UnixMilli()
	}
	var err error
	if r.Key, err = fromJSON("key", l.Key, l.KeyBase64); err != nil {
		return r, err
	}
	if r.Value, err = fromJSON("value", l.Value, l.ValueBase64); err != nil {
		return r, err
	}
	for _, h := range l.Headers {
		value, err := fromJSON("header "+h.Key, h.Value, h.ValueBase64)
		if err != nil {
			return r, err
		}
		r.Headers = append(r.Headers, ask.Header{Key: h.Key, Value: value})
	}
	return r, nil
}

func fromJSON(name string, text json.RawMessage, binary *string) ([]byte, error) {
	switch {
	case binary != nil && len(text) > 0:
		return nil, fmt.Errorf("%s and its Base64 exclude each other", name)
	case binary != nil:
		return base64.StdEncoding.DecodeString(*binary)
	case len(text) == 0 || string(text) == "null":
		return nil, nil
	case text[0] == '"':
		var s string
		err := json.Unmarshal(text, &s)
		return []byte(s), err
	}
	var out bytes.Buffer
	err := json.Compact(&out, text)
	return out.Bytes(), err
}

// show is a key or a value for people: null, text in one line, or base64.
func show(b []byte) string {
	if b == nil {
		return "(null)"
	}
	if w, ok := registered(b); ok && b != nil {
		return fmt.Sprintf("(schema %s) %s", w.ID, show(orEmpty(w.Data)))
	}
	if !utf8.Valid(b) {
		return fmt.Sprintf("(%d bytes) %s", len(b), base64.StdEncoding.EncodeToString(b))
	}
	if len(b) == 0 {
		return `""`
	}
	return strings.Map(func(r rune) rune {
		if unicode.IsControl(r) {
			return ' '
		}
		return r
	}, string(b))
}

// registered splits what a schema registry's serializer wrote; a text never is one.
func registered(b []byte) (wire.Wire, bool) {
	if len(b) == 0 || b[0] >= ' ' {
		return wire.Wire{}, false
	}
	w, err := wire.Split(b, nil)
	return w, err == nil && !w.ID.IsZero()
}

// schema is what a value names as its schema, "" where it names none.
func schema(b []byte) string {
	if w, ok := registered(b); ok {
		return w.ID.String()
	}
	return ""
}
