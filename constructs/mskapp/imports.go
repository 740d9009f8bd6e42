package mskapp

import (
	"fmt"
	"maps"
	"slices"
	"strings"

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

// importInto imports what a consumer names by ARN. Imports define nothing.
func (c *Config) importInto(consumer *ConsumerConfig, prefix string, ps *problem.List) {
	scope := constructs.NewConstruct(c.stack, jsii.String("Imports"+consumer.Name+prefix))
	p := &consumer.Props
	if arn := consumer.RoleARN; arn != "" {
		p.Role = awsiam.Role_FromRoleArn(scope, jsii.String("Role"), &arn, nil)
	}
	if arn := consumer.FunctionARN; arn != "" {
		p.Function = awslambda.Function_FromFunctionArn(scope, jsii.String("Function"), &arn)
	}
	if arn := consumer.SecretARN; arn != "" {
		p.Authentication.Secret = secretOf(scope, "Secret", arn, consumer.SecretKeyARN)
	} else if consumer.SecretKeyARN != "" {
		ps.Add(prefix+"secretKeyArn", "needs secretArn")
	}
	if arn := consumer.FilterKeyARN; arn != "" {
		p.FilterKey = awskms.Key_FromKeyArn(scope, jsii.String("FilterKey"), &arn)
	}
	p.OnFailure = destinationOf(scope, consumer)
	if consumer.OnFailureKeyARN != "" && (consumer.OnFailure == "" || strings.HasPrefix(consumer.OnFailure, "kafka://")) {
		ps.Add(prefix+"onFailureKeyArn", "needs a queue, topic or bucket as onFailure")
	}
	consumer.importAlarmTopics(scope, prefix, ps)
	for _, kind := range slices.Sorted(maps.Keys(consumer.RegistryAccess)) {
		arn := consumer.RegistryAccess[kind]
		if !secretARN.MatchString(arn) {
			ps.Add(prefix+"schemaAccess", "must name secrets by their whole ARNs, got %q", arn)
			continue
		}
		r := consumer.registry()
		r.Access = append(r.Access, msklambda.RegistryAccess{
			Type:   msklambda.RegistryAccessType(kind),
			Secret: secretOf(scope, "Registry"+kind, arn, ""),
		})
	}
}

func (c *ConsumerConfig) importAlarmTopics(scope constructs.Construct, prefix string, ps *problem.List) {
	if len(c.AlarmTopicARNs) > 0 && c.Props.Alarms == nil {
		ps.Add(prefix+"alarmTopicArns", "needs alarms")
		return
	}
	for i, arn := range c.AlarmTopicARNs {
		topic := awssns.Topic_FromTopicArn(scope, jsii.String(fmt.Sprintf("AlarmTopic%d", i)), &arn)
		c.Props.Alarms.Actions = append(c.Props.Alarms.Actions, awscloudwatchactions.NewSnsAction(topic))
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
	switch {
	case strings.HasPrefix(uri, "kafka://"):
		return msklambda.Destination{KafkaTopic: strings.TrimPrefix(uri, "kafka://")}
	case strings.Contains(uri, ":sqs:"):
		return msklambda.Destination{Queue: awssqs.Queue_FromQueueAttributes(scope, id, &awssqs.QueueAttributes{QueueArn: &uri, KeyArn: keyARN()})}
	case strings.Contains(uri, ":sns:"):
		return msklambda.Destination{Topic: awssns.Topic_FromTopicAttributes(scope, id, &awssns.TopicAttributes{TopicArn: &uri, KeyArn: keyARN()})}
	case strings.Contains(uri, ":s3:::"):
		return msklambda.Destination{Bucket: awss3.Bucket_FromBucketAttributes(scope, id, &awss3.BucketAttributes{BucketArn: &uri, EncryptionKey: encryption})}
	}
	return msklambda.Destination{}
}
