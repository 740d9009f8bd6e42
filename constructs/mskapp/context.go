package mskapp

import (
	"maps"
	"slices"

	"msklambda/constructs/problem"
)

// source is the context as one reads it: what was given, by key.
type source map[string]any

// readSource takes the configuration out of the CDK context, which merges
// cdk.json with the -c options. Without a clusterArn the example configuration
// stands in, below whatever else was given; with one, nothing of the example
// is ever used. A key that is neither of this app, nor of CDK, nor in the list of
// those to ignore is refused: dropped in silence, it would leave its default.
func readSource(context map[string]any, known []setting, ps *problem.List) source {
	elsewhere := refuseLiveScores(context, known, ps)
	others := ignored(context, known, ps)
	given := source{}
	for _, key := range slices.Sorted(maps.Keys(context)) {
		_, ok := find(known, key)
		switch {
		case ok || key == consumersKey:
			given[key] = context[key]
		case key == exampleKey, key == ignoreKey, others[key], isTools(key), slices.Contains(elsewhere, key):
		default:
			refuseKey(ps, known, key)
		}
	}
	if _, ok := given["clusterArn"]; ok {
		return given
	}
	example, _ := context[exampleKey].(map[string]any)
	merged := source{}
	for _, key := range slices.Sorted(maps.Keys(example)) {
		if _, ok := find(known, key); !ok && key != consumersKey {
			ps.Add(exampleKey+"."+key, "is not a context key of this app")
			continue
		}
		merged[key] = example[key]
	}
	maps.Copy(merged, given)
	return merged
}

const exampleKey = "example"

// Keys lists the context keys of the app, with those of extensions.
func Keys(extensions ...*Extension) []string {
	var keys []string
	for _, s := range append(settings(), settingsOf(extensions)...) {
		keys = append(keys, s.key)
	}
	return append(keys, consumersKey, ignoreKey)
}

func find(known []setting, key string) (setting, bool) {
	i := slices.IndexFunc(known, func(s setting) bool { return s.key == key })
	if i < 0 {
		return setting{}, false
	}
	return known[i], true
}
