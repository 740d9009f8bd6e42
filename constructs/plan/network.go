package plan

import (
	"slices"
	"strconv"
	"strings"
)

// service is the name of the one that an endpoint is for, as the planner of the
// network calls it.
func service(r *Resource) string {
	name := text(r.Properties["ServiceName"])
	last := name[strings.LastIndex(name, ".")+1:]
	if known, ok := map[string]string{"lambda": "Lambda", "sts": "STS", "secretsmanager": "Secrets Manager", "sqs": "SQS", "sns": "SNS", "s3": "S3"}[last]; ok {
		return known
	}
	return name
}

// open reports whether an endpoint's policy lets everybody through.
func open(r *Resource) bool {
	return r.Properties["PolicyDocument"] == nil || slices.ContainsFunc(statementsOf(r), statement.everybody)
}

func privateDNS(r *Resource) bool { return r.Properties["PrivateDnsEnabled"] == true }

func vpc(r *Resource) string { return text(r.Properties["VpcId"]) }

// describeEndpoint says what an endpoint is, and who may use it.
func (s *stack) describeEndpoint(r *Resource) string {
	out := "the endpoint for " + service(r) + " in " + plural(len(list(r.Properties["SubnetIds"])), "subnet") + " of " + vpc(r)
	switch a := s.admits(r); {
	case open(r) && a.onlyGroups():
		return out + ", which admits " + a.members() + " only"
	case open(r):
		return out + ", open to " + a.words()
	}
	return out + ", which admits the pollers only, or whom its policy names"
}

// gains says who gets a service, and who loses it, when an endpoint comes.
func (s *stack) gains(r *Resource) (effects []string, cutsOff bool) {
	name := service(r)
	switch {
	case !privateDNS(r):
		return nil, false
	case open(r):
		a := s.admits(r)
		switch {
		case a.onlyGroups():
			return []string{"every caller in " + vpc(r) + a.but() + " loses " + name}, true
		case a.untold:
			return []string{a.words() + " reach " + name + " through it", "a caller that they do not let in loses " + name + ", and whom they let in is not told here"}, false
		}
		return []string{a.words() + " reach " + name + " through it", "a caller in another range of " + vpc(r) + " loses " + name}, false
	}
	var who []string
	for _, statement := range statementsOf(r) {
		who = append(who, statement.words())
	}
	return []string{"its policy " + strings.Join(who, "; "), "every other caller in " + vpc(r) + " loses " + name}, true
}

// loses says who loses a service when an endpoint goes, and who has it back.
func loses(r *Resource) string {
	switch {
	case !privateDNS(r):
		return "whoever calls it by its own name loses " + service(r)
	case open(r):
		return "whoever in " + vpc(r) + " calls " + service(r) + " with no NAT gateway and no other endpoint loses it"
	}
	return "whom it admitted loses " + service(r) + " where there is no NAT gateway and no other endpoint; every other caller in " + vpc(r) + " reaches " + service(r) + " again by those"
}

// admitted are whom the security groups of an endpoint let in.
type admitted struct {
	groups, ranges []string
	untold         bool // the rules of some group are not in the template
}

// admits reads the security groups of an endpoint.
func (s *stack) admits(r *Resource) (out admitted) {
	ids := list(r.Properties["SecurityGroupIds"])
	out.untold = len(ids) == 0 // the VPC's own group
	add := func(rule any) {
		if !isHTTPS(rule) {
			return
		}
		if group := at(rule, "SourceSecurityGroupId"); group != nil {
			out.groups = append(out.groups, text(group))
		} else {
			out.ranges = append(out.ranges, peer(rule))
		}
	}
	for _, id := range ids {
		name, _, _ := strings.Cut(text(id), ".")
		group := s.Resources[name]
		if group == nil {
			out.untold = true
			continue
		}
		for _, in := range list(group.Properties["SecurityGroupIngress"]) {
			add(in)
		}
		for _, rule := range s.of(typeIngress) {
			if to, _, _ := strings.Cut(text(rule.Properties["GroupId"]), "."); to == name {
				add(any(rule.Properties))
			}
		}
	}
	return out
}

// onlyGroups reports whether nobody is let in by where it is in the VPC.
func (a admitted) onlyGroups() bool { return !a.untold && len(a.ranges) == 0 }

func (a admitted) members() string {
	if len(a.groups) == 0 {
		return "nobody"
	}
	return "the members of " + strings.Join(a.groups, ", ")
}

func (a admitted) but() string {
	if len(a.groups) == 0 {
		return ""
	}
	return " but those of " + strings.Join(a.groups, ", ")
}

func (a admitted) words() string {
	peers := append(slices.Clone(a.ranges), a.groups...)
	if len(peers) == 0 {
		return "whom its security groups let in"
	}
	return "callers in " + strings.Join(peers, ", ")
}

// peer is the other end of a rule, in a resource or in the list of a group.
func peer(rule any) string {
	for _, name := range []string{"CidrIp", "CidrIpv6", "SourceSecurityGroupId", "DestinationSecurityGroupId", "SourcePrefixListId", "DestinationPrefixListId"} {
		if v := at(rule, name); v != nil {
			return text(v)
		}
	}
	return "nobody that is known"
}

// isHTTPS reports whether a rule lets TCP 443 in, or may: a port can be a reference.
func isHTTPS(rule any) bool {
	switch strings.ToLower(text(at(rule, "IpProtocol"))) {
	case "tcp", "6":
	case "udp", "17", "icmp", "1", "icmpv6", "58":
		return false
	default:
		return true
	}
	from, fromKnown := at(rule, "FromPort").(float64)
	to, toKnown := at(rule, "ToPort").(float64)
	return !(fromKnown && from > 443) && !(toKnown && to < 443)
}

func ports(rule any) string {
	protocol, from, to := strings.ToUpper(text(at(rule, "IpProtocol"))), text(at(rule, "FromPort")), text(at(rule, "ToPort"))
	switch {
	case protocol == "-1":
		return "everything"
	case from == to:
		return protocol + " " + from
	}
	return protocol + " " + from + " to " + to
}

func describeRule(r *Resource) string {
	way := "in from"
	if r.Type == typeEgress {
		way = "out to"
	}
	return text(r.Properties["GroupId"]) + " lets " + ports(any(r.Properties)) + " " + way + " " + peer(any(r.Properties))
}

// sameRule reports whether EC2 would call one rule a duplicate of another.
func sameRule(a, b *Resource) bool { return a.Type == b.Type && describeRule(a) == describeRule(b) }

// sameEndpoint reports whether EC2 would refuse one endpoint because of another: their
// private DNS names are the same.
func sameEndpoint(a, b *Resource) bool {
	return a.Type == typeEndpoint && b.Type == typeEndpoint && privateDNS(a) && privateDNS(b) && service(a) == service(b) && vpc(a) == vpc(b)
}

// behind are the services that are reached through a security group of this stack.
func (s *stack) behind(group *Resource) (services []string) {
	for _, e := range s.of(typeEndpoint) {
		for _, id := range list(e.Properties["SecurityGroupIds"]) {
			if name, _, _ := strings.Cut(text(id), "."); name == group.LogicalID {
				services = append(services, service(e))
			}
		}
	}
	return services
}

const wayTo = ", the way to "

// compareGroup says whom a security group admits and no longer admits.
func (s *stack) compareGroup(before, after *Resource) (effects []string, cutsOff bool) {
	for _, way := range []string{"SecurityGroupIngress", "SecurityGroupEgress"} {
		word := "in from "
		if way == "SecurityGroupEgress" {
			word = "out to "
		}
		lines := func(r *Resource) (out []string) {
			for _, rule := range list(r.Properties[way]) {
				line := ports(rule) + " " + word + peer(rule)
				if services := s.behind(r); way == "SecurityGroupIngress" && len(services) > 0 && isHTTPS(rule) {
					line += wayTo + strings.Join(services, " and ")
				}
				out = append(out, line)
			}
			return out
		}
		was, is := lines(before), lines(after)
		for _, line := range is {
			if !slices.Contains(was, line) {
				line, _, _ = strings.Cut(line, wayTo)
				effects = append(effects, "lets "+line)
			}
		}
		for _, line := range was {
			if !slices.Contains(is, line) {
				effects, cutsOff = append(effects, "no longer lets "+line), true
			}
		}
	}
	for _, name := range before.changed(after) {
		if name != "SecurityGroupIngress" && name != "SecurityGroupEgress" {
			effects = append(effects, property(name, before, after))
		}
	}
	return effects, cutsOff
}

// compareEndpoint says what becomes of those who use an endpoint that is changed in
// place.
func (s *stack) compareEndpoint(before, after *Resource) (effects []string, cutsOff bool) {
	name := service(after)
	switch {
	case open(before) && !open(after):
		effects, cutsOff = append(effects, "every caller in "+vpc(after)+" but those that the policy names loses "+name), true
	case !open(before) && open(after):
		if a := s.admits(after); a.onlyGroups() {
			effects = append(effects, "its policy lets everybody through, and its security groups let in "+a.members()+" only")
		} else {
			effects = append(effects, a.words()+" reach "+name+" through it: who was shut out gains it back")
		}
	}
	switch {
	case privateDNS(before) && !privateDNS(after):
		effects, cutsOff = append(effects, "its private DNS goes: "+loses(before)), true
	case !privateDNS(before) && privateDNS(after):
		gained, all := s.gains(after)
		effects, cutsOff = append(effects, gained...), cutsOff || all
	}
	gone := func(property string) (ids []string) {
		is := list(after.Properties[property])
		for _, id := range list(before.Properties[property]) {
			if !slices.ContainsFunc(is, func(other any) bool { return text(other) == text(id) }) {
				ids = append(ids, text(id))
			}
		}
		return ids
	}
	for _, changed := range before.changed(after) {
		switch changed {
		case "PolicyDocument":
			lines := compareStatements(statementsOf(before), statementsOf(after))
			cutsOff = cutsOff || !open(after) && slices.ContainsFunc(lines, func(line string) bool { return strings.HasPrefix(line, "takes away") })
			effects = append(effects, lines...)
		case "SubnetIds":
			effects = append(effects, "subnets "+text(before.Properties[changed])+" -> "+text(after.Properties[changed]))
			if ids := gone(changed); len(ids) > 0 {
				effects = append(effects, "connections by "+strings.Join(ids, ", ")+" break, and its zone reaches "+name+" through the others")
			}
		case "SecurityGroupIds":
			effects = append(effects, property(changed, before, after))
			if ids := gone(changed); len(ids) > 0 {
				effects, cutsOff = append(effects, "whom "+strings.Join(ids, ", ")+" alone let in loses "+name), true
			}
		case "PrivateDnsEnabled":
		default:
			effects = append(effects, property(changed, before, after))
		}
	}
	return effects, cutsOff
}

func plural(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return strconv.Itoa(n) + " " + what + "s"
}
