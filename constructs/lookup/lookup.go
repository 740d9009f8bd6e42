package lookup

import (
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"msklambda/constructs/arn"
	"msklambda/constructs/network"
)

// LookUp asks the questions of one cluster, and keeps what became of them.
type LookUp struct {
	context         Context
	account, region string

	// serviceName is the name of a service's endpoint, which differs between
	// partitions.
	serviceName func(network.Service) string

	// memoryName is the parameter in which the owner's stack keeps what it defines.
	memoryName string

	// DualStack has subnets asked for their IPv6 ranges too. It is no part of every
	// question, since another question is another answer to be kept.
	DualStack bool

	pending bool
	failed  []error
	asked   map[string]bool
}

// New looks up in an account and region. The names of services are those that
// EC2 has for their endpoints there, such as "com.amazonaws.us-east-1.sts".
func New(context Context, account, region, memoryName string, serviceName func(network.Service) string) *LookUp {
	return &LookUp{context: context, account: account, region: region, memoryName: memoryName, serviceName: serviceName, asked: map[string]bool{}}
}

// Pending reports whether some answer is not there yet, in this run of the app.
func (l *LookUp) Pending() bool { return l.pending }

// Failed are the look-ups that failed, each with what to do about it.
func (l *LookUp) Failed() []error { return l.failed }

// Answer asks what a plan would have to know. What has not come, and what the
// answer does not tell, is unknown.
func (l *LookUp) Answer(q network.Question) network.Facts {
	switch q.Kind {
	case network.AboutVPC:
		return network.Facts{VPC: l.vpc(q.ID)}
	case network.AboutSubnet:
		return network.Facts{Subnets: map[string]network.Fact[network.Subnet]{q.ID: l.subnet(q.ID)}}
	case network.AboutGroup:
		return network.Facts{Groups: map[string]network.Fact[network.Group]{q.ID: l.group(q.ID)}}
	case network.AboutMemory:
		return network.Facts{Memory: l.memory()}
	}
	return network.Facts{Endpoints: map[network.Service]network.Fact[[]network.Endpoint]{q.Service: l.endpoints(q.ID, l.serviceName(q.Service))}}
}

// property reads one property as a fact.
func property[T any](object map[string]any, name string) network.Fact[T] {
	var value T
	if !into(object, name, &value) {
		return network.Unknown[T]()
	}
	return network.Told(value)
}

func (l *LookUp) vpc(id string) network.Fact[network.VPC] {
	count := network.Unknown[int]()
	endpoints := query{kind: "VPC endpoint", typeName: typeEndpoint, match: map[string]any{"VpcId": id}}
	// Where some endpoint of the region does not tell its VPC, it cannot be known.
	if missingProperty(l.reason(endpoints)) == "" {
		if all, ok := l.ask(endpoints); ok {
			count = network.Told(len(all))
		}
	}
	object, ok := l.one(query{kind: "VPC", typeName: typeVPC, id: id, optional: []string{"EnableDnsHostnames", "EnableDnsSupport"}})
	if !ok {
		return network.Unknown[network.VPC]()
	}
	return network.Told(network.VPC{
		DNSSupport:   property[bool](object, "EnableDnsSupport"),
		DNSHostnames: property[bool](object, "EnableDnsHostnames"),
		Endpoints:    count,
	})
}

// memory is what the owner's stack kept at its last deploy. There is none before
// the first, and where the stack defines nothing of the network.
func (l *LookUp) memory() network.Fact[network.Memory] {
	object, ok := l.one(query{kind: "parameter", typeName: typeParameter, id: l.memoryName, required: []string{"Value"}, mayBeMissing: true})
	if !ok {
		return network.Unknown[network.Memory]()
	}
	text := property[string](object, "Value").Or("{}")
	memory, ok := network.ParseMemory(text)
	if !ok {
		l.refuse("the parameter "+l.memoryName+" must hold what an earlier deploy wrote there, got %q: delete it, refresh, and read the diff before you deploy", text)
		return network.Unknown[network.Memory]()
	}
	return network.Told(memory)
}

func (l *LookUp) subnet(id string) network.Fact[network.Subnet] {
	optional := []string{"AvailabilityZone", "CidrBlock"}
	if l.DualStack {
		optional = append(optional, "Ipv6CidrBlocks")
	}
	object, ok := l.one(query{kind: "subnet", typeName: typeSubnet, id: id, required: []string{"VpcId"}, optional: optional})
	if !ok {
		return network.Unknown[network.Subnet]()
	}
	subnet := network.Subnet{
		VPC: l.id(object, "VpcId", arn.VPCID, "subnet "+id), Zone: property[string](object, "AvailabilityZone"), Range: property[string](object, "CidrBlock"),
		IPv6: network.Unknown[bool]()}
	if ranges, told := property[[]string](object, "Ipv6CidrBlocks").Get(); told {
		subnet.IPv6 = network.Told(len(ranges) > 0)
	}
	return network.Told(subnet)
}

// rule is an inbound or outbound rule of AWS::EC2::SecurityGroup.
type rule struct {
	IpProtocol                 string
	FromPort, ToPort           *int
	CidrIp                     string
	SourceSecurityGroupId      string
	DestinationSecurityGroupId string
	Description                string
}

func (l *LookUp) group(id string) network.Fact[network.Group] {
	object, ok := l.one(query{kind: "security group", typeName: typeGroup, id: id,
		optional: []string{"GroupDescription", "GroupName", "SecurityGroupEgress", "SecurityGroupIngress", "VpcId"}})
	if !ok {
		return network.Unknown[network.Group]()
	}
	return network.Told(network.Group{
		VPC:     l.id(object, "VpcId", arn.VPCID, "security group "+id),
		Ingress: rulesOf(object, "SecurityGroupIngress"), Egress: rulesOf(object, "SecurityGroupEgress"),
		EndpointsOf: endpointsOf(object),
	})
}

// endpointsOf is the stack that made a group for its endpoints. CloudFormation calls
// a group by the stack, the logical id, and letters of its own.
func endpointsOf(object map[string]any) network.Fact[string] {
	name, named := property[string](object, "GroupName").Get()
	description, described := property[string](object, "GroupDescription").Get()
	switch {
	case described && description != network.EndpointGroupDescription:
		return network.Told("")
	case !named || !described:
		return network.Unknown[string]()
	}
	parts := strings.Split(name, "-")
	if len(parts) < 3 {
		return network.Told("")
	}
	return network.Told(strings.Join(parts[:len(parts)-2], "-"))
}

// id reads an id, and refuses an answer in which it is none.
func (l *LookUp) id(object map[string]any, name string, form *regexp.Regexp, of string) network.Fact[string] {
	raw, told := object[name]
	if !told {
		return network.Unknown[string]()
	}
	id, ok := raw.(string)
	if !ok || !form.MatchString(id) {
		l.refuse("the look-up of %s must tell an id as %s, got %s", of, name, shown(raw))
		return network.Unknown[string]()
	}
	return network.Told(id)
}

func shown(v any) string {
	text, err := json.Marshal(v)
	if err != nil {
		return fmt.Sprint(v)
	}
	return string(text)
}

// refuse fails the look-up for what an answer holds.
func (l *LookUp) refuse(format string, args ...any) {
	err := fmt.Errorf(format, args...)
	if !slices.ContainsFunc(l.failed, func(other error) bool { return other.Error() == err.Error() }) {
		l.failed = append(l.failed, err)
	}
}

func rulesOf(object map[string]any, name string) network.Fact[[]network.Rule] {
	told, ok := property[[]rule](object, name).Get()
	if !ok {
		return network.Unknown[[]network.Rule]()
	}
	rules := []network.Rule{}
	for _, r := range told {
		read := network.Rule{Protocol: r.IpProtocol, From: -1, To: -1, Range: r.CidrIp, Group: r.SourceSecurityGroupId + r.DestinationSecurityGroupId,
			Mark: network.ParseMark(r.Description)}
		if r.FromPort != nil && r.ToPort != nil {
			read.From, read.To = *r.FromPort, *r.ToPort
		}
		rules = append(rules, read)
	}
	return network.Told(rules)
}

var endpointProperties = []string{"PolicyDocument", "PrivateDnsEnabled", "SecurityGroupIds", "Tags"}

func endpointOf(object map[string]any) network.Endpoint {
	e := network.Endpoint{
		PrivateDNS: property[bool](object, "PrivateDnsEnabled"),
		Policy:     property[any](object, "PolicyDocument"),
		Groups:     network.Unknown[[]string](),
		Mark:       network.Unknown[string](),
	}
	into(object, "Identifier", &e.ID) // the CLI adds it
	if groups, ok := property[[]string](object, "SecurityGroupIds").Get(); ok {
		e.Groups = network.Told(sorted(groups))
	}
	if tags, ok := property[[]struct{ Key, Value string }](object, "Tags").Get(); ok {
		e.Mark = network.Told("")
		for _, tag := range tags {
			if tag.Key == network.MarkTag {
				e.Mark = network.Told(tag.Value)
			}
		}
	}
	return e
}

// endpoints looks the endpoints of a VPC for a service up. The CLI lists all of
// the region and picks those that match. It cannot where one lacks the property to
// match, which the schema allows for ServiceName and the handler of a list for all
// but the id, nor where one that matches lacks a property that is wanted: then each
// is read by itself, so that what one does not tell is not lost of the others.
func (l *LookUp) endpoints(vpc, serviceName string) network.Fact[[]network.Endpoint] {
	list := func(match map[string]any, wanted ...string) query {
		return query{kind: "VPC endpoint", typeName: typeEndpoint, match: match, required: wanted}
	}
	narrow := list(map[string]any{"VpcId": vpc, "ServiceName": serviceName}, endpointProperties...)
	wide, all := list(map[string]any{"VpcId": vpc}), list(map[string]any{})
	unmatched := func(q query) bool { return missingProperty(l.reason(q)) != "" }
	if l.known(narrow) || !l.known(wide) && !l.known(all) && !unmatched(narrow) {
		objects, ok := l.ask(narrow)
		if !ok {
			return network.Unknown[[]network.Endpoint]()
		}
		var out []network.Endpoint
		for _, object := range objects {
			out = append(out, endpointOf(object))
		}
		return network.Told(out)
	}
	if !l.known(wide) && (l.known(all) || unmatched(wide)) {
		return l.oneByOne(all, vpc, serviceName)
	}
	return l.oneByOne(wide, vpc, serviceName)
}

// oneByOne reads each endpoint of a list by itself, and picks those that match.
func (l *LookUp) oneByOne(q query, vpc, serviceName string) network.Fact[[]network.Endpoint] {
	var out []network.Endpoint
	objects, complete := l.ask(q)
	for _, object := range objects {
		id := endpointOf(object).ID
		one := query{kind: "VPC endpoint", typeName: typeEndpoint, id: id, required: []string{"VpcId"}, optional: []string{"ServiceName"}}
		object, ok := l.one(one)
		complete = complete && ok
		if property[string](object, "VpcId").Or("") != vpc || property[string](object, "ServiceName").Or("") != serviceName {
			continue
		}
		object, ok = l.one(query{kind: "VPC endpoint", typeName: typeEndpoint, id: id, optional: endpointProperties})
		complete = complete && ok
		if ok {
			out = append(out, endpointOf(object))
		}
	}
	if !complete {
		return network.Unknown[[]network.Endpoint]()
	}
	return network.Told(out)
}

// sorted is in an order of its own and without repetitions, since the schemas say
// of these lists that their order means nothing: a template must not change with
// it.
func sorted(ids []string) []string { return slices.Compact(slices.Sorted(slices.Values(ids))) }
