package network_test

import (
	"fmt"
	"maps"
	"net/netip"
	"slices"
	"strings"
	"testing"

	"msklambda/constructs/doctor"
	"msklambda/constructs/network/flow"
)

// The doctor says of a network what a walk through it says: of each that is planned
// here, and of each that lacks one of its parts, in which it finds the part.

// factsOf is what the doctor would read of a cloud, and of one consumer in it. The
// cloud has no subnets for packets to be in, and the doctor sees them with routes and
// ACLs, so that the two ways to the verdict differ.
func (w *world) factsOf(c *cloud, consumer consumer) *doctor.Facts {
	p := consumer.poller
	cluster := &doctor.Cluster{ARN: "arn:aws:kafka:us-east-1:" + account + ":cluster/c/0c1f2e3d-4b5a-6978-8796-a5b4c3d2e1f0-3", State: "ACTIVE", TLS: true, Plaintext: true, Groups: w.groups}
	m := doctor.Mapping{UUID: "u", State: "Enabled", Source: cluster.ARN, Function: "arn:aws:lambda:us-east-1:" + account + ":function:f", Topic: "t", Group: "g", Provisioned: p.Provisioned,
		Secret: p.Secret, OnFailure: p.Queue + p.Topic + p.Bucket}
	switch p.Authentication {
	case "iam":
		cluster.IAM = true
	case "scram", "mtls":
		m.Method = p.Authentication
	case "tls":
		cluster.Nobody = true
	case "plaintext":
		cluster.Nobody, cluster.TLS = true, false
	}
	f := &doctor.Facts{Account: account, Region: "us-east-1", Partition: "aws", Mapping: m, Cluster: doctor.Told(cluster), VPC: doctor.Told(doctor.VPC{ID: vpc, DNSSupport: true, DNSHosts: true}),
		Subnets: map[string]doctor.Fact[doctor.Subnet]{}, Groups: map[string]doctor.Fact[[]flow.Rule]{}, Function: doctor.Told(&doctor.Function{Role: p.Role})}
	routes := []doctor.Route{{To: "10.0.0.0/16", Target: "local"}}
	if c.NAT {
		routes = append(routes, doctor.Route{To: "0.0.0.0/0", Target: "nat-1"})
	}
	var endpoints []doctor.Endpoint
	for i, e := range c.Endpoints {
		told := doctor.Endpoint{ID: fmt.Sprintf("vpce-%d", i), Service: e.Service, State: "available", PrivateDNS: e.PrivateDNS, Groups: e.Groups, Policy: policyOf(e.Policy)}
		for id, prefix := range c.subnets {
			if prefix.Contains(e.Address) {
				told.Subnets = []string{id}
			}
		}
		endpoints = append(endpoints, told)
	}
	for i, service := range c.Gateways {
		id := fmt.Sprintf("vpce-gateway%d", i)
		endpoints = append(endpoints, doctor.Endpoint{ID: id, Service: service, Gateway: true, State: "available"})
		routes = append(routes, doctor.Route{To: "pl-" + service, Target: id})
	}
	f.Endpoints = doctor.Told(endpoints)
	for id, g := range c.Groups {
		f.Groups[id] = doctor.Told(g.Rules)
	}
	for id, prefix := range c.subnets {
		cluster.Subnets = append(cluster.Subnets, id)
		f.Subnets[id] = doctor.Told(doctor.Subnet{Range: prefix, Routes: doctor.Told(routes), ACL: doctor.Told(flow.AllowEverything())})
	}
	return f
}

// open is what a walk says of the hops of a consumer.
func (w *world) open(c *cloud, p flow.Poller) map[string]bool {
	out := map[string]bool{"brokers": true}
	for _, poller := range w.pollers() {
		for _, broker := range w.pollers() {
			out["brokers"] = out["brokers"] && c.Connects(poller, broker, p.Port())
		}
		for _, call := range p.Calls() {
			if _, ok := out[call.Service]; !ok {
				out[call.Service] = true
			}
			out[call.Service] = out[call.Service] && c.Refuses(poller, call) == ""
		}
	}
	return out
}

// causes are what the doctor must call the part that a network lacks, by what
// [flow.Network.Mutations] calls it.
var causes = map[string][]doctor.Cause{
	"without the endpoint for":                {doctor.NoWay, doctor.PrivateDNSOff},
	"without private DNS of the endpoint for": {doctor.PrivateDNSOff, doctor.NoWay},
	"without the group of the endpoint for":   {doctor.GroupIn},
	"without the policy of the endpoint for":  {doctor.EndpointPolicy},
}

func TestTheDoctorAgreesWithAWalk(t *testing.T) {
	every, some := uint64(25), uint64(1) // networks with each of their parts missing are many
	if testing.Short() {
		every, some = 400, 40
	}
	hops, mutants, named := map[string]int{}, 0, 0
	each(t, func(p *planned) error {
		if p.seed%some != 0 {
			return nil
		}
		judge := func(what string, c *cloud, before map[string]bool) error {
			for _, consumer := range p.consumers {
				report, walked := doctor.Diagnose(p.factsOf(c, consumer)), p.open(c, consumer.poller)
				for hop, open := range walked {
					got, want := report.Hop(hop), doctor.Blocked
					if open {
						want = doctor.Open
					}
					hops[hop+" "+string(want)]++
					if got == nil || got.State != want {
						return fmt.Errorf("%s, %s of %s: the doctor says %+v, and the walk %s", what, hop, consumer.needs.Consumer, got, want)
					}
					for part, wanted := range causes {
						service, ok := strings.CutPrefix(what, part)
						if !ok || open || !before[consumer.needs.Consumer+strings.TrimSpace(service)] || hop != strings.TrimSpace(service) {
							continue
						}
						named++
						if !slices.ContainsFunc(wanted, func(cause doctor.Cause) bool { return report.Has(hop, cause) }) && !report.Has(hop, doctor.GroupOut) {
							return fmt.Errorf("%s: the doctor says %+v, want one of %q", what, got, wanted)
						}
					}
				}
			}
			return nil
		}
		if err := judge("as planned", p.after, nil); err != nil || p.seed%every != 0 {
			return err
		}
		before := map[string]bool{}
		for _, consumer := range p.consumers {
			for hop, open := range p.open(p.after, consumer.poller) {
				before[consumer.needs.Consumer+hop] = open
			}
		}
		for what, n := range p.after.Mutations() {
			mutants++
			c := p.after.clone()
			c.Network = n
			if err := judge(what, c, before); err != nil {
				return err
			}
		}
		return nil
	})
	t.Logf("%d networks that lack a part, %d hops closed by that of an endpoint: %v", mutants, named, hops)
	if testing.Short() {
		return
	}
	for _, hop := range []string{"brokers", "lambda", "sts", "secretsmanager", "sqs", "sns", "s3"} {
		for _, state := range []doctor.State{doctor.Open, doctor.Blocked} {
			if n := hops[hop+" "+string(state)]; n < 10 {
				t.Errorf("%s is %s %d times, want more", hop, state, n)
			}
		}
	}
	if mutants < 1000 || named < 100 {
		t.Errorf("%d networks lack a part, and %d hops are closed by an endpoint's, want more", mutants, named)
	}
}

// Brokers in several subnets are behind their network ACLs.
func TestTheDoctorReadsNetworkACLs(t *testing.T) {
	all := worlds()
	i := slices.IndexFunc(all, func(p *planned) bool {
		return len(p.cloud.subnets) > 1 && p.open(p.after, p.consumers[0].poller)["brokers"]
	})
	p := all[i]
	port := p.consumers[0].poller.Port()
	vpc := netip.MustParsePrefix("10.0.0.0/8")
	there := []flow.Entry{{Number: 1, Protocol: "tcp", From: port, To: port, Range: vpc}, {Number: 1, Out: true, Protocol: "tcp", From: port, To: port, Range: vpc}}
	back := append(slices.Clone(there), flow.Entry{Number: 2, Protocol: "tcp", From: 1024, To: 65535, Range: vpc}, flow.Entry{Number: 2, Out: true, Protocol: "tcp", From: 1024, To: 65535, Range: vpc})
	for name, test := range map[string]struct {
		acl  []flow.Entry
		want doctor.State
	}{"nothing": {[]flow.Entry{}, doctor.Blocked}, "everything": {flow.AllowEverything(), doctor.Open}, "no answers": {there, doctor.Blocked}, "there and back": {back, doctor.Open}} {
		f := p.factsOf(p.after, p.consumers[0])
		for id, s := range f.Subnets {
			s.Value.ACL = doctor.Told(test.acl)
			f.Subnets[id] = s
		}
		hop := doctor.Diagnose(f).Hop("brokers")
		if hop.State != test.want {
			t.Errorf("%s: %+v, want %s", name, hop, test.want)
		}
		delete(f.Subnets, slices.Sorted(maps.Keys(f.Subnets))[0])
		f.Subnets["subnet-0"] = doctor.NotKnown[doctor.Subnet]("ec2:DescribeSubnets was refused")
		if hop := doctor.Diagnose(f).Hop("brokers"); hop.State == doctor.Open {
			t.Errorf("%s, a subnet not known: %+v", name, hop)
		}
	}
}
