package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

const home = "github.com/acme/msklambda"

// checkout is a copy of what git has of the repository and of what is new in it.
func checkout(t *testing.T) string {
	t.Helper()
	root, dir := "../..", t.TempDir()
	list := exec.Command("git", "ls-files", "--cached", "--others", "--exclude-standard")
	list.Dir = root
	out, err := list.Output()
	if err != nil {
		t.Skipf("no git checkout: %v", err)
	}
	for name := range strings.Lines(string(out)) {
		name = strings.TrimSpace(name)
		text, err := os.ReadFile(filepath.Join(root, name))
		if os.IsNotExist(err) {
			continue // deleted, and not committed
		}
		if err != nil {
			t.Fatal(err)
		}
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, text, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func TestTheModuleHasAnotherPath(t *testing.T) {
	if testing.Short() {
		t.Skip("copies the module: go test without -short runs it")
	}
	dir := checkout(t)
	if n, err := rename(dir, home); err != nil || n < 100 {
		t.Fatalf("rename = %d, %v, want over 100 files", n, err)
	}
	run := func(name string, args ...string) string {
		t.Helper()
		cmd := exec.Command(name, args...)
		cmd.Dir = dir
		out, err := cmd.CombinedOutput()
		if err != nil {
			t.Fatalf("%s %s: %v\n%s", name, strings.Join(args, " "), err, out)
		}
		return string(out)
	}
	// Every package and every test finds what it imports, under the new path.
	for line := range strings.Lines(run("go", "list", "-test", "-deps", "-f", "{{if not .Standard}}{{.ImportPath}}{{end}}", "./...")) {
		if path := strings.TrimSpace(line); strings.HasPrefix(path, "msklambda") {
			t.Errorf("%s is imported still", path)
		}
	}
	if out := run("gofmt", "-l", "."); out != "" {
		t.Errorf("gofmt -l = %s, want nothing", out)
	}
	// What needs no CDK is compiled, and its tests run.
	run("go", "vet", "./lambda/kafka/...", "./constructs/network/...", "./test/rename")
	run("go", "test", "./lambda/kafka/wire", "./constructs/network/flow", "./constructs/internal/architecture")

	for page, wants := range map[string][]string{
		"README.md":         {`"` + home + `/constructs/msklambda"`, "-require=" + home + "@v0.0.0 -replace=" + home + "=../msklambda"},
		"docs/construct.md": {"go doc " + home + "/constructs/msklambda"},
	} {
		text, err := os.ReadFile(filepath.Join(dir, page))
		if err != nil {
			t.Fatal(err)
		}
		for _, want := range wants {
			if !strings.Contains(string(text), want) {
				t.Errorf("%s lacks %s", page, want)
			}
		}
	}
	// What is deployed keeps its names.
	memory, err := os.ReadFile(filepath.Join(dir, "constructs/msklambda/memory.go"))
	if err != nil || !strings.Contains(string(memory), `return "/msklambda/" + owner`) {
		t.Errorf("the name of the parameter has changed: %v", err)
	}
	// Twice is the same as once.
	if n, err := rename(dir, home); err != nil || n != 0 {
		t.Errorf("again = %d, %v, want nothing to do", n, err)
	}
}

func TestAPathThatGoDoesNotTakeIsRefused(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "go.mod"), []byte("module msklambda\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := rename(dir, "acme"); err == nil || !strings.Contains(err.Error(), "such as github.com/acme/msklambda") {
		t.Errorf("error = %v, want what a path is", err)
	}
	if text, _ := os.ReadFile(filepath.Join(dir, "go.mod")); string(text) != "module msklambda\n" {
		t.Errorf("go.mod = %s, want it as it was", text)
	}
	if _, err := rename(t.TempDir(), home); err == nil || !strings.Contains(err.Error(), "run it where go.mod is") {
		t.Errorf("error = %v, want where to run it", err)
	}
}
