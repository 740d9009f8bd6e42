package main

import (
	"flag"
	"fmt"
	"os"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "write what the doctor says into docs/doctor.md")

const (
	page0  = "../../../docs/doctor.md"
	begins = "<!-- what follows is written by the tests: go test ./constructs/doctor/mskdoctor -update -->\n"
)

func TestThePageShowsWhatTheDoctorSays(t *testing.T) {
	var shown strings.Builder
	shown.WriteString(begins)
	for _, e := range examples {
		if !e.page {
			continue
		}
		fmt.Fprintf(&shown, "\n### %s\n\n```\n$ go run ./constructs/doctor/mskdoctor %s\n", e.title, strings.Join(e.arguments(), " "))
		status, out, problems := ask(t, e.cloud(), e.arguments()...)
		fmt.Fprintf(&shown, "%s%s```\n\nExit status %d.\n", out, problems, status)
	}
	text, err := os.ReadFile(page0)
	if err != nil {
		t.Fatal(err)
	}
	head, _, ok := strings.Cut(string(text), begins)
	if !ok {
		t.Fatalf("%s has no line %q", page0, begins)
	}
	want := head + shown.String()
	if *update {
		if err := os.WriteFile(page0, []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if string(text) != want {
		t.Errorf("%s does not show what the doctor says: go test ./constructs/doctor/mskdoctor -update", page0)
	}
}
