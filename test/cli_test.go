package test

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
)

const cliVersion = "2.1148.1"

// cli is the real CDK CLI, or a skip where npx cannot get it.
var cli = sync.OnceValues(func() (string, error) {
	out, err := exec.Command("npx", "--yes", "aws-cdk@"+cliVersion, "--version").CombinedOutput()
	return string(out), err
})

// project is a directory to run the CLI in: the example's cdk.json and what
// the app reads, and nothing that a run before it left behind.
type project struct {
	t        *testing.T
	dir      string
	env      []string
	duration string
}

func newProject(t *testing.T, endpoint string) *project {
	t.Helper()
	if out, err := cli(); err != nil {
		t.Skipf("npx cannot get aws-cdk@%s, so the real CLI is not tried: %v\n%s", cliVersion, err, out)
	}
	p := &project{t: t, dir: t.TempDir()}
	root, err := filepath.Abs("..")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"cdk.json", "go.mod", "go.sum", "lambda"} {
		if err := os.Symlink(filepath.Join(root, name), filepath.Join(p.dir, name)); err != nil {
			t.Fatal(err)
		}
	}
	for _, v := range os.Environ() {
		// Nothing of the developer's own account.
		if !strings.HasPrefix(v, "AWS_") && !strings.HasPrefix(v, "CDK_") {
			p.env = append(p.env, v)
		}
	}
	none := filepath.Join(p.dir, "none")
	p.env = append(p.env, "AWS_CONFIG_FILE="+none, "AWS_SHARED_CREDENTIALS_FILE="+none, "AWS_EC2_METADATA_DISABLED=true",
		// Where the CLI remembers which account a key is of.
		"CDK_HOME="+filepath.Join(p.dir, "home"), "CDK_DISABLE_CLI_TELEMETRY=true", "CI=true")
	if endpoint != "" {
		p.env = append(p.env, "AWS_ENDPOINT_URL="+endpoint, "AWS_ACCESS_KEY_ID=AKIAIOSFODNN7EXAMPLE", "AWS_SECRET_ACCESS_KEY=secret", "AWS_REGION="+region)
	}
	return p
}

// run runs a command of the CLI and returns what it printed, and whether it
// succeeded.
func (p *project) run(args ...string) (string, bool) {
	p.t.Helper()
	cmd := exec.Command("npx", append([]string{"--yes", "aws-cdk@" + cliVersion}, args...)...)
	cmd.Dir, cmd.Env = p.dir, p.env
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	err := cmd.Run()
	return out.String(), err == nil
}

func (p *project) read(name string) string {
	p.t.Helper()
	text, err := os.ReadFile(filepath.Join(p.dir, name))
	if err != nil {
		p.t.Fatal(err)
	}
	return string(text)
}

// appBinary is app.go, built once.
var appBinary = sync.OnceValues(func() (string, error) {
	dir, err := os.MkdirTemp("", "app")
	if err != nil {
		return "", err
	}
	path := filepath.Join(dir, "app")
	out, err := exec.Command("go", "build", "-o", path, "../app.go").CombinedOutput()
	if err != nil {
		return string(out), err
	}
	return path, nil
})
