package filter

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// rule is one element of a field's list: a plain value, or an object with one
// comparison.
type rule struct {
	comparison string // "" = equals
	operand    any

	undocumented []string // names that Lambda does not document
}

func parseRule(path string, v any) (rule, error) {
	object, ok := v.(map[string]any)
	if !ok {
		if _, isList := v.([]any); isList {
			return rule{}, fmt.Errorf("%s must not hold a list in its list", path)
		}
		return rule{operand: plain(v)}, nil // text, number, true, false or null
	}
	if len(object) != 1 {
		return rule{}, fmt.Errorf("%s must hold one comparison in each object, got %d", path, len(object))
	}
	for comparison, operand := range object {
		return parseComparison(path, comparison, operand)
	}
	return rule{}, nil
}

func parseComparison(path, comparison string, operand any) (rule, error) {
	r := rule{comparison: comparison, operand: operand}
	switch comparison {
	case "prefix", "suffix", "equals-ignore-case":
		if _, ok := operand.(string); !ok {
			return r, fmt.Errorf("%s: %s takes a text", path, comparison)
		}
	case "exists":
		if _, ok := operand.(bool); !ok {
			return r, fmt.Errorf("%s: exists takes true or false", path)
		}
	case "anything-but":
		return parseAnythingBut(path, operand)
	case "numeric":
		return parseNumeric(path, operand)
	default:
		r.undocumented = []string{comparison}
	}
	return r, nil
}

func parseAnythingBut(path string, operand any) (rule, error) {
	r := rule{comparison: "anything-but"}
	elements, ok := operand.([]any)
	if !ok {
		elements = []any{operand}
	}
	if len(elements) == 0 {
		return r, fmt.Errorf("%s: anything-but takes at least one text or number", path)
	}
	var values []any
	for _, element := range elements {
		switch element := element.(type) {
		case string, json.Number:
			values = append(values, plain(element))
		case map[string]any:
			for _, inner := range slices.Sorted(maps.Keys(element)) {
				r.undocumented = append(r.undocumented, "anything-but "+inner)
			}
		default:
			return r, fmt.Errorf("%s: anything-but takes texts or numbers", path)
		}
	}
	r.operand = values
	return r, nil
}

// limit is a sign and a number.
type limit struct {
	sign   string
	number float64
}

// parseNumeric reads ["=", 1] or a range such as [">", 0, "<=", 10].
func parseNumeric(path string, operand any) (rule, error) {
	elements, _ := operand.([]any)
	var signs strings.Builder
	var limits []limit
	for i, element := range elements {
		if i%2 == 0 {
			sign, _ := element.(string)
			signs.WriteString(sign + " ")
			limits = append(limits, limit{sign: sign})
		} else if number, ok := plain(element).(float64); ok {
			limits[i/2].number = number
		} else {
			return rule{}, fmt.Errorf("%s: numeric takes a number after each sign", path)
		}
	}
	switch signs.String() {
	case "= ", "< ", "<= ", "> ", ">= ", "> < ", "> <= ", ">= < ", ">= <= ":
		if len(elements)%2 == 0 {
			return rule{comparison: "numeric", operand: limits}, nil
		}
	}
	return rule{}, fmt.Errorf("%s: numeric takes a sign and a number, such as [\"=\", 1], or a range from low to high, such as [\">\", 0, \"<=\", 10]", path)
}

// plain has a number as the values of records have it.
func plain(v any) any {
	if number, ok := v.(json.Number); ok {
		// Beyond the range it is infinite, which is no number of any record.
		f, _ := number.Float64()
		return f
	}
	return v
}

func (r rule) match(value any, present bool) bool {
	text, isText := value.(string)
	number, isNumber := value.(float64)
	if r.undocumented != nil {
		return false
	}
	switch r.comparison {
	case "":
		return present && r.operand == scalar(value)
	case "exists":
		return present == r.operand.(bool)
	case "prefix":
		return isText && strings.HasPrefix(text, r.operand.(string))
	case "suffix":
		return isText && strings.HasSuffix(text, r.operand.(string))
	case "equals-ignore-case":
		return isText && strings.EqualFold(text, r.operand.(string))
	case "anything-but":
		return present && !slices.Contains(r.operand.([]any), scalar(value))
	case "numeric":
		return isNumber && !slices.ContainsFunc(r.operand.([]limit), func(l limit) bool { return !l.holds(number) })
	}
	return false
}

func (l limit) holds(number float64) bool {
	switch l.sign {
	case "=":
		return number == l.number
	case "<":
		return number < l.number
	case "<=":
		return number <= l.number
	case ">":
		return number > l.number
	}
	return number >= l.number
}

// scalar keeps what can be compared with ==.
func scalar(value any) any {
	switch value.(type) {
	case map[string]any, []any:
		return struct{}{}
	}
	return value
}
