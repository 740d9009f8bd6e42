package live

import (
	"errors"
	"fmt"
	"net"
	"os"
	"strconv"
	"strings"
	"testing"

	"msklambda/test/local/dynalite"
)

// What cannot start is an error that says why, and leaves nothing behind.
func TestWithoutNPMTheErrorSaysSo(t *testing.T) {
	temp := t.TempDir()
	t.Setenv("TMPDIR", temp)
	t.Setenv("XDG_CACHE_HOME", t.TempDir()) // where dynalite is not installed yet
	t.Setenv("PATH", "")
	l, err := Start(t.Context(), Config{Code: "../../../../lambda", PagePort: "0"})
	var missing dynalite.MissingError
	if l != nil || !errors.As(err, &missing) {
		t.Errorf("Start = %v, %v, want what is missing", l, err)
	}
	wantEmpty(t, temp)
}

func TestATakenPortIsNamed(t *testing.T) {
	if testing.Short() {
		t.Skip("builds four functions: go test without -short runs it")
	}
	dynalite.ForTest(t) // or skip
	for name, tt := range map[string]struct {
		config func(*Config, int)
		want   string
	}{
		"of the page":   {func(c *Config, port int) { c.PagePort = strconv.Itoa(port) }, "127.0.0.1:%d: bind: address already in use"},
		"of the broker": {func(c *Config, port int) { c.BrokerPort = port }, "port %d cannot be had: end what listens there"},
	} {
		t.Run(name, func(t *testing.T) { takenPort(t, tt.config, tt.want) })
	}
}

func takenPort(t *testing.T, edit func(*Config, int), want string) {
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	temp := t.TempDir()
	t.Setenv("TMPDIR", temp)
	port := taken.Addr().(*net.TCPAddr).Port
	config := Config{Code: "../../../../lambda", PagePort: "0"}
	edit(&config, port)
	l, err := Start(t.Context(), config)
	if l != nil || err == nil || !strings.Contains(err.Error(), fmt.Sprintf(want, port)) {
		t.Errorf("Start = %v, %v, want the address that is taken", l, err)
	}
	wantEmpty(t, temp)
}

func wantEmpty(t *testing.T, dir string) {
	t.Helper()
	left, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, entry := range left {
		t.Errorf("left behind: %s", entry.Name())
	}
}
