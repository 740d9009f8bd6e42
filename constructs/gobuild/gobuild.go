// Package gobuild says how the functions of consumers are built, so that the same
// source is the same file wherever it is built. The construct takes its environment
// from here, and so does whatever runs the same program elsewhere, so that the two
// cannot drift apart. It imports nothing of CDK.
package gobuild

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// Flags make the bundle small and the same wherever it is built: no paths, no
// commit, no net/rpc, no symbol table. They are meant for GOFLAGS.
const Flags = "-trimpath -buildvcs=false -tags=lambda.norpc '-ldflags=-s -w'"

// Environment returns the variables that decide what go build makes of the Go main
// package in dir, for each of which whoever builds may have a value of their own:
// the flags, the toolchain, and the variants of an architecture. Another Go makes
// another file of the same source, so the toolchain is that of [Toolchain].
func Environment(dir string) (map[string]string, error) {
	toolchain, err := Toolchain(dir)
	if err != nil {
		return nil, err
	}
	return map[string]string{
		"GOFLAGS":     Flags,
		"GOTOOLCHAIN": toolchain,
		// Go's defaults.
		"GOAMD64":      "v1",
		"GOARM64":      "v8.0",
		"GOEXPERIMENT": "",
		"GOFIPS140":    "off",
	}, nil
}

// Build builds the Go main package in dir into the file out, for an operating
// system and an architecture as Go names them. It runs what CDK's bundler runs
// for the construct: go build in the module's directory with the environment.
func Build(ctx context.Context, dir, out, goos, goarch string) error {
	cmd, err := Command(ctx, dir, out, goos, goarch)
	if err != nil {
		return err
	}
	if text, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("go build of %s: %w\n%s", dir, err, text)
	}
	return nil
}

// Command is what [Build] runs, for those who build otherwise in a part: variables that
// are added to its environment win over all others.
func Command(ctx context.Context, dir, out, goos, goarch string) (*exec.Cmd, error) {
	abs, err := filepath.Abs(dir)
	if err != nil {
		return nil, err
	}
	if out, err = filepath.Abs(out); err != nil {
		return nil, err
	}
	module, err := ModuleDir(abs)
	if err != nil {
		return nil, fmt.Errorf("go build of %s: %w", dir, err)
	}
	entry, err := filepath.Rel(module, abs)
	if err != nil {
		return nil, err
	}
	environment, err := Environment(abs)
	if err != nil {
		return nil, err
	}
	if err := Check(dir, environment); err != nil {
		return nil, fmt.Errorf("go build of %s: %w", dir, err)
	}
	cmd := exec.CommandContext(ctx, "go", "build", "-o", out, "./"+filepath.ToSlash(entry))
	cmd.Dir = module
	cmd.Env = append(append(os.Environ(), "CGO_ENABLED=0", "GO111MODULE=on", "GOOS="+goos, "GOARCH="+goarch), list(environment)...)
	return cmd, nil
}

func list(environment map[string]string) []string {
	var out []string
	for name, value := range environment {
		out = append(out, name+"="+value)
	}
	return out
}

// ModuleDir returns the directory of the go.mod that dir belongs to.
func ModuleDir(dir string) (string, error) {
	abs, err := filepath.Abs(dir)
	if err != nil {
		return "", err
	}
	for parent := abs; ; parent = filepath.Dir(parent) {
		if _, err := os.Stat(filepath.Join(parent, "go.mod")); err == nil {
			return parent, nil
		}
		if parent == filepath.Dir(parent) {
			return "", errors.New("no go.mod in it or above it")
		}
	}
}

// PackageDir returns the directory that a package has for the module in the working
// directory: in its own tree, in the cache of modules, or where a replace line points.
func PackageDir(importPath string) (string, error) {
	cmd := exec.Command("go", "list", "-find", "-f", "{{.Dir}}", importPath)
	var said strings.Builder
	cmd.Stderr = &said
	out, err := cmd.Output()
	switch text := strings.Join(strings.Fields(said.String()), " "); {
	case err != nil && text != "":
		return "", fmt.Errorf("go list: %s", text)
	case err != nil:
		return "", err
	}
	return strings.TrimSpace(string(out)), nil
}
