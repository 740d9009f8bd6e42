package screen

import (
	"strings"
	"testing"
)

func TestAStatusStaysAtTheFoot(t *testing.T) {
	write := func(terminal bool) string {
		var out strings.Builder
		s := To(&out, terminal)
		s.Show("one")
		s.Line("a line\n")
		s.Show("two")
		s.Close()
		return out.String()
	}
	if got, want := write(false), "one\na line\n"; got != want {
		t.Errorf("plain output = %q, want %q", got, want)
	}
	if got, want := write(true), strings.NewReplacer("E", eraseLine, "<", wrapOff, ">", wrapOn).Replace("E<one>"+"Ea line\n<one>"+"E<two>"+"E"); got != want {
		t.Errorf("output on a terminal = %q, want %q", got, want)
	}
}
