package account

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// template is one that CloudFormation accepted.
type template struct {
	Parameters map[string]struct {
		Type, Default string
		AllowedValues []string
	}
	Rules map[string]struct {
		Assertions []struct {
			Assert            any
			AssertDescription string
		}
	}
	Resources map[string]*definition
	Outputs   map[string]struct {
		Value       any
		Description string
	}
}

type definition struct {
	Type           string
	Properties     Properties
	DependsOn      any
	DeletionPolicy string
	Metadata       any
}

// refusal is an error in CloudFormation's words.
type refusal string

func (r refusal) Error() string { return string(r) }

func refused(format string, args ...any) error { return refusal(fmt.Sprintf(format, args...)) }

// parse refuses what CloudFormation refuses before it looks at any resource.
func (a *Account) parse(text string) (*template, error) {
	t := &template{}
	if err := json.Unmarshal([]byte(text), t); err != nil {
		return nil, refused("Template format error: JSON not well-formed: %v", err)
	}
	if len(t.Resources) == 0 {
		return nil, refused("Template format error: At least one Resources member must be defined.")
	}
	var unresolved []string
	for _, logical := range slices.Sorted(maps.Keys(t.Resources)) {
		r := t.Resources[logical]
		for _, name := range append(dependencies(r.DependsOn), references(r.Properties)...) {
			_, isResource := t.Resources[name]
			_, isParameter := t.Parameters[name]
			if !isResource && !isParameter && !strings.HasPrefix(name, "AWS::") && !slices.Contains(unresolved, name) {
				unresolved = append(unresolved, name)
			}
		}
	}
	if len(unresolved) > 0 {
		return nil, refused("Template format error: Unresolved resource dependencies [%s] in the Resources block of the template", strings.Join(unresolved, ", "))
	}
	for _, name := range slices.Sorted(maps.Keys(t.Rules)) {
		for _, assertion := range t.Rules[name].Assertions {
			if holds, ok := t.evaluate(assertion.Assert).(bool); !ok || !holds {
				return nil, refused("Template error: Rule %s: %s", name, assertion.AssertDescription)
			}
		}
	}
	return t, nil
}

func dependencies(v any) []string {
	switch v := v.(type) {
	case string:
		return []string{v}
	case []any:
		var out []string
		for _, each := range v {
			out = append(out, fmt.Sprint(each))
		}
		return out
	}
	return nil
}

// references are the logical ids that a value names.
func references(v any) (out []string) {
	switch v := v.(type) {
	case []any:
		for _, each := range v {
			out = append(out, references(each)...)
		}
	case map[string]any:
		if name, ok := v["Ref"].(string); ok && len(v) == 1 {
			return []string{name}
		}
		if at, ok := v["Fn::GetAtt"].([]any); ok && len(v) == 1 && len(at) > 0 {
			return []string{fmt.Sprint(at[0])}
		}
		for _, key := range slices.Sorted(maps.Keys(v)) {
			out = append(out, references(v[key])...)
		}
	}
	return out
}

// evaluate works out what a rule says, of the parameters' defaults.
func (t *template) evaluate(v any) any {
	m, ok := v.(map[string]any)
	if !ok || len(m) != 1 {
		return v
	}
	for name, argument := range m {
		arguments, _ := argument.([]any)
		switch name {
		case "Ref":
			p := t.Parameters[fmt.Sprint(argument)]
			if strings.HasPrefix(p.Type, "AWS::SSM::Parameter::Value") {
				return bootstrapVersion
			}
			return p.Default
		case "Fn::Equals":
			return text(t.evaluate(arguments[0])) == text(t.evaluate(arguments[1]))
		case "Fn::Not":
			holds, _ := t.evaluate(arguments[0]).(bool)
			return !holds
		case "Fn::Contains":
			list, _ := arguments[0].([]any)
			wanted := t.evaluate(arguments[1])
			return slices.ContainsFunc(list, func(each any) bool { return text(each) == text(wanted) })
		}
	}
	return v
}

// sameOutputs reports whether two templates have the same outputs and metadata,
// a change of which alone is a change.
func sameOutputs(a, b string) bool {
	var one, other struct{ Outputs, Description any }
	return json.Unmarshal([]byte(a), &one) == nil && json.Unmarshal([]byte(b), &other) == nil && text(one) == text(other)
}
