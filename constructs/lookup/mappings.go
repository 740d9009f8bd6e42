package lookup

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"msklambda/constructs/network"
)

// Mapping is an event source mapping that a cluster has. What the answer does not
// tell is "".
type Mapping struct {
	UUID     string
	Function string // its name
	Topic    string
	Group    string
}

// mostRead is how many mappings of a region are read one by one at most.
const mostRead = 100

const (
	propertySource   = "EventSourceArn"
	propertyFunction = "FunctionName"
	propertyTopics   = "Topics"
	propertyGroup    = "AmazonManagedKafkaEventSourceConfig.ConsumerGroupId"
)

// Mappings are those of a cluster, and why they could not be looked up, where they
// could not. A failure fails nothing: whoever may not list mappings can deploy.
//
// They are asked for along with other questions, and never alone. The CLI keeps no
// answer that failed, so that a question of its own would be asked at every synth
// from then on, and need credentials for it. What was not asked is no fact.
//
// The CLI lists all mappings of the region and picks those of the cluster. It cannot
// where one lacks the property to pick by, as each of a Kafka outside of MSK does, or
// where the list has ids alone, which its API allows: then each is read by itself.
func (l *LookUp) Mappings(clusterARN string) (found network.Fact[[]Mapping], reason string) {
	list := func(match map[string]any, wanted ...string) query {
		return query{kind: "event source mapping", typeName: typeMapping, match: match, required: wanted}
	}
	match := map[string]any{propertySource: clusterARN}
	narrow := list(match, propertyFunction, propertyTopics, propertyGroup)
	ids, all := list(match), list(map[string]any{})
	r := &reader{LookUp: l, may: l.pending || l.reason(narrow) != ""}
	for _, q := range []query{narrow, ids, all} {
		if !l.known(q) && (missingProperty(l.reason(q)) != "" || l.known(ids) || l.known(all)) {
			continue
		}
		objects, ok := r.read(q)
		switch {
		case !ok:
		case len(q.required) > 0:
			return network.Told(mappingsOf(objects)), ""
		case len(objects) > mostRead:
			return network.Unknown[[]Mapping](), fmt.Sprintf("the list tells ids alone, and of %d mappings in the region no more than %d are read one by one", len(objects), mostRead)
		default:
			return r.oneByOne(objects, len(q.match) == 0, clusterARN)
		}
		break
	}
	if !r.asked {
		return found, ""
	}
	return network.Unknown[[]Mapping](), r.reason
}

// reader asks what may fail.
type reader struct {
	*LookUp
	may    bool   // ask
	asked  bool   // something, now or before
	reason string // of the first failure
}

func (r *reader) read(q query) (answer, bool) {
	if !r.may && !r.known(q) {
		return nil, false
	}
	r.asked = true
	objects, reason := r.try(q)
	r.reason = cmp.Or(r.reason, oneLine(reason))
	return objects, objects != nil
}

// oneByOne reads each mapping of a list by itself, and picks those of the cluster
// where the list is of all.
func (r *reader) oneByOne(objects answer, ofAll bool, clusterARN string) (network.Fact[[]Mapping], string) {
	complete := true
	var whole answer
	for _, object := range objects {
		var id string
		into(object, "Identifier", &id)
		one := query{kind: "event source mapping", typeName: typeMapping, id: id}
		if ofAll {
			one.optional = []string{propertySource}
			of, ok := r.read(one)
			if complete = complete && ok; !ok || property[string](of[0], propertySource).Or("") != clusterARN {
				continue
			}
		}
		one.required, one.optional = []string{propertyFunction}, []string{propertyTopics, propertyGroup}
		read, ok := r.read(one)
		complete = complete && ok
		whole = append(whole, read...)
	}
	if !complete {
		return network.Unknown[[]Mapping](), r.reason
	}
	return network.Told(mappingsOf(whole)), ""
}

func mappingsOf(objects answer) []Mapping {
	out := []Mapping{}
	for _, object := range objects {
		m := Mapping{Function: functionName(property[string](object, propertyFunction).Or(""))}
		into(object, "Identifier", &m.UUID)
		for _, topic := range property[[]string](object, propertyTopics).Or(nil) {
			m.Topic = topic // there is one at most
		}
		// Lambda gives a mapping that was given none its UUID for a group.
		m.Group = property[string](object, propertyGroup).Or(m.UUID)
		out = append(out, m)
	}
	slices.SortFunc(out, func(a, b Mapping) int { return strings.Compare(a.UUID, b.UUID) })
	return out
}

// functionName is the name in whatever names a function: a name, an ARN or a part of
// one, with an alias or a version behind it or without.
func functionName(text string) string {
	if _, after, ok := strings.Cut(text, "function:"); ok {
		text = after
	}
	name, _, _ := strings.Cut(text, ":")
	return name
}

// Reader is a consumer, as far as mappings of others are its concern.
type Reader struct {
	Topic, Group string
	Function     string   // given to it by name or ARN, "" where its stack makes it
	Stacks       []string // of the app, whose functions are nobody else's
}

// Others are the mappings of a cluster that have the group of a consumer and are not
// its own, as far as their functions tell: the one that is given to it, or one of the
// stacks of its app.
func Others(mappings []Mapping, r Reader) (out []Mapping) {
	for _, m := range mappings {
		own := r.Function != "" && m.Function == functionName(r.Function) && (m.Topic == r.Topic || m.Topic == "")
		if m.Group == r.Group && !own && !slices.ContainsFunc(r.Stacks, func(stack string) bool { return isOf(stack, m.Function) }) {
			out = append(out, m)
		}
	}
	return out
}

// fewestLetters is what CloudFormation leaves of the name of a stack at least where it
// makes the name of a function of it.
const fewestLetters = 20

// isOf reports whether CloudFormation made the name of a function, of the name of the
// stack, the logical id, and letters of its own. A long name of a stack is cut short.
func isOf(stack, function string) bool {
	parts := strings.Split(function, "-")
	if len(parts) < 3 {
		return false
	}
	of := strings.Join(parts[:len(parts)-2], "-")
	return of == stack || len(of) >= fewestLetters && strings.HasPrefix(stack, of)
}
