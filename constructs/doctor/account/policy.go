package account

import (
	"encoding/json"
	"maps"
	"slices"
)

// permissions are what each call of this package needs. A call that is not in it
// fails a test.
var permissions = map[string][]string{
	"cloudformation.DescribeStackEvents": {"cloudformation:DescribeStackEvents"},
	"cloudformation.DescribeStacks":      {"cloudformation:DescribeStacks"},
	"cloudformation.ListStackResources":  {"cloudformation:ListStackResources"},
	"ec2.DescribeNetworkAcls":            {"ec2:DescribeNetworkAcls"},
	"ec2.DescribeRouteTables":            {"ec2:DescribeRouteTables"},
	"ec2.DescribeSecurityGroups":         {"ec2:DescribeSecurityGroups"},
	"ec2.DescribeSubnets":                {"ec2:DescribeSubnets"},
	"ec2.DescribeVpcAttribute":           {"ec2:DescribeVpcAttribute"},
	"ec2.DescribeVpcEndpoints":           {"ec2:DescribeVpcEndpoints"},
	"ec2.GetManagedPrefixListEntries":    {"ec2:GetManagedPrefixListEntries"},
	"iam.GetRole":                        {"iam:GetRole"},
	"iam.SimulatePrincipalPolicy":        {"iam:SimulatePrincipalPolicy"},
	"kafka.DescribeClusterV2":            {"kafka:DescribeClusterV2"},
	"kafka.DescribeVpcConnection":        {"kafka:DescribeVpcConnection"},
	"kafka.ListScramSecrets":             {"kafka:ListScramSecrets"},
	// MSK's calls for topics are allowed by the actions of the brokers.
	"kafka.DescribeTopic":             {"kafka-cluster:Connect", "kafka-cluster:DescribeTopic", "kafka-cluster:DescribeTopicDynamicConfiguration"},
	"kms.DescribeKey":                 {"kms:DescribeKey"},
	"kms.GetKeyPolicy":                {"kms:GetKeyPolicy"},
	"lambda.GetEventSourceMapping":    {"lambda:GetEventSourceMapping"},
	"lambda.GetFunctionConcurrency":   {"lambda:GetFunctionConcurrency"},
	"lambda.GetFunctionConfiguration": {"lambda:GetFunctionConfiguration"},
	"lambda.ListEventSourceMappings":  {"lambda:ListEventSourceMappings"},
	"s3.GetBucketEncryption":          {"s3:GetEncryptionConfiguration"},
	"secretsmanager.DescribeSecret":   {"secretsmanager:DescribeSecret"},
	"sns.GetTopicAttributes":          {"sns:GetTopicAttributes"},
	"sqs.GetQueueAttributes":          {"sqs:GetQueueAttributes"},
	"sqs.GetQueueUrl":                 {"sqs:GetQueueUrl"},
	"sts.GetCallerIdentity":           nil, // which nobody can be denied
}

// Policy is an IAM policy with all that the caller of this package needs, as JSON.
// Each action reads, and may be limited to resources.
func Policy() string {
	var actions []string
	for _, all := range permissions {
		actions = append(actions, all...)
	}
	slices.Sort(actions)
	text, err := json.MarshalIndent(map[string]any{"Version": "2012-10-17",
		"Statement": []any{map[string]any{"Sid": "Doctor", "Effect": "Allow", "Action": slices.Compact(actions), "Resource": "*"}}}, "", "  ")
	if err != nil {
		panic(err) // texts
	}
	return string(text)
}

// Calls are the calls of AWS's SDK that this package makes, such as
// "ec2.DescribeSubnets".
func Calls() []string { return slices.Sorted(maps.Keys(permissions)) }
