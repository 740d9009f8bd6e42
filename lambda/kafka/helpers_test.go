package kafka

import (
	"os"
	"testing"
)

// readEvent returns an event of testdata.
func readEvent(t testing.TB, name string) []byte {
	t.Helper()
	event, err := os.ReadFile("testdata/" + name + ".json")
	if err != nil {
		t.Fatal(err)
	}
	return event
}
