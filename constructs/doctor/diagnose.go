package doctor

import (
	"encoding/json"
	"maps"
	"slices"
	"strings"
)

// State is what a hop is.
type State string

// The states. A hop with a finding that is blocked is blocked, whatever else is not
// known of it.
const (
	Open    State = "open"
	Blocked State = "blocked"
	Unknown State = "not known"
)

// Cause is what is wrong, in a word that stays the same from version to version.
type Cause string

// The causes.
const (
	MappingOff        Cause = "mapping-off"
	ClusterGone       Cause = "cluster-gone"
	ClusterState      Cause = "cluster-state"
	MethodOff         Cause = "authentication-off"
	ConnectionState   Cause = "connection-state"
	TopicGone         Cause = "topic-gone"
	GroupIn           Cause = "group-in"  // a security group lets something not in
	GroupOut          Cause = "group-out" // a security group lets something not out
	ACL               Cause = "network-acl"
	NoWay             Cause = "no-way" // neither an endpoint nor a NAT gateway
	PrivateDNSOff     Cause = "private-dns-off"
	VPCDNSOff         Cause = "vpc-dns-off"
	EndpointState     Cause = "endpoint-state"
	EndpointPolicy    Cause = "endpoint-policy"
	RoleGone          Cause = "role-gone"
	Trust             Cause = "trust"
	LacksCluster      Cause = "lacks-cluster"
	LacksNetwork      Cause = "lacks-network"
	LacksConnect      Cause = "lacks-connect"
	LacksTopic        Cause = "lacks-topic"
	LacksGroup        Cause = "lacks-group"
	LacksSecret       Cause = "lacks-secret"
	LacksKey          Cause = "lacks-key"
	LacksDestination  Cause = "lacks-destination"
	SecretGone        Cause = "secret-gone"
	SecretKey         Cause = "secret-key"
	SecretName        Cause = "secret-name"
	SecretApart       Cause = "secret-not-associated"
	KeyState          Cause = "key-state"
	KeyPolicy         Cause = "key-policy"
	DestinationGone   Cause = "destination-gone"
	DestinationFIFO   Cause = "destination-fifo"
	FunctionGone      Cause = "function-gone"
	FunctionState     Cause = "function-state"
	FunctionTimeout   Cause = "function-timeout"
	FunctionThrottled Cause = "function-throttled"
)

// Cure is something to do: a key or prop of this library, or a command. Text is what
// else to know of it.
type Cure struct {
	Key     string `json:"key,omitempty"`  // context key of the app, with its value where there is one
	Prop    string `json:"prop,omitempty"` // the same for who uses the construct
	Command string `json:"command,omitempty"`
	Text    string `json:"text,omitempty"`
}

// Finding is one thing that was found at a hop. A note has no state.
type Finding struct {
	State State  `json:"state,omitempty"`
	Cause Cause  `json:"cause,omitempty"`
	Why   string `json:"why"`
	Cures []Cure `json:"cures,omitempty"`
}

// Hop is one step that the pollers take.
type Hop struct {
	ID       string    `json:"id"`
	What     string    `json:"what"`
	State    State     `json:"state"`
	Findings []Finding `json:"findings,omitempty"`
}

// Report is what the doctor says of a mapping.
type Report struct {
	UUID           string `json:"uuid"`
	Reads          string `json:"reads"`
	MappingState   string `json:"mappingState"`
	Result         string `json:"lastProcessingResult,omitempty"`
	Reason         string `json:"stateTransitionReason,omitempty"`
	Pollers        string `json:"pollers"`
	Authentication string `json:"authentication"`
	State          State  `json:"state"`
	Hops           []Hop  `json:"hops"`

	// Meanings are what the texts that AWS gives mean here.
	Meanings []Meaning `json:"meanings,omitempty"`
}

// diagnosis is one at work.
type diagnosis struct {
	facts  *Facts
	report *Report
	hops   []*Hop
}

// Diagnose says of each hop whether it is open, and why not.
func Diagnose(f *Facts) *Report {
	m := f.Mapping
	d := &diagnosis{facts: f, report: &Report{UUID: m.UUID, MappingState: m.State, Result: m.Result, Reason: m.Reason, Authentication: f.method()}}
	d.report.Reads = "reads topic " + m.Topic + " of cluster " + nameOf(f.clusterARN()) + " as group " + m.Group + " into function " + functionName(m.Function)
	d.report.Pollers = "on-demand"
	if m.Provisioned {
		d.report.Pollers = "provisioned"
	}
	d.mapping()
	d.cluster()
	d.topic()
	d.brokers()
	d.services()
	d.trust()
	d.permissions()
	d.secret()
	d.destination()
	d.function()
	d.report.State = Open
	for _, h := range d.hops {
		d.report.Hops = append(d.report.Hops, *h)
		if h.State == Blocked || h.State == Unknown && d.report.State == Open {
			d.report.State = h.State
		}
	}
	for _, text := range append([]string{m.Result, m.Reason}, f.Events...) {
		if meaning, ok := d.report.meaning(text); ok {
			d.report.Meanings = append(d.report.Meanings, meaning)
		}
	}
	return d.report
}

// hop adds one, which is open until something is found.
func (d *diagnosis) hop(id, what string) *Hop {
	h := &Hop{ID: id, What: what, State: Open}
	d.hops = append(d.hops, h)
	return h
}

// blocked adds a finding that blocks the hop.
func (h *Hop) blocked(cause Cause, why string) *Finding {
	h.State = Blocked
	return h.found(Finding{State: Blocked, Cause: cause, Why: why})
}

// unknown adds what is not known of the hop.
func (h *Hop) unknown(why string) {
	if h.State == Open {
		h.State = Unknown
	}
	h.found(Finding{State: Unknown, Why: why})
}

// note adds what is worth knowing, and changes nothing.
func (h *Hop) note(why string) *Finding { return h.found(Finding{Why: why}) }

func (h *Hop) found(f Finding) *Finding {
	h.Findings = append(h.Findings, f)
	return &h.Findings[len(h.Findings)-1]
}

func (f *Finding) cure(cures ...Cure) { f.Cures = append(f.Cures, cures...) }

// Has reports whether a hop was found blocked by a cause.
func (r *Report) Has(hop string, cause Cause) bool {
	return slices.ContainsFunc(r.Hops, func(h Hop) bool {
		return h.ID == hop && slices.ContainsFunc(h.Findings, func(f Finding) bool { return f.Cause == cause && f.State == Blocked })
	})
}

// Hop is the one with that id, nil where there is none.
func (r *Report) Hop(id string) *Hop {
	if i := slices.IndexFunc(r.Hops, func(h Hop) bool { return h.ID == id }); i >= 0 {
		return &r.Hops[i]
	}
	return nil
}

// role is the ARN of the function's role, "" where it is not known.
func (d *diagnosis) role() string {
	if fn := d.facts.Function.Value; fn != nil {
		return fn.Role
	}
	return ""
}

// nameOf is the name in an ARN of a role or a cluster.
func nameOf(arn string) string {
	parts := strings.Split(arn[strings.LastIndex(arn, ":")+1:], "/")
	switch {
	case arn == "":
		return "(not known)"
	case len(parts) > 1 && strings.Contains(arn, ":kafka:"):
		return parts[len(parts)-2]
	}
	return parts[len(parts)-1]
}

// functionName is the name and the qualifier in the ARN of a function.
func functionName(arn string) string {
	if _, name, ok := strings.Cut(arn, ":function:"); ok {
		return name
	}
	return arn
}

func asJSON(v any) string {
	text, err := json.Marshal(v)
	if err != nil {
		panic(err) // texts, and what came from JSON
	}
	return string(text)
}

// quoted is a text as a shell takes it.
func quoted(text string) string { return "'" + strings.ReplaceAll(text, "'", `'\''`) + "'" }

func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }
