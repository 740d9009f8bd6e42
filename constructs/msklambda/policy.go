package msklambda

import (
	"encoding/json"
	"fmt"
	"strings"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsiam"
	"github.com/aws/aws-cdk-go/awscdk/v2/awslambda"
	"github.com/aws/jsii-runtime-go"
)

// statement is one statement of a consumer's policy. Resources are exact;
// where one is "*", reason says why it must be.
type statement struct {
	sid       string
	resources []string
	actions   []string
	reason    string
}

func allow(sid string, resources []string, actions ...string) statement {
	return statement{sid: sid, resources: resources, actions: actions}
}

func (s statement) because(reason string) statement {
	s.reason = reason
	return s
}

// pollerStatements is what Lambda's pollers do with the role: read the topic
// as the group, find the brokers, and place network interfaces in the
// cluster's subnets.
func (c *Consumer) pollerStatements(cluster *Cluster, restrictInterfaces bool) []statement {
	onCluster := []string{"kafka-cluster:Connect"}
	if !isServerless(cluster.ClusterARN) {
		// Serverless clusters have no such action.
		onCluster = append(onCluster, "kafka-cluster:DescribeClusterDynamicConfiguration")
	}
	anywhere := []string{"*"}
	statements := []statement{
		allow("KafkaCluster", []string{cluster.ClusterARN}, onCluster...),
		allow("KafkaTopic", []string{c.TopicARN}, "kafka-cluster:DescribeTopic", "kafka-cluster:ReadData"),
		allow("KafkaGroup", []string{c.GroupARN}, "kafka-cluster:AlterGroup", "kafka-cluster:DescribeGroup"),
		allow("MskDescribe", []string{cluster.ClusterARN}, "kafka:DescribeCluster", "kafka:DescribeClusterV2"),
		allow("MskBootstrap", anywhere, "kafka:GetBootstrapBrokers").
			because("IAM has no resource type for kafka:GetBootstrapBrokers, which returns host names only"),
		allow("EniDescribe", anywhere, "ec2:DescribeNetworkInterfaces", "ec2:DescribeSecurityGroups", "ec2:DescribeSubnets", "ec2:DescribeVpcs").
			because("IAM has no resource type for these Describe actions"),
	}
	if !restrictInterfaces {
		return append(statements, allow("EniManage", anywhere, "ec2:CreateNetworkInterface", "ec2:DeleteNetworkInterface").
			because("AWS documents only * for the network interfaces that Lambda manages; see RestrictNetworkInterfaces"))
	}
	return append(statements, c.interfaceStatements(cluster)...)
}

// interfaceStatements names subnets and groups exactly, in any account: a
// subnet that is shared with this account belongs to another.
func (c *Consumer) interfaceStatements(cluster *Cluster) []statement {
	stack := awscdk.Stack_Of(c)
	ec2ARN := func(account, resource string) string {
		return fmt.Sprintf("arn:%s:ec2:%s:%s:%s", *stack.Partition(), *stack.Region(), account, resource)
	}
	interfaces := ec2ARN(*stack.Account(), "network-interface/*")
	create := []string{interfaces}
	for _, id := range cluster.props.SubnetIDs {
		create = append(create, ec2ARN("*", "subnet/"+id))
	}
	for _, id := range cluster.SecurityGroupIDs {
		create = append(create, ec2ARN("*", "security-group/"+id))
	}
	const reason = "a network interface has no id before it is created"
	return []statement{
		allow("EniCreate", create, "ec2:CreateNetworkInterface").because(reason),
		allow("EniDelete", []string{interfaces}, "ec2:DeleteNetworkInterface").because(reason),
	}
}

// functionStatements is what the function itself does with the role. CDK would
// grant its tracing in a second policy; here everything stands in one.
func (c *Consumer) functionStatements(tracing awslambda.Tracing) []statement {
	// The ARN of a log group ends in ":*", which stands for its streams.
	statements := []statement{allow("Logs", []string{*c.LogGroup.LogGroupArn()}, "logs:CreateLogStream", "logs:PutLogEvents").
		because("the streams of this one log group, whose names Lambda chooses")}
	if tracing != awslambda.Tracing_DISABLED {
		statements = append(statements, allow("Traces", []string{"*"}, "xray:PutTelemetryRecords", "xray:PutTraceSegments").
			because("IAM has no resource type for these X-Ray actions"))
	}
	return statements
}

// RoleImmutableWarning is the id of the warning that a role was imported as
// immutable and got no statements.
const RoleImmutableWarning = "msklambda:roleImmutable"

func (c *Consumer) definePolicy(cluster *Cluster, props *ConsumerProps) {
	statements := c.pollerStatements(cluster, props.RestrictNetworkInterfaces)
	if props.Function == nil {
		statements = append(statements, c.functionStatements(props.tracing())...)
	}
	c.Policy = awsiam.NewPolicy(c, jsii.String("Policy"), &awsiam.PolicyProps{
		// With the stack in it: on a role that was brought along, another
		// stack's policy of the same name would be overwritten.
		PolicyName: awscdk.Names_UniqueResourceName(c, &awscdk.UniqueResourceNameOptions{}),
	})
	for _, s := range statements {
		c.Policy.AddStatements(awsiam.NewPolicyStatement(&awsiam.PolicyStatementProps{
			Sid:       &s.sid,
			Actions:   jsii.Strings(s.actions...),
			Resources: jsii.Strings(s.resources...),
		}))
	}
	if c.Role != nil {
		c.Role.AttachInlinePolicy(c.Policy)
	}
	explainWildcards(c.Policy, statements)
	c.warnOfImmutableRole()
}

// explainWildcards writes the reason for each wildcard beside the policy, where
// cdk-nag looks for it and a reader of the template finds it.
func explainWildcards(policy awsiam.Policy, statements []statement) {
	var reasons []string
	for _, s := range statements {
		if s.reason != "" {
			reasons = append(reasons, s.sid+": "+s.reason)
		}
	}
	policy.Node().DefaultChild().(awsiam.CfnPolicy).AddMetadata(jsii.String("cdk_nag"), map[string]any{
		"rules_to_suppress": []map[string]any{{"id": "AwsSolutions-IAM5", "reason": strings.Join(reasons, "; ")}},
	})
}

// warnOfImmutableRole finds out whether the policy came to rest on the role:
// attaching it to an immutable role does nothing, and says nothing.
func (c *Consumer) warnOfImmutableRole() {
	stack := awscdk.Stack_Of(c)
	resource := c.Policy.Node().DefaultChild().(awsiam.CfnPolicy)
	if roles, ok := stack.Resolve(resource.Roles()).([]any); ok && len(roles) > 0 {
		return
	}
	text, err := json.Marshal(stack.Resolve(c.Policy.Document().ToJSON()).(map[string]any)["Statement"])
	if err != nil {
		panic(err) // what CDK resolved came from JSON
	}
	awscdk.Annotations_Of(c).AddWarningV2(jsii.String(RoleImmutableWarning), jsii.String(fmt.Sprintf(
		"the role cannot be changed here, so grant it these statements elsewhere before the deploy: %s", text)))
}
