package account

import (
	"context"
	"net/netip"
	"slices"
	"strings"
	"sync"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"

	"msklambda/constructs/doctor"
	"msklambda/constructs/network"
	"msklambda/constructs/network/flow"
)

// network reads the VPC of the brokers, which their subnets tell.
func (a *Account) network(ctx context.Context, f *doctor.Facts) {
	var subnets, groups []string
	if c := f.Cluster.Value; c != nil {
		subnets, groups = c.Subnets, c.Groups
	}
	if c := f.Connection.Value; c != nil {
		subnets, groups = c.Subnets, c.Groups
	}
	f.Subnets, f.Groups = map[string]doctor.Fact[doctor.Subnet]{}, map[string]doctor.Fact[[]flow.Rule]{}
	if len(subnets) == 0 {
		return
	}
	ranges, vpc, owner, err := a.subnets(ctx, subnets)
	if err != nil || vpc == "" {
		// Without the VPC nothing else can be asked for but the groups.
		reason := why("ec2:DescribeSubnets", err)
		for _, id := range subnets {
			f.Subnets[id] = doctor.NotKnown[doctor.Subnet](reason)
		}
		f.VPC, f.Endpoints = doctor.NotKnown[doctor.VPC](reason), doctor.NotKnown[[]doctor.Endpoint](reason)
		a.groups(ctx, f, groups)
		return
	}
	var tables []types.RouteTable
	var acls []types.NetworkAcl
	var errTables, errACLs error
	var all sync.WaitGroup
	all.Go(func() { f.VPC = a.vpc(ctx, vpc) })
	all.Go(func() {
		if f.Endpoints = a.endpoints(ctx, vpc); owner != "" && owner != a.ID && f.Endpoints.Known {
			// Who shares a VPC shows its subnets, and not its endpoints.
			f.Endpoints = doctor.Fact[[]doctor.Endpoint]{Value: f.Endpoints.Value, Why: "the VPC is shared by account " + owner + ", which alone sees its endpoints: run the doctor's reads there, or ask its owner"}
		}
	})
	all.Go(func() { tables, errTables = a.tables(ctx, vpc) })
	all.Go(func() { acls, errACLs = a.acls(ctx, vpc) })
	all.Wait()
	// Endpoints may be in subnets and groups that the brokers are not in.
	var more []string
	for _, e := range f.Endpoints.Value {
		groups = append(groups, e.Groups...)
		for _, id := range e.Subnets {
			if !slices.Contains(subnets, id) && !slices.Contains(more, id) {
				more = append(more, id)
			}
		}
	}
	if len(more) > 0 {
		others, _, _, err := a.subnets(ctx, more)
		for _, id := range more {
			f.Subnets[id] = doctor.NotKnown[doctor.Subnet](why("ec2:DescribeSubnets", err))
		}
		for id, r := range others {
			ranges[id] = r
		}
	}
	for id, r := range ranges {
		s := doctor.Subnet{Range: r, Routes: told(routesOf(tables, id), "ec2:DescribeRouteTables", errTables)}
		acl, entries := aclOf(acls, id)
		s.ACLID, s.ACL = acl, told(entries, "ec2:DescribeNetworkAcls", errACLs)
		f.Subnets[id] = doctor.Told(s)
	}
	slices.Sort(groups)
	a.groups(ctx, f, slices.Compact(groups))
}

// subnets are the ranges of subnets, their VPC, and the account that owns it.
func (a *Account) subnets(ctx context.Context, ids []string) (ranges map[string]netip.Prefix, vpc, owner string, err error) {
	ranges = map[string]netip.Prefix{}
	pages := ec2.NewDescribeSubnetsPaginator(a.ec2, &ec2.DescribeSubnetsInput{SubnetIds: ids})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return nil, "", "", err
		}
		for _, s := range page.Subnets {
			prefix, err := netip.ParsePrefix(aws.ToString(s.CidrBlock))
			if err != nil {
				return nil, "", "", err
			}
			ranges[aws.ToString(s.SubnetId)], vpc = prefix, aws.ToString(s.VpcId)
			owner = aws.ToString(s.OwnerId)
		}
	}
	return ranges, vpc, owner, nil
}

func (a *Account) vpc(ctx context.Context, id string) doctor.Fact[doctor.VPC] {
	const permission = "ec2:DescribeVpcAttribute"
	v := doctor.VPC{ID: id}
	support, err := a.ec2.DescribeVpcAttribute(ctx, &ec2.DescribeVpcAttributeInput{VpcId: &id, Attribute: types.VpcAttributeNameEnableDnsSupport})
	if err != nil {
		return doctor.Fact[doctor.VPC]{Value: v, Why: why(permission, err)}
	}
	hosts, err := a.ec2.DescribeVpcAttribute(ctx, &ec2.DescribeVpcAttributeInput{VpcId: &id, Attribute: types.VpcAttributeNameEnableDnsHostnames})
	if err != nil {
		return doctor.Fact[doctor.VPC]{Value: v, Why: why(permission, err)}
	}
	on := func(v *types.AttributeBooleanValue) bool { return v != nil && aws.ToBool(v.Value) }
	v.DNSSupport, v.DNSHosts = on(support.EnableDnsSupport), on(hosts.EnableDnsHostnames)
	return doctor.Told(v)
}

func inVPC(id string) []types.Filter {
	return []types.Filter{{Name: aws.String("vpc-id"), Values: []string{id}}}
}

func (a *Account) endpoints(ctx context.Context, vpc string) doctor.Fact[[]doctor.Endpoint] {
	var out []doctor.Endpoint
	pages := ec2.NewDescribeVpcEndpointsPaginator(a.ec2, &ec2.DescribeVpcEndpointsInput{Filters: inVPC(vpc)})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return doctor.NotKnown[[]doctor.Endpoint](why("ec2:DescribeVpcEndpoints", err))
		}
		for _, e := range page.VpcEndpoints {
			out = append(out, endpointOf(e))
		}
	}
	slices.SortFunc(out, func(a, b doctor.Endpoint) int { return strings.Compare(a.ID, b.ID) })
	return doctor.Told(out)
}

func endpointOf(in types.VpcEndpoint) doctor.Endpoint {
	service := aws.ToString(in.ServiceName)
	e := doctor.Endpoint{ID: aws.ToString(in.VpcEndpointId), Service: service[strings.LastIndex(service, ".")+1:], Gateway: in.VpcEndpointType == types.VpcEndpointTypeGateway,
		State: string(in.State), PrivateDNS: aws.ToBool(in.PrivateDnsEnabled), Subnets: in.SubnetIds}
	for _, g := range in.Groups {
		e.Groups = append(e.Groups, aws.ToString(g.GroupId))
	}
	if text := aws.ToString(in.PolicyDocument); text != "" {
		e.Policy = text
	}
	for _, t := range in.Tags {
		if aws.ToString(t.Key) == network.MarkTag {
			e.Owner = aws.ToString(t.Value)
		}
	}
	return e
}

func (a *Account) tables(ctx context.Context, vpc string) (out []types.RouteTable, err error) {
	pages := ec2.NewDescribeRouteTablesPaginator(a.ec2, &ec2.DescribeRouteTablesInput{Filters: inVPC(vpc)})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return nil, err
		}
		out = append(out, page.RouteTables...)
	}
	return out, nil
}

// routesOf are those of the table that a subnet names, or of the VPC's main one.
func routesOf(tables []types.RouteTable, subnet string) (out []doctor.Route) {
	var table *types.RouteTable
	for i := range tables {
		for _, association := range tables[i].Associations {
			switch {
			case aws.ToString(association.SubnetId) == subnet:
				table = &tables[i]
			case aws.ToBool(association.Main) && table == nil:
				table = &tables[i]
			}
		}
		if table != nil && slices.ContainsFunc(table.Associations, func(t types.RouteTableAssociation) bool { return aws.ToString(t.SubnetId) == subnet }) {
			break
		}
	}
	if table == nil {
		return nil
	}
	for _, r := range table.Routes {
		to := aws.ToString(r.DestinationCidrBlock) + aws.ToString(r.DestinationPrefixListId)
		if to == "" {
			continue // IPv6, which pollers do not use for services
		}
		route := doctor.Route{To: to, Broken: r.State == types.RouteStateBlackhole}
		for _, target := range []*string{r.NatGatewayId, r.GatewayId, r.TransitGatewayId, r.VpcPeeringConnectionId, r.InstanceId, r.NetworkInterfaceId, r.LocalGatewayId, r.CarrierGatewayId, r.CoreNetworkArn} {
			if route.Target == "" {
				route.Target = aws.ToString(target)
			}
		}
		out = append(out, route)
	}
	return out
}

func (a *Account) acls(ctx context.Context, vpc string) (out []types.NetworkAcl, err error) {
	pages := ec2.NewDescribeNetworkAclsPaginator(a.ec2, &ec2.DescribeNetworkAclsInput{Filters: inVPC(vpc)})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return nil, err
		}
		out = append(out, page.NetworkAcls...)
	}
	return out, nil
}

// aclOf is the network ACL of a subnet, which always has one.
func aclOf(acls []types.NetworkAcl, subnet string) (id string, out []flow.Entry) {
	out = []flow.Entry{}
	for _, acl := range acls {
		if !slices.ContainsFunc(acl.Associations, func(s types.NetworkAclAssociation) bool { return aws.ToString(s.SubnetId) == subnet }) {
			continue
		}
		id = aws.ToString(acl.NetworkAclId)
		for _, e := range acl.Entries {
			prefix, err := netip.ParsePrefix(aws.ToString(e.CidrBlock))
			if err != nil {
				continue // IPv6
			}
			entry := flow.Entry{Number: int(aws.ToInt32(e.RuleNumber)), Out: aws.ToBool(e.Egress), Deny: e.RuleAction == types.RuleActionDeny, Protocol: protocol(aws.ToString(e.Protocol)), Range: prefix}
			if p := e.PortRange; p != nil {
				entry.From, entry.To = int(aws.ToInt32(p.From)), int(aws.ToInt32(p.To))
			}
			out = append(out, entry)
		}
	}
	return id, out
}

func protocol(text string) string {
	if text == "6" {
		return "tcp"
	}
	return text
}

// groups reads the rules of groups, and the prefix lists that they name.
func (a *Account) groups(ctx context.Context, f *doctor.Facts, ids []string) {
	for _, id := range ids {
		f.Groups[id] = doctor.NotKnown[[]flow.Rule]("the answer of ec2:DescribeSecurityGroups does not have it")
	}
	if len(ids) == 0 {
		return
	}
	f.Lists = map[string]doctor.Fact[[]string]{}
	pages := ec2.NewDescribeSecurityGroupsPaginator(a.ec2, &ec2.DescribeSecurityGroupsInput{GroupIds: ids})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			for _, id := range ids {
				f.Groups[id] = doctor.NotKnown[[]flow.Rule](why("ec2:DescribeSecurityGroups", err))
			}
			return
		}
		for _, g := range page.SecurityGroups {
			rules := append(rulesOf(g.IpPermissions, false), rulesOf(g.IpPermissionsEgress, true)...)
			f.Groups[aws.ToString(g.GroupId)] = doctor.Told(rules)
			for _, r := range rules {
				if _, ok := f.Lists[r.Peer]; strings.HasPrefix(r.Peer, "pl-") && !ok {
					f.Lists[r.Peer] = a.list(ctx, r.Peer)
				}
			}
		}
	}
}

func rulesOf(permissions []types.IpPermission, out bool) (rules []flow.Rule) {
	for _, p := range permissions {
		rule := flow.Rule{Out: out, Protocol: protocol(aws.ToString(p.IpProtocol)), From: int(aws.ToInt32(p.FromPort)), To: int(aws.ToInt32(p.ToPort))}
		add := func(peer *string) {
			rule.Peer = aws.ToString(peer)
			rules = append(rules, rule)
		}
		for _, g := range p.UserIdGroupPairs {
			add(g.GroupId)
		}
		for _, r := range p.IpRanges {
			add(r.CidrIp)
		}
		for _, l := range p.PrefixListIds {
			add(l.PrefixListId)
		}
	}
	return rules
}

func (a *Account) list(ctx context.Context, id string) doctor.Fact[[]string] {
	var out []string
	pages := ec2.NewGetManagedPrefixListEntriesPaginator(a.ec2, &ec2.GetManagedPrefixListEntriesInput{PrefixListId: &id})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return doctor.NotKnown[[]string](why("ec2:GetManagedPrefixListEntries", err))
		}
		for _, e := range page.Entries {
			out = append(out, aws.ToString(e.Cidr))
		}
	}
	return doctor.Told(out)
}
