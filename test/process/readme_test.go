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

// programsOf are the complete programs of a page.
func programsOf(t *testing.T, path string, n int) (programs []string) {
	t.Helper()
	for _, block := range blocks(synthtest.Page(t, path), "go") {
		if strings.HasPrefix(block, "package main\n") {
			programs = append(programs, block)
		}
	}
	if len(programs) != n {
		t.Fatalf("%s has %d complete programs, want %d", path, len(programs), n)
	}
	return programs
}

// TestTheREADMEsAppIsMadeByItsCommands follows the README in an empty folder, with
// the module beside it, and then has the app of docs/construct.md in its place.
func TestTheREADMEsAppIsMadeByItsCommands(t *testing.T) {
	long(t)
	_, section, _ := strings.Cut(synthtest.README(t), "\n## Use the construct in your own app\n")
	section, _, _ = strings.Cut(section, "\n## ")
	commands := blocks(section, "sh")
	if len(commands) != 2 || !strings.HasPrefix(commands[0], "mkdir shop && cd shop\n") {
		t.Fatalf("README.md makes an app by %q, want two blocks, the first of which makes its folder", commands)
	}
	app, more := programsOf(t, "README.md", 2), programsOf(t, "docs/construct.md", 2)
	home := t.TempDir()
	if err := os.Symlink(absolute(t, root), filepath.Join(home, "msklambda")); err != nil {
		t.Fatal(err)
	}
	shop := filepath.Join(home, "shop")
	out := filepath.Join(home, "cdk.out")
	run := func(dir, script string) string {
		t.Helper()
		cmd := exec.Command("sh", "-e", "-c", script)
		cmd.Dir = dir
		cmd.Env = append(os.Environ(), unvalidated.Variable+"=true", "CDK_OUTDIR="+out)
		said, err := cmd.CombinedOutput()
		if err != nil {
			t.Fatalf("%s: %v\n%s", script, err, said)
		}
		return string(said)
	}
	run(home, commands[0])
	var config struct {
		App     string
		Context map[string]any
	}
	readJSON(t, filepath.Join(shop, "cdk.json"), &config)
	if !strings.HasSuffix(config.App, " .") {
		t.Errorf("the app is run by %q, want the folder's own", config.App)
	}
	flags := synthtest.CDKContext(t)
	delete(flags, "example")
	if got, want := asJSON(config.Context), asJSON(flags); got != want {
		t.Errorf("context = %s, want the flags that the tests have: %s", got, want)
	}
	write(t, filepath.Join(shop, "lambda", "main.go"), app[0])
	write(t, filepath.Join(shop, "main.go"), app[1])
	run(shop, commands[1])
	run(shop, "go vet ./...")
	// Without the CLI nothing is looked up: the app asks.
	run(shop, config.App)
	manifest, err := os.ReadFile(filepath.Join(out, "manifest.json"))
	if err != nil || !strings.Contains(string(manifest), `"exactIdentifier": "arn:aws:kafka:eu-central-1:444455556666:cluster/orders/`) {
		t.Errorf("the README's app asks for no cluster: %v, %s", err, manifest)
	}

	write(t, filepath.Join(shop, "lambda", "main.go"), more[0])
	write(t, filepath.Join(shop, "main.go"), more[1])
	run(shop, "go vet ./... && "+config.App)
	for _, name := range []string{"Orders", "Refunds"} {
		if _, err := os.Stat(filepath.Join(out, name+".template.json")); err != nil {
			t.Error(err)
		}
	}
}
