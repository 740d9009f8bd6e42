package msklambda

import (
	"cmp"
	"strings"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/jsii-runtime-go"

	"msklambda/constructs/arn"
)

func (ps *problems) clusterARN(field, given string) {
	const want = `must be the ARN of an MSK cluster, such as "arn:aws:kafka:us-east-1:111122223333:cluster/name/4f1e0ab2-7c64-4a3e-9d5e-2b9a6c1d8e70-2"`
	switch {
	case given == "":
		ps.Add(field, "is required: the ARN of the MSK cluster")
	case isToken(given):
	case strings.Contains(given, ":vpc-connection/"):
		ps.Add(field, "%s; that of a VPC connection goes into {VPCConnectionARN}, beside it, got %q", want, given)
	case !arn.IsCluster(given):
		ps.Add(field, "%s, got %q", want, given)
	default:
		_, region := arn.Env(given)
		if meant, misspelt := arn.MisspeltRegion(region); misspelt {
			ps.Add(field, "must be of a region that there is, got %q, did you mean %q?", region, meant)
		}
	}
}

func (p *ClusterProps) validateConnection(ps *problems) {
	const field = "VPCConnectionARN"
	switch {
	case arn.IsServerless(p.ClusterARN):
		ps.Add(field, "needs a provisioned cluster: serverless ones have no VPC connections, got {ClusterARN} %q", p.ClusterARN)
	case isToken(p.VPCConnectionARN):
	case !arn.IsConnection(p.VPCConnectionARN):
		ps.Add(field, `must be the ARN of a VPC connection, such as "arn:aws:kafka:us-east-1:111122223333:vpc-connection/444455556666/name/4f1e0ab2-7c64-4a3e-9d5e-2b9a6c1d8e70-2", got %q`, p.VPCConnectionARN)
	case !arn.Connects(p.VPCConnectionARN, p.ClusterARN):
		ps.Add(field, "must be a connection to the cluster of {ClusterARN} %q, got %q", p.ClusterARN, p.VPCConnectionARN)
	}
	for _, f := range []struct {
		field string
		given bool
	}{
		{"VPCID", p.VPCID != ""}, {"SubnetIDs", len(p.SubnetIDs) > 0}, {"SecurityGroupIDs", len(p.SecurityGroupIDs) > 0},
		{"VPCCIDRs", len(p.VPCCIDRs) > 0}, {"EndpointAccess", p.EndpointAccess != ""}, {"EndpointIPAddressType", p.EndpointIPAddressType != ""}, {"SecurityGroupRules", p.SecurityGroupRules != ""},
		{"RetainSecurityGroupRules", p.RetainSecurityGroupRules}, {"EndpointClientCIDRs", len(p.EndpointClientCIDRs) > 0},
		{"EndpointClientSecurityGroupIDs", len(p.EndpointClientSecurityGroupIDs) > 0},
	} {
		if f.given {
			ps.Add(f.field, "must not be given with {VPCConnectionARN}: nothing is defined in a VPC")
		}
	}
	for _, s := range services {
		if e := s.endpoint(p); e.Source != "" || e.ID != "" || e.Statements != nil {
			ps.Add(s.Field(), "must not be given with {VPCConnectionARN}: nothing is defined in a VPC")
		}
	}
}

// source is what the mapping reads from.
func (p *ClusterProps) source() string { return cmp.Or(p.VPCConnectionARN, p.ClusterARN) }

// kafkaARN is the ARN of a topic or group of a cluster. A token is taken apart by
// CloudFormation.
func kafkaARN(cluster, kind, name string) string {
	before, after, _ := strings.Cut(cluster, arn.ClusterSeparator)
	if isToken(cluster) {
		parts := *awscdk.Fn_Split(jsii.String(arn.ClusterSeparator), &cluster, jsii.Number(2))
		before, after = *parts[0], *parts[1]
	}
	return arn.Kafka(before, after, kind, name)
}

func topicARN(cluster, topic string) string { return kafkaARN(cluster, "topic", topic) }

func groupARN(cluster, group string) string { return kafkaARN(cluster, "group", group) }
