package msklambda

import (
	"fmt"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsec2"
	"github.com/aws/constructs-go/constructs/v10"
	"github.com/aws/jsii-runtime-go"
)

// SecurityGroupRules is what is added to the cluster's security groups, as
// rule resources of their own: the groups stay whose they are.
type SecurityGroupRules string

const (
	// SecurityGroupRulesIngress lets the pollers in to the brokers: TCP 9098
	// from each of the cluster's security groups, itself included, to each.
	SecurityGroupRulesIngress SecurityGroupRules = "ingress"

	// SecurityGroupRulesAll adds the way out: TCP 9098 from each group to each,
	// and TCP 443 to the endpoints, or to anywhere (0.0.0.0/0) where an
	// endpoint is not defined here.
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

// brokerPort is where brokers take IAM authentication inside the VPC.
const brokerPort = 9098

func (p *ClusterProps) validateRules(ps *problems) {
	switch p.SecurityGroupRules {
	case "", SecurityGroupRulesIngress, SecurityGroupRulesAll, SecurityGroupRulesNone:
	default:
		ps.add("SecurityGroupRules", "must be %q, %q or %q, got %q",
			SecurityGroupRulesIngress, SecurityGroupRulesAll, SecurityGroupRulesNone, p.SecurityGroupRules)
	}
	if p.RetainSecurityGroupRules && p.SecurityGroupRules == SecurityGroupRulesNone {
		ps.add("RetainSecurityGroupRules", "needs SecurityGroupRules %q or %q, got %q",
			SecurityGroupRulesIngress, SecurityGroupRulesAll, SecurityGroupRulesNone)
	}
}

// defineRules writes CloudFormation resources rather than rules of an imported
// CDK group, which drops egress rules without a word.
func (c *Cluster) defineRules() {
	mode := c.props.SecurityGroupRules
	if mode == SecurityGroupRulesNone {
		return
	}
	rules := constructs.NewConstruct(c, jsii.String("Rules"))
	for _, to := range c.SecurityGroupIDs {
		for _, from := range c.SecurityGroupIDs {
			c.ingress(rules, to, from)
			if mode == SecurityGroupRulesAll {
				c.egress(rules, from, brokerPort, "msklambda: pollers to brokers", &awsec2.CfnSecurityGroupEgressProps{DestinationSecurityGroupId: &to}, idFor(c, to))
			}
		}
	}
	if mode == SecurityGroupRulesAll {
		for _, from := range c.SecurityGroupIDs {
			c.endpointEgress(rules, from)
		}
		awscdk.Annotations_Of(c).AddInfoV2(jsii.String("msklambda:securityGroupRulesAll"), jsii.String(
			`SecurityGroupRules "all" adds outbound rules. CloudFormation removes the rule that allows all outbound traffic from a group `+
				`that gets one, shows it in no diff and does not put it back: use it only on groups whose outbound traffic is restricted already.`))
	}
	c.network = append(c.network, rules)
}

func (c *Cluster) ingress(scope constructs.Construct, to, from string) {
	id := fmt.Sprintf("%s from %s %d", idFor(c, to), idFor(c, from), brokerPort)
	c.retain(awsec2.NewCfnSecurityGroupIngress(scope, &id, &awsec2.CfnSecurityGroupIngressProps{
		GroupId:               &to,
		IpProtocol:            jsii.String("tcp"),
		FromPort:              jsii.Number(brokerPort),
		ToPort:                jsii.Number(brokerPort),
		SourceSecurityGroupId: &from,
		Description:           jsii.String("msklambda: pollers to brokers"),
	}))
}

// endpointEgress opens the way to Lambda and STS: to the endpoints if both are
// defined here, else to anywhere, since the addresses behind a NAT gateway or
// the groups of an existing endpoint are not known here.
func (c *Cluster) endpointEgress(scope constructs.Construct, from string) {
	if c.creates(c.props.LambdaEndpoint) && c.creates(c.props.STSEndpoint) {
		c.egress(scope, from, 443, "msklambda: pollers to endpoints", &awsec2.CfnSecurityGroupEgressProps{
			DestinationSecurityGroupId: c.EndpointSecurityGroup.SecurityGroupId(),
		}, "endpoints")
		return
	}
	c.egress(scope, from, 443, "msklambda: pollers to Lambda and STS", &awsec2.CfnSecurityGroupEgressProps{
		CidrIp: jsii.String("0.0.0.0/0"),
	}, "anywhere")
}

func (c *Cluster) egress(scope constructs.Construct, from string, port int, description string, props *awsec2.CfnSecurityGroupEgressProps, to string) {
	props.GroupId = &from
	props.IpProtocol = jsii.String("tcp")
	props.FromPort = jsii.Number(port)
	props.ToPort = jsii.Number(port)
	props.Description = &description
	id := fmt.Sprintf("%s to %s %d", idFor(c, from), to, port)
	c.retain(awsec2.NewCfnSecurityGroupEgress(scope, &id, props))
}

func (c *Cluster) retain(rule awscdk.CfnResource) {
	if c.props.RetainSecurityGroupRules {
		rule.ApplyRemovalPolicy(awscdk.RemovalPolicy_RETAIN, nil)
	}
}
