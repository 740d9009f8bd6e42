package assembly

import (
	"debug/buildinfo"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"msklambda/constructs/plan"
	"msklambda/lambda/kafka/contract"
	"msklambda/test/local/internal/mapping"
)

// function takes over the function that a mapping names, be it by an alias or in another
// stack of the app.
func (r *reader) function(t *template, name any, m *mapping.Mapping) error {
	home, f := r.resolve(t, name)
	if f == nil {
		if r.Sources[m.Name] == "" {
			return fmt.Errorf("its function is not in the app (%v): give -source %s=directory", brief(name), m.Name)
		}
		m.Entry = r.Sources[m.Name]
		m.Env = append(m.Env, r.Env...)
		m.Notes = append(m.Notes, "its function is not in the app: timeout, memory and environment are the construct's defaults")
		return nil
	}
	p := f.Properties
	m.Memory = number(p["MemorySize"], 128)
	m.Timeout = time.Duration(number(p["Timeout"], 3)) * time.Second
	r.environment(home, at(p, "Environment", "Variables"), m)
	if m.Entry = r.Sources[m.Name]; m.Entry != "" {
		return nil
	}
	return r.code(home, f, m)
}

func brief(v any) string {
	text := fmt.Sprint(v)
	if len(text) > 100 {
		text = text[:100] + "..."
	}
	return text
}

// resolve finds the function that a value refers to.
func (r *reader) resolve(t *template, v any) (*template, *plan.Resource) {
	switch v := v.(type) {
	case map[string]any:
		for _, key := range slices.Sorted(maps.Keys(v)) {
			if key == "Ref" || key == "Fn::GetAtt" {
				id, _ := first(v[key]).(string)
				if home, f := r.follow(t, t.Resources[id]); f != nil {
					return home, f
				}
				continue
			}
			if key == "Fn::ImportValue" || key == "Fn::GetStackOutput" {
				if home, f := r.elsewhere(v[key]); f != nil {
					return home, f
				}
				continue
			}
			if home, f := r.resolve(t, v[key]); f != nil {
				return home, f
			}
		}
	case []any:
		for _, one := range v {
			if home, f := r.resolve(t, one); f != nil {
				return home, f
			}
		}
	}
	return nil, nil
}

func (r *reader) follow(t *template, resource *plan.Resource) (*template, *plan.Resource) {
	switch {
	case resource == nil:
	case resource.Type == "AWS::Lambda::Function":
		return t, resource
	case resource.Type == "AWS::Lambda::Alias", resource.Type == "AWS::Lambda::Version":
		return r.resolve(t, resource.Properties["FunctionName"])
	}
	return nil, nil
}

// elsewhere finds a function by the name of its export, which holds its logical id.
func (r *reader) elsewhere(v any) (*template, *plan.Resource) {
	text := fmt.Sprint(v)
	for _, t := range r.templates {
		for _, id := range slices.Sorted(maps.Keys(t.Resources)) {
			if t.Resources[id].Type == "AWS::Lambda::Function" && strings.Contains(text, id) {
				return t, t.Resources[id]
			}
		}
	}
	return nil, nil
}

// brokersEnv is the variable of the brokers: its value in a template is that of a real
// cluster, which a local function must not write to.
const brokersEnv = "BROKERS"

func (r *reader) environment(t *template, variables any, m *mapping.Mapping) {
	m.Env = append(m.Env, r.Env...)
	all, _ := variables.(map[string]any)
	for _, name := range slices.Sorted(maps.Keys(all)) {
		switch {
		case slices.ContainsFunc(r.Env, func(e string) bool { return strings.HasPrefix(e, name+"=") }):
		case name == contract.ReportBatchItemFailures: // as the mapping says
		case name == brokersEnv:
			m.Notes = append(m.Notes, name+" is that of the local brokers, and not the template's")
		default:
			value, err := t.text(all[name])
			if err != nil {
				m.Notes = append(m.Notes, fmt.Sprintf("%s %v and is not set: -env %s=... sets it", name, err, name))
				continue
			}
			m.Env = append(m.Env, name+"="+value)
		}
	}
}

// code finds what to run: the source of the bundle, if it is here, and else the bundle,
// if it runs here.
func (r *reader) code(t *template, f *plan.Resource, m *mapping.Mapping) error {
	if runtime, _ := t.text(f.Properties["Runtime"]); !strings.HasPrefix(runtime, "provided") {
		return fmt.Errorf("its function is for the runtime %q, and only programs (provided.al2023) run here", runtime)
	}
	give := "give -source " + m.Name + "=directory"
	asset, err := t.asset(f)
	if err != nil {
		return fmt.Errorf("its code cannot be found: %w: %s", err, give)
	}
	bootstrap := filepath.Join(asset, "bootstrap")
	info, err := buildinfo.ReadFile(bootstrap)
	if err != nil {
		if _, missing := os.Stat(bootstrap); missing != nil {
			return fmt.Errorf("its asset %s has no bootstrap, as after a synth without bundling: %s", filepath.Base(asset), give)
		}
		return fmt.Errorf("its bootstrap is no Go program (%w): %s", err, give)
	}
	if dir := r.Find(info.Path); dir != "" {
		m.Entry = dir
		return nil
	}
	setting := func(key string) string {
		for _, s := range info.Settings {
			if s.Key == key {
				return s.Value
			}
		}
		return ""
	}
	if goos, goarch := setting("GOOS"), setting("GOARCH"); !r.Runs(goos, goarch) {
		return fmt.Errorf("its source, package %s, is not below here, and its bundle is for %s/%s: %s", info.Path, goos, goarch, give)
	}
	m.Bundle = asset
	return nil
}

// asset is the directory of a function's code.
func (t *template) asset(f *plan.Resource) (string, error) {
	if path, ok := f.Metadata["aws:asset:path"].(string); ok {
		return filepath.Join(t.directoryOf(), path), nil
	}
	key, _ := at(f.Properties, "Code", "S3Key").(string)
	hash, ok := strings.CutSuffix(key, ".zip")
	if !ok {
		return "", errors.New("it is no asset of the app")
	}
	return filepath.Join(t.directoryOf(), "asset."+hash), nil
}
