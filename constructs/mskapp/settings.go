package mskapp

import (
	"slices"
	"strconv"
	"strings"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awslambda"

	"msklambda/constructs/msklambda"
)

// setting is one context key: the field it sets, under the name that the
// errors of the constructs use, and what the README says of it.
type setting struct {
	key   string
	field string
	read  func(*Config, value)

	// The other columns of the README's table.
	usage    string
	standard string
}

// settings is every context key, in the order of the README's table.
var settings = []setting{
	{"clusterArn", "ClusterARN", func(c *Config, v value) { c.Cluster.ClusterARN = v.text() },
		"the MSK cluster; account and region of the stack come from it", "the example's"},
	{"vpcId", "VPCID", func(c *Config, v value) { c.Cluster.VPCID = v.text() },
		"VPC of the brokers", "required"},
	{"subnetIds", "SubnetIDs", func(c *Config, v value) { c.Cluster.SubnetIDs = v.list() },
		"subnets of the brokers", "required"},
	{"securityGroupIds", "SecurityGroupIDs", func(c *Config, v value) { c.Cluster.SecurityGroupIDs = v.list() },
		"security groups of the cluster", "required"},
	{"topic", "Topic", func(c *Config, v value) { c.Consumer.Topic = v.text() },
		"topic to read", "required"},
	{"consumerGroupId", "GroupID", func(c *Config, v value) { c.Consumer.GroupID = v.text() },
		"consumer group", "`<stackName>-<topic>`"},
	{"entry", "Entry", func(c *Config, v value) { c.Consumer.Entry = v.text() },
		"directory of the function's Go main package", "`lambda`"},

	{"endpointAccess", "EndpointAccess", func(c *Config, v value) { c.Cluster.EndpointAccess = msklambda.EndpointAccess(v.text()) },
		"who may use the endpoints: `pollers` or `vpc`", "`pollers`, with a warning"},
	{"vpcCidrs", "VPCCIDRs", func(c *Config, v value) { c.Cluster.VPCCIDRs = v.list() },
		"all ranges of the VPC, required with `endpointAccess` `vpc`", ""},
	{"lambdaEndpoint", "LambdaEndpoint", func(c *Config, v value) { v.endpoint(&c.Cluster.LambdaEndpoint) },
		"`create`, `existing`, the id of an existing one, or `none`", "`create`"},
	{"stsEndpoint", "STSEndpoint", func(c *Config, v value) { v.endpoint(&c.Cluster.STSEndpoint) },
		"the same for STS", "`create`"},
	{"lambdaEndpointStatements", "LambdaEndpoint.Statements", func(c *Config, v value) { c.Cluster.LambdaEndpoint.Statements = v.statements() },
		"IAM statements (JSON) added to the endpoint's policy", "none"},
	{"stsEndpointStatements", "STSEndpoint.Statements", func(c *Config, v value) { c.Cluster.STSEndpoint.Statements = v.statements() },
		"the same for STS", "none"},
	{"endpointClientSecurityGroupIds", "EndpointClientSecurityGroupIDs", func(c *Config, v value) { c.Cluster.EndpointClientSecurityGroupIDs = v.list() },
		"further security groups that may connect to the endpoints", "none"},
	{"endpointClientCidrs", "EndpointClientCIDRs", func(c *Config, v value) { c.Cluster.EndpointClientCIDRs = v.list() },
		"further ranges that may connect to the endpoints", "none"},
	{"securityGroupRules", "SecurityGroupRules", func(c *Config, v value) { c.Cluster.SecurityGroupRules = msklambda.SecurityGroupRules(v.text()) },
		"`ingress`, `all` (only where outbound traffic is restricted already, see below) or `none`", "`ingress`"},
	{"retainSecurityGroupRules", "RetainSecurityGroupRules", func(c *Config, v value) { c.Cluster.RetainSecurityGroupRules = v.boolean() },
		"leave the rules when the stack is deleted", "`false`"},

	{"batchSize", "BatchSize", func(c *Config, v value) { c.Consumer.BatchSize = v.positive() },
		"most records of one invocation, 1 to 10000", "100"},
	{"batchWindow", "BatchWindow", func(c *Config, v value) { c.Consumer.BatchWindow = ptr(v.duration()) },
		"how long a batch may take to fill, `0s` to `5m`", "500 ms, set by the service"},
	{"startingPosition", "StartingPosition", func(c *Config, v value) { c.Consumer.StartingPosition = awslambda.StartingPosition(v.text()) },
		"`TRIM_HORIZON`, `LATEST` or `AT_TIMESTAMP`", "`TRIM_HORIZON`"},
	{"startingPositionTimestamp", "StartingPositionTimestamp", func(c *Config, v value) { c.Consumer.StartingPositionTimestamp = v.time() },
		"with `AT_TIMESTAMP`, such as `2026-11-01T00:00:00Z`", ""},
	{"enabled", "Disabled", func(c *Config, v value) { c.Consumer.Disabled = !v.boolean() },
		"`false` defines the mapping without starting it", "`true`"},

	{"retryAttempts", "RetryAttempts", func(c *Config, v value) { c.Consumer.RetryAttempts = ptr(v.whole()) },
		"how often a failed batch is tried again; `-1` without end, and meaning it; any other needs provisioned pollers", "without end, with a warning"},

	{"roleArn", "Role", func(c *Config, v value) { c.RoleARN = v.roleARN() },
		"an existing role in place of one of its own", "a role of its own"},
	{"restrictNetworkInterfaces", "RestrictNetworkInterfaces", func(c *Config, v value) { c.Consumer.RestrictNetworkInterfaces = v.boolean() },
		"narrow the two network interface actions (not documented by AWS)", "`false`"},
	{"architecture", "Architecture", func(c *Config, v value) { c.Consumer.Architecture = v.architecture() },
		"`arm64` or `x86_64`", "`arm64`"},
	{"memorySize", "MemorySize", func(c *Config, v value) { c.Consumer.MemorySize = v.positive() },
		"MB, 128 to 10240", "256"},
	{"timeout", "Timeout", func(c *Config, v value) { c.Consumer.Timeout = v.positiveDuration() },
		"`1s` to `14m`", "`1m`"},
	{"environment", "Environment", func(c *Config, v value) { c.Consumer.Environment = v.pairs() },
		"variables of the function, `LEVEL=debug,TABLE=orders` or a JSON object", "none"},
	{"reservedConcurrency", "ReservedConcurrency", func(c *Config, v value) { c.Consumer.ReservedConcurrency = ptr(v.whole()) },
		"cap on concurrent invocations", "none"},
	{"tracing", "Tracing", func(c *Config, v value) { c.Consumer.Tracing = awslambda.Tracing(v.text()) },
		"X-Ray: `ACTIVE`, `PASS_THROUGH` or `DISABLED`", "`ACTIVE`"},
	{"logRetentionDays", "LogRetention", func(c *Config, v value) { c.Consumer.LogRetention = v.retention() },
		"days, as CloudWatch Logs has them", "30"},
	{"logRemovalPolicy", "LogRemovalPolicy", func(c *Config, v value) { c.Consumer.LogRemovalPolicy = awscdk.RemovalPolicy(v.text()) },
		"`RETAIN_ON_UPDATE_OR_DELETE`, `RETAIN` or `DESTROY`", "`RETAIN_ON_UPDATE_OR_DELETE`"},
	{"tags", "Tags", func(c *Config, v value) { c.Consumer.Tags = v.pairs() },
		"tags of the consumer's resources, `team=a,env=prod` or a JSON object", "none"},
	{"stackName", "StackName", func(c *Config, v value) { c.StackName = v.text() },
		"name of the stack", "`MskLambda`"},
}

// fieldNames maps the fields of the constructs, as their errors spell them, to
// the keys by which the user of the app knows them.
var fieldNames = func() *strings.Replacer {
	byLength := slices.Clone(settings)
	// The longest first, so that no field is renamed inside another.
	slices.SortStableFunc(byLength, func(a, b setting) int { return len(b.field) - len(a.field) })
	// One key says both where an endpoint comes from and which it is.
	pairs := []string{
		"LambdaEndpoint.Source", "lambdaEndpoint", "LambdaEndpoint.ID", "lambdaEndpoint",
		"STSEndpoint.Source", "stsEndpoint", "STSEndpoint.ID", "stsEndpoint",
	}
	for _, s := range byLength {
		pairs = append(pairs, s.field, s.key)
	}
	return strings.NewReplacer(pairs...)
}()

// rename renames the fields in a message, but not inside the values that it
// quotes.
func rename(message string) string {
	var out strings.Builder
	for {
		i := strings.IndexByte(message, '"')
		if i < 0 {
			break
		}
		quoted, err := strconv.QuotedPrefix(message[i:])
		if err != nil {
			break
		}
		out.WriteString(fieldNames.Replace(message[:i]) + quoted)
		message = message[i+len(quoted):]
	}
	return out.String() + fieldNames.Replace(message)
}

func ptr[T any](v T, ok bool) *T {
	if !ok {
		return nil
	}
	return &v
}
