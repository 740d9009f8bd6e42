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
		ps.add("SecurityGroupRules", "must be %q, %q or %q, got %q",
			SecurityGroupRulesIngress, SecurityGroupRulesAll, SecurityGroupRulesNone, p.SecurityGroupRules)
	}
	if p.RetainSecurityGroupRules && p.SecurityGroupRules == SecurityGroupRulesNone {
		ps.add("RetainSecurityGroupRules", "needs SecurityGroupRules %q or %q, got %q",
			SecurityGroupRulesIngress, SecurityGroupRulesAll, SecurityGroupRulesNone)
	}
}

// openPort lets the pollers in to the brokers at one port, for the first
// consumer that needs it, and returns what a mapping must wait for. It writes
// CloudFormation resources rather than rules of an imported CDK group, which
// drops egress rules without a word.
func (c *Cluster) openPort(port int) []constructs.IDependable {
	if c.props.SecurityGroupRules == SecurityGroupRulesNone {
		return nil
	}
	if rules, ok := c.ports[port]; ok {
		return rules
	}
	var rules []constructs.IDependable
	for _, to := range c.SecurityGroupIDs {
		for _, from := range c.SecurityGroupIDs {
			if c.lacksIngress(to, from, port) {
				rules = append(rules, c.ingress(to, from, port))
			}
			if c.lacksEgress(from, port, to, c.ranges()) {
				rules = append(rules, c.retain(c.egress(from, port, "pollers to brokers",
					&awsec2.CfnSecurityGroupEgressProps{DestinationSecurityGroupId: &to}, idFor(c, to))))
			}
		}
	}
	if c.props.SecurityGroupRules == SecurityGroupRulesAll && len(c.ports) == 0 {
		awscdk.Annotations_Of(c).AddInfoV2(jsii.String("msklambda:securityGroupRulesAll"), jsii.String(
			`SecurityGroupRules "all" adds outbound rules. CloudFormation removes the rule that allows all outbound traffic from a group `+
				`that gets one, shows it in no diff and does not put it back: use it only on groups whose outbound traffic is restricted already.`))
	}
	c.ports[port] = rules
	return rules
}

// openHTTPS opens the way out to the services: to the endpoints defined here,
// to those that were looked up, and to anywhere where there is another, since
// the addresses behind a NAT gateway or the groups of an endpoint that was given
// are not known here.
func (c *Cluster) openHTTPS(needed []*service) []constructs.IDependable {
	var rules []constructs.IDependable
	for _, to := range c.httpsTo(needed) {
		if _, ok := c.https[to]; !ok {
			c.https[to] = c.openHTTPSTo(to)
		}
		rules = append(rules, c.https[to]...)
	}
	return rules
}

const toEndpoints, toAnywhere = "endpoints", "anywhere"

// httpsTo is where the services are: toEndpoints, groups of other endpoints,
// or toAnywhere, which has room for all.
func (c *Cluster) httpsTo(needed []*service) []string {
	var to []string
	for _, s := range needed {
		group := c.existingGroup(s)
		switch {
		case c.creates(s):
			to = append(to, toEndpoints)
		case group != "":
			to = append(to, group)
		default:
			return []string{toAnywhere}
		}
	}
	return unique(to)
}

func (c *Cluster) openHTTPSTo(to string) []constructs.IDependable {
	var rules []constructs.IDependable
	for _, from := range c.SecurityGroupIDs {
		switch to {
		case toEndpoints:
			if c.lacksEgress(from, 443, "", c.ranges()) {
				// Never retained: it cannot have been there before the endpoints'
				// group, and EC2 deletes no group that a rule still names.
				rules = append(rules, c.egress(from, 443, "pollers to endpoints",
					&awsec2.CfnSecurityGroupEgressProps{DestinationSecurityGroupId: c.EndpointSecurityGroup.SecurityGroupId()}, to))
			}
		case toAnywhere:
			if c.lacksEgress(from, 443, "", nil) {
				rules = append(rules, c.retain(c.egress(from, 443, "pollers to AWS services",
					&awsec2.CfnSecurityGroupEgressProps{CidrIp: jsii.String(everywhere)}, to)))
			}
		default:
			if c.lacksEgress(from, 443, to, nil) {
				rules = append(rules, c.retain(c.egress(from, 443, "pollers to endpoints",
					&awsec2.CfnSecurityGroupEgressProps{DestinationSecurityGroupId: &to}, to)))
			}
		}
	}
	return rules
}

// namespace is a construct to put others into, there from the first one on.
func (c *Cluster) namespace(id string) constructs.Construct {
	if found := c.Node().TryFindChild(&id); found != nil {
		return found.(constructs.Construct)
	}
	return constructs.NewConstruct(c, &id)
}

func (c *Cluster) ingress(to, from string, port int) constructs.IDependable {
	id := fmt.Sprintf("%s from %s %d", idFor(c, to), idFor(c, from), port)
	return c.retain(awsec2.NewCfnSecurityGroupIngress(c.namespace("Rules"), &id, &awsec2.CfnSecurityGroupIngressProps{
		GroupId:               &to,
		IpProtocol:            jsii.String("tcp"),
		FromPort:              jsii.Number(port),
		ToPort:                jsii.Number(port),
		SourceSecurityGroupId: &from,
		Description:           c.description("pollers to brokers"),
	}))
}

func (c *Cluster) egress(from string, port int, purpose string, props *awsec2.CfnSecurityGroupEgressProps, to string) awscdk.CfnResource {
	props.GroupId = &from
	props.IpProtocol = jsii.String("tcp")
	props.FromPort = jsii.Number(port)
	props.ToPort = jsii.Number(port)
	props.Description = c.description(purpose)
	id := fmt.Sprintf("%s to %s %d", idFor(c, from), to, port)
	return awsec2.NewCfnSecurityGroupEgress(c.namespace("Rules"), &id, props)
}

func (c *Cluster) retain(rule awscdk.CfnResource) constructs.IDependable {
	if c.props.RetainSecurityGroupRules {
		rule.ApplyRemovalPolicy(awscdk.RemovalPolicy_RETAIN, nil)
	}
	return rule
}
