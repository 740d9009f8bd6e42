package network

import (
	"maps"
	"net/netip"
	"slices"
	"strconv"
)

// Network is the network of one cluster, planned one consumer at a time.
type Network struct {
	choices Choices
	facts   Facts
	plan    Plan

	// What was decided stays decided.
	decided map[Service]Source
	used    map[Service]Endpoint // found, and used
	ports   map[int][]PlannedRule
	https   map[Peer][]PlannedRule
	said    map[string]bool
}

// New plans the network of a cluster that has no consumer yet. Groups, subnets and
// clients that are there twice are taken once.
func New(choices Choices) *Network {
	choices.Groups, choices.Subnets = unique(choices.Groups), unique(choices.Subnets)
	choices.ClientGroups = unique(choices.ClientGroups)
	choices.ClientRanges, choices.Ranges = unique(choices.ClientRanges), unique(choices.Ranges)
	choices.Endpoints = maps.Clone(choices.Endpoints)
	return &Network{
		choices: choices,
		facts:   Facts{Subnets: map[string]Fact[Subnet]{}, Groups: map[string]Fact[Group]{}, Endpoints: map[Service]Fact[[]Endpoint]{}},
		decided: map[Service]Source{},
		used:    map[Service]Endpoint{},
		ports:   map[int][]PlannedRule{},
		https:   map[Peer][]PlannedRule{},
		said:    map[string]bool{},
	}
}

// Plan returns all that was planned so far.
func (n *Network) Plan() Plan {
	return Plan{n.plan.Group, slices.Clone(n.plan.Endpoints), slices.Clone(n.plan.Admissions), slices.Clone(n.plan.Rules)}
}

// Add plans what a consumer needs and is not there yet. [Network.Check] says first
// what stands in its way.
func (n *Network) Add(needs Needs) Step {
	var step Step
	if n.choices.Connected {
		step.reason(needs, "it is reached over a VPC connection, which brings its own network")
		return step
	}
	services := n.services(needs)
	n.saysWhatIsNeeded(&step, needs, services)
	for _, s := range services {
		n.reach(&step, needs, s)
	}
	for _, s := range services {
		n.checkUsed(&step, needs, s)
	}
	n.openPort(&step, needs)
	n.openHTTPS(&step, needs, services)
	for _, s := range services {
		n.admit(&step, needs, s)
	}
	n.warnOfDestination(&step, needs)
	n.checkQuotas(&step)
	return step
}

// services are those that the pollers of a consumer must reach.
func (n *Network) services(needs Needs) []Service {
	destination := needs.destination()
	if needs.Provisioned {
		if destination != "" && n.choices.chosen(destination) && n.choices.source(destination) == Create {
			return []Service{destination}
		}
		return nil
	}
	return needs.Services()
}

// ranges are those of the broker subnets, where the endpoints defined here are
// too. They are nil where not all are known.
func (n *Network) ranges() []netip.Prefix {
	var out []netip.Prefix
	for _, id := range n.choices.Subnets {
		subnet, _ := n.facts.Subnets[id.text].Get()
		prefix, err := netip.ParsePrefix(subnet.Range.Or(""))
		if id.opaque || err != nil {
			return nil
		}
		out = append(out, prefix)
	}
	return out
}

func unique[T comparable](list []T) []T {
	var out []T
	for _, element := range list {
		if !slices.Contains(out, element) {
			out = append(out, element)
		}
	}
	return out
}

func itoa(n int) string { return strconv.Itoa(n) }

// vpc names the VPC for people.
func (n *Network) vpc() string {
	if n.choices.VPC.opaque {
		return "the VPC"
	}
	return n.choices.VPC.text
}
