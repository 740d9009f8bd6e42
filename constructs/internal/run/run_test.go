package run

import (
	"errors"
	"os"
	"path/filepath"
	"testing"
)

func TestOnlyASynthThatSucceedsReachesTheOutput(t *testing.T) {
	outdir := filepath.Join(t.TempDir(), "cdk.out")
	list := func() (names []string) {
		entries, err := os.ReadDir(outdir)
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range entries {
			text, _ := os.ReadFile(filepath.Join(outdir, e.Name()))
			names = append(names, e.Name()+"="+string(text))
		}
		return names
	}
	write := func(text string, err error) func(*string) error {
		return func(dir *string) error {
			if err := os.WriteFile(filepath.Join(*dir, "manifest.json"), []byte(text), 0o644); err != nil {
				t.Fatal(err)
			}
			return err
		}
	}
	refused := errors.New("refused")
	if err := Staged(outdir, write("wrong", refused)); err != refused {
		t.Errorf("Staged = %v, want %v", err, refused)
	}
	if got := list(); len(got) != 0 {
		t.Errorf("a refused synth left %q", got)
	}
	if err := Staged(outdir, write("one", nil)); err != nil {
		t.Fatal(err)
	}
	if err := Staged(outdir, write("two", nil)); err != nil {
		t.Fatal(err)
	}
	_ = Staged(outdir, write("wrong", refused))
	if got := list(); len(got) != 1 || got[0] != "manifest.json=two" {
		t.Errorf("output = %q, want that of the last synth that succeeded", got)
	}
}

// An assembly of pending look-ups is for the CLI alone, and only until the next
// run of the app.
func TestAFailedLookUpLeavesNoAssembly(t *testing.T) {
	outdir := t.TempDir()
	list := func() (names []string) {
		entries, err := os.ReadDir(outdir)
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range entries {
			names = append(names, e.Name())
		}
		return names
	}
	assembly := func(manifest string, err error) func(*string) error {
		return func(dir *string) error {
			for name, text := range map[string]string{"manifest.json": manifest, "MskLambda.template.json": "{}", "MskLambda.assets.json": "{}", "tree.json": "{}", "MskLambda.plan.txt": ""} {
				if err := os.WriteFile(filepath.Join(*dir, name), []byte(text), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			return err
		}
	}
	if err := os.WriteFile(filepath.Join(outdir, "read.1.lock"), nil, 0o644); err != nil {
		t.Fatal(err)
	}
	for manifest, want := range map[string]int{`{"missing":[{"key":"x"}]}`: 1, `{"missing":[]}`: 6, `{}`: 6} {
		if err := Staged(outdir, assembly(manifest, nil)); err != nil {
			t.Fatal(err)
		}
		if got := list(); len(got) != 6 {
			t.Errorf("%s: %q, want the assembly there for the CLI", manifest, got)
		}
		if err := Staged(outdir, assembly("", errors.New("refused"))); err == nil {
			t.Error("Staged = nil, want the error")
		}
		if got := list(); len(got) != want {
			t.Errorf("%s: left %q, want %d files", manifest, got, want)
		}
	}
}

func TestWithoutAnOutputCDKChooses(t *testing.T) {
	if err := Staged("", func(dir *string) error {
		if dir != nil {
			t.Errorf("dir = %q, want nil", *dir)
		}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
}

func TestRecoverKeepsBugsLoud(t *testing.T) {
	recovered := func(v any) (err error) {
		defer Recover(&err)
		if v == nil {
			return nil
		}
		panic(v)
	}
	if err := recovered(nil); err != nil {
		t.Errorf("Recover = %v, want nil", err)
	}
	if err := recovered("text"); err == nil || err.Error() != "text" {
		t.Errorf("Recover = %v, want text", err)
	}
	if want := errors.New("x"); recovered(want) != want {
		t.Errorf("Recover lost %v", want)
	}
	defer func() {
		if recover() == nil {
			t.Error("a nil dereference did not panic")
		}
	}()
	var err error
	defer Recover(&err)
	var p *verdicts
	_ = p.dir
}
