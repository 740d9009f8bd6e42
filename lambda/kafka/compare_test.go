package kafka

import (
	"bytes"
	"encoding/json"
	"fmt"
	"reflect"
	"slices"
	"testing"
	"time"
)

// wantPartition and wantRecord are what decode is to return, with the headers
// that the methods of a record are to return.
type wantPartition struct {
	name    string
	records []wantRecord
}

// wantRecord has the fields of a Record.
type wantRecord struct {
	Topic                  string
	Partition              int32
	Offset                 int64
	Timestamp              time.Time
	TimestampType          string
	Key, Value             []byte
	KeySchema, ValueSchema *Schema

	Headers   []Header // nil: none
	malformed bool     // the headers, which are not compared then
}

// wanted turns what decode has returned into what may be expected of it.
func wanted(parts []partition) []wantPartition {
	var want []wantPartition
	for _, p := range parts {
		w := wantPartition{name: p.name}
		for i := range p.records {
			w.records = append(w.records, wantedRecord(&p.records[i]))
		}
		want = append(want, w)
	}
	return want
}

func wantedRecord(r *Record) wantRecord {
	w := wantRecord{r.Topic, r.Partition, r.Offset, r.Timestamp, r.TimestampType, r.Key, r.Value, r.KeySchema, r.ValueSchema, nil, false}
	if w.malformed = r.CheckHeaders() != nil; !w.malformed {
		w.Headers = headersOf(r)
	}
	return w
}

func headersOf(r *Record) (headers []Header) {
	for key, value := range r.Headers() {
		headers = append(headers, Header{key, value})
	}
	return headers
}

// compare fails the test if decode and the oracle do not say the same of event.
// broken says that event is no JSON, and was decoded for all that, because that is
// so within headers.
func compare(t *testing.T, event []byte, got decoded) (broken bool) {
	t.Helper()
	want, wantErr := oracle(event)
	if got.err == nil && wantErr != nil {
		broken = true
		// What is no JSON must be in headers, and in headers alone: without
		// them the event is right, and they are malformed.
		repaired := withoutBrokenHeaders(event, got)
		if want, wantErr = oracle(repaired); wantErr != nil {
			t.Fatalf("decode(%q): err = nil, want %v, as of %q", event, wantErr, repaired)
		}
		for i := range min(len(want), len(got.parts)) {
			for k := range min(len(want[i].records), len(got.parts[i].records)) {
				if brokenHeaders(&got.parts[i].records[k]) {
					want[i].records[k].malformed = true
				}
			}
		}
	}
	if (got.err == nil) != (wantErr == nil) {
		t.Fatalf("decode(%q): err = %v, want %v", event, got.err, wantErr)
	}
	if diff := difference(got.parts, want); diff != "" {
		t.Fatalf("decode(%q): %s", event, diff)
	}
	checkAnswer(t, event, got.parts)
	return broken
}

// brokenHeaders reports whether the headers of r are no JSON.
func brokenHeaders(r *Record) bool { return r.headers != nil && !json.Valid(r.headers) }

// withoutBrokenHeaders returns event with an empty array in place of each array of
// headers that is no JSON, also of records that others have taken the place of.
func withoutBrokenHeaders(event []byte, d decoded) []byte {
	repaired := bytes.Clone(event)
	for i := range d.all {
		if r := &d.all[i]; brokenHeaders(r) {
			at := 0
			for &d.payload[at] != &r.headers[0] {
				at++
			}
			blank := repaired[at : at+len(r.headers)]
			copy(blank, bytes.Repeat([]byte(" "), len(blank)))
			copy(blank, "[]")
		}
	}
	return repaired
}

// difference tells in words how got and want differ. Slices that may be appended
// to by their user must not reach into what follows them.
func difference(got []partition, want []wantPartition) string {
	if len(got) != len(want) {
		return fmtDiff("partitions", len(got), len(want))
	}
	for i := range got {
		if got[i].name != want[i].name {
			return fmtDiff("name", got[i].name, want[i].name)
		}
		if len(got[i].records) != len(want[i].records) {
			return fmtDiff("records of "+got[i].name, len(got[i].records), len(want[i].records))
		}
		for k := range got[i].records {
			g, w := &got[i].records[k], want[i].records[k]
			if diff := recordDifference("record", g, w); diff != "" {
				return diff
			}
			if diff := recordDifference("clone", g.Clone(), w); diff != "" {
				return diff
			}
			if diff := headerDifference(g, w.Headers, w.malformed); diff != "" {
				return diff
			}
			for _, b := range [][]byte{g.Key, g.Value} {
				if cap(b) != len(b) {
					return fmtDiff("cap", cap(b), len(b))
				}
			}
		}
	}
	return ""
}

func fmtDiff(what string, got, want any) string {
	return fmt.Sprintf("%s = %v, want %v", what, got, want)
}

func recordDifference(what string, got *Record, want wantRecord) string {
	if g := wantedRecord(got); !reflect.DeepEqual(g, want) {
		return fmtDiff(what, describe(g), describe(want))
	}
	return ""
}

// headerDifference compares Header with what Headers has returned: it is the last
// one of each name.
func headerDifference(r *Record, want []Header, malformed bool) string {
	if malformed {
		return ""
	}
	for i, h := range want {
		last := i
		for k := range want {
			if want[k].Key == h.Key {
				last = max(last, k)
			}
		}
		got, ok := r.Header(h.Key)
		if w := want[last].Value; !ok || !reflect.DeepEqual(got, w) {
			return fmtDiff(fmt.Sprintf("header %q", h.Key), fmt.Sprintf("%#v, %v", got, ok), fmt.Sprintf("%#v", w))
		}
	}
	absent := "no such header"
	if !slices.ContainsFunc(want, func(h Header) bool { return h.Key == absent }) {
		if got, ok := r.Header(absent); ok || got != nil {
			return fmtDiff(absent, got, nil)
		}
	}
	return ""
}

// describe shows a record so that nil, empty and text can be told apart.
func describe(r wantRecord) string {
	s := fmt.Sprintf("%s %d %q key %#v value %#v", position(r.Topic, r.Partition, r.Offset), r.Timestamp.UnixMilli(), r.TimestampType, r.Key, r.Value)
	for _, h := range r.Headers {
		s += fmt.Sprintf(" %q:%#v", h.Key, h.Value)
	}
	if r.malformed {
		s += " malformed headers"
	}
	if r.KeySchema != nil {
		s += fmt.Sprintf(" key schema %+v", *r.KeySchema)
	}
	if r.ValueSchema != nil {
		s += fmt.Sprintf(" value schema %+v", *r.ValueSchema)
	}
	return s
}
