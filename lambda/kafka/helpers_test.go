package kafka

import (
	"fmt"
	"os"
	"testing"
)

func fmtDiff(what string, got, want any) string {
	return fmt.Sprintf("%s = %v, want %v", what, got, want)
}

// describe shows a record so that nil, empty and text can be told apart.
func describe(r *Record) string {
	s := fmt.Sprintf("%s %d %q key %#v value %#v", r, r.Timestamp.UnixMilli(), r.TimestampType, r.Key, r.Value)
	for _, h := range r.Headers {
		s += fmt.Sprintf(" %q:%#v", h.Key, h.Value)
	}
	if r.KeySchema != nil {
		s += fmt.Sprintf(" key schema %+v", *r.KeySchema)
	}
	if r.ValueSchema != nil {
		s += fmt.Sprintf(" value schema %+v", *r.ValueSchema)
	}
	return s
}

// readEvent returns an event of testdata.
func readEvent(t testing.TB, name string) []byte {
	t.Helper()
	event, err := os.ReadFile("testdata/" + name + ".json")
	if err != nil {
		t.Fatal(err)
	}
	return event
}
