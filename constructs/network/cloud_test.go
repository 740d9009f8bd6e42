package network_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/netip"
	"slices"
	"strings"

	"msklambda/constructs/network"
	"msklambda/constructs/network/flow"
)

const (
	account = "111122223333"
	owner   = "Orders" // of what is planned
	vpc     = "vpc-1"
)

// cloud is a VPC as EC2 has it, with what its APIs tell beside: ids and tags of
// endpoints, and in the notes of rules their descriptions.
type cloud struct {
	*flow.Network
	ids     map[*flow.Endpoint]string
	tags    map[*flow.Endpoint]string
	subnets map[string]netip.Prefix
	vague   vague
	memory  network.Memory

	// edited are marks that somebody changed.
	edited bool
}

// vague is what the answers do not tell.
type vague struct{ tags, egress, ranges, names, policies bool }

func (c *cloud) clone() *cloud {
	out := &cloud{Network: c.Network.Clone(), ids: map[*flow.Endpoint]string{}, tags: map[*flow.Endpoint]string{}, subnets: c.subnets, vague: c.vague, memory: c.memory, edited: c.edited}
	for i, e := range c.Endpoints {
		out.ids[out.Endpoints[i]], out.tags[out.Endpoints[i]] = c.ids[e], c.tags[e]
	}
	return out
}

// answer gives what is asked until nothing is. A question that is asked again is
// one too many.
func (c *cloud) answer(n *network.Network, consumers ...network.Needs) {
	asked := map[network.Question]bool{}
	for questions := n.Asks(consumers...); len(questions) > 0; questions = n.Asks(consumers...) {
		for _, q := range questions {
			if asked[q] {
				panic(fmt.Sprintf("%+v is asked again", q))
			}
			asked[q] = true
			n.Learn(c.tell(q))
		}
	}
}

func (c *cloud) tell(q network.Question) network.Facts {
	switch q.Kind {
	case network.AboutMemory:
		return network.Facts{Memory: network.Told(c.memory)}
	case network.AboutSubnet:
		subnet := network.Subnet{VPC: network.Told(vpc), Zone: network.Told(q.ID), Range: network.Told(c.subnets[q.ID].String())}
		if c.vague.ranges {
			subnet.Range = network.Unknown[string]()
		}
		return network.Facts{Subnets: map[string]network.Fact[network.Subnet]{q.ID: network.Told(subnet)}}
	case network.AboutGroup:
		g := network.Group{VPC: network.Told(vpc), Ingress: network.Told(c.rules(q.ID, false)), Egress: network.Told(c.rules(q.ID, true)), EndpointsOf: network.Told("")}
		if q.ID == endpointGroup {
			g.EndpointsOf = network.Told(owner)
		}
		if c.vague.names {
			g.EndpointsOf = network.Unknown[string]()
		}
		if c.vague.egress {
			g.Egress = network.Unknown[[]network.Rule]()
		}
		return network.Facts{Groups: map[string]network.Fact[network.Group]{q.ID: network.Told(g)}}
	case network.AboutVPC:
		return network.Facts{VPC: network.Told(network.VPC{DNSSupport: network.Told(true), DNSHostnames: network.Told(true)})}
	}
	var endpoints []network.Endpoint
	for _, e := range c.Endpoints {
		if e.Service != lower(q.Service) {
			continue
		}
		told := network.Endpoint{ID: c.ids[e], PrivateDNS: network.Told(e.PrivateDNS), Groups: network.Told(slices.Sorted(slices.Values(e.Groups))),
			Policy: network.Told(policyOf(e.Policy)), Mark: network.Told(c.tags[e])}
		if c.edited && c.tags[e] == owner {
			told.Mark = network.Told("Renamed")
		}
		if c.vague.tags {
			told.Mark = network.Unknown[string]()
		}
		if c.vague.policies {
			told.Policy = network.Unknown[any]()
		}
		endpoints = append(endpoints, told)
	}
	return network.Facts{Endpoints: map[network.Service]network.Fact[[]network.Endpoint]{q.Service: network.Told(endpoints)}}
}

func (c *cloud) rules(group string, out bool) []network.Rule {
	rules := []network.Rule{}
	for _, r := range c.Groups[group].Rules {
		if r.Out != out {
			continue
		}
		told := network.Rule{Protocol: r.Protocol, From: r.From, To: r.To, Mark: network.ParseMark(r.Note)}
		if c.edited && told.Mark.Owner == owner {
			told.Mark = network.Mark{}
		}
		if strings.HasPrefix(r.Peer, "sg-") {
			told.Group = r.Peer
		} else {
			told.Range = r.Peer
		}
		rules = append(rules, told)
	}
	return rules
}

// policyOf is a policy as an API has it.
func policyOf(statements []flow.Statement) any {
	list := []any{}
	for _, s := range statements {
		principal := map[string]any{}
		for _, p := range s.Principals {
			kind := "AWS"
			if strings.HasSuffix(p, ".amazonaws.com") {
				kind = "Service"
			}
			principal[kind] = p
		}
		effect := "Allow"
		if s.Deny {
			effect = "Deny"
		}
		list = append(list, map[string]any{"Effect": effect, "Principal": principal, "Action": s.Actions, "Resource": s.Resources})
	}
	text, err := json.Marshal(map[string]any{"Statement": list})
	if err != nil {
		panic(err) // texts
	}
	var out any
	if err := json.Unmarshal(text, &out); err != nil {
		panic(err)
	}
	return out
}

// deployment is what CloudFormation has to make: a plan, or a part of one.
type deployment struct {
	group      *network.EndpointGroup
	endpoints  []network.PlannedEndpoint
	admissions []network.Admission
	rules      []network.PlannedRule
}

func whole(p network.Plan) deployment {
	return deployment{p.Group, p.Endpoints, p.Admissions, p.Rules}
}

const endpointGroup = "sg-endpoints"

// deploy makes what a plan has, over what the last deploy of the same owner left.
func (w *world) deploy(d deployment) *cloud {
	c := w.cloud.clone()
	for _, g := range c.Groups {
		g.Rules = slices.DeleteFunc(g.Rules, func(r flow.Rule) bool { return network.ParseMark(r.Note).Owner == owner })
	}
	c.Endpoints = slices.DeleteFunc(c.Endpoints, func(e *flow.Endpoint) bool { return c.tags[e] == owner })
	delete(c.Groups, endpointGroup)
	if d.group != nil {
		g := &flow.Group{}
		for _, admitted := range d.group.In {
			peer := admitted.Peer.Range
			if peer == "" {
				peer = w.resolve(admitted.Peer.Group)
			}
			g.Rules = append(g.Rules, flow.Rule{Protocol: "tcp", From: 443, To: 443, Peer: peer, Note: admitted.Mark.String()})
		}
		c.Groups[endpointGroup] = g
	}
	for i, planned := range d.endpoints {
		if planned.Source != network.Create {
			continue
		}
		e := &flow.Endpoint{Service: lower(planned.Service), PrivateDNS: true, Groups: []string{endpointGroup}, Address: w.addresses()[0]}
		for _, s := range planned.Policy {
			e.Policy = append(e.Policy, w.statement(s, ""))
		}
		for _, a := range d.admissions {
			if a.Service == planned.Service {
				e.Policy = append(e.Policy, w.statement(a.Statement, a.Consumer))
			}
		}
		c.Endpoints = append(c.Endpoints, e)
		c.ids[e], c.tags[e] = fmt.Sprintf("vpce-own%d", i), owner
	}
	for _, r := range d.rules {
		peer := r.Peer.Range
		switch {
		case r.Peer.Endpoints:
			peer = endpointGroup
		case peer == "":
			peer = w.resolve(r.Peer.Group)
		}
		c.Add(w.resolve(r.Group), flow.Rule{Out: r.Out, Protocol: "tcp", From: r.Port, To: r.Port, Peer: peer, Note: r.Mark.String()})
	}
	return c
}

func (w *world) statement(s network.Statement, consumer string) flow.Statement {
	principal := string(s.Principal)
	switch s.Principal {
	case network.Everybody:
		principal = "*"
	case network.TheAccount:
		principal = account
	case network.TheRole:
		principal = "a role that cannot be named"
		for _, c := range w.consumers {
			if c.needs.Consumer == consumer && c.needs.Caller.Role && c.needs.Caller.Here {
				principal = roleOf(consumer)
			}
		}
	}
	out := flow.Statement{Principals: []string{principal}, Actions: []string{s.Action}, Resources: []string{s.Resource}}
	if s.OwnResources {
		out.Accounts = []string{account}
	}
	return out
}

func roleOf(consumer string) string { return "arn:aws:iam::" + account + ":role/" + consumer }

// resolve is what an id turns out to be at the deploy.
func (w *world) resolve(id network.ID) string {
	if id.IsOpaque() {
		return w.tokens[id.Text()]
	}
	return id.Text()
}

// addresses are two of each broker subnet, from both of its ends.
func (w *world) addresses() (out []netip.Addr) {
	for _, id := range slices.Sorted(maps.Keys(w.cloud.subnets)) {
		first := w.cloud.subnets[id].Addr().As4()
		out = append(out, netip.AddrFrom4(first).Next(), netip.AddrFrom4([4]byte{first[0], first[1], first[2], 254}))
	}
	return out
}
