package gobuild

import (
	"errors"
	"fmt"
	"go/version"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"

	"golang.org/x/mod/modfile"
)

// DefaultToolchain builds the functions of modules that name no toolchain. Moving it
// changes every such bundle: it moves alone, in a commit and a changelog entry of
// its own.
const DefaultToolchain = "go1.26.8"

// Toolchain returns the Go that builds the main package in dir, as the environment
// variable GOTOOLCHAIN takes it: the one in the toolchain line of its go.mod or,
// where that has none, [DefaultToolchain] or what the go line asks for if that is
// newer. A toolchain line by itself does not do: to the go command it is the least.
func Toolchain(dir string) (string, error) {
	module, err := ModuleDir(dir)
	if err != nil {
		return "", err
	}
	path := filepath.Join(module, "go.mod")
	text, err := os.ReadFile(path)
	if err != nil {
		return "", err
	}
	mod, err := modfile.Parse(path, text, nil)
	if err != nil {
		return "", err
	}
	if mod.Toolchain != nil && version.IsValid(mod.Toolchain.Name) {
		return mod.Toolchain.Name, nil
	}
	if mod.Go != nil {
		wanted := "go" + mod.Go.Version
		if wanted == version.Lang(wanted) && version.Compare(wanted, "go1.21") >= 0 {
			wanted += ".0" // go 1.27 is a language, go1.27.0 the first release of it
		}
		if version.Compare(wanted, DefaultToolchain) > 0 {
			return wanted, nil
		}
	}
	return DefaultToolchain, nil
}

// Check finds out whether go build can run in dir with the environment, and would
// make what is asked for. It builds nothing, but the go command may fetch a
// toolchain.
func Check(dir string, environment map[string]string) error {
	module, err := ModuleDir(dir)
	if err != nil {
		return err
	}
	key := fmt.Sprint(module, environment)
	if found, ok := checked.Load(key); ok {
		err, _ := found.(error)
		return err
	}
	err = check(module, environment)
	checked.Store(key, err)
	return err
}

// checked is what came of it, since an app has many functions and one toolchain.
var checked sync.Map

func check(module string, environment map[string]string) error {
	if _, err := exec.LookPath("go"); err != nil {
		return errors.New("there is no go command in PATH to build it with: install Go, https://go.dev/doc/install")
	}
	toolchain := environment["GOTOOLCHAIN"]
	cmd := exec.Command("go", "env", "GOVERSION", "GOEXPERIMENT")
	cmd.Dir = module
	cmd.Env = append(os.Environ(), list(environment)...)
	var said strings.Builder
	cmd.Stderr = &said
	out, err := cmd.Output()
	choose := fmt.Sprintf("name another in a toolchain line of %s, or as GOTOOLCHAIN in BuildEnvironment, where \"local\" is the Go that is there", filepath.Join(module, "go.mod"))
	if err != nil {
		return fmt.Errorf("%s, which builds it, cannot be had: %s: %s", toolchain, strings.TrimSpace(said.String()), choose)
	}
	is, experiment, _ := strings.Cut(strings.TrimRight(string(out), "\n"), "\n")
	if version.IsValid(toolchain) && is != toolchain {
		return fmt.Errorf("%s, which builds it, cannot be had: the go command is %s: %s", toolchain, is, choose)
	}
	// An empty variable does not win over what go env -w has written.
	if experiment != environment["GOEXPERIMENT"] {
		return fmt.Errorf("GOEXPERIMENT is %q by go env -w, which would make another bundle than elsewhere: go env -u GOEXPERIMENT, or set it in BuildEnvironment", experiment)
	}
	return nil
}
