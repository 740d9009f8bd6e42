// Package flow walks a network as a packet would: out of one host by the rules of
// its security groups, over the route that there is, and into another; and through
// the policy of an endpoint, if one is on the way. It is what says whether a
// network lets pollers through, whoever planned or made it: it knows nothing of how
// networks are planned here. Everything in it is known: what somebody does not know
// of a network, they must not ask.
package flow

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"
)

// Network is what EC2 has of a VPC.
type Network struct {
	// Groups are the security groups, by id.
	Groups map[string]*Group

	// Endpoints are the interface endpoints.
	Endpoints []*Endpoint

	// Gateways are the services that have a gateway endpoint.
	Gateways []string

	// NAT is a route from the subnets to the internet.
	NAT bool

	// Subnets are those whose routes and network ACLs are told, by id. For a host in
	// one of them its routes stand in place of Gateways and NAT.
	Subnets map[string]*Subnet

	// Lists are the prefix lists that a service in the internet is in, which rules may
	// name, by service.
	Lists map[string][]string

	// NoDNS is a VPC in which private DNS does not work: the names of services
	// resolve to their addresses in the internet.
	NoDNS bool
}

// Group is a security group.
type Group struct {
	Rules []Rule
}

// Rule is one permission of a group.
type Rule struct {
	Out      bool
	Protocol string // "tcp", "-1" and so on
	From, To int    // ports
	Peer     string // a group, a range, or a prefix list
	Note     string // for messages
}

func (r Rule) String() string {
	direction := "in"
	if r.Out {
		direction = "out"
	}
	return fmt.Sprintf("%s %s %d-%d %s (%s)", direction, r.Protocol, r.From, r.To, r.Peer, r.Note)
}

// AllowAll is the outbound rule with which EC2 makes a group.
func AllowAll() Rule { return Rule{Out: true, Protocol: "-1", From: -1, To: -1, Peer: "0.0.0.0/0"} }

// IsNobody reports whether a rule is CDK's way to write that a group lets nothing
// out.
func (r Rule) IsNobody() bool { return r.Out && r.Peer == "255.255.255.255/32" }

// Endpoint is an interface endpoint.
type Endpoint struct {
	Service    string // such as "lambda"
	PrivateDNS bool
	Groups     []string
	Subnets    []string
	Address    netip.Addr // of its interfaces
	Policy     []Statement

	// Down is one that takes no connections: it is not made yet, was rejected, or goes.
	Down bool
}

// Host is a network interface: its groups and its address.
type Host struct {
	Name    string
	Groups  []string
	Address netip.Addr
	Subnet  string // "" where it does not matter
}

// Add adds a rule to a group as CloudFormation does: the first outbound one takes
// the rule away with which EC2 made the group.
func (n *Network) Add(group string, r Rule) {
	g := n.Groups[group]
	if r.Out {
		g.Rules = slices.DeleteFunc(g.Rules, func(other Rule) bool {
			return other.Out && other.Protocol == "-1" && other.Peer == "0.0.0.0/0"
		})
	}
	g.Rules = append(g.Rules, r)
}

// permits finds a rule of one of the host's groups for traffic with a peer.
func (n *Network) permits(h Host, out bool, peer Host, port int) bool {
	for _, id := range h.Groups {
		g := n.Groups[id]
		if g == nil {
			continue
		}
		for _, r := range g.Rules {
			if r.Out != out || r.Protocol != "tcp" && r.Protocol != "-1" || r.Protocol == "tcp" && (port < r.From || port > r.To) {
				continue
			}
			if slices.Contains(peer.Groups, r.Peer) {
				return true
			}
			if prefix, err := netip.ParsePrefix(r.Peer); err == nil && prefix.Contains(peer.Address) {
				return true
			}
		}
	}
	return false
}

// Connects reports whether a connection from one host to another can be made.
// Security groups are stateful: answers need no rule. Network ACLs are not.
func (n *Network) Connects(from, to Host, port int) bool { return n.Between(from, to, port) == nil }

// Endpoint is the one that the name of a service resolves to, nil where it has
// none.
func (n *Network) Endpoint(service string) *Endpoint {
	i := slices.IndexFunc(n.Endpoints, func(e *Endpoint) bool { return e.Service == service && e.PrivateDNS && !n.NoDNS })
	if i < 0 {
		return nil
	}
	return n.Endpoints[i]
}

// Blocks says what keeps a host from connecting to a service by its name, "" where
// nothing does.
func (n *Network) Blocks(from Host, service string) string {
	if b := n.ToService(from, service); b != nil {
		return b.Why
	}
	return ""
}

// Reaches reports whether a host can connect to a service by its name.
func (n *Network) Reaches(from Host, service string) bool { return n.ToService(from, service) == nil }

// Refuses says what keeps a host from making a call, "" where nothing does.
func (n *Network) Refuses(from Host, c Call) string {
	if why := n.Blocks(from, c.Service); why != "" {
		return why
	}
	if e := n.Endpoint(c.Service); e != nil && !c.isAllowedBy(e.Policy) {
		return fmt.Sprintf("the policy of the endpoint for %s does not let %s do %s on %s", c.Service, c.Principal, c.Action, c.Resource)
	}
	return ""
}

// Members are hosts that have one of the groups each: which of them Lambda gives
// to an interface, and the cluster to a broker, must not matter.
func Members(kind string, groups []string, address netip.Addr) []Host {
	var out []Host
	for _, group := range groups {
		out = append(out, Host{Name: kind + " in " + group, Groups: []string{group}, Address: address})
	}
	return out
}

// Narrow lists every rule that is wider than one TCP port, or that lets in more
// than a group or a range.
func (n *Network) Narrow() (wide []string) {
	for id, g := range n.Groups {
		for _, r := range g.Rules {
			if !r.IsNobody() && (r.Protocol != "tcp" || r.From != r.To || r.From == 0) {
				wide = append(wide, fmt.Sprintf("%s %s: more than one TCP port", id, r))
			}
			if !r.Out && (r.Peer == "" || strings.HasSuffix(r.Peer, "/0")) {
				wide = append(wide, fmt.Sprintf("%s %s: more than one group or range", id, r))
			}
		}
	}
	slices.Sort(wide)
	return wide
}
