package kafka

import (
	"bytes"
	"math"
	"time"
)

// usual reads what follows the topic and the partition of a record as long as it
// is written as AWS writes it: without white space, and the fields in AWS's
// order, of which any may be left out at the end. It returns where it has got to,
// before a comma or the closing bracket, for record to go on from: it may be
// nowhere, or the end of the record.
//
// It is there for speed alone: it reads each value by the same means as record,
// but does not have to find out which it is.
func (d *decoder) usual(i int, r *Record) int {
	const (
		offset    = `,"offset":`
		timestamp = `,"timestamp":`
		kind      = `,"timestampType":`
		key       = `,"key":`
		value     = `,"value":`
		headers   = `,"headers":`
	)
	if !d.follows(i, offset) || !d.digit(i+len(offset)) {
		return i
	}
	d.field = fieldOffset
	n, i := d.integer(i+len(offset), 0, math.MaxInt64, wantOffset)
	if i < 0 {
		return i
	}
	r.Offset = n
	d.seen |= fieldOffset

	if !d.follows(i, timestamp) || !d.digit(i+len(timestamp)) {
		return i
	}
	d.field = fieldTimestamp
	if n, i = d.integer(i+len(timestamp), math.MinInt64, math.MaxInt64, wantTimestamp); i < 0 {
		return i
	}
	r.Timestamp = time.UnixMilli(n).UTC()

	if span := d.kindSpan; len(span) > 0 && bytes.HasPrefix(d.data[i:], span) {
		r.TimestampType = d.kind
		i += len(span)
	} else if d.follows(i, kind+`"`) {
		d.field = fieldTimestampType
		start := i
		if r.TimestampType, i = d.string(i+len(kind), &d.timestampType); i < 0 {
			return i
		}
		if string(d.data[start+len(kind)+1:i-1]) == r.TimestampType {
			d.kindSpan, d.kind = d.data[start:i], r.TimestampType
		}
	} else {
		return i
	}
	if d.follows(i, key+`"`) {
		d.field = fieldKey
		if r.Key, i = d.bytes(i + len(key)); i < 0 {
			return i
		}
	}
	if d.follows(i, value+`"`) {
		d.field = fieldValue
		if r.Value, i = d.bytes(i + len(value)); i < 0 {
			return i
		}
	}
	if d.follows(i, headers+`[`) {
		d.field = fieldHeaders
		r.headers, i = d.headerArray(i+len(headers), nil)
	}
	return i
}

// digit reports whether a digit is at i.
func (s *scanner) digit(i int) bool {
	return i < len(s.data) && s.data[i]-'0' <= 9
}

// follows reports whether text is at i.
func (s *scanner) follows(i int, text string) bool {
	return len(s.data)-i >= len(text) && string(s.data[i:i+len(text)]) == text
}
