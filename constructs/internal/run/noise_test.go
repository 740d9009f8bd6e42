package run

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"strings"
	"testing"
	"testing/iotest"
)

func TestNoiseIsTakenOutWhereverItIsSplit(t *testing.T) {
	const race = "Runtime process exited abnormally: waitid: no child processes"
	tests := map[string]struct{ in, want string }{
		"glued to a message":         {race + "topic is required\n", "topic is required\n"},
		"after a message":            {"topic is required\n" + race, "topic is required\n"},
		"inside":                     {"a" + race + "b", "ab"},
		"twice":                      {race + race, ""},
		"only its beginning":         {"Runtime process exited", "Runtime process exited"},
		"another end of the runtime": {"Runtime process exited abnormally: exit status 1\n", "Runtime process exited abnormally: exit status 1\n"},
		"a beginning before it":      {"Runtime Runtime " + race, "Runtime Runtime "},
		"nothing":                    {"", ""},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			for reader, from := range map[string]io.Reader{
				"at once":       strings.NewReader(tt.in),
				"byte for byte": iotest.OneByteReader(strings.NewReader(tt.in)),
				"in halves":     iotest.HalfReader(strings.NewReader(tt.in)),
			} {
				var got bytes.Buffer
				filter(&got, from)
				if got.String() != tt.want {
					t.Errorf("%s: %q, want %q", reader, got.String(), tt.want)
				}
			}
		})
	}
}

func TestWhatIsWrittenBeforeTheEndIsNotLost(t *testing.T) {
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	stderr := os.Stderr
	os.Stderr = w
	restore := withoutNoise()
	for i := range 1000 {
		fmt.Fprintln(os.Stderr, i)
	}
	go func() {
		restore()
		w.Close()
	}()
	text, err := io.ReadAll(r)
	os.Stderr = stderr
	if err != nil || !strings.HasSuffix(string(text), "\n999\n") || strings.Count(string(text), "\n") != 1000 {
		t.Errorf("got %d lines ending in %q, %v, want all 1000", strings.Count(string(text), "\n"), text[max(0, len(text)-10):], err)
	}
}
