package process

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"msklambda/test/internal/synthtest"
	"msklambda/test/internal/unvalidated"
)

// TestTheREADMEsProgramSynthesizes puts the complete program into a module of
// its own, as the README says to, and runs it.
func TestTheREADMEsProgramSynthesizes(t *testing.T) {
	long(t)
	var programs []string
	readme := synthtest.README(t)
	for _, block := range strings.Split(readme, "```go\npackage main\n")[1:] {
		program, _, _ := strings.Cut(block, "```")
		programs = append(programs, "package main\n"+program)
	}
	if len(programs) != 2 || !strings.Contains(readme, "```json\n{ \"app\": \"go run .\" }\n```") {
		t.Fatalf("README.md has %d complete programs, want the function and the app, and a cdk.json that runs it", len(programs))
	}
	dir := t.TempDir()
	write(t, filepath.Join(dir, "lambda", "main.go"), programs[0])
	write(t, filepath.Join(dir, "main.go"), programs[1])
	mod, err := os.ReadFile(root + "/go.mod")
	if err != nil {
		t.Fatal(err)
	}
	write(t, filepath.Join(dir, "go.mod"), strings.Replace(string(mod), "module msklambda", "module app", 1))
	sum, err := os.ReadFile(root + "/go.sum")
	if err != nil {
		t.Fatal(err)
	}
	write(t, filepath.Join(dir, "go.sum"), string(sum))
	for _, args := range [][]string{
		{"go", "mod", "edit", "-require=msklambda@v0.0.0", "-replace=msklambda=" + absolute(t, root)},
		{"go", "vet", "./..."},
		{"go", "run", "."},
	} {
		cmd := exec.Command(args[0], args[1:]...)
		cmd.Dir = dir
		cmd.Env = append(os.Environ(), "GOFLAGS=-mod=mod", unvalidated.Variable+"=true", "CDK_OUTDIR="+filepath.Join(dir, "cdk.out"))
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("%v: %v\n%s", args, err, out)
		}
	}
	for _, name := range []string{"Orders", "Refunds"} {
		if _, err := os.Stat(filepath.Join(dir, "cdk.out", name+".template.json")); err != nil {
			t.Error(err)
		}
	}
}
