package network

import (
	"net/netip"
	"slices"
	"strings"

	"msklambda/constructs/notice"
)

const everywhere = "0.0.0.0/0"

// isFor reports whether a rule is for a TCP port.
func (r Rule) isFor(port int) bool {
	switch strings.ToLower(r.Protocol) {
	case "-1":
		return true
	case "tcp", "6":
		return r.From <= port && port <= r.To
	}
	return false
}

// covers says whether rules let TCP traffic on a port through, to or from one of
// the groups, or all of the ranges. IPv6 and prefix lists are not read.
func covers(rules []Rule, port int, groups []ID, ranges []netip.Prefix) Truth {
	left := slices.Clone(ranges)
	answer := No
	for _, r := range rules {
		if !r.isFor(port) {
			continue
		}
		if r.Range == everywhere {
			return Yes
		}
		for _, group := range groups {
			switch {
			case r.Group == "":
			case group.Is(Known(r.Group)) == Yes:
				return Yes
			case group.Is(Known(r.Group)) == Maybe:
				answer = Maybe
			}
		}
		if prefix, err := netip.ParsePrefix(r.Range); err == nil {
			left = slices.DeleteFunc(left, func(p netip.Prefix) bool { return prefix.Bits() <= p.Bits() && prefix.Contains(p.Addr()) })
		}
	}
	if len(ranges) > 0 && len(left) == 0 {
		return Yes
	}
	return answer
}

// foreign are the rules that this owner did not make: its own must go on being
// planned.
func (n *Network) foreign(rules []Rule) []Rule {
	return slices.DeleteFunc(slices.Clone(rules), func(r Rule) bool { return n.isOwner(r.Mark.Owner) })
}

// looked is what is known of a group where that decides what it lacks.
func (n *Network) looked(id ID) (Group, bool) {
	if n.choices.Rules != "" || id.opaque {
		return Group{}, false
	}
	return n.facts.Groups[id.text].Get()
}

// openPort lets the pollers in to the brokers at one port, for the first consumer
// that needs it.
func (n *Network) openPort(step *Step, needs Needs) {
	if n.choices.Rules == RulesNone {
		return
	}
	rules, ok := n.ports[needs.Port]
	if !ok {
		if n.choices.Rules == RulesAll && len(n.ports) == 0 {
			n.note(step, notice.EgressStripped.With(nil))
		}
		for _, to := range n.choices.Groups {
			for _, from := range n.choices.Groups {
				if n.lacksIngress(step, to, from, needs.Port) {
					rules = append(rules, n.rule(to, false, Peer{Group: from}, needs.Port, purposeBrokers))
				}
				if n.lacksEgress(step, from, needs.Port, Peer{Group: to}, n.ranges()) {
					rules = append(rules, n.rule(from, true, Peer{Group: to}, needs.Port, purposeBrokers))
				}
			}
		}
		n.ports[needs.Port] = rules
		n.add(step, needs, rules)
	}
	step.WaitsForRules = append(step.WaitsForRules, rules...)
}

// openHTTPS opens the way out to the services: to the endpoints that are defined,
// to those that were found, and to anywhere where there is another, since the
// addresses behind a NAT gateway or the groups of an endpoint that was given are
// not known.
func (n *Network) openHTTPS(step *Step, needs Needs, services []Service) {
	for _, to := range n.httpsPeers(services) {
		rules, ok := n.https[to]
		if !ok {
			for _, from := range n.choices.Groups {
				if rule, lacks := n.httpsRule(step, from, to); lacks {
					rules = append(rules, rule)
				}
			}
			n.https[to] = rules
			n.add(step, needs, rules)
		}
		step.WaitsForRules = append(step.WaitsForRules, rules...)
	}
}

// httpsPeers is where the services are. Anywhere has room for all.
func (n *Network) httpsPeers(services []Service) []Peer {
	var peers []Peer
	for _, s := range services {
		groups := n.used[s].Groups.Or(nil)
		switch {
		case n.decided[s] == Create:
			peers = append(peers, Peer{Endpoints: true})
		case len(groups) > 0 && n.choices.Rules == "":
			// Any of an endpoint's groups will do for the way there.
			peers = append(peers, Peer{Group: Known(groups[0])})
		default:
			return []Peer{{Range: everywhere}}
		}
	}
	return unique(peers)
}

func (n *Network) httpsRule(step *Step, from ID, to Peer) (PlannedRule, bool) {
	switch {
	case to.Endpoints:
		rule := n.rule(from, true, to, 443, purposeEndpoints)
		// Never retained: it cannot have been there before the endpoints' group, and
		// EC2 deletes no group that a rule still names.
		rule.Retain = false
		return rule, n.lacksEgress(step, from, 443, to, n.ranges())
	case to.Range != "":
		return n.rule(from, true, to, 443, purposeServices), n.lacksEgress(step, from, 443, to, nil)
	}
	return n.rule(from, true, to, 443, purposeEndpoints), n.lacksEgress(step, from, 443, to, nil)
}

func (n *Network) rule(group ID, out bool, peer Peer, port int, purpose string) PlannedRule {
	return PlannedRule{Group: group, Out: out, Peer: peer, Port: port, Mark: Mark{purpose, n.choices.Owner}, Retain: n.choices.Retain}
}

func (n *Network) add(step *Step, needs Needs, rules []PlannedRule) {
	for _, r := range rules {
		n.plan.Rules = append(n.plan.Rules, r)
		step.Rules = append(step.Rules, r)
		step.reason(needs, "%s", r.words())
	}
}

// lacksIngress reports whether a group needs the rule that lets in another.
func (n *Network) lacksIngress(step *Step, to, from ID, port int) bool {
	g, known := n.looked(to)
	if !known {
		return true
	}
	switch covers(n.foreign(g.Ingress.Or(nil)), port, []ID{from}, n.ranges()) {
	case Yes:
		n.note(step, notice.ExistingRule.With(notice.Data{"to": to, "port": port, "from": from}))
		return false
	case Maybe:
		n.note(step, notice.RuleUncertain.With(notice.Data{"group": to, "port": port, "peer": from}))
	}
	return true
}

// lacksEgress reports whether a group needs a rule for the way out: to a group, or
// to ranges, without any of which it is to anywhere. A group that allows all
// outbound traffic never does, whose own rule CloudFormation would take away as
// soon as it adds another.
func (n *Network) lacksEgress(step *Step, from ID, port int, to Peer, ranges []netip.Prefix) bool {
	if n.choices.Rules == RulesAll {
		return true
	}
	g, known := n.looked(from)
	if !known {
		return false
	}
	rules, told := g.Egress.Get()
	if !told {
		// A group without any would be told apart by an empty list. A rule here
		// could strip the group of the one that allows everything.
		n.warn(step, notice.EgressUnknown.With(notice.Data{"group": from}))
		return false
	}
	rules = n.foreign(rules)
	var groups []ID
	if !to.Group.IsZero() {
		groups = []ID{to.Group}
	}
	switch covers(rules, port, groups, ranges) {
	case Yes:
		return false
	case Maybe:
		n.note(step, notice.RuleUncertain.With(notice.Data{"group": from, "port": port, "peer": to.Group}))
	}
	n.note(step, notice.EgressRule.With(notice.Data{"group": from, "count": len(rules), "port": port}))
	return true
}
