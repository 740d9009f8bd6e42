package mskapp

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/aws/aws-cdk-go/awscdk/v2/awscloudwatch"
	"github.com/aws/aws-cdk-go/awscdk/v2/awscloudwatchactions"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsiam"
	"github.com/aws/aws-cdk-go/awscdk/v2/awskms"
	"github.com/aws/aws-cdk-go/awscdk/v2/awslambda"
	"github.com/aws/aws-cdk-go/awscdk/v2/awss3"
	"github.com/aws/aws-cdk-go/awscdk/v2/awssecretsmanager"
	"github.com/aws/aws-cdk-go/awscdk/v2/awssns"
	"github.com/aws/aws-cdk-go/awscdk/v2/awssqs"
	"github.com/aws/constructs-go/constructs/v10"
	"github.com/aws/jsii-runtime-go"

	"msklambda/constructs/msklambda"
	"msklambda/constructs/problem"
)

// name puts what a consumer names by ARN into its props, to be checked.
func (c *ConsumerConfig) name(prefix string, ps *problem.List) {
	p := &c.Props
	if c.RoleARN != "" {
		p.Role = namedRole{arn: c.RoleARN}
	}
	if c.FunctionARN != "" {
		p.Function = namedFunction{arn: c.FunctionARN}
	}
	if c.SecretARN != "" {
		p.Authentication.Secret = namedSecret{arn: c.SecretARN, key: c.SecretKeyARN}
	} else if c.SecretKeyARN != "" {
		ps.Add(prefix+"secretKeyArn", "needs secretArn")
	}
	p.FilterKey = keyNamed(c.FilterKeyARN)
	p.OnFailure = destinationNamed(c.OnFailure, c.OnFailureKeyARN)
	if c.OnFailureKeyARN != "" && (c.OnFailure == "" || strings.HasPrefix(c.OnFailure, "kafka://")) {
		ps.Add(prefix+"onFailureKeyArn", "needs a queue, topic or bucket as onFailure")
	}
	if len(c.AlarmTopicARNs) > 0 && p.Alarms == nil {
		ps.Add(prefix+"alarmTopicArns", "needs alarms")
	} else if p.Alarms != nil {
		p.Alarms.Actions = slices.Repeat([]awscloudwatch.IAlarmAction{namedAction{}}, len(c.AlarmTopicARNs))
	}
	for _, kind := range slices.Sorted(maps.Keys(c.RegistryAccess)) {
		arn := c.RegistryAccess[kind]
		if !secretARN.MatchString(arn) {
			ps.Add(prefix+"schemaAccess", "must name secrets by their whole ARNs, got %q", arn)
			continue
		}
		r := c.registry()
		r.Access = append(r.Access, msklambda.RegistryAccess{Type: msklambda.RegistryAccessType(kind), Secret: namedSecret{arn: arn}})
	}
}

// importAll makes the stack, and has CDK import into it what was named by ARN and
// read what it has a reader of its own for. All was found right by then, but for
// what CDK has to say about statements.
func (c *Config) importAll(ps *problem.List) {
	c.stack = c.newStack(c.StackName)
	for _, consumer := range c.Consumers {
		consumer.importInto(constructs.NewConstruct(c.stackOf(consumer), jsii.String("Imports"+consumer.Name)))
	}
	c.Admin.importInto(c.stack)
	for _, e := range []struct {
		field    string
		endpoint *msklambda.Endpoint
	}{
		{"LambdaEndpoint", &c.Cluster.LambdaEndpoint}, {"STSEndpoint", &c.Cluster.STSEndpoint},
		{"SecretsManagerEndpoint", &c.Cluster.SecretsManagerEndpoint}, {"SQSEndpoint", &c.Cluster.SQSEndpoint},
		{"SNSEndpoint", &c.Cluster.SNSEndpoint}, {"S3Endpoint", &c.Cluster.S3Endpoint},
	} {
		for i, s := range e.endpoint.Statements {
			err := try(func() { e.endpoint.Statements[i] = awsiam.PolicyStatement_FromJson(s.(writtenStatement).object) })
			if err != nil {
				ps.Add(keyOf(e.field+".Statements"), "must be a JSON list of IAM statements, and CDK says of element %d: %v", i, err)
			}
		}
	}
}

// importInto imports what a consumer names by ARN. Imports define nothing.
func (c *ConsumerConfig) importInto(scope constructs.Construct) {
	p := &c.Props
	if c.RoleARN != "" {
		p.Role = awsiam.Role_FromRoleArn(scope, jsii.String("Role"), &c.RoleARN, nil)
	}
	if c.FunctionARN != "" {
		p.Function = awslambda.Function_FromFunctionArn(scope, jsii.String("Function"), &c.FunctionARN)
	}
	if c.SecretARN != "" {
		p.Authentication.Secret = secretOf(scope, "Secret", c.SecretARN, c.SecretKeyARN)
	}
	if c.FilterKeyARN != "" {
		p.FilterKey = awskms.Key_FromKeyArn(scope, jsii.String("FilterKey"), &c.FilterKeyARN)
	}
	p.OnFailure = destinationOf(scope, c)
	for i, arn := range c.AlarmTopicARNs {
		topic := awssns.Topic_FromTopicArn(scope, jsii.String(fmt.Sprintf("AlarmTopic%d", i)), &arn)
		p.Alarms.Actions[i] = awscloudwatchactions.NewSnsAction(topic)
	}
	c.importFunctions(scope)
	if p.SchemaRegistry != nil {
		for i, a := range p.SchemaRegistry.Access {
			p.SchemaRegistry.Access[i].Secret = secretOf(scope, "Registry"+string(a.Type), *a.Secret.SecretArn(), "")
		}
	}
	if p.Architecture != nil {
		p.Architecture = map[string]func() awslambda.Architecture{
			"arm64": awslambda.Architecture_ARM_64, "x86_64": awslambda.Architecture_X86_64}[*p.Architecture.Name()]()
	}
}

func key(scope constructs.Construct, id, arn string) awskms.IKey {
	if arn == "" {
		return nil
	}
	return awskms.Key_FromKeyArn(scope, &id, &arn)
}

func secretOf(scope constructs.Construct, id, arn, keyARN string) awssecretsmanager.ISecret {
	return awssecretsmanager.Secret_FromSecretAttributes(scope, &id, &awssecretsmanager.SecretAttributes{
		SecretCompleteArn: &arn, EncryptionKey: key(scope, id+"Key", keyARN)})
}

func destinationOf(scope constructs.Construct, consumer *ConsumerConfig) msklambda.Destination {
	uri, id := consumer.OnFailure, jsii.String("OnFailure")
	encryption := key(scope, "OnFailureKey", consumer.OnFailureKeyARN)
	keyARN := func() *string {
		if encryption == nil {
			return nil
		}
		return encryption.KeyArn()
	}
	switch d := consumer.Props.OnFailure; {
	case d.Queue != nil:
		return msklambda.Destination{Queue: awssqs.Queue_FromQueueAttributes(scope, id, &awssqs.QueueAttributes{QueueArn: &uri, KeyArn: keyARN()})}
	case d.Topic != nil:
		return msklambda.Destination{Topic: awssns.Topic_FromTopicAttributes(scope, id, &awssns.TopicAttributes{TopicArn: &uri, KeyArn: keyARN()})}
	case d.Bucket != nil:
		return msklambda.Destination{Bucket: awss3.Bucket_FromBucketAttributes(scope, id, &awss3.BucketAttributes{BucketArn: &uri, EncryptionKey: encryption})}
	default:
		return d
	}
}
