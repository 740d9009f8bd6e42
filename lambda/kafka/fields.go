package kafka

import (
	"encoding/binary"
	"math"
	"math/bits"
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

// headerArray reads the headers of a record: an array of objects, each of
// them a name with an array of bytes.
func (d *decoder) headerArray(i int) (h []Header, next int) {
	if next, ok := d.null(i); ok {
		return nil, next
	}
	if !d.is(i, '[') {
		return nil, d.fail(i, "an array of headers")
	}
	i++
	from := len(d.headers)
	for first := true; ; first = false {
		var ok bool
		if i, ok = d.more(i, first, ']'); i < 0 {
			return nil, i
		} else if !ok {
			break
		}
		if next, ok := d.null(i); ok {
			if i = next; i < 0 {
				return nil, i
			}
			continue
		}
		if !d.is(i, '{') {
			return nil, d.fail(i, "a header: an object")
		}
		i++
		for first := true; ; first = false {
			var ok bool
			if i, ok = d.more(i, first, '}'); i < 0 {
				return nil, i
			} else if !ok {
				break
			}
			var h Header
			if h, i = d.header(i); i < 0 {
				return nil, i
			}
			from = d.addHeader(h, from)
		}
	}
	n := len(d.headers)
	return d.headers[from:n:n], i
}

// addHeader appends h to those of the current record, which begin at from,
// and returns where they begin now. When there is no room the current record's
// move to a new slab; those of earlier records stay where they are.
func (d *decoder) addHeader(h Header, from int) int {
	if len(d.headers) == cap(d.headers) {
		mine := d.headers[from:]
		slab := make([]Header, len(mine), max(d.expectedHeaders(), 2*len(mine)))
		copy(slab, mine)
		d.headers, from = slab, 0
	}
	d.headerCount++
	d.headers = append(d.headers, h)
	return from
}

// expectedHeaders is how many headers are to come if the records to come, for
// which there is room already, have as many as those before.
func (d *decoder) expectedHeaders() int {
	n, room := len(d.records), cap(d.headers)
	more := d.headerCount * (cap(d.records) - n + 1) / n
	return max(32, min(more+more/32, 2*room+maxBatch), min(room, 4096))
}

// header reads one member of a header object.
func (d *decoder) header(i int) (h Header, next int) {
	text, _, i := d.text(i, "a header's name in quotes")
	if i < 0 {
		return h, i
	}
	h.Key = d.strings.intern(text)
	if i = d.colon(i); i < 0 {
		return h, i
	}
	if next, ok := d.null(i); ok {
		return h, next
	}
	h.Value, i = d.byteArray(i)
	return h, i
}

// byteArray reads an array of bytes, signed as Java's are or unsigned, in
// place: a byte takes the room of the first character of its number.
func (d *decoder) byteArray(i int) (b []byte, next int) {
	const want = "a byte: a whole number from -128 to 255"
	if !d.is(i, '[') {
		return nil, d.fail(i, "an array of bytes")
	}
	i++
	from, to := i, i
	i, ok := d.more(i, true, ']')
	for ok {
		i, to = plainBytes(d.data, i, to)
		var n int64
		if n, i = d.integer(d.space(i), math.MinInt8, math.MaxUint8, want); i < 0 {
			return nil, i
		}
		d.data[to] = byte(n)
		to++
		i, ok = d.more(i, false, ']')
	}
	if i < 0 {
		return nil, i
	}
	return d.data[from:to:to], i
}

// plainBytes reads numbers from -128 to 255 at i, each with a ',' right after
// it, and writes them at to. It stops at the first one that is not like that:
// the last one, or what may still be right and is for byteArray to see to.
//
// Whether a byte of a header is negative, and how many digits it has, cannot be
// predicted, so nothing here branches on it.
func plainBytes(p []byte, i, to int) (int, int) {
	for len(p)-i >= 8 {
		w := binary.LittleEndian.Uint64(p[i:])
		// Digits have this bit and ',' does not; the first may be a '-'.
		end := bits.TrailingZeros64(^w&0x1010101010101000) / 8
		var negative int
		if byte(w) == '-' {
			negative = 1
		}
		count := end - negative
		if uint(end) >= 8 || byte(w>>(8*end)) != ',' || uint(count-1) > 2 {
			break
		}
		w >>= 8 * negative
		digits := uint32(w^0x303030) << (8 * (4 - count)) >> 8
		v := int(digits&0xff)*100 + int(digits>>8&0xff)*10 + int(digits>>16)
		if (digits+0x767676|digits)&0x808080 != 0 || v > 255-127*negative || count > 1 && byte(w) == '0' {
			break
		}
		p[to] = byte((v ^ -negative) + negative)
		to++
		i += end + 1
	}
	return i, to
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
