package test

import (
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awscloudwatch"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsdynamodb"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsec2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsiam"
	"github.com/aws/aws-cdk-go/awscdk/v2/awslambda"
	"github.com/aws/aws-cdk-go/awscdk/v2/awssecretsmanager"
	"github.com/aws/aws-cdk-go/awscdklambdagoalpha/v2"
	"github.com/aws/jsii-runtime-go"

	"msklambda/constructs/msklambda"
)

const atTimestamp = awslambda.StartingPosition_AT_TIMESTAMP

// refusedConsumers are in the order of the page. Each is one wrong thing.
var refusedConsumers = []refusedConsumer{
	{"no topic", on(func(p *msklambda.ConsumerProps) { p.Topic = "" })},
	{"a topic with a space", on(func(p *msklambda.ConsumerProps) { p.Topic = "my orders" })},
	{"two topics", on(func(p *msklambda.ConsumerProps) { p.Topic = "orders,refunds" })},
	{"the ARN of a topic", on(func(p *msklambda.ConsumerProps) { p.Topic = topicARN + "orders" })},
	{"a topic that Kafka reserves", on(func(p *msklambda.ConsumerProps) { p.Topic = ".." })},
	{"a topic that CloudFormation refuses", on(func(p *msklambda.ConsumerProps) { p.Topic = ".orders" })},
	{"no group", on(func(p *msklambda.ConsumerProps) { p.GroupID = "" })},
	{"a group with a space", on(func(p *msklambda.ConsumerProps) { p.GroupID = "orders fn" })},
	{"the ARN of a group", on(func(p *msklambda.ConsumerProps) { p.GroupID = groupARN + "orders-fn" })},
	{"a group that IAM reads as a wildcard", on(func(p *msklambda.ConsumerProps) { p.GroupID = "orders-*" })},
	{"a batch that is too large", on(func(p *msklambda.ConsumerProps) { p.BatchSize = 10001 })},
	{"a window that is too long", on(func(p *msklambda.ConsumerProps) { p.BatchWindow = new(301 * time.Second) })},
	{"a window of half a second", on(func(p *msklambda.ConsumerProps) { p.BatchWindow = new(500 * time.Millisecond) })},
	{"a starting position that is none", at("EARLIEST", time.Time{})},
	{"a timestamp with another position", at(awslambda.StartingPosition_LATEST, time.Unix(1767323045, 0))},
	{"AT_TIMESTAMP without a timestamp", at(atTimestamp, time.Time{})},
	{"a timestamp with a fraction", at(atTimestamp, time.Unix(1767323045, 1).UTC())},
	{"a timestamp before 1970", at(atTimestamp, time.Unix(-1, 0).UTC())},
	{"a timestamp in the future", at(atTimestamp, time.Date(2100, 1, 2, 3, 4, 5, 0, time.UTC))},

	{"an unknown authentication", on(func(p *msklambda.ConsumerProps) { p.Authentication.Method = "kerberos" })},
	{"SCRAM without a secret", on(func(p *msklambda.ConsumerProps) { p.Authentication.Method = msklambda.AuthenticationSCRAM })},
	{"mutual TLS without a secret", on(func(p *msklambda.ConsumerProps) { p.Authentication.Method = msklambda.AuthenticationMTLS })},
	{"a secret with IAM", func(stack awscdk.Stack, p *msklambda.ConsumerProps) { p.Authentication.Secret = aSecret(stack) }},
	{"a secret by its name", func(stack awscdk.Stack, p *msklambda.ConsumerProps) {
		p.Authentication = msklambda.Authentication{Method: msklambda.AuthenticationSCRAM, Secret: named(stack)}
	}},

	{"pollers off and how many", pollers(msklambda.Pollers{Off: true, Minimum: 1})},
	{"too many pollers at least", pollers(msklambda.Pollers{Minimum: 201, Maximum: 300})},
	{"too many pollers at most", pollers(msklambda.Pollers{Maximum: 2001})},
	{"more pollers at least than at most", pollers(msklambda.Pollers{Minimum: 5, Maximum: 2})},
	{"a poller group with a space", pollers(msklambda.Pollers{Group: "my pollers"})},

	{"retries without Pollers", on(func(p *msklambda.ConsumerProps) { p.RetryAttempts = new(3) })},
	{"a record age without Pollers", on(func(p *msklambda.ConsumerProps) { p.MaxRecordAge = time.Hour })},
	{"bisecting without Pollers", on(func(p *msklambda.ConsumerProps) { p.BisectOnError = true })},
	{"partial batch responses without Pollers", on(func(p *msklambda.ConsumerProps) { p.ReportBatchItemFailures = true })},
	{"a Kafka topic as destination without Pollers", on(func(p *msklambda.ConsumerProps) { p.OnFailure.KafkaTopic = "orders-failed" })},
	{"a schema registry without Pollers", on(func(p *msklambda.ConsumerProps) {
		p.SchemaRegistry = &msklambda.SchemaRegistry{URI: glueARN, ValidateValue: true}
	})},
	{"a poller log level without Pollers", on(func(p *msklambda.ConsumerProps) { p.PollerLogLevel = awslambda.EventSourceMappingLogLevel_INFO })},
	{"what needs Pollers with Pollers.Off", on(func(p *msklambda.ConsumerProps) { p.Pollers, p.BisectOnError = &msklambda.Pollers{Off: true}, true })},

	{"too many retries", on(func(p *msklambda.ConsumerProps) { p.Pollers, p.RetryAttempts = &msklambda.Pollers{}, new(10001) })},
	{"a record age that is too short", on(func(p *msklambda.ConsumerProps) { p.Pollers, p.MaxRecordAge = &msklambda.Pollers{}, time.Second })},
	{"two destinations", func(stack awscdk.Stack, p *msklambda.ConsumerProps) {
		p.OnFailure = msklambda.Destination{Queue: aQueue(stack, "failed"), Topic: aTopic(stack, "failed")}
	}},
	{"every queue of an account", func(stack awscdk.Stack, p *msklambda.ConsumerProps) { p.OnFailure.Queue = aQueue(stack, "*") }},
	{"a FIFO queue", func(stack awscdk.Stack, p *msklambda.ConsumerProps) { p.OnFailure.Queue = aQueue(stack, "failed.fifo") }},
	{"a FIFO topic", func(stack awscdk.Stack, p *msklambda.ConsumerProps) { p.OnFailure.Topic = aTopic(stack, "failed.fifo") }},
	{"the topic that is read as destination", on(func(p *msklambda.ConsumerProps) {
		p.Pollers, p.OnFailure.KafkaTopic = &msklambda.Pollers{}, p.Topic
	})},

	{"too many filters", filters(21)},
	{"a filter twice", on(func(p *msklambda.ConsumerProps) { p.Filters = []string{`{"value":["a"]}`, `{"value":["a"]}`} })},
	{"a filter that is too long", filter(`{"value":["` + strings.Repeat("a", 4096) + `"]}`)},
	{"a key for filters, and no filter", func(stack awscdk.Stack, p *msklambda.ConsumerProps) { p.FilterKey = aKey(stack) }},
	{"a filter that is not JSON", filter(`value=paid`)},
	{"a filter with something behind it", filter(`{"value":["a"]} {}`)},
	{"a filter of nothing", filter(`{}`)},
	{"a filter for the key", filter(`{"key":["a"]}`)},
	{"a filter with a bare value", filter(`{"value":{"state":"paid"}}`)},
	{"a filter with an empty object", filter(`{"value":{}}`)},
	{"a filter with an empty list", filter(`{"value":{"state":[]}}`)},
	{"a filter with a list in a list", filter(`{"value":{"state":[["paid"]]}}`)},
	{"a filter with one alternative", filter(`{"value":{"$or":[{"a":[1]}]}}`)},
	{"a filter with alternatives that are no objects", filter(`{"value":{"$or":[1,2]}}`)},
	{"a filter with two comparisons in one", filter(`{"value":{"a":[{"prefix":"x","suffix":"y"}]}}`)},
	{"a filter with a prefix that is no text", filter(`{"value":{"a":[{"prefix":1}]}}`)},
	{"a filter with exists of a text", filter(`{"value":{"a":[{"exists":"yes"}]}}`)},
	{"a filter with anything-but of a truth", filter(`{"value":{"a":[{"anything-but":true}]}}`)},
	{"a filter with anything-but of nothing", filter(`{"value":{"a":[{"anything-but":[]}]}}`)},
	{"a filter with a number as text", filter(`{"value":{"a":[{"numeric":["=","1"]}]}}`)},
	{"a filter with a range from high to low", filter(`{"value":{"a":[{"numeric":["<",1,">",0]}]}}`)},

	{"a registry by a token", glue(func(_ awscdk.Stack, r *msklambda.SchemaRegistry) { r.URI = "${Token[TOKEN.9]}" })},
	{"a registry by another ARN", glue(func(_ awscdk.Stack, r *msklambda.SchemaRegistry) { r.URI = failedQueue })},
	{"a registry over http", glue(func(stack awscdk.Stack, r *msklambda.SchemaRegistry) {
		r.URI, r.Access = "http://registry.example.com", []msklambda.RegistryAccess{{Type: msklambda.RegistryBasicAuth, Secret: aSecret(stack)}}
	})},
	{"a registry format that is none", glue(func(_ awscdk.Stack, r *msklambda.SchemaRegistry) { r.Format = "AVRO" })},
	{"a registry that checks nothing", glue(func(_ awscdk.Stack, r *msklambda.SchemaRegistry) { r.ValidateValue = false })},
	{"credentials for a Glue registry", glue(func(stack awscdk.Stack, r *msklambda.SchemaRegistry) {
		r.Access = []msklambda.RegistryAccess{{Type: msklambda.RegistryBasicAuth, Secret: aSecret(stack)}}
	})},
	{"no credentials for a Confluent registry", glue(func(_ awscdk.Stack, r *msklambda.SchemaRegistry) { r.URI = "https://registry.example.com" })},
	{"credentials of no known kind", confluent(func(_ awscdk.Stack, a *msklambda.RegistryAccess) { a.Type = "TOKEN" })},
	{"credentials without a secret", confluent(func(_ awscdk.Stack, a *msklambda.RegistryAccess) { a.Secret = nil })},
	{"credentials by the name of a secret", confluent(func(stack awscdk.Stack, a *msklambda.RegistryAccess) { a.Secret = named(stack) })},

	{"metrics of no group", on(func(p *msklambda.ConsumerProps) { p.Metrics = []awslambda.MetricType{"Lag"} })},
	{"metrics twice", on(func(p *msklambda.ConsumerProps) {
		p.Metrics = []awslambda.MetricType{awslambda.MetricType_EVENT_COUNT, awslambda.MetricType_EVENT_COUNT}
	})},
	{"a poller log level that is none", on(func(p *msklambda.ConsumerProps) { p.Pollers, p.PollerLogLevel = &msklambda.Pollers{}, "ERROR" })},

	{"a lag below zero for an alarm", watching(msklambda.Alarms{LagAbove: -1})},
	{"a time behind of a group of which MSK tells no lag", func(_ awscdk.Stack, p *msklambda.ConsumerProps) {
		p.GroupID, p.Alarms = "team:orders", &msklambda.Alarms{LagTimeAbove: time.Minute}
	}},
	{"a lag for too short a time", watching(msklambda.Alarms{LagFor: time.Second})},
	{"growth in half steps", watching(msklambda.Alarms{LagGrowingFor: 12 * time.Minute})},
	{"more than the whole timeout", watching(msklambda.Alarms{DurationAbove: 100})},
	{"an alarm that there is not", watching(msklambda.Alarms{Skip: []msklambda.AlarmName{"Cost"}})},
	{"an alarm action that is nil", watching(msklambda.Alarms{Actions: []awscloudwatch.IAlarmAction{nil}})},
	{"the timeout of a bundled function again", watching(msklambda.Alarms{Timeout: time.Minute})},

	{"a topic for dead letters that is none", on(func(p *msklambda.ConsumerProps) { p.DeadLetterTopic = "my dead" })},
	{"dead letters into the topic that is read", on(func(p *msklambda.ConsumerProps) { p.DeadLetterTopic = p.Topic })},
	{"dead letters by another authentication than IAM", on(func(p *msklambda.ConsumerProps) {
		p.DeadLetterTopic, p.Authentication.Method = "orders-dead", msklambda.AuthenticationPlaintext
	})},

	{"a removal policy of a table that is none", once(func(_ awscdk.Stack, i *msklambda.Idempotency) { i.RemovalPolicy = awscdk.RemovalPolicy_SNAPSHOT })},
	{"a removal policy for a table that is there", once(func(stack awscdk.Stack, i *msklambda.Idempotency) {
		i.Table, i.RemovalPolicy = aTable(stack, tableARN), awscdk.RemovalPolicy_DESTROY
	})},
	{"all tables of a kind", once(func(stack awscdk.Stack, i *msklambda.Idempotency) { i.Table = aTable(stack, tableARN+"*") })},
	{"a namespace that is too long", once(func(_ awscdk.Stack, i *msklambda.Idempotency) { i.Namespace = strings.Repeat("a", 201) })},
	{"a variable that a table sets", func(_ awscdk.Stack, p *msklambda.ConsumerProps) {
		p.Idempotency, p.Environment = &msklambda.Idempotency{}, map[string]string{"MSKLAMBDA_ONCE_TABLE": "mine"}
	}},
	{"a variable that the metrics set", func(_ awscdk.Stack, p *msklambda.ConsumerProps) {
		p.MetricsNamespace, p.Environment = "Orders", map[string]string{"MSKLAMBDA_METRICS_NAMESPACE": "Mine"}
	}},
	{"a registry of the function that is none", asks(func(_ awscdk.Stack, r *msklambda.FunctionRegistry) { r.GlueARN = "" })},
	{"a registry of the function by a token", asks(func(_ awscdk.Stack, r *msklambda.FunctionRegistry) { r.GlueARN = "${Token[TOKEN.9]}" })},
	{"a registry of the function by another ARN", asks(func(_ awscdk.Stack, r *msklambda.FunctionRegistry) { r.GlueARN = failedQueue })},
	{"a secret of the function that is nil", asks(func(_ awscdk.Stack, r *msklambda.FunctionRegistry) {
		r.Secrets = []awssecretsmanager.ISecret{nil}
	})},
	{"a secret of the function by its name", asks(func(stack awscdk.Stack, r *msklambda.FunctionRegistry) {
		r.Secrets = []awssecretsmanager.ISecret{named(stack)}
	})},
	{"a namespace of AWS", on(func(p *msklambda.ConsumerProps) { p.MetricsNamespace = "AWS/Orders" })},
	{"a namespace by a token", on(func(p *msklambda.ConsumerProps) { p.MetricsNamespace = "${Token[TOKEN.9]}" })},
	{"an age without metrics of the function", watching(msklambda.Alarms{RecordAgeAbove: time.Minute})},
	{"an age of half a second", on(func(p *msklambda.ConsumerProps) {
		p.MetricsNamespace, p.Alarms = "Orders", &msklambda.Alarms{RecordAgeAbove: 500 * time.Millisecond}
	})},

	{"no code", on(func(p *msklambda.ConsumerProps) { p.Entry = "" })},
	{"code that is not there", on(func(p *msklambda.ConsumerProps) { p.Entry = "nowhere" })},
	{"code that is a file", on(func(p *msklambda.ConsumerProps) { p.Entry = "../lambda/main.go" })},
	{"code of a library", on(func(p *msklambda.ConsumerProps) { p.Entry = "../lambda/kafka" })},
	{"too little memory", on(func(p *msklambda.ConsumerProps) { p.MemorySize = 127 })},
	{"a timeout of 15 minutes", on(func(p *msklambda.ConsumerProps) { p.Timeout = 15 * time.Minute })},
	{"a negative concurrency", on(func(p *msklambda.ConsumerProps) { p.ReservedConcurrency = new(-1) })},
	{"a variable that the construct sets", environment("MSKLAMBDA_REPORT_BATCH_ITEM_FAILURES")},
	{"a variable that Lambda sets", environment("AWS_REGION")},
	{"a variable with a dash", environment("A-B")},
	{"unknown tracing", on(func(p *msklambda.ConsumerProps) { p.Tracing = "Active" })},
	{"a retention that CloudWatch has not", on(func(p *msklambda.ConsumerProps) { p.LogRetention = "8" })},
	{"a removal policy for other things", on(func(p *msklambda.ConsumerProps) { p.LogRemovalPolicy = awscdk.RemovalPolicy_SNAPSHOT })},
	{"a function's VPC that is none", on(func(p *msklambda.ConsumerProps) { p.FunctionVPC = &msklambda.FunctionVPC{} })},
	{"too many security groups of a function", func(stack awscdk.Stack, p *msklambda.ConsumerProps) {
		p.FunctionVPC = aDatabasesVPC(stack, "sg-00000001", "sg-00000002", "sg-00000003", "sg-00000004", "sg-00000005", "sg-00000006")
	}},
	{"a security group that is nil", func(stack awscdk.Stack, p *msklambda.ConsumerProps) {
		p.FunctionVPC = aDatabasesVPC(stack)
		p.FunctionVPC.SecurityGroups = []awsec2.ISecurityGroup{nil}
	}},
	{"too little storage", on(func(p *msklambda.ConsumerProps) { p.EphemeralStorage = 511 })},
	{"too many layers", func(stack awscdk.Stack, p *msklambda.ConsumerProps) { p.Layers = slices.Repeat(layers(stack), 6) }},
	{"a layer that is nil", on(func(p *msklambda.ConsumerProps) { p.Layers = []awslambda.ILayerVersion{nil} })},
	{"a description that is too long", on(func(p *msklambda.ConsumerProps) { p.Description = strings.Repeat("a", 257) })},
	{"a log level that is none", on(func(p *msklambda.ConsumerProps) { p.LogLevel = "debug" })},
	{"a log level that Lambda itself has not", on(func(p *msklambda.ConsumerProps) { p.SystemLogLevel = "ERROR" })},
	{"an alias that is a number", on(func(p *msklambda.ConsumerProps) { p.Alias = &msklambda.Alias{Name: "1"} })},
	{"a deployment with a space", on(func(p *msklambda.ConsumerProps) { p.Alias = &msklambda.Alias{Deployment: "ten percent"} })},
	{"alarms without a deployment", func(stack awscdk.Stack, p *msklambda.ConsumerProps) {
		p.Alias = &msklambda.Alias{Alarms: []awscloudwatch.IAlarm{awscloudwatch.Alarm_FromAlarmArn(stack, jsii.String("Alarm"), jsii.String("arn:aws:cloudwatch:us-east-1:111122223333:alarm:latency"))}}
	}},
	{"an alarm of a deployment that is nil", on(func(p *msklambda.ConsumerProps) {
		p.Alias = &msklambda.Alias{Deployment: canary, Alarms: []awscloudwatch.IAlarm{nil}}
	})},
	{"a tag of AWS", tags("aws:x", "y")},
	{"a tag with a star", tags("te*am", "y")},
	{"a tag with no name", tags("", "y")},
	{"a tag that is too long", tags("team", strings.Repeat("y", 257))},

	{"a function and code", besideFunction(on(func(p *msklambda.ConsumerProps) { p.Entry = entry }))},
	{"a function and a role", besideFunction(func(stack awscdk.Stack, p *msklambda.ConsumerProps) {
		p.Role = awsiam.Role_FromRoleArn(stack, jsii.String("Role"), jsii.String(stranger), nil)
	})},
	{"a function and an architecture", besideFunction(on(func(p *msklambda.ConsumerProps) { p.Architecture = awslambda.Architecture_ARM_64() }))},
	{"a function and memory", besideFunction(on(func(p *msklambda.ConsumerProps) { p.MemorySize = 512 }))},
	{"a function and a timeout", besideFunction(on(func(p *msklambda.ConsumerProps) { p.Timeout = time.Minute }))},
	{"a function and variables", besideFunction(environment("TABLE"))},
	{"a function and concurrency", besideFunction(on(func(p *msklambda.ConsumerProps) { p.ReservedConcurrency = new(1) }))},
	{"a function and tracing", besideFunction(on(func(p *msklambda.ConsumerProps) { p.Tracing = awslambda.Tracing_ACTIVE }))},
	{"a function and a retention", besideFunction(on(func(p *msklambda.ConsumerProps) { p.LogRetention = "ONE_WEEK" }))},
	{"a function and a removal policy", besideFunction(on(func(p *msklambda.ConsumerProps) { p.LogRemovalPolicy = awscdk.RemovalPolicy_DESTROY }))},
	{"a function and how to build", besideFunction(on(func(p *msklambda.ConsumerProps) { p.BuildEnvironment = map[string]string{"GOFLAGS": "-v"} }))},
	{"a function and a VPC", besideFunction(func(stack awscdk.Stack, p *msklambda.ConsumerProps) { p.FunctionVPC = aDatabasesVPC(stack) })},
	{"a function and an alias", besideFunction(on(func(p *msklambda.ConsumerProps) { p.Alias = &msklambda.Alias{} }))},
	{"a function and layers", besideFunction(func(stack awscdk.Stack, p *msklambda.ConsumerProps) { p.Layers = layers(stack) })},
	{"a function and storage", besideFunction(on(func(p *msklambda.ConsumerProps) { p.EphemeralStorage = 1024 }))},
	{"a function and a key for variables", besideFunction(func(stack awscdk.Stack, p *msklambda.ConsumerProps) { p.EnvironmentKey = aKey(stack) })},
	{"a function and a description", besideFunction(on(func(p *msklambda.ConsumerProps) { p.Description = "x" }))},
	{"a function and code signing", besideFunction(func(stack awscdk.Stack, p *msklambda.ConsumerProps) {
		p.CodeSigning = awslambda.CodeSigningConfig_FromCodeSigningConfigArn(stack, jsii.String("Signing"), jsii.String(signingARN))
	})},
	{"a function and a log level", besideFunction(on(func(p *msklambda.ConsumerProps) { p.LogLevel = awslambda.ApplicationLogLevel_INFO }))},
	{"a function and a log level of Lambda", besideFunction(on(func(p *msklambda.ConsumerProps) { p.SystemLogLevel = awslambda.SystemLogLevel_INFO }))},
	{"a function and a key for logs", besideFunction(func(stack awscdk.Stack, p *msklambda.ConsumerProps) { p.LogGroupKey = aKey(stack) })},
	{"a function and what to edit", besideFunction(on(func(p *msklambda.ConsumerProps) {
		p.EditFunction = func(*awscdklambdagoalpha.GoFunctionProps) {}
	}))},
}

func once(edit func(awscdk.Stack, *msklambda.Idempotency)) func(awscdk.Stack, *msklambda.ConsumerProps) {
	return func(stack awscdk.Stack, p *msklambda.ConsumerProps) {
		p.Idempotency = &msklambda.Idempotency{}
		edit(stack, p.Idempotency)
	}
}

func asks(edit func(awscdk.Stack, *msklambda.FunctionRegistry)) func(awscdk.Stack, *msklambda.ConsumerProps) {
	return func(stack awscdk.Stack, p *msklambda.ConsumerProps) {
		p.FunctionRegistry = &msklambda.FunctionRegistry{GlueARN: functionGlueARN}
		edit(stack, p.FunctionRegistry)
	}
}

func aTable(stack awscdk.Stack, arn string) awsdynamodb.ITable {
	return awsdynamodb.Table_FromTableArn(stack, jsii.String("Table"), &arn)
}

func layers(stack awscdk.Stack) []awslambda.ILayerVersion {
	return []awslambda.ILayerVersion{awslambda.LayerVersion_FromLayerVersionArn(stack, jsii.String("Layer"), jsii.String(layerARN))}
}
