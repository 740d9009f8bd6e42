package plan

import (
	"cmp"
	"maps"
	"slices"
	"strings"
)

func sorted[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }

// all are the resources, in the order of their paths.
func (s *stack) all() []*Resource {
	var types []string
	for _, r := range s.Resources {
		types = append(types, r.Type)
	}
	return s.of(types...)
}

// Compare says what a deploy of one template makes of a stack that has another. A
// template that is nil is a stack that is not there.
func Compare(before, after *Template) *Report {
	was, is := &stack{orEmpty(before)}, &stack{orEmpty(after)}
	out := is.report()
	out.Compared = true
	if after == nil {
		out.Stack = before.Stack
		out.Known = append(out.Known, "the stack is in the app no more: no deploy deletes it, cdk destroy does, and this is what goes then")
	}
	out.Before = was.cost()
	old := prefixed(was.Reasons)
	out.Why = slices.DeleteFunc(out.Why, func(text string) bool { return slices.Contains(old, text) })
	if was.pending() != "" {
		out.Pending = "the earlier template: " + was.pending()
	}
	if out.Pending != "" {
		return out
	}
	c := comparison{was, is}
	out.Lines = append(out.Lines, c.consumers()...)
	for _, r := range is.all() {
		if old := was.Resources[r.LogicalID]; old == nil {
			out.Lines = append(out.Lines, c.added(r)...)
		} else if !old.same(r) {
			out.Lines = append(out.Lines, c.changed(old, r)...)
		}
	}
	for _, r := range was.all() {
		if is.Resources[r.LogicalID] == nil {
			out.Lines = append(out.Lines, c.gone(r)...)
		}
	}
	slices.SortStableFunc(out.Lines, func(a, b Line) int { return slices.Index(Sections, a.Section) - slices.Index(Sections, b.Section) })
	return out
}

func orEmpty(t *Template) *Template {
	if t == nil {
		return &Template{}
	}
	return t
}

// comparison is of the template of a stack that is there, and the next one.
type comparison struct{ before, after *stack }

// section is where a resource is told of. Mappings are told of by themselves.
func section(r *Resource) Section {
	switch {
	case isGrant(r):
		return Rights
	case strings.HasPrefix(r.Type, "AWS::EC2::"):
		return Network
	case r.Type == typeFunction:
		return Consumers
	}
	return Others
}

func (c comparison) isMapping(r *Resource) bool {
	for _, s := range []*stack{c.before, c.after} {
		if slices.ContainsFunc(s.mappings(), func(m *mapping) bool { return m.LogicalID == r.LogicalID }) {
			return true
		}
	}
	return false
}

// isInvoked reports whether a mapping invokes a resource. A function that comes or
// goes is told of with its consumer.
func (c comparison) isInvoked(s *stack, r *Resource) bool {
	return slices.ContainsFunc(s.mappings(), func(m *mapping) bool { return m.Function == r.LogicalID })
}

// added is what comes of a resource that is new.
func (c comparison) added(r *Resource) []Line {
	if c.isMapping(r) || c.isInvoked(c.after, r) {
		return nil
	}
	if a := adminOf(r); a != nil {
		return []Line{a.line(New)}
	}
	l := line(section(r), New, r, kind(r))
	switch r.Type {
	case typeEndpoint:
		l.Text = c.after.describeEndpoint(r)
		l.Effects, l.CutsOff = c.after.gains(r)
		for _, old := range c.before.of(typeEndpoint) {
			if sameEndpoint(old, r) {
				l.Verdict, l.CutsOff = Refused, false
				l.Effects = []string{"EC2 refuses a second endpoint with private DNS (conflicting DNS domain) while that of " + old.path() + " is there: keep the construct id, or move it with cdk refactor"}
			}
		}
	case typeIngress, typeEgress:
		l.Text = describeRule(r)
		for _, old := range c.before.of(r.Type) {
			if sameRule(old, r) {
				l.Verdict = Refused
				l.Effects = []string{"EC2 refuses it (already exists) while " + old.path() + " is there: keep the construct id, or move it with cdk refactor"}
			}
		}
	case typeGroup:
		l.Text = text(r.Properties["GroupDescription"])
	case typeTable:
		l.Text = describeTable(r)
	case typeTopic:
		c.addedTopic(&l, r)
	default:
		if isGrant(r) {
			l.Text = describeGrant(r)
		}
	}
	return []Line{l}
}

func kind(r *Resource) string {
	return strings.ReplaceAll(strings.TrimPrefix(r.Type, "AWS::"), "::", " ")
}

// changed is what comes of a resource that is there in both.
func (c comparison) changed(old, r *Resource) []Line {
	if c.isMapping(r) {
		return nil
	}
	l := line(section(r), InPlace, r, kind(r))
	if old.Type != r.Type {
		l.Verdict, l.Effects = Refused, []string{"CloudFormation refuses another type (" + old.Type + " -> " + r.Type + ") under the same logical id"}
		return []Line{l}
	}
	if _, known := createOnly[r.Type]; !known {
		l.Effects = append(l.Effects, "whether in place or replaced, cdk diff says")
	}
	if names := replacing(old, r); len(names) > 0 {
		l.Verdict = Replaced
		then := "then the old one deleted, because of " + strings.Join(names, " and ")
		if old.outlives() {
			then = "because of " + strings.Join(names, " and ") + "; the old one stays in the account, and is nobody's: UpdateReplacePolicy " + old.UpdateReplacePolicy
		}
		l.Effects = append(l.Effects, "a new one is made, "+then)
	}
	switch r.Type {
	case typeEndpoint:
		l.Text = "the endpoint for " + service(r)
		effects, cutsOff := c.after.compareEndpoint(old, r)
		l.Effects, l.CutsOff = append(l.Effects, effects...), cutsOff
		if l.Verdict == Replaced && sameEndpoint(old, r) {
			l.Verdict = Refused
			l.Effects = append(l.Effects, "EC2 refuses the new one (conflicting DNS domain) while the old one is there")
		}
	case typeIngress, typeEgress:
		l.Text = describeRule(r)
		l.Effects = append(l.Effects, properties(old, r)...)
		l.CutsOff = l.Verdict == Replaced
	case typeGroup:
		l.Text = text(r.Properties["GroupDescription"])
		effects, cutsOff := c.after.compareGroup(old, r)
		l.Effects, l.CutsOff = append(l.Effects, effects...), cutsOff
	case typeTable:
		l.Text, l.Effects = "the DynamoDB table", append(l.Effects, compareTable(old, r)...)
	case typeTopic:
		c.changedTopic(&l, old, r)
	case typeFunction:
		if was, is := adminOf(old), adminOf(r); was != nil && is != nil {
			told := is.line(l.Verdict)
			told.Effects = append(l.Effects, is.changes(was)...)
			l = told
			break
		}
		l.Text, l.Effects = "the function", append(l.Effects, function(old, r)...)
	default:
		if isGrant(r) {
			l.Effects = append(l.Effects, compareGrants(old, r)...)
		} else {
			l.Effects = append(l.Effects, properties(old, r)...)
		}
	}
	l.Effects = append(l.Effects, kept(old, r)...)
	return []Line{l}
}

// kept says what changes of what becomes of a resource that goes, or is replaced.
func kept(old, r *Resource) (out []string) {
	fate := func(stays bool) string {
		if stays {
			return "it stays in the account"
		}
		return "it is deleted"
	}
	switch {
	case old.stays() != r.stays():
		out = append(out, "when it leaves the template, "+fate(r.stays())+"; before, "+fate(old.stays()))
	case old.DeletionPolicy != r.DeletionPolicy:
		out = append(out, "DeletionPolicy "+cmp.Or(old.DeletionPolicy, "none")+" -> "+cmp.Or(r.DeletionPolicy, "none"))
	}
	switch {
	case old.outlives() != r.outlives():
		out = append(out, "when it is replaced, "+fate(r.outlives())+"; before, "+fate(old.outlives()))
	case old.UpdateReplacePolicy != r.UpdateReplacePolicy:
		out = append(out, "UpdateReplacePolicy "+cmp.Or(old.UpdateReplacePolicy, "none")+" -> "+cmp.Or(r.UpdateReplacePolicy, "none"))
	}
	return out
}

// function says what becomes of a function.
func function(old, r *Resource) (out []string) {
	for _, name := range old.changed(r) {
		switch name {
		case "Code":
			out = append(out, "new code; batches in flight finish on the old")
		default:
			out = append(out, property(name, old, r))
		}
	}
	return out
}

// gone is what comes of a resource that is in the template no more.
func (c comparison) gone(r *Resource) []Line {
	if c.isMapping(r) || c.isInvoked(c.before, r) {
		return nil
	}
	l := line(section(r), Removed, r, kind(r))
	if a := adminOf(r); a != nil {
		l = a.line(Removed)
		l.Effects = []string{"mskadmin finds no function in the stack by it any more"}
	}
	switch r.Type {
	case typeEndpoint:
		l.Text, l.CutsOff = c.before.describeEndpoint(r), true
		l.Effects = []string{loses(r)}
	case typeIngress, typeEgress:
		l.Text, l.CutsOff = describeRule(r), true
		l.Effects = []string{"whoever else relies on it is cut off"}
	case typeGroup:
		l.Text = text(r.Properties["GroupDescription"])
	case typeTable:
		l.Text, l.Effects = describeTable(r), []string{forgotten}
	case typeTopic:
		c.goneTopic(&l, r)
	default:
		if isGrant(r) {
			l.Text = describeGrant(r)
		}
	}
	if r.stays() {
		l.Verdict, l.CutsOff, l.Effects = Left, false, []string{"it stays in the account, and is nobody's: " + r.DeletionPolicy}
	}
	return []Line{l}
}
