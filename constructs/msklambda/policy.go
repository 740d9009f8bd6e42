package msklambda

import (
	"encoding/json"
	"fmt"
	"regexp"
	"strings"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsiam"
	"github.com/aws/aws-cdk-go/awscdk/v2/awslambda"
	"github.com/aws/aws-cdk-go/awscdk/v2/awslogs"
	"github.com/aws/jsii-runtime-go"

	"msklambda/constructs/internal/nag"
	"msklambda/constructs/notice"
)

// statement is one statement of a consumer's policy. Resources are exact;
// where one is "*", reason says why it must be.
type statement struct {
	sid       string
	resources []string
	actions   []string
	reason    string
	condition map[string]any
}

func allow(sid string, resources []string, actions ...string) statement {
	return statement{sid: sid, resources: resources, actions: actions}
}

func (s statement) because(reason string) statement {
	s.reason = reason
	return s
}

func (s statement) when(condition map[string]any) statement {
	s.condition = condition
	return s
}

// pollerStatements is what Lambda's pollers do with the role: read the topic
// as the group, find the brokers, and place network interfaces in the
// cluster's subnets.
func (c *Consumer) pollerStatements(cluster *Cluster, p *ConsumerProps) []statement {
	anywhere := []string{"*"}
	statements := append(p.Authentication.statements(c, cluster),
		allow("MskDescribe", []string{cluster.ClusterARN}, "kafka:DescribeCluster", "kafka:DescribeClusterV2"))
	if connection := cluster.props.VPCConnectionARN; connection != "" {
		statements = append(statements, allow("MskConnection", []string{connection}, "kafka:DescribeVpcConnection"))
	}
	statements = append(statements,
		allow("MskBootstrap", anywhere, "kafka:GetBootstrapBrokers").
			because("IAM has no resource type for kafka:GetBootstrapBrokers, which returns host names only"),
		allow("EniDescribe", anywhere, "ec2:DescribeNetworkInterfaces", "ec2:DescribeSecurityGroups", "ec2:DescribeSubnets", "ec2:DescribeVpcs").
			because("IAM has no resource type for these Describe actions"))
	if p.RestrictNetworkInterfaces {
		statements = append(statements, c.interfaceStatements(cluster)...)
	} else {
		statements = append(statements, allow("EniManage", anywhere, "ec2:CreateNetworkInterface", "ec2:DeleteNetworkInterface").
			because("AWS documents only * for the network interfaces that Lambda manages; see RestrictNetworkInterfaces"))
	}
	statements = append(statements, p.OnFailure.statements(cluster, p.Authentication)...)
	statements = append(statements, deadLetterStatements(cluster, p)...)
	statements = append(statements, c.tableStatements()...)
	statements = append(statements, p.FunctionRegistry.statements()...)
	return append(statements, p.SchemaRegistry.statements()...)
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
	return []statement{
		allow("EniCreate", create, "ec2:CreateNetworkInterface").
			because("an interface has no id before it is created; subnets and groups are exact, and may be shared by another account"),
		allow("EniDelete", []string{interfaces}, "ec2:DeleteNetworkInterface").
			because("Lambda chooses the interfaces, in this account and region"),
	}
}

// functionStatements is what the function itself does with the role. CDK would
// grant its tracing in a second policy; here everything stands in one.
func functionStatements(logs awslogs.LogGroup, tracing awslambda.Tracing) []statement {
	// The ARN of a log group ends in ":*", which stands for its streams.
	statements := []statement{allow("Logs", []string{*logs.LogGroupArn()}, "logs:CreateLogStream", "logs:PutLogEvents").
		because("the streams of this one log group, whose names Lambda chooses")}
	if tracing != awslambda.Tracing_DISABLED {
		statements = append(statements, allow("Traces", []string{"*"}, "xray:PutTelemetryRecords", "xray:PutTraceSegments").
			because("IAM has no resource type for these X-Ray actions"))
	}
	return statements
}

func (c *Consumer) definePolicy(cluster *Cluster, props *ConsumerProps) {
	statements := c.pollerStatements(cluster, props)
	if props.Function == nil {
		statements = append(statements, functionStatements(c.LogGroup, props.tracing())...)
		statements = append(statements, props.moreStatements(c.inVPC)...)
	}
	c.Policy = awsiam.NewPolicy(c, jsii.String("Policy"), &awsiam.PolicyProps{
		PolicyName: c.policyName(cluster, props.Role != nil || props.Function != nil),
		Document:   document(statements),
	})
	if c.Role != nil {
		c.Role.AttachInlinePolicy(c.Policy)
	}
	explainWildcards(c.Policy, statements)
	if props.Role != nil || props.Function != nil { // and not its own, which it can change
		c.warnOfImmutableRole()
	}
}

// document makes a policy at once. Every call to CDK is a message to Node and back,
// and a statement by itself would be two.
func document(statements []statement) awsiam.PolicyDocument {
	var list []map[string]any
	for _, s := range statements {
		entry := map[string]any{"Sid": s.sid, "Effect": "Allow", "Action": s.actions, "Resource": s.resources}
		if s.condition != nil {
			entry["Condition"] = s.condition
		}
		list = append(list, entry)
	}
	return awsiam.PolicyDocument_FromJson(map[string]any{"Statement": list})
}

func conditions(c map[string]any) *map[string]any {
	if c == nil {
		return nil
	}
	return &c
}

// policyName is unlike that of any other consumer on the same role, be it in
// another stack or region: IAM would overwrite the one with the other. It names
// what the policy is for, and not the construct, which "cdk refactor" may move. On a
// role that was given it names the construct too: where that gets another id, the
// policy that comes and the one that goes are on one role at once, and the one that
// goes would take the other with it.
func (c *Consumer) policyName(cluster *Cluster, given bool) *string {
	const most = 128
	what := []any{cluster.props.source(), c.Topic, c.GroupID}
	if given {
		what = append(what, *c.Node().Path())
	}
	suffix := "-" + shortHash(c, what...)
	name := "msklambda"
	for _, part := range []string{c.Topic, c.GroupID} {
		if !isToken(part) {
			name += "-" + notOfPolicyName.ReplaceAllString(part, "-")
		}
	}
	name = name[:min(len(name), most-len(suffix))] + suffix
	return &name
}

var notOfPolicyName = regexp.MustCompile(`[^A-Za-z0-9+=,.@_-]`)

// explainWildcards writes the reason for each wildcard beside the policy. A
// wildcard that somebody adds to the policy is theirs to explain.
func explainWildcards(policy awsiam.Policy, statements []statement) {
	var reasons, resources []string
	for _, s := range statements {
		if s.reason != "" {
			reasons = append(reasons, s.sid+": "+s.reason)
			resources = append(resources, s.resources...)
		}
	}
	nag.Explain(policy, "AwsSolutions-IAM5", strings.Join(reasons, "; "), nag.Wildcards(policy, resources...)...)
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
	warn(c, notice.RoleImmutable.With(notice.Data{"statements": string(text)}))
}
