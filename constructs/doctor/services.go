package doctor

import (
	"fmt"
	"slices"
	"strings"

	"msklambda/constructs/network"
	"msklambda/constructs/network/flow"
	"msklambda/constructs/policy"
)

// needs is what the pollers call, in the words of the planner.
func (f *Facts) needs() network.Needs {
	resource := func(text string) network.Resource { return network.Resource{ARN: text} }
	n := network.Needs{Secret: resource(f.Mapping.Secret)}
	switch destination := f.Mapping.OnFailure; serviceOf(destination) {
	case "sqs":
		n.Queue = resource(destination)
	case "sns":
		n.Topic = resource(destination)
	case "s3":
		n.Bucket, n.Objects = resource(destination), resource(destination+"/aws/lambda/batch")
	}
	return n
}

// services walks from the pollers to each service that they call.
func (d *diagnosis) services() {
	for _, s := range d.facts.needs().Services() {
		if d.facts.Mapping.Provisioned {
			d.provisioned(s)
		} else {
			d.service(s)
		}
	}
}

// provisioned pollers reach AWS by a way of their own. Of destinations AWS says both
// that they do and that the VPC needs an endpoint.
func (d *diagnosis) provisioned(s network.Service) {
	name := strings.ToLower(string(s))
	h := d.hop(name, "the pollers to "+words(s))
	if s != network.SQS && s != network.SNS && s != network.S3 {
		h.note("provisioned pollers need no way to it from the VPC")
		return
	}
	blocked, unsure := d.facts.walk(d.toService(name))
	if len(blocked)+len(unsure) > 0 || !d.facts.Endpoints.Known {
		h.unknown("AWS does not say whether provisioned pollers reach a destination by the VPC, from where there is no way to " + words(s))
	}
}

// toService is the way from the pollers in each subnet to a service.
func (d *diagnosis) toService(name string) func(*flow.Network) []flow.Block {
	return func(n *flow.Network) (out []flow.Block) {
		for _, poller := range d.facts.hosts(n, "the pollers") {
			out = append(out, n.AllToService(poller, name)...)
		}
		return out
	}
}

func (d *diagnosis) service(s network.Service) {
	f, name := d.facts, strings.ToLower(string(s))
	h := d.hop(name, "the pollers to "+words(s)+", TCP 443")
	groups, subnets := f.place()
	switch {
	case len(groups) == 0 || len(subnets) == 0:
		h.unknown(because("where the pollers are", f.Cluster.Why+f.Connection.Why))
		return
	case !f.Endpoints.Known:
		h.unknown(because("the endpoints of the VPC", f.Endpoints.Why))
		return
	}
	blocked, unsure := f.walk(d.toService(name))
	endpoint := d.endpoint(name)
	var without []string // subnets that have no way
	for _, b := range merged(blocked) {
		if b.Kind == flow.NoRoute {
			without = append(without, b.Subnet)
			continue
		}
		d.serviceBlocked(h, s, b, endpoint)
	}
	if len(without) > 0 {
		d.noRoute(h, s, without)
	}
	d.gaps(h, unsure)
	if endpoint == nil {
		if h.State == Open {
			h.note("over the route of the subnets: the VPC has no endpoint for it")
		}
		return
	}
	for _, call := range f.needs().Calls(s, f.Account) {
		call.Role = ""
		if call.Service == "" {
			call.Role = d.role()
		}
		d.policy(h, s, endpoint, call)
	}
	if h.State == Open {
		h.note("by " + endpoint.ID)
	}
}

// endpoint is the one that the name of a service resolves to.
func (d *diagnosis) endpoint(name string) *Endpoint {
	f := d.facts
	if f.VPC.Known && !(f.VPC.Value.DNSHosts && f.VPC.Value.DNSSupport) {
		return nil
	}
	for i, e := range f.Endpoints.Value {
		if e.Service == name && !e.Gateway && e.PrivateDNS {
			return &f.Endpoints.Value[i]
		}
	}
	// A gateway endpoint has a policy, where routes lead to it.
	_, subnets := f.place()
	for i, e := range f.Endpoints.Value {
		if e.Service == name && e.Gateway && slices.ContainsFunc(subnets, func(id string) bool {
			return slices.ContainsFunc(f.Subnets[id].Value.Routes.Value, func(r Route) bool { return r.Target == e.ID })
		}) {
			return &f.Endpoints.Value[i]
		}
	}
	return nil
}

func (d *diagnosis) policy(h *Hop, s network.Service, e *Endpoint, call policy.Call) {
	verdict := call.Judge(e.Policy)
	switch verdict.Outcome {
	case policy.Allowed:
	case policy.Unsure:
		h.unknown("the policy of " + e.ID + ": " + verdict.Why)
	default:
		h.blocked(EndpointPolicy, "the policy of "+e.ID+" does not let the call through: "+verdict.Why).cure(
			Cure{Key: keyOf(s) + "Statements='[" + call.Statement() + "]'", Prop: s.Field() + ".Statements", Text: "in the stack that defines the endpoint: " + ownerOf(e)},
			Cure{Command: "aws ec2 modify-vpc-endpoint --vpc-endpoint-id " + e.ID + " --policy-document file://policy.json",
				Text: "policy.json is the policy of now with the statement " + call.Statement()})
	}
}

func ownerOf(e *Endpoint) string {
	if e.Owner == "" {
		return "none of this library"
	}
	return "stack " + e.Owner
}

// keyOf is the context key of a service's endpoint, such as "stsEndpoint".
func keyOf(s network.Service) string {
	if s == network.Lambda || s == network.SecretsManager {
		return strings.ToLower(string(s[:1])) + s.Field()[1:]
	}
	return strings.ToLower(string(s)) + "Endpoint"
}

func createCure(s network.Service) Cure {
	return Cure{Key: keyOf(s) + "=create", Prop: s.Field() + `: Endpoint{Source: "create"}`, Text: "every client of the VPC uses it from then on: endpointAccess says who may"}
}

// words is a service's name for people.
func words(s network.Service) string {
	if s == network.SecretsManager {
		return "Secrets Manager"
	}
	return string(s)
}

// serviceBlocked says what keeps the pollers from a service.
func (d *diagnosis) serviceBlocked(h *Hop, s network.Service, b flow.Block, e *Endpoint) {
	groups, subnets := d.facts.place()
	all := strings.Join(groups, ", ")
	switch b.Kind {
	case flow.Down:
		state := "which is " + e.State
		if len(e.Subnets) == 0 {
			state = "which is in no subnet"
		}
		h.blocked(EndpointState, fmt.Sprintf("the name of %s leads to %s, %s", words(s), e.ID, state)).cure(
			Cure{Command: "aws ec2 describe-vpc-endpoints --vpc-endpoint-ids " + e.ID, Text: "an endpoint that is pending or being deleted takes minutes; one that failed says why there"})
	case flow.GroupIn:
		group := "<a group of the endpoint>"
		if len(e.Groups) > 0 {
			group = e.Groups[0]
		}
		cure := Cure{Key: "endpointClientSecurityGroupIds=" + groups[0], Prop: "EndpointClientSecurityGroupIDs", Text: "in the stack that defines the endpoint: " + ownerOf(e)}
		if e.Owner == "" {
			cure = Cure{Text: "the endpoint is somebody else's, who must let the pollers in: to define another would be refused"}
		}
		h.blocked(GroupIn, fmt.Sprintf("the groups of %s (%s) do not let TCP 443 in from %s", e.ID, strings.Join(e.Groups, ", "), all)).cure(
			cure,
			Cure{Command: fmt.Sprintf("aws ec2 authorize-security-group-ingress --group-id %s --protocol tcp --port 443 --source-group %s", group, groups[0])})
	case flow.GroupOut:
		to := ""
		if e != nil && len(e.Groups) > 0 {
			to = e.Groups[0]
		}
		h.blocked(GroupOut, fmt.Sprintf("%s: outbound traffic is restricted, and no rule lets TCP 443 out to %s", all, words(s))).cure(d.egress(groups[0], 443, to)...)
	default:
		peers := subnets
		if e == nil {
			peers = nil
		} else if slices.Contains(subnets, b.Subnet) {
			peers = e.Subnets
		}
		d.acl(h, b, 443, words(s), peers)
	}
}

// noRoute says why there is no way, and the shortest cure.
func (d *diagnosis) noRoute(h *Hop, s network.Service, without []string) {
	f, name, subnet := d.facts, strings.ToLower(string(s)), strings.Join(without, ", ")
	for _, e := range f.Endpoints.Value {
		if e.Service != name || e.Gateway {
			continue
		}
		if !e.PrivateDNS {
			h.blocked(PrivateDNSOff, fmt.Sprintf("%s: private DNS of %s is off, so that the name of %s leads to the internet, to which there is no route", subnet, e.ID, words(s))).cure(
				Cure{Command: "aws ec2 modify-vpc-endpoint --vpc-endpoint-id " + e.ID + " --private-dns-enabled", Text: "every client of the VPC uses it from then on: see that its policy and groups let them"},
				createCure(s))
			return
		}
		for _, setting := range []struct {
			on         bool
			name, flag string
		}{{f.VPC.Value.DNSSupport, "DNS support", "--enable-dns-support"}, {f.VPC.Value.DNSHosts, "DNS hostnames", "--enable-dns-hostnames"}} {
			if !setting.on {
				h.blocked(VPCDNSOff, fmt.Sprintf("%s: %s of %s are off, so that private DNS of %s does not work", subnet, setting.name, f.VPC.Value.ID, e.ID)).cure(
					Cure{Command: "aws ec2 modify-vpc-attribute --vpc-id " + f.VPC.Value.ID + " " + setting.flag + " Value=true"})
			}
		}
		return
	}
	why := fmt.Sprintf("%s: the VPC has no endpoint for %s, and there is no route to a NAT gateway", subnet, words(s))
	for _, id := range without {
		for _, r := range f.Subnets[id].Value.Routes.Value {
			more := ""
			switch {
			case r.To == anywhere && r.Broken:
				more = "; the route to " + r.Target + " leads nowhere, because that is gone"
			case r.To == anywhere && strings.HasPrefix(r.Target, "igw-"):
				more = "; the route to " + r.Target + " is none for the pollers, which have no public address"
			}
			if !strings.Contains(why, more) {
				why += more
			}
		}
	}
	groups, subnets := f.place()
	cures := []Cure{createCure(s), {Command: fmt.Sprintf("aws ec2 create-vpc-endpoint --vpc-endpoint-type Interface --private-dns-enabled --vpc-id %s --service-name com.amazonaws.%s.%s --subnet-ids %s --security-group-ids <a group that lets TCP 443 in from %s>",
		f.VPC.Value.ID, f.Region, name, strings.Join(subnets, " "), groups[0]), Text: "every client of the VPC uses it from then on"}, {Key: "pollers=provisioned", Prop: "Pollers", Text: "which need no way from the VPC"}}
	if s == network.S3 {
		cures = []Cure{{Command: "aws ec2 create-vpc-endpoint --vpc-id " + f.VPC.Value.ID + " --service-name com.amazonaws." + f.Region + ".s3 --route-table-ids <those of " + strings.Join(subnets, ", ") + ">"},
			{Key: "s3Endpoint=existing", Prop: "S3Endpoint", Text: "then, for a gateway endpoint"}}
	}
	h.blocked(NoWay, why).cure(cures...)
}
