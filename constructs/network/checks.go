package network

import (
	"fmt"
	"strings"

	"msklambda/constructs/notice"
	"msklambda/constructs/policy"
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
		found, ok := n.find(s)
		if ok && n.choices.Endpoints[s].Statements > 0 {
			ps.Add(s.Field()+".Statements", "needs an endpoint that is defined here, and %s has %s: give the statements to that one", n.vpc(), found.ID)
		}
		if e, unsure := n.unsure(s); unsure {
			ps.Add(s.Field()+".Source", "must be given: the look-up did not tell whether %s, which %s has, has private DNS: %q where it has, %q where it has not",
				e.ID, n.vpc(), Existing, Create)
		}
	}
	n.checkSecret(&ps, needs)
	if n.resolves(services) {
		n.checkDNS(&ps)
	}
	n.checkPlace(&ps, services)
	return ps
}

// checkSecret wants a way to the secret of the admin function. It is for people who
// look after a cluster, so it takes over nobody's calls of a service unless that was
// chosen.
func (n *Network) checkSecret(ps *problem.List, needs Needs) {
	if !needs.Admin || !needs.Secret.isThere() {
		return
	}
	_, decided := n.decided[SecretsManager]
	if decided || n.choices.chosen(SecretsManager) || n.source(SecretsManager) != Create {
		return
	}
	ps.Add(SecretsManager.Field()+".Source", "is required of the cluster for the secret of the admin function, which it reads from the subnets of the brokers: "+
		"%q where %s has an endpoint for Secrets Manager, %q where they have a NAT gateway, or %q, which takes over all calls of Secrets Manager in the VPC",
		Existing, n.vpc(), None, Create)
}

// checkPlace wants a place in which the endpoints that are defined can be.
func (n *Network) checkPlace(ps *problem.List, services []Service) {
	var created []string
	for _, s := range services {
		if n.source(s) == Create {
			created = append(created, string(s))
		}
	}
	if len(created) == 0 {
		return
	}
	if owner := n.choices.VPCOwner; owner != "" {
		ps.Add("VPC", "must be of the stack's account for an endpoint for %s to be defined in it, got one of the account %s, which alone can define endpoints there: "+
			"have it do so and set Source %q, or %q where the subnets have a NAT gateway", strings.Join(created, " and "), owner, Existing, None)
	}
	if !n.choices.DualStack {
		return
	}
	var without []string
	for _, id := range n.choices.Subnets {
		subnet, _ := n.facts.Subnets[id.text].Get()
		if !subnet.IPv6.Or(true) {
			without = append(without, id.text)
		}
	}
	if len(without) > 0 {
		ps.Add("EndpointIPAddressType", "must be IPV4 where a subnet has no IPv6 range, got DUALSTACK with %s, which has none", strings.Join(without, " and "))
	}
}

// resolves reports whether some service is reached by the private DNS of an
// endpoint, defined here or there already.
func (n *Network) resolves(services []Service) bool {
	for _, s := range services {
		if n.source(s) != None {
			return true
		}
	}
	return false
}

// CheckCluster reports what the answers tell of the network itself that cannot be,
// whatever a consumer needs.
func (n *Network) CheckCluster() (ps problem.List) {
	zones := map[string]string{}
	for _, id := range n.choices.Subnets {
		subnet, _ := n.facts.Subnets[id.text].Get()
		if vpc, ok := subnet.VPC.Get(); ok && n.choices.VPC.Is(Known(vpc)) == No {
			ps.Add("SubnetIDs", "must be of the VPC %s, got %s, which is of %s", n.vpc(), id, vpc)
		}
		zone, ok := subnet.Zone.Get()
		if !ok {
			continue
		}
		if other := zones[zone]; other != "" {
			ps.Add("SubnetIDs", "must each be in a zone of its own, got %s and %s, which are both in %s", other, id, zone)
		}
		zones[zone] = id.text
	}
	for _, id := range n.choices.Groups {
		group, _ := n.facts.Groups[id.text].Get()
		if vpc, ok := group.VPC.Get(); ok && n.choices.VPC.Is(Known(vpc)) == No {
			ps.Add("SecurityGroupIDs", "must be of the VPC %s, got %s, which is of %s", n.vpc(), id, vpc)
		}
	}
	return ps
}

// checkDNS wants what private DNS does, where an endpoint is defined or used. What
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
				setting.name, setting.property, n.vpc(), n.vpc(), setting.option, None)
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
		d := notice.Data{"endpoint": s.Field(), "id": e.ID, "vpc": n.vpc()}
		for name, value := range more {
			d[name] = value
		}
		return d
	}
	n.note(step, notice.ExistingEndpoint.With(data(nil)))
	if mark := e.Mark.Or(""); mark != "" && !n.isOwner(mark) {
		n.warn(step, notice.OfAnotherStack.For(s.Field(), notice.Data{"what": s.Field() + " " + e.ID, "owner": mark}))
	}
	n.checkPolicy(step, needs, s, data)
	groups, told := e.Groups.Get()
	if !told || len(groups) == 0 {
		known := "which the look-up did not tell"
		if told {
			known = "of which it has none"
		}
		n.warn(step, notice.EndpointGroups.With(data(notice.Data{"groups": known, "do": fmt.Sprintf("See that it has one that lets TCP 443 in from %s.", n.choices.Groups[0])})))
		return
	}
	var rules []Rule
	for _, id := range groups {
		g, _ := n.facts.Groups[id].Get()
		rules = append(rules, g.Ingress.Or(nil)...) // this owner's too, which do let them through
	}
	// The pollers have all of the cluster's groups, so one is enough.
	if covers(rules, 443, n.choices.Groups, n.ranges()) != Yes {
		n.warn(step, notice.EndpointGroups.With(data(notice.Data{"groups": fmt.Sprintf("%q", groups), "do": fmt.Sprintf(
			"Have one added:\naws ec2 authorize-security-group-ingress --group-id %s --protocol tcp --port 443 --source-group %s", groups[0], n.choices.Groups[0])})))
	}
}

// checkPolicy warns where the policy of an endpoint that was found would not
// surely let the pollers through.
func (n *Network) checkPolicy(step *Step, needs Needs, s Service, data func(notice.Data) notice.Data) {
	document, told := n.used[s].Policy.Get()
	for _, c := range needs.calls(s) {
		seen := c.asPolicySees(n.choices.Account)
		if !told {
			n.warn(step, notice.EndpointPolicy.With(data(notice.Data{"finding": "the look-up did not tell its policy",
				"do": "See that it has this, or is EC2's default: " + seen.Statement()})))
			continue
		}
		verdict := seen.Judge(document)
		finding, do := "its policy would not let the pollers through: ", "Have this added to it: "+seen.Statement()
		switch verdict.Outcome {
		case policy.Allowed:
			continue
		case policy.Unsure:
			finding = "its policy may not let the pollers through: "
		case policy.Denied:
			do = "Have that statement changed, or see that its condition does not hold for the pollers: no further statement helps."
		}
		n.warn(step, notice.EndpointPolicy.With(data(notice.Data{"finding": finding + verdict.Why, "do": do})))
	}
}

// usual are the quotas that an account has by default.
const (
	usualRules     = 60 // of a security group, in and out each
	usualEndpoints = 50 // of a VPC
)

// checkQuotas warns where what is planned, with what is there, is more than an
// account may have by default.
func (n *Network) checkQuotas(step *Step) {
	for _, id := range n.choices.Groups {
		for _, out := range []bool{false, true} {
			g, _ := n.facts.Groups[id.text].Get()
			there := g.Ingress
			if out {
				there = g.Egress
			}
			rules, known := there.Get()
			count := len(n.foreign(rules))
			for _, r := range n.plan.Rules {
				if r.Group == id && r.Out == out {
					count++
				}
			}
			if known && count > usualRules {
				n.warn(step, notice.Quota.With(notice.Data{"or": "", "what": fmt.Sprintf("%s has %d %s rules with those added", id, count, map[bool]string{false: "inbound", true: "outbound"}[out]),
					"usual": usualRules, "of": "a security group"}))
			}
		}
	}
	vpc, _ := n.facts.VPC.Get()
	if there, known := vpc.Endpoints.Get(); known {
		count := there - len(n.facts.Memory.Or(Memory{}).Endpoints)
		for _, e := range n.plan.Endpoints {
			if e.Source == Create {
				count++
			}
		}
		if count > usualEndpoints && len(step.Endpoints) > 0 {
			n.warn(step, notice.Quota.With(notice.Data{"or": "", "what": fmt.Sprintf("%s has %d endpoints with those defined", n.vpc(), count), "usual": usualEndpoints, "of": "a VPC"}))
		}
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
