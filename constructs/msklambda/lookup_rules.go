package msklambda

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/jsii-runtime-go"
)

// rule is an inbound or outbound rule of AWS::EC2::SecurityGroup.
type rule struct {
	IpProtocol                 string
	FromPort, ToPort           *int
	CidrIp                     string
	SourceSecurityGroupId      string
	DestinationSecurityGroupId string
	Description                string
}

// port tells whether a rule is for a TCP port.
func (r rule) port(port int) bool {
	switch strings.ToLower(r.IpProtocol) {
	case "-1":
		return true
	case "tcp", "6":
		return r.FromPort != nil && r.ToPort != nil && *r.FromPort <= port && port <= *r.ToPort
	}
	return false
}

const everywhere = "0.0.0.0/0"

// covers tells whether the rules let TCP traffic on a port through, to or from
// one of the groups, or all of the ranges. IPv6 and prefix lists are not read.
func covers(rules []rule, port int, groups []string, ranges []netip.Prefix) bool {
	left := slices.Clone(ranges)
	for _, r := range rules {
		if !r.port(port) {
			continue
		}
		if r.CidrIp == everywhere || slices.Contains(groups, r.SourceSecurityGroupId) || slices.Contains(groups, r.DestinationSecurityGroupId) {
			return true
		}
		if prefix, err := netip.ParsePrefix(r.CidrIp); err == nil {
			left = slices.DeleteFunc(left, func(p netip.Prefix) bool { return prefix.Bits() <= p.Bits() && prefix.Contains(p.Addr()) })
		}
	}
	return len(ranges) > 0 && len(left) == 0
}

// groupRules are the rules of a security group. Those that this stack made
// are left out: they must go on being defined.
type groupRules struct {
	ingress, egress []rule
	all             []rule // inbound, this stack's too
	egressKnown     bool
	own             bool // some rule is this stack's
}

// open tells that a group allows all outbound traffic, which CloudFormation
// takes away as soon as it adds an outbound rule to it (see SecurityGroupRulesAll).
func (g *groupRules) open() bool {
	return slices.ContainsFunc(g.egress, func(r rule) bool { return r.IpProtocol == "-1" && r.CidrIp == everywhere })
}

// group looks the rules of a security group up. It is nil while they are not
// there.
func (f *found) group(id string) *groupRules {
	object, ok := f.one(query{kind: "security group", typeName: typeGroup, id: id, optional: []string{"SecurityGroupEgress", "SecurityGroupIngress"}})
	if !ok {
		return nil
	}
	g := &groupRules{}
	into(object, "SecurityGroupIngress", &g.ingress)
	g.egressKnown = into(object, "SecurityGroupEgress", &g.egress)
	own := func(r rule) bool {
		mine := isOwnRule(r.Description, f.stackName)
		g.own = g.own || mine
		return mine
	}
	g.all = slices.Clone(g.ingress)
	g.ingress = slices.DeleteFunc(g.ingress, own)
	g.egress = slices.DeleteFunc(g.egress, own)
	return g
}

// EgressWarning is the id of the warning that the look-up of a security group
// did not tell of its outbound rules, for
// awscdk.Annotations_Of(cluster).AcknowledgeWarning.
const EgressWarning = "msklambda:egressUnknown"

// looked are the rules of a group, nil where no look-up decides.
func (c *Cluster) looked(group string) *groupRules {
	if c.found == nil || c.props.SecurityGroupRules != "" {
		return nil
	}
	return c.found.groups[group]
}

// lacksIngress tells whether a group needs the rule that lets in another.
func (c *Cluster) lacksIngress(to, from string, port int) bool {
	g := c.looked(to)
	lacks := g == nil || !covers(g.ingress, port, []string{from}, c.found.cidrs)
	if !lacks {
		c.info("msklambda:existingRule", fmt.Sprintf("%s lets TCP %d in from %s already: no rule is added.", to, port, from))
	}
	return lacks
}

// lacksEgress tells whether a group needs a rule for the way out: to a group,
// or to ranges. With no range it is to anywhere.
func (c *Cluster) lacksEgress(from string, port int, group string, ranges []netip.Prefix) bool {
	if c.props.SecurityGroupRules == SecurityGroupRulesAll {
		return true
	}
	g := c.looked(from)
	switch {
	case g == nil || g.open():
		return false
	case !g.egressKnown:
		// A group without any would be told apart by an empty list. A rule here
		// could strip the group of the one that allows everything.
		awscdk.Annotations_Of(c).AddWarningV2(jsii.String(EgressWarning), jsii.String(fmt.Sprintf(
			"the look-up of %s did not tell of its outbound rules, so none is added. If its outbound traffic is restricted, the pollers need SecurityGroupRules %q.",
			from, SecurityGroupRulesAll)))
		return false
	}
	var groups []string
	if group != "" {
		groups = []string{group}
	}
	lacks := !covers(g.egress, port, groups, ranges)
	if lacks {
		c.info("msklambda:egressRule", fmt.Sprintf("%s does not allow all outbound traffic, as far as its %d outbound rules tell, so the rules out on TCP %d that it lacks are added.",
			from, len(g.egress), port))
	}
	return lacks
}

func (c *Cluster) info(id, text string) {
	awscdk.Annotations_Of(c).AddInfoV2(&id, &text)
}
