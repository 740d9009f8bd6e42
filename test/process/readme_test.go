package process

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"msklambda/test/internal/synthtest"
)

// TestTheREADMEsProgramSynthesizes does what the README tells a newcomer, command by
// command, beside a checkout: a module, the complete program, a synth by the CLI.
func TestTheREADMEsProgramSynthesizes(t *testing.T) {
	long(t)
	_, section, ok := strings.Cut(synthtest.README(t), "\n## Use the construct in your own app\n")
	section, _, _ = strings.Cut(section, "\n## ")
	blocks := func(language string) (out []string) {
		for _, block := range strings.Split(section, "```"+language+"\n")[1:] {
			block, _, _ = strings.Cut(block, "```")
			out = append(out, block)
		}
		return out
	}
	commands, programs := blocks("sh"), blocks("go")
	if !ok || len(commands) != 2 || len(programs) != 2 || !strings.HasPrefix(programs[0], "package main\n") || !strings.HasPrefix(programs[1], "package main\n") {
		t.Fatalf("README.md has the commands %q and %d programs, want those before and after the function and the app", commands, len(programs))
	}
	p := newProject(t, "")
	if err := os.Symlink(absolute(t, root), filepath.Join(p.dir, "msklambda")); err != nil {
		t.Fatal(err)
	}
	app := filepath.Join(p.dir, "app")
	run := func(dir, commands string) {
		t.Helper()
		cmd := exec.Command("sh", "-ex")
		cmd.Dir, cmd.Env, cmd.Stdin = dir, append(p.env, "MSKLAMBDA_CACHE="+t.TempDir()), strings.NewReader(commands)
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("%s: %v\n%s", commands, err, out)
		}
	}
	run(p.dir, commands[0])
	write(t, filepath.Join(app, "lambda", "main.go"), programs[0])
	write(t, filepath.Join(app, "main.go"), programs[1])
	run(app, commands[1]+"go vet ./...\n")
	for _, name := range []string{"Orders", "Refunds"} {
		if _, err := os.Stat(filepath.Join(app, "cdk.out", name+".template.json")); err != nil {
			t.Error(err)
		}
	}
	bundles, err := filepath.Glob(filepath.Join(app, "cdk.out", "asset.*", "bootstrap"))
	if err != nil || len(bundles) == 0 {
		t.Errorf("bundles = %q, %v", bundles, err)
	}
	if got, want := p.read("app/cdk.json"), p.read("msklambda/docs/examples/cdk.json"); got != want {
		t.Errorf("cdk.json = %s, want %s", got, want)
	}
}
