package network

import (
	"maps"
	"slices"
)

// Kind is what a question is about.
type Kind string

// The kinds of questions.
const (
	AboutVPC       Kind = "VPC"
	AboutSubnet    Kind = "subnet"
	AboutGroup     Kind = "security group"
	AboutEndpoints Kind = "VPC endpoint"
	AboutMemory    Kind = "memory" // of what the owner's last deploy defined
)

// Question is something that a plan would have to know.
type Question struct {
	Kind    Kind
	ID      string  // of the VPC, subnet or group; for endpoints, of their VPC; for the memory, the owner
	Service Service // of endpoints
}

// Asks are the questions that are still open: about the cluster, and about what a
// consumer needs. An answer may raise others, so whoever answers asks again until
// there is none. An id that is opaque cannot be asked about.
func (n *Network) Asks(consumers ...Needs) []Question {
	if !n.choices.LooksUp || n.choices.Connected {
		return nil
	}
	var out []Question
	if !n.facts.Memory.IsAsked() {
		out = append(out, Question{Kind: AboutMemory, ID: n.choices.Owner})
	}
	var services []Service
	for _, needs := range consumers {
		services = append(services, n.services(needs)...)
	}
	byRules := n.choices.Rules == ""
	if byRules || slices.ContainsFunc(services, n.looksUp) {
		for _, id := range n.choices.Subnets {
			if !id.opaque && !n.facts.Subnets[id.text].IsAsked() {
				out = append(out, Question{Kind: AboutSubnet, ID: id.text})
			}
		}
	}
	if byRules {
		for _, id := range n.choices.Groups {
			if !id.opaque {
				out = n.asksGroup(out, id.text)
			}
		}
	}
	if n.choices.VPC.opaque {
		return out
	}
	for _, s := range services {
		out = n.asksEndpoints(out, s)
	}
	if n.resolves(services) && !n.facts.VPC.IsAsked() {
		out = append(out, Question{Kind: AboutVPC, ID: n.choices.VPC.text})
	}
	return out
}

func (n *Network) asksGroup(out []Question, id string) []Question {
	q := Question{Kind: AboutGroup, ID: id}
	if n.facts.Groups[id].IsAsked() || slices.Contains(out, q) {
		return out
	}
	return append(out, q)
}

func (n *Network) asksEndpoints(out []Question, s Service) []Question {
	if _, decided := n.decided[s]; decided || !n.looksUp(s) {
		return out
	}
	if !n.facts.Endpoints[s].IsAsked() {
		return append(out, Question{Kind: AboutEndpoints, ID: n.choices.VPC.text, Service: s})
	}
	if n.remembers(s) {
		return out // what others have there is nobody's concern
	}
	for _, e := range n.candidates(s) {
		if n.isOwner(e.Mark.Or("")) {
			continue // nor are its groups
		}
		for _, id := range e.Groups.Or(nil) {
			out = n.asksGroup(out, id)
		}
		if !n.isOwn(e) {
			break
		}
	}
	return out
}

// Learn takes answers in. What is in them replaces what was known of the same.
func (n *Network) Learn(facts Facts) {
	if facts.VPC.IsAsked() {
		n.facts.VPC = facts.VPC
	}
	if facts.Memory.IsAsked() {
		n.facts.Memory = facts.Memory
	}
	maps.Copy(n.facts.Subnets, facts.Subnets)
	maps.Copy(n.facts.Groups, facts.Groups)
	maps.Copy(n.facts.Endpoints, facts.Endpoints)
}
