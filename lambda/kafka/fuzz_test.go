package kafka

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"reflect"
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
		got, gotErr := decodeGuarded(t, event)
		if foldedNames(event) {
			return
		}
		want, wantErr := oracle(event)
		if (gotErr == nil) != (wantErr == nil) {
			t.Fatalf("decode(%q): err = %v, want %v", event, gotErr, wantErr)
		}
		if diff := difference(got, want); diff != "" {
			t.Fatalf("decode(%q): %s", event, diff)
		}
		checkAnswer(t, event, got)
	})
}

// usedBefore is an event whose records have everything that records can have.
var usedBefore = []byte(`{"records":{"u-1":[` + strings.TrimSuffix(strings.Repeat(`{"topic":"used","partition":1,"offset":2,"timestamp":3,"timestampType":"USED",`+
	`"key":"dXNlZA==","value":"dXNlZA==","headers":[{"used":[1]},{"used":[2]}],"keySchemaMetadata":{"dataFormat":"USED"},"valueSchemaMetadata":{"schemaId":"used"}},`, 3), ",") + `]}}`)

// decodeGuarded decodes a copy of event with other bytes right behind it, twice:
// it must neither write to them nor be changed by them, nor by what the memory
// that it decodes into was used for.
func decodeGuarded(t *testing.T, event []byte) ([]partition, error) {
	t.Helper()
	run := func(behind byte, m *memory) ([]partition, error) {
		buf := append(bytes.Clone(event), bytes.Repeat([]byte{behind}, 64)...)
		parts, err := decode(buf[:len(event)], m)
		if tail := buf[len(event):]; !bytes.Equal(tail, bytes.Repeat([]byte{behind}, 64)) {
			t.Fatalf("decode(%q) wrote behind the payload: %q", event, tail)
		}
		return parts, err
	}
	parts, err := run('"', new(memory))
	// As a handler does, but for the wipe in between.
	used := new(memory)
	if _, err := decode(bytes.Clone(usedBefore), used); err != nil {
		t.Fatal(err)
	}
	others, otherErr := run('0', used)
	if diff := difference(others, parts); diff != "" || (err == nil) != (otherErr == nil) || err != nil && err.Error() != otherErr.Error() {
		t.Fatalf("decode(%q) depends on what is behind the payload: %s, %v, %v", event, diff, err, otherErr)
	}
	return parts, err
}

// difference tells in words how got and want differ. Slices that may be appended
// to by their user must not reach into what follows them.
func difference(got, want []partition) string {
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
			g, w := &got[i].records[k], &want[i].records[k]
			if !sameRecord(g, w) {
				return fmtDiff("record", describe(g), describe(w))
			}
			if !sameRecord(g.Clone(), w) {
				return fmtDiff("clone", describe(g.Clone()), describe(w))
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

// sameRecord tells nil from empty, but for Headers: none are none.
func sameRecord(a, b *Record) bool {
	x, y := *a, *b
	if len(x.Headers) == 0 && len(y.Headers) == 0 {
		x.Headers, y.Headers = nil, nil
	}
	return reflect.DeepEqual(x, y)
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
