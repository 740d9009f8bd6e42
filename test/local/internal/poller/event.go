package poller

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"slices"
	"strconv"
	"strings"

	"github.com/twmb/franz-go/pkg/kgo"
)

// encoder makes the events that Lambda makes of records.
type encoder struct {
	head []byte // up to and with the '{' of records
	// names are the quoted keys of records, before the number of a partition.
	name []byte
}

func newEncoder(c *Config) encoder {
	head := append([]byte(`{"eventSource":"aws:kafka","eventSourceArn":`), quote(c.SourceARN)...)
	head = append(head, `,"bootstrapServers":`...)
	head = append(head, quote(strings.Join(c.Brokers, ","))...)
	head = append(head, `,"records":{`...)
	name := quote(c.Topic + "-")
	return encoder{head, name[:len(name)-1]}
}

// quote returns s as JSON, without the escapes for HTML that are Go's own.
func quote(s string) []byte {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	_ = enc.Encode(s) // a string has no way to fail
	return bytes.TrimRight(b.Bytes(), "\n")
}

const tail = "}}"

// record returns a record as it stands in an event.
//
// A null key or value is null at even offsets and left out at odd ones: Lambda
// has been reported to do either, so a function must stand both.
func (e encoder) record(r *kgo.Record) []byte {
	b := make([]byte, 0, 160+len(r.Topic)+base64.StdEncoding.EncodedLen(len(r.Key))+base64.StdEncoding.EncodedLen(len(r.Value)))
	b = append(b, `{"topic":`...)
	b = append(b, quote(r.Topic)...)
	b = append(b, `,"partition":`...)
	b = strconv.AppendInt(b, int64(r.Partition), 10)
	b = append(b, `,"offset":`...)
	b = strconv.AppendInt(b, r.Offset, 10)
	b = append(b, `,"timestamp":`...)
	b = strconv.AppendInt(b, r.Timestamp.UnixMilli(), 10)
	b = append(b, `,"timestampType":"`...)
	b = append(b, timestampType(r)...)
	b = append(b, '"')
	b = appendBytes(b, "key", r.Key, r.Offset)
	b = appendBytes(b, "value", r.Value, r.Offset)
	b = append(b, `,"headers":[`...)
	for i, h := range r.Headers {
		if i > 0 {
			b = append(b, ',')
		}
		b = append(b, '{')
		b = append(b, quote(h.Key)...)
		b = append(b, ':')
		b = appendSigned(b, h.Value)
		b = append(b, '}')
	}
	return append(b, "]}"...)
}

func timestampType(r *kgo.Record) string {
	switch r.Attrs.TimestampType() {
	case 0:
		return "CREATE_TIME"
	case 1:
		return "LOG_APPEND_TIME"
	}
	return "NO_TIMESTAMP_TYPE"
}

func appendBytes(b []byte, name string, value []byte, offset int64) []byte {
	if value == nil && offset%2 != 0 {
		return b
	}
	b = append(b, `,"`...)
	b = append(b, name...)
	b = append(b, `":`...)
	if value == nil {
		return append(b, "null"...)
	}
	b = append(b, '"')
	b = base64.StdEncoding.AppendEncode(b, value)
	return append(b, '"')
}

// appendSigned writes the bytes of a header as Java's are: from -128 to 127.
// What Lambda makes of a header that is null is not documented.
func appendSigned(b, value []byte) []byte {
	if value == nil {
		return append(b, "null"...)
	}
	b = append(b, '[')
	for i, c := range value {
		if i > 0 {
			b = append(b, ',')
		}
		b = strconv.AppendInt(b, int64(int8(c)), 10)
	}
	return append(b, ']')
}

// event returns the event of records, grouped by partition, each in order.
func (e encoder) event(records []*record) []byte {
	groups := map[int32][]*record{}
	size := len(e.head) + len(tail)
	for _, r := range records {
		groups[r.Partition] = append(groups[r.Partition], r)
		size += len(r.json) + 1
	}
	partitions := make([]int32, 0, len(groups))
	for n := range groups {
		partitions = append(partitions, n)
	}
	slices.Sort(partitions)
	b := append(make([]byte, 0, size+len(partitions)*(len(e.name)+16)), e.head...)
	for i, n := range partitions {
		if i > 0 {
			b = append(b, ',')
		}
		b = e.appendName(b, n)
		b = append(b, ":["...)
		for k, r := range groups[n] {
			if k > 0 {
				b = append(b, ',')
			}
			b = append(b, r.json...)
		}
		b = append(b, ']')
	}
	return append(b, tail...)
}

func (e encoder) appendName(b []byte, partition int32) []byte {
	b = append(b, e.name...)
	b = strconv.AppendInt(b, int64(partition), 10)
	return append(b, '"')
}

// size counts the bytes of an event while records are added to it.
type size struct {
	e     encoder
	bytes int
	seen  map[int32]bool
}

func (e encoder) newSize() *size {
	return &size{e, len(e.head) + len(tail), map[int32]bool{}}
}

// add returns the size with r.
func (s *size) add(r *record) int {
	if !s.seen[r.Partition] {
		if len(s.seen) > 0 {
			s.bytes++ // the comma
		}
		s.seen[r.Partition] = true
		s.bytes += len(s.e.appendName(nil, r.Partition)) + len(":[]")
	} else {
		s.bytes++
	}
	s.bytes += len(r.json)
	return s.bytes
}

// sizeOf returns the size of an event of r alone.
func (e encoder) sizeOf(r *record) int { return e.newSize().add(r) }
