package flow

import (
	"fmt"
	"net/netip"
	"slices"
)

// Kind is what a connection fails at.
type Kind string

// The kinds, in the order in which they are looked at.
const (
	NoRoute  Kind = "no route"      // no endpoint with private DNS, and no way to the internet
	Down     Kind = "endpoint down" // the name leads to an endpoint that takes no connections
	GroupOut Kind = "group out"     // the groups of who connects do not let it out
	GroupIn  Kind = "group in"      // the groups of the other do not let it in
	ACLOut   Kind = "ACL out"       // a network ACL lets the packets, or the answers, not out of a subnet
	ACLIn    Kind = "ACL in"        // a network ACL lets the packets, or the answers, not into a subnet
)

// Block is what keeps a connection from being made.
type Block struct {
	Kind Kind

	// Subnet is the one whose ACL or routes it is.
	Subnet string

	// Answer is an ACL that stops answers, which go to a port that the system of who
	// connects has chosen.
	Answer bool

	// Why says it for people.
	Why string
}

// outside is an address of AWS in the internet.
var outside = netip.MustParseAddr("203.0.113.9")

// Between says what keeps one host from connecting to another, nil where nothing
// does.
func (n *Network) Between(from, to Host, port int) *Block {
	switch {
	case !n.permits(from, true, to, port):
		return &Block{Kind: GroupOut, Why: "its groups do not let it out to " + to.Name}
	case !n.permits(to, false, from, port):
		return &Block{Kind: GroupIn, Why: fmt.Sprintf("the groups of %s do not let it in", to.Name)}
	}
	return n.acls(from, to, port)
}

// ToService says what keeps a host from connecting to a service by its name, nil
// where nothing does. The name of an endpoint resolves to all of its interfaces, so
// that each must be reached.
func (n *Network) ToService(from Host, service string) *Block {
	e := n.Endpoint(service)
	if e == nil {
		there := Host{Name: service, Groups: n.Lists[service], Address: outside}
		switch {
		case !n.leads(from, service):
			return &Block{Kind: NoRoute, Subnet: from.Subnet, Why: "there is no way to " + service}
		case !n.permits(from, true, there, 443):
			return &Block{Kind: GroupOut, Why: "its groups do not let it out to " + service}
		}
		return n.acls(from, there, 443)
	}
	name := "the endpoint for " + service
	if e.Down {
		return &Block{Kind: Down, Why: name + " takes no connections"}
	}
	for _, there := range n.interfaces(e, name) {
		if b := n.Between(from, there, 443); b != nil {
			return b
		}
	}
	return nil
}

// interfaces are those of an endpoint, one in each of its subnets that is told.
func (n *Network) interfaces(e *Endpoint, name string) []Host {
	var out []Host
	for _, id := range e.Subnets {
		s := n.Subnets[id]
		if s == nil {
			continue
		}
		for _, address := range s.Ends() {
			out = append(out, Host{name, e.Groups, address, id})
		}
	}
	if len(out) == 0 {
		return []Host{{name, e.Groups, e.Address, ""}}
	}
	return out
}

// leads reports whether there is a route from a host to a service in the internet.
func (n *Network) leads(from Host, service string) bool {
	if s := n.Subnets[from.Subnet]; s != nil {
		return s.NAT || slices.Contains(s.Gateways, service)
	}
	return n.NAT || slices.Contains(n.Gateways, service)
}
