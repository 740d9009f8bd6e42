package msklambda

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
)

const (
	maxPattern = 4096 // characters of one pattern
	maxFilters = 20   // of a mapping, at the very most

	// More filters than this need a quota of their own.
	usualFilters = 5
)

// FilterCountWarning is the id of the warning that a mapping has more filters
// than accounts may use by default.
const FilterCountWarning = "msklambda:filterCount"

func (p *ConsumerProps) validateFilters(ps *problems) {
	if len(p.Filters) > maxFilters {
		ps.add("Filters", "must be at most %d, got %d", maxFilters, len(p.Filters))
	}
	for i, pattern := range p.Filters {
		field := fmt.Sprintf("Filters[%d]", i)
		if first := slices.Index(p.Filters, pattern); first < i {
			ps.add(field, "must not repeat Filters[%d], got %s", first, pattern)
			continue
		}
		if isToken(pattern) {
			continue
		}
		if n := len([]rune(pattern)); n > maxPattern {
			ps.add(field, "must be at most %d characters, got %d", maxPattern, n)
			continue
		}
		if err := checkPattern(pattern); err != nil {
			ps.add(field, "must be a filter pattern such as {\"value\":{\"state\":[\"paid\"]}}: %v, got %s", err, pattern)
		}
	}
	if p.FilterKey != nil && len(p.Filters) == 0 {
		ps.add("FilterKey", "needs Filters")
	}
}

// checkPattern checks a pattern against Lambda's filter rule syntax. Lambda
// matches the value of a Kafka record and no other part of it.
func checkPattern(pattern string) error {
	dec := json.NewDecoder(strings.NewReader(pattern))
	dec.UseNumber()
	var root any
	if err := dec.Decode(&root); err != nil {
		return fmt.Errorf("it is not JSON (%w)", err)
	}
	if _, err := dec.Token(); !errors.Is(err, io.EOF) {
		return errors.New("something follows its JSON")
	}
	object, ok := root.(map[string]any)
	if !ok || len(object) == 0 {
		return errors.New("it must be an object that is not empty")
	}
	for _, key := range slices.Sorted(maps.Keys(object)) {
		if key != "value" {
			return fmt.Errorf("of a Kafka record only \"value\" can be matched, and not %q", key)
		}
	}
	return checkNode("value", object["value"])
}

// checkNode checks an object of fields, or the list of what a field may be.
func checkNode(path string, node any) error {
	switch node := node.(type) {
	case map[string]any:
		if len(node) == 0 {
			return fmt.Errorf("%s must not be an empty object", path)
		}
		for _, key := range slices.Sorted(maps.Keys(node)) {
			if key == "$or" {
				if err := checkOr(path, node[key]); err != nil {
					return err
				}
			} else if err := checkNode(path+"."+key, node[key]); err != nil {
				return err
			}
		}
		return nil
	case []any:
		if len(node) == 0 {
			return fmt.Errorf("%s must not be an empty list", path)
		}
		for _, rule := range node {
			if err := checkRule(path, rule); err != nil {
				return err
			}
		}
		return nil
	}
	return fmt.Errorf("%s must be an object of fields or a list of values, such as [\"paid\"]", path)
}

func checkOr(path string, node any) error {
	list, ok := node.([]any)
	if !ok || len(list) < 2 {
		return fmt.Errorf("%s.$or must be a list of two objects or more", path)
	}
	for _, element := range list {
		if _, ok := element.(map[string]any); !ok {
			return fmt.Errorf("%s.$or must be a list of objects", path)
		}
		if err := checkNode(path+".$or", element); err != nil {
			return err
		}
	}
	return nil
}

// checkRule checks one element of a field's list: a plain value, or an object
// with one comparison.
func checkRule(path string, rule any) error {
	object, ok := rule.(map[string]any)
	if !ok {
		if _, list := rule.([]any); list {
			return fmt.Errorf("%s must not hold a list in its list", path)
		}
		return nil // text, number, true, false or null
	}
	if len(object) != 1 {
		return fmt.Errorf("%s must hold one comparison in each object, got %d", path, len(object))
	}
	for comparison, operand := range object {
		switch comparison {
		case "prefix", "suffix", "equals-ignore-case":
			if _, ok := operand.(string); !ok {
				return fmt.Errorf("%s: %s takes a text", path, comparison)
			}
		case "exists":
			if _, ok := operand.(bool); !ok {
				return fmt.Errorf("%s: exists takes true or false", path)
			}
		case "anything-but":
			if err := checkAnythingBut(path, operand); err != nil {
				return err
			}
		case "numeric":
			if err := checkNumeric(path, operand); err != nil {
				return err
			}
		}
	}
	return nil
}

func checkAnythingBut(path string, operand any) error {
	list, ok := operand.([]any)
	if !ok {
		list = []any{operand}
	}
	for _, element := range list {
		switch element.(type) {
		case string, json.Number, map[string]any: // an object is for unknownComparisons
		default:
			return fmt.Errorf("%s: anything-but takes texts or numbers", path)
		}
	}
	if len(list) == 0 {
		return fmt.Errorf("%s: anything-but takes at least one text or number", path)
	}
	return nil
}

// unknownComparisons are those of a pattern that Lambda does not document. Rules
// of the kind that EventBridge has come over now and then, so they are not
// refused here.
func unknownComparisons(pattern string) (names []string) {
	var root any
	if json.Unmarshal([]byte(pattern), &root) != nil {
		return nil // a token
	}
	documented := []string{"anything-but", "equals-ignore-case", "exists", "numeric", "prefix", "suffix"}
	var walk func(node any, rule bool)
	walk = func(node any, rule bool) {
		switch node := node.(type) {
		case map[string]any:
			for _, key := range slices.Sorted(maps.Keys(node)) {
				nested, isObject := node[key].(map[string]any)
				switch {
				case !rule:
					if list, ok := node[key].([]any); ok && key == "$or" {
						for _, alternative := range list {
							walk(alternative, false)
						}
					} else {
						walk(node[key], false)
					}
				case !slices.Contains(documented, key):
					names = append(names, key)
				case key == "anything-but" && isObject:
					for _, inner := range slices.Sorted(maps.Keys(nested)) {
						names = append(names, key+" "+inner)
					}
				}
			}
		case []any:
			for _, element := range node {
				walk(element, true)
			}
		}
	}
	walk(root, false)
	return slices.Compact(names)
}

// checkNumeric checks ["=", 1] or a range such as [">", 0, "<=", 10].
func checkNumeric(path string, operand any) error {
	list, _ := operand.([]any)
	var signs bytes.Buffer
	for i, element := range list {
		if i%2 == 0 {
			sign, _ := element.(string)
			signs.WriteString(sign + " ")
		} else if _, ok := element.(json.Number); !ok {
			return fmt.Errorf("%s: numeric takes a number after each sign", path)
		}
	}
	switch signs.String() {
	case "= ", "< ", "<= ", "> ", ">= ", "> < ", "> <= ", ">= < ", ">= <= ":
		if len(list)%2 == 0 {
			return nil
		}
	}
	return fmt.Errorf("%s: numeric takes a sign and a number, such as [\"=\", 1], or a range from low to high, such as [\">\", 0, \"<=\", 10]", path)
}
