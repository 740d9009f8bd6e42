package network

import (
	"fmt"
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
				if in := n.rule(to, false, Peer{Group: from}, needs.Port, purposeBrokers); n.lacksIngress(step, in) {
					rules = append(rules, in)
				}
				if out := n.rule(from, true, Peer{Group: to}, needs.Port, purposeBrokers); n.lacksEgress(step, out, n.ranges()) {
					rules = append(rules, out)
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
	rule, ranges := n.rule(from, true, to, 443, purposeEndpoints), []netip.Prefix(nil)
	switch {
	case to.Endpoints:
		// Never retained: it cannot have been there before the endpoints' group, and
		// EC2 deletes no group that a rule still names.
		rule.Retain, ranges = false, n.ranges()
	case to.Range != "":
		rule.Mark.Purpose = purposeServices
	}
	return rule, n.lacksEgress(step, rule, ranges)
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

// lacksIngress reports whether a group needs the rule that lets in another. One
// that this owner made stays, whoever has made a broader one since.
func (n *Network) lacksIngress(step *Step, r PlannedRule) bool {
	g, known := n.looked(r.Group)
	there := g.Ingress.Or(nil)
	if !known || n.made(r, there) {
		return true
	}
	switch covers(n.foreign(there), r.Port, []ID{r.Peer.Group}, n.ranges()) {
	case Yes:
		n.note(step, notice.ExistingRule.With(notice.Data{"to": r.Group, "port": r.Port, "from": r.Peer.Group}))
		n.warnOfOthers(step, r, there)
		return false
	case Maybe:
		n.note(step, notice.RuleUncertain.With(notice.Data{"group": r.Group, "port": r.Port, "peer": r.Peer.Group}))
	}
	return true
}

// warnOfOthers warns where the pollers get in by a rule that another owner made,
// and by no other.
func (n *Network) warnOfOthers(step *Step, r PlannedRule, there []Rule) {
	marked := func(t Rule) bool { return t.Mark.Owner != "" }
	if covers(slices.DeleteFunc(n.foreign(there), marked), r.Port, []ID{r.Peer.Group}, n.ranges()) == Yes {
		return
	}
	for _, t := range n.foreign(there) {
		if marked(t) && t.isFor(r.Port) {
			n.warn(step, notice.OfAnotherStack.For("Rules", notice.Data{
				"what": fmt.Sprintf("the rule that lets TCP %d in to %s from %s", r.Port, r.Group, r.Peer.Group), "owner": t.Mark.Owner}))
			return
		}
	}
}

// lacksEgress reports whether a group needs a rule for the way out: to a group, or
// to ranges, without any of which it is to anywhere. A group that allows all
// outbound traffic never does, whose own rule CloudFormation would take away as
// soon as it adds another; but a rule that this owner made stays.
func (n *Network) lacksEgress(step *Step, r PlannedRule, ranges []netip.Prefix) bool {
	if n.choices.Rules == RulesAll {
		return true
	}
	g, known := n.looked(r.Group)
	rules, told := g.Egress.Get()
	switch {
	case n.choices.Rules == "" && !r.Group.opaque && n.made(r, rules):
		return true
	case !known:
		return false
	case !told:
		// A group without any would be told apart by an empty list. A rule here
		// could strip the group of the one that allows everything.
		n.warn(step, notice.EgressUnknown.With(notice.Data{"group": r.Group}))
		return false
	}
	rules = n.foreign(rules)
	var groups []ID
	if !r.Peer.Group.IsZero() {
		groups = []ID{r.Peer.Group}
	}
	switch covers(rules, r.Port, groups, ranges) {
	case Yes:
		return false
	case Maybe:
		n.note(step, notice.RuleUncertain.With(notice.Data{"group": r.Group, "port": r.Port, "peer": r.Peer.Group}))
	}
	n.note(step, notice.EgressRule.With(notice.Data{"group": r.Group, "count": len(rules), "port": r.Port}))
	return true
}
