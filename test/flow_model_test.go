package test

import (
	"fmt"
	"maps"
	"net/netip"
	"slices"
	"strings"
	"testing"
)

// network is what a deployed stack would be to EC2: groups with their rules and
// endpoints, together with the cluster's groups as they were before.
type network struct {
	groups    map[string]bool // security groups that were there or are defined
	rules     []rule
	endpoints map[string]*vpcEndpoint // by service, such as "sts"

	// openEgress is whether the cluster's groups had EC2's default rule, which
	// allows everything outbound, or were restricted to nothing at all.
	openEgress bool
	cluster    []string

	// nat is a way from the subnets to the internet.
	nat bool
	// served are services that have an endpoint of somebody else's, which lets
	// the cluster's groups in.
	served []string
}

// rule is one permission of a group. The peer is a group or a range.
type rule struct {
	group, direction, protocol string
	from, to                   float64
	peer                       string
	path                       string // for messages
}

func (r rule) String() string {
	return fmt.Sprintf("%s %s %s %v-%v %s (%s)", r.group, r.direction, r.protocol, r.from, r.to, r.peer, r.path)
}

type vpcEndpoint struct {
	groups, subnets []string
	privateDNS      bool
}

// host is a network interface: its groups and its address.
type host struct {
	name    string
	groups  []string
	address netip.Addr
}

func oneText(v any) string {
	if s, ok := v.(string); ok {
		return s
	}
	if v == nil {
		return ""
	}
	return asJSON(v)
}

// networkOf reads the network of a template. Groups of the stack are called by
// the JSON of the reference to them, as every rule and endpoint calls them.
func networkOf(tpl *template, cluster []string, openEgress bool) *network {
	n := &network{groups: map[string]bool{}, endpoints: map[string]*vpcEndpoint{}, openEgress: openEgress, cluster: cluster}
	for _, id := range cluster {
		n.groups[id] = true
	}
	number := func(v any) float64 { f, _ := v.(float64); return f }
	add := func(group, direction, path string, p map[string]any) {
		peer := ""
		for _, key := range []string{"SourceSecurityGroupId", "DestinationSecurityGroupId", "CidrIp", "CidrIpv6", "SourcePrefixListId", "DestinationPrefixListId"} {
			if text := oneText(p[key]); text != "" {
				peer = text
			}
		}
		n.rules = append(n.rules, rule{group, direction, oneText(p["IpProtocol"]), number(p["FromPort"]), number(p["ToPort"]), peer, path})
	}
	for _, path := range slices.Sorted(maps.Keys(tpl.Resources)) {
		r := tpl.Resources[path]
		p := r.Properties
		switch r.Type {
		case "AWS::EC2::SecurityGroup":
			id := asJSON(map[string]any{"Fn::GetAtt": []any{r.ID, "GroupId"}})
			n.groups[id] = true
			for property, direction := range map[string]string{"SecurityGroupIngress": "in", "SecurityGroupEgress": "out"} {
				list, _ := p[property].([]any)
				for _, each := range list {
					add(id, direction, path, each.(map[string]any))
				}
			}
		case "AWS::EC2::SecurityGroupIngress":
			add(oneText(p["GroupId"]), "in", path, p)
		case "AWS::EC2::SecurityGroupEgress":
			add(oneText(p["GroupId"]), "out", path, p)
		case "AWS::EC2::VPCEndpoint":
			service := oneText(p["ServiceName"])
			e := &vpcEndpoint{privateDNS: p["PrivateDnsEnabled"] == true}
			for _, group := range p["SecurityGroupIds"].([]any) {
				e.groups = append(e.groups, oneText(group))
			}
			for _, subnet := range p["SubnetIds"].([]any) {
				e.subnets = append(e.subnets, oneText(subnet))
			}
			n.endpoints[service[strings.LastIndex(service, ".")+1:]] = e
		}
	}
	return n
}

// permits finds a rule of one of the host's groups for traffic with a peer.
func (n *network) permits(h host, direction string, peer host, port float64) bool {
	for _, r := range n.rules {
		if !slices.Contains(h.groups, r.group) || r.direction != direction || r.protocol != "tcp" && r.protocol != "-1" {
			continue
		}
		if r.protocol == "tcp" && (port < r.from || port > r.to) {
			continue
		}
		if slices.Contains(peer.groups, r.peer) {
			return true
		}
		if prefix, err := netip.ParsePrefix(r.peer); err == nil && prefix.Contains(peer.address) {
			return true
		}
	}
	if direction == "in" {
		return false
	}
	// The default outbound rule of a group goes when CloudFormation adds another.
	for _, group := range h.groups {
		explicit := slices.ContainsFunc(n.rules, func(r rule) bool { return r.group == group && r.direction == "out" })
		if ours := slices.Contains(n.cluster, group); !ours || n.openEgress && !explicit {
			return true // groups of strangers are open
		}
	}
	return false
}

// connects is whether a connection from one host to another can be made.
// Security groups are stateful: answers need no rule.
func (n *network) connects(from, to host, port float64) bool {
	return n.permits(from, "out", to, port) && n.permits(to, "in", from, port)
}

// reaches is whether a host can call an AWS service by its name.
func (n *network) reaches(from host, service string) bool {
	if e := n.endpoints[service]; e != nil && e.privateDNS {
		return n.connects(from, host{"the endpoint for " + service, e.groups, netip.MustParseAddr("10.0.9.9")}, 443)
	}
	outside := host{service, nil, netip.MustParseAddr("203.0.113.9")}
	if slices.Contains(n.served, service) {
		// An endpoint of theirs: its groups are not known here.
		outside.address = netip.MustParseAddr("10.0.8.8")
	} else if !n.nat {
		return false
	}
	return n.permits(from, "out", outside, 443)
}

// members are hosts that have one of the cluster's groups each: which of them
// Lambda gives to an interface, and the cluster to a broker, must not matter. The
// address is in a range that nobody listed, as it would be in a range that the
// VPC got later.
func (n *network) members(kind string) []host {
	var out []host
	for _, group := range n.cluster {
		out = append(out, host{kind + " in " + group, []string{group}, netip.MustParseAddr("100.64.0.9")})
	}
	return out
}

// client is somebody else in the VPC, with a group of their own.
var client = host{"a client of the VPC", []string{sgClient}, netip.MustParseAddr("10.0.5.5")}

const sgClient = "sg-0123456789abcdefc"

// closed lists the flows that pollers need and the network does not let
// through: to the brokers at each port, and to each service.
func (n *network) closed(ports []float64, services []string) []string {
	var out []string
	for _, poller := range n.members("a poller") {
		for _, broker := range n.members("a broker") {
			for _, port := range ports {
				if !n.connects(poller, broker, port) {
					out = append(out, fmt.Sprintf("%s to %s:%v", poller.name, broker.name, port))
				}
			}
		}
		for _, service := range services {
			if !n.reaches(poller, service) {
				out = append(out, fmt.Sprintf("%s to %s", poller.name, service))
			}
		}
	}
	return out
}

// nobody is CDK's way to write that a group lets nothing out.
func (r rule) nobody() bool { return r.direction == "out" && r.peer == "255.255.255.255/32" }

// mutations are the network without one rule, one endpoint, or a part of one.
func (n *network) mutations() map[string]*network {
	out := map[string]*network{}
	clone := func() *network {
		c := *n
		c.rules, c.endpoints = slices.Clone(n.rules), maps.Clone(n.endpoints)
		return &c
	}
	for i, r := range n.rules {
		if r.nobody() {
			continue
		}
		without := clone()
		without.rules = slices.Delete(without.rules, i, i+1)
		out["without "+r.String()] = without
		other := clone()
		other.rules[i].from, other.rules[i].to = 22, 22
		out["with port 22 in "+r.String()] = other
		stranger := clone()
		stranger.rules[i].peer = "sg-0123456789abcdefe"
		out["with another peer in "+r.String()] = stranger
	}
	for service, e := range n.endpoints {
		without := clone()
		delete(without.endpoints, service)
		out["without the endpoint for "+service] = without
		for what, change := range map[string]func(*vpcEndpoint){
			"private DNS of": func(e *vpcEndpoint) { e.privateDNS = false },
			"the group of":   func(e *vpcEndpoint) { e.groups = nil },
		} {
			c, changed := clone(), *e
			change(&changed)
			c.endpoints[service] = &changed
			out["without "+what+" the endpoint for "+service] = c
		}
	}
	return out
}

// narrow reports every rule that is wider than one TCP port.
func (n *network) narrow(t *testing.T) {
	t.Helper()
	for _, r := range n.rules {
		if !r.nobody() && (r.protocol != "tcp" || r.from != r.to || r.from == 0) {
			t.Errorf("rule = %s, want one TCP port", r)
		}
		if r.direction == "in" && (r.peer == "" || strings.HasSuffix(r.peer, "/0")) {
			t.Errorf("rule = %s, want one group or range", r)
		}
		if !n.groups[r.group] {
			t.Errorf("rule = %s, want it of a group of the cluster or the stack", r)
		}
	}
}
