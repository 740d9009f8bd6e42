package poller

import (
	"fmt"
	"slices"
	"strings"

	"msklambda/constructs/filter"
)

// filters are patterns such as {"value":{"state":["paid"]}}: a record is wanted if
// one of them matches, and where there is none. It is the grammar of the
// construct's Filters.
type filters []*filter.Pattern

func newFilters(patterns []string) (filters, error) {
	var out filters
	for _, pattern := range patterns {
		p, err := filter.Parse(pattern)
		if err != nil {
			return nil, fmt.Errorf("filter %s: %w", pattern, err)
		}
		if unknown := p.Undocumented(); len(unknown) > 0 {
			// Here it would match nothing, and in Lambda perhaps something.
			return nil, fmt.Errorf("filter %s: %s is not among the comparisons that Lambda documents", pattern, strings.Join(unknown, ", "))
		}
		out = append(out, p)
	}
	return out, nil
}

func (f filters) match(value []byte) bool {
	return len(f) == 0 || slices.ContainsFunc(f, func(p *filter.Pattern) bool { return p.Match(value) })
}
