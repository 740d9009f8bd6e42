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
func (n *Network) Between(from, to Host, port int) *Block { return first(n.AllBetween(from, to, port)) }

// ToService says what keeps a host from connecting to a service by its name, nil
// where nothing does. The name of an endpoint resolves to all of its interfaces, so
// that each must be reached.
func (n *Network) ToService(from Host, service string) *Block {
	return first(n.AllToService(from, service))
}

func first(blocks []Block) *Block {
	if len(blocks) == 0 {
		return nil
	}
	return &blocks[0]
}

// AllBetween is each thing that has to change before one host can connect to another.
func (n *Network) AllBetween(from, to Host, port int) (out []Block) {
	if !n.permits(from, true, to, port) {
		out = append(out, Block{Kind: GroupOut, Why: "its groups do not let it out to " + to.Name})
	}
	if !n.permits(to, false, from, port) {
		out = append(out, Block{Kind: GroupIn, Why: fmt.Sprintf("the groups of %s do not let it in", to.Name)})
	}
	return append(out, n.acls(from, to, port)...)
}

// AllToService is each thing that has to change before a host can connect to a
// service by its name, given the endpoint that it has.
func (n *Network) AllToService(from Host, service string) (out []Block) {
	e := n.Endpoint(service)
	if e == nil {
		there := Host{Name: service, Groups: n.Lists[service], Address: outside}
		if !n.leads(from, service) {
			// What else is in the way hangs on which way there will be.
			return []Block{{Kind: NoRoute, Subnet: from.Subnet, Why: "there is no way to " + service}}
		}
		if !n.permits(from, true, there, 443) {
			out = append(out, Block{Kind: GroupOut, Why: "its groups do not let it out to " + service})
		}
		return append(out, n.acls(from, there, 443)...)
	}
	name := "the endpoint for " + service
	if e.Down {
		out = append(out, Block{Kind: Down, Why: name + " takes no connections"})
	}
	for _, there := range n.interfaces(e, name) {
		out = append(out, n.AllBetween(from, there, 443)...)
	}
	return out
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
