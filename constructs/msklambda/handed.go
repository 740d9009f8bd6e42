package msklambda

import (
	"fmt"
	"regexp"
	"strings"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/constructs-go/constructs/v10"
)

// takeIDs gives the ids of the objects that are given in place of ids, so that all
// else knows ids only, and reports what is given in both ways.
func (p *ClusterProps) takeIDs(ps *problems) {
	both := func(object, ids string) {
		ps.Add(object, "stands in place of {%s}: give one of the two, got both", ids)
	}
	if p.VPC != nil {
		if p.VPCID != "" {
			both("VPC", "VPCID")
		}
		p.VPCID = *p.VPC.VpcId()
	}
	// A list that is empty is not one that was left out: a VPC may have no such subnets.
	if p.Subnets != nil && len(p.Subnets) == 0 {
		ps.Add("Subnets", "must not be empty where it is given: the VPC has none of that kind")
		p.SubnetIDs = placeholderValues.SubnetIDs // so that nothing more is said of it
	}
	if p.SecurityGroups != nil && len(p.SecurityGroups) == 0 {
		ps.Add("SecurityGroups", "must not be empty where it is given")
		p.SecurityGroupIDs = placeholderValues.SecurityGroupIDs
	}
	if len(p.Subnets) > 0 {
		if len(p.SubnetIDs) > 0 {
			both("Subnets", "SubnetIDs")
		}
		p.SubnetIDs = nil
		for i, s := range p.Subnets {
			if s == nil {
				ps.Add(fmt.Sprintf("Subnets[%d]", i), "must not be nil")
				continue
			}
			p.SubnetIDs = append(p.SubnetIDs, *s.SubnetId())
		}
	}
	if len(p.SecurityGroups) > 0 {
		if len(p.SecurityGroupIDs) > 0 {
			both("SecurityGroups", "SecurityGroupIDs")
		}
		p.SecurityGroupIDs = nil
		for i, g := range p.SecurityGroups {
			if g == nil {
				ps.Add(fmt.Sprintf("SecurityGroups[%d]", i), "must not be nil")
				continue
			}
			p.SecurityGroupIDs = append(p.SecurityGroupIDs, *g.SecurityGroupId())
		}
	}
}

var accountID = regexp.MustCompile(`^\d{12}$`)

// vpcOwner is the account of a VPC that is handed over, where that is known and is not
// the stack's. CDK's look-up tells it in the VPC's ARN; of a VPC that is imported by
// its attributes the ARN has the stack's account, whoever owns it.
func (p *ClusterProps) vpcOwner(scope constructs.Construct) string {
	if p.VPC == nil {
		return ""
	}
	parts := strings.Split(*p.VPC.VpcArn(), ":")
	if len(parts) < 6 || !accountID.MatchString(parts[4]) {
		return "" // a token
	}
	account := *awscdk.Stack_Of(scope).Account()
	if isToken(account) || account == parts[4] {
		return ""
	}
	return parts[4]
}

// nameHanded names the groups that are handed over, for the ids of constructs. Their
// ids are tokens where this app makes them, and say nothing. What is in the
// cluster's stack is named without it.
func (c *Cluster) nameHanded() {
	for _, g := range c.props.SecurityGroups {
		id := *g.SecurityGroupId()
		if !isToken(id) {
			continue
		}
		name := *g.Node().Path()
		if stack := *awscdk.Stack_Of(g).Node().Path(); stack == c.place.stack && len(name) > len(stack)+1 {
			name = name[len(stack)+1:]
		}
		if c.names == nil {
			c.names = map[string]string{}
		}
		c.names[id] = name
	}
}

// idFor turns a physical id into a construct id, so that a resource keeps its
// logical id when a list is reordered. A token has no value yet and cannot be
// an id: it is named as what it is the id of, where that was handed over. What it
// resolves to otherwise, such as {"Ref":"Group"}, is as stable.
func (c *Cluster) idFor(id string) string {
	if name := c.names[id]; name != "" {
		return name
	}
	if isToken(id) {
		return "token-" + shortHash(c, id)
	}
	return id
}
