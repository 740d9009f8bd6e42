package plan

import (
	"fmt"
	"slices"
)

// DescribeAll are the reports of those templates that have anything of this library.
func DescribeAll(all []*Template) (out []*Report) {
	for _, t := range all {
		if IsOf(t) {
			out = append(out, Describe(t))
		}
	}
	return out
}

// CompareAll compares the stacks of two assemblies by their names, and then with each
// other. A template by itself is compared with the stack of its name, or else with
// the only one that there is.
func CompareAll(before, after []*Template) ([]*Report, error) {
	for _, side := range [][2][]*Template{{before, after}, {after, before}} {
		if len(side[0]) == 1 && side[0][0].Alone {
			other, err := counterpart(side[0][0], side[1])
			if err != nil {
				return nil, err
			}
			if side[0][0] == before[0] {
				return []*Report{Compare(before[0], other)}, nil
			}
			return []*Report{Compare(other, after[0])}, nil
		}
	}
	var names []string
	for _, t := range slices.Concat(before, after) {
		if IsOf(t) {
			names = append(names, t.Stack)
		}
	}
	slices.Sort(names)
	var out []*Report
	for _, name := range slices.Compact(names) {
		out = append(out, Compare(named(before, name), named(after, name)))
	}
	across(before, after, out)
	return out, nil
}

func counterpart(alone *Template, all []*Template) (*Template, error) {
	if t := named(all, alone.Stack); t != nil {
		return t, nil
	}
	var found []*Template
	for _, t := range all {
		if len(all) == 1 || IsOf(t) {
			found = append(found, t)
		}
	}
	if len(found) != 1 {
		return nil, fmt.Errorf("%s is one template, and there are %d stacks to compare it with: say which", alone.Stack, len(found))
	}
	return found[0], nil
}

// named is the template of a stack, nil where there is none.
func named(all []*Template, stack string) *Template {
	for _, t := range all {
		if t.Stack == stack {
			return t
		}
	}
	return nil
}
