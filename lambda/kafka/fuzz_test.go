package kafka

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// FuzzDecode compares decode with encoding/json: both must accept the same
// payloads, as the same records, but for the differences that oracle_test.go
// names.
func FuzzDecode(f *testing.F) {
	files, err := filepath.Glob("testdata/*.json")
	if err != nil || len(files) == 0 {
		f.Fatalf("testdata = %v, %v", files, err)
	}
	for _, file := range files {
		event, err := os.ReadFile(file)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(event)
	}
	f.Fuzz(func(t *testing.T, event []byte) {
		got := decodeGuarded(t, event)
		if !foldedNames(event) {
			compare(t, event, got)
		}
	})
}

// usedBefore is an event whose records have everything that records can have.
var usedBefore = []byte(`{"records":{"u-1":[` + strings.TrimSuffix(strings.Repeat(`{"topic":"used","partition":1,"offset":2,"timestamp":3,"timestampType":"USED",`+
	`"key":"dXNlZA==","value":"dXNlZA==","headers":[{"used":[1]},{"used":[2]}],"keySchemaMetadata":{"dataFormat":"USED"},"valueSchemaMetadata":{"schemaId":"used"}},`, 3), ",") + `]}}`)

// decoded is what decode made of an event.
type decoded struct {
	parts   []partition
	err     error
	payload []byte   // that it was decoded in
	all     []Record // also those that are of no partition of parts
}

// decodeGuarded decodes a copy of event with other bytes right behind it, twice:
// it must neither write to them nor be changed by them, nor by what the memory
// that it decodes into was used for. It decodes it a third time without what is
// there for speed alone, which must change nothing, errors included.
func decodeGuarded(t *testing.T, event []byte) decoded {
	t.Helper()
	run := func(behind byte, m *memory, slow bool) decoded {
		buf := append(bytes.Clone(event), bytes.Repeat([]byte{behind}, 64)...)
		d := decoder{scanner: scanner{data: buf[:len(event)]}, slow: slow}
		parts, err := d.decode(m)
		if tail := buf[len(event):]; !bytes.Equal(tail, bytes.Repeat([]byte{behind}, 64)) {
			t.Fatalf("decode(%q) wrote behind the payload: %q", event, tail)
		}
		return decoded{parts, err, buf, m.records}
	}
	first := run('"', new(memory), false)
	// As a handler does, but for the wipe in between.
	used := new(memory)
	if _, err := decode(bytes.Clone(usedBefore), used); err != nil {
		t.Fatal(err)
	}
	others := map[string]decoded{
		"what is behind the payload":    run('0', used, false),
		"what is there for speed alone": run('"', new(memory), true),
	}
	for what, other := range others {
		if diff := difference(other.parts, wanted(first.parts)); diff != "" || fmt.Sprint(first.err) != fmt.Sprint(other.err) {
			t.Fatalf("decode(%q) depends on %s: %s, %v, %v", event, what, diff, first.err, other.err)
		}
	}
	return first
}

// checkAnswer checks that the answer when everything fails names each record, by
// the event's map key, in valid JSON.
func checkAnswer(t *testing.T, event []byte, parts []partition) {
	t.Helper()
	b := new(handler).newBatch(t.Context(), nil, new(memory), parts)
	var answer struct {
		BatchItemFailures []struct {
			ItemIdentifier struct {
				Partition string
				Offset    int64
			}
		}
	}
	raw := b.answer()
	if err := json.Unmarshal(raw, &answer); err != nil {
		t.Fatalf("answer to %q = %q: %v", event, raw, err)
	}
	items := answer.BatchItemFailures
	for _, p := range parts {
		for _, r := range p.records {
			if len(items) == 0 || items[0].ItemIdentifier.Partition != p.name || items[0].ItemIdentifier.Offset != r.Offset {
				t.Fatalf("answer to %q = %q, want %s@%d next", event, raw, p.name, r.Offset)
			}
			items = items[1:]
		}
	}
	if len(items) > 0 {
		t.Fatalf("answer to %q = %q, want %d fewer", event, raw, len(items))
	}
}
