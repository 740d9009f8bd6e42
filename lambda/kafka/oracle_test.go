package kafka

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"math"
	"slices"
	"strings"
	"time"
	"unicode/utf8"
)

// The types of this file decode an event with encoding/json. Where decode is to
// differ, they say so in their UnmarshalJSON, with the reason: these are all the
// differences there are, and docs/decode.md lists them.

type oracleEvent struct {
	EventSource oracleSource  `json:"eventSource"`
	Records     oracleRecords `json:"records"`
}

// oracleSource: an event of another service is an error.
type oracleSource string

func (s *oracleSource) UnmarshalJSON(data []byte) error {
	if err := json.Unmarshal(data, (*string)(s)); err != nil {
		return err
	}
	if string(data) != "null" && !strings.Contains(strings.ToLower(string(*s)), "kafka") {
		return errors.New("not a Kafka event")
	}
	return nil
}

// errInexact is a topic-partition that is not UTF-8: it could not be told apart
// from others that encoding/json makes the same, nor named in the answer.
var errInexact = errors.New("topic-partition is not UTF-8")

type oracleRecords map[string][]oracleRecord

func (r *oracleRecords) UnmarshalJSON(data []byte) error {
	if string(data) == "null" {
		*r = nil
		return nil
	}
	dec := json.NewDecoder(bytes.NewReader(data))
	if t, err := dec.Token(); err != nil || t != json.Delim('{') {
		return errors.New("records are no object")
	}
	for dec.More() {
		before := dec.InputOffset()
		name, err := dec.Token()
		if err != nil {
			return err
		}
		if !exactKey(data[before:dec.InputOffset()], name.(string)) {
			return errInexact
		}
		var value json.RawMessage
		if err := dec.Decode(&value); err != nil {
			return err
		}
	}
	return json.Unmarshal(data, (*map[string][]oracleRecord)(r))
}

// exactKey reports whether name came out of raw without replacements.
func exactKey(raw []byte, name string) bool {
	if !utf8.Valid(raw) {
		return false
	}
	raw = bytes.ReplaceAll(raw, []byte(`\\`), nil)
	meant := bytes.Count(raw, []byte("\ufffd")) + bytes.Count(bytes.ToLower(raw), []byte(`\ufffd`))
	return strings.Count(name, "\ufffd") == meant
}

type oracleRecord struct {
	Topic         optional[string] `json:"topic"`
	Partition     natural[int32]   `json:"partition"`
	Offset        natural[int64]   `json:"offset"`
	Timestamp     optional[int64]  `json:"timestamp"`
	TimestampType string           `json:"timestampType"`
	Key           oracleBytes      `json:"key"`
	Value         oracleBytes      `json:"value"`
	Headers       oracleHeaders    `json:"headers"`
	KeySchema     *oracleSchema    `json:"keySchemaMetadata"`
	ValueSchema   *oracleSchema    `json:"valueSchemaMetadata"`
}

// optional is a T that says whether it was there.
type optional[T any] struct {
	set   bool
	value T
}

func (o *optional[T]) UnmarshalJSON(data []byte) error {
	if string(data) == "null" {
		return nil
	}
	o.set = true
	return json.Unmarshal(data, &o.value)
}

// natural is an optional that must not be negative: partitions and offsets are
// not.
type natural[T int32 | int64] struct{ optional[T] }

func (n *natural[T]) UnmarshalJSON(data []byte) error {
	if err := n.optional.UnmarshalJSON(data); err != nil {
		return err
	}
	if n.value < 0 {
		return errors.New("negative")
	}
	return nil
}

// UnmarshalJSON: a record must be an object, not null, and without a position it
// could be neither ordered nor named.
func (r *oracleRecord) UnmarshalJSON(data []byte) error {
	if string(data) == "null" {
		return errors.New("record is null")
	}
	type plain oracleRecord
	if err := json.Unmarshal(data, (*plain)(r)); err != nil {
		return err
	}
	if !r.Topic.set || !r.Partition.set || !r.Offset.set {
		return errors.New("record without position")
	}
	return nil
}

// oracleBytes: line breaks in base64 are an error.
type oracleBytes []byte

func (b *oracleBytes) UnmarshalJSON(data []byte) error {
	if string(data) == "null" {
		*b = nil
		return nil
	}
	var s string
	if err := json.Unmarshal(data, &s); err != nil {
		return err
	}
	if strings.ContainsAny(s, "\r\n") {
		return errors.New("line break in base64")
	}
	value, err := base64.StdEncoding.DecodeString(s)
	*b = value
	return err
}

// oracleHeaders: order and duplicates are kept, a second "headers" replaces the
// first, bytes may be unsigned and must not be null. What is wrong in the array is
// for whoever reads it.
type oracleHeaders struct {
	headers []Header
	err     error
}

func (h *oracleHeaders) UnmarshalJSON(data []byte) error {
	*h = oracleHeaders{}
	var objects []json.RawMessage
	if err := json.Unmarshal(data, &objects); err != nil {
		return err
	}
	h.err = h.read(objects)
	return nil
}

func (h *oracleHeaders) read(objects []json.RawMessage) error {
	for _, object := range objects {
		if string(object) == "null" {
			continue
		}
		dec := json.NewDecoder(bytes.NewReader(object))
		if t, err := dec.Token(); err != nil || t != json.Delim('{') {
			return errors.New("header is no object")
		}
		for dec.More() {
			name, err := dec.Token()
			if err != nil {
				return err
			}
			var numbers []json.RawMessage
			if err := dec.Decode(&numbers); err != nil {
				return err
			}
			header := Header{Key: name.(string)}
			if numbers != nil {
				header.Value = []byte{}
			}
			for _, n := range numbers {
				var b int16
				if err := json.Unmarshal(n, &b); err != nil {
					return err
				}
				if string(n) == "null" || b < math.MinInt8 || b > math.MaxUint8 {
					return errors.New("header byte out of range")
				}
				header.Value = append(header.Value, byte(b))
			}
			h.headers = append(h.headers, header)
		}
	}
	return nil
}

// oracleSchema: an id may also be a number.
type oracleSchema struct {
	DataFormat string   `json:"dataFormat"`
	SchemaID   oracleID `json:"schemaId"`
}

type oracleID string

func (id *oracleID) UnmarshalJSON(data []byte) error {
	if c := data[0]; c == '-' || '0' <= c && c <= '9' {
		*id = oracleID(data)
		return nil
	}
	return json.Unmarshal(data, (*string)(id))
}

// oracle decodes an event with encoding/json.
func oracle(payload []byte) ([]wantPartition, error) {
	var event oracleEvent
	if err := json.Unmarshal(payload, &event); err != nil {
		return nil, err
	}
	if event.Records == nil {
		return nil, errors.New("no records")
	}
	var parts []wantPartition
	for name, records := range event.Records {
		p := wantPartition{name: name}
		for _, r := range records {
			record := wantRecord{
				Topic:         r.Topic.value,
				Partition:     r.Partition.value,
				Offset:        r.Offset.value,
				TimestampType: r.TimestampType,
				Key:           r.Key,
				Value:         r.Value,
				KeySchema:     r.KeySchema.schema(),
				ValueSchema:   r.ValueSchema.schema(),
				Headers:       r.Headers.headers,
			}
			if r.Headers.err != nil {
				record.Headers, record.malformed = nil, true
			}
			if r.Timestamp.set {
				record.Timestamp = time.UnixMilli(r.Timestamp.value).UTC()
			}
			p.records = append(p.records, record)
		}
		if len(p.records) > 0 {
			parts = append(parts, p)
		}
	}
	slices.SortFunc(parts, func(a, b wantPartition) int { return strings.Compare(a.name, b.name) })
	return parts, nil
}

func (s *oracleSchema) schema() *Schema {
	if s == nil {
		return nil
	}
	return &Schema{DataFormat: s.DataFormat, SchemaID: string(s.SchemaID)}
}

// foldedNames reports whether an object anywhere in the payload has a name that
// encoding/json takes for a field of an event although it is not the same, as
// "Offset". decode takes only the exact name, so that there is no comparison.
func foldedNames(payload []byte) bool {
	dec := json.NewDecoder(bytes.NewReader(payload))
	for {
		t, err := dec.Token()
		if err != nil {
			return false
		}
		if s, ok := t.(string); ok && isFolded(s) {
			return true
		}
	}
}

func isFolded(s string) bool {
	names := []string{"eventSource", "records", "dataFormat", "schemaId"}
	for name := range fieldNames {
		names = append(names, name)
	}
	return slices.ContainsFunc(names, func(name string) bool { return s != name && strings.EqualFold(s, name) })
}
