package process

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

const (
	build1 = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef.zip"
	build2 = "1123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef.zip"
)

// faultyApp runs an app with a fault, and returns what it printed, its report and
// its exit status. Without a word on validation, the app does it as msklambda.Main
// does.
func faultyApp(t *testing.T, cache, fault, key string, env ...string) (output string, report []byte, code int) {
	t.Helper()
	binary, err := program("faultyapp", "../internal/faultyapp")
	if err != nil {
		t.Fatal(err)
	}
	outdir := filepath.Join(t.TempDir(), "cdk.out")
	cmd := exec.Command(binary)
	cmd.Env = slices.DeleteFunc(os.Environ(), func(v string) bool { return strings.HasPrefix(v, "CDK_") })
	cmd.Env = append(cmd.Env, "CDK_OUTDIR="+outdir, "MSKLAMBDA_CACHE="+cache, "FAULT="+fault, "S3KEY="+key,
		`CDK_CONTEXT_JSON={"@aws-cdk/core:validateAgainstDefaultRules":true}`)
	cmd.Env = append(cmd.Env, env...)
	text, _ := cmd.CombinedOutput()
	report, _ = os.ReadFile(filepath.Join(outdir, "validation-report.json"))
	return string(text), report, cmd.ProcessState.ExitCode()
}

// What a reader of the report sees is, the first time and each later one, what CDK's
// own validation writes.
func TestATemplateWithAFaultIsNeverTakenForGood(t *testing.T) {
	long(t)
	cache := t.TempDir()
	verdicts := func() int {
		found, err := filepath.Glob(filepath.Join(cache, "validated", "*"))
		if err != nil {
			t.Fatal(err)
		}
		return len(found)
	}
	reports := map[string][][]byte{} // by fault, of what is not refused
	for _, step := range []struct {
		name, fault, key string
		code, verdicts   int
		said             string
	}{
		{"clean, for the first time", "", build1, 0, 1, ""},
		{"clean, another build of the function", "", build2, 0, 1, ""},
		{"with a fault", "VpcId", build1, 1, 1, "'vpc-1' does not match format"},
		{"with the same fault again", "VpcId", build1, 1, 1, "'vpc-1' does not match format"},
		{"with a fault in another property", "MemorySize", build1, 1, 1, "MemorySize"},
		{"with a code key that is no hash", "", "x.zip", 0, 2, ""},
		{"with a warning", "Runtime", build1, 0, 2, "provided.al1066"},
		{"with the same warning again", "Runtime", build1, 0, 2, "provided.al1066"},
		{"clean again", "", build1, 0, 2, ""},
	} {
		out, report, code := faultyApp(t, cache, step.fault, step.key)
		if code != step.code || !strings.Contains(out, step.said) {
			t.Errorf("%s: exit status %d, output %s, want %d and %q", step.name, code, out, step.code, step.said)
		}
		if got := verdicts(); got != step.verdicts {
			t.Errorf("%s: %d verdicts, want %d", step.name, got, step.verdicts)
		}
		if strings.Contains(out, "goroutine") || strings.Contains(out, "waitid") {
			t.Errorf("%s: output = %s, want no noise", step.name, out)
		}
		if code == 0 {
			reports[step.fault] = append(reports[step.fault], report)
		}
	}
	for fault, ours := range reports {
		_, theirs, code := faultyApp(t, cache, fault, build1, "CDK_VALIDATION=true")
		if code != 0 || len(theirs) == 0 {
			t.Fatalf("CDK's own validation ended with %d and wrote %q", code, theirs)
		}
		for _, report := range ours {
			if !bytes.Equal(report, theirs) {
				t.Errorf("with %q: report = %s\nCDK writes %s", fault, report, theirs)
			}
		}
	}
}
