package run

import (
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// Staged runs a synth in a directory beside outdir, and puts what it wrote into
// outdir when it succeeds: whoever finds an assembly there finds a whole one, and
// never one that was refused. One that only says what is left to look up makes
// way as well, when that fails. With no outdir CDK takes a temporary one.
func Staged(outdir string, synth func(dir *string) error) error {
	if outdir == "" {
		return synth(nil)
	}
	if err := os.MkdirAll(outdir, 0o755); err != nil {
		return err
	}
	// Inside outdir, so that it is on the same file system and never in the way.
	dir, err := os.MkdirTemp(outdir, ".synth-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	if err := synth(&dir); err != nil {
		if left := dropPending(outdir); left != nil {
			return errors.Join(err, left)
		}
		return err
	}
	written, err := os.ReadDir(dir)
	if err != nil {
		return err
	}
	for _, entry := range written {
		to := filepath.Join(outdir, entry.Name())
		if err := os.RemoveAll(to); err != nil {
			return err
		}
		if err := os.Rename(filepath.Join(dir, entry.Name()), to); err != nil {
			return err
		}
	}
	return nil
}

// isPending reports whether the assembly in a directory only says what is left
// to look up.
func isPending(dir string) bool {
	var manifest struct{ Missing []any }
	text, err := os.ReadFile(filepath.Join(dir, "manifest.json"))
	return err == nil && json.Unmarshal(text, &manifest) == nil && len(manifest.Missing) > 0
}

// dropPending removes from an output directory an assembly whose look-ups were
// pending, when they turn out to fail: nobody shall deploy it, and the CLI reads
// it no more.
func dropPending(outdir string) error {
	if !isPending(outdir) {
		return nil
	}
	entries, err := os.ReadDir(outdir)
	if err != nil {
		return err
	}
	for _, entry := range entries {
		name := entry.Name()
		own := slices.Contains([]string{"manifest.json", "tree.json", "cdk.out", "validation-report.json"}, name) ||
			strings.HasSuffix(name, ".template.json") || strings.HasSuffix(name, ".assets.json") || strings.HasSuffix(name, ".metadata.json") ||
			strings.HasSuffix(name, planSuffix)
		if !own || entry.IsDir() {
			continue
		}
		if err := os.Remove(filepath.Join(outdir, name)); err != nil {
			return err
		}
	}
	return nil
}
