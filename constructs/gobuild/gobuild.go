// Package gobuild says how the functions of consumers are built. The construct
// takes its flags from here, and so does whatever runs the same program
// elsewhere, so that the two cannot drift apart. It imports nothing of CDK.
package gobuild

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
)

// Flags make the bundle small and the same wherever it is built: no paths, no
// commit, no net/rpc, no symbol table. They are meant for GOFLAGS.
const Flags = "-trimpath -buildvcs=false -tags=lambda.norpc '-ldflags=-s -w'"

// Build builds the Go main package in dir into the file out, for an operating
// system and an architecture as Go names them. It runs what CDK's bundler runs
// for the construct: go build in the module's directory with the flags in the
// environment.
func Build(ctx context.Context, dir, out, goos, goarch string) error {
	abs, err := filepath.Abs(dir)
	if err != nil {
		return err
	}
	if out, err = filepath.Abs(out); err != nil {
		return err
	}
	module, err := moduleDir(abs)
	if err != nil {
		return err
	}
	entry, err := filepath.Rel(module, abs)
	if err != nil {
		return err
	}
	cmd := exec.CommandContext(ctx, "go", "build", "-o", out, "./"+filepath.ToSlash(entry))
	cmd.Dir = module
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0", "GO111MODULE=on", "GOOS="+goos, "GOARCH="+goarch, "GOFLAGS="+Flags)
	if text, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("go build of %s: %w\n%s", dir, err, text)
	}
	return nil
}

// moduleDir returns the directory of the go.mod that dir belongs to.
func moduleDir(dir string) (string, error) {
	for parent := dir; ; parent = filepath.Dir(parent) {
		if _, err := os.Stat(filepath.Join(parent, "go.mod")); err == nil {
			return parent, nil
		}
		if parent == filepath.Dir(parent) {
			return "", fmt.Errorf("no go.mod in %s or above it", dir)
		}
	}
}
