package poller

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"
)

// filter matches the values of records with patterns such as
// {"value":{"state":["paid"]}}: a record is wanted if one of them matches. It
// knows what the construct accepts in Filters. That one checks patterns and
// stays with CDK; this one matches and must not need CDK.
type filter []any // what each pattern has under "value"

func newFilter(patterns []string) (filter, error) {
	var f filter
	for _, p := range patterns {
		var root map[string]any
		if err := json.Unmarshal([]byte(p), &root); err != nil {
			return nil, fmt.Errorf("filter %s: %w", p, err)
		}
		value, ok := root["value"]
		if !ok || len(root) != 1 {
			return nil, fmt.Errorf(`filter %s: want an object with "value" and nothing else`, p)
		}
		if err := checkNode(value); err != nil {
			return nil, fmt.Errorf("filter %s: %w", p, err)
		}
		f = append(f, value)
	}
	return f, nil
}

func checkNode(node any) error {
	switch node := node.(type) {
	case map[string]any:
		for key, n := range node {
			if list, ok := n.([]any); ok && key == "$or" {
				for _, n := range list {
					if err := checkNode(n); err != nil {
						return err
					}
				}
			} else if err := checkNode(n); err != nil {
				return err
			}
		}
		return nil
	case []any:
		for _, rule := range node {
			if err := checkRule(rule); err != nil {
				return err
			}
		}
		return nil
	}
	return fmt.Errorf("want an object of fields or a list of values, got %v", node)
}

func checkRule(rule any) error {
	object, ok := rule.(map[string]any)
	if !ok {
		return nil
	}
	for name, operand := range object {
		ok := len(object) == 1
		switch name {
		case "prefix", "suffix", "equals-ignore-case":
			_, text := operand.(string)
			ok = ok && text
		case "exists":
			_, yes := operand.(bool)
			ok = ok && yes
		case "anything-but":
		case "numeric":
			list, _ := operand.([]any)
			ok = ok && len(list) > 0 && len(list)%2 == 0
			for i, x := range list {
				_, number := x.(float64)
				ok = ok && number == (i%2 == 1)
			}
		default:
			ok = false
		}
		if !ok {
			return fmt.Errorf("want one comparison, as the construct's Filters have them, got %v", rule)
		}
	}
	return nil
}

// match tells whether the function is to see a record with this value. Lambda
// drops a record whose value is not of the kind that the pattern is for: JSON
// for a pattern of fields, plain text for a list of values. A value that is null
// or not UTF-8 matches nothing; of the first AWS does not say that.
func (f filter) match(value []byte) bool {
	if len(f) == 0 {
		return true
	}
	if value == nil || !utf8.Valid(value) {
		return false
	}
	var parsed any
	err := json.Unmarshal(value, &parsed)
	object, isObject := parsed.(map[string]any)
	return slices.ContainsFunc(f, func(node any) bool {
		switch node := node.(type) {
		case map[string]any:
			return err == nil && isObject && matchObject(node, object)
		case []any:
			return !isObject && matchRules(node, string(value), true)
		}
		return false
	})
}

func matchObject(node, object map[string]any) bool {
	for key, n := range node {
		if list, ok := n.([]any); ok && key == "$or" {
			if !slices.ContainsFunc(list, func(n any) bool {
				alternative, ok := n.(map[string]any)
				return ok && matchObject(alternative, object)
			}) {
				return false
			}
			continue
		}
		value, present := object[key]
		if !matchNode(n, value, present) {
			return false
		}
	}
	return true
}

// matchNode matches a field. Of a list one element has to match.
func matchNode(node, value any, present bool) bool {
	if list, ok := value.([]any); ok && len(list) > 0 {
		return slices.ContainsFunc(list, func(v any) bool { return matchNode(node, v, true) })
	}
	switch node := node.(type) {
	case map[string]any:
		object, _ := value.(map[string]any)
		return matchObject(node, object) // of nothing, if it is none: fields may be wanted absent
	case []any:
		return matchRules(node, value, present)
	}
	return false
}

func matchRules(rules []any, value any, present bool) bool {
	return slices.ContainsFunc(rules, func(rule any) bool {
		comparison, ok := rule.(map[string]any)
		if !ok {
			return present && rule == scalar(value)
		}
		for name, operand := range comparison {
			return compare(name, operand, value, present)
		}
		return false
	})
}

// scalar keeps what can be compared with ==.
func scalar(value any) any {
	switch value.(type) {
	case map[string]any, []any:
		return struct{}{}
	}
	return value
}

func compare(name string, operand, value any, present bool) bool {
	text, isText := value.(string)
	number, isNumber := value.(float64)
	switch name {
	case "exists":
		return present == operand.(bool)
	case "prefix":
		return isText && strings.HasPrefix(text, operand.(string))
	case "suffix":
		return isText && strings.HasSuffix(text, operand.(string))
	case "equals-ignore-case":
		return isText && strings.EqualFold(text, operand.(string))
	case "anything-but":
		list, ok := operand.([]any)
		if !ok {
			list = []any{operand}
		}
		return present && !slices.Contains(list, scalar(value))
	case "numeric":
		list := operand.([]any)
		for i := 0; isNumber && i < len(list); i += 2 {
			limit := list[i+1].(float64)
			isNumber = map[any]bool{"=": number == limit, "<": number < limit, "<=": number <= limit, ">": number > limit, ">=": number >= limit}[list[i]]
		}
		return isNumber
	}
	return false
}
