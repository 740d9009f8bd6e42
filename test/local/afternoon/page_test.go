package afternoon

import (
	"flag"
	"os"
	"regexp"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "write the transcripts of docs/afternoon.md anew")

const (
	root     = "../../.."
	pagePath = root + "/docs/afternoon.md"
)

// page is docs/afternoon.md. What is behind "<!-- file: NAME -->" is a file that the
// reader writes, and is read; what is behind "<!-- ran: NAME -->" is what came of
// commands, and is written.
type page struct {
	t    *testing.T
	text string
	ran  map[string]string
}

func openPage(t *testing.T) *page {
	t.Helper()
	text, err := os.ReadFile(pagePath)
	if err != nil {
		t.Fatal(err)
	}
	return &page{t: t, text: string(text), ran: map[string]string{}}
}

var block = regexp.MustCompile("(?s)<!-- (file|ran): ([a-z0-9./ -]+) -->\n```([a-z]*)\n(.*?)```\n")

// file is one that the page has.
func (p *page) file(name string) string {
	p.t.Helper()
	for _, m := range block.FindAllStringSubmatch(p.text, -1) {
		if m[1] == "file" && m[2] == name {
			return m[4]
		}
	}
	p.t.Fatalf("%s has no file %s", pagePath, name)
	return ""
}

// finish compares the transcripts with those that are on the page, or writes them.
func (p *page) finish() {
	p.t.Helper()
	shown := map[string]bool{}
	text := block.ReplaceAllStringFunc(p.text, func(old string) string {
		m := block.FindStringSubmatch(old)
		if m[1] == "file" {
			return old
		}
		shown[m[2]] = true
		got, ok := p.ran[m[2]]
		if !ok {
			p.t.Errorf("%s shows %q, which was not run", pagePath, m[2])
			return old
		}
		return "<!-- ran: " + m[2] + " -->\n```" + m[3] + "\n" + got + "```\n"
	})
	for name := range p.ran {
		if !shown[name] {
			p.t.Errorf("%s does not show %q:\n%s", pagePath, name, p.ran[name])
		}
	}
	if *update {
		if err := os.WriteFile(pagePath, []byte(text), 0o644); err != nil {
			p.t.Fatal(err)
		}
		return
	}
	if text != p.text {
		p.t.Errorf("%s has other transcripts than these, -update writes them:\n%s", pagePath, difference(p.text, text))
	}
}

// difference is the first line that differs, with those around it.
func difference(old, got string) string {
	a, b := strings.Split(old, "\n"), strings.Split(got, "\n")
	for i := range b {
		if i >= len(a) || a[i] != b[i] {
			return strings.Join(b[max(i-3, 0):min(i+8, len(b))], "\n")
		}
	}
	return got
}
