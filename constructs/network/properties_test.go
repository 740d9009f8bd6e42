package network_test

import (
	"fmt"
	"math/rand/v2"
	"net/netip"
	"reflect"
	"slices"
	"strings"
	"sync"
	"testing"

	"msklambda/constructs/network"
	"msklambda/constructs/network/flow"
	"msklambda/constructs/notice"
)

// worlds are the networks that each property is tried on, planned once. A failure
// names the number of its world.
var worlds = sync.OnceValue(func() (out []*planned) {
	for seed := range uint64(1000) {
		out = append(out, newWorld(seed).plan())
	}
	return out
})

func lower(s network.Service) string { return strings.ToLower(string(s)) }

// planned is a world with all of its consumers planned.
type planned struct {
	*world
	network *network.Network
	steps   []network.Step
	plans   []network.Plan // after each
	after   *cloud
}

func (w *world) plan(order ...int) *planned {
	p := &planned{world: w, network: network.New(w.choices)}
	w.cloud.answer(p.network)
	for i := range w.consumers {
		if order != nil {
			i = order[i]
		}
		needs := w.consumers[i].needs
		w.cloud.answer(p.network, needs)
		p.steps = append(p.steps, p.network.Add(needs))
		p.plans = append(p.plans, p.network.Plan())
	}
	p.after = w.deploy(whole(p.network.Plan()))
	return p
}

// each tries a property on every world.
func each(t *testing.T, property func(*planned) error) {
	t.Helper()
	failed := 0
	for _, p := range worlds() {
		if err := property(p); err != nil {
			t.Errorf("world %d: %v\n%s", p.seed, err, p.world)
			if failed++; failed == 3 {
				return
			}
		}
	}
}

func (w *world) String() string {
	var out strings.Builder
	fmt.Fprintf(&out, "choices %+v\n", w.choices)
	for id, g := range w.cloud.Groups {
		fmt.Fprintf(&out, "%s %v\n", id, g.Rules)
	}
	for _, e := range w.cloud.Endpoints {
		fmt.Fprintf(&out, "%s %q %+v\n", w.cloud.ids[e], w.cloud.tags[e], *e)
	}
	for _, c := range w.consumers {
		fmt.Fprintf(&out, "%+v\n", c.poller)
	}
	fmt.Fprintf(&out, "NAT %v, gateways %q, %+v", w.cloud.NAT, w.cloud.Gateways, w.cloud.vague)
	return out.String()
}

// pollers have all of the cluster's groups, and an address in any of its subnets.
func (w *world) pollers() (out []flow.Host) {
	for _, address := range w.addresses() {
		out = append(out, flow.Host{Name: "a poller at " + address.String(), Groups: w.groups, Address: address})
	}
	return out
}

// closed lists what a consumer must reach in a network and cannot: brokers in each
// group from pollers in each, which of them must not matter, and services.
func (w *world) closed(c *cloud, consumer consumer) map[string][]string {
	out := map[string][]string{}
	for _, address := range w.addresses() {
		for _, poller := range flow.Members("a poller", w.groups, address) {
			for _, broker := range flow.Members("a broker", w.groups, address) {
				if !c.Connects(poller, broker, consumer.poller.Port()) {
					out["brokers"] = append(out["brokers"], fmt.Sprintf("%s to %s", poller.Name, broker.Name))
				}
			}
		}
	}
	for _, call := range consumer.poller.Calls() {
		pollers := w.pollers()
		if e := c.Endpoint(call.Service); e != nil && c.tags[e] == owner {
			// An endpoint that is defined takes each of the groups.
			pollers = flow.Members("a poller", w.groups, w.addresses()[0])
		}
		for _, poller := range pollers {
			if why := c.Refuses(poller, call); why != "" {
				out[call.Service] = append(out[call.Service], poller.Name+" to "+call.Service+": "+why)
			}
		}
	}
	return out
}

// excused reports whether warnings say why the pollers do not get there.
func excused(warnings []notice.Notice, to string) bool {
	return slices.ContainsFunc(warnings, func(w notice.Notice) bool {
		switch w.ID {
		case notice.EgressUnknown.ID:
			return true
		case notice.EndpointPolicy.ID, notice.EndpointGroups.ID:
			return strings.EqualFold(fmt.Sprint(w.Data["endpoint"]), to+"endpoint")
		}
		return false
	})
}

func (p *planned) warnings() (out []notice.Notice) {
	for _, step := range p.steps {
		out = append(out, step.Warnings...)
	}
	return out
}

func TestEachCallThatPollersMustMakeIsOpen(t *testing.T) {
	each(t, func(p *planned) error {
		for _, c := range p.consumers {
			for to, flows := range p.closed(p.after, c) {
				if !excused(p.warnings(), to) {
					return fmt.Errorf("%s cannot reach: %q", c.needs.Consumer, flows)
				}
			}
		}
		return nil
	})
}

// What a mapping waits for is all that its pollers need: what others brought
// later, or is not waited for, may not be there yet.
func TestWhatAMappingWaitsForIsEnough(t *testing.T) {
	each(t, func(p *planned) error {
		for i, c := range p.consumers {
			plan, step := p.plans[i], p.steps[i]
			waits := deployment{group: plan.Group, admissions: plan.Admissions, rules: step.WaitsForRules}
			for _, e := range plan.Endpoints {
				if slices.Contains(step.WaitsForEndpoints, e.Service) {
					waits.endpoints = append(waits.endpoints, e)
				}
			}
			for to, flows := range p.closed(p.deploy(waits), c) {
				if !excused(p.warnings(), to) {
					return fmt.Errorf("with what %s waits for it cannot reach: %q", c.needs.Consumer, flows)
				}
			}
		}
		return nil
	})
}

// A warning that an endpoint keeps the pollers out is not for one that lets them
// in. Where the ranges of subnets are not told, it cannot be known.
func TestNoEndpointThatLetsThePollersInIsWarnedOf(t *testing.T) {
	each(t, func(p *planned) error {
		if p.cloud.vague.ranges || p.cloud.vague.policies || len(p.tokens) > 0 {
			return nil
		}
		for _, w := range p.warnings() {
			if w.ID != notice.EndpointPolicy.ID && w.ID != notice.EndpointGroups.ID {
				continue
			}
			if !slices.ContainsFunc(p.consumers, func(c consumer) bool {
				for to := range p.closed(p.after, c) {
					if excused([]notice.Notice{w}, to) {
						return true
					}
				}
				return false
			}) {
				return fmt.Errorf("all calls are open, and it is said: %s", w)
			}
		}
		return nil
	})
}

var strangers = []flow.Host{
	{Name: "a stranger", Groups: []string{"sg-stranger"}, Address: netip.MustParseAddr("10.0.77.7")},
	{Name: "a stranger of a peered VPC", Groups: nil, Address: netip.MustParseAddr("172.16.0.7")},
	{Name: "a client", Groups: []string{"sg-client"}, Address: netip.MustParseAddr("10.0.88.8")},
	{Name: "a client by range", Groups: nil, Address: netip.MustParseAddr("192.168.7.7")},
}

// isNamed reports whether it was said that a host may use the endpoints.
func (w *world) isNamed(h flow.Host) bool {
	ranges := w.choices.ClientRanges
	if w.choices.Access == network.AccessVPC {
		ranges = append(slices.Clone(ranges), w.choices.Ranges...)
	}
	return slices.ContainsFunc(ranges, func(r string) bool { return netip.MustParsePrefix(r).Contains(h.Address) }) ||
		slices.ContainsFunc(w.choices.ClientGroups, func(id network.ID) bool { return slices.Contains(h.Groups, id.Text()) })
}

func TestNobodyWhoIsNotNamedIsLetIn(t *testing.T) {
	each(t, func(p *planned) error {
		// Out of its own groups a stranger comes.
		out := &flow.Group{Rules: []flow.Rule{flow.AllowAll()}}
		before, after := p.cloud.clone(), p.after.clone()
		before.Groups["sg-out"], after.Groups["sg-out"] = out, out
		for _, h := range strangers {
			host := flow.Host{Name: h.Name, Groups: append(slices.Clone(h.Groups), "sg-out"), Address: h.Address}
			for _, broker := range flow.Members("a broker", p.groups, p.addresses()[0]) {
				for _, port := range []int{22, 443, 2181, 9092, 9094, 9096, 9098} {
					if after.Connects(host, broker, port) && !before.Connects(host, broker, port) {
						return fmt.Errorf("%s is let in to %s at %d", h.Name, broker.Name, port)
					}
				}
			}
			for _, e := range after.Endpoints {
				if after.tags[e] != owner {
					continue
				}
				if got := after.Connects(host, flow.Host{Groups: e.Groups, Address: e.Address}, 443); got != p.isNamed(h) {
					return fmt.Errorf("%s connects to the endpoint for %s = %v, want %v", h.Name, e.Service, got, p.isNamed(h))
				}
				if after.Connects(host, flow.Host{Groups: e.Groups, Address: e.Address}, 80) {
					return fmt.Errorf("%s connects to the endpoint for %s at 80", h.Name, e.Service)
				}
			}
		}
		return p.onlyPollersPass(after)
	})
}

// onlyPollersPass wants the policies of defined endpoints to let nobody through
// but Lambda's service and the consumers, to nothing but what is theirs.
func (p *planned) onlyPollersPass(after *cloud) error {
	if p.choices.Access == network.AccessVPC {
		return nil
	}
	for _, e := range after.Endpoints {
		if after.tags[e] != owner {
			continue
		}
		alone := &flow.Network{Groups: after.Groups, Endpoints: []*flow.Endpoint{e}}
		for _, poller := range p.pollers()[:1] {
			poller.Groups = append(slices.Clone(poller.Groups), "sg-out")
			for _, c := range []flow.Call{
				{Principal: "arn:aws:iam::444455556666:role/x", Account: "444455556666", Action: "sts:AssumeRole", Owner: account},
				{Principal: roleOf("x"), Account: account, Action: e.Service + ":Delete", Owner: account},
				{Principal: roleOf("consumer0"), Account: account, Action: "secretsmanager:GetSecretValue", Resource: "arn:aws:secretsmanager:us-east-1:444455556666:secret:x", Owner: "444455556666"},
				{Principal: roleOf("consumer0"), Account: account, Action: "sqs:SendMessage", Resource: "arn:aws:sqs:us-east-1:444455556666:x", Owner: "444455556666"},
				{Principal: "ecs.amazonaws.com", Action: "sts:AssumeRole", Owner: account},
				{Principal: "lambda.amazonaws.com", Action: "sts:GetFederationToken", Owner: account},
			} {
				c.Service = e.Service
				if alone.Refuses(poller, c) == "" {
					return fmt.Errorf("%+v passes the endpoint for %s", c, e.Service)
				}
			}
			for _, c := range p.consumers {
				for _, call := range c.poller.Calls() {
					// Something else of the account, by the consumer's own role.
					named := !c.needs.Secret.Elsewhere && !c.needs.Queue.Elsewhere && !c.needs.Topic.Elsewhere && !c.needs.Bucket.Elsewhere && len(p.consumers) == 1
					call.Resource = strings.Replace(call.Resource, c.needs.Consumer, "other", 1)
					if named && call.Service == e.Service && call.Principal == c.poller.Role && alone.Refuses(poller, call) == "" {
						return fmt.Errorf("%+v passes, which is not what the consumer needs", call)
					}
				}
				stranger := c.poller
				stranger.Role, stranger.Account = "arn:aws:iam::444455556666:role/x", "444455556666"
				for _, call := range stranger.Calls() {
					if call.Service == e.Service && call.Principal == stranger.Role && alone.Refuses(poller, call) == "" {
						return fmt.Errorf("%+v of another account passes", call)
					}
				}
			}
		}
	}
	return nil
}

// With the access of the VPC every client of it reaches a service as before. And
// whatever the access is, nobody loses a service that gets no endpoint here, nor a
// host in the cluster's groups its way out, but by rules of "all".
func TestNobodyIsCutOff(t *testing.T) {
	each(t, func(p *planned) error {
		hosts := slices.Clone(strangers[:1])
		if p.choices.Rules != network.RulesAll {
			hosts = append(hosts, flow.Members("a broker", p.groups, p.addresses()[0])...)
		}
		for _, h := range hosts {
			for _, service := range []string{"lambda", "sts", "secretsmanager", "sqs", "sns", "s3", "kms"} {
				defined := slices.ContainsFunc(p.after.Endpoints, func(e *flow.Endpoint) bool { return e.Service == service && p.after.tags[e] == owner })
				call := flow.Call{Service: service, Action: service + ":Anything", Resource: "x", Principal: roleOf("somebody"), Account: account, Owner: account}
				if defined && p.choices.Access != network.AccessVPC {
					continue
				}
				if why := p.after.Refuses(h, call); why != "" && p.cloud.Refuses(h, call) == "" {
					return fmt.Errorf("%s loses %s: %s", h.Name, service, why)
				}
			}
		}
		return nil
	})
}

func TestNothingThatExistsIsMadeTwice(t *testing.T) {
	each(t, func(p *planned) error {
		plan, ids := p.network.Plan(), map[string]bool{}
		if p.choices.Rules == network.RulesNone && len(plan.Rules) > 0 {
			return fmt.Errorf("rules are added where all are said to be there: %+v", plan.Rules)
		}
		for _, r := range plan.Rules {
			if id := r.ConstructID(network.ID.Text); ids[id] {
				return fmt.Errorf("the rule %q is planned twice", id)
			} else {
				ids[id] = true
			}
			if p.choices.Rules == network.RulesAll || r.Group.IsOpaque() || r.Peer.Group.IsOpaque() {
				continue // who asked for all gets all; of a token it is not known
			}
			for _, there := range p.cloud.Groups[r.Group.Text()].Rules {
				if network.ParseMark(there.Note).Owner != owner && there.Out == r.Out && there.Protocol != "udp" && there.From <= r.Port && r.Port <= there.To &&
					there.Peer == r.Peer.Group.Text()+r.Peer.Range {
					return fmt.Errorf("%+v is there already: %s", r, there)
				}
			}
		}
		services := map[network.Service]bool{}
		for _, e := range plan.Endpoints {
			if services[e.Service] {
				return fmt.Errorf("the endpoint for %s is planned twice", e.Service)
			}
			services[e.Service] = true
		}
		seen := map[string]string{}
		for _, e := range p.after.Endpoints {
			if !e.PrivateDNS {
				continue
			}
			if other, ok := seen[e.Service]; ok && (p.after.tags[e] == owner || strings.HasPrefix(other, "vpce-own")) {
				return fmt.Errorf("%s and %s are two endpoints with private DNS for %s", other, p.after.ids[e], e.Service)
			}
			seen[e.Service] = p.after.ids[e]
		}
		return nil
	})
}

func TestASecondPlanAfterTheDeployIsTheSame(t *testing.T) {
	each(t, func(p *planned) error {
		next := *p.world
		next.cloud = p.after
		again := next.plan()
		if got, want := again.network.Plan(), p.network.Plan(); !reflect.DeepEqual(got, want) {
			return fmt.Errorf("the second plan is\n%+v\nthe first was\n%+v\nchanges: %q", got, want, network.Changes(want, got))
		}
		if changes := network.Changes(p.network.Plan(), again.network.Plan()); len(changes) != 0 {
			return fmt.Errorf("the second plan changes %q", changes)
		}
		return nil
	})
}

// Somebody edits the tags of the endpoints and the descriptions of the rules, or a
// policy rewrites them. What the stack itself made must not leave its template.
func TestAMarkThatWasEditedRemovesNothing(t *testing.T) {
	each(t, func(p *planned) error {
		next := *p.world
		next.cloud = p.after.clone()
		next.cloud.edited, next.cloud.memory = true, p.network.Plan().Memory()
		again := next.plan()
		if got, want := again.network.Plan(), p.network.Plan(); !reflect.DeepEqual(got, want) {
			return fmt.Errorf("the second plan is\n%+v\nthe first was\n%+v\nchanges: %q", got, want, network.Changes(want, got))
		}
		if gone := again.network.Gone(); len(gone) != 0 {
			return fmt.Errorf("gone: %v", gone)
		}
		if !p.choices.LooksUp || p.cloud.vague.names || p.cloud.vague.tags {
			return nil
		}
		// And where the memory is gone too, the name of their group tells the endpoints.
		next.cloud = next.cloud.clone()
		next.cloud.memory = network.Memory{}
		again = next.plan()
		for _, e := range p.network.Plan().Endpoints {
			if !hasEndpoint(again.network.Plan(), e) {
				return fmt.Errorf("without a memory, %+v is gone: %q", e, network.Changes(p.network.Plan(), again.network.Plan()))
			}
		}
		return nil
	})
}

func hasEndpoint(p network.Plan, e network.PlannedEndpoint) bool {
	return slices.ContainsFunc(p.Endpoints, func(other network.PlannedEndpoint) bool { return reflect.DeepEqual(other, e) })
}

// Whatever is chosen at the next synth: what the last deploy defined is in the plan,
// or it is said by name that it goes.
func TestNothingGoesWithoutAWord(t *testing.T) {
	each(t, func(p *planned) error {
		r := rand.New(rand.NewPCG(p.seed, 3))
		next := *p.world
		next.cloud = p.after.clone()
		next.cloud.memory = p.network.Plan().Memory()
		next.choices.LooksUp = true
		next.choices.Endpoints = map[network.Service]network.Choice{}
		for _, s := range network.Services {
			source := []network.Source{"", "", network.Existing, network.None, network.Create}[r.IntN(5)]
			next.choices.Endpoints[s] = network.Choice{Source: source}
		}
		next.choices.Rules = []network.Rules{"", network.RulesNone, network.RulesIngress, network.RulesAll}[r.IntN(4)]
		next.consumers = next.consumers[:r.IntN(len(next.consumers)+1)]
		again := next.plan()
		now := again.network.Plan().Memory()
		said := fmt.Sprint(again.network.Gone())
		for _, s := range next.cloud.memory.Endpoints {
			if gone := !slices.Contains(now.Endpoints, s); gone != strings.Contains(said, "the "+s.Field()+",") {
				return fmt.Errorf("%s gone %v, said %s", s, gone, said)
			}
		}
		for _, rule := range next.cloud.memory.Rules {
			if gone := !slices.Contains(now.Rules, rule); gone != strings.Contains(said, `"`+rule+`"`) {
				return fmt.Errorf("%s gone %v, said %s", rule, gone, said)
			}
		}
		return nil
	})
}

// parts are what is shared, in an order of their own.
func parts(p network.Plan) []string {
	out := []string{fmt.Sprintf("%+v", p.Group)}
	for _, e := range p.Endpoints {
		out = append(out, fmt.Sprintf("%+v", e))
	}
	for _, r := range p.Rules {
		out = append(out, fmt.Sprintf("%+v", r))
	}
	for _, a := range p.Admissions {
		out = append(out, fmt.Sprintf("%+v", a))
	}
	slices.Sort(out)
	return out
}

func TestTheOrderOfConsumersChangesNothing(t *testing.T) {
	each(t, func(p *planned) error {
		order := rand.New(rand.NewPCG(p.seed, 2)).Perm(len(p.consumers))
		other := p.plan(order...)
		if got, want := parts(other.network.Plan()), parts(p.network.Plan()); !slices.Equal(got, want) {
			return fmt.Errorf("in the order %v the parts are\n%q\nwant\n%q", order, got, want)
		}
		texts := func(p *planned) (out []string) {
			for _, w := range p.warnings() {
				out = append(out, w.ID+w.String())
			}
			slices.Sort(out)
			return out
		}
		if got, want := texts(other), texts(p); !slices.Equal(got, want) {
			return fmt.Errorf("in the order %v the warnings are\n%q\nwant\n%q", order, got, want)
		}
		return nil
	})
}

func TestAPlanOnlyGrows(t *testing.T) {
	each(t, func(p *planned) error {
		before, sum := network.Plan{}, network.Plan{}
		for i, plan := range p.plans {
			step := p.steps[i]
			if before.Group != nil && (step.Group != nil || !reflect.DeepEqual(before.Group, plan.Group)) {
				return fmt.Errorf("the endpoints' group changes with consumer %d", i)
			}
			if !slices.EqualFunc(before.Endpoints, plan.Endpoints[:len(before.Endpoints)], func(a, b network.PlannedEndpoint) bool { return reflect.DeepEqual(a, b) }) ||
				!slices.Equal(before.Rules, plan.Rules[:len(before.Rules)]) || !slices.Equal(before.Admissions, plan.Admissions[:len(before.Admissions)]) {
				return fmt.Errorf("consumer %d takes something back: %q", i, network.Changes(before, plan))
			}
			for _, r := range step.WaitsForRules {
				if !slices.Contains(plan.Rules, r) {
					return fmt.Errorf("consumer %d waits for a rule that is not planned: %+v", i, r)
				}
			}
			sum.Endpoints, sum.Rules = append(sum.Endpoints, step.Endpoints...), append(sum.Rules, step.Rules...)
			sum.Admissions = append(sum.Admissions, step.Admissions...)
			if step.Group != nil {
				sum.Group = step.Group
			}
			if !reflect.DeepEqual(sum, plan) && len(parts(sum)) != 0 && !slices.Equal(parts(sum), parts(plan)) {
				return fmt.Errorf("the steps make %+v, the plan is %+v", sum, plan)
			}
			before = plan
		}
		return nil
	})
}

// An endpoint that somebody else makes or deletes between two consumers of one run
// changes nothing that was decided.
func TestWhatIsDecidedStaysDecidedWhateverIsLearnt(t *testing.T) {
	each(t, func(p *planned) error {
		again := network.New(p.choices)
		for i, c := range p.consumers {
			p.cloud.answer(again, c.needs)
			again.Add(c.needs)
			before := again.Plan()
			for _, e := range before.Endpoints {
				other := network.Endpoint{ID: "vpce-0", PrivateDNS: network.Told(true), Groups: network.Told([]string{"sg-theirs"})}
				again.Learn(network.Facts{Endpoints: map[network.Service]network.Fact[[]network.Endpoint]{e.Service: network.Told([]network.Endpoint{other})}})
			}
			if problems := again.Check(c.needs); len(problems) != 0 {
				return fmt.Errorf("problems = %v, want none", problems)
			}
			again.Add(c.needs)
			after := again.Plan()
			before.Admissions, after.Admissions = nil, nil // the same, once more
			if changes := network.Changes(before, after); len(changes) != 0 || !reflect.DeepEqual(before, after) {
				return fmt.Errorf("after consumer %d: %q", i, changes)
			}
			if again.Asks(c.needs) != nil {
				return fmt.Errorf("asks %v of what is decided", again.Asks(c.needs))
			}
		}
		return nil
	})
}

// The generator makes what the properties are about.
func TestTheWorldsAreOfEveryKind(t *testing.T) {
	seen := map[string]int{}
	each(t, func(p *planned) error {
		for _, e := range p.network.Plan().Endpoints {
			seen[fmt.Sprintf("endpoint %s %v", e.Source, !e.ID.IsZero())]++
		}
		for _, r := range p.network.Plan().Rules {
			seen[fmt.Sprintf("rule out %v, to a group %v, to the endpoints %v", r.Out, !r.Peer.Group.IsZero(), r.Peer.Endpoints)]++
		}
		for _, s := range p.steps {
			for _, n := range append(slices.Clone(s.Warnings), s.Notes...) {
				seen[n.Kind.ID]++
			}
		}
		for _, c := range p.consumers {
			seen[fmt.Sprintf("admin %v, secret %v", c.needs.Admin, c.needs.Secret.ARN != "")]++
		}
		return nil
	})
	// These are of what comes after a deploy, of more than a world has, and not of the network.
	others := []string{notice.RemovesID, notice.QuotaID, notice.RegionUnknownID, notice.MappingsUnknown.ID, notice.TopicReplicationID, notice.PollerGroupID, notice.TopicMade.ID}
	for _, k := range slices.Concat(notice.Warnings, notice.Notes) {
		if k.On == "cluster" && !slices.Contains(others, k.ID) {
			if seen[k.ID] < 5 {
				t.Errorf("%s is said in %d steps, want more", k.ID, seen[k.ID])
			}
		}
	}
	for _, want := range []string{"endpoint create false", "endpoint existing true", "endpoint existing false", "endpoint none false",
		"rule out false, to a group true, to the endpoints false", "rule out true, to a group true, to the endpoints false",
		"rule out true, to a group false, to the endpoints true", "rule out true, to a group false, to the endpoints false",
		"admin true, secret false", "admin true, secret true"} {
		if seen[want] < 100 {
			t.Errorf("%s: %d, want more of %v", want, seen[want], seen)
		}
	}
}
