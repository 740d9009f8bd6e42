package kafka

import (
	"bytes"
	"cmp"
	"fmt"
	"math"
	"slices"
	"strconv"
	"time"
)

// partition is one entry of the event's records: the unit of order.
type partition struct {
	// name is the event's map key, such as orders-0, and id the same as it
	// stands in the payload, between its quotes: what Lambda is told.
	name    string
	id      []byte
	records []Record

	from, to int // records[from:to] of the decoder's, while that may move
}

// decodeError says what is wrong with a payload, and where.
type decodeError struct {
	at     int    // byte offset
	record string // orders[0]@7, or records["orders-0"][3]; may be empty
	field  string
	want   string
	got    string
}

func (e *decodeError) Error() string {
	s := "kafka: decode "
	if e.record != "" {
		s += e.record + ": "
	}
	if e.field != "" {
		s += e.field + ": "
	}
	return s + fmt.Sprintf("byte %d: want %s, got %s", e.at, e.want, e.got)
}

func quoteByte(c byte) string {
	if c < ' ' || c > '~' {
		return fmt.Sprintf("byte 0x%02x", c)
	}
	return "'" + string(rune(c)) + "'"
}

// decoder holds what decoding one payload needs. What it returns shares
// memory with data, never with the decoder.
type decoder struct {
	data []byte
	err  *decodeError

	parts   []partition
	records []Record
	headers []Header // the newest slab of them
	schemas []Schema // the newest slab of them
	strings interner
	scratch []byte

	topic, timestampType string // the most recent ones

	// Of the record being read, to name it in an error.
	seen  field
	field field
	// firstRecord is where the first record begins, to tell how many follow.
	firstRecord int
	headerCount int
	found       bool // records, as an object
}

// decode reads a whole event. It decodes base64 and header bytes in place: the
// payload is overwritten, also when decode fails. The partitions come in the
// order of their names and have records.
func decode(payload []byte) ([]partition, error) {
	d := decoder{data: payload}
	i := d.space(0)
	if i = d.event(i); i >= 0 {
		if i = d.space(i); i < len(payload) {
			d.fail(i, "the end of the payload")
		}
	}
	if d.err != nil {
		return nil, d.err
	}
	// Of equal keys the last counts, as for encoding/json.
	slices.SortStableFunc(d.parts, func(a, b partition) int { return cmp.Compare(a.name, b.name) })
	parts := d.parts[:0]
	for k, p := range d.parts {
		if k+1 < len(d.parts) && d.parts[k+1].name == p.name || p.from == p.to {
			continue
		}
		p.records = d.records[p.from:p.to:p.to]
		parts = append(parts, p)
	}
	return parts, nil
}

// event reads the top-level object.
func (d *decoder) event(i int) int {
	if !d.is(i, '{') {
		return d.fail(i, "a Kafka event: an object")
	}
	i++
	for first := true; ; first = false {
		var ok bool
		if i, ok = d.more(i, first, '}'); i < 0 {
			return i
		} else if !ok {
			break
		}
		var name []byte
		if name, i = d.name(i); i < 0 {
			return i
		}
		switch string(name) {
		case "records":
			i = d.recordMap(i)
		case "eventSource":
			i = d.eventSource(i)
		default:
			i = d.skip(i, 1)
		}
		if i < 0 {
			return i
		}
	}
	if !d.found {
		return d.fail(i-1, `a Kafka event: "records" with an object`)
	}
	return i
}

// eventSource refuses the events of other services. MSK says aws:kafka, a
// self-managed cluster SelfManagedKafka or aws:SelfManagedKafka.
func (d *decoder) eventSource(i int) int {
	if next, ok := d.null(i); ok {
		return next
	}
	source, _, next := d.text(i, "the name of an event source")
	if next >= 0 && !bytes.Contains(bytes.ToLower(source), []byte("kafka")) {
		d.err = &decodeError{at: i, want: "a Kafka event: eventSource aws:kafka or SelfManagedKafka", got: strconv.Quote(string(source))}
		return -1
	}
	return next
}

// recordMap reads the object from topic-partition to records. A second one
// adds to the first, and null takes away what was there, as in encoding/json.
func (d *decoder) recordMap(i int) int {
	if next, ok := d.null(i); ok {
		d.parts, d.found = d.parts[:0], false
		return next
	}
	if !d.is(i, '{') {
		return d.fail(i, "an object from topic-partition to records")
	}
	d.found = true
	i++
	for first := true; ; first = false {
		var ok bool
		if i, ok = d.more(i, first, '}'); !ok || i < 0 {
			return i
		}
		at := i
		name, exact, next := d.text(i, "a topic-partition in quotes")
		if next < 0 {
			return next
		}
		if !exact {
			// It could not be told apart from others, nor sent back.
			return d.fail(at, "a topic-partition in UTF-8")
		}
		p := partition{name: d.strings.intern(name), id: d.data[at+1 : next-1], from: len(d.records)}
		if i = d.colon(next); i < 0 {
			return i
		}
		if i = d.recordArray(i, p.name); i < 0 {
			return i
		}
		p.to = len(d.records)
		d.parts = append(d.parts, p)
	}
}

// recordArray reads the records of one partition.
func (d *decoder) recordArray(i int, name string) int {
	if next, ok := d.null(i); ok {
		return next
	}
	if !d.is(i, '[') {
		return d.fail(i, "an array of records")
	}
	i++
	from := len(d.records)
	for first := true; ; first = false {
		var ok bool
		if i, ok = d.more(i, first, ']'); !ok || i < 0 {
			return i
		}
		r := d.newRecord(i)
		next := d.record(i, r)
		if next < 0 {
			d.err.record = fmt.Sprintf("records[%q][%d]", name, len(d.records)-1-from)
			if d.seen&needed == needed {
				d.err.record = r.String()
			}
			d.err.field = d.field.String()
			return next
		}
		i = next
	}
}

// maxBatch is the most records that Lambda sends at once.
const maxBatch = 10000

// newRecord makes room for the record at i. The first records tell how many
// will follow, so that a batch takes two or three allocations, however large.
func (d *decoder) newRecord(i int) *Record {
	n := len(d.records)
	if n == 0 {
		d.firstRecord = i
	}
	if n == cap(d.records) {
		room := 16
		if n > 0 {
			room = max(d.expected(i), n+n/4)
		}
		grown := make([]Record, n, room)
		copy(grown, d.records)
		d.records = grown
	}
	d.records = d.records[:n+1]
	return &d.records[n]
}

// expected is how many records there will be at the end if those from i on
// are as long as those before, and a few more.
func (d *decoder) expected(i int) int {
	n := len(d.records)
	per := max(1, (i-d.firstRecord)/n)
	more := (len(d.data) - i) / per
	return min(n+more+more/32+1, max(maxBatch, 2*n))
}

// record reads one record into r, which is zero.
func (d *decoder) record(i int, r *Record) int {
	d.seen, d.field = 0, 0
	if !d.is(i, '{') {
		return d.fail(i, "a record: an object")
	}
	i++
	for first := true; ; first = false {
		var ok bool
		d.field = 0
		if !first && i+1 < len(d.data) && d.data[i] == ',' && d.data[i+1] == '"' {
			i++ // as AWS writes it; saves a call
		} else if i, ok = d.more(i, first, '}'); i < 0 {
			return i
		} else if !ok {
			break
		}
		f, size := fieldAt(d.data[i:])
		if size > 0 {
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
			r.Headers, i = d.headerArray(i)
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
	if missing := needed &^ d.seen; missing != 0 {
		return d.fail(i-1, `a record with "topic", "partition" and "offset"`)
	}
	return i
}

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
		n, i = d.integer(i, 0, math.MaxInt64, "an offset: a whole number of 64 bits, not negative")
	case fieldTimestamp:
		n, i = d.integer(i, math.MinInt64, math.MaxInt64, "a timestamp: a whole number of milliseconds")
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
