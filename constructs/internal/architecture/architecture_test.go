// Package architecture holds the pages that say where things are against the code.
package architecture

import (
	"go/parser"
	"go/token"
	"io/fs"
	"maps"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

const (
	root   = "../../.."
	prefix = "msklambda/constructs/"
)

// row is a package as docs/architecture.md has it.
type row struct {
	imports []string
	cdk     bool
}

var quoted = regexp.MustCompile("`([^`]+)`")

func names(cell string) (out []string) {
	for _, m := range quoted.FindAllStringSubmatch(cell, -1) {
		out = append(out, m[1])
	}
	return out
}

func read(t *testing.T, file string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(root, file))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func documented(t *testing.T) map[string]row {
	rows := map[string]row{}
	for line := range strings.Lines(read(t, "docs/architecture.md")) {
		cells := strings.Split(strings.TrimSpace(line), "|")
		if len(cells) != 6 || !strings.HasPrefix(cells[1], " `") || strings.Contains(cells[1], "package of") {
			continue
		}
		rows[names(cells[1])[0]] = row{names(cells[3]), strings.TrimSpace(cells[4]) == "yes"}
	}
	return rows
}

// imported are the imports of every package below constructs, but for those of
// tests.
func imported(t *testing.T) map[string][]string {
	t.Helper()
	out := map[string][]string{}
	dir := filepath.Join(root, "constructs")
	err := filepath.WalkDir(dir, func(file string, d fs.DirEntry, err error) error {
		if err != nil || !strings.HasSuffix(file, ".go") || strings.HasSuffix(file, "_test.go") {
			return err
		}
		parsed, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.ImportsOnly)
		if err != nil {
			return err
		}
		pkg, err := filepath.Rel(dir, filepath.Dir(file))
		if err != nil {
			return err
		}
		pkg = filepath.ToSlash(pkg)
		out[pkg] = append(out[pkg], []string{}...)
		for _, spec := range parsed.Imports {
			imports, err := strconv.Unquote(spec.Path.Value)
			if err != nil {
				return err
			}
			if !slices.Contains(out[pkg], imports) {
				out[pkg] = append(out[pkg], imports)
			}
		}
		if out[pkg] == nil {
			out[pkg] = []string{}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func TestThePageOfTheArchitectureIsTheImports(t *testing.T) {
	rows, packages := documented(t), imported(t)
	for pkg, all := range packages {
		want, ok := rows[pkg]
		if !ok {
			t.Errorf("docs/architecture.md has no row for %s", pkg)
			continue
		}
		var got []string
		for _, imports := range all {
			if name, ok := strings.CutPrefix(imports, prefix); ok {
				got = append(got, name)
			}
		}
		slices.Sort(got)
		if !slices.Equal(got, want.imports) {
			t.Errorf("%s imports %q, and docs/architecture.md has %q", pkg, got, want.imports)
		}
	}
	for pkg := range rows {
		if packages[pkg] == nil {
			t.Errorf("docs/architecture.md has a row for %s, which is not there", pkg)
		}
	}
}

var cdk = regexp.MustCompile(`/(aws-cdk-go|constructs-go|jsii-runtime-go|cdklabs|cdk-nag-go)`)

// What is free of CDK is so with all that it depends on.
func TestPackagesAreFreeOfCDKAsThePageSays(t *testing.T) {
	rows := documented(t)
	if len(rows) < 10 {
		t.Fatalf("docs/architecture.md has %d rows, want all packages", len(rows))
	}
	cmd := exec.Command("go", "list", "-f", `{{.ImportPath}} {{join .Deps " "}}`, "./constructs/...")
	cmd.Dir = root
	text, err := cmd.Output()
	if err != nil {
		t.Fatalf("go list: %v", err)
	}
	for line := range strings.Lines(string(text)) {
		pkg, deps, _ := strings.Cut(line, " ")
		row, ok := rows[strings.TrimPrefix(pkg, prefix)]
		if got := cdk.MatchString(deps); ok && got != row.cdk {
			t.Errorf("%s depends on CDK = %v, and docs/architecture.md has %v", pkg, got, row.cdk)
		}
	}
}

// Who judges plans shares no code with who makes them.
func TestTheModelThatWalksNetworksImportsNothingOfTheModule(t *testing.T) {
	for _, imports := range imported(t)["network/flow"] {
		if strings.HasPrefix(imports, "msklambda/") {
			t.Errorf("network/flow imports %s", imports)
		}
	}
}

// whereThingsAre are the paths in the table of docs/CONTRIBUTING.md. A file without
// a directory is in that of the path before it in its row.
func whereThingsAre(t *testing.T) (paths []string) {
	_, table, ok := strings.Cut(read(t, "docs/CONTRIBUTING.md"), "| path | what |\n|---|---|\n")
	if !ok {
		t.Fatal("docs/CONTRIBUTING.md has no table of where things are")
	}
	table, _, _ = strings.Cut(table, "\n\n")
	for line := range strings.Lines(table) {
		cells := strings.Split(line, "|")
		dir := ""
		for _, name := range names(cells[1]) {
			if strings.Contains(name, "/") {
				dir = path.Dir(name)
			} else {
				name = path.Join(dir, name)
			}
			paths = append(paths, name)
		}
	}
	return paths
}

func TestThingsAreWhereTheContributorsPageSays(t *testing.T) {
	paths := whereThingsAre(t)
	for _, p := range paths {
		found, err := filepath.Glob(filepath.Join(root, p))
		if err != nil || len(found) == 0 {
			t.Errorf("docs/CONTRIBUTING.md names %s, which is not there", p)
		}
	}
	// Each file of the constructs has its row.
	files, err := filepath.Glob(filepath.Join(root, "constructs/msklambda/*.go"))
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		name := "constructs/msklambda/" + filepath.Base(file)
		if !strings.HasSuffix(name, "_test.go") && !slices.Contains(paths, name) {
			t.Errorf("docs/CONTRIBUTING.md does not say what %s is for", name)
		}
	}
	// And each package one that it is in.
	for _, pkg := range slices.Sorted(maps.Keys(imported(t))) {
		name := "constructs/" + pkg
		if !slices.ContainsFunc(paths, func(p string) bool {
			p = strings.TrimSuffix(p, "/")
			return name == p || strings.HasPrefix(p, name+"/") && strings.HasSuffix(p, ".go")
		}) {
			t.Errorf("docs/CONTRIBUTING.md does not say what %s is for", name)
		}
	}
}
