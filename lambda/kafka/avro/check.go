package avro

import (
	"encoding/binary"
	"fmt"
	"math"
	"strconv"

	"github.com/hamba/avro/v2"
)

// A value that is malformed can say that an array has more elements than memory, or nest
// itself deeper than the stack, and would take the whole process with it and not only
// its record: the decoder reads whatever the value says. So the value is checked by
// its writer's schema first, which also finds the byte that is wrong.
const (
	// maxEmpty is how many more elements than bytes a value may have: those of
	// an array of nulls take none.
	maxEmpty = 1 << 16

	// maxDepth is how deep a value may nest.
	maxDepth = 10_000
)

// wrong is what a value has that its schema does not.
type wrong struct {
	at        int
	field     string // lines[1].price
	want, got string
}

func (w *wrong) Error() string {
	field := ""
	if w.field != "" {
		field = w.field + ": "
	}
	return fmt.Sprintf("%sbyte %d behind the header: want %s, got %s", field, w.at, w.want, w.got)
}

// in puts where it is in front.
func (w *wrong) in(outer string) *wrong {
	if w.field != "" && w.field[0] != '[' {
		outer += "."
	}
	w.field = outer + w.field
	return w
}

// check says what is wrong with a value that was written with a schema.
func check(schema avro.Schema, data []byte) error {
	c := checker{data: data, elements: len(data) + maxEmpty}
	if w := c.value(schema, 0); w != nil {
		return w
	}
	if c.at < len(data) {
		return c.wrong("the end", strconv.Itoa(len(data)-c.at)+" more")
	}
	return nil
}

type checker struct {
	data     []byte
	at       int
	elements int // that are still allowed
}

func (c *checker) wrong(want, got string) *wrong { return &wrong{at: c.at, want: want, got: got} }

func (c *checker) value(schema avro.Schema, depth int) *wrong {
	if depth > maxDepth {
		return c.wrong(fmt.Sprintf("at most %d levels", maxDepth), "more")
	}
	switch s := schema.(type) {
	case *avro.RefSchema:
		return c.value(s.Schema(), depth+1)
	case *avro.RecordSchema:
		for _, f := range s.Fields() {
			if w := c.value(f.Type(), depth+1); w != nil {
				return w.in(f.Name())
			}
		}
		return nil
	case *avro.ArraySchema:
		return c.blocks(func(i int) *wrong {
			if w := c.value(s.Items(), depth+1); w != nil {
				return w.in("[" + strconv.Itoa(i) + "]")
			}
			return nil
		})
	case *avro.MapSchema:
		return c.blocks(func(int) *wrong {
			key, w := c.bytes()
			if w == nil {
				w = c.value(s.Values(), depth+1)
			}
			if w != nil {
				return w.in("[" + strconv.Quote(string(key)) + "]")
			}
			return nil
		})
	case *avro.UnionSchema:
		i, w := c.index("a type of the union", len(s.Types()))
		if w != nil {
			return w
		}
		return c.value(s.Types()[i], depth+1)
	case *avro.EnumSchema:
		_, w := c.index("a symbol of the enum", len(s.Symbols()))
		return w
	case *avro.FixedSchema:
		return c.skip(s.Size())
	}
	return c.primitive(schema.Type())
}

func (c *checker) primitive(kind avro.Type) *wrong {
	switch kind {
	case avro.Null:
		return nil
	case avro.Boolean:
		if c.at < len(c.data) && c.data[c.at] > 1 {
			return c.wrong("0 or 1", strconv.Itoa(int(c.data[c.at])))
		}
		return c.skip(1)
	case avro.Int:
		start := c.at
		n, w := c.number()
		if w == nil && (n < math.MinInt32 || n > math.MaxInt32) {
			c.at = start
			return c.wrong("32 bits", strconv.FormatInt(n, 10))
		}
		return w
	case avro.Long:
		_, w := c.number()
		return w
	case avro.Float:
		return c.skip(4)
	case avro.Double:
		return c.skip(8)
	case avro.String, avro.Bytes:
		_, w := c.bytes()
		return w
	}
	return c.wrong("a type that is known", string(kind))
}

// number reads an int or a long.
func (c *checker) number() (int64, *wrong) {
	n, size := binary.Varint(c.data[c.at:])
	switch {
	case size == 0:
		c.at = len(c.data)
		return 0, c.wrong("a number", "the end")
	case size < 0:
		return 0, c.wrong("64 bits", "more")
	}
	c.at += size
	return n, nil
}

// index reads which of a count of things it is.
func (c *checker) index(of string, count int) (int, *wrong) {
	start := c.at
	n, w := c.number()
	if w == nil && (n < 0 || n >= int64(count)) {
		c.at = start
		return 0, c.wrong(fmt.Sprintf("%s, 0 to %d", of, count-1), strconv.FormatInt(n, 10))
	}
	return int(n), w
}

// skip leaves out what has a size and no form.
func (c *checker) skip(size int) *wrong {
	if size > len(c.data)-c.at {
		return c.wrong(fmt.Sprintf("%d bytes", size), strconv.Itoa(len(c.data)-c.at))
	}
	c.at += size
	return nil
}

// bytes reads a length and as many bytes.
func (c *checker) bytes() ([]byte, *wrong) {
	start := c.at
	n, w := c.number()
	if w != nil {
		return nil, w
	}
	if n < 0 || n > int64(len(c.data)-c.at) {
		left := len(c.data) - c.at
		c.at = start
		return nil, c.wrong(fmt.Sprintf("a length of 0 to %d", left), strconv.FormatInt(n, 10))
	}
	c.at += int(n)
	return c.data[c.at-int(n) : c.at], nil
}

// blocks reads the elements of an array or a map: counts, each with as many elements
// behind it, until one is 0. A count below 0 is followed by its size in bytes.
func (c *checker) blocks(element func(i int) *wrong) *wrong {
	for i := 0; ; {
		start := c.at
		count, w := c.number()
		if w != nil || count == 0 {
			return w
		}
		size, body := int64(-1), 0
		if count < 0 {
			count = -count // the smallest number stays below 0
			if size, w = c.number(); w != nil {
				return w
			}
		}
		if body = c.at; count < 0 || count > int64(c.elements) {
			c.at = start
			return c.wrong(fmt.Sprintf("at most %d elements", c.elements), strconv.FormatInt(count, 10))
		}
		c.elements -= int(count)
		for range count {
			if w := element(i); w != nil {
				return w
			}
			i++
		}
		if size >= 0 && int64(c.at-body) != size {
			taken := c.at - body
			c.at = start
			return c.wrong(fmt.Sprintf("elements of %d bytes", size), strconv.Itoa(taken))
		}
	}
}
