package kafka

import (
	"encoding/json"
	"flag"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

var runMutants = flag.String("mutants", "", "break the code in each way of testdata/mutants.txt that matches, and see that a test fails")

// mutant is a way to break the code.
type mutant struct {
	name, file, old, new string
}

// mutants reads testdata/mutants.txt: of each the file and what is wrong with it, the
// lines that go and those that come.
func mutants(t *testing.T) []mutant {
	t.Helper()
	text, err := os.ReadFile("testdata/mutants.txt")
	if err != nil {
		t.Fatal(err)
	}
	var all []mutant
	for _, block := range strings.Split(strings.TrimSpace(string(text)), "\n\n") {
		lines := strings.Split(block, "\n")
		var m mutant
		var old, now []string
		m.file, m.name, _ = strings.Cut(lines[0], ": ")
		for _, line := range lines[1:] {
			if gone, ok := strings.CutPrefix(line, "-"); ok {
				old = append(old, gone)
			} else {
				now = append(now, strings.TrimPrefix(line, "+"))
			}
		}
		m.old, m.new = strings.Join(old, "\n"), strings.Join(now, "\n")
		all = append(all, m)
	}
	return all
}

// mutated returns the file with the mutant in it.
func (m mutant) mutated(t *testing.T) string {
	t.Helper()
	text, err := os.ReadFile(m.file)
	if err != nil {
		t.Fatal(err)
	}
	if n := strings.Count(string(text), m.old); n != 1 {
		t.Errorf("%s: %q is in %s %d times, want once", m.name, m.old, m.file, n)
	}
	return strings.Replace(string(text), m.old, m.new, 1)
}

func TestTheMutantsAreOfThisCode(t *testing.T) {
	seen := map[string]bool{}
	for _, m := range mutants(t) {
		m.mutated(t)
		if seen[m.name] || m.old == m.new {
			t.Errorf("mutant %q is there twice, or is none", m.name)
		}
		seen[m.name] = true
	}
	if len(seen) < 100 {
		t.Errorf("mutants = %d, want 100 at least", len(seen))
	}
}

var failedTest = regexp.MustCompile(`--- FAIL: (\w+)|(panic: test timed out|panic: |fatal error: )`)

// TestEachMutantIsKilled takes a quarter of an hour for all, or less for those of a
// file:
//
//	go test ./lambda/kafka -run EachMutant -mutants . -timeout 1h -v
//	go test ./lambda/kafka -run EachMutant -mutants '^told.go: ' -timeout 1h -v
func TestEachMutantIsKilled(t *testing.T) {
	if *runMutants == "" {
		t.Skip("takes a quarter of an hour: -mutants .")
	}
	chosen, err := regexp.Compile(*runMutants)
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	for _, m := range mutants(t) {
		if !chosen.MatchString(m.file + ": " + m.name) {
			continue
		}
		path, err := filepath.Abs(m.file)
		if err != nil {
			t.Fatal(err)
		}
		mutated := filepath.Join(dir, filepath.Base(m.file))
		if err := os.WriteFile(mutated, []byte(m.mutated(t)), 0o600); err != nil {
			t.Fatal(err)
		}
		overlay, err := json.Marshal(map[string]any{"Replace": map[string]string{path: mutated}})
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, "overlay.json"), overlay, 0o600); err != nil {
			t.Fatal(err)
		}
		// Reading an event has no mutants here, and its tests take time.
		cmd := exec.Command("go", "test", "-short", "-failfast", "-vet=off", "-timeout", "40s", "-skip", "^TestDecode|^TestBase64|^Fuzz|^TestAFunctionFromStart",
			"-overlay", filepath.Join(dir, "overlay.json"), ".")
		out, err := cmd.CombinedOutput()
		switch found := failedTest.FindString(string(out)); {
		case err == nil:
			t.Errorf("survives: %s: %s", m.file, m.name)
		case strings.Contains(string(out), "[build failed]"):
			t.Errorf("does not compile: %s: %s\n%s", m.file, m.name, out)
		case found == "":
			t.Errorf("ends without a test that fails: %s: %s\n%s", m.file, m.name, out)
		default:
			t.Logf("killed: %s: %s: %s", m.file, m.name, strings.TrimPrefix(found, "--- FAIL: "))
		}
	}
}
