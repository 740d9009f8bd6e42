//go:build linux

package loop

import (
	"debug/elf"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"msklambda/test/local/internal/options"
	"msklambda/test/local/internal/screen"
)

// A build for a debugger keeps what one needs, and another nothing of it.
func TestADebugBuildHasDebugInformation(t *testing.T) {
	dir := t.TempDir()
	writeSmall(t, dir, "one")
	for _, debug := range []bool{false, true} {
		l := &session{o: &options.Options{Debug: debug}, s: screen.To(io.Discard, false), dir: t.TempDir()}
		bootstrap, err := l.compile(t.Context(), dir)
		if err != nil {
			t.Fatal(err)
		}
		file, err := elf.Open(bootstrap)
		if err != nil {
			t.Fatal(err)
		}
		_, err = file.DWARF()
		if (file.Section(".debug_info") != nil || file.Section(".zdebug_info") != nil) != debug || debug && err != nil {
			t.Errorf("debug %v: debug information is there = %v, %v, want %v", debug, !debug, err, debug)
		}
		file.Close()
	}
}

// The function runs under dlv where there is one, and else says what to attach to.
// Neither times it.
func TestAFunctionRunsUnderADebugger(t *testing.T) {
	goCommand, err := exec.LookPath("go")
	if err != nil {
		t.Fatal(err)
	}
	dir, bin := t.TempDir(), t.TempDir()
	writeSmall(t, dir, "one")
	path := filepath.Dir(goCommand) + ":/usr/bin:/bin"
	for name, tt := range map[string]struct {
		dlv  bool
		want string
	}{
		"with dlv":    {true, "debug      the function is under dlv at 127.0.0.1:2399: dlv connect 127.0.0.1:2399\n"},
		"without dlv": {false, "debug      attach with: dlv attach "},
	} {
		t.Run(name, func(t *testing.T) {
			t.Setenv("PATH", path)
			if tt.dlv {
				// It says what it was asked for, and runs what it was given.
				script := "#!/bin/sh\necho stands in: $*\nfor last; do :; done\nexec $last\n"
				if err := os.WriteFile(filepath.Join(bin, "dlv"), []byte(script), 0o755); err != nil {
					t.Fatal(err)
				}
				t.Setenv("PATH", bin+":"+path)
			} else if _, err := exec.LookPath("dlv"); err == nil {
				t.Skip("dlv is beside go")
			}
			got, status, err := run(t, []string{"-entry", dir, "-debug", "-debug-port", "2399", "-port", "0", "-rate", "20", "-duration", "300ms", "-timeout", "1s"})
			if err != nil || status != 0 || !strings.Contains(got, tt.want) || !strings.Contains(got, "with debug information") || !strings.Contains(got, "function   version one") {
				t.Errorf("status = %d, %v\n%s\nwant %q and a function that runs", status, err, got, tt.want)
			}
			if under := "stands in: exec --headless --listen=127.0.0.1:2399"; strings.Contains(got, under) != tt.dlv {
				t.Errorf("output = %s\nwant %q: %v", got, under, tt.dlv)
			}
		})
	}
}
