package kafka

import "testing"

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
