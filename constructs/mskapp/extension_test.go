package mskapp

import (
	"errors"
	"os/exec"
	"slices"
	"strings"
	"testing"

	"msklambda/constructs/msklambda"
	"msklambda/constructs/problem"
)

func TestAnExtensionsProblemsBearItsKeys(t *testing.T) {
	var text string
	var list []string
	var on bool
	e := &Extension{
		Settings: []Setting{
			{Key: "theText", Field: "Text", Read: func(v Value) { text = v.Text() }},
			{Key: "theList", Field: "List", Read: func(v Value) { list = v.List() }},
			{Key: "theSwitch", Field: "Switch", Read: func(v Value) { on = v.Bool() }},
		},
		Complete: func(*Config) error {
			return errors.Join(
				&msklambda.Problem{Field: "Text", Message: `must be longer, got "Topic"`},
				&msklambda.Problem{Field: "Switch", Message: "must be on"},
				&msklambda.Problem{Field: "Topic", Message: "must be another"},
			)
		},
	}
	var ps problem.List
	(&Config{}).readExtension(e, source{"theText": " x ", "theList": "a, b", "theSwitch": "maybe"}, &ps)
	if text != "x" || !slices.Equal(list, []string{"a", "b"}) || on {
		t.Errorf("read %q, %q and %v, want x, [a b] and false", text, list, on)
	}
	// The switch could not be read, so nothing more is said of it.
	want := "theSwitch must be true or false, got \"maybe\"\ntheText must be longer, got \"Topic\"\ntopic must be another"
	if got := ps.Err().Error(); got != want {
		t.Errorf("problems = %s\nwant %s", got, want)
	}
	if !slices.Contains(Keys(e), "theSwitch") || slices.Contains(Keys(), "theSwitch") {
		t.Errorf("keys = %q, and %q with the extension, want those of the extension only with it", Keys(), Keys(e))
	}
}

// What live scores take is a quarter of the time of a first compile.
func TestTheMainAppDoesNotCompileLiveScores(t *testing.T) {
	out, err := exec.Command("go", "list", "-deps", "../..").Output()
	if err != nil {
		t.Fatal(err)
	}
	deps := strings.Fields(string(out))
	if !slices.Contains(deps, "msklambda/constructs/mskapp") {
		t.Fatalf("the main app imports %d packages without mskapp among them, so the check proves nothing", len(deps))
	}
	for _, dep := range deps {
		for _, heavy := range []string{"constructs/livescores", "/awsapigatewayv2", "/awscloudfront", "/awssagemaker", "/awsstepfunctions"} {
			if strings.HasSuffix(dep, heavy) || strings.Contains(dep, heavy+"/") {
				t.Errorf("the main app compiles %s", dep)
			}
		}
	}
}
