package msklambda_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"strings"
	"testing"
)

// go doc ConsumerProps.Topic prints what stands above a field and nothing else, so
// each field has a sentence of its own that names it.
func TestEveryExportedFieldHasASentenceOfItsOwn(t *testing.T) {
	for _, dir := range []string{".", "../livescores", "../problem"} {
		files, err := filepath.Glob(filepath.Join(dir, "*.go"))
		if err != nil {
			t.Fatal(err)
		}
		for _, file := range files {
			if strings.HasSuffix(file, "_test.go") {
				continue
			}
			set := token.NewFileSet()
			parsed, err := parser.ParseFile(set, file, nil, parser.ParseComments)
			if err != nil {
				t.Fatal(err)
			}
			for _, decl := range parsed.Decls {
				if general, ok := decl.(*ast.GenDecl); ok {
					for _, spec := range general.Specs {
						checkFields(t, set, spec)
					}
				}
			}
		}
	}
}

func checkFields(t *testing.T, set *token.FileSet, spec ast.Spec) {
	typ, ok := spec.(*ast.TypeSpec)
	if !ok || !typ.Name.IsExported() {
		return
	}
	fields, ok := typ.Type.(*ast.StructType)
	if !ok {
		return
	}
	for _, f := range fields.Fields.List {
		for _, name := range f.Names {
			if name.IsExported() && !strings.Contains(f.Doc.Text(), name.Name) {
				t.Errorf("%s: %s.%s has no sentence that names it above it", set.Position(f.Pos()), typ.Name, name)
			}
		}
		if len(f.Names) > 1 && f.Names[0].IsExported() && !strings.Contains(f.Doc.Text(), " and "+f.Names[1].Name) {
			t.Errorf("%s: %s.%s shares its sentence", set.Position(f.Pos()), typ.Name, f.Names[0])
		}
	}
}
