package msklambda

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/jsii-runtime-go"
)

// The ids of the warnings that an endpoint which the VPC has already, and which
// is used, would not let the pollers through, for
// awscdk.Annotations_Of(cluster).AcknowledgeWarning.
const (
	EndpointPolicyWarning = "msklambda:endpointPolicy"
	EndpointGroupsWarning = "msklambda:endpointGroups"
)

// vpcEndpoint is an interface endpoint with private DNS, of
// AWS::EC2::VPCEndpoint.
type vpcEndpoint struct {
	id          string
	VpcId       string
	ServiceName string
	PrivateDns  bool
	groupIDs    []string
	groups      []*groupRules // nil elements while they are not there
	tags        []struct{ Key, Value string }
	tagged      bool // the answer has tags, be it none
	policy      any
}

var endpointProperties = []string{"PolicyDocument", "PrivateDnsEnabled", "SecurityGroupIds", "Tags"}

func endpointOf(object map[string]any) *vpcEndpoint {
	e := &vpcEndpoint{policy: object["PolicyDocument"]}
	into(object, "Identifier", &e.id) // the CLI adds it
	into(object, "VpcId", &e.VpcId)
	into(object, "ServiceName", &e.ServiceName)
	into(object, "PrivateDnsEnabled", &e.PrivateDns)
	into(object, "SecurityGroupIds", &e.groupIDs)
	e.groupIDs = sorted(e.groupIDs)
	e.tagged = into(object, "Tags", &e.tags)
	return e
}

// vpcEndpoints looks the endpoints of a VPC for a service up. The CLI lists all
// of the region and picks those that match. It cannot where one lacks the
// property to match, which the schema allows for ServiceName and the handler of
// a list for all but the id: then each is read by itself.
func (f *found) vpcEndpoints(vpc, serviceName string) ([]*vpcEndpoint, bool) {
	list := func(match map[string]any, optional ...string) query {
		return query{kind: "VPC endpoint", typeName: typeEndpoint, match: match, optional: optional}
	}
	narrow := list(map[string]any{"VpcId": vpc, "ServiceName": serviceName}, endpointProperties...)
	wide, all := list(map[string]any{"VpcId": vpc}), list(map[string]any{})
	unmatched := func(q query) bool {
		return slices.Contains([]string{"ServiceName", "VpcId"}, missingProperty(f.reason(q)))
	}
	var out []*vpcEndpoint
	if f.known(narrow) || !f.known(wide) && !f.known(all) && !unmatched(narrow) {
		objects, ok := f.ask(narrow)
		for _, object := range objects {
			out = append(out, endpointOf(object))
		}
		return out, ok
	}
	q := wide
	if !f.known(wide) && (f.known(all) || unmatched(wide)) {
		q = all
	}
	one := func(id string, required []string, optional ...string) (*vpcEndpoint, bool) {
		object, ok := f.one(query{kind: "VPC endpoint", typeName: typeEndpoint, id: id, required: required, optional: optional})
		return endpointOf(object), ok
	}
	objects, complete := f.ask(q)
	for _, object := range objects {
		e, ok := one(endpointOf(object).id, []string{"VpcId"}, "ServiceName")
		complete = complete && ok
		if e.VpcId == vpc && e.ServiceName == serviceName {
			e, ok = one(e.id, nil, endpointProperties...)
			complete = complete && ok
			out = append(out, e)
		}
	}
	return out, complete
}

// isLookedUp tells whether what is given leaves it open how to reach a service. A
// gateway endpoint, the usual one for S3, is none that is looked up.
func (s *service) isLookedUp(given *ClusterProps) bool {
	e := s.endpoint(given)
	return s != s3Service && e.Source == "" && e.ID == ""
}

// settleEndpoints finds, for what is not given, an endpoint that the VPC has.
func (c *Cluster) settleEndpoints(ps *problems, needed []*service) {
	f := c.found
	if !f.vpcKnown {
		return
	}
	for _, s := range needed {
		e := s.endpoint(&c.props)
		if f.settled[s] || !s.isLookedUp(&c.props) {
			continue
		}
		f.subnets(&c.props)
		name := awscdk.Stack_Of(c).Resolve(s.aws().Name()).(string)
		candidates, ok := f.vpcEndpoints(c.props.VPCID, name)
		if !ok {
			continue
		}
		f.settled[s] = true
		slices.SortFunc(candidates, func(a, b *vpcEndpoint) int { return strings.Compare(a.id, b.id) })
		for _, found := range candidates {
			if !found.PrivateDns {
				continue
			}
			if f.isTagged(found) {
				continue
			}
			own := false
			for _, id := range found.groupIDs {
				g := f.group(id)
				found.groups = append(found.groups, g)
				own = own || !found.tagged && g != nil && g.own
			}
			if own {
				continue // the answer has no tags, but the group's rules are marked, too
			}
			if len(e.Statements) > 0 {
				ps.add(s.id+".Statements", "needs an endpoint that is defined here, and %s has %s: give the statements to that one", c.props.VPCID, found.id)
			}
			e.ID = found.id
			f.endpoints[s] = found
			break
		}
	}
}

// isTagged tells an endpoint that this stack made.
func (f *found) isTagged(e *vpcEndpoint) bool {
	return slices.ContainsFunc(e.tags, func(t struct{ Key, Value string }) bool { return t.Key == StackTag && t.Value == f.stackName })
}

// existingGroup is a group of the endpoint that was looked up for a service,
// "" where there is none. Any of an endpoint's groups will do for the way there.
func (c *Cluster) existingGroup(s *service) string {
	if c.found == nil || c.found.endpoints[s] == nil || len(c.found.endpoints[s].groupIDs) == 0 || c.props.SecurityGroupRules != "" {
		return ""
	}
	return c.found.endpoints[s].groupIDs[0]
}

// ranges are those of the broker subnets, where the endpoints defined here are
// too. They are nil where not all are known.
func (c *Cluster) ranges() []netip.Prefix {
	if c.found == nil {
		return nil
	}
	return c.found.cidrs
}

// checkExisting warns where an endpoint that was looked up would not let the
// pollers of a consumer through. It is a warning, as not all that could let
// them through is read.
func (c *Cluster) checkExisting(props *ConsumerProps) {
	if c.found == nil {
		return
	}
	for _, s := range c.props.services(props) {
		e := c.found.endpoints[s]
		if e == nil {
			continue
		}
		c.info("msklambda:existingEndpoint", fmt.Sprintf("%s is %s, which %s has already: none is defined.", s.id, e.id, c.props.VPCID))
		warn := func(id, format string, args ...any) {
			awscdk.Annotations_Of(c).AddWarningV2(&id, jsii.String(fmt.Sprintf("%s is %s, which %s has already, and ", s.id, e.id, c.props.VPCID)+fmt.Sprintf(format, args...)))
		}
		for _, wanted := range c.calls(s, props) {
			if why := wanted.refused(e.policy); why != "" {
				warn(EndpointPolicyWarning, "its policy would not let the pollers through: %s. Have this added to it: %s", why, wanted.statement())
			}
		}
		var rules []rule
		for _, g := range e.groups {
			if g != nil {
				// Own rules do let them through.
				rules = append(rules, g.all...)
			}
		}
		if !covers(rules, 443, c.SecurityGroupIDs, c.found.cidrs) {
			// The pollers have all of the cluster's groups, so one is enough.
			warn(EndpointGroupsWarning, "its security groups %q would not let the pollers in on TCP 443, as far as rules for groups and IPv4 ranges tell. Have one added:\n"+
				"aws ec2 authorize-security-group-ingress --group-id %s --protocol tcp --port 443 --source-group %s", e.groupIDs, strings.Join(e.groupIDs[:min(1, len(e.groupIDs))], ""), c.SecurityGroupIDs[0])
		}
	}
}

// calls is what the pollers do at the endpoint of a service.
func (c *Cluster) calls(s *service, props *ConsumerProps) []call {
	account, _ := arnEnv(c.ClusterARN)
	if s.action != "" {
		return []call{{action: s.action, service: "lambda.amazonaws.com", resource: "*"}}
	}
	switch s {
	case secretsService:
		return []call{{action: "secretsmanager:GetSecretValue", account: account, resource: *props.Authentication.Secret.SecretFullArn()}}
	case sqsService:
		return []call{{action: "sqs:SendMessage", account: account, resource: *props.OnFailure.Queue.QueueArn()}}
	case snsService:
		return []call{{action: "sns:Publish", account: account, resource: *props.OnFailure.Topic.TopicArn()}}
	}
	return nil
}
