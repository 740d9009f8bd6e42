// Command rename gives the module another path: in go.mod, in every import, and in
// the pages and programs that name it. It is for whoever gives the module a home:
//
//	go run ./test/rename github.com/acme/msklambda
//
// Ids, tags, metrics and the names of parameters keep the word msklambda: they are
// contract with what is deployed, and no paths.
package main

import (
	"bytes"
	"fmt"
	"go/format"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"golang.org/x/mod/modfile"
	"golang.org/x/mod/module"
)

func main() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "usage: go run ./test/rename <module path>, such as github.com/acme/msklambda")
		os.Exit(2)
	}
	changed, err := rename(".", os.Args[1])
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	fmt.Printf("%d files name %s now; go build ./... and go test ./... see that it holds\n", changed, os.Args[1])
}

// rename gives the module in a directory another path, and returns how many files
// it changed. It changes none where the path is refused.
func rename(root, to string) (changed int, err error) {
	gomod := filepath.Join(root, "go.mod")
	text, err := os.ReadFile(gomod)
	if err != nil {
		return 0, fmt.Errorf("run it where go.mod is: %w", err)
	}
	from := modfile.ModulePath(text)
	if err := module.CheckPath(to); err != nil {
		return 0, fmt.Errorf("the module path must be one that Go takes, such as github.com/acme/msklambda: %w", err)
	}
	paths, err := packages(root)
	if err != nil {
		return 0, err
	}
	replace := replacer(from, to, paths)
	// All are read and formed before the first is written.
	contents := map[string][]byte{}
	err = filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if entry.IsDir() {
			if name := entry.Name(); path != root && (strings.HasPrefix(name, ".") || name == "node_modules" || name == "cdk.out") {
				return filepath.SkipDir
			}
			return nil
		}
		if !slices.Contains([]string{".go", ".md", ".proto", ".json", ".txt", ".mod"}, filepath.Ext(path)) || entry.Name() == "CHANGELOG.md" {
			return nil
		}
		text, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		after, err := replace(path, text)
		if err != nil {
			return fmt.Errorf("%s: %w", path, err)
		}
		if !bytes.Equal(text, after) {
			contents[path] = after
		}
		return nil
	})
	if err != nil {
		return 0, err
	}
	for path, text := range contents {
		if err := os.WriteFile(path, text, 0o644); err != nil {
			return changed, err
		}
		changed++
	}
	return changed, nil
}

// packages are the directories with Go files, relative to the module, with slashes.
func packages(root string) (paths []string, err error) {
	err = filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || !entry.IsDir() {
			return err
		}
		if files, _ := filepath.Glob(filepath.Join(path, "*.go")); len(files) == 0 {
			return nil
		}
		rel, err := filepath.Rel(root, path)
		paths = append(paths, filepath.ToSlash(rel))
		return err
	})
	return paths, err
}

// replacer replaces the path of the module where it is one: at the head of a package
// of the module, of a pattern of packages, or of a requirement.
func replacer(from, to string, paths []string) func(path string, text []byte) ([]byte, error) {
	// What goes on with a folder of the module, where nothing stands before it.
	tops := map[string]bool{}
	for _, p := range paths {
		top, _, _ := strings.Cut(p, "/")
		tops[top] = true
	}
	delete(tops, ".")
	var folders []string
	for top := range tops {
		folders = append(folders, regexp.QuoteMeta(top))
	}
	slices.Sort(folders)
	name := regexp.QuoteMeta(from)
	path := regexp.MustCompile(`(^|[^A-Za-z0-9_./-])` + name + `(/(?:` + strings.Join(folders, "|") + `)\b)`)
	requirement := regexp.MustCompile(`(-require=|-replace=)` + name + `(@|=)`)
	alone := regexp.MustCompile(`dependencies\(t, "` + name + `"`)
	return func(file string, text []byte) ([]byte, error) {
		if filepath.Base(file) == "go.mod" {
			f, err := modfile.Parse(file, text, nil)
			if err != nil {
				return nil, err
			}
			if err := f.AddModuleStmt(to); err != nil {
				return nil, err
			}
			return f.Format()
		}
		out := path.ReplaceAll(text, []byte("${1}"+to+"${2}"))
		out = requirement.ReplaceAll(out, []byte("${1}"+to+"${2}"))
		out = alone.ReplaceAll(out, []byte(`dependencies(t, "`+to+`"`))
		if filepath.Ext(file) == ".go" && !bytes.Equal(out, text) {
			return format.Source(out) // imports are sorted anew
		}
		return out, nil
	}
}
