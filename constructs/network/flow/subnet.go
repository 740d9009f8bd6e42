package flow

import (
	"fmt"
	"net/netip"
	"slices"
)

// Subnet is where hosts are: a range, the routes out of it, and its network ACL.
type Subnet struct {
	Range netip.Prefix

	// NAT is a route to the internet for hosts that have no public address. One to an
	// internet gateway is none.
	NAT bool

	// Gateways are the services that a gateway endpoint in its routes leads to.
	Gateways []string

	// ACL are the entries of its network ACL. Nil lets everything through, and an
	// empty one nothing.
	ACL []Entry
}

// Entry is one of a network ACL. The first that matches, by number, decides.
type Entry struct {
	Number    int
	Out, Deny bool
	Protocol  string // "tcp", "-1" and so on
	From, To  int    // ports
	Range     netip.Prefix
}

// AllowEverything is the network ACL that EC2 makes with a VPC.
func AllowEverything() []Entry {
	all := netip.MustParsePrefix("0.0.0.0/0")
	return []Entry{{Number: 100, Protocol: "-1", Range: all}, {Number: 100, Out: true, Protocol: "-1", Range: all}}
}

// Ends are the first and the last address of a subnet. A host may have any between,
// which decides where a rule is about a part of the subnet.
func (s *Subnet) Ends() []netip.Addr {
	first := s.Range.Masked().Addr()
	last := first.AsSlice()
	for i := range last {
		if free := 8*(i+1) - s.Range.Bits(); free > 0 {
			last[i] |= byte(1<<min(free, 8) - 1)
		}
	}
	end, _ := netip.AddrFromSlice(last)
	if first == end {
		return []netip.Addr{first}
	}
	return []netip.Addr{first.Next(), end.Prev()}
}

// The ports to which answers go: those that Linux gives to who connects. A network
// ACL must let all of them through.
const firstAnswer, lastAnswer = 32768, 60999

// admits reports whether the ACL lets packets through to or from an address, at all
// ports from one to another.
func (s *Subnet) admits(out bool, peer netip.Addr, from, to int) bool {
	if s.ACL == nil {
		return true
	}
	entries := slices.Clone(s.ACL)
	slices.SortStableFunc(entries, func(a, b Entry) int { return a.Number - b.Number })
	// What decides changes only where an entry begins or ends.
	ports := []int{from, to}
	for _, e := range entries {
		for _, port := range []int{e.From, e.To + 1} {
			if from < port && port < to {
				ports = append(ports, port)
			}
		}
	}
	return !slices.ContainsFunc(ports, func(port int) bool {
		i := slices.IndexFunc(entries, func(e Entry) bool {
			return e.Out == out && (e.Protocol == "-1" || e.Protocol == "tcp" && e.From <= port && port <= e.To) && e.Range.Contains(peer)
		})
		return i < 0 || entries[i].Deny
	})
}

// acls says which network ACLs stop a connection, or its answers. Within a subnet
// there is none.
func (n *Network) acls(from, to Host, port int) (out []Block) {
	if from.Subnet == to.Subnet {
		return nil
	}
	for _, step := range []struct {
		at, peer    Host
		out, answer bool
	}{{from, to, true, false}, {to, from, false, false}, {to, from, true, true}, {from, to, false, true}} {
		s := n.Subnets[step.at.Subnet]
		first, last := port, port
		if step.answer {
			first, last = firstAnswer, lastAnswer
		}
		if s == nil || s.admits(step.out, step.peer.Address, first, last) {
			continue
		}
		b := Block{Kind: ACLIn, Subnet: step.at.Subnet, Answer: step.answer}
		way := "in from"
		if step.out {
			b.Kind, way = ACLOut, "out to"
		}
		what := fmt.Sprintf("TCP %d", port)
		if step.answer {
			what = fmt.Sprintf("the answers (TCP %d to %d)", first, last)
		}
		b.Why = fmt.Sprintf("the network ACL of %s does not let %s %s %s", step.at.Subnet, what, way, step.peer.Name)
		out = append(out, b)
	}
	return out
}
