package doctor

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"msklambda/constructs/network/flow"
)

// anywhere is what a rule is about whose range cannot be compared with subnets whose
// ranges are not known.
const anywhere = "0.0.0.0/0"

// network is what is known as something that can be walked. All that is not known is
// open in the best case, and closed in the worst.
func (f *Facts) network(best bool) *flow.Network {
	n := &flow.Network{Groups: map[string]*flow.Group{}, Subnets: map[string]*flow.Subnet{}, Lists: map[string][]string{}}
	vague := false
	for _, fact := range f.Subnets {
		vague = vague || !fact.Known
	}
	for id, fact := range f.Subnets {
		n.Subnets[id] = f.subnet(fact, best)
		if best && vague {
			n.Subnets[id].ACL = widened(n.Subnets[id].ACL)
		}
	}
	for id, fact := range f.Groups {
		n.Groups[id] = &flow.Group{}
		switch {
		case fact.Known:
			n.Groups[id].Rules = f.expanded(fact.Value, best && vague, best)
		case best:
			n.Groups[id].Rules = []flow.Rule{flow.AllowAll(), {Protocol: "-1", Peer: anywhere}}
		}
	}
	vpc := f.VPC.Value
	n.NoDNS = f.VPC.Known && !(vpc.DNSSupport && vpc.DNSHosts) || !f.VPC.Known && !best
	for _, e := range f.Endpoints.Value {
		if !e.Gateway {
			// Policies are judged apart: they may hang on what nobody works out.
			n.Endpoints = append(n.Endpoints, &flow.Endpoint{Service: e.Service, PrivateDNS: e.PrivateDNS, Groups: e.Groups, Subnets: e.Subnets,
				Policy: flow.Everybody(), Down: !strings.EqualFold(e.State, "available") || len(e.Subnets) == 0})
			continue
		}
		for _, s := range f.Subnets {
			for _, r := range s.Value.Routes.Value {
				if r.Target == e.ID && !slices.Contains(n.Lists[e.Service], r.To) {
					n.Lists[e.Service] = append(n.Lists[e.Service], r.To)
				}
			}
		}
	}
	return n
}

// subnet is one as flow has it.
func (f *Facts) subnet(fact Fact[Subnet], best bool) *flow.Subnet {
	s := &flow.Subnet{Range: fact.Value.Range}
	if !s.Range.IsValid() {
		s.Range = netip.MustParsePrefix("192.0.2.0/24") // nobody's: no rule is about it, but for one about everything
	}
	if acl := fact.Value.ACL; acl.Known {
		s.ACL = append([]flow.Entry{}, acl.Value...)
	} else if !best {
		s.ACL = []flow.Entry{}
	}
	if !fact.Value.Routes.Known {
		s.NAT = best
		return s
	}
	for _, r := range fact.Value.Routes.Value {
		switch {
		case r.Broken:
		case strings.HasPrefix(r.Target, "vpce-"):
			for _, e := range f.Endpoints.Value {
				if e.ID == r.Target && e.Gateway {
					s.Gateways = append(s.Gateways, e.Service)
				}
			}
		case r.To == anywhere && strings.HasPrefix(r.Target, "nat-"):
			s.NAT = true
		case r.To == anywhere && !strings.HasPrefix(r.Target, "igw-") && r.Target != "local":
			s.NAT = best // a gateway or an instance of somebody's, which may lead out
		}
	}
	return s
}

// widened are entries of a network ACL as they may be about addresses that are not
// known: what is allowed in part may be allowed, and what is denied in part not.
func widened(entries []flow.Entry) []flow.Entry {
	everything := netip.MustParsePrefix(anywhere)
	if entries == nil {
		return nil
	}
	out := []flow.Entry{}
	for _, e := range entries {
		if e.Deny && e.Range != everything {
			continue
		}
		e.Range = everything
		out = append(out, e)
	}
	return out
}

// expanded are rules in which the ranges of prefix lists stand beside these.
func (f *Facts) expanded(rules []flow.Rule, widen, best bool) (out []flow.Rule) {
	for _, r := range rules {
		if _, err := netip.ParsePrefix(r.Peer); err == nil && widen {
			r.Peer = anywhere
		}
		out = append(out, r)
		if !strings.HasPrefix(r.Peer, "pl-") {
			continue
		}
		list := f.Lists[r.Peer]
		for _, prefix := range list.Value {
			r.Peer = prefix
			out = append(out, r)
		}
		if !list.Known && best {
			r.Peer = anywhere
			out = append(out, r)
		}
	}
	return out
}

// hosts are two in each subnet of the brokers: pollers and brokers alike have all
// groups of the cluster, and any address.
func (f *Facts) hosts(n *flow.Network, kind string) (out []flow.Host) {
	groups, subnets := f.place()
	for _, id := range subnets {
		s := n.Subnets[id]
		if s == nil {
			continue
		}
		for _, address := range s.Ends() {
			out = append(out, flow.Host{Name: kind + " in " + id, Groups: groups, Address: address, Subnet: id})
		}
	}
	return out
}

// place is where the pollers are: the groups and subnets of the cluster, or of the
// connection to it.
func (f *Facts) place() (groups, subnets []string) {
	if c := f.Connection.Value; c != nil {
		return c.Groups, c.Subnets
	}
	if c := f.Cluster.Value; c != nil {
		return c.Groups, c.Subnets
	}
	return nil, nil
}

// walk tries a way in the best and in the worst case. It is blocked where it is in
// the best, and not known where only the worst says so.
func (f *Facts) walk(way func(*flow.Network) []flow.Block) (blocked, unsure []flow.Block) {
	if blocked = distinct(way(f.network(true))); len(blocked) > 0 {
		return blocked, nil
	}
	return nil, distinct(way(f.network(false)))
}

// distinct are blocks, each once.
func distinct(blocks []flow.Block) (out []flow.Block) {
	for _, b := range blocks {
		if !slices.Contains(out, b) {
			out = append(out, b)
		}
	}
	return out
}

// gaps are why parts of the network are not known.
func (f *Facts) gaps() []string {
	var out []string
	say := func(what, why string) {
		if text := because(what, why); !slices.Contains(out, text) {
			out = append(out, text)
		}
	}
	for _, id := range sortedKeys(f.Groups) {
		if g := f.Groups[id]; !g.Known {
			say("the rules of "+id, g.Why)
		}
	}
	for _, id := range sortedKeys(f.Subnets) {
		s := f.Subnets[id]
		switch {
		case !s.Known:
			say("subnet "+id, s.Why)
		default:
			if !s.Value.ACL.Known {
				say("the network ACL of "+id, s.Value.ACL.Why)
			}
			if !s.Value.Routes.Known {
				say("the routes of "+id, s.Value.Routes.Why)
			}
			for _, r := range s.Value.Routes.Value {
				if r.To == anywhere && !r.Broken && !strings.HasPrefix(r.Target, "nat-") && !strings.HasPrefix(r.Target, "igw-") {
					say(fmt.Sprintf("where the route of %s over %s leads", id, r.Target), "")
				}
			}
		}
	}
	for _, id := range sortedKeys(f.Lists) {
		if l := f.Lists[id]; !l.Known {
			say("the ranges of "+id, l.Why)
		}
	}
	if !f.VPC.Known {
		say("whether private DNS works in the VPC", f.VPC.Why)
	}
	if !f.Endpoints.Known {
		say("the endpoints of the VPC", f.Endpoints.Why)
	}
	return out
}

// because says what is not known and why.
func because(what, why string) string {
	if why == "" {
		return what + " is not known"
	}
	return what + " is not known: " + why
}
