// Package direct has a test binary talk to jsii's kernel without the process
// between them, which passes on what each of the two says. In tests, which ask tens
// of thousands of times, that process is a sixth of all CPU time. An app of a user
// keeps it, and so do the tests that start apps.
package direct

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
)

// Use is called before the first object of CDK is made. An environment that names a
// runtime of its own, in JSII_RUNTIME, keeps it.
func Use() error {
	if os.Getenv("JSII_RUNTIME") != "" || runtime.GOOS == "windows" { // where the shell has other quotes
		return nil
	}
	dir, err := exec.Command("go", "list", "-m", "-f", "{{.Dir}}", "github.com/aws/jsii-runtime-go").Output()
	if err != nil {
		return fmt.Errorf("the folder of jsii-runtime-go: %w", err)
	}
	kernel := filepath.Join(strings.TrimSpace(string(dir)), "internal", "embedded", "resources", "lib", "program.js")
	if _, err := os.Stat(kernel); err != nil {
		return err
	}
	shim, err := filepath.Abs("internal/direct/direct.cjs")
	if err != nil {
		return err
	}
	return os.Setenv("JSII_RUNTIME", fmt.Sprintf("exec node --preserve-symlinks '%s' '%s'", shim, kernel))
}
