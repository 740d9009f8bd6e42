package ask

import "encoding/base64"

// MaxPage is how many bytes of JSON the records of a question or an answer may have:
// Lambda takes and gives 6 MB, of which the rest is left to everything else.
const MaxPage = 5 << 20

// Size is how many bytes a record has as JSON, or a few more.
func (r *Record) Size() int {
	n := 200 + len(r.Topic) + base64.StdEncoding.EncodedLen(len(r.Key)) + base64.StdEncoding.EncodedLen(len(r.Value))
	for _, h := range r.Headers {
		// A key may be of characters that JSON writes with six.
		n += 30 + 6*len(h.Key) + base64.StdEncoding.EncodedLen(len(h.Value))
	}
	return n
}

// CutTo cuts what does not fit into a page by itself, so that there is something to
// see of it.
func (r *Record) CutTo(bytes int) {
	r.Cut = len(r.Key) + len(r.Value)
	for _, h := range r.Headers {
		r.Cut += len(h.Value)
	}
	if len(r.Key) > bytes {
		r.Key = r.Key[:bytes]
	}
	if len(r.Value) > bytes {
		r.Value = r.Value[:bytes]
	}
	r.Headers = nil
}

// Pages splits records into those that fit into one question each. One that is too
// large by itself is a page of its own, which whoever sends it refuses.
func Pages(records []Record) [][]Record {
	var pages [][]Record
	size := 0
	for i := range records {
		n := records[i].Size()
		if len(pages) == 0 || size+n > MaxPage {
			pages, size = append(pages, nil), 0
		}
		last := len(pages) - 1
		pages[last] = append(pages[last], records[i])
		size += n
	}
	return pages
}
