package kafka

import (
	"encoding/binary"
	"math"
	"math/bits"
)

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
// which there is room already, have as many as those before; and never less than
// there was room for, so that the newest slab is the largest, which is kept.
func (d *decoder) expectedHeaders() int {
	n, room := len(d.records), cap(d.headers)
	more := d.headerCount * (cap(d.records) - n + 1) / max(1, n-1)
	return max(32, room, min(more+more/32, 2*room+maxBatch))
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
