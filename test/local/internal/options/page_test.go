package options

import (
	"bytes"
	"flag"
	"fmt"
	"io"
	"os"
	"regexp"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "write the flags in docs/local.md")

const (
	docs  = "../../../../docs/"
	begin = "<!-- flags: written by go test ./test/local/internal/options -update -->\n"
	end   = "<!-- end of flags -->\n"
)

// table is all flags, in their groups, as docs/local.md has them.
func table() string {
	var b bytes.Buffer
	groups, all := Groups()
	for _, g := range groups {
		fmt.Fprintf(&b, "\n**%s**\n\n| flag | what it is | default |\n|---|---|---|\n", g.Name)
		for _, name := range g.Flags {
			f := all.Lookup(name)
			value, text := flag.UnquoteUsage(f)
			text, otherwise, _ := strings.Cut(text, " (default")
			otherwise = strings.TrimSuffix(strings.TrimLeft(otherwise, ": "), ")")
			if otherwise == "" && f.DefValue != "false" && f.DefValue != "0s" && f.DefValue != "" {
				otherwise = "`" + f.DefValue + "`"
			}
			if strings.Contains(otherwise, "<") {
				otherwise = "`" + otherwise + "`"
			}
			fmt.Fprintf(&b, "| `%s` | %s | %s |\n", strings.TrimSpace("-"+name+" "+value), strings.ReplaceAll(text, "|", `\|`), otherwise)
		}
	}
	return b.String() + "\n"
}

// The page has the flags that there are, and each in its group.
func TestThePageHasTheFlags(t *testing.T) {
	text, err := os.ReadFile(docs + "local.md")
	if err != nil {
		t.Fatal(err)
	}
	before, rest, ok := strings.Cut(string(text), begin)
	if !ok {
		t.Fatalf("docs/local.md has no %s", begin)
	}
	got, after, ok := strings.Cut(rest, end)
	if !ok {
		t.Fatalf("docs/local.md has no %s", end)
	}
	if *update {
		if err := os.WriteFile(docs+"local.md", []byte(before+begin+table()+end+after), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if got != table() {
		t.Errorf("docs/local.md has other flags; -update writes\n%s", table())
	}
}

var (
	command  = regexp.MustCompile(`(?m)^(?:\$ )?go run \./test/local( .*)?$`)
	flagName = regexp.MustCompile("`-([a-z]+(?:-[a-z]+)*)[ `=]")
)

// What pages tell people to run is taken, and every flag that they name is there.
func TestThePagesNameFlagsThatThereAre(t *testing.T) {
	_, all := Groups()
	ran := 0
	for _, page := range []string{"../README.md", "local.md", "handler.md"} {
		text, err := os.ReadFile(docs + page)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range command.FindAllStringSubmatch(string(text), -1) {
			line, _, _ := strings.Cut(m[1], " #")
			// A password is of whoever reads the page.
			line = strings.ReplaceAll(line, "-password-file password", "-password-file page_test.go")
			if _, err := Parse(strings.Fields(line), io.Discard); err != nil {
				t.Errorf("%s: go run ./test/local%s: %v", page, line, err)
			}
			ran++
		}
		if page != "local.md" {
			continue
		}
		for _, m := range flagName.FindAllStringSubmatch(string(text), -1) {
			if all.Lookup(m[1]) == nil && m[1] != "data" { // of the broker
				t.Errorf("%s names -%s, which there is not", page, m[1])
			}
		}
	}
	if ran < 5 {
		t.Errorf("commands on the pages = %d, want at least 5", ran)
	}
}
