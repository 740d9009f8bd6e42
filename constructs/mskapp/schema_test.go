package mskapp

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"msklambda/constructs/problem"
)

// fits is as much of a JSON schema validator as our schema needs.
func fits(t *testing.T, root, schema object, v any) bool {
	t.Helper()
	for key, want := range schema {
		switch key {
		case "$schema", "description", "definitions":
		case "$ref":
			at := any(root)
			for _, name := range strings.Split(strings.TrimPrefix(want.(string), "#/"), "/") {
				at = at.(object)[name]
			}
			if !fits(t, root, at.(object), v) {
				return false
			}
		case "anyOf":
			if !slices.ContainsFunc(want.([]any), func(s any) bool { return fits(t, root, s.(object), v) }) {
				return false
			}
		case "type":
			n, isNumber := v.(float64)
			is := map[string]bool{"number": isNumber, "integer": isNumber && n == math.Trunc(n)}
			_, is["string"] = v.(string)
			_, is["boolean"] = v.(bool)
			_, is["array"] = v.([]any)
			_, is["object"] = v.(object)
			if !is[want.(string)] {
				return false
			}
		case "enum":
			if !slices.Contains(want.([]any), v) {
				return false
			}
		case "pattern":
			if s, ok := v.(string); ok && !regexp.MustCompile(want.(string)).MatchString(s) {
				return false
			}
		case "minimum", "maximum":
			if n, ok := v.(float64); ok && (key == "minimum" && n < want.(float64) || key == "maximum" && n > want.(float64)) {
				return false
			}
		case "minItems":
			if list, ok := v.([]any); ok && float64(len(list)) < want.(float64) {
				return false
			}
		case "items":
			list, _ := v.([]any)
			for _, element := range list {
				if !fits(t, root, want.(object), element) {
					return false
				}
			}
		case "required":
			o, isObject := v.(object)
			for _, name := range want.([]any) {
				if isObject && o[name.(string)] == nil {
					return false
				}
			}
		case "properties", "patternProperties", "additionalProperties":
			o, _ := v.(object)
			for name, value := range o {
				sub := propertyOf(schema, name)
				if sub == nil && schema["additionalProperties"] == false || sub != nil && !fits(t, root, sub, value) {
					return false
				}
			}
		default:
			t.Fatalf("the schema has %s, which this test does not know", key)
		}
	}
	return true
}

// propertyOf is the schema of a property, nil where there is none.
func propertyOf(schema object, name string) object {
	properties, _ := schema["properties"].(object)
	if s, ok := properties[name].(object); ok {
		return s
	}
	patterns, _ := schema["patternProperties"].(object)
	for pattern, s := range patterns {
		if regexp.MustCompile(pattern).MatchString(name) {
			return s.(object)
		}
	}
	if additional, ok := schema["additionalProperties"].(object); ok {
		return additional
	}
	return nil
}

func theSchema(t *testing.T) (root object) {
	t.Helper()
	if err := json.Unmarshal(Schema(), &root); err != nil {
		t.Fatal(err)
	}
	return root
}

func TestTheSchemaInDocsIsThatOfTheSettings(t *testing.T) {
	const path = "../../docs/config.schema.json"
	if *update {
		if err := os.WriteFile(path, Schema(), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if got, err := os.ReadFile(path); err != nil || !bytes.Equal(got, Schema()) {
		t.Errorf("%s is not the schema of the settings (%v); go test ./constructs/mskapp -update writes it", path, err)
	}
	for key := range forms {
		if _, ok := find(settings(), key); !ok {
			t.Errorf("there is a form of %q, which is no key", key)
		}
	}
}

// probes are of every type in JSON, and one that each key takes is among them.
var probes = []any{
	true, false, 0.0, 7.0, 1.5, []any{}, []any{"key"}, []any{1.0}, []any{object{"value": []any{"a"}}}, object{}, object{"A": "b"}, object{"A": 1.0}, object{"lagAbove": 5.0},
	"x", "", "true", "7", "-1", "30s", "1h30m", " 2m ", "0", "2026-01-02T03:04:05Z", `[{"value":["a"]}]`, "a=b", "EventCount", "key", "provisioned", "arm64",
	"arn:aws:kms:us-east-1:111122223333:key/0c1f2e3d", "arn:aws:secretsmanager:us-east-1:111122223333:secret:AmazonMSK_o-a1b2c3",
	"arn:aws:iam::111122223333:role/mine", "arn:aws:lambda:us-east-1:111122223333:function:mine", "arn:aws:sqs:us-east-1:111122223333:failed",
	"arn:aws:sns:us-east-1:111122223333:pages", "arn:aws:lambda:us-east-1:111122223333:layer:otel:3", "arn:aws:cloudwatch:us-east-1:111122223333:alarm:x",
	"arn:aws:lambda:us-east-1:111122223333:code-signing-config:csc-0123456789abcdef0", "vpc-0123456789abcdef0", "subnet-0123456789abcdef0", "sg-0123456789abcdef0",
}

// reads reports whether a key takes a value, as far as its form goes.
func reads(key string, raw any) bool {
	var ps problem.List
	for _, s := range clusterSettings {
		if s.key == key {
			s.read(&Config{}, value{key, raw, &ps})
		}
	}
	for _, s := range consumerSettings {
		if s.key == key {
			s.read(&ConsumerConfig{}, value{key, raw, &ps})
		}
	}
	return len(ps) == 0
}

// An editor marks nothing that the app takes, and no type of JSON that it refuses
// goes unmarked.
func TestTheSchemaTakesTheFormsThatTheAppTakes(t *testing.T) {
	root := theSchema(t)
	properties := root["definitions"].(object)["context"].(object)["properties"].(object)
	for _, s := range settings() {
		schema := properties[s.key].(object)
		ofType, taken := map[string][]any{}, map[string]bool{}
		for _, probe := range probes {
			typ := fmt.Sprintf("%T", probe)
			ofType[typ] = append(ofType[typ], probe)
			if !reads(s.key, probe) {
				continue
			}
			taken[typ] = true
			// "" is what is not given, where words are expected.
			if !fits(t, root, schema, probe) && !refused(s.key, probe) && !(probe == "" && schema["enum"] != nil) {
				t.Errorf("%s: the app takes %#v and the schema does not", s.key, probe)
			}
		}
		if len(taken) == 0 {
			t.Errorf("%s takes none of the probes, so nothing is known of it", s.key)
		}
		for typ, values := range ofType {
			for _, v := range values {
				if !taken[typ] && fits(t, root, schema, v) {
					t.Errorf("%s: the schema takes %#v, and the app no %s", s.key, v, typ)
				}
			}
		}
	}
}

// refused reports whether the app as a whole refuses a value of a key.
func refused(key string, raw any) bool {
	err := Validate(map[string]any{
		"clusterArn": "arn:aws:kafka:us-east-1:111122223333:cluster/demo/4f1e0ab2-7c64-4a3e-9d5e-2b9a6c1d8e70-2", "topic": "orders", "entry": "../../lambda", key: raw})
	for _, line := range strings.Split(fmt.Sprint(err), "\n") {
		if strings.HasPrefix(line, key+" must be ") {
			return true
		}
	}
	return false
}

// What the schema limits, the app limits, and by the same words and numbers.
func TestTheSchemasLimitsAreTheApps(t *testing.T) {
	seen := 0
	for key, f := range forms {
		branches := []object{f}
		if list, ok := f["anyOf"].([]object); ok {
			branches = list
		}
		for _, b := range branches {
			if words, ok := b["enum"].([]string); ok {
				seen++
				for _, word := range words {
					if refused(key, word) {
						t.Errorf("%s: the app refuses %q", key, word)
					}
				}
				if !refused(key, "another") {
					t.Errorf("%s: the app takes another than %q", key, words)
				}
			}
			for limit, step := range map[string]int{"minimum": -1, "maximum": 1} {
				n, ok := b[limit].(int)
				if !ok || n == 1<<31-1 {
					continue
				}
				seen++
				if refused(key, float64(n)) || !refused(key, float64(n+step)) {
					t.Errorf("%s: the %s of the app is not %d", key, limit, n)
				}
			}
		}
	}
	if seen < 25 {
		t.Errorf("%d limits, want those of all keys", seen)
	}
}

func TestTheSchemaIsOfWholeConfigurations(t *testing.T) {
	root := theSchema(t)
	var project object
	text, err := os.ReadFile("../../cdk.json")
	if err == nil {
		err = json.Unmarshal(text, &project)
	}
	if err != nil {
		t.Fatal(err)
	}
	if !fits(t, root, root, project) {
		t.Error("cdk.json does not fit the schema")
	}
	var consumers object
	text, err = os.ReadFile("../../docs/consumers.schema.json")
	if err == nil {
		err = json.Unmarshal(text, &consumers)
	}
	if err != nil {
		t.Fatal(err)
	}
	pointer, ok := strings.CutPrefix(fmt.Sprint(consumers["$ref"]), "config.schema.json")
	if !ok {
		t.Fatalf("docs/consumers.schema.json refers to %v, want a part of config.schema.json", consumers["$ref"])
	}
	for text, want := range map[string]bool{
		`{"name":"A","topic":"a1","$schema":"x"}`: true, `[{"name":"A"},{"name":"B"}]`: true, `{"topic":"a1"}`: false, `[]`: false,
	} {
		var v any
		if err := json.Unmarshal([]byte(text), &v); err != nil {
			t.Fatal(err)
		}
		if got := fits(t, root, object{"$ref": pointer}, v); got != want {
			t.Errorf("a file %s fits = %v, want %v", text, got, want)
		}
	}
	for text, want := range map[string]bool{
		`{"context":{"memory":512}}`:                                               false,
		`{"context":{"team/owner":1,"cli-telemetry":false,"ignore":"a"}}`:          true,
		`{"context":{"consumers":"consumers/*.json"}}`:                             true,
		`{"context":{"consumers":["more/*.json",{"name":"A","topic":"a1"}]}}`:      true,
		`{"context":{"consumers":[]}}`:                                             false,
		`{"context":{"consumers":[{"topic":"a1"}]}}`:                               false,
		`{"context":{"consumers":[{"name":"A","dlq":"x"}]}}`:                       false,
		`{"context":{"consumers":[{"name":"A","timeout":"","alarms":true}]}}`:      true,
		`{"context":{"alarms":{"lagAbove":5,"lagFor":"5m","skip":["Throttles"]}}}`: true,
		`{"context":{"alarms":{"lag":5}}}`:                                         false,
		`{"context":{"example":{"topics":"a"}}}`:                                   false,
	} {
		var v any
		if err := json.Unmarshal([]byte(text), &v); err != nil {
			t.Fatal(err)
		}
		if got := fits(t, root, root, v); got != want {
			t.Errorf("%s fits = %v, want %v", text, got, want)
		}
	}
}
