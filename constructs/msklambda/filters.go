package msklambda

import (
	"fmt"
	"slices"

	"msklambda/constructs/filter"
)

const (
	maxFilters = 20 // of a mapping, at the very most

	// More filters than this need a quota of their own.
	usualFilters = 5
)

func (p *ConsumerProps) validateFilters(ps *problems) {
	if len(p.Filters) > maxFilters {
		ps.Add("Filters", "must be at most %d, got %d", maxFilters, len(p.Filters))
	}
	for i, pattern := range p.Filters {
		field := fmt.Sprintf("Filters[%d]", i)
		if first := slices.Index(p.Filters, pattern); first < i {
			ps.Add(field, "must not repeat {Filters}[%d], got %s", first, pattern)
			continue
		}
		if isToken(pattern) {
			continue
		}
		if n := len([]rune(pattern)); n > filter.MaxPattern {
			ps.Add(field, "must be at most %d characters, got %d", filter.MaxPattern, n)
			continue
		}
		if _, err := filter.Parse(pattern); err != nil {
			ps.Add(field, "must be a filter pattern such as {\"value\":{\"state\":[\"paid\"]}}: %v, got %s", err, pattern)
		}
	}
	if p.FilterKey != nil && len(p.Filters) == 0 {
		ps.Add("FilterKey", "needs {Filters}")
	}
}
