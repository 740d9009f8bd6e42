package msklambda

import (
	"net/netip"
	"slices"
	"strings"

	"github.com/aws/aws-cdk-go/awscdk/v2/awsec2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsiam"

	"msklambda/constructs/arn"
)

// EndpointSource is where the interface endpoint of a service comes from.
type EndpointSource string

const (
	// EndpointCreate defines an interface endpoint in the broker subnets, with
	// private DNS. A VPC takes one such endpoint for each service: where there
	// is one already, the deploy fails.
	EndpointCreate EndpointSource = "create"

	// EndpointExisting uses an interface endpoint with private DNS that the
	// VPC has. Nothing about it is changed: its security groups must let the
	// cluster's security groups in on TCP 443, and its policy must admit
	// Lambda's service.
	EndpointExisting EndpointSource = "existing"

	// EndpointNone uses no endpoint: the broker subnets reach the service
	// through a NAT gateway.
	EndpointNone EndpointSource = "none"
)

// Endpoint says how the pollers of a cluster reach one AWS service from the
// broker subnets. The zero value defines an interface endpoint.
type Endpoint struct {
	// Source defaults to EndpointCreate, and to EndpointExisting where ID is
	// given.
	Source EndpointSource

	// ID is that of an existing endpoint, such as "vpce-0123456789abcdef0". It
	// may be left empty: then the endpoint is only relied on.
	ID string

	// Statements are added to the policy of an endpoint defined here, for
	// callers other than the pollers. Each needs a principal.
	Statements []awsiam.PolicyStatement
}

// EndpointAccess is who may use the endpoints that are defined here.
//
// It matters to others, because the endpoints have private DNS: once they are
// there, the names of Lambda and STS resolve to them for every client in the
// VPC, whether or not the endpoint lets that client in.
type EndpointAccess string

const (
	// EndpointAccessPollers admits the pollers only, as the AWS tutorial does:
	// the security group takes TCP 443 from the cluster's security groups, and
	// the policy admits lambda.amazonaws.com. Every other caller of Lambda or
	// STS in the VPC is cut off (pods with IAM roles, SDKs that assume a role,
	// other event source mappings), unless it is listed as a client and, by
	// Statements, in the policy.
	EndpointAccessPollers EndpointAccess = "pollers"

	// EndpointAccessVPC opens the endpoints to VPCCIDRs, with a policy that admits
	// everybody, as AWS's default does, so that nobody is cut off. The policy is
	// written out: one that merely went missing from a template could stay.
	EndpointAccessVPC EndpointAccess = "vpc"
)

func (p *ClusterProps) dualStack() bool {
	return p.EndpointIPAddressType == awsec2.VpcEndpointIpAddressType_DUALSTACK
}

// isIPv6 reports whether a range is one of IPv6, a token among them.
func isIPv6(cidr string) bool {
	return !isToken(cidr) && strings.Contains(cidr, ":") || strings.HasPrefix(cidr, tokenIPv6)
}

func (p *ClusterProps) validateEndpoints(ps *problems) {
	for _, s := range services {
		e := s.endpoint(p)
		switch source := EndpointSource(e.choice().Meant()); source {
		case EndpointCreate, EndpointExisting, EndpointNone:
			if source != EndpointExisting && e.ID != "" {
				ps.Add(s.Field()+".ID", "needs Source %q, got Source %q", EndpointExisting, source)
			}
			if source != EndpointCreate && len(e.Statements) > 0 {
				ps.Add(s.Field()+".Statements", "needs Source %q: the policy of an endpoint not defined here is not changed, got Source %q", EndpointCreate, source)
			}
		default:
			ps.Add(s.Field()+".Source", "must be %q, %q or %q, got %q", EndpointCreate, EndpointExisting, EndpointNone, source)
		}
		if e.ID != "" && !isToken(e.ID) && !arn.EndpointID.MatchString(e.ID) {
			ps.Add(s.Field()+".ID", `must be an id such as "vpce-0123456789abcdef0", got %q`, e.ID)
		}
		ps.statements(s.Field()+".Statements", e.Statements)
	}
	switch p.EndpointAccess {
	case "", EndpointAccessPollers:
	case EndpointAccessVPC:
		if len(p.VPCCIDRs) == 0 {
			ps.Add("VPCCIDRs", `is required with {EndpointAccess} %q: the ranges of the VPC, such as "10.0.0.0/16"`, EndpointAccessVPC)
		}
	default:
		ps.Add("EndpointAccess", "must be %q or %q, got %q", EndpointAccessPollers, EndpointAccessVPC, p.EndpointAccess)
	}
	switch p.EndpointIPAddressType {
	case "", awsec2.VpcEndpointIpAddressType_IPV4, awsec2.VpcEndpointIpAddressType_DUALSTACK:
	default:
		ps.Add("EndpointIPAddressType", "must be %s or %s, got %q", awsec2.VpcEndpointIpAddressType_IPV4, awsec2.VpcEndpointIpAddressType_DUALSTACK, p.EndpointIPAddressType)
	}
	if p.dualStack() && p.EndpointAccess == EndpointAccessVPC && !slices.ContainsFunc(p.VPCCIDRs, isIPv6) && len(p.VPCCIDRs) > 0 {
		ps.Add("VPCCIDRs", `must have the IPv6 range of the VPC with {EndpointIPAddressType} %s, as callers that have IPv6 then come by it, or "ipv6:" and a token, got %q`, p.EndpointIPAddressType, p.VPCCIDRs)
	}
	ps.cidrs("VPCCIDRs", p.VPCCIDRs)
	for _, cidr := range p.VPCCIDRs {
		prefix, err := netip.ParsePrefix(cidr)
		if err != nil {
			continue
		}
		if low, bits := map[bool]int{true: 16, false: 44}[prefix.Addr().Is4()], prefix.Bits(); bits < low {
			ps.Add("VPCCIDRs", "must be ranges that a VPC can have, /16 or longer for IPv4 and /44 or longer for IPv6, got %q", cidr)
		}
	}
	ps.cidrs("EndpointClientCIDRs", p.EndpointClientCIDRs)
	ps.ids("EndpointClientSecurityGroupIDs", p.EndpointClientSecurityGroupIDs, arn.SecurityGroupID, "sg-0123456789abcdef0")
}
