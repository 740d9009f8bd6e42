package process

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// TestTheAppFailsCleanly runs the app as the CLI does.
func TestTheAppFailsCleanly(t *testing.T) {
	long(t)
	binary := app(t)
	run := func(context map[string]any) (output string, outdir string, code int) {
		outdir = filepath.Join(t.TempDir(), "cdk.out")
		cmd := exec.Command(binary)
		cmd.Dir = root
		cmd.Env = append(os.Environ(), "CDK_OUTDIR="+outdir, "CDK_CONTEXT_JSON="+asJSON(context))
		text, _ := cmd.CombinedOutput()
		return string(text), outdir, cmd.ProcessState.ExitCode()
	}
	broken := brokenEntry(t)
	for name, tt := range map[string]struct {
		context map[string]any
		want    string
	}{
		"wrong context":         {given(map[string]any{"entry": "lambda", "batchSize": "0"}), `batchSize must be 1 or more, got "0"`},
		"code that won't build": {given(map[string]any{"entry": broken}), "undefined: nowhere"},
	} {
		t.Run(name, func(t *testing.T) {
			out, outdir, code := run(tt.context)
			if code != 1 || !strings.Contains(out, tt.want) {
				t.Errorf("exit status %d, output %q, want 1 and %q", code, out, tt.want)
			}
			if strings.Contains(out, "goroutine") {
				t.Errorf("output = %q, want no trace", out)
			}
			if left, _ := filepath.Glob(filepath.Join(outdir, "*")); len(left) != 0 {
				t.Errorf("left behind: %q", left)
			}
		})
	}
}

func brokenEntry(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	for name, text := range map[string]string{"go.mod": "module x\n\ngo 1.26\n", "main.go": "package main\n\nfunc main() { nowhere() }\n"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}
