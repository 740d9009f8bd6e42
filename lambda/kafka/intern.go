package kafka

import "strings"

// interner copies text out of the payload, once for each distinct string of
// the recent ones: topics, header names and the like repeat in every record.
// The copies lie one after the other in a builder, so that many strings take
// few allocations.
type interner struct {
	recent [64]string
	buf    strings.Builder
}

func (t *interner) intern(text []byte) string {
	if len(text) == 0 {
		return ""
	}
	h := uint(len(text))*31 + uint(text[0])*7 + uint(text[len(text)-1])*3 + uint(text[len(text)/2])
	slot := &t.recent[h%uint(len(t.recent))]
	if *slot == string(text) {
		return *slot
	}
	if t.buf.Cap()-t.buf.Len() < len(text) {
		// A new buffer: growing would copy the old one, which is kept anyway.
		next := max(256, min(2*t.buf.Cap(), 4096), len(text))
		t.buf.Reset()
		t.buf.Grow(next)
	}
	from := t.buf.Len()
	t.buf.Write(text)
	*slot = t.buf.String()[from:]
	return *slot
}
