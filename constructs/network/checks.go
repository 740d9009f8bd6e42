package network

import (
	"fmt"

	"msklambda/constructs/notice"
	"msklambda/constructs/problem"
)

// Check reports what is there and stands in the way of a consumer. While answers
// are still to come it is not the last word.
func (n *Network) Check(needs Needs) (ps problem.List) {
	if n.choices.Connected {
		return nil
	}
	services := n.services(needs)
	for _, s := range services {
		if found, ok := n.find(s); ok && n.choices.Endpoints[s].Statements > 0 {
			ps.Add(s.Field()+".Statements", "needs an endpoint that is defined here, and %s has %s: give the statements to that one", n.choices.VPC, found.ID)
		}
	}
	if n.defines(services) {
		n.checkDNS(&ps)
	}
	return ps
}

func (n *Network) defines(services []Service) bool {
	for _, s := range services {
		if n.source(s) == Create {
			return true
		}
	}
	return false
}

// checkDNS wants what private DNS does, where an endpoint is to be defined. What
// is not told EC2 says at the deploy.
func (n *Network) checkDNS(ps *problem.List) {
	vpc, _ := n.facts.VPC.Get()
	for _, setting := range []struct {
		on                     bool
		property, name, option string
	}{
		{vpc.DNSSupport.Or(true), "EnableDnsSupport", "DNS resolution", "--enable-dns-support"},
		{vpc.DNSHostnames.Or(true), "EnableDnsHostnames", "DNS hostnames", "--enable-dns-hostnames"},
	} {
		if !setting.on {
			ps.Add("VPCID", "must be a VPC with %s on, which the private DNS of endpoints needs, got %s false for %s: turn it on in the VPC console (Actions, Edit VPC settings), or by\n  "+
				"aws ec2 modify-vpc-attribute --vpc-id %s %s\n  or define no endpoint: Source %q where the subnets have a NAT gateway",
				setting.name, setting.property, n.choices.VPC, n.choices.VPC, setting.option, None)
		}
	}
}

// checkUsed warns where an endpoint that was found would not let the pollers of a
// consumer through. It is a warning, as not all that could let them through is
// read.
func (n *Network) checkUsed(step *Step, needs Needs, s Service) {
	e, ok := n.used[s]
	if !ok {
		return
	}
	data := func(more notice.Data) notice.Data {
		d := notice.Data{"endpoint": s.Field(), "id": e.ID, "vpc": n.choices.VPC}
		for name, value := range more {
			d[name] = value
		}
		return d
	}
	n.note(step, notice.ExistingEndpoint.With(data(nil)))
	for _, c := range needs.calls(s) {
		seen := c.asPolicySees(n.choices.Account)
		if verdict := seen.Judge(e.Policy.Or(nil)); verdict.Why != "" {
			n.warn(step, notice.EndpointPolicy.With(data(notice.Data{"why": verdict.Why, "statement": seen.Statement()})))
		}
	}
	var rules []Rule
	groups := e.Groups.Or(nil)
	for _, id := range groups {
		g, _ := n.facts.Groups[id].Get()
		rules = append(rules, g.Ingress.Or(nil)...) // this owner's too, which do let them through
	}
	// The pollers have all of the cluster's groups, so one is enough.
	if covers(rules, 443, n.choices.Groups, n.ranges()) != Yes {
		group := ""
		if len(groups) > 0 {
			group = groups[0]
		}
		n.warn(step, notice.EndpointGroups.With(data(notice.Data{"groups": fmt.Sprintf("%q", groups), "group": group, "from": n.choices.Groups[0]})))
	}
}

// warnOfDestination says what AWS leaves open for provisioned pollers. It looks at
// what was chosen alone: what other consumers found is no choice for this one.
func (n *Network) warnOfDestination(step *Step, needs Needs) {
	if s := needs.destination(); s != "" && needs.Provisioned && !n.choices.chosen(s) {
		step.Warnings = append(step.Warnings, notice.DestinationEndpoint.With(notice.Data{"endpoint": s.Field()}))
	}
}

// warn says a warning of the cluster, once.
func (n *Network) warn(step *Step, w notice.Notice) {
	if text := w.ID + w.String(); !n.said[text] {
		n.said[text] = true
		step.Warnings = append(step.Warnings, w)
	}
}

// note says a note of the cluster, once.
func (n *Network) note(step *Step, w notice.Notice) {
	if text := w.ID + w.String(); !n.said[text] {
		n.said[text] = true
		step.Notes = append(step.Notes, w)
	}
}
