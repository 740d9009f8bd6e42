package msklambda

import (
	"fmt"
	"path"
	"path/filepath"
	"reflect"
	"runtime"
	"sync"

	"msklambda/constructs/gobuild"
	"msklambda/lambda/admin/ask"
)

// adminEntry is where the main package of the admin function is. It is looked for once.
var adminEntry = sync.OnceValues(func() (string, error) {
	_, here, _, _ := runtime.Caller(0)
	return findAdminEntry(here, gobuild.PackageDir)
})

// findAdminEntry looks for the package beside the source of this one, with which it
// comes: in this module, in Go's cache of modules, or where a replace line or a
// workspace points. A program that was built with -trimpath does not say where that is,
// and one that vendors has nothing there, so that the go command is asked.
func findAdminEntry(here string, find func(importPath string) (string, error)) (string, error) {
	if filepath.IsAbs(here) {
		dir := filepath.Join(filepath.Dir(here), "..", "..", "lambda", "admin")
		if checkEntry(dir, "arm64", nil) == nil {
			return dir, nil
		}
	}
	// The module may be called otherwise, where it is published.
	main := path.Dir(reflect.TypeFor[ask.Question]().PkgPath())
	dir, err := find(main)
	if err == nil {
		err = checkEntry(dir, "arm64", nil)
	}
	if err != nil {
		return "", fmt.Errorf("it is %s: %w: give the directory of a main package of your own that calls Start of %s/function", main, err, main)
	}
	return dir, nil
}
