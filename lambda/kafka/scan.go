package kafka

import (
	"unicode/utf16"
	"unicode/utf8"
)

// maxDepth is how deep values may nest, as in encoding/json.
const maxDepth = 10000

// The methods of this file read JSON. They take the index to read at and
// return the index after what they have read, or -1 after calling fail.

// fail notes what was wanted at i. The first failure counts.
func (d *decoder) fail(i int, want string) int {
	if d.err == nil {
		d.err = &decodeError{at: i, want: want, got: d.got(i)}
	}
	return -1
}

func (d *decoder) got(i int) string {
	if i >= len(d.data) {
		return "the end of the payload"
	}
	return quoteByte(d.data[i])
}

// space skips white space.
func (d *decoder) space(i int) int {
	for ; i < len(d.data); i++ {
		if c := d.data[i]; c > ' ' || c != ' ' && c != '\n' && c != '\t' && c != '\r' {
			break
		}
	}
	return i
}

// is reports whether c is at i.
func (d *decoder) is(i int, c byte) bool {
	return i < len(d.data) && d.data[i] == c
}

// more moves to the next element of the object or array that end closes, or
// past its end, and then ok is false. A comma before the end is refused by
// whoever reads the element.
func (d *decoder) more(i int, first bool, end byte) (next int, ok bool) {
	i = d.space(i)
	if i < len(d.data) {
		switch c := d.data[i]; {
		case c == end:
			return i + 1, false
		case first:
			return i, true
		case c == ',':
			return d.space(i + 1), true
		}
	}
	if first {
		return i, true
	}
	if end == '}' {
		return d.fail(i, "',' or '}'"), false
	}
	return d.fail(i, "',' or ']'"), false
}

// name reads an object's next key and the colon after it. The text is valid
// until the next call.
func (d *decoder) name(i int) (text []byte, next int) {
	text, _, i = d.text(i, "a key in quotes")
	if i < 0 {
		return nil, i
	}
	return text, d.colon(i)
}

func (d *decoder) colon(i int) int {
	i = d.space(i)
	if !d.is(i, ':') {
		return d.fail(i, "':'")
	}
	return d.space(i + 1)
}

// null reads null where it is allowed in place of a value.
func (d *decoder) null(i int) (next int, ok bool) {
	if !d.is(i, 'n') {
		return i, false
	}
	return d.literal(i, "null"), true
}

func (d *decoder) literal(i int, word string) int {
	for k := range len(word) {
		if !d.is(i+k, word[k]) {
			return d.fail(i+k, word)
		}
	}
	return i + len(word)
}

// text reads a string as encoding/json does: escapes are resolved, what is
// not UTF-8 and lone surrogates become U+FFFD; exact is false then. The result
// is part of the payload or of d.scratch, valid until the next call.
func (d *decoder) text(i int, want string) (text []byte, exact bool, next int) {
	end, plain := d.quoted(i, want)
	if end < 0 {
		return nil, false, -1
	}
	raw := d.data[i+1 : end]
	if plain {
		return raw, true, end + 1
	}
	d.scratch, exact = unquote(d.scratch[:0], raw)
	return d.scratch, exact, end + 1
}

// quoted finds the closing quote of the string at i and checks what is
// between: plain says that it is ASCII without escapes.
func (d *decoder) quoted(i int, want string) (end int, plain bool) {
	if !d.is(i, '"') {
		return d.fail(i, want), false
	}
	return d.closing(i + 1)
}

// closing is quoted from the inside of a string.
func (d *decoder) closing(i int) (end int, plain bool) {
	plain = true
	for ; i < len(d.data); i++ {
		switch c := d.data[i]; {
		case c == '"':
			return i, plain
		case c == '\\':
			plain = false
			if i = d.escape(i); i < 0 {
				return -1, false
			}
		case c < ' ':
			return d.fail(i, "an escape in place of a control character"), false
		case c >= utf8.RuneSelf:
			plain = false
		}
	}
	return d.fail(i, `'"' to end the string`), false
}

// escape checks the escape at i and returns the index of its last byte.
func (d *decoder) escape(i int) int {
	i++
	if i >= len(d.data) {
		return d.fail(i, "an escape")
	}
	switch d.data[i] {
	case '"', '\\', '/', 'b', 'f', 'n', 'r', 't':
		return i
	case 'u':
		for range 4 {
			i++
			if i >= len(d.data) || hexDigit(d.data[i]) < 0 {
				return d.fail(i, "four hexadecimal digits")
			}
		}
		return i
	}
	return d.fail(i, "an escape")
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
func (d *decoder) skip(i, depth int) int {
	if i >= len(d.data) {
		return d.fail(i, "a value")
	}
	switch c := d.data[i]; {
	case c == '"':
		end, _ := d.quoted(i, "")
		if end < 0 {
			return end
		}
		return end + 1
	case c == '-' || c-'0' <= 9:
		return d.number(i)
	case c == 't':
		return d.literal(i, "true")
	case c == 'f':
		return d.literal(i, "false")
	case c == 'n':
		return d.literal(i, "null")
	case c == '{' || c == '[':
		return d.skipNested(i, depth)
	}
	return d.fail(i, "a value")
}

// skipNested skips an object or array. It keeps its own stack, a bit a level,
// because a payload can nest deeper than is good for the goroutine's.
func (d *decoder) skipNested(i, depth int) int {
	var objects [maxDepth/64 + 1]uint64
	first := false
	outer := depth
	for {
		// At a value.
		if c := d.data[i:min(i+1, len(d.data))]; len(c) > 0 && (c[0] == '{' || c[0] == '[') {
			if depth++; depth > maxDepth {
				return d.fail(i, "at most 10000 levels of nesting")
			}
			if c[0] == '{' {
				objects[depth/64] |= 1 << (depth % 64)
			} else {
				objects[depth/64] &^= 1 << (depth % 64)
			}
			first = true
			i++
		} else if i = d.skip(i, depth); i < 0 {
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
			if i, ok = d.more(i, first, end); i < 0 {
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
				if _, i = d.name(i); i < 0 {
					return i
				}
			}
			break
		}
	}
}
