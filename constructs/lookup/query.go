// Package lookup asks what is there: an MSK cluster, its subnets and security
// groups, and the endpoints of its VPC. It knows which questions Cloud Control
// takes, by way of the CDK CLI, and reads the answers into the facts of package
// network. It is plain Go; package cdkcontext, below this one, is the way to the
// CLI.
package lookup

import (
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
)

// Context is where answers come from, and where questions go that have none: the
// CLI runs the app, finds in the assembly which answers are missing, gets them,
// writes them to cdk.context.json and runs the app again until none is missing.
type Context interface {
	// Get returns the answer to a question, as JSON has it, and the key it stands
	// under. It is nil where there is none yet.
	Get(props map[string]any) (key string, value any)

	// Miss says that the answer to a question is missing.
	Miss(props map[string]any)
}

// query is one question to Cloud Control.
//
// The names of types and properties are those of the CloudFormation resource
// schemas. The CLI fails a query for a property that the answer lacks, so what
// a schema does not require is optional here: where the CLI reports that it is
// missing, the query is asked again without it.
type query struct {
	kind     string         // of the resource, in messages
	typeName string         // such as "AWS::EC2::Subnet"
	id       string         // of one resource,
	match    map[string]any // or what all that are wanted have
	model    map[string]any // that a list of the type needs, if it does
	required []string       // properties
	optional []string

	// mayBeMissing asks for a resource that need not be there: the answer is then
	// one without properties, and is kept like any other.
	mayBeMissing bool
}

// answer is the resources that were found, by property. An optional property
// that a resource lacks is not there.
type answer []map[string]any

func (q query) props(optional []string) map[string]any {
	props := map[string]any{"typeName": q.typeName, "propertiesToReturn": slices.Concat([]string{}, q.required, optional)}
	if q.id != "" {
		props["exactIdentifier"] = q.id
	} else {
		props["propertyMatch"] = q.match
	}
	if q.model != nil {
		props["resourceModel"] = q.model
	}
	if q.mayBeMissing {
		props["ignoreErrorOnMissingContext"] = true
	}
	return props
}

// one asks for a single resource.
func (l *LookUp) one(q query) (map[string]any, bool) {
	if a, ok := l.ask(q); ok {
		return a[0], true
	}
	return nil, false
}

// ask returns the answer, and whether there is one. Where there is none, it is
// pending, or has failed.
func (l *LookUp) ask(q query) (answer, bool) {
	value, reason := l.try(q)
	if reason != "" {
		l.fail(q, reason)
	}
	return value, value != nil
}

// try returns the answer, or why there is none: "" where it is pending.
func (l *LookUp) try(q query) (value answer, reason string) {
	// What was once asked again without an optional property is found under
	// that question, since the CLI does not write down what failed.
	for _, optional := range subsets(q.optional) {
		if value, reason := l.answer(q, optional); value != nil && reason == "" {
			return value, ""
		}
	}
	optional := q.optional
	for {
		_, reason := l.answer(q, optional)
		if reason == "" {
			l.miss(q, optional)
			return nil, ""
		}
		missing := missingProperty(reason)
		if !slices.Contains(optional, missing) {
			return nil, reason
		}
		optional = slices.DeleteFunc(slices.Clone(optional), func(p string) bool { return p == missing })
	}
}

// known reports whether a question has an answer, without asking it.
func (l *LookUp) known(q query) bool {
	return slices.ContainsFunc(subsets(q.optional), func(optional []string) bool {
		value, reason := l.answer(q, optional)
		return value != nil && reason == ""
	})
}

// reason is why a question has failed, "" where it has not.
func (l *LookUp) reason(q query) string {
	_, reason := l.answer(q, q.optional)
	return reason
}

// providerError is where the CLI puts the reason in place of an answer, for
// one more run of the app and not into cdk.context.json.
const providerError = "$providerError"

func (l *LookUp) answer(q query, optional []string) (value answer, reason string) {
	key, raw := l.context.Get(q.props(optional))
	switch raw := raw.(type) {
	case nil:
		return nil, ""
	case map[string]any:
		if reason, ok := raw[providerError].(string); ok {
			return nil, reason
		}
	case []any:
		value = answer{}
		for _, element := range raw {
			if object, ok := element.(map[string]any); ok {
				value = append(value, object)
			}
		}
		if q.id == "" || len(value) == 1 {
			return value, ""
		}
	}
	return nil, "cdk.context.json holds something else than an answer under " + key
}

func (l *LookUp) miss(q query, optional []string) {
	l.pending = true
	props := q.props(optional)
	text := fmt.Sprint(props)
	if l.asked[text] {
		return
	}
	l.asked[text] = true
	l.context.Miss(props)
}

func (l *LookUp) fail(q query, reason string) {
	err := l.failure(q, reason)
	if !slices.ContainsFunc(l.failed, func(other error) bool { return other.Error() == err.Error() }) {
		l.failed = append(l.failed, err)
	}
}

// missing is what the CLI says of a property that an answer lacks.
var missing = regexp.MustCompile(`Cannot read field (\S+)\. \S+ is not found`)

func missingProperty(reason string) string {
	if m := missing.FindStringSubmatch(reason); m != nil {
		return m[1]
	}
	return ""
}

// subsets are all choices of some elements of a short list, the largest first.
func subsets(list []string) [][]string {
	var out [][]string
	for mask := range 1 << len(list) {
		some := []string{}
		for i, element := range list {
			if mask&(1<<i) == 0 {
				some = append(some, element)
			}
		}
		out = append(out, some)
	}
	slices.SortStableFunc(out, func(a, b []string) int { return len(b) - len(a) })
	return out
}

// into reads a property into a Go value. It reports whether it was there, and
// of that shape.
func into(object map[string]any, property string, to any) bool {
	value, ok := object[property]
	if !ok || value == nil {
		return false
	}
	text, err := json.Marshal(value)
	return err == nil && json.Unmarshal(text, to) == nil
}
