package plan

import (
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

// stack is a template as this package reads it.
type stack struct{ *Template }

// of are the resources of types, in the order of their paths.
func (s *stack) of(types ...string) (out []*Resource) {
	for _, id := range slices.Sorted(maps.Keys(s.Resources)) {
		if slices.Contains(types, s.Resources[id].Type) {
			out = append(out, s.Resources[id])
		}
	}
	slices.SortStableFunc(out, func(a, b *Resource) int { return strings.Compare(a.path(), b.path()) })
	return out
}

// pending is what an unfinished look-up says of itself, "" = none is.
func (s *stack) pending() string {
	for _, assertion := range list(at(s.Rules["LookUpsArePending"], "Assertions")) {
		return text(at(assertion, "AssertDescription"))
	}
	return ""
}

// mapping is an event source mapping of an MSK cluster.
type mapping struct {
	*Resource
	Consumer, Source, Cluster string
	Topics                    []string
	Group, Position           string
	Function                  string // what it names
	Provisioned               bool
	Minimum, Maximum          int
	PollerGroup               string
	Disabled                  bool
	Authentication            string
}

// mappings are those of MSK clusters.
func (s *stack) mappings() (out []*mapping) {
	for _, r := range s.of(typeMapping) {
		p := r.Properties
		if p["Topics"] == nil && p["AmazonManagedKafkaEventSourceConfig"] == nil || p["SelfManagedEventSource"] != nil {
			continue // a queue, a stream, or somebody's own Kafka
		}
		m := &mapping{Resource: r, Consumer: consumerOf(r), Source: text(p["EventSourceArn"]),
			Group: text(at(p["AmazonManagedKafkaEventSourceConfig"], "ConsumerGroupId")), Position: text(p["StartingPosition"]),
			Function: s.function(p["FunctionName"]), Disabled: p["Enabled"] == false, Authentication: s.authentication(r)}
		m.Cluster = clusterName(m.Source)
		for _, topic := range list(p["Topics"]) {
			m.Topics = append(m.Topics, text(topic))
		}
		if since := p["StartingPositionTimestamp"]; since != nil {
			m.Position += " " + timestamp(since)
		}
		if pollers, _ := p["ProvisionedPollerConfig"].(map[string]any); len(pollers) > 0 {
			m.Provisioned = true
			m.Minimum, m.Maximum = number(pollers["MinimumPollers"], 1), number(pollers["MaximumPollers"], 200)
			m.PollerGroup = text(pollers["PollerGroupName"])
		}
		out = append(out, m)
	}
	return out
}

// function is what a mapping invokes: the logical id of a function of the template, be
// it by an alias, and else the text that there is.
func (s *stack) function(name any) string {
	found := text(name)
	var walk func(v any)
	walk = func(v any) {
		switch v := v.(type) {
		case map[string]any:
			if alias := s.Resources[text(v["Ref"])]; alias != nil && alias.Type == "AWS::Lambda::Alias" {
				found = text(alias.Properties["FunctionName"])
			}
			for _, more := range v {
				walk(more)
			}
		case []any:
			for _, more := range v {
				walk(more)
			}
		}
	}
	walk(name)
	return found
}

// timestamp is a time in seconds, as one reads it.
func timestamp(v any) string {
	if seconds := number(v, -1); seconds >= 0 {
		return time.Unix(int64(seconds), 0).UTC().Format(time.RFC3339)
	}
	return text(v) // known at the deploy only
}

func number(v any, otherwise int) int {
	if n, err := strconv.Atoi(text(v)); err == nil {
		return n
	}
	return otherwise
}

var (
	mappingPath = regexp.MustCompile(`/?Mapping[0-9a-f]{8}$`)
	mappingID   = regexp.MustCompile(`Mapping[0-9a-f]{8}[0-9A-F]{8}$`)
)

// consumerOf is the path of the consumer that a mapping is of.
func consumerOf(r *Resource) string {
	if path := r.path(); path != r.LogicalID {
		return strings.TrimSuffix(mappingPath.ReplaceAllString(path, ""), "/")
	}
	return consumerID(r)
}

// consumerID is the beginning of the logical ids of a consumer. It is the same with
// and without construct paths in the template.
func consumerID(r *Resource) string { return mappingID.ReplaceAllString(r.LogicalID, "") }

// clusterName is that in the ARN of a cluster or of a connection to one.
func clusterName(arn string) string {
	_, resource, ok := strings.Cut(arn, ":cluster/")
	if !ok {
		if _, resource, ok = strings.Cut(arn, ":vpc-connection/"); !ok {
			return arn
		}
		_, resource, _ = strings.Cut(resource, "/") // the account comes first
	}
	name, _, _ := strings.Cut(resource, "/")
	return name
}

// authentication is how the pollers of a mapping show who they are.
func (s *stack) authentication(r *Resource) string {
	for _, access := range list(r.Properties["SourceAccessConfigurations"]) {
		switch text(at(access, "Type")) {
		case "SASL_SCRAM_512_AUTH":
			return "SASL/SCRAM"
		case "CLIENT_CERTIFICATE_TLS_AUTH":
			return "mutual TLS"
		}
	}
	waits := r.after()
	if function := s.Resources[s.function(r.Properties["FunctionName"])]; function != nil {
		waits = append(waits, function.after()...)
	}
	for _, id := range waits {
		other := s.Resources[id]
		if other == nil {
			continue
		}
		for _, statement := range statementsOf(other) {
			if slices.Contains(statement.actions, "kafka-cluster:Connect") {
				return "IAM"
			}
		}
	}
	for _, id := range waits {
		if other := s.Resources[id]; other != nil && other.Type == typeIngress {
			switch number(other.Properties["ToPort"], 0) {
			case 9092:
				return "no authentication, in plaintext"
			case 9094:
				return "no authentication, over TLS"
			}
		}
	}
	return "" // not told
}

// pollers are those of the mapping.
func (m *mapping) pollers() string {
	if !m.Provisioned {
		return "on-demand pollers"
	}
	out := strconv.Itoa(m.Minimum) + " to " + strconv.Itoa(m.Maximum) + " provisioned pollers"
	if m.PollerGroup != "" {
		out += " of group " + m.PollerGroup
	}
	return out
}

// sentence is what the consumer does.
func (m *mapping) sentence() string {
	out := "reads " + strings.Join(m.Topics, ", ") + " of cluster " + m.Cluster + " as group " + m.Group + " from " + m.Position + ", by " + m.pollers()
	if m.Authentication != "" {
		out += ", with " + m.Authentication
	}
	if m.Disabled {
		out += "; it is disabled, and reads nothing"
	}
	return out
}
