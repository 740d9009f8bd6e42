package kafka

import (
	"encoding/binary"
	"math"
	"math/bits"
)

// integer reads a whole number from least to most. As for encoding/json, 1.0 and
// 1e3 are none.
func (s *scanner) integer(i int, least, most int64, want string) (n int64, next int) {
	start := i
	negative := s.is(i, '-')
	if negative {
		i++
	}
	first := i
	u, i, ok := digitsAt(s.data, i)
	if !ok {
		return 0, s.fail(start, want)
	}
	if i == first || s.data[first] == '0' && i > first+1 {
		return 0, s.fail(start, want)
	}
	if i < len(s.data) && (s.data[i] == '.' || s.data[i]|0x20 == 'e') {
		return 0, s.fail(start, want)
	}
	switch {
	case u <= math.MaxInt64:
		n = int64(u)
		if negative {
			n = -n
		}
	case negative && u == -math.MinInt64:
		n = math.MinInt64
	default:
		return 0, s.fail(start, want)
	}
	if n < least || n > most {
		return 0, s.fail(start, want)
	}
	return n, i
}

var pow10 = [...]uint64{1, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8}

// digitsAt reads decimal digits, eight at a time; ok is false when their value
// is not to be held in 64 bits.
func digitsAt(p []byte, i int) (u uint64, next int, ok bool) {
	for len(p)-i >= 8 {
		w := binary.LittleEndian.Uint64(p[i:]) ^ 0x3030303030303030
		// The top bit of each byte that is no digit.
		others := ((w&0x7f7f7f7f7f7f7f7f + 0x7676767676767676) | w) & 0x8080808080808080
		count := bits.TrailingZeros64(others) / 8
		w <<= 8 * (8 - count)
		w = (w*10 + w>>8) & 0x00ff00ff00ff00ff
		w = (w*100 + w>>16) & 0x0000ffff0000ffff
		w = (w*10000 + w>>32) & 0x00000000ffffffff
		if u != 0 {
			hi, lo := bits.Mul64(u, pow10[count])
			sum, carry := bits.Add64(lo, w, 0)
			if hi != 0 || carry != 0 {
				return 0, i, false
			}
			w = sum
		}
		u = w
		i += count
		if count < 8 {
			return u, i, true
		}
	}
	for ; i < len(p) && p[i]-'0' <= 9; i++ {
		hi, lo := bits.Mul64(u, 10)
		sum, carry := bits.Add64(lo, uint64(p[i]-'0'), 0)
		if hi != 0 || carry != 0 {
			return 0, i, false
		}
		u = sum
	}
	return u, i, true
}

// number skips a number of any size.
func (s *scanner) number(i int) int {
	if s.is(i, '-') {
		i++
	}
	if s.is(i, '0') {
		i++
	} else if i = s.digits(i); i < 0 {
		return i
	}
	if s.is(i, '.') {
		if i = s.digits(i + 1); i < 0 {
			return i
		}
	}
	if s.is(i, 'e') || s.is(i, 'E') {
		i++
		if s.is(i, '+') || s.is(i, '-') {
			i++
		}
		return s.digits(i)
	}
	return i
}

func (s *scanner) digits(i int) int {
	start := i
	for i < len(s.data) && s.data[i]-'0' <= 9 {
		i++
	}
	if i == start {
		return s.fail(i, "a digit")
	}
	return i
}
