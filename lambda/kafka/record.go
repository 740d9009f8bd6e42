package kafka

import (
	"strconv"
	"time"
)

// Record is one Kafka record, decoded.
//
// Strings are copies and may be kept, and so are the values of its headers. Key
// and Value are parts of the invocation's payload, which the runtime overwrites
// with the next one: they, and the *Record itself, are valid until the handler
// returns. Clone makes a record that may be kept.
type Record struct {
	// Topic and Partition are the record's own fields of the event. Whatever
	// is reported back to Lambda is named by the event's map key instead.
	Topic     string
	Partition int32
	Offset    int64

	// Timestamp is in UTC, in whole milliseconds; the zero Time when the event
	// has none. TimestampType says what it means: CREATE_TIME or
	// LOG_APPEND_TIME.
	Timestamp     time.Time
	TimestampType string

	// Key and Value are nil when null or absent, as a tombstone's value is,
	// and not nil but of length 0 when empty.
	Key   []byte
	Value []byte

	// KeySchema and ValueSchema are what the mapping's schema registry says
	// of Key and Value; nil without one. Records share them: read only.
	KeySchema   *Schema
	ValueSchema *Schema

	// headers are as they stand in the payload, an array; nil if there are none.
	headers []byte
}

// Schema names the schema that a key or a value was written with.
type Schema struct {
	DataFormat string // AVRO, JSON or PROTOBUF
	SchemaID   string
}

// String returns the position of the record, such as orders[0]@7.
func (r *Record) String() string {
	return position(r.Topic, r.Partition, r.Offset)
}

func position(topic string, partition int32, offset int64) string {
	b := make([]byte, 0, len(topic)+24)
	b = append(b, topic...)
	b = append(b, '[')
	b = strconv.AppendInt(b, int64(partition), 10)
	b = append(b, "]@"...)
	b = strconv.AppendInt(b, offset, 10)
	return string(b)
}

// Clone returns a copy that shares no memory with the payload or with other
// records, to be kept after the handler has returned.
func (r *Record) Clone() *Record {
	c := *r
	buf := make([]byte, 0, len(r.Key)+len(r.Value)+len(r.headers))
	own := func(b []byte) []byte {
		if b == nil {
			return nil
		}
		start := len(buf)
		buf = append(buf, b...)
		return buf[start:len(buf):len(buf)]
	}
	c.Key, c.Value, c.headers = own(r.Key), own(r.Value), own(r.headers)
	c.KeySchema, c.ValueSchema = r.KeySchema.clone(), r.ValueSchema.clone()
	return &c
}

func (s *Schema) clone() *Schema {
	if s == nil {
		return nil
	}
	c := *s
	return &c
}
