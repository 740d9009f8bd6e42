package architecture

import (
	"encoding/xml"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// words are all words of the code and the pages, in which the names of pictures must be.
func words(t *testing.T) map[string]bool {
	t.Helper()
	all := map[string]bool{}
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		isCode := strings.HasSuffix(path, ".go") && !strings.HasSuffix(path, "_test.go") && strings.HasPrefix(path, root+"/constructs/")
		if !isCode && filepath.Ext(path) != ".md" {
			return nil
		}
		text, err := os.ReadFile(path)
		for _, word := range name.FindAllString(string(text), -1) {
			all[word] = true
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// name is what a picture has from elsewhere: actions of IAM, schemes, props, ports and
// values in quotes.
var name = regexp.MustCompile(`\b[a-z]+:[A-Z]\w+|\b\w+://|\b[A-Z]+[a-z]+[A-Z]\w*|\b\d{3,5}\b|"[a-z-]+"`)

// TestThePicturesNameWhatIsThere reads the pictures that are written by hand. Their text
// is text, each is described for who does not see it, and shown on a page.
func TestThePicturesNameWhatIsThere(t *testing.T) {
	known := words(t)
	pages := ""
	files, err := filepath.Glob(root + "/docs/*.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range append(files, root+"/README.md") {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		pages += string(text)
	}
	pictures, err := filepath.Glob(root + "/docs/*.svg")
	if err != nil || len(pictures) < 4 {
		t.Fatalf("pictures = %q, %v", pictures, err)
	}
	for _, picture := range pictures {
		base := filepath.Base(picture)
		if !regexp.MustCompile(`!\[[^\]]{20,}\]\((docs/)?` + regexp.QuoteMeta(base) + `\)`).MatchString(pages) {
			t.Errorf("%s is on no page, with a text for who does not see it", base)
		}
		texts, elements := elementsOf(t, picture)
		if !slices.Contains(elements, "title") && !slices.Contains(elements, "aria-label") {
			t.Errorf("%s has neither a title nor a label", base)
		}
		if slices.Contains(elements, "image") || slices.Contains(elements, "foreignObject") || slices.Contains(elements, "script") {
			t.Errorf("%s has elements %q, want lines, shapes and text", base, elements)
		}
		if base == "performance.svg" {
			continue // its figures are measured
		}
		found := 0
		for _, text := range texts {
			for _, word := range name.FindAllString(text, -1) {
				found++
				if !known[word] {
					t.Errorf("%s names %s, which neither the code nor a page has", base, word)
				}
			}
		}
		if found < 3 {
			t.Errorf("%s names %d things, want some: %q", base, found, texts)
		}
	}
}

// elementsOf returns the texts of a picture, and the names of its elements and attributes.
func elementsOf(t *testing.T, path string) (texts, elements []string) {
	t.Helper()
	file, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	decoder := xml.NewDecoder(file)
	for {
		token, err := decoder.Token()
		switch {
		case errors.Is(err, io.EOF):
			return texts, elements
		case err != nil:
			t.Fatalf("%s: %v", path, err)
		}
		switch token := token.(type) {
		case xml.StartElement:
			elements = append(elements, token.Name.Local)
			for _, a := range token.Attr {
				elements = append(elements, a.Name.Local)
			}
		case xml.CharData:
			if text := strings.TrimSpace(string(token)); text != "" {
				texts = append(texts, text)
			}
		}
	}
}
