// The resources that the construct makes, written with CDK's own constructs, as an
// app would that does not use it: what its figures are held against.
package main

import (
	"fmt"
	"os"
	"strconv"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsec2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsiam"
	"github.com/aws/aws-cdk-go/awscdk/v2/awslambda"
	"github.com/aws/aws-cdk-go/awscdk/v2/awslogs"
	"github.com/aws/aws-cdk-go/awscdklambdagoalpha/v2"
	"github.com/aws/jsii-runtime-go"
)

const (
	cluster = "arn:aws:kafka:us-east-1:111122223333:cluster/demo/4f1e0ab2-7c64-4a3e-9d5e-2b9a6c1d8e70-2"
	topics  = "arn:aws:kafka:us-east-1:111122223333:topic/demo/4f1e0ab2-7c64-4a3e-9d5e-2b9a6c1d8e70-2/"
	groups  = "arn:aws:kafka:us-east-1:111122223333:group/demo/4f1e0ab2-7c64-4a3e-9d5e-2b9a6c1d8e70-2/"
)

func main() {
	defer jsii.Close()
	consumers, err := strconv.Atoi(os.Getenv("CONSUMERS"))
	if err != nil {
		consumers = 1
	}
	app := awscdk.NewApp(nil)
	stack := awscdk.NewStack(app, jsii.String("Plain"), &awscdk.StackProps{
		Env: &awscdk.Environment{Account: jsii.String("111122223333"), Region: jsii.String("us-east-1")}})
	vpc := awsec2.Vpc_FromVpcAttributes(stack, jsii.String("VPC"), &awsec2.VpcAttributes{
		VpcId: jsii.String("vpc-0123456789abcdef0"), AvailabilityZones: jsii.Strings("us-east-1a")})
	var subnets []awsec2.ISubnet
	for i := range 3 {
		subnets = append(subnets, awsec2.Subnet_FromSubnetId(stack, jsii.String(fmt.Sprint("Subnet", i)), jsii.String(fmt.Sprint("subnet-0123456789abcdef", i))))
	}
	brokers := awsec2.SecurityGroup_FromSecurityGroupId(stack, jsii.String("Brokers"), jsii.String("sg-0123456789abcdef0"), nil)
	brokers.AddIngressRule(brokers, awsec2.Port_Tcp(jsii.Number(9098)), jsii.String("pollers to brokers"), nil)
	group := awsec2.NewSecurityGroup(stack, jsii.String("Endpoints"), &awsec2.SecurityGroupProps{Vpc: vpc, AllowAllOutbound: jsii.Bool(false)})
	group.AddIngressRule(brokers, awsec2.Port_Tcp(jsii.Number(443)), jsii.String("pollers"), nil)
	for id, service := range map[string]struct {
		aws    awsec2.InterfaceVpcEndpointAwsService
		action string
	}{
		"Lambda": {awsec2.InterfaceVpcEndpointAwsService_LAMBDA(), "lambda:InvokeFunction"},
		"STS":    {awsec2.InterfaceVpcEndpointAwsService_STS(), "sts:AssumeRole"},
	} {
		endpoint := awsec2.NewInterfaceVpcEndpoint(stack, jsii.String(id), &awsec2.InterfaceVpcEndpointProps{
			Vpc: vpc, Service: service.aws, Subnets: &awsec2.SubnetSelection{Subnets: &subnets},
			SecurityGroups: &[]awsec2.ISecurityGroup{group}, Open: jsii.Bool(false)})
		endpoint.AddToPolicy(awsiam.NewPolicyStatement(&awsiam.PolicyStatementProps{
			Principals: &[]awsiam.IPrincipal{awsiam.NewServicePrincipal(jsii.String("lambda.amazonaws.com"), nil)},
			Actions:    jsii.Strings(service.action), Resources: jsii.Strings("*")}))
	}
	for i := range consumers {
		consumer(stack, fmt.Sprint("Orders", i), fmt.Sprint("orders", i))
	}
	app.Synth(nil)
}

func consumer(stack awscdk.Stack, id, topic string) {
	role := awsiam.NewRole(stack, jsii.String(id+"Role"), &awsiam.RoleProps{AssumedBy: awsiam.NewServicePrincipal(jsii.String("lambda.amazonaws.com"), nil)})
	logs := awslogs.NewLogGroup(stack, jsii.String(id+"Logs"), &awslogs.LogGroupProps{Retention: awslogs.RetentionDays_ONE_MONTH})
	allow := func(resource string, actions ...string) {
		role.AddToPolicy(awsiam.NewPolicyStatement(&awsiam.PolicyStatementProps{Actions: jsii.Strings(actions...), Resources: jsii.Strings(resource)}))
	}
	allow(cluster, "kafka-cluster:Connect", "kafka-cluster:DescribeCluster", "kafka:DescribeCluster", "kafka:DescribeClusterV2")
	allow(topics+topic, "kafka-cluster:DescribeTopic", "kafka-cluster:ReadData")
	allow(groups+topic+"-fn", "kafka-cluster:AlterGroup", "kafka-cluster:DescribeGroup")
	allow("*", "kafka:GetBootstrapBrokers", "ec2:DescribeNetworkInterfaces", "ec2:DescribeSecurityGroups", "ec2:DescribeSubnets", "ec2:DescribeVpcs",
		"ec2:CreateNetworkInterface", "ec2:DeleteNetworkInterface")
	allow(*logs.LogGroupArn(), "logs:CreateLogStream", "logs:PutLogEvents")
	function := awscdklambdagoalpha.NewGoFunction(stack, jsii.String(id+"Function"), &awscdklambdagoalpha.GoFunctionProps{
		Entry: jsii.String(os.Getenv("ENTRY")), Runtime: awslambda.Runtime_PROVIDED_AL2023(), Architecture: awslambda.Architecture_ARM_64(),
		MemorySize: jsii.Number(256), Timeout: awscdk.Duration_Minutes(jsii.Number(1)), Role: role, LogGroup: logs, Tracing: awslambda.Tracing_ACTIVE,
		Bundling: &awscdklambdagoalpha.BundlingOptions{Environment: &map[string]*string{"GOFLAGS": jsii.String("-trimpath -buildvcs=false -tags=lambda.norpc")}}})
	awslambda.NewEventSourceMapping(stack, jsii.String(id+"Mapping"), &awslambda.EventSourceMappingProps{
		Target: function, EventSourceArn: jsii.String(cluster), KafkaTopic: &topic, KafkaConsumerGroupId: jsii.String(topic + "-fn"),
		StartingPosition: awslambda.StartingPosition_TRIM_HORIZON, BatchSize: jsii.Number(100)})
}
