package page

import (
	"bytes"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/twmb/franz-go/pkg/kgo"
)

// Decoder makes JSON of bytes in a form of their own, such as Avro.
type Decoder interface {
	Decode([]byte) ([]byte, error)
}

// most is how much of a value is shown.
const most = 4000

// Show makes a record readable. Decoders may be nil.
func Show(r *kgo.Record, key, value Decoder) Record {
	out := Record{
		Topic: r.Topic, Partition: r.Partition, Offset: r.Offset, Timestamp: r.Timestamp.UTC(),
		Key: show(r.Key, key), Value: show(r.Value, value), Headers: []Header{},
	}
	for _, h := range r.Headers {
		out.Headers = append(out.Headers, Header{h.Key, show(h.Value, nil)})
	}
	return out
}

func show(b []byte, decoder Decoder) Content {
	if b == nil {
		return Content{Form: "null"}
	}
	c := Content{Size: len(b)}
	if decoder != nil {
		if text, err := decoder.Decode(b); err == nil {
			c.Form, c.Text = "Avro", cut(indent(text))
			return c
		}
	}
	switch {
	case len(b) > 0 && (b[0] == '{' || b[0] == '[') && json.Valid(b):
		c.Form, c.Text = "JSON", cut(indent(b))
	case readable(b):
		c.Form, c.Text = "text", cut(string(b))
	case len(b) > 5 && b[0] == 0:
		// As clients of a schema registry write: what follows is by that schema.
		c.Form = fmt.Sprintf("base64, schema %d", binary.BigEndian.Uint32(b[1:5]))
		c.Text = cut(base64.StdEncoding.EncodeToString(b[5:]))
	default:
		c.Form, c.Text = "base64", cut(base64.StdEncoding.EncodeToString(b))
	}
	return c
}

func readable(b []byte) bool {
	return utf8.Valid(b) && !strings.ContainsFunc(string(b), func(r rune) bool {
		return unicode.IsControl(r) && r != '\n' && r != '\r' && r != '\t'
	})
}

func indent(text []byte) string {
	var b bytes.Buffer
	if json.Indent(&b, text, "", "  ") != nil {
		return string(text)
	}
	return b.String()
}

func cut(text string) string {
	if len(text) <= most {
		return text
	}
	end := most
	for !utf8.RuneStart(text[end]) {
		end--
	}
	return text[:end] + "..."
}
