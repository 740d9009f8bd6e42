package gobuild

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// module makes a module with a main package in a directory below it.
func module(t *testing.T, mod string) string {
	t.Helper()
	dir := t.TempDir()
	entry := filepath.Join(dir, "cmd", "orders")
	if err := os.MkdirAll(entry, 0o755); err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string]string{"go.mod": mod, "cmd/orders/main.go": "package main\n\nfunc main() {}\n"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return entry
}

func TestTheToolchainIsTheModules(t *testing.T) {
	tests := map[string]struct{ mod, want string }{
		"none named":                   {"module m\n\ngo 1.24.0\n", DefaultToolchain},
		"none named, no go line":       {"module m\n", DefaultToolchain},
		"named":                        {"module m\n\ngo 1.24.0\n\ntoolchain go1.25.3\n", "go1.25.3"},
		"named, newer than ours":       {"module m\n\ngo 1.24.0\n\ntoolchain go1.99.3\n", "go1.99.3"},
		"default":                      {"module m\n\ngo 1.24.0\n\ntoolchain default\n", DefaultToolchain},
		"go line newer than ours":      {"module m\n\ngo 1.99.2\n", "go1.99.2"},
		"go line a language":           {"module m\n\ngo 1.99\n", "go1.99.0"},
		"go line a release candidate":  {"module m\n\ngo 1.99rc1\n", "go1.99rc1"},
		"go line of the same language": {"module m\n\ngo 1.26\n", DefaultToolchain},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			if got, err := Toolchain(module(t, tt.mod)); err != nil || got != tt.want {
				t.Errorf("Toolchain = %q, %v, want %q", got, err, tt.want)
			}
		})
	}
	if _, err := Toolchain(module(t, "module m\n\ngo 1.24.0\n\nsomething new\n")); err == nil || !strings.Contains(err.Error(), "go.mod:5: unknown directive: something") {
		t.Errorf("Toolchain of a go.mod that go refuses = %v, want an error", err)
	}
	if _, err := Toolchain(t.TempDir()); err == nil || !strings.Contains(err.Error(), "no go.mod in it or above it") {
		t.Errorf("Toolchain without a module = %v, want an error", err)
	}
}

func TestTheEnvironmentIsNotTheCallers(t *testing.T) {
	for name, value := range map[string]string{"GOFLAGS": "-race", "GOTOOLCHAIN": "local", "GOAMD64": "v3", "GOARM64": "v9.0", "GOEXPERIMENT": "jsonv2", "GOFIPS140": "latest"} {
		t.Setenv(name, value)
		got, err := Environment(module(t, "module m\n"))
		if err != nil {
			t.Fatal(err)
		}
		if given, ok := got[name]; !ok || given == value {
			t.Errorf("%s = %q, %v, want one of its own", name, given, ok)
		}
	}
}

func TestABuildThatCannotBeIsRefusedWithWhatToDo(t *testing.T) {
	// The go command fetches nothing here.
	t.Setenv("GOPROXY", "off")
	t.Setenv("GOFLAGS", "-mod=mod")
	tests := map[string]struct {
		environment map[string]string
		setenv      map[string]string
		want        []string
	}{
		"no such toolchain": {map[string]string{"GOTOOLCHAIN": "go1.26.777"}, nil,
			[]string{"go1.26.777, which builds it, cannot be had: go: ", "toolchain line of ", "go.mod", `"local" is the Go that is there`}},
		"no go command": {map[string]string{"GOTOOLCHAIN": "local"}, map[string]string{"PATH": t.TempDir()},
			[]string{"there is no go command in PATH"}},
		"an experiment written by go env -w": {map[string]string{"GOTOOLCHAIN": "local", "GOEXPERIMENT": ""}, map[string]string{"GOENV": goenv(t)},
			[]string{`GOEXPERIMENT is "nodwarf5" by go env -w`, "go env -u GOEXPERIMENT"}},
		"an experiment that is asked for": {map[string]string{"GOTOOLCHAIN": "local", "GOEXPERIMENT": "nodwarf5"}, nil, nil},
		"the Go that is there":            {map[string]string{"GOTOOLCHAIN": "local"}, nil, nil},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			entry := module(t, "module m\n\ngo 1.24.0\n")
			for name, value := range tt.setenv {
				t.Setenv(name, value)
			}
			err := Check(entry, tt.environment)
			if tt.want == nil && err != nil {
				t.Errorf("Check = %v, want nil", err)
			}
			for _, part := range tt.want {
				if err == nil || !strings.Contains(err.Error(), part) {
					t.Errorf("Check = %v, want %q in it", err, part)
				}
			}
		})
	}
}

// goenv is a file as go env -w writes it.
func goenv(t *testing.T) string {
	path := filepath.Join(t.TempDir(), "env")
	if err := os.WriteFile(path, []byte("GOEXPERIMENT=nodwarf5\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	return path
}

// A toolchain of another version that happens to be there must not be taken for the
// one that is named.
func TestTheGoCommandsOwnVersionIsLookedAt(t *testing.T) {
	out, err := exec.Command("go", "env", "GOVERSION").Output()
	if err != nil {
		t.Fatal(err)
	}
	err = check(filepath.Dir(module(t, "module m\n")), map[string]string{"GOTOOLCHAIN": strings.TrimSpace(string(out))})
	if err != nil {
		t.Errorf("check with the Go that is there = %v, want nil", err)
	}
}
