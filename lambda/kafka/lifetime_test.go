package kafka

import (
	"context"
	"strings"
	"testing"
)

// A string outlives the payload, as a user expects of strings, and so does a
// clone; bytes are part of the payload.
func TestStringsAndClonesOutliveThePayload(t *testing.T) {
	for name, want := range decodedEvents {
		event := readEvent(t, name)
		parts, err := decode(event, new(memory))
		if err != nil {
			t.Fatal(err)
		}
		clones := make([]partition, len(parts))
		for i, p := range parts {
			clones[i] = partition{name: p.name}
			for k := range p.records {
				c := p.records[k].Clone()
				clones[i].records = append(clones[i].records, *c)
			}
		}
		for i := range event {
			event[i] = '!'
		}
		if diff := difference(clones, want); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
		for i, p := range parts {
			if p.name != want[i].name {
				t.Errorf("%s: name = %s, want %s", name, p.name, want[i].name)
			}
			for k := range p.records {
				g, w := &p.records[k], &want[i].records[k]
				if g.Topic != w.Topic || g.TimestampType != w.TimestampType || g.String() != position(w.Topic, w.Partition, w.Offset) {
					t.Errorf("%s: %v %s, want %v", name, g, g.TimestampType, describe(*w))
				}
				if len(g.Value) > 0 && g.Value[0] != '!' {
					t.Errorf("%s: value of %v is no part of the payload", name, g)
				}
			}
		}
	}
}

func TestAppendingToOneFieldLeavesTheOthers(t *testing.T) {
	parts, err := decode(readEvent(t, "headers"), new(memory))
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range parts {
		for i := range p.records {
			for _, r := range []*Record{p.records[i].Clone(), &p.records[i]} {
				_ = append(r.Key, "overwritten"...)
				_ = append(r.Value, "overwritten"...)
				for _, value := range r.Headers() {
					_ = append(value, "overwritten"...)
				}
			}
		}
	}
	if diff := difference(parts, decodedEvents["headers"]); diff != "" {
		t.Error(diff)
	}
}

func TestAppendingToAPartitionLeavesItsNeighbour(t *testing.T) {
	parts, err := decode(readEvent(t, "several-partitions"), new(memory))
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range parts {
		_ = append(p.records, Record{Topic: "overwritten"})
	}
	if diff := difference(parts, decodedEvents["several-partitions"]); diff != "" {
		t.Error(diff)
	}
}

// A function that has seen one event larger than Lambda sends does not hold on to
// its memory; that of any other is used again.
func TestMemoryIsKeptForTheNextBatchUpToACap(t *testing.T) {
	h := Handler(func(context.Context, *Record) error { return nil }, quiet()).(*handler)
	for _, test := range []struct {
		records int
		kept    bool
	}{{1, true}, {maxBatch, true}, {2*maxBatch + 1, false}, {1, true}} {
		event := []byte(`{"records":{"t-0":[` + strings.TrimSuffix(strings.Repeat(record(1)+",", test.records), ",") + `]}}`)
		h.spare.Store(nil)
		if _, err := h.Invoke(t.Context(), event); err != nil {
			t.Fatal(err)
		}
		if kept := h.spare.Load() != nil; kept != test.kept {
			t.Errorf("memory of %d records kept = %v, want %v", test.records, kept, test.kept)
		}
	}
}
