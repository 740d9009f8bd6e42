package test

import (
	"strings"
	"time"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsec2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsiam"
	"github.com/aws/aws-cdk-go/awscdk/v2/awskms"
	"github.com/aws/aws-cdk-go/awscdk/v2/awslambda"
	"github.com/aws/aws-cdk-go/awscdk/v2/awss3"
	"github.com/aws/aws-cdk-go/awscdk/v2/awssecretsmanager"
	"github.com/aws/aws-cdk-go/awscdk/v2/awssns"
	"github.com/aws/aws-cdk-go/awscdk/v2/awssqs"
	"github.com/aws/jsii-runtime-go"

	"msklambda/constructs/msklambda"
)

type refusedCluster struct {
	name string
	edit clusterEdit
}

func connectedProps(p *msklambda.ClusterProps) {
	*p = msklambda.ClusterProps{ClusterARN: strings.Replace(arn, account, other, 1), VPCConnectionARN: connectionARN}
}

func statementOf(principals ...awsiam.IPrincipal) awsiam.PolicyStatement {
	return awsiam.NewPolicyStatement(&awsiam.PolicyStatementProps{Principals: &principals, Actions: jsii.Strings("sts:*"), Resources: jsii.Strings("*")})
}

// refusedClusters are in the order of the page. Each is one wrong thing.
var refusedClusters = []refusedCluster{
	{"no cluster", func(p *msklambda.ClusterProps) { p.ClusterARN = "" }},
	{"the ARN of something else", func(p *msklambda.ClusterProps) { p.ClusterARN = failedQueue }},
	{"a cluster of a region that is misspelt", func(p *msklambda.ClusterProps) { p.ClusterARN = strings.Replace(arn, region, "eu-centrl-1", 1) }},
	{"a VPC connection in place of the cluster", func(p *msklambda.ClusterProps) { p.ClusterARN = connectionARN }},
	{"no VPC", func(p *msklambda.ClusterProps) { p.VPCID = "" }},
	{"subnets of a kind that the VPC has not", func(p *msklambda.ClusterProps) { p.SubnetIDs, p.Subnets = nil, []awsec2.ISubnet{} }},
	{"security groups that are none", func(p *msklambda.ClusterProps) { p.SecurityGroupIDs, p.SecurityGroups = nil, []awsec2.ISecurityGroup{} }},
	{"a VPC and an id", func(p *msklambda.ClusterProps) {
		p.VPC = awsec2.Vpc_FromVpcAttributes(awscdk.NewStack(nil, nil, nil), jsii.String("VPC"), &awsec2.VpcAttributes{VpcId: jsii.String(vpc), AvailabilityZones: jsii.Strings("us-east-1a")})
	}},
	{"a malformed VPC", func(p *msklambda.ClusterProps) { p.VPCID = "vpc-1" }},
	{"no subnets", func(p *msklambda.ClusterProps) { p.SubnetIDs = nil }},
	{"a malformed subnet", func(p *msklambda.ClusterProps) { p.SubnetIDs = []string{"subnet-XYZ"} }},
	{"a list of unknown length", func(p *msklambda.ClusterProps) { p.SubnetIDs = []string{"#{Token[TOKEN.9]}"} }},
	{"no security groups", func(p *msklambda.ClusterProps) { p.SecurityGroupIDs = nil }},
	{"an owner that no stack can be", func(p *msklambda.ClusterProps) { p.Owner = "team orders" }},
	{"an endpoint from nowhere", func(p *msklambda.ClusterProps) { p.STSEndpoint.Source = "nat" }},
	{"the id of an endpoint that is created", func(p *msklambda.ClusterProps) {
		p.STSEndpoint = msklambda.Endpoint{Source: msklambda.EndpointCreate, ID: "vpce-0123456789abcdef0"}
	}},
	{"a malformed endpoint", func(p *msklambda.ClusterProps) { p.LambdaEndpoint.ID = "vpce-1" }},
	{"statements for an endpoint that is not created", func(p *msklambda.ClusterProps) {
		p.STSEndpoint = msklambda.Endpoint{Source: msklambda.EndpointExisting, Statements: []awsiam.PolicyStatement{statementOf(awsiam.NewAnyPrincipal())}}
	}},
	{"a statement that is nil", func(p *msklambda.ClusterProps) { p.STSEndpoint.Statements = []awsiam.PolicyStatement{nil} }},
	{"a statement without a principal", func(p *msklambda.ClusterProps) { p.STSEndpoint.Statements = []awsiam.PolicyStatement{statementOf()} }},
	{"endpoints for anybody else", func(p *msklambda.ClusterProps) { p.EndpointAccess = "all" }},
	{"endpoints that nobody with IPv4 reaches", func(p *msklambda.ClusterProps) { p.EndpointIPAddressType = awsec2.VpcEndpointIpAddressType_IPV6 }},
	{"dual-stack endpoints for the VPC without its IPv6 range", func(p *msklambda.ClusterProps) {
		p.EndpointAccess, p.EndpointIPAddressType = msklambda.EndpointAccessVPC, awsec2.VpcEndpointIpAddressType_DUALSTACK
		p.VPCCIDRs = []string{"10.0.0.0/16"}
	}},
	{"endpoints for the VPC without its ranges", func(p *msklambda.ClusterProps) { p.EndpointAccess = msklambda.EndpointAccessVPC }},
	{"a range of everybody", func(p *msklambda.ClusterProps) { p.VPCCIDRs = []string{"0.0.0.0/0"} }},
	{"an address for a range", func(p *msklambda.ClusterProps) { p.EndpointClientCIDRs = []string{"10.0.0.1"} }},
	{"a range with host bits", func(p *msklambda.ClusterProps) { p.EndpointClientCIDRs = []string{"10.0.0.1/16"} }},
	{"rules of another kind", func(p *msklambda.ClusterProps) { p.SecurityGroupRules = "egress" }},
	{"rules to retain and none to define", func(p *msklambda.ClusterProps) {
		p.SecurityGroupRules, p.RetainSecurityGroupRules = msklambda.SecurityGroupRulesNone, true
	}},
	{"a connection to a serverless cluster", func(p *msklambda.ClusterProps) {
		connectedProps(p)
		p.ClusterARN = strings.Replace(p.ClusterARN, "70-2", "70-s1", 1)
	}},
	{"a malformed connection", func(p *msklambda.ClusterProps) { connectedProps(p); p.VPCConnectionARN = "mine" }},
	{"a connection to another cluster", func(p *msklambda.ClusterProps) {
		connectedProps(p)
		p.ClusterARN = strings.Replace(p.ClusterARN, "demo", "prod", 1)
	}},
	{"a connection and a VPC", func(p *msklambda.ClusterProps) { connectedProps(p); p.VPCID = vpc }},
	{"a connection and subnets", func(p *msklambda.ClusterProps) { connectedProps(p); p.SubnetIDs = []string{"subnet-0123456789abcdef0"} }},
	{"a connection and security groups", func(p *msklambda.ClusterProps) { connectedProps(p); p.SecurityGroupIDs = []string{sg0} }},
	{"a connection and ranges", func(p *msklambda.ClusterProps) { connectedProps(p); p.VPCCIDRs = []string{"10.0.0.0/16"} }},
	{"a connection and access to endpoints", func(p *msklambda.ClusterProps) {
		connectedProps(p)
		p.EndpointAccess = msklambda.EndpointAccessPollers
	}},
	{"a connection and addresses of endpoints", func(p *msklambda.ClusterProps) {
		connectedProps(p)
		p.EndpointIPAddressType = awsec2.VpcEndpointIpAddressType_DUALSTACK
	}},
	{"a connection and rules", func(p *msklambda.ClusterProps) {
		connectedProps(p)
		p.SecurityGroupRules = msklambda.SecurityGroupRulesIngress
	}},
	{"a connection and rules to retain", func(p *msklambda.ClusterProps) { connectedProps(p); p.RetainSecurityGroupRules = true }},
	{"a connection and clients by range", func(p *msklambda.ClusterProps) { connectedProps(p); p.EndpointClientCIDRs = []string{"10.0.0.0/16"} }},
	{"a connection and clients by group", func(p *msklambda.ClusterProps) {
		connectedProps(p)
		p.EndpointClientSecurityGroupIDs = []string{sg0}
	}},
	{"a connection and an endpoint", func(p *msklambda.ClusterProps) { connectedProps(p); p.STSEndpoint.Source = msklambda.EndpointNone }},
}

type refusedConsumer struct {
	name string
	edit func(awscdk.Stack, *msklambda.ConsumerProps)
}

func on(field func(*msklambda.ConsumerProps)) func(awscdk.Stack, *msklambda.ConsumerProps) {
	return func(_ awscdk.Stack, p *msklambda.ConsumerProps) { field(p) }
}

func filter(pattern string) func(awscdk.Stack, *msklambda.ConsumerProps) {
	return on(func(p *msklambda.ConsumerProps) { p.Filters = []string{pattern} })
}

func pollers(pollers msklambda.Pollers) func(awscdk.Stack, *msklambda.ConsumerProps) {
	return on(func(p *msklambda.ConsumerProps) { p.Pollers = &pollers })
}

func tags(key, value string) func(awscdk.Stack, *msklambda.ConsumerProps) {
	return on(func(p *msklambda.ConsumerProps) { p.Tags = map[string]string{key: value} })
}

func environment(name string) func(awscdk.Stack, *msklambda.ConsumerProps) {
	return on(func(p *msklambda.ConsumerProps) { p.Environment = map[string]string{name: "x"} })
}

// glue is a schema registry in which one thing is then made wrong.
func glue(edit func(awscdk.Stack, *msklambda.SchemaRegistry)) func(awscdk.Stack, *msklambda.ConsumerProps) {
	return func(stack awscdk.Stack, p *msklambda.ConsumerProps) {
		p.Pollers, p.SchemaRegistry = &msklambda.Pollers{}, &msklambda.SchemaRegistry{URI: glueARN, ValidateValue: true}
		edit(stack, p.SchemaRegistry)
	}
}

func aSecret(stack awscdk.Stack) awssecretsmanager.ISecret {
	return awssecretsmanager.Secret_FromSecretCompleteArn(stack, jsii.String("Secret"), jsii.String(secretARN))
}

func named(stack awscdk.Stack) awssecretsmanager.ISecret {
	return awssecretsmanager.Secret_FromSecretNameV2(stack, jsii.String("Named"), jsii.String("AmazonMSK_orders"))
}

func confluent(edit func(awscdk.Stack, *msklambda.RegistryAccess)) func(awscdk.Stack, *msklambda.ConsumerProps) {
	return glue(func(stack awscdk.Stack, r *msklambda.SchemaRegistry) {
		r.URI, r.Access = "https://registry.example.com", []msklambda.RegistryAccess{{Type: msklambda.RegistryBasicAuth, Secret: aSecret(stack)}}
		edit(stack, &r.Access[0])
	})
}

func watching(alarms msklambda.Alarms) func(awscdk.Stack, *msklambda.ConsumerProps) {
	return on(func(p *msklambda.ConsumerProps) { p.Alarms = &alarms })
}

func at(position awslambda.StartingPosition, when time.Time) func(awscdk.Stack, *msklambda.ConsumerProps) {
	return on(func(p *msklambda.ConsumerProps) { p.StartingPosition, p.StartingPositionTimestamp = position, when })
}

// besideFunction makes a consumer of a function of theirs, with one field too many.
func besideFunction(edit func(awscdk.Stack, *msklambda.ConsumerProps)) func(awscdk.Stack, *msklambda.ConsumerProps) {
	return func(stack awscdk.Stack, p *msklambda.ConsumerProps) {
		p.Entry, p.Function = "", awslambda.Function_FromFunctionArn(stack, jsii.String("Function"), jsii.String(theFunction))
		edit(stack, p)
	}
}

// topicProps are those of a good topic.
func topicProps(edit ...func(*msklambda.TopicProps)) *msklambda.TopicProps {
	p := &msklambda.TopicProps{Name: "orders", Partitions: 6}
	for _, e := range edit {
		e(p)
	}
	return p
}

func topicConfig(name, value string) func(*msklambda.TopicProps) {
	return func(p *msklambda.TopicProps) { p.Config = map[string]string{name: value} }
}

var refusedTopics = []struct {
	name string
	edit func(*msklambda.TopicProps)
}{
	{"no name", func(p *msklambda.TopicProps) { p.Name = "" }},
	{"a topic with a space", func(p *msklambda.TopicProps) { p.Name = "my orders" }},
	{"a topic that Kafka reserves", func(p *msklambda.TopicProps) { p.Name = ".." }},
	{"a topic of Kafka itself", func(p *msklambda.TopicProps) { p.Name = "__consumer_offsets" }},
	{"no partitions", func(p *msklambda.TopicProps) { p.Partitions = 0 }},
	{"copies below zero", func(p *msklambda.TopicProps) { p.ReplicationFactor = -1 }},
	{"configuration by other names", topicConfig("RetentionMs", "1")},
	{"configuration that is misspelt", topicConfig("retension.ms", "1")},
	{"configuration without a value", topicConfig("retention.ms", "")},
	{"configuration that only the deploy knows", topicConfig("retention.ms", "${Token[TOKEN.9]}")},
	{"more copies in sync than there are", func(p *msklambda.TopicProps) {
		p.ReplicationFactor = 2
		topicConfig("min.insync.replicas", "3")(p)
	}},
	{"a snapshot of a topic", func(p *msklambda.TopicProps) { p.RemovalPolicy = awscdk.RemovalPolicy_SNAPSHOT }},
}

var refusedForTopics = []struct {
	name string
	edit clusterEdit
}{
	{"a topic on a serverless cluster", func(p *msklambda.ClusterProps) { p.ClusterARN = strings.Replace(arn, "70-2", "70-s1", 1) }},
	{"a topic on a cluster of another account", connectedProps},
}

// refusedByCluster are right in themselves and wrong for the cluster.
var refusedByCluster = []struct {
	name    string
	cluster clusterEdit
	edit    func(awscdk.Stack, *msklambda.ConsumerProps)
}{
	{"other authentication than IAM on a serverless cluster", func(p *msklambda.ClusterProps) { p.ClusterARN = strings.Replace(arn, "70-2", "70-s1", 1) },
		on(func(p *msklambda.ConsumerProps) { p.Authentication.Method = msklambda.AuthenticationTLS })},
	{"plaintext over a VPC connection", connectedProps, on(func(p *msklambda.ConsumerProps) { p.Authentication.Method = msklambda.AuthenticationPlaintext })},
	{"a bucket and no word on how S3 is reached", func(*msklambda.ClusterProps) {}, func(stack awscdk.Stack, p *msklambda.ConsumerProps) {
		p.OnFailure.Bucket = awss3.Bucket_FromBucketName(stack, jsii.String("Bucket"), jsii.String("failed"))
	}},
	{"restricted interfaces over a VPC connection", connectedProps, on(func(p *msklambda.ConsumerProps) { p.RestrictNetworkInterfaces = true })},
	{"a time behind of a group on a cluster of another account", connectedProps, on(func(p *msklambda.ConsumerProps) {
		p.Alarms = &msklambda.Alarms{LagTimeAbove: time.Minute}
	})},
	{"dead letters over a VPC connection and no network of the function", connectedProps, on(func(p *msklambda.ConsumerProps) { p.DeadLetterTopic = "orders-dead" })},
	{"a role of another account", func(*msklambda.ClusterProps) {}, func(stack awscdk.Stack, p *msklambda.ConsumerProps) {
		p.Role = awsiam.Role_FromRoleArn(stack, jsii.String("Role"), jsii.String("arn:aws:iam::444455556666:role/theirs"), nil)
	}},
	{"a function of another account", func(*msklambda.ClusterProps) {}, func(stack awscdk.Stack, p *msklambda.ConsumerProps) {
		p.Entry, p.Function = "", awslambda.Function_FromFunctionArn(stack, jsii.String("F"), jsii.String(strings.Replace(theFunction, account, other, 1)))
	}},
	{"a function of another region", func(*msklambda.ClusterProps) {}, func(stack awscdk.Stack, p *msklambda.ConsumerProps) {
		p.Entry, p.Function = "", awslambda.Function_FromFunctionArn(stack, jsii.String("F"), jsii.String(strings.Replace(theFunction, region, "eu-west-1", 1)))
	}},
	{"a queue of another region", func(*msklambda.ClusterProps) {}, func(stack awscdk.Stack, p *msklambda.ConsumerProps) {
		p.OnFailure.Queue = awssqs.Queue_FromQueueArn(stack, jsii.String("Queue"), jsii.String("arn:aws:sqs:eu-west-1:111122223333:failed"))
	}},
	{"a topic of another region", func(*msklambda.ClusterProps) {}, func(stack awscdk.Stack, p *msklambda.ConsumerProps) {
		p.OnFailure.Topic = awssns.Topic_FromTopicArn(stack, jsii.String("Topic"), jsii.String("arn:aws:sns:eu-west-1:111122223333:failed"))
	}},
	{"a queue of a stack in another region", func(*msklambda.ClusterProps) {}, func(stack awscdk.Stack, p *msklambda.ConsumerProps) {
		theirs := awscdk.NewStack(stack.Node().Root().(awscdk.App), jsii.String("Theirs"), &awscdk.StackProps{
			Env: &awscdk.Environment{Account: jsii.String(account), Region: jsii.String("eu-west-1")}})
		p.OnFailure.Queue = awssqs.NewQueue(theirs, jsii.String("Queue"), nil)
	}},
	{"a secret of another region", func(*msklambda.ClusterProps) {}, func(stack awscdk.Stack, p *msklambda.ConsumerProps) {
		p.Authentication = msklambda.Authentication{Method: msklambda.AuthenticationSCRAM, Secret: awssecretsmanager.Secret_FromSecretCompleteArn(
			stack, jsii.String("Secret"), jsii.String(strings.Replace(secretARN, region, "eu-west-1", 1)))}
	}},
	{"the key of a secret, of another region", func(*msklambda.ClusterProps) {}, func(stack awscdk.Stack, p *msklambda.ConsumerProps) {
		p.Authentication = msklambda.Authentication{Method: msklambda.AuthenticationSCRAM, Secret: imports{stack}.secret(theirKey(stack, "eu-west-1", account))}
	}},
	{"a table of another region", func(*msklambda.ClusterProps) {}, once(func(stack awscdk.Stack, i *msklambda.Idempotency) {
		i.Table = aTable(stack, strings.Replace(tableARN, region, "eu-west-1", 1))
	})},
	{"a key for filters, of another region", func(*msklambda.ClusterProps) {}, func(stack awscdk.Stack, p *msklambda.ConsumerProps) {
		p.Filters, p.FilterKey = []string{`{"value":["a"]}`}, theirKey(stack, "eu-west-1", account)
	}},
	{"a function that may take more than 14 minutes", func(*msklambda.ClusterProps) {}, func(stack awscdk.Stack, p *msklambda.ConsumerProps) {
		p.Entry, p.Function = "", awslambda.NewFunction(stack, jsii.String("F"), &awslambda.FunctionProps{
			Code: awslambda.Code_FromInline(jsii.String("x")), Handler: jsii.String("index.handler"), Runtime: awslambda.Runtime_NODEJS_22_X(),
			Timeout: awscdk.Duration_Minutes(jsii.Number(15))})
	}},
}

func aQueue(stack awscdk.Stack, name string) awssqs.IQueue {
	return awssqs.Queue_FromQueueArn(stack, jsii.String("Queue"), jsii.String("arn:aws:sqs:us-east-1:111122223333:"+name))
}

func aTopic(stack awscdk.Stack, name string) awssns.ITopic {
	return awssns.Topic_FromTopicArn(stack, jsii.String("Topic"), jsii.String("arn:aws:sns:us-east-1:111122223333:"+name))
}

func theirKey(stack awscdk.Stack, region, account string) awskms.IKey {
	return awskms.Key_FromKeyArn(stack, jsii.String("TheirKey"), jsii.String("arn:aws:kms:"+region+":"+account+":key/0c1f2e3d-4b5a-6978-8796-a5b4c3d2e1f0"))
}

func aKey(stack awscdk.Stack) awskms.IKey {
	return awskms.Key_FromKeyArn(stack, jsii.String("Key"), jsii.String(keyARN))
}
