// Package near finds the name that was meant by one that is not there.
package near

import (
	"cmp"
	"slices"
	"strings"
)

// Names are those of all that may have been meant by a name, the nearest first, at
// most three: the same but for case and separators, one that begins or ends with the
// other, and what is a slip or two away.
func Names(name string, all []string) []string {
	type found struct {
		name string
		far  int
	}
	var out []found
	got := Plain(name)
	for _, other := range all {
		is := Plain(other)
		switch slips := Distance(got, is); {
		case got == is:
			out = append(out, found{other, 0})
		case slips == 1 && len(got) > 2, slips == 2 && len(got) > 5, slips == 3 && len(got) > 12:
			out = append(out, found{other, slips})
		case len(got) > 2 && len(is) > 2 && (strings.HasPrefix(is, got) || strings.HasSuffix(is, got) || strings.HasPrefix(got, is) || strings.HasSuffix(got, is)):
			out = append(out, found{other, 4})
		}
	}
	slices.SortFunc(out, func(a, b found) int { return cmp.Or(a.far-b.far, strings.Compare(a.name, b.name)) })
	names := []string{}
	for _, f := range out[:min(len(out), 3)] {
		names = append(names, f.name)
	}
	return slices.Compact(names)
}

// Plain is a name without what people write one way or the other: case and
// separators.
func Plain(name string) string {
	return strings.Map(func(r rune) rune {
		if r == '-' || r == '_' || r == '.' || r == ' ' {
			return -1
		}
		return r
	}, strings.ToLower(name))
}

// Distance is the number of letters to insert, delete, replace or swap with
// their neighbour that make a into b.
func Distance(a, b string) int {
	rows := make([][]int, len(a)+1)
	for i := range rows {
		rows[i] = make([]int, len(b)+1)
		rows[i][0] = i
	}
	for j := range rows[0] {
		rows[0][j] = j
	}
	for i := 1; i <= len(a); i++ {
		for j := 1; j <= len(b); j++ {
			cost := 1
			if a[i-1] == b[j-1] {
				cost = 0
			}
			rows[i][j] = min(rows[i-1][j]+1, rows[i][j-1]+1, rows[i-1][j-1]+cost)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				rows[i][j] = min(rows[i][j], rows[i-2][j-2]+1)
			}
		}
	}
	return rows[len(a)][len(b)]
}
