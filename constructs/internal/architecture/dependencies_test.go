package architecture

import (
	"go/parser"
	"go/token"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"golang.org/x/mod/modfile"
)

// dependency is a row of docs/dependencies.md.
type dependency struct {
	module string
	places []string // "tests" where only tests use it
	why    string
}

func dependencies(t *testing.T) (all []dependency) {
	t.Helper()
	row := regexp.MustCompile("^\\| `([^`]+)` \\| (.+) \\| (.+) \\|$")
	for line := range strings.Lines(read(t, "docs/dependencies.md")) {
		m := row.FindStringSubmatch(strings.TrimSpace(line))
		if m == nil {
			continue
		}
		d := dependency{module: m[1], why: m[3]}
		for _, place := range strings.Fields(m[2]) {
			d.places = append(d.places, strings.Trim(place, "`"))
		}
		all = append(all, d)
	}
	return all
}

// files are the imports of all files of the module, by the file's path.
func files(t *testing.T) map[string][]string {
	t.Helper()
	all := map[string][]string{}
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || filepath.Ext(path) != ".go" {
			return err
		}
		parsed, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.ImportsOnly)
		if err != nil {
			return err
		}
		name := strings.TrimPrefix(path, root+"/")
		all[name] = []string{}
		for _, spec := range parsed.Imports {
			imported, err := strconv.Unquote(spec.Path.Value)
			if err != nil {
				return err
			}
			all[name] = append(all[name], imported)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// isProduct reports whether a file is in what others use or deploy.
func isProduct(file string) bool {
	return !strings.HasSuffix(file, "_test.go") && !strings.HasPrefix(file, "test/") && !strings.Contains(file, "/testdata/") && !strings.HasPrefix(file, "docs/")
}

func TestEachDependencyHasItsReason(t *testing.T) {
	text, err := os.ReadFile(filepath.Join(root, "go.mod"))
	if err != nil {
		t.Fatal(err)
	}
	mod, err := modfile.Parse("go.mod", text, nil)
	if err != nil {
		t.Fatal(err)
	}
	var direct, named []string
	for _, r := range mod.Require {
		if !r.Indirect {
			direct = append(direct, r.Mod.Path)
		}
	}
	rows := dependencies(t)
	for _, d := range rows {
		named = append(named, d.module)
		if len(d.why) < 5 || len(d.places) == 0 {
			t.Errorf("docs/dependencies.md does not say where %s is used, and why", d.module)
		}
	}
	for _, module := range direct {
		if !slices.Contains(named, module) {
			t.Errorf("docs/dependencies.md does not have %s, which go.mod requires", module)
		}
	}
	for i, module := range named {
		if !slices.Contains(direct, module) || slices.Contains(named[:i], module) {
			t.Errorf("docs/dependencies.md has %s, which go.mod does not require, or twice", module)
		}
	}

	// A module's package may be in a module of its own: that with the longest path has it.
	owner := func(imported string) (module string) {
		for _, m := range direct {
			if (imported == m || strings.HasPrefix(imported, m+"/")) && len(m) > len(module) {
				module = m
			}
		}
		return module
	}
	users := map[string]map[string]bool{}
	for file, imports := range files(t) {
		for _, imported := range imports {
			if m := owner(imported); m != "" {
				if users[m] == nil {
					users[m] = map[string]bool{}
				}
				users[m][file] = true
			}
		}
	}
	in := func(file, place string) bool { return file == place || strings.HasPrefix(file, place+"/") }
	for _, d := range rows {
		var product []string
		for _, file := range slices.Sorted(maps.Keys(users[d.module])) {
			if isProduct(file) {
				product = append(product, file)
			}
		}
		if slices.Contains(d.places, "tests") {
			if len(product) > 0 || len(users[d.module]) == 0 {
				t.Errorf("%s is said to be of tests alone, and is used by %q", d.module, product)
			}
			continue
		}
		for _, place := range d.places {
			if !slices.ContainsFunc(product, func(file string) bool { return in(file, place) }) {
				t.Errorf("%s is said to be used by %s, which does not import it", d.module, place)
			}
		}
		for _, file := range product {
			if !slices.ContainsFunc(d.places, func(place string) bool { return in(file, place) }) {
				t.Errorf("%s is used by %s, which docs/dependencies.md does not say", d.module, file)
			}
		}
	}
}
