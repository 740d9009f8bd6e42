package kafka

import (
	"bytes"
	"math"
	"time"
)

// field is a field of a record in the event; 0 is one that is not ours.
type field uint16

const (
	fieldTopic field = 1 << iota
	fieldPartition
	fieldOffset
	fieldTimestamp
	fieldTimestampType
	fieldKey
	fieldValue
	fieldHeaders
	fieldKeySchema
	fieldValueSchema

	// needed is what a record cannot be told by without.
	needed = fieldTopic | fieldPartition | fieldOffset
)

var fieldNames = map[string]field{
	"topic":               fieldTopic,
	"partition":           fieldPartition,
	"offset":              fieldOffset,
	"timestamp":           fieldTimestamp,
	"timestampType":       fieldTimestampType,
	"key":                 fieldKey,
	"value":               fieldValue,
	"headers":             fieldHeaders,
	"keySchemaMetadata":   fieldKeySchema,
	"valueSchemaMetadata": fieldValueSchema,
}

func (f field) String() string {
	for name, g := range fieldNames {
		if f == g {
			return name
		}
	}
	return ""
}

// fieldAt recognises a field as AWS writes it, without white space: size is
// then how much to skip to be at the value, 0 otherwise. It is there for
// speed alone; fieldName reads whatever JSON allows.
func fieldAt(p []byte) (f field, size int) {
	if len(p) < 24 {
		return 0, 0
	}
	switch p[1] {
	case 't':
		if string(p[:8]) == `"topic":` {
			return fieldTopic, 8
		}
		if string(p[:12]) == `"timestamp":` {
			return fieldTimestamp, 12
		}
		if string(p[:16]) == `"timestampType":` {
			return fieldTimestampType, 16
		}
	case 'p':
		if string(p[:12]) == `"partition":` {
			return fieldPartition, 12
		}
	case 'o':
		if string(p[:9]) == `"offset":` {
			return fieldOffset, 9
		}
	case 'k':
		if string(p[:6]) == `"key":` {
			return fieldKey, 6
		}
	case 'v':
		if string(p[:8]) == `"value":` {
			return fieldValue, 8
		}
	case 'h':
		if string(p[:10]) == `"headers":` {
			return fieldHeaders, 10
		}
	}
	return 0, 0
}

// fieldName reads any member name; what is not a field of ours is 0. Names
// must match exactly, also in case.
func (d *decoder) fieldName(i int) (f field, next int) {
	name, i := d.name(i)
	if i < 0 {
		return 0, i
	}
	return fieldNames[string(name)], i
}

// record reads one record into r, which is zero.
func (d *decoder) record(i int, r *Record) int {
	d.seen, d.field = 0, 0
	if !d.is(i, '{') {
		return d.fail(i, "a record: an object")
	}
	start, members := i, 0
	if n := len(d.prefix); n > 0 && !d.slow && bytes.HasPrefix(d.data[i:], d.prefix) {
		r.Topic, r.Partition = d.prefixTopic, d.prefixPartition
		d.seen = fieldTopic | fieldPartition
		if i = d.usual(i+n-1, r); i < 0 {
			return i
		}
		if d.is(i, '}') && d.seen&needed == needed {
			return i + 1
		}
		members = 3
	} else {
		i++
	}
	for ; ; members++ {
		var ok bool
		d.field = 0
		first := members == 0
		if members == 2 && d.seen == fieldTopic|fieldPartition && d.is(i, ',') {
			d.prefix, d.prefixTopic, d.prefixPartition = d.data[start:i+1], r.Topic, r.Partition
		}
		if !first && i+1 < len(d.data) && d.data[i] == ',' && d.data[i+1] == '"' {
			i++ // as AWS writes it; saves a call
		} else if i, ok = d.more(i, first, '}'); i < 0 {
			return i
		} else if !ok {
			break
		}
		f, size := fieldAt(d.data[i:])
		if size > 0 && !d.slow {
			i = d.space(i + size)
		} else if f, i = d.fieldName(i); i < 0 {
			return i
		}
		d.field = f
		switch f {
		case fieldValue:
			r.Value, i = d.bytes(i)
		case fieldKey:
			r.Key, i = d.bytes(i)
		case fieldHeaders:
			r.headers, i = d.headerArray(i, r.headers)
		case fieldKeySchema:
			r.KeySchema, i = d.schema(i, r.KeySchema)
		case fieldValueSchema:
			r.ValueSchema, i = d.schema(i, r.ValueSchema)
		case 0:
			i = d.skip(i, 4)
		default:
			i = d.scalar(i, f, r)
		}
		if i < 0 {
			return i
		}
	}
	if d.seen&needed != needed {
		return d.fail(i-1, `a record with "topic", "partition" and "offset"`)
	}
	return i
}

const (
	wantOffset    = "an offset: a whole number of 64 bits, not negative"
	wantTimestamp = "a timestamp: a whole number of milliseconds"
)

// scalar reads a field that null leaves as it is, as in encoding/json.
func (d *decoder) scalar(i int, f field, r *Record) int {
	if next, ok := d.null(i); ok {
		return next
	}
	var s string
	var n int64
	switch f {
	case fieldTopic:
		s, i = d.string(i, &d.topic)
	case fieldTimestampType:
		s, i = d.string(i, &d.timestampType)
	case fieldPartition:
		n, i = d.integer(i, 0, math.MaxInt32, "a partition: a whole number of 32 bits, not negative")
	case fieldOffset:
		n, i = d.integer(i, 0, math.MaxInt64, wantOffset)
	case fieldTimestamp:
		n, i = d.integer(i, math.MinInt64, math.MaxInt64, wantTimestamp)
	}
	if i < 0 {
		return i
	}
	d.seen |= f
	switch f {
	case fieldTopic:
		r.Topic = s
	case fieldTimestampType:
		r.TimestampType = s
	case fieldPartition:
		r.Partition = int32(n)
	case fieldOffset:
		r.Offset = n
	case fieldTimestamp:
		r.Timestamp = time.UnixMilli(n).UTC()
	}
	return i
}

// string reads a string into memory of its own. recent is the last one in the
// same place, which is most often the same: it is compared before anything is
// parsed, and so only holds text that stands as it is between its quotes.
func (d *decoder) string(i int, recent *string) (s string, next int) {
	if end := i + 1 + len(*recent); d.is(end, '"') && d.data[i] == '"' && string(d.data[i+1:end]) == *recent {
		return *recent, end + 1
	}
	end, plain := d.quoted(i, "a string")
	if end < 0 {
		return "", end
	}
	if plain {
		*recent = d.strings.intern(d.data[i+1 : end])
		return *recent, end + 1
	}
	d.scratch, _ = unquote(d.scratch[:0], d.data[i+1:end])
	return d.strings.intern(d.scratch), end + 1
}

// bytes reads a base64 string or null.
func (d *decoder) bytes(i int) (b []byte, next int) {
	if next, ok := d.null(i); ok {
		return nil, next
	}
	if !d.is(i, '"') {
		return nil, d.fail(i, "base64 in quotes, or null")
	}
	start := i + 1
	size := bytes.IndexByte(d.data[start:], '"')
	if size < 0 {
		return nil, d.fail(len(d.data), `'"' to end the string`)
	}
	end := start + size
	text := d.data[start:end:end]
	if bytes.IndexByte(text, '\\') >= 0 {
		return d.escapedBytes(start)
	}
	n, ok := decodeBase64(text)
	if !ok {
		return nil, d.fail(start+badBase64(text, n), "base64")
	}
	return text[:n:n], end + 1
}

// escapedBytes reads a base64 string with escapes in it, from the inside: some
// encoders write \/ or \u003d.
func (d *decoder) escapedBytes(start int) (b []byte, next int) {
	end, _ := d.closing(start)
	if end < 0 {
		return nil, end
	}
	d.scratch, _ = unquote(d.scratch[:0], d.data[start:end])
	n, ok := decodeBase64(d.scratch)
	if !ok {
		return nil, d.fail(start, "base64")
	}
	n = copy(d.data[start:end], d.scratch[:n])
	return d.data[start : start+n : start+n], end + 1
}

// schema reads the metadata of a schema registry. What it does not say is as in
// before, the one of the same name that the record had already, if any.
func (d *decoder) schema(i int, before *Schema) (s *Schema, next int) {
	if next, ok := d.null(i); ok {
		return nil, next
	}
	if !d.is(i, '{') {
		return nil, d.fail(i, "schema metadata: an object")
	}
	i++
	var m Schema
	if before != nil {
		m = *before
	}
	for first := true; ; first = false {
		var ok bool
		if i, ok = d.more(i, first, '}'); i < 0 {
			return nil, i
		} else if !ok {
			return d.sharedSchema(m), i
		}
		var name []byte
		if name, i = d.name(i); i < 0 {
			return nil, i
		}
		switch string(name) {
		case "dataFormat":
			i = d.schemaText(i, &m.DataFormat)
		case "schemaId":
			i = d.schemaID(i, &m.SchemaID)
		default:
			i = d.skip(i, 5)
		}
		if i < 0 {
			return nil, i
		}
	}
}

func (d *decoder) schemaText(i int, s *string) int {
	if next, ok := d.null(i); ok {
		return next
	}
	text, _, i := d.text(i, "a string")
	if i >= 0 {
		*s = d.strings.intern(text)
	}
	return i
}

// schemaID reads an id that may also be a number, and is kept as it is written.
func (d *decoder) schemaID(i int, s *string) int {
	if i >= len(d.data) || d.data[i] != '-' && d.data[i]-'0' > 9 {
		return d.schemaText(i, s)
	}
	end := d.number(i)
	if end >= 0 {
		*s = d.strings.intern(d.data[i:end])
	}
	return end
}

// sharedSchema returns one Schema for all records with the same.
func (d *decoder) sharedSchema(m Schema) *Schema {
	for k := len(d.schemas) - 1; k >= max(0, len(d.schemas)-8); k-- {
		if d.schemas[k] == m {
			return &d.schemas[k]
		}
	}
	if len(d.schemas) == cap(d.schemas) {
		// Not append: it would move schemas that records point to.
		d.schemas = make([]Schema, 0, max(4, 2*cap(d.schemas)))
	}
	d.schemas = append(d.schemas, m)
	return &d.schemas[len(d.schemas)-1]
}
