package msklambda

import (
	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsec2"
	"github.com/aws/jsii-runtime-go"

	"msklambda/constructs/network"
)

// SecurityGroupRules is what is added to the cluster's security groups, as
// rule resources of their own: the groups stay whose they are.
type SecurityGroupRules string

const (
	// SecurityGroupRulesIngress lets the pollers in to the brokers: TCP on the
	// port of the consumers' authentication (9098 for IAM) from each of the
	// cluster's security groups, itself included, to each.
	SecurityGroupRulesIngress SecurityGroupRules = "ingress"

	// SecurityGroupRulesAll adds the way out: TCP on that port from each group
	// to each, and TCP 443 to the endpoints, or to anywhere (0.0.0.0/0) where an
	// endpoint that is needed is not defined here.
	//
	// It is for groups whose outbound traffic is restricted already, and cuts
	// off others when used on any other: CloudFormation removes the rule that
	// allows all outbound traffic from a group as soon as it adds an outbound
	// rule to it, shows that in no diff, and does not put it back when the
	// stack is deleted. Everything behind that group then loses its outbound
	// traffic.
	SecurityGroupRulesAll SecurityGroupRules = "all"

	// SecurityGroupRulesNone adds nothing: the groups have the rules already.
	SecurityGroupRulesNone SecurityGroupRules = "none"
)

func (p *ClusterProps) validateRules(ps *problems) {
	switch p.SecurityGroupRules {
	case "", SecurityGroupRulesIngress, SecurityGroupRulesAll, SecurityGroupRulesNone:
	default:
		ps.Add("SecurityGroupRules", "must be %q, %q or %q, got %q",
			SecurityGroupRulesIngress, SecurityGroupRulesAll, SecurityGroupRulesNone, p.SecurityGroupRules)
	}
	if p.RetainSecurityGroupRules && p.SecurityGroupRules == SecurityGroupRulesNone {
		ps.Add("RetainSecurityGroupRules", "needs {SecurityGroupRules} %q or %q, got %q",
			SecurityGroupRulesIngress, SecurityGroupRulesAll, SecurityGroupRulesNone)
	}
}

// defineRule writes CloudFormation resources rather than rules of an imported CDK
// group, which drops egress rules without a word.
func (c *Cluster) defineRule(planned network.PlannedRule) {
	scope := c.namespace("Rules")
	id := jsii.String(planned.ConstructID(func(id network.ID) string { return c.idFor(id.Text()) }))
	group, port, description := jsii.String(planned.Group.Text()), jsii.Number(planned.Port), jsii.String(planned.Mark.String())
	var rule awscdk.CfnResource
	if planned.Out {
		to, cidr := c.destination(planned.Peer)
		rule = awsec2.NewCfnSecurityGroupEgress(scope, id, &awsec2.CfnSecurityGroupEgressProps{
			GroupId: group, IpProtocol: jsii.String("tcp"), FromPort: port, ToPort: port, Description: description,
			DestinationSecurityGroupId: to, CidrIp: cidr,
		})
	} else {
		rule = awsec2.NewCfnSecurityGroupIngress(scope, id, &awsec2.CfnSecurityGroupIngressProps{
			GroupId: group, IpProtocol: jsii.String("tcp"), FromPort: port, ToPort: port, Description: description,
			SourceSecurityGroupId: jsii.String(planned.Peer.Group.Text()),
		})
	}
	if planned.Retain {
		rule.ApplyRemovalPolicy(awscdk.RemovalPolicy_RETAIN, nil)
	}
	c.rules[planned] = rule
}

// destination is the group or the range that a rule lets out to.
func (c *Cluster) destination(p network.Peer) (group, cidr *string) {
	switch {
	case p.Endpoints:
		return c.EndpointSecurityGroup.SecurityGroupId(), nil
	case p.Range != "":
		return nil, &p.Range
	}
	return jsii.String(p.Group.Text()), nil
}
