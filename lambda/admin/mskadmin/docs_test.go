package main

import (
	"os"
	"strings"
	"testing"
)

func TestThePageHasEveryCommand(t *testing.T) {
	text, err := os.ReadFile("../../../docs/admin.md")
	if err != nil {
		t.Fatal(err)
	}
	_, list, ok := strings.Cut(string(text), "## The commands\n")
	if !ok {
		t.Fatal("docs/admin.md has no list of commands")
	}
	list, _, _ = strings.Cut(list, "\n## ")
	for _, c := range commands {
		if !strings.Contains(list, "\n| `"+c.name+"` | ") {
			t.Errorf("docs/admin.md does not say what %s does", c.name)
		}
	}
	if got := strings.Count(list, "\n| `"); got != len(commands) {
		t.Errorf("docs/admin.md has %d commands, want %d", got, len(commands))
	}
}
