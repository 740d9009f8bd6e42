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

// adminEntry is where the main package of the admin function is. It comes with this
// one, so it is beside it: in this module, in Go's cache of modules, where a replace
// line points. A program that was built with -trimpath does not say where its own
// source is, and asks the go command.
var adminEntry = sync.OnceValues(func() (string, error) {
	// By its import path, the module may have another name.
	main := path.Dir(reflect.TypeFor[ask.Question]().PkgPath())
	if _, file, _, ok := runtime.Caller(0); ok && filepath.IsAbs(file) {
		dir := filepath.Join(filepath.Dir(file), "..", "..", "lambda", "admin")
		if checkEntry(dir, "arm64", nil) == nil {
			return dir, nil
		}
	}
	dir, err := gobuild.PackageDir(main)
	if err == nil {
		err = checkEntry(dir, "arm64", nil)
	}
	if err != nil {
		return "", fmt.Errorf("it is %s: %w: give the directory of a main package of your own that calls Start of %s/function", main, err, main)
	}
	return dir, nil
})
