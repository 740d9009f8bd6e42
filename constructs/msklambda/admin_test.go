package msklambda

import (
	"errors"
	"path/filepath"
	"strings"
	"testing"
)

func TestTheAdminFunctionsPackageIsFound(t *testing.T) {
	there, err := filepath.Abs("../../lambda/admin")
	if err != nil {
		t.Fatal(err)
	}
	here, err := filepath.Abs("admin_entry.go")
	if err != nil {
		t.Fatal(err)
	}
	nobody := func(string) (string, error) { t.Error("the go command is asked"); return "", nil }
	trimmed := "example.com/msklambda@v0.1.0/constructs/msklambda/admin_entry.go"
	for name, tt := range map[string]struct {
		here string
		find func(string) (string, error)
		want string
		says string
	}{
		"beside its source": {here, nobody, there, ""},
		"built with -trimpath": {trimmed, func(path string) (string, error) {
			if path != "msklambda/lambda/admin" {
				t.Errorf("the go command is asked for %s", path)
			}
			return there, nil
		}, there, ""},
		"in a module that vendors": {"/app/vendor/msklambda/constructs/msklambda/admin_entry.go", func(string) (string, error) { return "", errors.New("import lookup disabled by -mod=vendor") }, "",
			"it is msklambda/lambda/admin: import lookup disabled by -mod=vendor: give the directory of a main package of your own that calls Start of msklambda/lambda/admin/function"},
		"not a program": {trimmed, func(string) (string, error) { return filepath.Dir(here), nil }, "", "it holds package msklambda"},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := findAdminEntry(tt.here, tt.find)
			if got != tt.want || (err == nil) != (tt.says == "") || err != nil && !strings.Contains(err.Error(), tt.says) {
				t.Errorf("findAdminEntry = %q, %v, want %q, %q", got, err, tt.want, tt.says)
			}
		})
	}
	if got, err := adminEntry(); err != nil || got != there {
		t.Errorf("adminEntry = %q, %v, want %q", got, err, there)
	}
}
