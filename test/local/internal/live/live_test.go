package live

import (
	"errors"
	"net"
	"os"
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
		t.Skip("builds four functions")
	}
	dynalite.ForTest(t) // or skip
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	temp := t.TempDir()
	t.Setenv("TMPDIR", temp)
	_, port, _ := net.SplitHostPort(taken.Addr().String())
	l, err := Start(t.Context(), Config{Code: "../../../../lambda", PagePort: port})
	if l != nil || err == nil || !strings.Contains(err.Error(), "127.0.0.1:"+port+": bind: address already in use") {
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
