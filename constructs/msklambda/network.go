package msklambda

import (
	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/constructs-go/constructs/v10"
	"github.com/aws/jsii-runtime-go"

	"msklambda/constructs/arn"
	"msklambda/constructs/network"
	"msklambda/constructs/notice"
)

// choices are the props as the planner takes them.
func (p *ClusterProps) choices() network.Choices {
	account, _ := arn.Env(p.ClusterARN)
	c := network.Choices{
		Connected:    p.VPCConnectionARN != "",
		VPC:          idOf(p.VPCID),
		Subnets:      network.IDs(p.SubnetIDs, isToken),
		Groups:       network.IDs(p.SecurityGroupIDs, isToken),
		Account:      account,
		Endpoints:    map[network.Service]network.Choice{},
		Access:       network.Access(p.EndpointAccess),
		Ranges:       p.VPCCIDRs,
		ClientGroups: network.IDs(p.EndpointClientSecurityGroupIDs, isToken),
		ClientRanges: p.EndpointClientCIDRs,
		Rules:        network.Rules(p.SecurityGroupRules),
		Retain:       p.RetainSecurityGroupRules,
		DualStack:    p.dualStack(),
	}
	for _, s := range services {
		c.Endpoints[s.Service] = s.endpoint(p).choice()
	}
	return c
}

func (e *Endpoint) choice() network.Choice {
	return network.Choice{Source: network.Source(e.Source), ID: idOf(e.ID), Statements: len(e.Statements)}
}

func idOf(text string) network.ID {
	if isToken(text) {
		return network.Opaque(text)
	}
	return network.Known(text)
}

// needs are what the pollers of a consumer need, in words of the planner. Which
// resources another stack defines, the caller says.
func (p *ConsumerProps) needs(consumer string, elsewhere func(arn string) bool) network.Needs {
	resource := func(arn *string) network.Resource {
		if arn == nil {
			return network.Resource{} // of a secret that Validate refuses
		}
		return network.Resource{ARN: *arn, Opaque: isToken(*arn), Elsewhere: elsewhere(*arn)}
	}
	n := network.Needs{Consumer: consumer, Port: p.Authentication.port(), Provisioned: p.provisioned()}
	if secret := p.Authentication.Secret; secret != nil {
		n.Secret = resource(secret.SecretFullArn())
	}
	switch d := p.OnFailure; {
	case d.Queue != nil:
		n.Queue = resource(d.Queue.QueueArn())
	case d.Topic != nil:
		n.Topic = resource(d.Topic.TopicArn())
	case d.Bucket != nil:
		n.Bucket, n.Objects = resource(d.Bucket.BucketArn()), resource(d.Bucket.ArnForObjects(jsii.String("*")))
	}
	return n
}

// needsOf are those of a consumer that is about to be defined in a scope.
func (c *Cluster) needsOf(at place, id string, p *ConsumerProps) network.Needs {
	n := p.needs(id, func(arn string) bool { return isToken(arn) && len(foreignStacks(c, arn)) > 0 })
	n.Caller = network.Caller{
		Role: p.Function == nil || p.Function.Role() != nil,
		Here: at.stack == c.place.stack,
	}
	return n
}

// grow defines what a step of the plan brings, and returns what the consumer's
// mapping must wait for.
func (c *Cluster) grow(step network.Step) (wait []constructs.IDependable) {
	if step.Group != nil {
		c.defineEndpointSecurityGroup(step.Group)
	}
	for _, e := range step.Endpoints {
		c.defineEndpoint(e)
	}
	for _, r := range step.Rules {
		c.defineRule(r)
	}
	c.remember()
	for _, s := range step.WaitsForEndpoints {
		wait = append(wait, *serviceOf(s).field(c))
	}
	for _, r := range step.WaitsForRules {
		wait = append(wait, c.rules[r])
	}
	return wait
}

// annotate shows the warnings and notes of a step where they belong: on the cluster,
// or on the consumer or admin function that it is of.
func (c *Cluster) annotate(of constructs.Construct, step network.Step) {
	on := func(n notice.Notice) constructs.IConstruct {
		if n.On == "consumer" {
			return of
		}
		return c
	}
	for _, n := range step.Warnings {
		warn(on(n), n)
	}
	for _, n := range step.Notes {
		awscdk.Annotations_Of(on(n)).AddInfoV2(&n.ID, jsii.String(n.String()))
	}
	c.explain(of, step)
}

func warn(on constructs.IConstruct, n notice.Notice) {
	awscdk.Annotations_Of(on).AddWarningV2(&n.ID, jsii.String(n.String()))
}

// atSynth is the child for warnings of a synth.
const atSynth = "AtSynth"

// warnLate warns at synth, when the app is through. A warning that is added after it
// was acknowledged is kept back by CDK where the acknowledgement is further up, and
// not where it is on the construct itself: so it goes onto a child.
func warnLate(on constructs.Construct, n notice.Notice) {
	child := on.Node().TryFindChild(jsii.String(atSynth))
	if child == nil {
		child = constructs.NewConstruct(on, jsii.String(atSynth))
	}
	warn(child, n)
}

// namespace is a construct to put others into, there from the first one on.
func (c *Cluster) namespace(id string) constructs.Construct {
	if found := c.Node().TryFindChild(&id); found != nil {
		return found.(constructs.Construct)
	}
	return constructs.NewConstruct(c, &id)
}
