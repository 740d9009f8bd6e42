package plan

import (
	"slices"

	"msklambda/constructs/network"
)

// Verdict is what a deploy does to something.
type Verdict string

// The verdicts. The zero value is that of something that is described, and not
// compared.
const (
	New      Verdict = "new"
	InPlace  Verdict = "in place"
	Replaced Verdict = "replaced" // a new one is made, then the old one deleted
	Removed  Verdict = "removed"
	Left     Verdict = "left" // it leaves the template, and stays in the account
	Refused  Verdict = "REFUSED"
)

// Section is what a line is about.
type Section string

// The sections, in the order in which they are shown.
const (
	Consumers Section = "Consumers"
	Admins    Section = "Admin functions"
	Network   Section = "Network"
	Rights    Section = "IAM"
	Others    Section = "Other resources"
)

// Sections are all of them.
var Sections = []Section{Consumers, Admins, Network, Rights, Others}

// Line is one thing of a stack, and what becomes of it.
type Line struct {
	Section   Section  `json:"section"`
	Verdict   Verdict  `json:"verdict,omitempty"`
	Path      string   `json:"path"` // of the construct
	LogicalID string   `json:"logicalId,omitempty"`
	Type      string   `json:"type,omitempty"`
	Text      string   `json:"text"`
	Effects   []string `json:"effects,omitempty"`

	// Offsets says what becomes of the consumer group's.
	Offsets string `json:"offsets,omitempty"`

	// CutsOff is whether somebody may lose what they have today.
	CutsOff bool `json:"cutsOff,omitempty"`
}

// Report is the plan of one stack.
type Report struct {
	Stack string `json:"stack"`

	// Compared is whether there is an earlier template to compare with.
	Compared bool `json:"compared"`

	// Pending says that look-ups are not done, so that nothing else is known.
	Pending string `json:"pending,omitempty"`

	Lines []Line `json:"lines,omitempty"`

	// Known is how what is there is known, Why what the planner of the network
	// decided (of a comparison, what it had not decided before), and Warnings what
	// synth warned of.
	Known    []string `json:"known,omitempty"`
	Why      []string `json:"why,omitempty"`
	Warnings []string `json:"warnings,omitempty"`

	Before Cost `json:"before"`
	After  Cost `json:"after"`
}

// Refused reports whether the deploy would be refused half-way, and rolled back.
func (r *Report) Refused() bool {
	return slices.ContainsFunc(r.Lines, func(l Line) bool { return l.Verdict == Refused })
}

// IsOf reports whether a template has anything of this library: a consumer or an admin
// function, or an endpoint or a rule that is marked by it.
func IsOf(t *Template) bool {
	s := &stack{t}
	if len(s.mappings())+len(s.admins()) > 0 || s.pending() != "" {
		return true
	}
	if slices.ContainsFunc(s.of(typeIngress, typeEgress), func(r *Resource) bool {
		return network.ParseMark(text(r.Properties["Description"])) != network.Mark{}
	}) {
		return true
	}
	return slices.ContainsFunc(s.of(typeEndpoint), func(r *Resource) bool {
		return slices.ContainsFunc(list(r.Properties["Tags"]), func(tag any) bool { return text(at(tag, "Key")) == network.MarkTag })
	})
}

// Describe says what a template defines.
func Describe(t *Template) *Report {
	s := &stack{t}
	out := s.report()
	if out.Pending != "" {
		return out
	}
	for _, m := range s.mappings() {
		out.Lines = append(out.Lines, Line{Section: Consumers, Path: m.Consumer, LogicalID: m.LogicalID, Type: m.Type, Text: m.sentence()})
	}
	for _, a := range s.admins() {
		out.Lines = append(out.Lines, a.line(""))
	}
	for _, r := range s.of(typeEndpoint) {
		l := line(Network, "", r, "defines "+s.describeEndpoint(r))
		l.Effects, _ = s.gains(r)
		out.Lines = append(out.Lines, l)
	}
	for _, r := range s.of(typeIngress, typeEgress) {
		out.Lines = append(out.Lines, line(Network, "", r, "adds the rule: "+describeRule(r)))
	}
	for _, r := range s.all() {
		if isGrant(r) {
			out.Lines = append(out.Lines, line(Rights, "", r, describeGrant(r)))
		}
	}
	for _, r := range s.of(typeTable) {
		out.Lines = append(out.Lines, line(Others, "", r, "defines "+describeTable(r)))
	}
	for _, r := range s.of(typeTopic) {
		out.Lines = append(out.Lines, line(Others, "", r, "makes "+describeTopic(r)))
	}
	out.Before = out.After
	return out
}

func (s *stack) report() *Report {
	return &Report{Stack: s.Stack, Pending: s.pending(), After: s.cost(), Known: prefixed(s.Known), Why: prefixed(s.Reasons), Warnings: prefixed(s.Warnings)}
}

// prefixed are texts with the paths that they are of.
func prefixed(texts map[string][]string) (out []string) {
	for _, path := range sorted(texts) {
		for _, text := range texts[path] {
			out = append(out, path+": "+text)
		}
	}
	return out
}

func line(section Section, verdict Verdict, r *Resource, text string) Line {
	return Line{Section: section, Verdict: verdict, Path: r.path(), LogicalID: r.LogicalID, Type: r.Type, Text: text}
}
