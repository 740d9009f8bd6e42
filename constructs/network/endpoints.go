package network

import (
	"slices"
	"strings"

	"msklambda/constructs/notice"
)

// looksUp reports whether what was chosen leaves it open how to reach a service,
// so that what is there decides. A gateway endpoint, the usual one for S3, is none
// that is looked up.
func (n *Network) looksUp(s Service) bool {
	return n.choices.LooksUp && s != S3 && !n.choices.chosen(s)
}

// find is the endpoint that the VPC has for a service and that is used: the first,
// by id, with private DNS and not of this owner, who must go on defining its own.
// What was decided once stays, whatever is learnt later.
func (n *Network) find(s Service) (Endpoint, bool) {
	if _, ok := n.decided[s]; ok {
		e, used := n.used[s]
		return e, used
	}
	if !n.looksUp(s) || n.remembers(s) {
		return Endpoint{}, false
	}
	for _, e := range n.candidates(s) {
		if !n.isOwn(e) {
			return e, true
		}
	}
	return Endpoint{}, false
}

// candidates are the endpoints with private DNS, by id.
func (n *Network) candidates(s Service) []Endpoint {
	all, _ := n.facts.Endpoints[s].Get()
	out := slices.DeleteFunc(slices.Clone(all), func(e Endpoint) bool { return !e.PrivateDNS.Or(false) })
	slices.SortFunc(out, func(a, b Endpoint) int { return strings.Compare(a.ID, b.ID) })
	return out
}

func (n *Network) isOwner(owner string) bool { return owner != "" && owner == n.choices.Owner }

// isOwn reports whether this owner made an endpoint: it bears the owner's tag, or
// one of its groups is that of the owner's endpoints. A group is known as such by
// what nobody can change of it and, where the answer has no tags, by rules that no
// other group is given: a stranger's endpoint may well be in a group of the cluster,
// where other rules of this owner are.
func (n *Network) isOwn(e Endpoint) bool {
	mark, tagged := e.Mark.Get()
	if n.isOwner(mark) {
		return true
	}
	return slices.ContainsFunc(e.Groups.Or(nil), func(id string) bool {
		g, _ := n.facts.Groups[id].Get()
		if stack := g.EndpointsOf.Or(""); stack != "" {
			return stack == n.choices.Stack
		}
		return !tagged && slices.ContainsFunc(g.Ingress.Or(nil), func(r Rule) bool {
			return n.isOwner(r.Mark.Owner) && slices.Contains([]string{purposePollers, purposeClient, purposeVPC}, r.Mark.Purpose)
		})
	})
}

// unsure is an endpoint that may have private DNS, which the answer does not tell,
// where there is none that has: to define another may be refused, to use it may
// lead nowhere.
func (n *Network) unsure(s Service) (Endpoint, bool) {
	if _, ok := n.decided[s]; ok || !n.looksUp(s) || n.remembers(s) {
		return Endpoint{}, false
	}
	if _, ok := n.find(s); ok {
		return Endpoint{}, false
	}
	all, _ := n.facts.Endpoints[s].Get()
	for _, e := range all {
		if !e.PrivateDNS.IsKnown() && !n.isOwn(e) {
			return e, true
		}
	}
	return Endpoint{}, false
}

// source is where the endpoint of a service comes from.
func (n *Network) source(s Service) Source {
	if _, ok := n.find(s); ok {
		return Existing
	}
	return n.choices.source(s)
}

// reach decides on the endpoint of a service, for the first consumer that needs
// it.
func (n *Network) reach(step *Step, needs Needs, s Service) {
	if _, ok := n.decided[s]; !ok {
		n.decide(step, needs, s)
	}
	if n.decided[s] == Create {
		step.WaitsForEndpoints = append(step.WaitsForEndpoints, s)
	}
}

func (n *Network) decide(step *Step, needs Needs, s Service) {
	planned := PlannedEndpoint{Service: s, Source: n.source(s)}
	found, isFound := n.find(s)
	n.decided[s] = planned.Source
	switch planned.Source {
	case Create:
		planned.Policy, planned.AllResolvers = n.policy(s), s == S3
		if n.plan.Group == nil {
			n.plan.Group = n.group()
			step.Group = n.plan.Group
			if n.choices.Access == "" {
				n.warn(step, notice.EndpointAccess.With(notice.Data{"vpc": n.vpc()}))
			}
		}
		if s.action() == "" && !n.choices.chosen(s) && n.choices.Access != AccessVPC {
			// Who chose the access for Lambda and STS need not know of this one.
			n.warn(step, notice.EndpointService.For(s.Field(), notice.Data{"endpoint": s.Field(), "vpc": n.vpc()}))
		}
	case Existing:
		planned.ID = n.choices.Endpoints[s].ID
		if isFound {
			n.used[s] = found
			planned.ID = Known(found.ID)
		}
	}
	n.plan.Endpoints = append(n.plan.Endpoints, planned)
	step.Endpoints = append(step.Endpoints, planned)
	n.saysWhy(step, needs, planned)
}

// group is the security group of the endpoints that are defined.
func (n *Network) group() *EndpointGroup {
	g := &EndpointGroup{}
	admit := func(peer Peer, purpose string) {
		g.In = append(g.In, Admitted{peer, Mark{purpose, n.choices.Owner}})
	}
	for _, id := range n.choices.Groups {
		admit(Peer{Group: id}, purposePollers)
	}
	for _, id := range n.choices.ClientGroups {
		admit(Peer{Group: id}, purposeClient)
	}
	for _, r := range n.choices.ClientRanges {
		admit(Peer{Range: r}, purposeClient)
	}
	if n.choices.Access == AccessVPC {
		for _, r := range n.choices.Ranges {
			admit(Peer{Range: r}, purposeVPC)
		}
	}
	return g
}

// policy is that of an endpoint to define. Those for Lambda and STS are the
// tutorial's. Their resource stays "*": AWS documents that they cannot name the
// function or the role.
func (n *Network) policy(s Service) []Statement {
	switch {
	case n.choices.Access == AccessVPC:
		// Written out: a policy that merely went missing from a template could stay.
		return []Statement{{Principal: Everybody, Action: "*", Resource: "*"}}
	case s.action() != "":
		return []Statement{{Principal: LambdaService, Action: s.action(), Resource: "*"}}
	}
	return nil
}

// admit lets a consumer's role through an endpoint whose policy names roles. AWS
// documents the statement for Secrets Manager. A role of another stack is admitted
// by its account, and so is a resource of another stack, because the stack of the
// endpoints is deployed before they exist; the role's own policy stays exact.
func (n *Network) admit(step *Step, needs Needs, s Service) {
	if n.decided[s] != Create || s.action() != "" || n.choices.Access == AccessVPC {
		return
	}
	for _, c := range needs.calls(s) {
		statement := Statement{Principal: TheAccount, Action: c.action, Resource: c.resource.ARN}
		if needs.Caller.Role && needs.Caller.Here {
			statement.Principal = TheRole
		}
		if c.resource.Elsewhere {
			statement.Resource, statement.OwnResources = "*", true
		}
		admission := Admission{needs.Consumer, s, statement}
		n.plan.Admissions = append(n.plan.Admissions, admission)
		step.Admissions = append(step.Admissions, admission)
	}
}
