package msklambda

import (
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
		ps.add(field, "%s; a vpc-connection (a cluster of another account) is not supported, got %q", want, arn)
	case !clusterARN.MatchString(arn):
		ps.add(field, "%s, got %q", want, arn)
	}
}

// isServerless is false for a token: what is granted then covers both kinds.
func isServerless(arn string) bool { return !isToken(arn) && serverlessARN.MatchString(arn) }

// clusterEnv returns the account and region of a cluster, empty when its ARN
// is a token.
func clusterEnv(arn string) (account, region string) {
	m := clusterARN.FindStringSubmatch(arn)
	if m == nil {
		return "", ""
	}
	return m[3], m[2]
}

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
