// Package filter is the grammar of the filters of an event source mapping on
// Kafka, as Lambda documents it: what a pattern may be, and which records it lets
// through. The construct checks patterns with it, and the local loop matches
// records with it.
package filter

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"unicode/utf8"
)

// MaxPattern is how many characters a pattern may have.
const MaxPattern = 4096

// Pattern is a pattern for the value of a record, the only part of a Kafka record
// that Lambda matches, such as {"value":{"state":["paid"]}}.
type Pattern struct {
	value node
}

// Parse reads a pattern and says what is wrong with it. A comparison that Lambda
// does not document is no error: see [Pattern.Undocumented].
func Parse(pattern string) (*Pattern, error) {
	dec := json.NewDecoder(strings.NewReader(pattern))
	dec.UseNumber()
	var root any
	if err := dec.Decode(&root); err != nil {
		return nil, fmt.Errorf("it is not JSON (%w)", err)
	}
	if _, err := dec.Token(); !errors.Is(err, io.EOF) {
		return nil, errors.New("something follows its JSON")
	}
	object, ok := root.(map[string]any)
	if !ok || len(object) == 0 {
		return nil, errors.New("it must be an object that is not empty")
	}
	for _, key := range slices.Sorted(maps.Keys(object)) {
		if key != "value" {
			return nil, fmt.Errorf("of a Kafka record only \"value\" can be matched, and not %q", key)
		}
	}
	value, err := parseNode("value", object["value"])
	if err != nil {
		return nil, err
	}
	return &Pattern{value}, nil
}

// node is an object of fields, or the list of what a field may be.
type node interface {
	match(value any, present bool) bool
	comparisons() []rule
}

// fields is an object: each field must match, and of each "$or" an alternative.
type fields struct {
	names []string
	nodes map[string]node
	or    []fields
}

// list is what a field may be: one of the rules must match.
type list []rule

func parseNode(path string, v any) (node, error) {
	switch v := v.(type) {
	case map[string]any:
		return parseFields(path, v)
	case []any:
		if len(v) == 0 {
			return nil, fmt.Errorf("%s must not be an empty list", path)
		}
		var rules list
		for _, element := range v {
			r, err := parseRule(path, element)
			if err != nil {
				return nil, err
			}
			rules = append(rules, r)
		}
		return rules, nil
	}
	return nil, fmt.Errorf("%s must be an object of fields or a list of values, such as [\"paid\"]", path)
}

func parseFields(path string, object map[string]any) (fields, error) {
	f := fields{nodes: map[string]node{}}
	if len(object) == 0 {
		return f, fmt.Errorf("%s must not be an empty object", path)
	}
	for _, key := range slices.Sorted(maps.Keys(object)) {
		if key == "$or" {
			var err error
			if f.or, err = parseOr(path, object[key]); err != nil {
				return f, err
			}
			continue
		}
		n, err := parseNode(path+"."+key, object[key])
		if err != nil {
			return f, err
		}
		f.names, f.nodes[key] = append(f.names, key), n
	}
	return f, nil
}

func parseOr(path string, v any) (out []fields, err error) {
	alternatives, ok := v.([]any)
	if !ok || len(alternatives) < 2 {
		return nil, fmt.Errorf("%s.$or must be a list of two objects or more", path)
	}
	for _, alternative := range alternatives {
		object, ok := alternative.(map[string]any)
		if !ok {
			return nil, fmt.Errorf("%s.$or must be a list of objects", path)
		}
		f, err := parseFields(path+".$or", object)
		if err != nil {
			return nil, err
		}
		out = append(out, f)
	}
	return out, nil
}

// Undocumented lists the comparisons of a pattern that Lambda does not document.
// Rules of the kind that EventBridge has come over now and then, so they are no
// error; a record is never matched by one here.
func (p *Pattern) Undocumented() (names []string) {
	for _, r := range p.value.comparisons() {
		if r.undocumented != nil {
			names = append(names, r.undocumented...)
		}
	}
	return slices.Compact(names)
}

func (f fields) comparisons() (out []rule) {
	for _, alternative := range f.or {
		out = append(out, alternative.comparisons()...)
	}
	for _, name := range f.names {
		out = append(out, f.nodes[name].comparisons()...)
	}
	return out
}

func (l list) comparisons() []rule { return l }

// Match reports whether the function is to see a record with this value. Lambda
// drops a record whose value is not of the kind that the pattern is for: JSON
// for a pattern of fields, plain text for a list of values. A value that is null
// or not UTF-8 matches nothing; of the first AWS does not say that.
func (p *Pattern) Match(value []byte) bool {
	if value == nil || !utf8.Valid(value) {
		return false
	}
	var parsed any
	err := json.Unmarshal(value, &parsed)
	object, isObject := parsed.(map[string]any)
	switch n := p.value.(type) {
	case fields:
		return err == nil && isObject && n.matchObject(object)
	case list:
		return !isObject && n.match(string(value), true)
	}
	return false
}

func (f fields) matchObject(object map[string]any) bool {
	for name, n := range f.nodes {
		value, present := object[name]
		if !matchNode(n, value, present) {
			return false
		}
	}
	return f.or == nil || slices.ContainsFunc(f.or, func(alternative fields) bool { return alternative.matchObject(object) })
}

// matchNode matches a field. Of a list one element has to match.
func matchNode(n node, value any, present bool) bool {
	if elements, ok := value.([]any); ok && len(elements) > 0 {
		return slices.ContainsFunc(elements, func(element any) bool { return matchNode(n, element, true) })
	}
	return n.match(value, present)
}

func (f fields) match(value any, _ bool) bool {
	object, _ := value.(map[string]any)
	return f.matchObject(object) // of nothing, if it is none: fields may be wanted absent
}

func (l list) match(value any, present bool) bool {
	return slices.ContainsFunc(l, func(r rule) bool { return r.match(value, present) })
}
