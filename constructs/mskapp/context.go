package mskapp

import (
	"maps"
	"slices"
	"strings"

	"msklambda/constructs/lookup/cdkcontext"
	"msklambda/constructs/problem"

	"github.com/aws/aws-cdk-go/awscdk/v2"
)

// source is the context as one reads it: what was given, by key.
type source map[string]any

// readSource takes the configuration out of the CDK context, which merges
// cdk.json with the -c options. Without a clusterArn the example configuration
// stands in, below whatever else was given; with one, nothing of the example
// is ever used.
func readSource(app awscdk.App, known []setting, ps *problem.List) source {
	context, _ := cdkcontext.Plain(app.Node().GetAllContext(nil)).(map[string]any)
	refuseLiveScores(context, known, ps)
	given := source{}
	for key, value := range context {
		if _, ok := find(known, key); ok || key == consumersKey {
			given[key] = value
		} else if suggestion, close := suggest(known, key); close {
			ps.Add(key, "is not a context key of this app, did you mean %q?", suggestion)
		}
	}
	if _, ok := given["clusterArn"]; ok {
		return given
	}
	example, _ := context[exampleKey].(map[string]any)
	merged := source{}
	for key, value := range example {
		if _, ok := find(known, key); !ok && key != consumersKey {
			ps.Add(exampleKey+"."+key, "is not a context key of this app")
			continue
		}
		merged[key] = value
	}
	maps.Copy(merged, given)
	return merged
}

const (
	exampleKey = "example"

	// consumersKey is a list of consumers, each an object of consumer keys with
	// a name.
	consumersKey = "consumers"
)

// Keys lists the context keys of the app, with those of extensions.
func Keys(extensions ...*Extension) []string {
	var keys []string
	for _, s := range append(settings(), settingsOf(extensions)...) {
		keys = append(keys, s.key)
	}
	return append(keys, consumersKey)
}

func find(known []setting, key string) (setting, bool) {
	i := slices.IndexFunc(known, func(s setting) bool { return s.key == key })
	if i < 0 {
		return setting{}, false
	}
	return known[i], true
}

// suggest finds the key that was meant by one that is not known: the same but
// for case and separators, the name of the Go field, or two slips away. Keys
// of others, such as feature flags, are nothing to us.
func suggest(known []setting, key string) (string, bool) {
	if key == exampleKey || key == consumersKey || strings.ContainsAny(key, "@:") {
		return "", false
	}
	got := plain(key)
	for _, s := range known {
		if got == plain(s.key) || got == plain(s.field) {
			return s.key, true
		}
	}
	for _, s := range known {
		// Two slips in a word of four letters make another word.
		if slips := distance(got, plain(s.key)); slips == 1 || slips == 2 && len(s.key) > 5 {
			return s.key, true
		}
	}
	return "", false
}

func plain(key string) string {
	return strings.ToLower(strings.NewReplacer("-", "", "_", "", ".", "").Replace(key))
}

// distance is the number of letters to insert, delete, replace or swap with
// their neighbour that make a into b.
func distance(a, b string) int {
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
