package mskapp

import (
	"strings"

	"github.com/aws/aws-cdk-go/awscdk/v2/awscloudwatch"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsdynamodb"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsec2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsiam"
	"github.com/aws/aws-cdk-go/awscdk/v2/awskms"
	"github.com/aws/aws-cdk-go/awscdk/v2/awslambda"
	"github.com/aws/aws-cdk-go/awscdk/v2/awss3"
	"github.com/aws/aws-cdk-go/awscdk/v2/awssecretsmanager"
	"github.com/aws/aws-cdk-go/awscdk/v2/awssns"
	"github.com/aws/aws-cdk-go/awscdk/v2/awssqs"
	"github.com/aws/aws-cdk-go/awscdk/v2/interfaces"

	"msklambda/constructs/msklambda"
)

// What is named by ARN is checked before CDK has it, so that checking starts no
// Node: each of these answers what the checks of the constructs ask, from the ARN,
// as CDK's import of it would. They are replaced by the imports once all is right.

func env(arn string) *interfaces.ResourceEnvironment {
	parts := strings.Split(arn, ":")
	return &interfaces.ResourceEnvironment{Account: &parts[4], Region: &parts[3]}
}

type namedRole struct {
	awsiam.IRole
	arn string
}

func (r namedRole) PrincipalAccount() *string { return env(r.arn).Account }

type namedFunction struct {
	awslambda.IFunction
	arn string
}

func (f namedFunction) FunctionArn() *string                 { return &f.arn }
func (f namedFunction) Env() *interfaces.ResourceEnvironment { return env(f.arn) }

type namedKey struct {
	awskms.IKey
	arn string
}

func (k namedKey) KeyArn() *string                      { return &k.arn }
func (k namedKey) Env() *interfaces.ResourceEnvironment { return env(k.arn) }

// keyNamed is nil, and no pointer to nothing, where there is no key.
func keyNamed(arn string) awskms.IKey {
	if arn == "" {
		return nil
	}
	return namedKey{arn: arn}
}

type namedSecret struct {
	awssecretsmanager.ISecret
	arn, key string
}

func (s namedSecret) SecretArn() *string                   { return &s.arn }
func (s namedSecret) SecretFullArn() *string               { return &s.arn }
func (s namedSecret) EncryptionKey() awskms.IKey           { return keyNamed(s.key) }
func (s namedSecret) Env() *interfaces.ResourceEnvironment { return env(s.arn) }

type namedQueue struct {
	awssqs.IQueue
	arn, key string
}

func (q namedQueue) QueueArn() *string                    { return &q.arn }
func (q namedQueue) Fifo() *bool                          { return nil } // its name tells
func (q namedQueue) EncryptionMasterKey() awskms.IKey     { return keyNamed(q.key) }
func (q namedQueue) Env() *interfaces.ResourceEnvironment { return env(q.arn) }

type namedTopic struct {
	awssns.ITopic
	arn, key string
}

func (t namedTopic) TopicArn() *string                    { return &t.arn }
func (t namedTopic) Fifo() *bool                          { return nil }
func (t namedTopic) MasterKey() awskms.IKey               { return keyNamed(t.key) }
func (t namedTopic) Env() *interfaces.ResourceEnvironment { return env(t.arn) }

type namedBucket struct {
	awss3.IBucket
	arn, key string
}

// Env is empty: the ARN of a bucket does not tell whose it is.
func (b namedBucket) Env() *interfaces.ResourceEnvironment { return &interfaces.ResourceEnvironment{} }
func (b namedBucket) BucketArn() *string                   { return &b.arn }
func (b namedBucket) EncryptionKey() awskms.IKey           { return keyNamed(b.key) }
func (b namedBucket) ArnForObjects(keys *string) *string {
	arn := b.arn + "/" + *keys
	return &arn
}

type namedTable struct {
	awsdynamodb.ITable
	arn, key string
}

func (t namedTable) TableArn() *string                    { return &t.arn }
func (t namedTable) EncryptionKey() awskms.IKey           { return keyNamed(t.key) }
func (t namedTable) Env() *interfaces.ResourceEnvironment { return env(t.arn) }

type namedAction struct{ awscloudwatch.IAlarmAction }

type namedAlarm struct{ awscloudwatch.IAlarm }

type namedVPC struct{ awsec2.IVpc }

type namedGroup struct{ awsec2.ISecurityGroup }

type namedLayer struct {
	awslambda.ILayerVersion
	arn string
}

func (l namedLayer) LayerVersionArn() *string             { return &l.arn }
func (l namedLayer) Env() *interfaces.ResourceEnvironment { return env(l.arn) }

type namedSigning struct {
	awslambda.ICodeSigningConfig
	arn string
}

func (s namedSigning) CodeSigningConfigArn() *string        { return &s.arn }
func (s namedSigning) Env() *interfaces.ResourceEnvironment { return env(s.arn) }

// destinationNamed is the destination of an ARN or a kafka:// URI.
func destinationNamed(uri, key string) msklambda.Destination {
	switch {
	case strings.HasPrefix(uri, "kafka://"):
		return msklambda.Destination{KafkaTopic: strings.TrimPrefix(uri, "kafka://")}
	case strings.Contains(uri, ":sqs:"):
		return msklambda.Destination{Queue: namedQueue{arn: uri, key: key}}
	case strings.Contains(uri, ":sns:"):
		return msklambda.Destination{Topic: namedTopic{arn: uri, key: key}}
	case strings.Contains(uri, ":s3:::"):
		return msklambda.Destination{Bucket: namedBucket{arn: uri, key: key}}
	}
	return msklambda.Destination{}
}

// namedArchitecture is one of those that CDK has as objects.
type namedArchitecture struct {
	awslambda.Architecture
	name string
}

func (a namedArchitecture) Name() *string { return &a.name }

// writtenStatement is a statement as it is written, before CDK reads it.
type writtenStatement struct {
	awsiam.PolicyStatement
	object map[string]any
}

func (s writtenStatement) HasPrincipal() *bool {
	has := s.object["Principal"] != nil || s.object["NotPrincipal"] != nil
	return &has
}
