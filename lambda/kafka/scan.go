package kafka

import (
	"unicode/utf16"
	"unicode/utf8"
)

// maxDepth is how deep values may nest, as in encoding/json.
const maxDepth = 10000

// scanner reads JSON. Its methods take the index to read at and return the index
// after what they have read, or -1 after calling fail.
type scanner struct {
	data    []byte
	err     *decodeError
	scratch []byte
}

// fail notes what was wanted at i. The first failure counts.
func (s *scanner) fail(i int, want string) int {
	if s.err == nil {
		s.err = &decodeError{at: i, want: want, got: s.got(i)}
	}
	return -1
}

func (s *scanner) got(i int) string {
	if i >= len(s.data) {
		return "the end of the payload"
	}
	return quoteByte(s.data[i])
}

// space skips white space.
func (s *scanner) space(i int) int {
	for ; i < len(s.data); i++ {
		if c := s.data[i]; c > ' ' || c != ' ' && c != '\n' && c != '\t' && c != '\r' {
			break
		}
	}
	return i
}

// is reports whether c is at i.
func (s *scanner) is(i int, c byte) bool {
	return i < len(s.data) && s.data[i] == c
}

// more moves to the next element of the object or array that end closes, or
// past its end, and then ok is false. A comma before the end is refused by
// whoever reads the element.
func (s *scanner) more(i int, first bool, end byte) (next int, ok bool) {
	i = s.space(i)
	if i < len(s.data) {
		switch c := s.data[i]; {
		case c == end:
			return i + 1, false
		case first:
			return i, true
		case c == ',':
			return s.space(i + 1), true
		}
	}
	if first {
		return i, true
	}
	if end == '}' {
		return s.fail(i, "',' or '}'"), false
	}
	return s.fail(i, "',' or ']'"), false
}

// name reads an object's next key and the colon after it. The text is valid
// until the next call.
func (s *scanner) name(i int) (text []byte, next int) {
	text, _, i = s.text(i, "a key in quotes")
	if i < 0 {
		return nil, i
	}
	return text, s.colon(i)
}

func (s *scanner) colon(i int) int {
	i = s.space(i)
	if !s.is(i, ':') {
		return s.fail(i, "':'")
	}
	return s.space(i + 1)
}

// null reads null where it is allowed in place of a value.
func (s *scanner) null(i int) (next int, ok bool) {
	if !s.is(i, 'n') {
		return i, false
	}
	return s.literal(i, "null"), true
}

func (s *scanner) literal(i int, word string) int {
	for k := range len(word) {
		if !s.is(i+k, word[k]) {
			return s.fail(i+k, word)
		}
	}
	return i + len(word)
}

// text reads a string as encoding/json does: escapes are resolved, what is
// not UTF-8 and lone surrogates become U+FFFD; exact is false then. The result
// is part of the data or of s.scratch, valid until the next call.
func (s *scanner) text(i int, want string) (text []byte, exact bool, next int) {
	end, plain := s.quoted(i, want)
	if end < 0 {
		return nil, false, -1
	}
	raw := s.data[i+1 : end]
	if plain {
		return raw, true, end + 1
	}
	s.scratch, exact = unquote(s.scratch[:0], raw)
	return s.scratch, exact, end + 1
}

// quoted finds the closing quote of the string at i and checks what is
// between: plain says that it is ASCII without escapes.
func (s *scanner) quoted(i int, want string) (end int, plain bool) {
	if !s.is(i, '"') {
		return s.fail(i, want), false
	}
	return s.closing(i + 1)
}

// closing is quoted from the inside of a string.
func (s *scanner) closing(i int) (end int, plain bool) {
	plain = true
	for ; i < len(s.data); i++ {
		switch c := s.data[i]; {
		case c == '"':
			return i, plain
		case c == '\\':
			plain = false
			if i = s.escape(i); i < 0 {
				return -1, false
			}
		case c < ' ':
			return s.fail(i, "an escape in place of a control character"), false
		case c >= utf8.RuneSelf:
			plain = false
		}
	}
	return s.fail(i, `'"' to end the string`), false
}

// escape checks the escape at i and returns the index of its last byte.
func (s *scanner) escape(i int) int {
	i++
	if i >= len(s.data) {
		return s.fail(i, "an escape")
	}
	switch s.data[i] {
	case '"', '\\', '/', 'b', 'f', 'n', 'r', 't':
		return i
	case 'u':
		for range 4 {
			i++
			if i >= len(s.data) || hexDigit(s.data[i]) < 0 {
				return s.fail(i, "four hexadecimal digits")
			}
		}
		return i
	}
	return s.fail(i, "an escape")
}

func hexDigit(c byte) rune {
	switch {
	case '0' <= c && c <= '9':
		return rune(c - '0')
	case 'a' <= c && c <= 'f':
		return rune(c - 'a' + 10)
	case 'A' <= c && c <= 'F':
		return rune(c - 'A' + 10)
	}
	return -1
}

// unquote appends the text of a string that quoted has checked.
func unquote(dst, raw []byte) (text []byte, exact bool) {
	exact = true
	for i := 0; i < len(raw); {
		switch c := raw[i]; {
		case c == '\\' && raw[i+1] == 'u':
			r := hexRune(raw[i+2:])
			i += 6
			if utf16.IsSurrogate(r) {
				low := rune(utf8.RuneError)
				if len(raw)-i >= 6 && raw[i] == '\\' && raw[i+1] == 'u' {
					low = hexRune(raw[i+2:])
				}
				if r = utf16.DecodeRune(r, low); r == utf8.RuneError {
					exact = false
				} else {
					i += 6
				}
			}
			dst = utf8.AppendRune(dst, r)
		case c == '\\':
			dst = append(dst, unescaped(raw[i+1]))
			i += 2
		case c < utf8.RuneSelf:
			dst = append(dst, c)
			i++
		default:
			r, n := utf8.DecodeRune(raw[i:])
			if r == utf8.RuneError && n == 1 {
				exact = false
			}
			dst = utf8.AppendRune(dst, r)
			i += n
		}
	}
	return dst, exact
}

func hexRune(p []byte) rune {
	return hexDigit(p[0])<<12 | hexDigit(p[1])<<8 | hexDigit(p[2])<<4 | hexDigit(p[3])
}

func unescaped(c byte) byte {
	switch c {
	case 'b':
		return '\b'
	case 'f':
		return '\f'
	case 'n':
		return '\n'
	case 'r':
		return '\r'
	case 't':
		return '\t'
	}
	return c
}

// skip checks the value at i, of any type, and moves past it. depth is how
// many objects and arrays are open around it.
func (s *scanner) skip(i, depth int) int {
	if i >= len(s.data) {
		return s.fail(i, "a value")
	}
	switch c := s.data[i]; {
	case c == '"':
		end, _ := s.quoted(i, "")
		if end < 0 {
			return end
		}
		return end + 1
	case c == '-' || c-'0' <= 9:
		return s.number(i)
	case c == 't':
		return s.literal(i, "true")
	case c == 'f':
		return s.literal(i, "false")
	case c == 'n':
		return s.literal(i, "null")
	case c == '{' || c == '[':
		return s.skipNested(i, depth)
	}
	return s.fail(i, "a value")
}

// skipNested skips an object or array. It keeps its own stack, a bit a level,
// because a payload can nest deeper than is good for the goroutine's.
func (s *scanner) skipNested(i, depth int) int {
	var objects [maxDepth/64 + 1]uint64
	first := false
	outer := depth
	for {
		// At a value.
		if c := s.data[i:min(i+1, len(s.data))]; len(c) > 0 && (c[0] == '{' || c[0] == '[') {
			if depth++; depth > maxDepth {
				return s.fail(i, "at most 10000 levels of nesting")
			}
			if c[0] == '{' {
				objects[depth/64] |= 1 << (depth % 64)
			} else {
				objects[depth/64] &^= 1 << (depth % 64)
			}
			first = true
			i++
		} else if i = s.skip(i, depth); i < 0 {
			return i
		} else {
			first = false
		}
		// After a value: close what ends here, then move to the next.
		for {
			object := objects[depth/64]&(1<<(depth%64)) != 0
			end := byte(']')
			if object {
				end = '}'
			}
			var ok bool
			if i, ok = s.more(i, first, end); i < 0 {
				return i
			}
			if !ok {
				first = false
				if depth--; depth == outer {
					return i
				}
				continue
			}
			if object {
				if _, i = s.name(i); i < 0 {
					return i
				}
			}
			break
		}
	}
}
