package network

import (
	"encoding/json"
	"slices"

	"msklambda/constructs/notice"
)

// Memory is what an owner's last deploy defined of a network. The owner's stack
// keeps it in a parameter of its own, where the next look-up reads it. Marks can be
// edited, by hand or by a policy that rewrites tags: what they no longer say, the
// memory does, so that an answer which changed never takes from a template what the
// stack itself made.
type Memory struct {
	Endpoints []Service `json:"endpoints,omitempty"`
	Rules     []string  `json:"rules,omitempty"` // as [PlannedRule.ConstructID] calls them
}

// IsZero reports whether nothing was defined.
func (m Memory) IsZero() bool { return len(m.Endpoints) == 0 && len(m.Rules) == 0 }

// String is the text that the stack keeps.
func (m Memory) String() string {
	text, err := json.Marshal(m)
	if err != nil {
		panic(err) // texts
	}
	return string(text)
}

// ParseMemory reads the text that a stack kept. It reports whether it is one.
func ParseMemory(text string) (m Memory, ok bool) {
	return m, json.Unmarshal([]byte(text), &m) == nil
}

// Memory is what a plan leaves for the next one to know. Ids that are known at the
// deploy only are left out: no answer will bear them.
func (p Plan) Memory() Memory {
	var m Memory
	for _, e := range p.Endpoints {
		if e.Source == Create {
			m.Endpoints = append(m.Endpoints, e.Service)
		}
	}
	for _, r := range p.Rules {
		if !r.Group.IsOpaque() && !r.Peer.Group.IsOpaque() {
			m.Rules = append(m.Rules, r.ConstructID(ID.Text))
		}
	}
	slices.Sort(m.Endpoints)
	slices.Sort(m.Rules)
	return m
}

// remembers reports whether the last deploy defined the endpoint of a service.
func (n *Network) remembers(s Service) bool {
	return slices.Contains(n.facts.Memory.Or(Memory{}).Endpoints, s)
}

// made reports whether this owner made a rule: the memory says so, or a rule of the
// group is it and bears the owner's mark.
func (n *Network) made(r PlannedRule, there []Rule) bool {
	if slices.Contains(n.facts.Memory.Or(Memory{}).Rules, r.ConstructID(ID.Text)) {
		return true
	}
	return slices.ContainsFunc(there, func(t Rule) bool {
		if !n.isOwner(t.Mark.Owner) || t.From != r.Port || t.To != r.Port {
			return false
		}
		if r.Peer.Endpoints {
			return t.Mark.Purpose == purposeEndpoints // to a group whose id no one told
		}
		return t.Range == r.Peer.Range && r.Peer.Group.Is(ID{text: t.Group}) == Yes
	})
}

// Gone warns of what the last deploy defined and the plan, now that all consumers
// are in it, does not: the next deploy deletes it.
func (n *Network) Gone() (out []notice.Notice) {
	memory, plan := n.facts.Memory.Or(Memory{}), n.plan.Memory()
	for _, s := range memory.Endpoints {
		if !slices.Contains(plan.Endpoints, s) {
			why, effect := n.whyGone(s)
			out = append(out, notice.Removes.For(s.Field(), notice.Data{"owner": n.choices.Owner, "what": "the " + s.Field(), "why": why, "effect": effect}))
		}
	}
	var rules []string
	for _, r := range memory.Rules {
		if !slices.Contains(plan.Rules, r) {
			rules = append(rules, r)
		}
	}
	if len(rules) > 0 {
		why, effect := "no consumer needs it any more", "Whoever else relies on it is cut off."
		if n.choices.Rules == RulesNone {
			why, effect = `SecurityGroupRules is "none"`, "Where the group has no other rule for it, the pollers lose the brokers."
		}
		out = append(out, notice.Removes.For("Rules", notice.Data{"owner": n.choices.Owner, "what": "the rule " + quoted(rules), "why": why, "effect": effect}))
	}
	return out
}

// whyGone says why an endpoint leaves, and what comes of it.
func (n *Network) whyGone(s Service) (why, effect string) {
	others := "Everybody else in the VPC who calls " + string(s) + " without a NAT gateway loses it, too."
	source, needed := n.decided[s]
	switch {
	case !needed:
		return "no consumer needs it any more", "Whoever else in the VPC relies on it loses " + string(s) + "."
	case source == Existing:
		return `its Source is "existing"`, "The pollers lose " + string(s) + " unless another endpoint is there by then, which EC2 takes only once this one is gone. " + others
	}
	return `its Source is "none"`, "The pollers lose " + string(s) + " unless their subnets have a NAT gateway. " + others
}

func quoted(list []string) string {
	out := ""
	for i, element := range list {
		if i > 0 {
			out += ", "
		}
		out += `"` + element + `"`
	}
	return out
}
