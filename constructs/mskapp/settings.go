package mskapp

import (
	"maps"
	"strings"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsec2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awslambda"

	"msklambda/constructs/arn"
	"msklambda/constructs/msklambda"
)

// setting is one context key: the field it sets, under the name that the
// errors of the constructs use, and what docs/settings.md says of it.
type setting struct {
	key   string
	field string

	// The other columns of the table in docs/settings.md.
	usage    string
	standard string
}

type clusterSetting struct {
	setting
	read func(*Config, value)
}

type consumerSetting struct {
	setting
	read func(*ConsumerConfig, value)
}

// clusterSettings are given once, in the order of the table in docs/settings.md.
var clusterSettings = []clusterSetting{
	{setting{"clusterArn", "ClusterARN", "the MSK cluster; account and region of the stack come from it", "the example's"},
		func(c *Config, v value) { c.Cluster.ClusterARN = v.text() }},
	{setting{"vpcConnectionArn", "VPCConnectionARN", "connection to a cluster of another account, in place of the next three and all that is about endpoints and rules", "none"},
		func(c *Config, v value) { c.Cluster.VPCConnectionARN = v.text() }},
	{setting{"vpcId", "VPCID", "VPC of the brokers", "looked up"},
		func(c *Config, v value) { c.Cluster.VPCID = v.text() }},
	{setting{"subnetIds", "SubnetIDs", "subnets of the brokers", "looked up"},
		func(c *Config, v value) { c.Cluster.SubnetIDs = v.list() }},
	{setting{"securityGroupIds", "SecurityGroupIDs", "security groups of the cluster", "looked up"},
		func(c *Config, v value) { c.Cluster.SecurityGroupIDs = v.list() }},
	{setting{"allowPublicAccess", "AllowPublicAccess", "accept a cluster with public access on", "`false`"},
		func(c *Config, v value) { c.AllowPublicAccess = v.boolean() }},
	{setting{"allowMissingTopics", "AllowMissingTopics", "accept topics that the cluster had not when it was looked up, as those that something else makes before the deploy", "`false`"},
		func(c *Config, v value) { c.AllowMissingTopics = v.boolean() }},
	{setting{"endpointAccess", "EndpointAccess", "who may use the endpoints: `pollers` or `vpc`", "`pollers`, with a warning"},
		func(c *Config, v value) { c.Cluster.EndpointAccess = msklambda.EndpointAccess(v.text()) }},
	{setting{"endpointIpAddressType", "EndpointIPAddressType", "`DUALSTACK` for endpoints that take IPv6 as well, in subnets with IPv6 ranges", "`IPV4`, set by the service"},
		func(c *Config, v value) { c.Cluster.EndpointIPAddressType = awsec2.VpcEndpointIpAddressType(v.text()) }},
	{setting{"vpcCidrs", "VPCCIDRs", "all ranges of the VPC, required with `endpointAccess` `vpc`", ""},
		func(c *Config, v value) { c.Cluster.VPCCIDRs = v.list() }},
	{setting{"lambdaEndpoint", "LambdaEndpoint", "how pollers reach Lambda: `create`, `existing`, the id of an existing endpoint, or `none`", "the one that the VPC has, or else `create`"},
		func(c *Config, v value) { v.endpoint(&c.Cluster.LambdaEndpoint) }},
	{setting{"stsEndpoint", "STSEndpoint", "how pollers reach STS: values as for `lambdaEndpoint`", "the one that the VPC has, or else `create`"},
		func(c *Config, v value) { v.endpoint(&c.Cluster.STSEndpoint) }},
	{setting{"secretsManagerEndpoint", "SecretsManagerEndpoint", "how pollers reach Secrets Manager, with a secret: values as for `lambdaEndpoint`", "the one that the VPC has, or else `create`"},
		func(c *Config, v value) { v.endpoint(&c.Cluster.SecretsManagerEndpoint) }},
	{setting{"sqsEndpoint", "SQSEndpoint", "how pollers reach SQS, with a queue as `onFailure`: values as for `lambdaEndpoint`", "the one that the VPC has, or else `create`"},
		func(c *Config, v value) { v.endpoint(&c.Cluster.SQSEndpoint) }},
	{setting{"snsEndpoint", "SNSEndpoint", "how pollers reach SNS, with a topic as `onFailure`: values as for `lambdaEndpoint`", "the one that the VPC has, or else `create`"},
		func(c *Config, v value) { v.endpoint(&c.Cluster.SNSEndpoint) }},
	{setting{"s3Endpoint", "S3Endpoint", "how pollers reach S3, with a bucket as `onFailure`: values as for `lambdaEndpoint`; `existing` for a gateway endpoint", "required then"},
		func(c *Config, v value) { v.endpoint(&c.Cluster.S3Endpoint) }},
	{setting{"lambdaEndpointStatements", "LambdaEndpoint.Statements", "IAM statements (JSON) added to the policy of the Lambda endpoint", "none"},
		func(c *Config, v value) { c.Cluster.LambdaEndpoint.Statements = v.statements() }},
	{setting{"stsEndpointStatements", "STSEndpoint.Statements", "IAM statements (JSON) added to the policy of the STS endpoint", "none"},
		func(c *Config, v value) { c.Cluster.STSEndpoint.Statements = v.statements() }},
	{setting{"secretsManagerEndpointStatements", "SecretsManagerEndpoint.Statements", "IAM statements (JSON) added to the policy of the Secrets Manager endpoint", "none"},
		func(c *Config, v value) { c.Cluster.SecretsManagerEndpoint.Statements = v.statements() }},
	{setting{"sqsEndpointStatements", "SQSEndpoint.Statements", "IAM statements (JSON) added to the policy of the SQS endpoint", "none"},
		func(c *Config, v value) { c.Cluster.SQSEndpoint.Statements = v.statements() }},
	{setting{"snsEndpointStatements", "SNSEndpoint.Statements", "IAM statements (JSON) added to the policy of the SNS endpoint", "none"},
		func(c *Config, v value) { c.Cluster.SNSEndpoint.Statements = v.statements() }},
	{setting{"s3EndpointStatements", "S3Endpoint.Statements", "IAM statements (JSON) added to the policy of the S3 endpoint", "none"},
		func(c *Config, v value) { c.Cluster.S3Endpoint.Statements = v.statements() }},
	{setting{"endpointClientSecurityGroupIds", "EndpointClientSecurityGroupIDs", "further security groups that may connect to the endpoints", "none"},
		func(c *Config, v value) { c.Cluster.EndpointClientSecurityGroupIDs = v.list() }},
	{setting{"endpointClientCidrs", "EndpointClientCIDRs", "further ranges that may connect to the endpoints", "none"},
		func(c *Config, v value) { c.Cluster.EndpointClientCIDRs = v.list() }},
	{setting{"securityGroupRules", "SecurityGroupRules", "`ingress`, `all` (only where outbound traffic is restricted already: [why](resources.md#from-tutorial-step-to-resource)) or `none`", "the rules that the groups lack; `ingress` without a look-up"},
		func(c *Config, v value) { c.Cluster.SecurityGroupRules = msklambda.SecurityGroupRules(v.text()) }},
	{setting{"retainSecurityGroupRules", "RetainSecurityGroupRules", "leave the rules when the stack is deleted", "`false`"},
		func(c *Config, v value) { c.Cluster.RetainSecurityGroupRules = v.boolean() }},
	{setting{"admin", "Admin.Allow", "an admin function, for mskadmin, and what it may do: `read`, `produce` or `manage` ([admin.md](admin.md))", "none"},
		func(c *Config, v value) { c.admin().Props.Allow = v.right() }},
	{setting{"adminTopics", "Admin.Topics", "topics of the admin function, in which `*` is any text", "those of the consumers"},
		func(c *Config, v value) { c.admin().Props.Topics = v.list() }},
	{setting{"adminGroups", "Admin.Groups", "consumer groups of the admin function, in which `*` is any text", "those of the consumers"},
		func(c *Config, v value) { c.admin().Props.Groups = v.list() }},
	{setting{"adminAuthentication", "Admin.Authentication.Method", "of the admin function to the brokers: values as for `authentication`", "`iam`"},
		func(c *Config, v value) {
			c.admin().Props.Authentication.Method = msklambda.AuthenticationMethod(v.text())
		}},
	{setting{"adminSecretArn", "Admin.Authentication.Secret", "secret of the admin function with `scram` or `mtls`, by its whole ARN: best of a user of its own. `secretsManagerEndpoint` must then say how it is reached", "none"},
		func(c *Config, v value) { c.admin().SecretARN = v.secretARN() }},
	{setting{"adminSecretKeyArn", "adminSecretKeyArn", "customer managed key of that secret", "none"},
		func(c *Config, v value) { c.admin().SecretKeyARN = v.keyARN() }},
	{setting{"stackName", "StackName", "name of the stack", "`MskLambda`"},
		func(c *Config, v value) { c.StackName = v.text() }},
}

// consumerSettings are given once, or for each of consumers; what is given
// outside of consumers is then the default of each.
var consumerSettings = []consumerSetting{
	{setting{"topic", "Topic", "topic to read", "required"},
		func(c *ConsumerConfig, v value) { c.Props.Topic = v.topic() }},
	{setting{createTopicKey, "CreateTopic", "make that topic with the stack: the number of its partitions, or a JSON object such as `{\"partitions\":6,\"replicationFactor\":3,\"config\":{\"retention.ms\":\"604800000\"}}`. It stays when the stack goes, unless it has `\"removalPolicy\":\"DESTROY\"`: [construct.md](construct.md), [changes](changing.md#a-topic-of-the-stack)", "none: it must exist"},
		func(c *ConsumerConfig, v value) { c.CreateTopic = v.createTopic() }},
	{setting{"consumerGroupId", "GroupID", "consumer group", "`<stackName>-<topic>`"},
		func(c *ConsumerConfig, v value) { c.Props.GroupID = v.text() }},
	{setting{"entry", "Entry", "directory of the function's Go main package", "`lambda`"},
		func(c *ConsumerConfig, v value) { c.Props.Entry = v.text() }},
	{setting{"functionArn", "Function", "an existing function, alias or version in place of `entry`", "none"},
		func(c *ConsumerConfig, v value) { c.FunctionARN = v.functionARN() }},
	{setting{"batchSize", "BatchSize", "most records of one invocation, 1 to 10000", "100"},
		func(c *ConsumerConfig, v value) { c.Props.BatchSize = v.positive() }},
	{setting{"batchWindow", "BatchWindow", "how long a batch may take to fill, `0s` to `5m`", "500 ms, set by the service"},
		func(c *ConsumerConfig, v value) { c.Props.BatchWindow = ptr(v.duration()) }},
	{setting{"startingPosition", "StartingPosition", "`TRIM_HORIZON`, `LATEST` or `AT_TIMESTAMP`", "`TRIM_HORIZON`"},
		func(c *ConsumerConfig, v value) { c.Props.StartingPosition = awslambda.StartingPosition(v.text()) }},
	{setting{"startingPositionTimestamp", "StartingPositionTimestamp", "with `AT_TIMESTAMP`, such as `2026-11-01T00:00:00Z`", ""},
		func(c *ConsumerConfig, v value) { c.Props.StartingPositionTimestamp = v.time() }},
	{setting{"enabled", "Disabled", "`false` defines the mapping without starting it", "`true`"},
		func(c *ConsumerConfig, v value) { c.Props.Disabled = !v.boolean() }},
	{setting{"authentication", "Authentication.Method", "`iam`, `scram`, `mtls`, `tls` or `plaintext`", "`iam`"},
		func(c *ConsumerConfig, v value) {
			c.Props.Authentication.Method = msklambda.AuthenticationMethod(v.text())
		}},
	{setting{"secretArn", "Authentication.Secret", "secret of `scram` and `mtls`, by its whole ARN", "none"},
		func(c *ConsumerConfig, v value) { c.SecretARN = v.secretARN() }},
	{setting{"secretKeyArn", "secretKeyArn", "customer managed key of that secret", "none"},
		func(c *ConsumerConfig, v value) { c.SecretKeyARN = v.keyARN() }},
	{setting{"minimumPollers", "Pollers.Minimum", "of provisioned mode, 1 to 200", "1"},
		func(c *ConsumerConfig, v value) { c.pollers().Minimum = v.positive() }},
	{setting{"maximumPollers", "Pollers.Maximum", "of provisioned mode, 1 to 2000", "200"},
		func(c *ConsumerConfig, v value) { c.pollers().Maximum = v.positive() }},
	{setting{"pollerGroup", "Pollers.Group", "mappings that share their pollers' capacity", "none"},
		func(c *ConsumerConfig, v value) { c.pollers().Group = v.text() }},
	// After the numbers, which mean provisioned by themselves.
	{setting{"pollers", "Pollers", "`on-demand`, `provisioned`, or `off` to leave provisioned mode", "`on-demand`"},
		func(c *ConsumerConfig, v value) { v.pollers(c) }},
	{setting{"retryAttempts", "RetryAttempts", "how often a failed batch is tried again. `-1`: retry for ever, without the warning. Any other number needs provisioned pollers", "infinite, with a warning"},
		func(c *ConsumerConfig, v value) { c.Props.RetryAttempts = ptr(v.whole()) }},
	{setting{"maxRecordAge", "MaxRecordAge", "how old a record may be to be tried, `1m` to `168h`; provisioned", "any age"},
		func(c *ConsumerConfig, v value) { c.Props.MaxRecordAge = v.positiveDuration() }},
	{setting{"bisectOnError", "BisectOnError", "halve a failed batch to find the record; provisioned", "`false`"},
		func(c *ConsumerConfig, v value) { c.Props.BisectOnError = v.boolean() }},
	{setting{"reportBatchItemFailures", "ReportBatchItemFailures", "retry just the records that failed; provisioned", "`false`"},
		func(c *ConsumerConfig, v value) { c.Props.ReportBatchItemFailures = v.boolean() }},
	{setting{"onFailure", "OnFailure", "ARN of a queue, topic or bucket, or `kafka://topic`", "none"},
		func(c *ConsumerConfig, v value) { c.OnFailure = v.destination() }},
	{setting{"onFailureKeyArn", "onFailureKeyArn", "customer managed key of that queue, topic or bucket", "none"},
		func(c *ConsumerConfig, v value) { c.OnFailureKeyARN = v.keyARN() }},
	{setting{"filters", "Filters", "patterns, a JSON list of objects such as `{\"value\":{\"state\":[\"paid\"]}}`", "none"},
		func(c *ConsumerConfig, v value) { c.Props.Filters = v.filters() }},
	{setting{"filterKeyArn", "FilterKey", "key that encrypts the patterns; its policy must let `lambda.amazonaws.com` decrypt", "none"},
		func(c *ConsumerConfig, v value) { c.FilterKeyARN = v.keyARN() }},
	{setting{"schemaRegistry", "SchemaRegistry.URI", "ARN of a Glue registry or URL of a Confluent one; provisioned", "none"},
		func(c *ConsumerConfig, v value) { c.registry().URI = v.text() }},
	{setting{"schemaFormat", "SchemaRegistry.Format", "`JSON` or `SOURCE`", "`JSON`"},
		func(c *ConsumerConfig, v value) { c.registry().Format = msklambda.RegistryFormat(v.text()) }},
	{setting{"schemaValidate", "SchemaRegistry", "`key`, `value` or both", "required then"},
		func(c *ConsumerConfig, v value) { v.validated(c.registry()) }},
	{setting{"schemaAccess", "SchemaRegistry.Access", "of a Confluent registry, `BASIC_AUTH=<secret ARN>` and the like", "none"},
		func(c *ConsumerConfig, v value) { c.RegistryAccess = v.pairs() }},
	{setting{"metrics", "Metrics", "groups: `EventCount`, `ErrorCount`, `KafkaMetrics`", "none"},
		func(c *ConsumerConfig, v value) { c.Props.Metrics = v.metrics() }},
	{setting{"pollerLogLevel", "PollerLogLevel", "`DEBUG`, `INFO` or `WARN`; provisioned", "none"},
		func(c *ConsumerConfig, v value) {
			c.Props.PollerLogLevel = awslambda.EventSourceMappingLogLevel(v.text())
		}},
	{setting{"metricsNamespace", "MetricsNamespace", "namespace of the metrics that the function writes by lambda/kafka/metrics, for `alarms` and `dashboard`", "none: it writes none"},
		func(c *ConsumerConfig, v value) { c.Props.MetricsNamespace = v.text() }},
	{setting{"alarms", "Alarms", "`true` for all alarms of [alarms.md](alarms.md), or a JSON object of numbers such as `{\"lagAbove\":500,\"lagFor\":\"5m\",\"skip\":[\"Throttles\"]}`", "none"},
		func(c *ConsumerConfig, v value) { c.Props.Alarms = v.alarms() }},
	{setting{"alarmTopicArns", "alarmTopicArns", "SNS topics that the alarms tell", "none"},
		func(c *ConsumerConfig, v value) { c.AlarmTopicARNs = v.topicARNs() }},
	{setting{"dashboard", "Dashboard", "define a CloudWatch dashboard", "`false`"},
		func(c *ConsumerConfig, v value) { c.Props.Dashboard = v.boolean() }},
	{setting{"deadLetterTopic", "DeadLetterTopic", "topic that the function itself writes what it gives up to; it then runs in the cluster's subnets, unless `functionSubnetIds` says where", "none: in no VPC"},
		func(c *ConsumerConfig, v value) { c.Props.DeadLetterTopic = v.text() }},
	{setting{"idempotencyKeyArn", "idempotencyKeyArn", "customer managed key of that table, with its ARN", "none"},
		func(c *ConsumerConfig, v value) { c.TableKeyARN = v.keyARN() }},
	{setting{"idempotencyRemovalPolicy", "Idempotency.RemovalPolicy", "of the table of its own: values as for `logRemovalPolicy`", "`RETAIN_ON_UPDATE_OR_DELETE`"},
		func(c *ConsumerConfig, v value) {
			c.once().RemovalPolicy = awscdk.RemovalPolicy(v.text())
		}},
	{setting{"idempotencyNamespace", "Idempotency.Namespace", "what the marks of partitions are kept under: a new one when offsets are set back to handle records again", "`consumerGroupId`"},
		func(c *ConsumerConfig, v value) { c.once().Namespace = v.text() }},
	// After the others, which mean true by themselves.
	{setting{"idempotency", "Idempotency", "`true` for a DynamoDB table of its own in which the function keeps what is done ([docs/handler.md](handler.md#once)), or the ARN of one", "none"},
		func(c *ConsumerConfig, v value) { v.idempotency(c) }},
	{setting{"functionRegistryArn", "FunctionRegistry.GlueARN", "Glue registry that the function itself asks", "none"},
		func(c *ConsumerConfig, v value) {
			if arn := v.text(); arn != "" {
				c.functionRegistry().GlueARN = arn
			}
		}},
	{setting{"functionRegistrySecretArns", "FunctionRegistry.Secrets", "secrets of a Confluent registry that the function itself asks, by their whole ARNs", "none"},
		func(c *ConsumerConfig, v value) {
			if c.FunctionSecretARNs = v.matches(secretARN, `whole ARNs of secrets, such as "arn:aws:secretsmanager:us-east-1:111122223333:secret:registry-a1b2c3"`); len(c.FunctionSecretARNs) > 0 {
				c.functionRegistry()
			}
		}},
	{setting{"roleArn", "Role", "an existing role in place of one of its own", "a role of its own"},
		func(c *ConsumerConfig, v value) { c.RoleARN = v.roleARN() }},
	{setting{"restrictNetworkInterfaces", "RestrictNetworkInterfaces", "limit Create/DeleteNetworkInterface to the cluster's subnets and groups. AWS documents only `*`: test first", "`false`"},
		func(c *ConsumerConfig, v value) { c.Props.RestrictNetworkInterfaces = v.boolean() }},
	{setting{"architecture", "Architecture", "`arm64` or `x86_64`", "`arm64`"},
		func(c *ConsumerConfig, v value) { c.Props.Architecture = v.architecture() }},
	{setting{"memorySize", "MemorySize", "MB, 128 to 10240", "256"},
		func(c *ConsumerConfig, v value) { c.Props.MemorySize = v.positive() }},
	{setting{"timeout", "Timeout", "`1s` to `14m`", "`1m`"},
		func(c *ConsumerConfig, v value) { c.Props.Timeout = v.positiveDuration() }},
	{setting{"environment", "Environment", "variables of the function, `LEVEL=debug,TABLE=orders` or a JSON object", "none"},
		func(c *ConsumerConfig, v value) { c.Props.Environment = v.pairs() }},
	{setting{"reservedConcurrency", "ReservedConcurrency", "cap on concurrent invocations", "none"},
		func(c *ConsumerConfig, v value) { c.Props.ReservedConcurrency = ptr(v.whole()) }},
	{setting{"functionVpcId", "FunctionVPC.VPC", "VPC that the function runs in, with `functionSubnetIds`", "`vpcId`, if that is given"},
		func(c *ConsumerConfig, v value) {
			c.FunctionVPCID = v.match(arn.VPCID, `an id such as "vpc-0123456789abcdef0"`)
		}},
	{setting{"functionSubnetIds", "FunctionVPC", "subnets that the function runs in, such as those with a way to a database", "none: in no VPC"},
		func(c *ConsumerConfig, v value) {
			c.FunctionSubnetIDs = v.ids(arn.SubnetID, "subnet-0123456789abcdef0")
		}},
	{setting{"functionSecurityGroupIds", "FunctionVPC.SecurityGroups", "security groups of the function there, at most 5", "one of its own, with all outbound traffic"},
		func(c *ConsumerConfig, v value) {
			c.FunctionSecurityGroupIDs = v.ids(arn.SecurityGroupID, "sg-0123456789abcdef0")
		}},
	{setting{"layerArns", "Layers", "versions of layers, at most 5", "none"},
		func(c *ConsumerConfig, v value) { c.LayerARNs = v.layerARNs() }},
	{setting{"ephemeralStorageSize", "EphemeralStorage", "MB of `/tmp`, 512 to 10240", "512, set by the service"},
		func(c *ConsumerConfig, v value) { c.Props.EphemeralStorage = v.positive() }},
	{setting{"environmentKeyArn", "EnvironmentKey", "key that encrypts the variables", "Lambda's own"},
		func(c *ConsumerConfig, v value) { c.EnvironmentKeyARN = v.keyARN() }},
	{setting{"description", "Description", "of the function, at most 256 characters", "none"},
		func(c *ConsumerConfig, v value) { c.Props.Description = v.text() }},
	{setting{"codeSigningConfigArn", "CodeSigning", "code signing configuration that checks the bundle", "none"},
		func(c *ConsumerConfig, v value) { c.CodeSigningARN = v.codeSigningARN() }},
	{setting{"alias", "Alias.Name", "alias that the mapping invokes, moved to the new version by each deploy", "none; `live` with `deployment`"},
		func(c *ConsumerConfig, v value) { c.alias().Name = v.text() }},
	{setting{"deployment", "Alias.Deployment", "CodeDeploy configuration by which the alias moves, such as `CodeDeployDefault.LambdaCanary10Percent5Minutes`", "none: it moves at once"},
		func(c *ConsumerConfig, v value) { c.alias().Deployment = v.text() }},
	{setting{"deploymentAlarmArns", "Alias.Alarms", "alarms that move the alias back, beside the consumer's own on errors", "none"},
		func(c *ConsumerConfig, v value) { c.DeploymentAlarmARNs = v.alarmARNs() }},
	{setting{"tracing", "Tracing", "X-Ray: `ACTIVE`, `PASS_THROUGH` or `DISABLED`", "`ACTIVE`"},
		func(c *ConsumerConfig, v value) { c.Props.Tracing = awslambda.Tracing(v.text()) }},
	{setting{"logRetentionDays", "LogRetention", "days, as CloudWatch Logs has them", "30"},
		func(c *ConsumerConfig, v value) { c.Props.LogRetention = v.retention() }},
	{setting{"logRemovalPolicy", "LogRemovalPolicy", "`RETAIN_ON_UPDATE_OR_DELETE`, `RETAIN` or `DESTROY`", "`RETAIN_ON_UPDATE_OR_DELETE`"},
		func(c *ConsumerConfig, v value) { c.Props.LogRemovalPolicy = awscdk.RemovalPolicy(v.text()) }},
	{setting{"logGroupKeyArn", "LogGroupKey", "key that encrypts the log group; its policy must let CloudWatch Logs use it", "none"},
		func(c *ConsumerConfig, v value) { c.LogGroupKeyARN = v.keyARN() }},
	{setting{"logLevel", "LogLevel", "least level of what the function logs: `TRACE`, `DEBUG`, `INFO`, `WARN`, `ERROR` or `FATAL`", "`INFO`, set by the service"},
		func(c *ConsumerConfig, v value) { c.Props.LogLevel = awslambda.ApplicationLogLevel(v.text()) }},
	{setting{"systemLogLevel", "SystemLogLevel", "least level of what Lambda logs of the function: `DEBUG`, `INFO` or `WARN`", "`INFO`, set by the service"},
		func(c *ConsumerConfig, v value) { c.Props.SystemLogLevel = awslambda.SystemLogLevel(v.text()) }},
	{setting{"consumerStack", "ConsumerStack", "put the consumer into a stack `<stackName>-<consumerStack>` of its own, or shared with those that name it too: [operations.md](operations.md#more-consumers-than-a-stack-takes)", "none: the stack of the cluster"},
		func(c *ConsumerConfig, v value) { c.Stack = v.text() }},
	{setting{"tags", "Tags", "tags of the consumer's resources, `team=a,env=prod` or a JSON object", "none"},
		func(c *ConsumerConfig, v value) { c.Props.Tags = v.pairs() }},
}

// settings are all of them.
func settings() []setting {
	var all []setting
	for _, s := range clusterSettings {
		all = append(all, s.setting)
	}
	for _, s := range consumerSettings {
		all = append(all, s.setting)
	}
	return all
}

// keys are the context keys by the fields of the constructs, as their problems
// name them.
var keys = func() map[string]string {
	// Some keys say what several fields do.
	keys := map[string]string{
		"OnFailure.Queue": "onFailure", "OnFailure.Topic": "onFailure", "OnFailure.Bucket": "onFailure", "OnFailure.KafkaTopic": "onFailure",
		"Pollers.Off": "pollers", "Alias": "alias", "SchemaRegistry.ValidateKey": `"key"`, "SchemaRegistry.ValidateValue": `"value"`,
	}
	maps.Copy(keys, alarmFields())
	for _, field := range []string{"Partitions", "ReplicationFactor", "Config"} {
		keys[field] = topicFields[field]
	}
	for _, s := range settings() {
		keys[s.field] = s.key
		if strings.HasSuffix(s.field, "Endpoint") {
			keys[s.field+".Source"], keys[s.field+".ID"] = s.key, s.key
		}
	}
	return keys
}()

// keyOf is the context key for a field. What a field has behind one that is known,
// such as the place in a list, stays: Filters[0] is filters[0].
func keyOf(field string) string {
	if access, rest, ok := strings.Cut(field, "["); ok && access == "SchemaRegistry.Access" && !strings.Contains(rest, ".") {
		return keys[access] // whose secrets stand by type, and not in an order
	}
	return keyPath(field)
}

// keyPath is the key of a field with what follows its name.
func keyPath(field string) string {
	if key, ok := keys[field]; ok {
		return key
	}
	if i := strings.LastIndexAny(field, ".["); i > 0 {
		return keyPath(field[:i]) + field[i:]
	}
	return field
}

func ptr[T any](v T, ok bool) *T {
	if !ok {
		return nil
	}
	return &v
}
