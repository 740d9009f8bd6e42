package flow

import (
	"fmt"
	"slices"
)

// Clone copies a network, so that one can be changed.
func (n *Network) Clone() *Network {
	c := *n
	c.Groups = map[string]*Group{}
	for id, g := range n.Groups {
		c.Groups[id] = &Group{slices.Clone(g.Rules)}
	}
	c.Subnets = map[string]*Subnet{}
	for id, s := range n.Subnets {
		copied := *s
		copied.Gateways, copied.ACL = slices.Clone(s.Gateways), slices.Clone(s.ACL)
		c.Subnets[id] = &copied
	}
	c.Endpoints = nil
	for _, e := range n.Endpoints {
		copied := *e
		copied.Policy = slices.Clone(e.Policy)
		c.Endpoints = append(c.Endpoints, &copied)
	}
	return &c
}

// Mutations are the network without one rule, one endpoint, or a part of one: a
// network that needs all that it has lets less through in each. Groups that are to
// be left alone are named.
func (n *Network) Mutations(but ...string) map[string]*Network {
	out := map[string]*Network{}
	for id, g := range n.Groups {
		if slices.Contains(but, id) {
			continue
		}
		for i, r := range g.Rules {
			if r.IsNobody() || r == AllowAll() {
				continue
			}
			title := fmt.Sprintf("%s %s", id, r)
			without := n.Clone()
			without.Groups[id].Rules = slices.Delete(without.Groups[id].Rules, i, i+1)
			out["without "+title] = without
			other := n.Clone()
			other.Groups[id].Rules[i].From, other.Groups[id].Rules[i].To = 22, 22
			out["with port 22 in "+title] = other
			stranger := n.Clone()
			stranger.Groups[id].Rules[i].Peer = "sg-0123456789abcdefe"
			out["with another peer in "+title] = stranger
		}
	}
	for id, s := range n.Subnets {
		closed := n.Clone()
		closed.Subnets[id].ACL = []Entry{}
		out["with a network ACL that closes "+id] = closed
		if s.NAT {
			without := n.Clone()
			without.Subnets[id].NAT = false
			out["without the way to the internet from "+id] = without
		}
		for i, service := range s.Gateways {
			without := n.Clone()
			without.Subnets[id].Gateways = slices.Delete(without.Subnets[id].Gateways, i, i+1)
			out["without the gateway endpoint for "+service+" in "+id] = without
		}
	}
	for i, e := range n.Endpoints {
		without := n.Clone()
		without.Endpoints = slices.Delete(without.Endpoints, i, i+1)
		out["without the endpoint for "+e.Service] = without
		for what, change := range map[string]func(*Endpoint){
			"private DNS of": func(e *Endpoint) { e.PrivateDNS = false },
			"the group of":   func(e *Endpoint) { e.Groups = nil },
			"the policy of":  func(e *Endpoint) { e.Policy = nil },
		} {
			c := n.Clone()
			change(c.Endpoints[i])
			out["without "+what+" the endpoint for "+e.Service] = c
		}
	}
	return out
}
