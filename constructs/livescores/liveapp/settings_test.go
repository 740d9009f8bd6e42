package liveapp

import (
	"flag"
	"os"
	"slices"
	"strings"
	"testing"

	"msklambda/constructs/mskapp"
)

var update = flag.Bool("update", false, "write the table of settings in docs/live-scores.md anew")

// The table of the documentation is the list of the settings, word for word.
func TestTheTableOfTheDocumentationIsTheSettings(t *testing.T) {
	const path, head = "../../../docs/live-scores.md", "| key | what it is | default |\n|---|---|---|\n"
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	before, rest, ok := strings.Cut(string(text), head)
	if !ok {
		t.Fatal("docs/live-scores.md has no table of settings")
	}
	got, after, _ := strings.Cut("\n"+rest, "\n\n")
	var want string
	for _, s := range Extension().Settings {
		want += "\n| `" + s.Key + "` | " + s.Usage + " | " + s.Default + " |"
	}
	if *update {
		if err := os.WriteFile(path, []byte(before+head+want[1:]+"\n\n"+after), 0o644); err != nil {
			t.Fatal(err)
		}
	} else if got != want {
		t.Errorf("docs/live-scores.md has another table than the settings make; go test ./constructs/livescores/liveapp -update writes it:%s", want)
	}
}

// A key that both had would be read twice.
func TestTheKeysAreNoneOfTheMainApps(t *testing.T) {
	for _, s := range Extension().Settings {
		if slices.Contains(mskapp.Keys(), s.Key) {
			t.Errorf("%s is a key of the main app", s.Key)
		}
	}
}
