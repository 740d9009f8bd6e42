package test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awskms"
	"github.com/aws/aws-cdk-go/awscdk/v2/awslambda"
	"github.com/aws/aws-cdk-go/awscdk/v2/awss3"
	"github.com/aws/aws-cdk-go/awscdk/v2/awssecretsmanager"
	"github.com/aws/aws-cdk-go/awscdk/v2/awssns"
	"github.com/aws/aws-cdk-go/awscdk/v2/awssqs"
	"github.com/aws/jsii-runtime-go"

	"msklambda/constructs/msklambda"
)

// imports are things of others, by ARN.
type imports struct{ awscdk.Stack }

func (s imports) key() awskms.IKey {
	return awskms.Key_FromKeyArn(s.Stack, jsii.String("Key"), jsii.String(keyARN))
}

func (s imports) secret(key awskms.IKey) awssecretsmanager.ISecret {
	return awssecretsmanager.Secret_FromSecretAttributes(s.Stack, jsii.String("Secret"), &awssecretsmanager.SecretAttributes{
		SecretCompleteArn: jsii.String(secretARN), EncryptionKey: key})
}

func (s imports) queue(key *string) awssqs.IQueue {
	return awssqs.Queue_FromQueueAttributes(s.Stack, jsii.String("Queue"), &awssqs.QueueAttributes{
		QueueArn: jsii.String("arn:aws:sqs:us-east-1:111122223333:failed"), KeyArn: key})
}

func (s imports) topic(key *string) awssns.ITopic {
	return awssns.Topic_FromTopicAttributes(s.Stack, jsii.String("Topic"), &awssns.TopicAttributes{
		TopicArn: jsii.String("arn:aws:sns:us-east-1:111122223333:failed"), KeyArn: key})
}

func (s imports) bucket(key awskms.IKey) awss3.IBucket {
	return awss3.Bucket_FromBucketAttributes(s.Stack, jsii.String("Bucket"), &awss3.BucketAttributes{
		BucketArn: jsii.String("arn:aws:s3:::failed"), EncryptionKey: key})
}

// synthImports builds "Cluster/Orders" with things of others.
func synthImports(t *testing.T, edit func(imports, *msklambda.ClusterProps, *msklambda.ConsumerProps)) *template {
	t.Helper()
	return synth(t, func(stack awscdk.Stack) {
		cluster, consumer := clusterProps(), consumerProps()
		edit(imports{stack}, cluster, consumer)
		msklambda.ImportCluster(stack, "Cluster", cluster).AddConsumer("Orders", consumer)
	})
}

func TestEachMappingPropBecomesItsProperty(t *testing.T) {
	long(t)
	type edit = func(imports, *msklambda.ConsumerProps)
	provisioned := func(e edit) edit {
		return func(s imports, p *msklambda.ConsumerProps) {
			p.Pollers = &msklambda.Pollers{}
			e(s, p)
		}
	}
	registry := func(r *msklambda.SchemaRegistry) edit {
		return provisioned(func(_ imports, p *msklambda.ConsumerProps) { p.SchemaRegistry = r })
	}
	const glue = "arn:aws:glue:us-east-1:111122223333:registry/orders"
	destination := func(uri string) map[string]any {
		return map[string]any{"DestinationConfig": map[string]any{"OnFailure": map[string]any{"Destination": uri}}}
	}
	tests := map[string]struct {
		edit edit
		want map[string]any
	}{
		"on-demand by default": {func(imports, *msklambda.ConsumerProps) {}, map[string]any{
			"ProvisionedPollerConfig": nil, "MaximumRetryAttempts": nil, "MaximumRecordAgeInSeconds": nil, "BisectBatchOnFunctionError": nil,
			"FunctionResponseTypes": nil, "SourceAccessConfigurations": nil, "FilterCriteria": nil, "DestinationConfig": nil, "MetricsConfig": nil, "LoggingConfig": nil}},
		"provisioned, all written out": {provisioned(func(imports, *msklambda.ConsumerProps) {}), map[string]any{
			"ProvisionedPollerConfig": map[string]any{"MinimumPollers": 1, "MaximumPollers": 200},
			"MaximumRetryAttempts":    -1, "MaximumRecordAgeInSeconds": -1, "BisectBatchOnFunctionError": false, "FunctionResponseTypes": nil}},
		"pollers": {func(_ imports, p *msklambda.ConsumerProps) {
			p.Pollers = &msklambda.Pollers{Minimum: 3, Maximum: 9, Group: "shared"}
		}, map[string]any{"ProvisionedPollerConfig": map[string]any{"MinimumPollers": 3, "MaximumPollers": 9, "PollerGroupName": "shared"}}},
		"pollers off": {func(_ imports, p *msklambda.ConsumerProps) { p.Pollers = &msklambda.Pollers{Off: true} },
			map[string]any{"ProvisionedPollerConfig": map[string]any{}, "MaximumRetryAttempts": nil}},
		"no retry": {provisioned(func(_ imports, p *msklambda.ConsumerProps) { p.RetryAttempts = new(0) }), map[string]any{"MaximumRetryAttempts": 0}},
		"retries":  {provisioned(func(_ imports, p *msklambda.ConsumerProps) { p.RetryAttempts = new(10000) }), map[string]any{"MaximumRetryAttempts": 10000}},
		"age":      {provisioned(func(_ imports, p *msklambda.ConsumerProps) { p.MaxRecordAge = time.Hour }), map[string]any{"MaximumRecordAgeInSeconds": 3600}},
		"bisect":   {provisioned(func(_ imports, p *msklambda.ConsumerProps) { p.BisectOnError = true }), map[string]any{"BisectBatchOnFunctionError": true}},
		"partial":  {provisioned(func(_ imports, p *msklambda.ConsumerProps) { p.ReportBatchItemFailures = true }), map[string]any{"FunctionResponseTypes": []any{"ReportBatchItemFailures"}}},
		"log level": {provisioned(func(_ imports, p *msklambda.ConsumerProps) {
			p.PollerLogLevel = awslambda.EventSourceMappingLogLevel_DEBUG
		}), map[string]any{"LoggingConfig": map[string]any{"SystemLogLevel": "DEBUG"}}},
		"metrics": {func(_ imports, p *msklambda.ConsumerProps) {
			p.Metrics = []awslambda.MetricType{awslambda.MetricType_EVENT_COUNT, awslambda.MetricType_ERROR_COUNT, awslambda.MetricType_KAFKA_METRICS}
		}, map[string]any{"MetricsConfig": map[string]any{"Metrics": []any{"EventCount", "ErrorCount", "KafkaMetrics"}}}},
		"filters": {func(s imports, p *msklambda.ConsumerProps) {
			p.Filters, p.FilterKey = []string{`{"value":{"state":["paid"]}}`}, s.key()
		}, map[string]any{"FilterCriteria": map[string]any{"Filters": []any{map[string]any{"Pattern": `{"value":{"state":["paid"]}}`}}}, "KmsKeyArn": keyARN}},
		"queue":       {func(s imports, p *msklambda.ConsumerProps) { p.OnFailure.Queue = s.queue(nil) }, destination("arn:aws:sqs:us-east-1:111122223333:failed")},
		"topic":       {func(s imports, p *msklambda.ConsumerProps) { p.OnFailure.Topic = s.topic(nil) }, destination("arn:aws:sns:us-east-1:111122223333:failed")},
		"Kafka topic": {provisioned(func(_ imports, p *msklambda.ConsumerProps) { p.OnFailure.KafkaTopic = "failed" }), destination("kafka://failed")},
		"bucket":      {provisioned(func(s imports, p *msklambda.ConsumerProps) { p.OnFailure.Bucket = s.bucket(nil) }), destination("arn:aws:s3:::failed")},
		"SCRAM": {func(s imports, p *msklambda.ConsumerProps) {
			p.Authentication = msklambda.Authentication{Method: msklambda.AuthenticationSCRAM, Secret: s.secret(nil)}
		}, map[string]any{"SourceAccessConfigurations": []any{map[string]any{"Type": "SASL_SCRAM_512_AUTH", "URI": secretARN}}}},
		"mutual TLS": {func(s imports, p *msklambda.ConsumerProps) {
			p.Authentication = msklambda.Authentication{Method: msklambda.AuthenticationMTLS, Secret: s.secret(nil)}
		}, map[string]any{"SourceAccessConfigurations": []any{map[string]any{"Type": "CLIENT_CERTIFICATE_TLS_AUTH", "URI": secretARN}}}},
		"Glue registry": {registry(&msklambda.SchemaRegistry{URI: glue, ValidateValue: true}), map[string]any{"AmazonManagedKafkaEventSourceConfig": map[string]any{
			"ConsumerGroupId": "orders-fn", "SchemaRegistryConfig": map[string]any{"EventRecordFormat": "JSON", "SchemaRegistryURI": glue,
				"SchemaValidationConfigs": []any{map[string]any{"Attribute": "VALUE"}}}}}},
		"Confluent registry": {func(s imports, p *msklambda.ConsumerProps) {
			registry(&msklambda.SchemaRegistry{URI: "https://registry.example.com", Format: msklambda.RegistryFormatSource, ValidateKey: true, ValidateValue: true,
				Access: []msklambda.RegistryAccess{{Type: msklambda.RegistryBasicAuth, Secret: s.secret(nil)}}})(s, p)
		}, map[string]any{"AmazonManagedKafkaEventSourceConfig": map[string]any{
			"ConsumerGroupId": "orders-fn", "SchemaRegistryConfig": map[string]any{"EventRecordFormat": "SOURCE", "SchemaRegistryURI": "https://registry.example.com",
				"AccessConfigs":           []any{map[string]any{"Type": "BASIC_AUTH", "URI": secretARN}},
				"SchemaValidationConfigs": []any{map[string]any{"Attribute": "KEY"}, map[string]any{"Attribute": "VALUE"}}}}}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			got := synthImports(t, func(s imports, _ *msklambda.ClusterProps, p *msklambda.ConsumerProps) { tt.edit(s, p) }).at("Cluster/Orders/Mapping").Properties
			for property, want := range tt.want {
				if !same(got[property], want) {
					t.Errorf("%s = %s, want %s", property, asJSON(got[property]), asJSON(want))
				}
			}
		})
	}
}

func TestTheHandlerKnowsWhetherItsAnswerCounts(t *testing.T) {
	const variable = "MSKLAMBDA_REPORT_BATCH_ITEM_FAILURES"
	for partial, want := range map[bool]string{true: `{"LEVEL":"1","` + variable + `":"true"}`, false: `{"LEVEL":"1"}`} {
		mine := map[string]string{"LEVEL": "1"}
		tpl := synthConsumer(t, func(p *msklambda.ConsumerProps) {
			p.Pollers, p.ReportBatchItemFailures, p.Environment = &msklambda.Pollers{}, partial, mine
		})
		environment := tpl.at("Cluster/Orders/Function").Properties["Environment"].(map[string]any)
		if got := asJSON(environment["Variables"]); got != want {
			t.Errorf("environment = %s, want %s", got, want)
		}
		if len(mine) != 1 {
			t.Errorf("the user's map = %v, want it left alone", mine)
		}
	}
}

// grantsBeyond are the grants of a consumer that the default one has not.
func grantsBeyond(t *testing.T, tpl *template) (more, less []string) {
	t.Helper()
	standard := synthConsumer(t).grants()
	got := tpl.grants()
	for _, g := range got {
		if !slices.Contains(standard, g) {
			more = append(more, g)
		}
	}
	for _, g := range standard {
		if !slices.Contains(got, g) {
			less = append(less, g)
		}
	}
	return more, less
}

func TestEachChoiceGrantsExactlyThis(t *testing.T) {
	long(t)
	iam := []string{
		"kafka-cluster:AlterGroup on " + groupARN + "orders-fn", "kafka-cluster:Connect on " + arn,
		"kafka-cluster:DescribeClusterDynamicConfiguration on " + arn, "kafka-cluster:DescribeGroup on " + groupARN + "orders-fn",
		"kafka-cluster:DescribeTopic on " + topicARN + "orders", "kafka-cluster:ReadData on " + topicARN + "orders"}
	const sqs, sns, s3 = "arn:aws:sqs:us-east-1:111122223333:failed", "arn:aws:sns:us-east-1:111122223333:failed", "arn:aws:s3:::failed"
	tests := map[string]struct {
		edit func(imports, *msklambda.ConsumerProps)
		more []string
		less []string
	}{
		"SCRAM": {func(s imports, p *msklambda.ConsumerProps) {
			p.Authentication = msklambda.Authentication{Method: msklambda.AuthenticationSCRAM, Secret: s.secret(s.key())}
		}, []string{"kafka:ListScramSecrets on " + arn, "kms:Decrypt on " + keyARN, "secretsmanager:GetSecretValue on " + secretARN}, iam},
		"mutual TLS": {func(s imports, p *msklambda.ConsumerProps) {
			p.Authentication = msklambda.Authentication{Method: msklambda.AuthenticationMTLS, Secret: s.secret(nil)}
		}, []string{"secretsmanager:GetSecretValue on " + secretARN}, iam},
		"TLS": {func(_ imports, p *msklambda.ConsumerProps) { p.Authentication.Method = msklambda.AuthenticationTLS }, nil, iam},
		"plaintext": {func(_ imports, p *msklambda.ConsumerProps) {
			p.Authentication.Method = msklambda.AuthenticationPlaintext
		}, nil, iam},
		"queue": {func(s imports, p *msklambda.ConsumerProps) { p.OnFailure.Queue = s.queue(nil) }, []string{"sqs:SendMessage on " + sqs}, nil},
		"queue with a key": {func(s imports, p *msklambda.ConsumerProps) { p.OnFailure.Queue = s.queue(jsii.String(keyARN)) },
			[]string{"kms:Decrypt on " + keyARN, "kms:GenerateDataKey on " + keyARN, "sqs:SendMessage on " + sqs}, nil},
		"topic with a key": {func(s imports, p *msklambda.ConsumerProps) { p.OnFailure.Topic = s.topic(jsii.String(keyARN)) },
			[]string{"kms:Decrypt on " + keyARN, "kms:GenerateDataKey on " + keyARN, "sns:Publish on " + sns}, nil},
		"bucket with a key": {func(s imports, p *msklambda.ConsumerProps) {
			p.OnFailure.Bucket, p.Pollers = s.bucket(s.key()), &msklambda.Pollers{}
		},
			[]string{"kms:GenerateDataKey on " + keyARN, "s3:ListBucket on " + s3 + ` when {"StringEquals":{"s3:ResourceAccount":"111122223333"}}`,
				"s3:PutObject on " + s3 + `/* when {"StringEquals":{"s3:ResourceAccount":"111122223333"}}`}, nil},
		"Kafka topic": {func(_ imports, p *msklambda.ConsumerProps) {
			p.OnFailure.KafkaTopic, p.Pollers = "failed", &msklambda.Pollers{}
		},
			[]string{"kafka-cluster:DescribeTopic on " + topicARN + "failed", "kafka-cluster:WriteData on " + topicARN + "failed"}, nil},
		"Glue registry": {func(_ imports, p *msklambda.ConsumerProps) {
			p.SchemaRegistry, p.Pollers = &msklambda.SchemaRegistry{URI: "arn:aws:glue:us-east-1:111122223333:registry/orders", ValidateKey: true}, &msklambda.Pollers{}
		}, []string{"glue:GetRegistry on arn:aws:glue:us-east-1:111122223333:registry/orders",
			"glue:GetSchemaVersion on arn:aws:glue:us-east-1:111122223333:registry/orders",
			"glue:GetSchemaVersion on arn:aws:glue:us-east-1:111122223333:schema/orders/*"}, nil},
		"Confluent registry": {func(s imports, p *msklambda.ConsumerProps) {
			p.SchemaRegistry, p.Pollers = &msklambda.SchemaRegistry{URI: "https://r.example.com", ValidateKey: true,
				Access: []msklambda.RegistryAccess{{Type: msklambda.RegistryBasicAuth, Secret: s.secret(s.key())}}}, &msklambda.Pollers{}
		}, []string{"kms:Decrypt on " + keyARN, "secretsmanager:GetSecretValue on " + secretARN}, nil},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			tpl := synthImports(t, func(s imports, _ *msklambda.ClusterProps, p *msklambda.ConsumerProps) { tt.edit(s, p) })
			more, less := grantsBeyond(t, tpl)
			if !slices.Equal(more, tt.more) || !slices.Equal(less, tt.less) {
				t.Errorf("grants beyond the default = %q, without %q, want %q, without %q", more, less, tt.more, tt.less)
			}
		})
	}
}

func TestEachModeHasItsOwnNetwork(t *testing.T) {
	long(t)
	type edit = func(imports, *msklambda.ClusterProps, *msklambda.ConsumerProps)
	tests := map[string]struct {
		edit      edit
		endpoints []string
		port      float64
	}{
		"IAM": {func(imports, *msklambda.ClusterProps, *msklambda.ConsumerProps) {}, []string{"Lambda", "STS"}, 9098},
		"provisioned": {func(_ imports, _ *msklambda.ClusterProps, p *msklambda.ConsumerProps) {
			p.Pollers = &msklambda.Pollers{}
		}, nil, 9098},
		"pollers off": {func(_ imports, _ *msklambda.ClusterProps, p *msklambda.ConsumerProps) {
			p.Pollers = &msklambda.Pollers{Off: true}
		}, []string{"Lambda", "STS"}, 9098},
		"SCRAM": {func(s imports, _ *msklambda.ClusterProps, p *msklambda.ConsumerProps) {
			p.Authentication = msklambda.Authentication{Method: msklambda.AuthenticationSCRAM, Secret: s.secret(nil)}
		}, []string{"Lambda", "STS", "SecretsManager"}, 9096},
		"provisioned SCRAM": {func(s imports, _ *msklambda.ClusterProps, p *msklambda.ConsumerProps) {
			p.Authentication = msklambda.Authentication{Method: msklambda.AuthenticationSCRAM, Secret: s.secret(nil)}
			p.Pollers = &msklambda.Pollers{}
		}, nil, 9096},
		"mutual TLS": {func(s imports, _ *msklambda.ClusterProps, p *msklambda.ConsumerProps) {
			p.Authentication = msklambda.Authentication{Method: msklambda.AuthenticationMTLS, Secret: s.secret(nil)}
		}, []string{"Lambda", "STS", "SecretsManager"}, 9094},
		"TLS": {func(_ imports, _ *msklambda.ClusterProps, p *msklambda.ConsumerProps) {
			p.Authentication.Method = msklambda.AuthenticationTLS
		}, []string{"Lambda", "STS"}, 9094},
		"plaintext": {func(_ imports, _ *msklambda.ClusterProps, p *msklambda.ConsumerProps) {
			p.Authentication.Method = msklambda.AuthenticationPlaintext
		}, []string{"Lambda", "STS"}, 9092},
		"queue": {func(s imports, _ *msklambda.ClusterProps, p *msklambda.ConsumerProps) {
			p.OnFailure.Queue = s.queue(nil)
		}, []string{"Lambda", "STS", "SQS"}, 9098},
		"topic": {func(s imports, _ *msklambda.ClusterProps, p *msklambda.ConsumerProps) {
			p.OnFailure.Topic = s.topic(nil)
		}, []string{"Lambda", "STS", "SNS"}, 9098},
		"bucket": {func(s imports, c *msklambda.ClusterProps, p *msklambda.ConsumerProps) {
			p.OnFailure.Bucket, c.S3Endpoint.Source = s.bucket(nil), msklambda.EndpointCreate
		}, []string{"Lambda", "STS", "S3"}, 9098},
		"bucket by a gateway": {func(s imports, c *msklambda.ClusterProps, p *msklambda.ConsumerProps) {
			p.OnFailure.Bucket, c.S3Endpoint.Source = s.bucket(nil), msklambda.EndpointExisting
		}, []string{"Lambda", "STS"}, 9098},
		"secrets by a NAT gateway": {func(s imports, c *msklambda.ClusterProps, p *msklambda.ConsumerProps) {
			p.Authentication = msklambda.Authentication{Method: msklambda.AuthenticationMTLS, Secret: s.secret(nil)}
			c.SecretsManagerEndpoint.Source = msklambda.EndpointNone
		}, []string{"Lambda", "STS"}, 9094},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			tpl := synthImports(t, tt.edit)
			var want []string
			for _, e := range tt.endpoints {
				want = append(want, tpl.at("Cluster/"+e+"Endpoint").ID)
			}
			want = append(want, tpl.at("Cluster/Rules/").ID)
			slices.Sort(want)
			if got := tpl.count("AWS::EC2::VPCEndpoint"); got != len(tt.endpoints) {
				t.Errorf("endpoints = %d, want %v", got, tt.endpoints)
			}
			if got := tpl.at("Cluster/Rules/").Properties["ToPort"]; got != tt.port {
				t.Errorf("port = %v, want %v", got, tt.port)
			}
			got := slices.Sorted(slices.Values(tpl.at("Cluster/Orders/Mapping").DependsOn))
			if !slices.Equal(got, want) {
				t.Errorf("mapping waits for %q, want %q", got, want)
			}
		})
	}
}

func TestConsumersOfTwoKindsAddEachPortOnce(t *testing.T) {
	long(t)
	tpl := synth(t, func(stack awscdk.Stack) {
		cluster := msklambda.ImportCluster(stack, "Cluster", clusterProps(groups(sg0, sg1)))
		for i, method := range []msklambda.AuthenticationMethod{"iam", "tls", "iam", "tls", "plaintext"} {
			cluster.AddConsumer("C"+string(rune('0'+i)), consumerProps(func(p *msklambda.ConsumerProps) {
				p.GroupID, p.Authentication.Method = "g"+string(rune('0'+i)), method
			}))
		}
	})
	if got := tpl.count("AWS::EC2::SecurityGroupIngress"); got != 3*4 {
		t.Errorf("rules = %d, want 4 for each of 3 ports", got)
	}
	if got := tpl.count("AWS::EC2::VPCEndpoint"); got != 2 {
		t.Errorf("endpoints = %d, want 2", got)
	}
}

func TestAnEndpointsPolicyNamesTheRoleAndWhatItIsFor(t *testing.T) {
	build := func(two bool) string {
		var text string
		noPanic(t, func() {
			app := newApp(t, nil)
			one := newStack(app, "Test")
			other := one
			if two {
				other = newStack(app, "Other")
			}
			cluster := msklambda.ImportCluster(one, "Cluster", clusterProps())
			msklambda.NewConsumer(other, "Orders", cluster, consumerProps(func(p *msklambda.ConsumerProps) {
				p.Authentication = msklambda.Authentication{Method: msklambda.AuthenticationSCRAM, Secret: imports{other}.secret(nil)}
			}))
			app.Synth(nil)
			text = asJSON(read(t, one).at("Cluster/SecretsManagerEndpoint").Properties["PolicyDocument"].(map[string]any)["Statement"])
		})
		return text
	}
	const rest = `"Resource":"` + secretARN + `"`
	if got := build(false); !strings.Contains(got, `"Principal":{"AWS":{"Fn::GetAtt":["OrdersRole`) || !strings.Contains(got, rest) {
		t.Errorf("policy = %s, want the consumer's role and its secret", got)
	}
	// The cluster's stack is there before a role of the other.
	if got := build(true); !strings.Contains(got, ":iam::111122223333:root") || !strings.Contains(got, rest) {
		t.Errorf("policy = %s, want the account and the secret", got)
	}
}

func TestAClusterOfAnotherAccountIsReadThroughItsConnection(t *testing.T) {
	theirs := strings.Replace(arn, account, "444455556666", 1)
	tpl := synth(t, func(stack awscdk.Stack) {
		msklambda.ImportCluster(stack, "Cluster", &msklambda.ClusterProps{ClusterARN: theirs, VPCConnectionARN: connectionARN}).AddConsumer("Orders", consumerProps())
	})
	for _, typ := range []string{"AWS::EC2::VPCEndpoint", "AWS::EC2::SecurityGroup", "AWS::EC2::SecurityGroupIngress", "AWS::EC2::SecurityGroupEgress"} {
		if got := tpl.count(typ); got != 0 {
			t.Errorf("%s = %d, want none", typ, got)
		}
	}
	if got := tpl.at("Cluster/Orders/Mapping").Properties["EventSourceArn"]; got != connectionARN {
		t.Errorf("EventSourceArn = %v, want the connection", got)
	}
	grants := strings.Join(tpl.grants(), "\n")
	for _, want := range []string{"kafka:DescribeVpcConnection on " + connectionARN, "kafka-cluster:Connect on " + theirs,
		"kafka-cluster:ReadData on " + strings.Replace(topicARN, account, "444455556666", 1) + "orders"} {
		if !strings.Contains(grants, want+"\n") {
			t.Errorf("grants = %s, want %s", grants, want)
		}
	}
}
