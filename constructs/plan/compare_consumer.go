package plan

import (
	"fmt"
	"reflect"
	"slices"
	"strings"

	"msklambda/lambda/kafka/contract"
)

// consumers says what becomes of the mappings. One is known again by its logical
// id; or else by its consumer, since the id changes with what only its creation
// takes; or else by what it reads as which group, when the consumer has another
// name.
func (c comparison) consumers() (out []Line) {
	before, after := c.before.mappings(), c.after.mappings()
	taken := map[string]bool{}
	find := func(is func(*mapping) bool) *mapping {
		for _, m := range before {
			if !taken[m.LogicalID] && is(m) {
				taken[m.LogicalID] = true
				return m
			}
		}
		return nil
	}
	pairs := map[*mapping]*mapping{}
	match := func(is func(old, m *mapping) bool) {
		for _, m := range after {
			if pairs[m] == nil {
				if old := find(func(old *mapping) bool { return is(old, m) }); old != nil {
					pairs[m] = old
				}
			}
		}
	}
	match(func(old, m *mapping) bool { return old.LogicalID == m.LogicalID })
	match(func(old, m *mapping) bool { return consumerID(old.Resource) == consumerID(m.Resource) })
	match(func(old, m *mapping) bool { return old.path() != old.LogicalID && old.Consumer == m.Consumer })
	match(func(old, m *mapping) bool { return old.reads() == m.reads() && old.Group == m.Group })
	for _, m := range after {
		switch old := pairs[m]; {
		case old == nil:
			out = append(out, c.newConsumer(m))
		case old.LogicalID != m.LogicalID:
			out = append(out, c.newMapping(old, m))
		case !old.same(m.Resource) || old.Authentication != m.Authentication:
			out = append(out, c.sameMapping(old, m))
		}
	}
	for _, m := range before {
		if !taken[m.LogicalID] {
			out = append(out, c.goneConsumer(m))
		}
	}
	return out
}

// reads is the topic on a cluster.
func (m *mapping) reads() string { return m.Source + " " + strings.Join(m.Topics, ",") }

func (m *mapping) line(verdict Verdict, text string) Line {
	return Line{Section: Consumers, Verdict: verdict, Path: m.Consumer, LogicalID: m.LogicalID, Type: m.Type, Text: text}
}

// begins is where a group starts that has no offsets.
func (m *mapping) begins() string { return "begins at " + m.Position }

func (c comparison) newConsumer(m *mapping) Line {
	l := m.line(New, m.sentence())
	l.Offsets = "group " + m.Group + " " + m.begins() + ", or where it stopped if it has committed offsets"
	if c.conflict(&l, m) {
		return l
	}
	for _, old := range c.before.mappings() {
		if c.after.Resources[old.LogicalID] == nil && old.reads() == m.reads() {
			l.Effects = append(l.Effects, "until "+old.Consumer+" is gone, the new and the old group each read every record")
		}
	}
	return l
}

func (c comparison) goneConsumer(m *mapping) Line {
	l := m.line(Removed, m.sentence())
	l.Offsets = "those of group " + m.Group + " stay on the cluster; a mapping with that group goes on where it stopped"
	l.Effects = []string{"nothing reads the topic as this group any more"}
	if m.stays() {
		l.Verdict, l.Effects = Left, []string{"the mapping stays in the account and goes on polling: " + m.DeletionPolicy}
	}
	return l
}

// newMapping is of a consumer whose mapping has another logical id.
func (c comparison) newMapping(old, m *mapping) Line {
	l := m.line(Replaced, m.sentence())
	l.Effects = identity(old, m)
	renamed := consumerID(old.Resource) != consumerID(m.Resource)
	if renamed {
		l.Effects = append([]string{"was " + old.Consumer + ": function, role, log group and mapping are new under this name, and the old ones go"}, l.Effects...)
	}
	l.Offsets = m.offsets(old)
	if c.conflict(&l, m) {
		return l
	}
	if old.stays() {
		l.Effects = append(l.Effects, old.pollsOn(old.DeletionPolicy))
		return l
	}
	both := "for as long as both mappings are there, "
	switch {
	case old.reads() != m.reads():
		l.Effects = append(l.Effects, "a new mapping is made, then the old one deleted")
	case old.Group == m.Group:
		l.Effects = append(l.Effects, both+"they share the partitions of the group")
	default:
		l.Effects = append(l.Effects, both+"each group reads every record")
	}
	return l
}

// pollsOn is what a mapping does that is retained.
func (m *mapping) pollsOn(policy string) string {
	return "the old mapping stays in the account and goes on polling as group " + m.Group + ", and nothing deletes it: " + policy
}

// identity says what changes of that which only a mapping's creation takes.
func identity(old, m *mapping) (out []string) {
	changed := func(what, from, to string) {
		if from != to {
			out = append(out, what+" "+from+" -> "+to)
		}
	}
	if changed("cluster", old.Cluster, m.Cluster); old.Cluster == m.Cluster {
		changed("cluster", old.Source, m.Source)
	}
	changed("topic", strings.Join(old.Topics, ", "), strings.Join(m.Topics, ", "))
	changed("group", old.Group, m.Group)
	changed("starting position", old.Position, m.Position)
	return append(out, inPlace(old, m)...)
}

func (m *mapping) offsets(old *mapping) string {
	switch {
	case old.Group != m.Group:
		return "not kept: group " + m.Group + " " + m.begins() + " unless it has offsets of its own; those of " + old.Group + " stay on the cluster, unused"
	case old.Source != m.Source:
		return "not kept: on the other cluster the group " + m.begins() + " unless it has offsets there"
	case old.reads() != m.reads():
		return "those of the old topic stay on the cluster; the group " + m.begins() + " of the new one unless it has read it before"
	case old.Position != m.Position:
		return "kept: a group with committed offsets ignores the starting position"
	}
	return "kept"
}

// conflict says whether Lambda refuses to make a mapping, because one of the same
// cluster, topic and function is there, which CloudFormation deletes only later.
func (c comparison) conflict(l *Line, m *mapping) bool {
	for _, old := range c.before.mappings() {
		if old.Source != m.Source || !slices.ContainsFunc(old.Topics, func(t string) bool { return slices.Contains(m.Topics, t) }) || !c.sameFunction(old, m) {
			continue
		}
		l.Verdict = Refused
		l.Effects = append(l.Effects, fmt.Sprintf("409: CloudFormation makes the new mapping before it deletes the old (%s), and Lambda takes one mapping "+
			"of a cluster, topic and function. The deploy is rolled back, nothing is lost", old.LogicalID),
			"instead: give the consumer another construct id or name, or remove it, deploy, and add it again (docs/changing.md)")
		return true
	}
	return false
}

// sameFunction reports whether two mappings invoke one function.
func (c comparison) sameFunction(old, m *mapping) bool {
	if !reflect.DeepEqual(old.Properties["FunctionName"], m.Properties["FunctionName"]) {
		return false
	}
	was, is := c.before.Resources[old.Function], c.after.Resources[m.Function]
	return was == nil || is == nil || len(replacing(was, is)) == 0
}

// sameMapping is of a mapping that keeps its logical id.
func (c comparison) sameMapping(old, m *mapping) Line {
	l := m.line(InPlace, m.sentence())
	l.Effects, l.Offsets = inPlace(old, m), "kept"
	if len(replacing(old.Resource, m.Resource)) > 0 {
		l.Verdict, l.Effects, l.Offsets = Replaced, identity(old, m), m.offsets(old)
		if !c.conflict(&l, m) && old.outlives() {
			l.Effects = append(l.Effects, old.pollsOn(old.UpdateReplacePolicy))
		}
		return l
	}
	if old.Group != m.Group || old.reads() != m.reads() {
		l.Effects = append(l.Effects, "NOT APPLIED: topic and group change under the same logical id, where CloudFormation reports success and Lambda keeps the old ones")
		l.Offsets = "kept: the group stays " + old.Group
	}
	l.Effects = append(l.Effects, c.caveats(old, m)...)
	return l
}

// inPlace are the changes of a mapping that Lambda takes at any time.
func inPlace(old, m *mapping) (out []string) {
	for _, name := range old.changed(m.Resource) {
		switch name {
		case "EventSourceArn", "Topics", "StartingPosition", "StartingPositionTimestamp":
		case "AmazonManagedKafkaEventSourceConfig":
			was, is := at(old.Properties[name], "SchemaRegistryConfig"), at(m.Properties[name], "SchemaRegistryConfig")
			if !reflect.DeepEqual(was, is) {
				out = append(out, "schema registry "+orNone(was)+" -> "+orNone(is))
			}
		case "FunctionName":
			if old.LogicalID == m.LogicalID {
				out = append(out, "the function "+old.Function+" -> "+m.Function+"; same mapping, same UUID, never two pollers")
			}
		case "ProvisionedPollerConfig":
			if old.pollers() != m.pollers() {
				out = append(out, old.pollers()+" -> "+m.pollers())
			}
		case "Enabled":
			if m.Properties[name] == false {
				out = append(out, "it stops polling, and goes on where it stopped")
			} else {
				out = append(out, "it polls again, from where it stopped")
			}
		default:
			if old.Properties[name] != nil || !isDefault(m.Properties[name]) {
				out = append(out, property(name, old.Resource, m.Resource))
			}
		}
	}
	if old.Authentication != m.Authentication {
		out = append(out, "authentication "+orUntold(old.Authentication)+" -> "+orUntold(m.Authentication))
	}
	return append(out, kept(old.Resource, m.Resource)...)
}

func orUntold(authentication string) string {
	if authentication == "" {
		return "not told by the template"
	}
	return authentication
}

// isDefault reports whether a property is written out as what the service does
// without it.
func isDefault(v any) bool { return v == false || v == -1.0 }

func orNone(v any) string {
	if v == nil {
		return "none"
	}
	return text(v)
}

// caveats are what CloudFormation does not do, or in the wrong order.
func (c comparison) caveats(old, m *mapping) (out []string) {
	removed := func(name string) bool { return old.Properties[name] != nil && m.Properties[name] == nil }
	if removed("ProvisionedPollerConfig") && old.Provisioned {
		out = append(out, `the pollers stay, and their cost: CloudFormation has nothing to send for a setting that went missing; set Pollers.Off ("pollers=off") first`)
	}
	if removed("MaximumBatchingWindowInSeconds") {
		out = append(out, "the mapping keeps its last batch window")
	}
	for _, name := range []string{"LoggingConfig", "FunctionResponseTypes"} {
		if removed(name) {
			out = append(out, name+" is not reset by its removal, as far as is known: check the mapping")
		}
	}
	if at(old.Properties["AmazonManagedKafkaEventSourceConfig"], "SchemaRegistryConfig") != nil && at(m.Properties["AmazonManagedKafkaEventSourceConfig"], "SchemaRegistryConfig") == nil {
		out = append(out, "the schema registry is not reset by its removal, as far as is known: check the mapping")
	}
	if old.Properties["FunctionResponseTypes"] == nil && m.Properties["FunctionResponseTypes"] != nil && c.answersAtOnce(old, m) {
		out = append(out, "RECORDS CAN BE LOST: the function names failed records before the mapping listens; switch partial responses on in two deploys (docs/changing.md)")
	}
	return out
}

// answersAtOnce reports whether the function, which is updated first, begins to name
// failed records in the same deploy.
func (c comparison) answersAtOnce(old, m *mapping) bool {
	value := func(s *stack, name string) string {
		if r := s.Resources[name]; r != nil {
			return text(at(r.Properties["Environment"], "Variables", contract.ReportBatchItemFailures))
		}
		return ""
	}
	return value(c.before, old.Function) != "true" && value(c.after, m.Function) == "true"
}
