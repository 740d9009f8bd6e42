package network_test

import (
	"fmt"
	"math/rand/v2"
	"net/netip"
	"slices"

	"msklambda/constructs/network"
	"msklambda/constructs/network/flow"
)

// world is a VPC, what is wanted of it, and consumers.
type world struct {
	seed      uint64
	cloud     *cloud
	groups    []string // of the cluster, as they turn out to be
	tokens    map[string]string
	choices   network.Choices
	consumers []consumer
}

type consumer struct {
	needs  network.Needs
	poller flow.Poller
}

// kind is how the network is found out, and what is chosen of the rules.
type kind struct {
	looksUp bool
	rules   network.Rules
}

var kinds = []kind{{true, ""}, {true, ""}, {true, ""}, {true, network.RulesNone}, {true, network.RulesAll}, {true, network.RulesIngress},
	{false, ""}, {false, network.RulesIngress}, {false, network.RulesAll}, {false, network.RulesNone}}

// generator makes worlds. What is chosen in them is right: "none" of the rules
// only where all are there, "create" only where there is no endpoint, and so on.
//
// One world it does not make, since a plan refuses it: an answer that lacks the
// private DNS of an endpoint.
type generator struct {
	*rand.Rand
	w *world
}

func newWorld(seed uint64) *world {
	g := generator{rand.New(rand.NewPCG(seed, 1)), &world{seed: seed, tokens: map[string]string{}}}
	k := kinds[g.IntN(len(kinds))]
	g.w.cloud = &cloud{Network: &flow.Network{Groups: map[string]*flow.Group{}, NAT: g.flip()}, subnets: map[string]netip.Prefix{},
		ids: map[*flow.Endpoint]string{}, tags: map[*flow.Endpoint]string{}}
	g.w.choices = network.Choices{VPC: network.Known(vpc), LooksUp: k.looksUp, Rules: k.rules, Account: account, Owner: owner, Stack: owner,
		Endpoints: map[network.Service]network.Choice{}, Ranges: []string{"10.0.0.0/16"}, Retain: g.flip()}
	for i := range 1 + g.IntN(3) {
		id := fmt.Sprintf("subnet-%d", i)
		g.w.cloud.subnets[id] = netip.MustParsePrefix(fmt.Sprintf("10.0.%d.0/24", i))
		g.w.choices.Subnets = append(g.w.choices.Subnets, network.Known(id))
	}
	for i := range 1 + g.IntN(3) {
		g.w.groups = append(g.w.groups, fmt.Sprintf("sg-%d", i))
	}
	g.strangers()
	g.clusterGroups(k)
	g.access()
	g.consumers()
	for _, s := range network.Services {
		g.endpoint(k, s)
	}
	if k.looksUp {
		g.w.cloud.vague = vague{tags: g.IntN(4) == 0, egress: k.rules == "" && g.IntN(6) == 0, ranges: g.IntN(5) == 0, names: g.IntN(4) == 0, policies: g.IntN(6) == 0}
	}
	return g.w
}

func (g generator) flip() bool { return g.IntN(2) == 0 }

func pick[T any](g generator, list ...T) T { return list[g.IntN(len(list))] }

// strangers are in the VPC, and have nothing to do with the cluster.
func (g generator) strangers() {
	for _, id := range []string{"sg-stranger", "sg-client", "sg-theirs"} {
		g.w.cloud.Groups[id] = &flow.Group{Rules: []flow.Rule{flow.AllowAll()}}
	}
}

// clusterGroups have the rules that the choices rely on, and others.
func (g generator) clusterGroups(k kind) {
	full := k.rules == network.RulesNone
	for i, id := range g.w.groups {
		group := &flow.Group{}
		g.w.cloud.Groups[id] = group
		wanted := network.Known(id)
		token := g.IntN(4) == 0
		if token {
			text := fmt.Sprintf("${Token[Group.%d]}", i)
			g.w.tokens[text], wanted = id, network.Opaque(text)
		}
		g.w.choices.Groups = append(g.w.choices.Groups, wanted)
		// Outbound traffic of a group that cannot be looked up is taken to be open.
		if restricted := g.flip() && k.looksUp && k.rules == "" && !token || k.rules == network.RulesAll || full && g.flip(); !restricted {
			group.Rules = append(group.Rules, flow.AllowAll())
		} else if full {
			group.Rules = append(group.Rules, flow.Rule{Out: true, Protocol: "tcp", From: 443, To: 443, Peer: "0.0.0.0/0"},
				flow.Rule{Out: true, Protocol: "tcp", From: 9092, To: 9098, Peer: "10.0.0.0/16"})
		}
		if full {
			group.Rules = append(group.Rules, flow.Rule{Protocol: "tcp", From: 9092, To: 9098, Peer: "10.0.0.0/16"})
		}
		if k.looksUp && k.rules == "" {
			g.someRules(id, group)
		}
	}
}

// someRules are of strangers, and some of this owner, from an earlier deploy.
func (g generator) someRules(id string, group *flow.Group) {
	for range g.IntN(4) {
		port := pick(g, 9098, 9096, 443, 22)
		r := flow.Rule{Out: g.IntN(3) == 0, Protocol: pick(g, "tcp", "tcp", "udp", "-1"), From: port, To: port,
			Peer: pick(g, append(slices.Clone(g.w.groups), "10.0.0.0/16", "10.0.0.0/24", "10.0.1.0/25", "sg-stranger", "0.0.0.0/0")...),
			Note: pick(g, "", "by hand", "msklambda: pollers to brokers (Theirs)")}
		if r.Out && slices.Contains(group.Rules, flow.AllowAll()) {
			continue // a group that is open needs no other, and CloudFormation would have closed it
		}
		if r.Out && r.Peer == "0.0.0.0/0" && r.Protocol == "-1" {
			r.Protocol = "tcp"
		}
		group.Rules = append(group.Rules, r)
	}
	twice := slices.ContainsFunc(group.Rules, func(r flow.Rule) bool {
		return !r.Out && r.Protocol == "tcp" && r.From == 9098 && r.To == 9098 && r.Peer == id
	})
	if g.IntN(4) == 0 && !twice { // EC2 takes no rule twice
		group.Rules = append(group.Rules, flow.Rule{Protocol: "tcp", From: 9098, To: 9098, Peer: id, Note: network.Mark{Purpose: "pollers to brokers", Owner: owner}.String()})
	}
}

func (g generator) access() {
	c := &g.w.choices
	c.Access = pick(g, "", network.AccessPollers, network.AccessVPC)
	if g.IntN(4) == 0 {
		c.ClientGroups = network.IDs([]string{"sg-client"}, func(string) bool { return false })
	}
	if g.IntN(4) == 0 {
		c.ClientRanges = []string{"192.168.7.0/24"}
	}
}

var methods = []string{"iam", "iam", "iam", "scram", "mtls", "tls", "plaintext"}

func (g generator) consumers() {
	for i := range 1 + g.IntN(3) {
		name := fmt.Sprintf("consumer%d", i)
		p := flow.Poller{Authentication: pick(g, methods...), Provisioned: g.IntN(4) == 0, Role: roleOf(name), Account: account}
		p.Admin = !p.Provisioned && g.IntN(4) == 0
		n := network.Needs{Consumer: name, Port: p.Port(), Provisioned: p.Provisioned, Admin: p.Admin, Caller: network.Caller{Role: g.IntN(3) > 0, Here: g.flip()}}
		resource := func(to *string, arn string) network.Resource {
			*to = arn
			return network.Resource{ARN: arn, Elsewhere: g.IntN(4) == 0}
		}
		if p.Authentication == "scram" || p.Authentication == "mtls" {
			n.Secret = resource(&p.Secret, "arn:aws:secretsmanager:us-east-1:"+account+":secret:"+name)
		}
		switch destination := g.IntN(6); {
		case p.Admin: // which has none
		case destination == 0:
			n.Queue = resource(&p.Queue, "arn:aws:sqs:us-east-1:"+account+":failed"+name)
		case destination == 1:
			n.Topic = resource(&p.Topic, "arn:aws:sns:us-east-1:"+account+":failed"+name)
		case destination == 2:
			n.Bucket = resource(&p.Bucket, "arn:aws:s3:::failed"+name)
			n.Objects = network.Resource{ARN: n.Bucket.ARN + "/*", Elsewhere: n.Bucket.Elsewhere}
		}
		g.w.consumers = append(g.w.consumers, consumer{n, p})
	}
}

// endpoint chooses for a service, and makes what the choice relies on.
func (g generator) endpoint(k kind, s network.Service) {
	choice := network.Choice{Source: pick(g, "", "", network.Create, network.Existing, network.None)}
	if s == network.S3 && choice.Source == "" {
		choice.Source = network.Create
	}
	if s == network.SecretsManager && choice.Source == "" && slices.ContainsFunc(g.w.consumers, func(c consumer) bool { return c.needs.Admin && c.needs.Secret.ARN != "" }) {
		choice.Source = network.Create // without a choice, a plan may refuse it
	}
	switch choice.Source {
	case "":
		if k.looksUp && g.flip() {
			g.theirs(s)
		}
	case network.Existing:
		if s == network.S3 && g.flip() {
			g.w.cloud.Gateways = append(g.w.cloud.Gateways, "s3")
			break
		}
		e := g.add(s, "vpce-given")
		e.Groups, e.Policy = []string{"sg-theirs"}, flow.Everybody()
		g.letIn("sg-theirs")
		if g.flip() {
			choice = network.Choice{ID: network.Known("vpce-given")}
		}
	case network.None:
		g.w.cloud.NAT = true
	}
	if choice.Source == network.Create {
		choice.Statements = g.IntN(2)
	}
	if choice.Source == "" && choice.ID.IsZero() && len(g.w.cloud.Endpoints) == 0 {
		choice.Statements = g.IntN(2) // there is none that they could not be given to
	}
	if choice != (network.Choice{}) {
		g.w.choices.Endpoints[s] = choice
	}
	if s == network.STS && g.w.choices.Endpoints[network.Lambda].Source == network.None && g.w.choices.Endpoints[s].Source == network.None {
		g.w.cloud.NAT = true
	}
}

func (g generator) add(s network.Service, id string) *flow.Endpoint {
	e := &flow.Endpoint{Service: lower(s), PrivateDNS: true, Address: g.w.addresses()[0]}
	g.w.cloud.Endpoints = append(g.w.cloud.Endpoints, e)
	g.w.cloud.ids[e] = id
	return e
}

// theirs is an endpoint of somebody else, open or not.
func (g generator) theirs(s network.Service) {
	e := g.add(s, fmt.Sprintf("vpce-%d", g.IntN(100)))
	e.PrivateDNS = g.IntN(4) > 0
	e.Groups = pick(g, []string{"sg-theirs"}, []string{"sg-theirs"}, []string{"sg-theirs", "sg-client"}, []string{g.w.groups[0]}, nil)
	e.Policy = pick(g, flow.Everybody(), flow.Everybody(),
		[]flow.Statement{{Principals: []string{account}, Actions: []string{"*"}, Resources: []string{"*"}}},
		[]flow.Statement{{Principals: []string{"lambda.amazonaws.com"}, Actions: []string{"lambda:InvokeFunction", "sts:*"}, Resources: []string{"*"}}},
		append(flow.Everybody(), flow.Statement{Deny: true, Principals: []string{"lambda.amazonaws.com"}, Actions: []string{"sts:AssumeRole"}, Resources: []string{"*"}}))
	g.w.cloud.tags[e] = pick(g, "", "Theirs", "Orders2")
	if g.IntN(3) > 0 {
		g.letIn("sg-theirs")
	}
}

func (g generator) letIn(group string) {
	peers := []string{"10.0.0.0/16", "0.0.0.0/0"}
	for _, id := range g.w.groups {
		if _, opaque := g.w.tokens["${Token[Group."+id[3:]+"]}"]; !opaque {
			peers = append(peers, id)
		}
	}
	r := flow.Rule{Protocol: "tcp", From: 443, To: 443, Peer: pick(g, peers...), Note: "theirs"}
	g.w.cloud.Groups[group].Rules = append(g.w.cloud.Groups[group].Rules, r)
}
