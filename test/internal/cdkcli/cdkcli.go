// Package cdkcli runs the real CDK CLI in a project, as a user would.
package cdkcli

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
)

// Version is that of the CLI in the README.
const Version = "2.1148.1"

// program is that of the CLI, as npx installs it. The tests run it themselves: npx
// takes longer to find it again than it takes to start.
var program = sync.OnceValues(func() (string, error) {
	var said bytes.Buffer
	cmd := exec.Command("npx", "--yes", "--package=aws-cdk@"+Version, "--call", "command -v cdk")
	cmd.Stderr = &said
	out, err := cmd.Output()
	if err != nil {
		return "", fmt.Errorf("%w\n%s%s", err, out, said.Bytes())
	}
	return strings.TrimSpace(string(out)), nil
})

// Project is a directory to run the CLI in, in which no run has left anything, and
// nothing of the developer's own account.
type Project struct {
	Dir string
	Env []string

	t   testing.TB
	cli string
}

// New makes a project that links to files of the repository, whose calls of AWS go to
// an endpoint in a region. Without an endpoint it has no credentials. Where npx cannot
// get the CLI the test is skipped.
func New(t testing.TB, endpoint, region, root string, links ...string) *Project {
	t.Helper()
	cli, err := program()
	if err != nil {
		skip := t.Skipf
		if os.Getenv("CI") != "" {
			skip = t.Fatalf
		}
		skip("npx cannot get aws-cdk@%s, so the real CLI is not tried (with CI set this is a failure): %v", Version, err)
	}
	p := &Project{t: t, cli: cli, Dir: t.TempDir()}
	for _, name := range links {
		from, err := filepath.Abs(filepath.Join(root, name))
		if err == nil {
			err = os.Symlink(from, filepath.Join(p.Dir, name))
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	for _, v := range os.Environ() {
		if !strings.HasPrefix(v, "AWS_") && !strings.HasPrefix(v, "CDK_") {
			p.Env = append(p.Env, v)
		}
	}
	none := filepath.Join(p.Dir, "none")
	p.Env = append(p.Env, "AWS_CONFIG_FILE="+none, "AWS_SHARED_CREDENTIALS_FILE="+none, "AWS_EC2_METADATA_DISABLED=true",
		// Where the CLI remembers which account a key is of.
		"CDK_HOME="+filepath.Join(p.Dir, "home"), "CDK_DISABLE_CLI_TELEMETRY=true", "CI=true")
	if endpoint != "" {
		p.Env = append(p.Env, "AWS_ENDPOINT_URL="+endpoint, "AWS_ACCESS_KEY_ID=AKIAIOSFODNN7EXAMPLE", "AWS_SECRET_ACCESS_KEY=secret", "AWS_REGION="+region)
	}
	return p
}

// Run runs a command of the CLI and returns what it printed, and whether it
// succeeded.
func (p *Project) Run(args ...string) (string, bool) {
	p.t.Helper()
	cmd := exec.Command(p.cli, args...)
	cmd.Dir, cmd.Env = p.Dir, p.Env
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	err := cmd.Run()
	return out.String(), err == nil
}

// Read reads a file of the project.
func (p *Project) Read(name string) string {
	p.t.Helper()
	text, err := os.ReadFile(filepath.Join(p.Dir, name))
	if err != nil {
		p.t.Fatal(err)
	}
	return string(text)
}
