package mskapp

import (
	"maps"
	"slices"
	"strings"

	"github.com/aws/aws-cdk-go/awscdk/v2"

	"msklambda/constructs/msklambda"
	"msklambda/constructs/near"
	"msklambda/constructs/problem"
)

// Extension is what another app adds to this one: context keys of its own, and
// the stacks that they are about. It is how an app can have more without this
// package, and whoever runs the app of consumers alone, having to compile it.
type Extension struct {
	Settings []Setting

	// Complete is called when all keys are read, those of the app too. It fills in
	// defaults, and returns what is wrong: a [*msklambda.Problem] for each, joined.
	// Where its Field is that of a setting, it is reported under the setting's key,
	// and not at all when the key's value was refused already.
	Complete func(*Config) error

	// Define defines the extension's stacks. The cluster and its consumers are there.
	Define func(awscdk.App, *Config, *msklambda.Cluster)
}

// Setting is a context key of an extension.
type Setting struct {
	Key   string
	Field string // that it sets, by the name that Complete uses

	// The other columns of a table of the settings.
	Usage, Default string

	Read func(Value)
}

// Value is what was given for a setting, in cdk.json or with -c. Each method
// reads it as one type, and reports what does not fit.
type Value struct{ value value }

// Text reads a text, without the space around it.
func (v Value) Text() string { return v.value.text() }

// List reads a list of texts, or a text with commas between the elements.
func (v Value) List() []string { return v.value.list() }

// Bool reads true or false.
func (v Value) Bool() bool { return v.value.boolean() }

func settingsOf(extensions []*Extension) (all []setting) {
	for _, e := range extensions {
		for _, s := range e.Settings {
			all = append(all, setting{s.Key, s.Field, s.Usage, s.Default})
		}
	}
	return all
}

func (c *Config) readExtension(e *Extension, given source, ps *problem.List) {
	reported, keys := fields{}, map[string]string{}
	for _, s := range e.Settings {
		keys[s.Field] = s.Key
		reported.read(ps, s.Field, func() {
			if raw, ok := given[s.Key]; ok {
				s.Read(Value{value{s.Key, raw, ps}})
			}
		})
	}
	for _, p := range problem.Of(e.Complete(c)) {
		if reported[p.Field] {
			continue
		}
		p = p.Rename(func(field string) string {
			if key, ok := keys[field]; ok {
				return key
			}
			return keyOf(field)
		})
		ps.Add(p.Field, "%s", p.Message)
	}
}

// liveScoresApp runs the app of live scores, which is not part of this one
// because compiling what they take would be most of a first run's time.
const liveScoresApp = `npx --yes aws-cdk@2.1148.1 deploy --all --app "go run ./constructs/livescores/app"`

// refuseLiveScores says which app has the keys of live scores, to whoever gives
// them to one that has not. It returns the keys that it refused.
func refuseLiveScores(context map[string]any, known []setting, ps *problem.List) []string {
	if slices.ContainsFunc(known, func(s setting) bool { return isLiveScores(s.key) }) {
		return nil
	}
	var keys []string
	for _, key := range slices.Sorted(maps.Keys(context)) {
		if isLiveScores(key) {
			keys = append(keys, key)
		}
	}
	if len(keys) > 0 {
		ps.Add(strings.Join(keys, ", "), "must go to the app of live scores, with the other options: %s", liveScoresApp)
	}
	return keys
}

func isLiveScores(key string) bool { return strings.HasPrefix(near.Plain(key), "livescore") }
