package msklambda

import (
	"cmp"
	"regexp"
	"strings"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/jsii-runtime-go"
)

// The resource part is name and uuid; the uuid ends in -1, -2, ... for a
// provisioned cluster and in -s1, -s2, ... for a serverless one.
var clusterARN = regexp.MustCompile(
	`^arn:(aws[a-z-]*):kafka:([a-z]+(?:-[a-z]+)+-[0-9]+):([0-9]{12}):cluster/([A-Za-z0-9-]{1,64})/([0-9a-fA-F-]+-s?[0-9]+)$`)

var serverlessARN = regexp.MustCompile(`-s[0-9]+$`)

func (ps *problems) clusterARN(field, arn string) {
	const want = `must be the ARN of an MSK cluster, such as "arn:aws:kafka:us-east-1:111122223333:cluster/name/4f1e0ab2-7c64-4a3e-9d5e-2b9a6c1d8e70-2"`
	switch {
	case arn == "":
		ps.add(field, "is required: the ARN of the MSK cluster")
	case isToken(arn):
	case strings.Contains(arn, ":vpc-connection/"):
		ps.add(field, "%s; that of a VPC connection goes into VPCConnectionARN, beside it, got %q", want, arn)
	case !clusterARN.MatchString(arn):
		ps.add(field, "%s, got %q", want, arn)
	}
}

// isServerless is false for a token: what is granted then covers both kinds.
func isServerless(arn string) bool { return !isToken(arn) && serverlessARN.MatchString(arn) }

// arnEnv returns the account and region of a cluster or connection, empty when
// its ARN is a token.
func arnEnv(arn string) (account, region string) {
	if parts := strings.Split(arn, ":"); !isToken(arn) && len(parts) > 5 {
		return parts[4], parts[3]
	}
	return "", ""
}

// The account in the middle is the cluster's, the one before it the VPC's.
var connectionARN = regexp.MustCompile(
	`^arn:(aws[a-z-]*):kafka:([a-z]+(?:-[a-z]+)+-[0-9]+):([0-9]{12}):vpc-connection/([0-9]{12})/([A-Za-z0-9-]{1,64})/([0-9a-fA-F-]+-[0-9]+)$`)

func (p *ClusterProps) validateConnection(ps *problems) {
	const field = "VPCConnectionARN"
	c := connectionARN.FindStringSubmatch(p.VPCConnectionARN)
	switch m := clusterARN.FindStringSubmatch(p.ClusterARN); {
	case isServerless(p.ClusterARN):
		ps.add(field, "needs a provisioned cluster: serverless ones have no VPC connections, got ClusterARN %q", p.ClusterARN)
	case isToken(p.VPCConnectionARN):
	case c == nil:
		ps.add(field, `must be the ARN of a VPC connection, such as "arn:aws:kafka:us-east-1:111122223333:vpc-connection/444455556666/name/4f1e0ab2-7c64-4a3e-9d5e-2b9a6c1d8e70-2", got %q`, p.VPCConnectionARN)
	case m != nil && (c[1] != m[1] || c[2] != m[2] || c[4] != m[3] || c[5] != m[4]):
		ps.add(field, "must be a connection to the cluster of ClusterARN %q, got %q", p.ClusterARN, p.VPCConnectionARN)
	}
	for _, f := range []struct {
		field string
		given bool
	}{
		{"VPCID", p.VPCID != ""}, {"SubnetIDs", len(p.SubnetIDs) > 0}, {"SecurityGroupIDs", len(p.SecurityGroupIDs) > 0},
		{"VPCCIDRs", len(p.VPCCIDRs) > 0}, {"EndpointAccess", p.EndpointAccess != ""}, {"SecurityGroupRules", p.SecurityGroupRules != ""},
		{"RetainSecurityGroupRules", p.RetainSecurityGroupRules}, {"EndpointClientCIDRs", len(p.EndpointClientCIDRs) > 0},
		{"EndpointClientSecurityGroupIDs", len(p.EndpointClientSecurityGroupIDs) > 0},
	} {
		if f.given {
			ps.add(f.field, "must not be given with VPCConnectionARN: nothing is defined in a VPC")
		}
	}
	for _, s := range services {
		if e := s.endpoint(p); e.Source != "" || e.ID != "" || e.Statements != nil {
			ps.add(s.id, "must not be given with VPCConnectionARN: nothing is defined in a VPC")
		}
	}
}

// source is what the mapping reads from.
func (p *ClusterProps) source() string { return cmp.Or(p.VPCConnectionARN, p.ClusterARN) }

// kafkaARN is the ARN of a topic or group of a cluster. The two differ from
// the cluster's own only after ":cluster/", so no part of it (partition,
// region, account, uuid with its suffix) is ever spelled out again, and a
// token can be taken apart by CloudFormation.
func kafkaARN(cluster, kind, name string) string {
	const sep = ":cluster/"
	prefix, rest, _ := strings.Cut(cluster, sep)
	if isToken(cluster) {
		parts := *awscdk.Fn_Split(jsii.String(sep), &cluster, jsii.Number(2))
		prefix, rest = *parts[0], *parts[1]
	}
	return prefix + ":" + kind + "/" + rest + "/" + name
}

func topicARN(cluster, topic string) string { return kafkaARN(cluster, "topic", topic) }

func groupARN(cluster, group string) string { return kafkaARN(cluster, "group", group) }
