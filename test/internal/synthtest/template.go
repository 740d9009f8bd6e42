package synthtest

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/assertions"
	"github.com/aws/jsii-runtime-go"
)

// Resource is one of a template.
type Resource struct {
	ID                  string // logical
	Type                string
	Properties          map[string]any
	DependsOn           []string
	DeletionPolicy      string
	UpdateReplacePolicy string
	UpdatePolicy        map[string]any `json:",omitempty"`
	Metadata            map[string]any
}

// Template is a synthesized stack whose resources are found by construct path,
// such as "Cluster/Orders/Role", as a reader of the code knows them.
type Template struct {
	Resources map[string]*Resource
	Stack     awscdk.Stack
	T         *testing.T
}

// Read synthesizes the app of a stack.
func Read(t *testing.T, stack awscdk.Stack) *Template {
	t.Helper()
	var raw struct{ Resources map[string]*Resource }
	if err := json.Unmarshal([]byte(JSON(Raw(t, stack))), &raw); err != nil {
		t.Fatal(err)
	}
	tpl := &Template{Resources: map[string]*Resource{}, Stack: stack, T: t}
	for id, r := range raw.Resources {
		r.ID = id
		path, _ := r.Metadata["aws:cdk:path"].(string)
		_, path, _ = strings.Cut(path, "/")
		tpl.Resources[strings.TrimSuffix(path, "/Resource")] = r
	}
	return tpl
}

// Raw is the template of a stack as it is.
func Raw(t *testing.T, stack awscdk.Stack) map[string]any {
	t.Helper()
	raw := *assertions.Template_FromStack(stack, nil).ToJSON()
	record(t.Name(), JSON(raw), stack)
	return raw
}

// At returns the resource at a path, or the only one below it when the last
// part of the path is a beginning, as that of a mapping is.
func (tpl *Template) At(path string) *Resource {
	tpl.T.Helper()
	if r := tpl.Resources[path]; r != nil {
		return r
	}
	var found []string
	for p := range tpl.Resources {
		if strings.HasPrefix(p, path) {
			found = append(found, p)
		}
	}
	if len(found) != 1 {
		tpl.T.Fatalf("resources at %q = %q, want one of %q", path, found, tpl.Paths())
	}
	return tpl.Resources[found[0]]
}

// Paths are those of all resources.
func (tpl *Template) Paths() []string {
	var out []string
	for p := range tpl.Resources {
		out = append(out, p)
	}
	return out
}

// Count is the number of resources of a type.
func (tpl *Template) Count(typ string) int {
	n := 0
	for _, r := range tpl.Resources {
		if r.Type == typ {
			n++
		}
	}
	return n
}

// Warnings are the annotations of the stack, warnings and errors.
func (tpl *Template) Warnings() []string {
	var out []string
	annotations := assertions.Annotations_FromStack(tpl.Stack)
	for _, found := range []any{
		annotations.FindWarning(jsii.String("*"), assertions.Match_AnyValue()),
		annotations.FindError(jsii.String("*"), assertions.Match_AnyValue()),
	} {
		// Through JSON: CDK deprecates the Go type and has no other yet.
		var messages []struct {
			ID    string
			Entry struct{ Data string }
		}
		if err := json.Unmarshal([]byte(JSON(found)), &messages); err != nil {
			tpl.T.Fatal(err)
		}
		for _, m := range messages {
			out = append(out, m.ID+": "+m.Entry.Data)
		}
	}
	return out
}
