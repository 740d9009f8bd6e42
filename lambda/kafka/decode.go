package kafka

import (
	"bytes"
	"cmp"
	"fmt"
	"slices"
	"strconv"
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

// memory is what the records of a batch lie in. A handler uses it again for the
// next batch: a fresh one for each would be most of the garbage that there is,
// and make the peak of the process' memory depend on when it is collected.
type memory struct {
	records []Record
	progress
}

// wipe lets go of the payload, and turns records that are used although the
// handler has returned into empty ones, so that a test can notice.
func (m *memory) wipe() {
	clear(m.records)
	m.records = m.records[:0]
}

// decoder holds what decoding one payload needs. What it returns shares
// memory with data, never with the decoder.
type decoder struct {
	scanner

	parts   []partition
	records []Record
	schemas []Schema // the newest slab of them
	strings interner

	topic, timestampType string // the most recent ones

	// prefix is how a recent record began, with its topic and its partition and
	// the comma after them: the next records of the partition begin the same.
	prefix          []byte
	prefixTopic     string
	prefixPartition int32

	// kindSpan is how a recent timestamp type stands in the payload, with the
	// comma before its name.
	kindSpan []byte
	kind     string

	// Of the record being read, to name it in an error.
	seen      field
	field     field
	headersAt int // where its headers are, if there are any
	// firstRecord is where the first record begins, to tell how many follow.
	firstRecord int
	found       bool // records, as an object
	slow        bool // without what is there for speed alone, for tests
}

// decode reads a whole event. It decodes base64 in place: the payload is
// overwritten, also when decode fails. The partitions come in the order of their
// names and have records, which lie in m.
func decode(payload []byte, m *memory) ([]partition, error) {
	d := decoder{scanner: scanner{data: payload}}
	return d.decode(m)
}

func (d *decoder) decode(m *memory) ([]partition, error) {
	d.records = m.records[:0]
	i := d.space(0)
	if i = d.event(i); i >= 0 {
		if i = d.space(i); i < len(d.data) {
			d.fail(i, "the end of the payload")
		}
	}
	m.records = d.records
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
		d.err = &decodeError{at: i, want: "a Kafka event: eventSource aws:kafka or SelfManagedKafka", got: strconv.Quote(string(source[:min(len(source), 64)]))}
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
			if d.err.record == "" {
				d.err.record = fmt.Sprintf("records[%q]", p.name)
			}
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
		if !first && !d.slow && i+1 < len(d.data) && d.data[i] == ',' && d.data[i+1] == '{' {
			i++ // as AWS writes it; saves a call
		} else if i, ok = d.more(i, first, ']'); !ok || i < 0 {
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
	d.records[n] = Record{}
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
