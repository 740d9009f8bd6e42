package mskapp

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"msklambda/constructs/problem"
)

// consumersKey is a list of consumers, each an object of consumer keys with a
// name; or a pattern of files that have such objects; or a list of both.
const consumersKey = "consumers"

var consumerName = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9]{0,63}$`)

// consumerSource is what was given for one consumer, and under which keys.
type consumerSource struct {
	source
	name   string
	prefix string // of its keys in messages
	listed bool
}

// written is one consumer as it is written, and where.
type written struct {
	prefix string // of its keys in messages, as consumerSource has it
	object map[string]any
}

func consumerSources(given source, ps *problem.List) []consumerSource {
	raw, ok := given[consumersKey]
	if !ok {
		return []consumerSource{{source: given, name: "Consumer"}}
	}
	list, ok := value{consumersKey, raw, ps}.consumers()
	if ok && len(list) == 0 {
		ps.Add(consumersKey, "must have at least one consumer")
	}
	var out []consumerSource
	names := map[string]bool{}
	for _, w := range list {
		s := consumerSource{source: maps.Clone(given), prefix: w.prefix, listed: true}
		name, isText := w.object["name"].(string)
		s.name = name
		switch {
		case w.object["name"] == nil:
			ps.Add(s.prefix+"name", "is required: a letter and then letters and digits, at most 64; it is the consumer's construct id")
		case !isText || !consumerName.MatchString(name):
			value{s.prefix + "name", w.object["name"], ps}.bad("a letter and then letters and digits, at most 64; it is the consumer's construct id")
		case names[name]:
			ps.Add(s.prefix+"name", "must be its own, got %q twice", name)
		}
		names[s.name] = true
		s.dropContradicted(w.object)
		for _, key := range slices.Sorted(maps.Keys(w.object)) {
			switch {
			case isConsumerKey(key) && w.object[key] == "":
				delete(s.source, key) // takes a default away; null does not reach us from cdk.json
			case isConsumerKey(key):
				s.source[key] = w.object[key]
			case key != "name" && key != "$schema":
				refuseConsumerKey(ps, s.prefix, key)
			}
		}
		out = append(out, s)
	}
	return out
}

// dropContradicted takes away the defaults that cannot be meant for a consumer
// with these keys: those of a bundled function beside an existing one, of another
// kind of pollers, and of a secret that its authentication has not.
func (s *consumerSource) dropContradicted(object map[string]any) {
	given := func(key string) bool { return object[key] != nil && object[key] != "" } // "" undoes a shared one
	drop := func(keys ...string) {
		for _, key := range keys {
			delete(s.source, key)
		}
	}
	if given("functionArn") {
		drop("entry", "roleArn", "architecture", "memorySize", "timeout", "environment", "reservedConcurrency", "tracing", "logRetentionDays", "logRemovalPolicy",
			"functionVpcId", "functionSubnetIds", "functionSecurityGroupIds", "layerArns", "ephemeralStorageSize", "environmentKeyArn", "description",
			"codeSigningConfigArn", "alias", "deployment", "deploymentAlarmArns", "logGroupKeyArn", "logLevel", "systemLogLevel")
	}
	if given("entry") {
		drop("functionArn")
	}
	if object["pollers"] == "on-demand" || object["pollers"] == "off" {
		drop("minimumPollers", "maximumPollers", "pollerGroup", "maxRecordAge", "bisectOnError", "reportBatchItemFailures",
			"schemaRegistry", "schemaFormat", "schemaValidate", "schemaAccess", "pollerLogLevel", "retryAttempts")
	}
	if method, ok := object["authentication"]; ok && method != "scram" && method != "mtls" {
		drop("secretArn", "secretKeyArn")
	}
}

func isConsumerKey(key string) bool {
	return slices.ContainsFunc(consumerSettings, func(s consumerSetting) bool { return s.key == key })
}

// consumers reads a list of objects, which a text may hold as JSON; patterns of
// files, with commas between; or a list of objects and patterns.
func (v value) consumers() (out []written, ok bool) {
	const want = `a JSON list of objects, or a pattern of files such as "consumers/*.json"`
	raw := v.raw
	if text, isText := raw.(string); isText {
		if strings.HasPrefix(strings.TrimSpace(text), "[") {
			if json.Unmarshal([]byte(text), &raw) != nil {
				raw = nil
			}
		} else {
			list := []any{}
			for _, pattern := range v.list() {
				list = append(list, pattern)
			}
			raw = list
		}
	}
	list, ok := raw.([]any)
	if !ok {
		v.bad(want)
		return nil, false
	}
	for i, element := range list {
		switch element := element.(type) {
		case map[string]any:
			out = append(out, written{fmt.Sprintf("%s[%d].", v.key, i), element})
		case string:
			files, read := v.files(element)
			out, ok = append(out, files...), ok && read
		default:
			v.bad(want)
			return nil, false
		}
	}
	return out, ok
}

// files reads the files of a pattern, in the order of their names. They lie
// relative to the directory of cdk.json, where the CLI runs the app.
func (v value) files(pattern string) (out []written, ok bool) {
	files, err := filepath.Glob(pattern)
	if err != nil || len(files) == 0 {
		v.ps.Add(v.key, "must be files that are there, and none is %q", pattern)
		return nil, false
	}
	ok = true
	for _, file := range files {
		name := filepath.ToSlash(file)
		list, err := readConsumers(file)
		if err != nil {
			v.ps.Add(name, "must hold one consumer, a JSON object, or a list of them: %v", err)
			ok = false
			continue
		}
		for i, object := range list {
			prefix := name + ": "
			if len(list) > 1 {
				prefix = fmt.Sprintf("%s: [%d].", name, i)
			}
			out = append(out, written{prefix, object})
		}
	}
	return out, ok
}

func readConsumers(file string) ([]map[string]any, error) {
	text, err := os.ReadFile(file)
	if err != nil {
		if cause := errors.Unwrap(err); cause != nil {
			err = cause // the message names the file already
		}
		return nil, err
	}
	dec := json.NewDecoder(bytes.NewReader(text))
	var raw any
	if err := dec.Decode(&raw); err != nil {
		return nil, fmt.Errorf("line %d: %w", 1+bytes.Count(text[:min(offset(err, dec), len(text))], []byte("\n")), err)
	}
	if _, err := dec.Token(); err != io.EOF {
		return nil, errors.New("something follows the first value")
	}
	switch raw := raw.(type) {
	case map[string]any:
		return []map[string]any{raw}, nil
	case []any:
		var out []map[string]any
		for i, element := range raw {
			object, ok := element.(map[string]any)
			if !ok {
				return nil, fmt.Errorf("element %d is no object", i)
			}
			out = append(out, object)
		}
		if len(out) == 0 {
			return nil, errors.New("the list is empty")
		}
		return out, nil
	}
	return nil, fmt.Errorf("got %s", bytes.TrimSpace(text))
}

// offset is where in the text the decoder stumbled.
func offset(err error, dec *json.Decoder) int {
	var syntax *json.SyntaxError
	if errors.As(err, &syntax) {
		return int(syntax.Offset)
	}
	return int(dec.InputOffset())
}
