package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestTheCommand(t *testing.T) {
	resources, err := os.ReadFile("../../../test/testdata/golden.json")
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	write := func(name, text string) string {
		t.Helper()
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		return path
	}
	before := `{"Resources":` + string(resources) + `}`
	saved := write("saved.json", before)
	same := write("same.json", before)
	write("Orders.template.json", before)
	write("Other.template.json", before)
	write("manifest.json", `{"artifacts":{"Orders":{"type":"aws:cloudformation:stack","properties":{"templateFile":"Orders.template.json"}},
		"Other":{"type":"aws:cloudformation:stack","properties":{"templateFile":"Other.template.json"}}}}`)
	assembly := dir
	refused := write("refused.json", strings.NewReplacer("Mapping1ee65d43", "Mapping00000000", `"orders-fn"`, `"v2"`).Replace(before))
	for name, test := range map[string]struct {
		args   []string
		status int
		says   string
	}{
		"describes":      {[]string{saved}, 0, "reads orders of cluster demo as group orders-fn"},
		"compares":       {[]string{"-before", saved, "-after", same, "-check"}, 0, "nothing changes"},
		"refused":        {[]string{"-before", saved, refused}, 0, "THE DEPLOY WOULD BE REFUSED"},
		"refused, to CI": {[]string{"-before", saved, "-check", "-format", "markdown", refused}, 1, "**REFUSED**"},
		"not there":      {[]string{filepath.Join(dir, "none")}, 2, "no such file"},
		"before is not":  {[]string{"-before", filepath.Join(dir, "none"), saved}, 2, "no such file"},
		"format":         {[]string{"-format", "x", saved}, 2, `got "x"`},
		"no such stack":  {[]string{"-stack", "X", assembly}, 2, "there is no such stack"},
		"one stack":      {[]string{"-stack", "Orders", assembly}, 0, "Stack Orders"},
		"two":            {[]string{saved, same}, 2, "takes one argument"},
		"unknown":        {[]string{"-befor", saved}, 2, "mskplan: there is no flag -befor, did you mean -before?: -h lists them\n"},
		"help":           {[]string{"-h"}, 0, "-before"},
	} {
		var out bytes.Buffer
		if got := run(test.args, &out, &out); got != test.status || !strings.Contains(out.String(), test.says) {
			t.Errorf("%s: status %d, want %d, and %q in\n%s", name, got, test.status, test.says, out.String())
		}
	}
}
