package main

import (
	"os/exec"
	"strings"
	"testing"
)

// TestTheLocalLoopStaysApart: the library and the functions know nothing of it,
// nor of the Kafka client and broker that it needs. That a bundle holds neither
// is tested with the bundle itself.
func TestTheLocalLoopStaysApart(t *testing.T) {
	out, err := exec.CommandContext(t.Context(), "go", "list", "-deps", "msklambda", "msklambda/constructs/...", "msklambda/lambda/...").Output()
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	for pkg := range strings.Lines(string(out)) {
		n++
		if pkg = strings.TrimSpace(pkg); strings.HasPrefix(pkg, "github.com/twmb/") || strings.HasPrefix(pkg, "msklambda/test") {
			t.Errorf("the library or a function depends on %s", pkg)
		}
	}
	if n < 50 {
		t.Errorf("packages = %d, want all that they depend on", n)
	}
}
