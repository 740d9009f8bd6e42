package architecture

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// exported are the names that packages of the module export, and the fields and methods
// of their types, by "package.Name" and "package.Type.Name".
func exported(t *testing.T) (names map[string]bool, packages map[string]bool) {
	t.Helper()
	names, packages = map[string]bool{}, map[string]bool{}
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || filepath.Ext(path) != ".go" || strings.HasSuffix(path, "_test.go") {
			return err
		}
		file, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.SkipObjectResolution)
		if err != nil {
			return err
		}
		pkg := file.Name.Name
		packages[pkg] = true
		for _, decl := range file.Decls {
			switch decl := decl.(type) {
			case *ast.FuncDecl:
				name := decl.Name.Name
				if decl.Recv != nil {
					if of := receiver(decl.Recv.List[0].Type); of != "" {
						names[pkg+"."+of+"."+name] = true
					}
					continue
				}
				names[pkg+"."+name] = true
			case *ast.GenDecl:
				for _, spec := range decl.Specs {
					switch spec := spec.(type) {
					case *ast.TypeSpec:
						names[pkg+"."+spec.Name.Name] = true
						addFields(names, pkg+"."+spec.Name.Name, spec.Type)
					case *ast.ValueSpec:
						for _, name := range spec.Names {
							names[pkg+"."+name.Name] = true
						}
					}
				}
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return names, packages
}

func receiver(of ast.Expr) string {
	switch of := of.(type) {
	case *ast.StarExpr:
		return receiver(of.X)
	case *ast.IndexExpr:
		return receiver(of.X)
	case *ast.IndexListExpr:
		return receiver(of.X)
	case *ast.Ident:
		return of.Name
	}
	return ""
}

func addFields(names map[string]bool, of string, typ ast.Expr) {
	s, ok := typ.(*ast.StructType)
	if !ok {
		return
	}
	for _, field := range s.Fields.List {
		for _, name := range field.Names {
			names[of+"."+name.Name] = true
		}
	}
}

// pages are the README and the pages, but for the changelog, which names what there was.
func pages(t *testing.T) map[string]string {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(root, "docs/*.md"))
	if err != nil {
		t.Fatal(err)
	}
	all := map[string]string{}
	for _, file := range append(files, filepath.Join(root, "README.md")) {
		if name := strings.TrimPrefix(file, root+"/"); name != "docs/CHANGELOG.md" {
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			all[name] = string(text)
		}
	}
	return all
}

// ours are the packages whose names in code of a page are this module's. Others have the
// name of a variable or of somebody else's package somewhere.
var ours = []string{"kafka", "msklambda", "kafkatest", "deadletter", "once", "avro", "protobuf", "jsonschema", "confluent", "glue", "wire", "metrics", "traces", "registry",
	"livescores", "mskapp", "gobuild", "liveapp"}

// TestThePagesNameGoThatIsThere looks each name up that a page gives in the form
// `package.Name`.
func TestThePagesNameGoThatIsThere(t *testing.T) {
	names, packages := exported(t)
	for _, pkg := range ours {
		if !packages[pkg] {
			t.Errorf("there is no package %s", pkg)
		}
	}
	name := regexp.MustCompile(`(?:^|[^\w./:"-])(` + strings.Join(ours, "|") + `)\.([A-Z]\w*)`)
	found := 0
	for page, text := range pages(t) {
		for _, m := range name.FindAllStringSubmatch(text, -1) {
			found++
			if !names[m[1]+"."+m[2]] {
				t.Errorf("%s names %s.%s, which is not there", page, m[1], m[2])
			}
		}
	}
	if found < 100 {
		t.Errorf("%d names are found, want those of the pages", found)
	}
}

// TestThePagesNameWarningsThatAreThere looks the ids of warnings up in the code. Some end
// in what they are about, such as a topic.
func TestThePagesNameWarningsThatAreThere(t *testing.T) {
	var known []string
	for _, dir := range []string{"constructs/notice", "constructs/livescores", "constructs/msklambda"} {
		files, err := filepath.Glob(filepath.Join(root, dir, "*.go"))
		if err != nil || len(files) == 0 {
			t.Fatalf("%s: %q, %v", dir, files, err)
		}
		for _, file := range files {
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			for _, m := range regexp.MustCompile(`"(?:msklambda:)?([a-zA-Z]{6,})"`).FindAllStringSubmatch(string(text), -1) {
				known = append(known, m[1])
			}
		}
	}
	found := 0
	for page, text := range pages(t) {
		for _, m := range regexp.MustCompile("`msklambda:([a-zA-Z]+)`").FindAllStringSubmatch(text, -1) {
			if m[1] == "stack" {
				continue // the tag
			}
			found++
			if !slices.ContainsFunc(known, func(id string) bool { return strings.HasPrefix(m[1], id) }) {
				t.Errorf("%s names the warning msklambda:%s, which is not there", page, m[1])
			}
		}
	}
	if found < 10 {
		t.Errorf("%d warnings are found, want those of the pages", found)
	}
}
