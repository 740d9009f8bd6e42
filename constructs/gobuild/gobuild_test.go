package gobuild

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestThePackagesOfAModuleAreWhereGoHasThem(t *testing.T) {
	dir := t.TempDir()
	for name, text := range map[string]string{
		"lib/go.mod":        "module example.com/lib\n\ngo 1.24.0\n",
		"lib/admin/main.go": "package main\n\nfunc main() {}\n",
		"app/go.mod":        "module example.com/app\n\ngo 1.24.0\n\nrequire example.com/lib v0.1.0\n\nreplace example.com/lib => ../lib\n",
	} {
		file := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	t.Setenv("GOPROXY", "off")
	t.Chdir(filepath.Join(dir, "app"))
	want, err := filepath.EvalSymlinks(filepath.Join(dir, "lib", "admin"))
	if err != nil {
		t.Fatal(err)
	}
	if got, err := PackageDir("example.com/lib/admin"); err != nil || got != want {
		t.Errorf("PackageDir = %q, %v, want %q", got, err, want)
	}
	if got, err := PackageDir("example.com/other/admin"); err == nil || !strings.Contains(err.Error(), "go list: ") || strings.Contains(err.Error(), "\n") {
		t.Errorf("PackageDir of one that is not there = %q, %v, want what go says in one line", got, err)
	}
}
