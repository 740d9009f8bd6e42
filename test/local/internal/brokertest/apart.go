// Package brokertest gives tests a broker that runs in a process of its own, with TLS
// and a password: nothing of it can be reached but by Kafka's protocol.
package brokertest

import (
	"bufio"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"syscall"
	"testing"

	"msklambda/test/local/internal/connect"
)

// build builds the broker once for a test binary.
var build = sync.OnceValues(func() (string, error) {
	_, file, _, _ := runtime.Caller(0)
	dir, err := os.MkdirTemp("", "msklambda-broker-")
	if err != nil {
		return "", err
	}
	out := filepath.Join(dir, "broker")
	cmd := exec.Command("go", "build", "-o", out, ".")
	cmd.Dir = filepath.Join(filepath.Dir(file), "../../broker")
	if text, err := cmd.CombinedOutput(); err != nil {
		return "", fmt.Errorf("%w\n%s", err, text)
	}
	return out, nil
})

// Main runs the tests of a package that may use [Apart], and removes what it built.
func Main(m *testing.M) {
	built := false
	buildOnce := build
	build = func() (string, error) { built = true; return buildOnce() }
	status := m.Run()
	if built {
		if program, err := buildOnce(); err == nil {
			os.RemoveAll(filepath.Dir(program))
		}
	}
	os.Exit(status)
}

// Apart starts a broker with topics, such as "orders:4", and returns how it is
// reached: by TLS and SCRAM-SHA-512. It ends with the test. The package's TestMain must be
// [Main].
func Apart(t *testing.T, topics string) *connect.Kafka {
	t.Helper()
	program, err := build()
	if err != nil {
		t.Fatal(err)
	}
	k := &connect.Kafka{TLS: true, CA: filepath.Join(t.TempDir(), "ca.pem"), SASL: "SCRAM-SHA-512", Username: "reader", Password: "not to be guessed"}
	cmd := exec.Command(program, "-port", "0", "-topics", topics, "-tls", "-tls-ca", k.CA, "-user", k.Username)
	cmd.Env = append(os.Environ(), connect.PasswordEnv+"="+k.Password)
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := cmd.Process.Signal(syscall.SIGTERM); err != nil {
			t.Error(err)
		}
		if err := cmd.Wait(); err != nil {
			t.Errorf("the broker ended with %v, want in order", err)
		}
	})
	line, err := bufio.NewReader(out).ReadString('\n')
	address, ok := strings.CutPrefix(strings.TrimSpace(line), "listening on ")
	if err != nil || !ok {
		t.Fatalf("the broker said %q, %v, want where it listens", line, err)
	}
	k.Brokers = []string{address}
	return k
}
