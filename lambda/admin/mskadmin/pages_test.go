package main

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// onAPage is a command on a page: up to a pipe, a redirection or a comment.
var onAPage = regexp.MustCompile(`(?m)^(?:\$ )?mskadmin (\w+ [^|<>#\n]*)`)

// Commands are taken to be right by who is called at night.
func TestCommandsOfThePagesAreTaken(t *testing.T) {
	pages, err := filepath.Glob("../../../docs/*.md")
	if err != nil || len(pages) == 0 {
		t.Fatal(pages, err)
	}
	t.Setenv("AWS_REGION", "eu-central-1")
	ended, cancel := context.WithCancel(t.Context())
	cancel() // what is taken is not done
	tried := map[string]int{}
	for _, page := range pages {
		text, err := os.ReadFile(page)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range onAPage.FindAllStringSubmatch(string(text), -1) {
			args := strings.Fields(strings.ReplaceAll(m[1], "'", ""))
			var said bytes.Buffer
			if run(ended, args, strings.NewReader(""), &said, &said) == exitUsage {
				t.Errorf("%s: mskadmin %s: %s", filepath.Base(page), m[1], said.String())
			}
			tried[filepath.Base(page)]++
		}
	}
	for _, page := range []string{"admin.md", "operations.md"} {
		if tried[page] < 4 {
			t.Errorf("%d commands were tried of %s, which has more", tried[page], page)
		}
	}
}
