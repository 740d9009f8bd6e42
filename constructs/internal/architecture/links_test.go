package architecture

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"unicode"
)

var (
	link    = regexp.MustCompile(`\]\(([^)\s]+)\)`)
	heading = regexp.MustCompile(`(?m)^#+ (.+)$`)
	fenced  = regexp.MustCompile("(?ms)^```.*?^```")
)

// anchor is what a heading is called in an address.
func anchor(heading string) string {
	var out strings.Builder
	for _, r := range strings.ToLower(strings.TrimSpace(heading)) {
		switch {
		case unicode.IsLetter(r) || unicode.IsDigit(r) || r == '-' || r == '_':
			out.WriteRune(r)
		case r == ' ':
			out.WriteByte('-')
		}
	}
	return out.String()
}

// TestEveryLinkLeadsSomewhere follows the links of the README and the pages to
// files and headings here. It follows none to the internet.
func TestEveryLinkLeadsSomewhere(t *testing.T) {
	const root = "../../.."
	pages, err := filepath.Glob(root + "/docs/*.md")
	if err != nil || len(pages) < 10 {
		t.Fatalf("pages = %q, %v", pages, err)
	}
	anchors := map[string]map[string]bool{}
	of := func(page string) map[string]bool {
		if anchors[page] == nil {
			anchors[page] = map[string]bool{}
			text, err := os.ReadFile(page)
			if err != nil {
				t.Fatal(err)
			}
			for _, m := range heading.FindAllStringSubmatch(fenced.ReplaceAllString(string(text), ""), -1) {
				anchors[page][anchor(m[1])] = true
			}
		}
		return anchors[page]
	}
	for _, page := range append(pages, root+"/README.md", root+"/docs/examples/README.md") {
		text, err := os.ReadFile(page)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range link.FindAllStringSubmatch(fenced.ReplaceAllString(string(text), ""), -1) {
			if strings.Contains(m[1], "://") {
				continue
			}
			path, fragment, _ := strings.Cut(m[1], "#")
			target := page
			if path != "" {
				target = filepath.Join(filepath.Dir(page), path)
			}
			if _, err := os.Stat(target); err != nil {
				t.Errorf("%s: %s leads to no file", filepath.Base(page), m[1])
			} else if fragment != "" && !of(target)[fragment] {
				t.Errorf("%s: %s leads to no heading", filepath.Base(page), m[1])
			}
		}
	}
}
