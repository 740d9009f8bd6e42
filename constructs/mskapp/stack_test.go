package mskapp

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
	var p *Config
	_ = p.StackName
}
