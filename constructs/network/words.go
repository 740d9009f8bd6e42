package network

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"
)

// Reason is a decision in words, and the consumer that it was taken for.
type Reason struct {
	Consumer string
	Text     string
}

func (s *Step) reason(needs Needs, format string, args ...any) {
	s.Reasons = append(s.Reasons, Reason{needs.Consumer, fmt.Sprintf(format, args...)})
}

func (n *Network) saysWhatIsNeeded(step *Step, needs Needs, services []Service) {
	who, needed, calls := "on-demand pollers reach", "need", "nothing else"
	switch {
	case needs.Admin:
		who, needed = "the admin function reaches", "needs"
	case needs.Provisioned:
		who = "provisioned pollers reach"
	}
	if len(services) > 0 {
		calls = words(services)
	}
	step.reason(needs, "%s the brokers on TCP %d, and %s %s", who, needs.Port, needed, calls)
}

// saysWhy says where an endpoint comes from, and who gains or loses the service by
// it.
func (n *Network) saysWhy(step *Step, needs Needs, e PlannedEndpoint) {
	field := e.Service.Field()
	switch {
	case e.Source == None:
		step.reason(needs, "no %s: the broker subnets reach %s through a NAT gateway", field, e.Service)
		return
	case e.Source == Existing && e.ID.IsZero():
		step.reason(needs, "%s is one that %s has, which was not named", field, n.vpc())
		return
	case e.Source == Existing:
		step.reason(needs, "%s is %s, which is used as it is", field, e.ID)
		return
	}
	step.reason(needs, "%s is defined: %s", field, n.whyDefined(e.Service))
	if n.choices.Access == AccessVPC {
		step.reason(needs, "every caller in the ranges %s of %s reaches %s through it; a caller in another range loses %s",
			strings.Join(shown(n.choices.Ranges), ", "), n.vpc(), e.Service, e.Service)
		return
	}
	clients := "no other client"
	if len(n.choices.ClientGroups)+len(n.choices.ClientRanges) > 0 {
		list := shown(n.choices.ClientRanges)
		for i, id := range n.choices.ClientGroups {
			list = slices.Insert(list, i, id.String())
		}
		clients = "what the policy admits of " + words(list)
	}
	who := "the pollers gain"
	if needs.Admin {
		who = "the admin function gains"
	}
	step.reason(needs, "%s %s, and %s; every other caller in %s loses it", who, e.Service, clients, n.vpc())
}

// shown are ranges for people, who can do nothing with the text of one that is known
// at the deploy only.
func shown(ranges []string) (out []string) {
	for _, r := range ranges {
		if _, err := netip.ParsePrefix(r); err != nil {
			r = Opaque(r).String()
		}
		out = append(out, r)
	}
	return out
}

func (n *Network) whyDefined(s Service) string {
	switch {
	case n.choices.chosen(s):
		return "that was chosen"
	case !n.looksUp(s):
		return "nothing else was chosen, and nothing was looked up"
	case !n.facts.Endpoints[s].IsKnown():
		return "nothing else was chosen, and what the VPC has is not known"
	}
	return fmt.Sprintf("%s has none with private DNS of somebody else", n.vpc())
}

// words is the rule as a sentence.
func (r PlannedRule) words() string {
	peer := r.Peer.Group.String()
	switch {
	case r.Peer.Endpoints:
		peer = "the endpoints"
	case r.Peer.Range != "":
		peer = r.Peer.Range
	}
	if r.Out {
		return fmt.Sprintf("%s lets TCP %d out to %s (%s)", r.Group, r.Port, peer, r.Mark.Purpose)
	}
	return fmt.Sprintf("%s lets TCP %d in from %s (%s)", r.Group, r.Port, peer, r.Mark.Purpose)
}

func words[T ~string](list []T) string {
	var out strings.Builder
	for i, element := range list {
		switch {
		case i == 0:
		case i == len(list)-1:
			out.WriteString(" and ")
		default:
			out.WriteString(", ")
		}
		out.WriteString(string(element))
	}
	return out.String()
}

// Changes says in words what a plan has that an earlier one had not, and what is
// gone. It compares whole plans, such as that of the last deploy with today's.
func Changes(before, after Plan) (out []string) {
	compare := func(verb string, from, to Plan) {
		for _, e := range to.Endpoints {
			if e.Source != None && !hasEndpoint(from, e) {
				out = append(out, fmt.Sprintf("%s %s: %s%s", verb, e.Service.Field(), e.Source, strings.TrimRight(" "+e.ID.String(), " ")))
			}
		}
		for _, r := range to.Rules {
			if !hasRule(from, r) {
				out = append(out, verb+" rule: "+r.words())
			}
		}
	}
	compare("new", before, after)
	compare("gone", after, before)
	return out
}

func hasEndpoint(p Plan, e PlannedEndpoint) bool {
	for _, other := range p.Endpoints {
		if other.Service == e.Service && other.Source == e.Source && other.ID == e.ID {
			return true
		}
	}
	return false
}

func hasRule(p Plan, r PlannedRule) bool {
	for _, other := range p.Rules {
		if other == r {
			return true
		}
	}
	return false
}
