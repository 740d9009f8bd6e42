package reload

import (
	"context"
	"os"
	"path/filepath"
	"testing"
	"time"
)

// source writes a module of two packages, one of which embeds a file.
func source(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	for name, text := range map[string]string{
		"go.mod":           "module example.com/mine\n\ngo 1.26\n",
		"orders/main.go":   "package main\n\nimport \"example.com/mine/table\"\n\nfunc main() { println(table.Name) }\n",
		"table/table.go":   "package table\n\nimport _ \"embed\"\n\n//go:embed name.txt\nvar Name string\n",
		"table/name.txt":   "orders",
		"unused/unused.go": "package unused\n",
	} {
		write(t, filepath.Join(dir, name), text)
	}
	return dir
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

func TestWhatChangesAProgram(t *testing.T) {
	dir := source(t)
	s, err := New(t.Context(), filepath.Join(dir, "orders"))
	if err != nil {
		t.Fatal(err)
	}
	if got := s.Changed(); got != "" {
		t.Errorf("Changed = %s, want none: nothing has", got)
	}
	for _, tt := range []struct {
		name, text string // "" removes it
		changes    bool
	}{
		{"orders/main.go", "package main\n\nfunc main() {}\n", true},
		{"table/table.go", "package table\n", true},
		{"table/name.txt", "refunds, and more", true},
		{"orders/more.go", "package main\n", true},
		{"orders/more.go", "", true},
		{"go.mod", "module example.com/mine\n\ngo 1.26.0\n", true},
		{"orders/main_test.go", "package main\n", false},
		{"orders/notes.txt", "x", false},
		{"unused/unused.go", "package unused // it is\n", false},
	} {
		path := filepath.Join(dir, tt.name)
		if tt.text == "" {
			if err := os.Remove(path); err != nil {
				t.Fatal(err)
			}
		} else {
			write(t, path, tt.text)
		}
		if got := s.Changed(); (got != "") != tt.changes {
			t.Errorf("after %s: Changed = %q, want a change: %v", tt.name, got, tt.changes)
		}
		if got := s.Changed(); got != "" {
			t.Errorf("after %s: Changed once more = %q, want none", tt.name, got)
		}
	}
}

// A package that is imported from now on is looked at from now on.
func TestAnImportIsFollowed(t *testing.T) {
	dir := source(t)
	s, err := New(t.Context(), filepath.Join(dir, "orders"))
	if err != nil {
		t.Fatal(err)
	}
	write(t, filepath.Join(dir, "orders/main.go"), "package main\n\nimport _ \"example.com/mine/unused\"\n\nfunc main() {}\n")
	if s.Changed() == "" {
		t.Fatal("Changed = none, want main.go")
	}
	if err := s.Built(t.Context()); err != nil {
		t.Fatal(err)
	}
	if got := s.Changed(); got != "" {
		t.Errorf("Changed = %s, want none: a package that is new was built", got)
	}
	write(t, filepath.Join(dir, "unused/unused.go"), "package unused // not any more\n")
	if got := s.Changed(); filepath.Base(got) != "unused.go" {
		t.Errorf("Changed = %q, want unused.go", got)
	}
}

func TestWaitEndsWithItsContext(t *testing.T) {
	s, err := New(t.Context(), filepath.Join(source(t), "orders"))
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 3*Interval)
	defer cancel()
	if got, err := s.Wait(ctx); err == nil {
		t.Errorf("Wait = %q, want that the context has ended", got)
	}
	go func() {
		time.Sleep(2 * Interval)
		_ = os.WriteFile(filepath.Join(s.dir, "main.go"), []byte("package main\n\nfunc main() { }\n"), 0o644)
	}()
	if got, err := s.Wait(t.Context()); err != nil || filepath.Base(got) != "main.go" {
		t.Errorf("Wait = %q, %v, want main.go", got, err)
	}
}
