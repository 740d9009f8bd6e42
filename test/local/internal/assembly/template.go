package assembly

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"os"
	"slices"
	"strconv"
	"strings"

	"msklambda/constructs/plan"
)

// template is one, with what a value in it may refer to.
type template struct {
	*plan.Template
	parameters map[string]any // their defaults
}

func (t *template) readRest() error {
	data, err := os.ReadFile(t.File)
	if err != nil {
		return err
	}
	var rest struct {
		Parameters map[string]struct{ Default any }
	}
	if err := json.Unmarshal(data, &rest); err != nil {
		return fmt.Errorf("%s: %w", t.File, err)
	}
	t.parameters = map[string]any{}
	for name, p := range rest.Parameters {
		if p.Default != nil {
			t.parameters[name] = p.Default
		}
	}
	return nil
}

// mappings are the logical ids of those of Kafka topics, sorted.
func (t *template) mappings() (ids []string) {
	for _, id := range slices.Sorted(maps.Keys(t.Resources)) {
		if r := t.Resources[id]; r.Type == "AWS::Lambda::EventSourceMapping" && r.Properties["Topics"] != nil {
			ids = append(ids, id)
		}
	}
	return ids
}

// errUnknown is a value that there is at a deploy only.
var errUnknown = errors.New("is not known before a deploy")

// pseudo are CloudFormation's own parameters, as the local function is told of them.
var pseudo = map[string]string{
	"AWS::Region": "us-east-1", "AWS::AccountId": "111122223333", "AWS::Partition": "aws", "AWS::URLSuffix": "amazonaws.com",
}

// text is a value as CloudFormation would make it, as far as the template alone tells.
func (t *template) text(v any) (string, error) {
	switch v := v.(type) {
	case nil:
		return "", nil
	case string:
		return v, nil
	case bool:
		return strconv.FormatBool(v), nil
	case float64:
		return strconv.FormatFloat(v, 'f', -1, 64), nil
	case map[string]any:
		if len(v) == 1 {
			for name, argument := range v {
				return t.function(name, argument)
			}
		}
	}
	return "", errUnknown
}

func (t *template) function(name string, argument any) (string, error) {
	switch name {
	case "Ref":
		id, _ := argument.(string)
		if text, ok := pseudo[id]; ok {
			return text, nil
		}
		if value, ok := t.parameters[id]; ok {
			return t.text(value)
		}
		if r := t.Resources[id]; r != nil && r.Type == "AWS::MSK::Topic" {
			return t.text(r.Properties["TopicName"])
		}
	case "Fn::GetAtt":
		parts := list(argument)
		if len(parts) == 2 && parts[1] == "TopicName" {
			if id, ok := parts[0].(string); ok && t.Resources[id] != nil {
				return t.text(t.Resources[id].Properties["TopicName"])
			}
		}
	case "Fn::Join":
		parts, _ := argument.([]any)
		if len(parts) != 2 {
			break
		}
		between, _ := parts[0].(string)
		var out []string
		for _, part := range list(parts[1]) {
			text, err := t.text(part)
			if err != nil {
				return "", err
			}
			out = append(out, text)
		}
		return strings.Join(out, between), nil
	}
	return "", errUnknown
}

// list is a value that may stand alone or in a list.
func list(v any) []any {
	switch v := v.(type) {
	case nil:
		return nil
	case []any:
		return v
	}
	return []any{v}
}

func first(v any) any {
	if all := list(v); len(all) > 0 {
		return all[0]
	}
	return nil
}

// at follows names into a value.
func at(v any, names ...string) any {
	for _, name := range names {
		m, _ := v.(map[string]any)
		v = m[name]
	}
	return v
}

func number(v any, otherwise int) int {
	switch v := v.(type) {
	case float64:
		return int(v)
	case string:
		if n, err := strconv.Atoi(v); err == nil {
			return n
		}
	}
	return otherwise
}
