package kafka

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"iter"
	"math"
	"math/bits"
	"strconv"
)

// Header is one header of a record. A nil Value is a null one.
type Header struct {
	Key   string
	Value []byte
}

// Headers returns the record's headers in the order of the event, duplicates
// included. The value of a null header is nil, that of an empty one is not.
//
// They are decoded as they are asked for, each time anew; what is returned is a
// copy and may be kept. A header that is malformed, which only Lambda can have
// written, panics when it is reached, and so fails the record as any panic does:
// it is never left out. [Record.CheckHeaders] tells without a panic.
func (r *Record) Headers() iter.Seq2[string, []byte] {
	return func(yield func(string, []byte) bool) {
		s := scanner{data: r.headers}
		s.eachHeader(func(name []byte, at int) int {
			key := string(name)
			value, next := s.headerValue(at, nil)
			if next < 0 || !yield(key, value) {
				return -1
			}
			return next
		})
		r.panicOn(s.err)
	}
}

// Header returns the value of the last header named key, as lastHeader of
// Kafka's own client does: what is added on the way comes last. ok says whether
// there is one; the value of a null header is nil.
//
// It decodes that one header. It panics as [Record.Headers] does if its value is
// malformed, or if what is cannot be told from its name.
func (r *Record) Header(key string) (value []byte, ok bool) {
	s := scanner{data: r.headers}
	last := -1
	s.eachHeader(func(name []byte, at int) int {
		if string(name) == key {
			last = at
		}
		return s.skipHeader(at)
	})
	if s.err == nil && last >= 0 {
		value, _ = s.headerValue(last, nil)
	}
	r.panicOn(s.err)
	return value, last >= 0
}

// CheckHeaders returns an error that says what is malformed in the headers and
// where, and nil if Headers and Header can be called without a panic.
func (r *Record) CheckHeaders() error {
	s := scanner{data: r.headers}
	var buf []byte
	s.eachHeader(func(_ []byte, at int) (next int) {
		buf, next = s.headerValue(at, buf[:0])
		return next
	})
	if s.err != nil {
		return &headersError{r.String(), s.err}
	}
	return nil
}

// SetHeaders replaces the headers of a record by copies of these, for records
// that are made in a test.
func (r *Record) SetHeaders(headers ...Header) {
	b := []byte{'['}
	for i, h := range headers {
		if i > 0 {
			b = append(b, ',')
		}
		name, _ := json.Marshal(h.Key) // a string always can be
		b = append(append(append(b, '{'), name...), ':')
		if h.Value == nil {
			b = append(b, "null}"...)
			continue
		}
		b = append(b, '[')
		for k, c := range h.Value {
			if k > 0 {
				b = append(b, ',')
			}
			b = strconv.AppendInt(b, int64(int8(c)), 10) // signed, as Lambda does
		}
		b = append(b, "]}"...)
	}
	r.headers = append(b, ']')
}

func (r *Record) panicOn(err *decodeError) {
	if err != nil {
		panic(&headersError{r.String(), err})
	}
}

// headersError is a malformed header of a record.
type headersError struct {
	record string
	cause  *decodeError // its byte offset is in the headers
}

func (e *headersError) Error() string {
	return fmt.Sprintf("kafka: decode %s: headers: byte %d of them: want %s, got %s", e.record, e.cause.at, e.cause.want, e.cause.got)
}

// headerArray finds where the array of headers at i ends. What the headers are
// is for those to read who ask for them: it is most of the work of an event that
// has many, and few functions do.
//
// Headers as AWS writes them are only looked at for their brackets and the
// quotes of names, so that numbers may be malformed; nothing else of the event
// can be hidden in there, because its fields are all quoted. Anything else must
// be JSON.
func (d *decoder) headerArray(i int, before []byte) (raw []byte, next int) {
	if before != nil && d.skip(d.headersAt, 4) < 0 {
		return nil, -1 // nobody will read those
	}
	if next, ok := d.null(i); ok {
		return nil, next
	}
	if !d.is(i, '[') {
		return nil, d.fail(i, "an array of headers")
	}
	end := headersEnd(d.data, i)
	if end < 0 {
		if end = d.skip(i, 4); end < 0 {
			return nil, end
		}
	}
	d.headersAt = i
	return d.data[i:end:end], end
}

// headersEnd returns where the array of headers at i ends, if it is written as
// AWS writes it: without white space, one header in each object, and no quotes
// in what should be a header's numbers. Otherwise it is -1.
func headersEnd(p []byte, i int) int {
	i++
	if i < len(p) && p[i] == ']' {
		return i + 1
	}
	for len(p)-i >= 2 && p[i] == '{' && p[i+1] == '"' {
		i += 2
		n := bytes.IndexByte(p[i:], '"')
		if n < 0 || n > 0 && p[i+n-1] == '\\' {
			return -1
		}
		i += n
		if len(p)-i < 3 || p[i+1] != ':' || p[i+2] != '[' {
			return -1
		}
		i += 3
		n = bytes.IndexByte(p[i:], ']')
		if n < 0 || bytes.IndexByte(p[i:i+n], '"') >= 0 {
			return -1
		}
		i += n
		if len(p)-i < 3 || p[i+1] != '}' {
			return -1
		}
		switch p[i+2] {
		case ']':
			return i + 3
		case ',':
			i += 3
		default:
			return -1
		}
	}
	return -1
}

// The methods below read what headerArray has found: s.data is the array, or
// empty if there is none.

// eachHeader calls found with the name of each header, in order, and where its
// value is. found returns where to go on, after the value, or -1 to end.
func (s *scanner) eachHeader(found func(name []byte, at int) (next int)) {
	if len(s.data) == 0 {
		return
	}
	i, ok := s.more(1, true, ']')
	for ok && i >= 0 {
		if i = s.headerObject(i, found); i < 0 {
			return
		}
		i, ok = s.more(i, false, ']')
	}
}

// headerObject reads an element of the array: most often one header, but it may
// be several, or null.
func (s *scanner) headerObject(i int, found func(name []byte, at int) (next int)) int {
	if next, ok := s.null(i); ok {
		return next
	}
	if !s.is(i, '{') {
		return s.fail(i, "a header: an object")
	}
	i, ok := s.more(i+1, true, '}')
	for ok && i >= 0 {
		name, _, next := s.text(i, "a header's name in quotes")
		if next < 0 {
			return next
		}
		if i = s.colon(next); i < 0 {
			return i
		}
		if i = found(name, i); i < 0 {
			return i
		}
		i, ok = s.more(i, false, '}')
	}
	return i
}

// skipHeader moves past the value of a header that nobody reads.
func (s *scanner) skipHeader(i int) int {
	if s.is(i, '[') {
		n := bytes.IndexByte(s.data[i:], ']')
		if n > 0 && bytes.IndexByte(s.data[i+1:i+n], '[') < 0 && bytes.IndexByte(s.data[i:i+n], '"') < 0 {
			return i + n + 1
		}
	}
	return s.skip(i, 2)
}

// headerValue reads a header's array of bytes, signed as Java's are or unsigned,
// or null. It uses buf if that has room.
func (s *scanner) headerValue(i int, buf []byte) (value []byte, next int) {
	const want = "a byte: a whole number from -128 to 255"
	if next, ok := s.null(i); ok {
		return nil, next
	}
	if !s.is(i, '[') {
		return nil, s.fail(i, "an array of bytes")
	}
	i++
	n := max(0, bytes.IndexByte(s.data[i:], ']'))
	if room := bytes.Count(s.data[i:i+n], []byte{','}) + 1; room > cap(buf) {
		buf = make([]byte, room)
	}
	buf, n = buf[:cap(buf)], 0
	i, ok := s.more(i, true, ']')
	for ok {
		var read int
		i, read = plainBytes(s.data, i, buf[n:])
		n += read
		var v int64
		if v, i = s.integer(s.space(i), math.MinInt8, math.MaxUint8, want); i < 0 {
			return nil, i
		}
		buf[n] = byte(v)
		n++
		i, ok = s.more(i, false, ']')
	}
	if i < 0 {
		return nil, i
	}
	return buf[:n:n], i
}

// plainBytes reads numbers from -128 to 255 at i, each with a ',' right after
// it, into buf. It stops at the first one that is not like that: the last one,
// or what may still be right and is for headerValue to see to.
//
// Whether a byte of a header is negative, and how many digits it has, cannot be
// predicted, so nothing here branches on it.
func plainBytes(p []byte, i int, buf []byte) (next, n int) {
	for len(p)-i >= 8 && n < len(buf) {
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
		buf[n] = byte((v ^ -negative) + negative)
		n++
		i += end + 1
	}
	return i, n
}
