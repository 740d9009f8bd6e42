package plan

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// ReasonType is the type of the metadata in which a construct leaves what the
// planner of the network decided for it. It is in the assembly, and in no template.
const ReasonType = "msklambda:reason"

// KnownType is that of the metadata in which a cluster says how what is there is
// known.
const KnownType = "msklambda:known"

// Load reads the templates of an assembly, such as a cdk.out, with those of its
// stages and nested stacks; or a template by itself. They are in the order of their
// names.
func Load(path string) ([]*Template, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	if !info.IsDir() {
		t, err := readTemplate(path, nameOf(path))
		if err != nil {
			return nil, err
		}
		t.Alone = true
		return []*Template{t}, nil
	}
	var out []*Template
	if err := load(path, &out); err != nil {
		return nil, err
	}
	slices.SortFunc(out, func(a, b *Template) int { return strings.Compare(a.Stack, b.Stack) })
	return out, nil
}

const templateSuffix = ".template.json"

// nameOf is the name of the stack by that of a file.
func nameOf(path string) string {
	return strings.TrimSuffix(strings.TrimSuffix(filepath.Base(path), templateSuffix), ".json")
}

type artifact struct {
	Type        string
	DisplayName string
	Properties  struct{ TemplateFile, DirectoryName string }
	Metadata    metadata

	AdditionalMetadataFile string
	Dependencies           []string
}

// metadata is by construct path.
type metadata map[string][]struct {
	Type string
	Data any
}

func load(dir string, out *[]*Template) error {
	var manifest struct{ Artifacts map[string]artifact }
	if err := readJSON(filepath.Join(dir, "manifest.json"), &manifest); err != nil {
		if errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("%s: has no manifest.json, so it is not what cdk synth writes", dir)
		}
		return err
	}
	for _, id := range sorted(manifest.Artifacts) {
		a := manifest.Artifacts[id]
		switch a.Type {
		case "cdk:cloud-assembly":
			if err := load(filepath.Join(dir, a.Properties.DirectoryName), out); err != nil {
				return err
			}
		case "aws:cloudformation:stack":
			t, err := readTemplate(filepath.Join(dir, a.Properties.TemplateFile), id)
			if err != nil {
				return err
			}
			all := a.Metadata
			if a.AdditionalMetadataFile != "" {
				if err := readJSON(filepath.Join(dir, a.AdditionalMetadataFile), &all); err != nil {
					return err
				}
			}
			t.After = a.Dependencies
			t.tell(all)
			*out = append(*out, t)
		}
	}
	nested, err := filepath.Glob(filepath.Join(dir, "*.nested"+templateSuffix))
	if err != nil {
		return err
	}
	for _, path := range nested {
		t, err := readTemplate(path, nameOf(path))
		if err != nil {
			return err
		}
		*out = append(*out, t)
	}
	return nil
}

// tell takes over what an assembly says of a stack.
func (t *Template) tell(all metadata) {
	t.Known, t.Reasons, t.Warnings = map[string][]string{}, map[string][]string{}, map[string][]string{}
	for _, path := range sorted(all) {
		_, name, _ := strings.Cut(strings.TrimPrefix(path, "/"), "/")
		for _, entry := range all[path] {
			said, ok := entry.Data.(string)
			switch {
			case !ok:
			case entry.Type == KnownType:
				t.Known[name] = append(t.Known[name], said)
			case entry.Type == ReasonType:
				t.Reasons[name] = append(t.Reasons[name], strings.Split(said, "\n")...)
			case entry.Type == "aws:cdk:warning":
				t.Warnings[name] = append(t.Warnings[name], said)
			}
		}
	}
}

func readTemplate(path, stack string) (*Template, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	t, err := ParseTemplate(stack, data)
	if err != nil {
		return nil, err
	}
	t.File = path
	return t, nil
}

func readJSON(path string, to any) error {
	data, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	if err := json.Unmarshal(data, to); err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	return nil
}
