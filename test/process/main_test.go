// Package process holds the tests that start processes as a user would: the real
// CDK CLI, the apps, the bundler. They run beside those of package test, which keep
// one jsii process busy; and -short leaves them out.
package process

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"

	"github.com/aws/jsii-runtime-go"

	"msklambda/test/internal/synthtest"
)

func TestMain(m *testing.M) {
	if os.Getenv(scenarioEnv) != "" {
		runScenarios()
		return
	}
	if os.Getenv(cdkLookUpsEnv) != "" {
		runCDKLookUps()
		return
	}
	if os.Getenv(movesEnv) != "" {
		runMoves()
		return
	}
	code := m.Run()
	jsii.Close() // once: a second start would cost as much as the first
	os.RemoveAll(builds)
	os.Exit(code)
}

const (
	root  = "../.."
	entry = root + "/lambda"
)

// builds has what the tests of this process share.
var builds string

// program builds a main package of the repository, without its symbols, which are
// a third of the time to link.
func program(name, dir string) (path string, err error) {
	if builds == "" {
		if builds, err = os.MkdirTemp("", "msklambda-process-"); err != nil {
			return "", err
		}
	}
	path = filepath.Join(builds, name)
	cmd := exec.Command("go", "build", "-ldflags=-s -w", "-o", path, ".")
	cmd.Dir = dir
	if out, err := cmd.CombinedOutput(); err != nil {
		return "", fmt.Errorf("go build of %s: %w\n%s", dir, err, out)
	}
	return path, nil
}

// appBinary is the app, built once for all tests.
var appBinary = sync.OnceValues(func() (string, error) { return program("app", root) })

func app(t *testing.T) string {
	t.Helper()
	path, err := appBinary()
	if err != nil {
		t.Fatal(err)
	}
	return path
}

func write(t *testing.T, path, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

func absolute(t *testing.T, path string) string {
	t.Helper()
	path, err := filepath.Abs(path)
	if err != nil {
		t.Fatal(err)
	}
	return path
}

var (
	newApp        = synthtest.NewApp
	clusterProps  = synthtest.ClusterProps
	consumerProps = synthtest.ConsumerProps
	given         = synthtest.Given
	long          = synthtest.Long
	asJSON        = synthtest.JSON
	readJSON      = synthtest.ReadJSON
)
