package kafka

import "github.com/segmentio/asm/base64"

// sextets holds the six bits that a base64 character stands for, and notBase64
// for all other bytes.
var sextets = newSextets()

const notBase64 = 0xff

func newSextets() (t [256]byte) {
	const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
	for i := range t {
		t[i] = notBase64
	}
	for v := range len(alphabet) {
		t[alphabet[v]] = byte(v)
	}
	return t
}

// vectorFrom is the length from which on calling the vector code pays.
const vectorFrom = 48

// decodeBase64 decodes p in place, padded standard base64, and returns how many
// bytes it wrote. When p is malformed ok is false and n is what the groups of
// four before the malformed one made.
//
// As encoding/base64 it lets the unused bits of the last character be
// anything: the key in the AWS documentation's sample event has such bits.
// Unlike encoding/base64 it takes no line breaks.
func decodeBase64(p []byte) (n int, ok bool) {
	if len(p) == 0 || len(p)%4 != 0 {
		return 0, len(p) == 0
	}
	// The last group is the only one that may be padded.
	last := len(p) - 4
	if last < vectorFrom {
		n, ok = decodeShort(p[:last])
	} else {
		// The vector code leaves the end to encoding/base64. Where that skips
		// line breaks or takes padding, n is short.
		var err error
		n, err = base64.StdEncoding.Decode(p[:last], p[:last])
		ok = err == nil && n == last/4*3
	}
	if !ok {
		return n, false
	}
	g := p[last:]
	a, b, c, d := sextets[g[0]], sextets[g[1]], sextets[g[2]], sextets[g[3]]
	size := 3
	if g[3] == '=' {
		size, d = 2, 0
		if g[2] == '=' {
			size, c = 1, 0
		}
	}
	if (a|b|c|d)>>6 != 0 {
		return n, false
	}
	out := [3]byte{a<<2 | b>>4, b<<4 | c>>2, c<<6 | d}
	return n + copy(p[n:], out[:size]), true
}

// decodeShort decodes whole groups, for what is too short for vector code to
// pay.
func decodeShort(p []byte) (n int, ok bool) {
	for i := 0; i < len(p); i += 4 {
		g := p[i : i+4 : i+4]
		a, b, c, d := sextets[g[0]], sextets[g[1]], sextets[g[2]], sextets[g[3]]
		if (a|b|c|d)>>6 != 0 {
			return n, false
		}
		p[n], p[n+1], p[n+2] = a<<2|b>>4, b<<4|c>>2, c<<6|d
		n += 3
	}
	return n, true
}

// badBase64 returns where p, of which decodeBase64 has decoded n bytes, is
// malformed: the first byte that does not belong, or the end. What has been
// overwritten lies before the group of four that it starts from.
func badBase64(p []byte, n int) int {
	i := min(n/3*4, len(p))
	for i < len(p) && sextets[p[i]] != notBase64 {
		i++
	}
	return i
}
