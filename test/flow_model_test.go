package test

import (
	"fmt"
	"maps"
	"net/netip"
	"slices"
	"strings"
	"testing"

	"msklambda/constructs/network/flow"
)

const (
	sgClient = "sg-0123456789abcdefc"
	sgTheirs = "sg-0123456789abcdef8" // of endpoints of somebody else
)

// deployed is what a deployed stack would be to EC2: groups with their rules and
// endpoints, together with the cluster's groups as they were before. Groups of the
// stack are called by the JSON of the reference to them, as every rule and endpoint
// calls them.
type deployed struct {
	*flow.Network
	cluster []string
	defined []string // groups of the stack
}

// networkOf reads the network of a template. The cluster's groups had EC2's default
// rule, which allows everything outbound, or were restricted to nothing at all.
func networkOf(tpl *template, cluster []string, openEgress bool) *deployed {
	n := &deployed{&flow.Network{Groups: map[string]*flow.Group{}}, cluster, nil}
	open := func() *flow.Group { return &flow.Group{Rules: []flow.Rule{flow.AllowAll()}} }
	for _, id := range cluster {
		if n.Groups[id] = (&flow.Group{}); openEgress {
			n.Groups[id] = open()
		}
	}
	n.Groups[sgClient] = open() // groups of strangers are open
	paths := slices.Sorted(maps.Keys(tpl.Resources))
	for _, path := range paths {
		if r := tpl.Resources[path]; r.Type == "AWS::EC2::SecurityGroup" {
			id := asJSON(map[string]any{"Fn::GetAtt": []any{r.ID, "GroupId"}})
			n.Groups[id], n.defined = &flow.Group{}, append(n.defined, id)
			for property, out := range map[string]bool{"SecurityGroupIngress": false, "SecurityGroupEgress": true} {
				list, _ := r.Properties[property].([]any)
				for _, each := range list {
					n.Groups[id].Rules = append(n.Groups[id].Rules, ruleOf(path, out, each.(map[string]any)))
				}
			}
		}
	}
	for _, path := range paths {
		r := tpl.Resources[path]
		switch r.Type {
		case "AWS::EC2::SecurityGroupIngress", "AWS::EC2::SecurityGroupEgress":
			group := oneText(r.Properties["GroupId"])
			if n.Groups[group] == nil {
				tpl.T.Errorf("%s is a rule of %s, want it of a group of the cluster or the stack", path, group)
				continue
			}
			n.Add(group, ruleOf(path, r.Type == "AWS::EC2::SecurityGroupEgress", r.Properties))
		case "AWS::EC2::VPCEndpoint":
			n.Endpoints = append(n.Endpoints, endpointOf(tpl, r))
		}
	}
	return n
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

func ruleOf(path string, out bool, p map[string]any) flow.Rule {
	number := func(v any) int { f, _ := v.(float64); return int(f) }
	r := flow.Rule{Out: out, Protocol: oneText(p["IpProtocol"]), From: number(p["FromPort"]), To: number(p["ToPort"]), Note: path}
	for _, key := range []string{"SourceSecurityGroupId", "DestinationSecurityGroupId", "CidrIp", "CidrIpv6", "SourcePrefixListId", "DestinationPrefixListId"} {
		if text := oneText(p[key]); text != "" {
			r.Peer = text
		}
	}
	return r
}

func endpointOf(tpl *template, r *resource) *flow.Endpoint {
	p := r.Properties
	service := oneText(p["ServiceName"])
	e := &flow.Endpoint{Service: service[strings.LastIndex(service, ".")+1:], PrivateDNS: p["PrivateDnsEnabled"] == true, Address: netip.MustParseAddr("10.0.9.9")}
	for _, group := range p["SecurityGroupIds"].([]any) {
		e.Groups = append(e.Groups, oneText(group))
	}
	for _, subnet := range p["SubnetIds"].([]any) {
		e.Subnets = append(e.Subnets, oneText(subnet))
	}
	for _, each := range p["PolicyDocument"].(map[string]any)["Statement"].([]any) {
		e.Policy = append(e.Policy, flowStatement(tpl, each.(map[string]any)))
	}
	return e
}

// flowStatement reads a statement of an endpoint's policy. A role of the stack is
// called by the reference to it, an account by its number.
func flowStatement(tpl *template, s map[string]any) flow.Statement {
	texts := func(v any) []string {
		if v == nil {
			return nil
		}
		if list, ok := v.([]any); ok {
			var out []string
			for _, each := range list {
				out = append(out, oneText(each))
			}
			return out
		}
		return []string{oneText(v)}
	}
	out := flow.Statement{Deny: s["Effect"] != "Allow", Actions: texts(s["Action"]), Resources: texts(s["Resource"])}
	switch principal := s["Principal"].(type) {
	case string:
		out.Principals = []string{principal}
	case map[string]any:
		for _, kind := range []string{"AWS", "Service"} {
			for _, text := range texts(principal[kind]) {
				if i := strings.Index(text, `:iam::`); i > 0 && strings.HasSuffix(text, `:root"]]}`) {
					text = text[i+len(`:iam::`) : i+len(`:iam::`)+12]
				}
				out.Principals = append(out.Principals, text)
			}
		}
	}
	if condition, ok := s["Condition"]; ok {
		tpl.T.Errorf("a statement has the condition %s, which these flows do not know", asJSON(condition))
	}
	return out
}

// members are hosts that have one of the cluster's groups each. The address is in
// a range that nobody listed, as it would be in a range that the VPC got later.
func (n *deployed) members(kind string) []flow.Host {
	return flow.Members(kind, n.cluster, netip.MustParseAddr("100.64.0.9"))
}

// client is somebody else in the VPC, with a group of their own.
var client = flow.Host{Name: "a client of the VPC", Groups: []string{sgClient}, Address: netip.MustParseAddr("10.0.5.5")}

// closed lists the flows that pollers need and the network does not let through:
// to the brokers, and to each service.
func (n *deployed) closed(network *flow.Network, pollers ...flow.Poller) []string {
	var out []string
	for _, host := range n.members("a poller") {
		for _, poller := range pollers {
			for _, broker := range n.members("a broker") {
				if !network.Connects(host, broker, poller.Port()) {
					out = append(out, fmt.Sprintf("%s to %s:%d", host.Name, broker.Name, poller.Port()))
				}
			}
			for _, call := range poller.Calls() {
				if why := network.Refuses(host, call); why != "" {
					out = append(out, fmt.Sprintf("%s to %s: %s", host.Name, call.Service, why))
				}
			}
		}
	}
	return out
}

// services are those that have an endpoint of the stack.
func (n *deployed) services() (out []string) {
	for _, e := range n.Endpoints {
		if !slices.Contains(e.Groups, sgTheirs) {
			out = append(out, e.Service)
		}
	}
	slices.Sort(out)
	return out
}

// serve gives services an endpoint of somebody else's, which lets the cluster's
// groups in.
func (n *deployed) serve(services ...string) {
	n.Groups[sgTheirs] = &flow.Group{Rules: []flow.Rule{{Protocol: "tcp", From: 443, To: 443, Peer: "0.0.0.0/0", Note: "theirs"}}}
	for _, s := range services {
		n.Endpoints = append(n.Endpoints, &flow.Endpoint{Service: s, PrivateDNS: true, Groups: []string{sgTheirs}, Address: netip.MustParseAddr("10.0.8.8"), Policy: flow.Everybody()})
	}
}

// wantNarrow reports every rule of the stack that is wider than one TCP port.
func (n *deployed) wantNarrow(t *testing.T) {
	t.Helper()
	alone := n.Clone()
	delete(alone.Groups, sgTheirs)
	delete(alone.Groups, sgClient)
	for _, id := range n.cluster {
		g := alone.Groups[id]
		g.Rules = slices.DeleteFunc(g.Rules, func(r flow.Rule) bool { return r == flow.AllowAll() })
	}
	for _, wide := range alone.Narrow() {
		t.Error(wide)
	}
}
