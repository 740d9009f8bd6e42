// A consumer of a cluster that the same app makes, in a VPC of its own: CDK's
// objects stand in place of ids. A VPC, subnets and groups of another stack of the
// app are handed over in the same way.
package main

import (
	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsec2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsmsk"
	"github.com/aws/jsii-runtime-go"

	"msklambda/constructs/msklambda"
)

func main() { msklambda.Main(nil, define) }

func define(app awscdk.App) error {
	stack := awscdk.NewStack(app, jsii.String("Orders"), nil)

	// Without a NAT gateway: the pollers reach Lambda and STS by endpoints.
	network := awsec2.NewVpc(stack, jsii.String("Network"), &awsec2.VpcProps{
		MaxAzs: jsii.Number(2),
		SubnetConfiguration: &[]*awsec2.SubnetConfiguration{
			{Name: jsii.String("Brokers"), SubnetType: awsec2.SubnetType_PRIVATE_ISOLATED},
		},
	})
	subnets := *network.IsolatedSubnets()
	group := awsec2.NewSecurityGroup(stack, jsii.String("Brokers"), &awsec2.SecurityGroupProps{Vpc: network})
	brokers := awsmsk.NewCfnCluster(stack, jsii.String("Kafka"), &awsmsk.CfnClusterProps{
		ClusterName:         jsii.String("orders"),
		KafkaVersion:        jsii.String("3.8.x"),
		NumberOfBrokerNodes: jsii.Number(2),
		BrokerNodeGroupInfo: &awsmsk.CfnCluster_BrokerNodeGroupInfoProperty{
			InstanceType:   jsii.String("kafka.m7g.large"),
			ClientSubnets:  &[]*string{subnets[0].SubnetId(), subnets[1].SubnetId()},
			SecurityGroups: &[]*string{group.SecurityGroupId()},
		},
		ClientAuthentication: &awsmsk.CfnCluster_ClientAuthenticationProperty{
			Sasl: &awsmsk.CfnCluster_SaslProperty{Iam: &awsmsk.CfnCluster_IamProperty{Enabled: jsii.Bool(true)}},
		},
	})

	cluster := msklambda.ImportCluster(stack, "Cluster", &msklambda.ClusterProps{
		ClusterARN:     *brokers.AttrArn(),
		VPC:            network,
		Subnets:        subnets,
		SecurityGroups: []awsec2.ISecurityGroup{group},
		EndpointAccess: msklambda.EndpointAccessVPC,
		VPCCIDRs:       []string{*network.VpcCidrBlock()},
	})
	// The topic is not made here: until somebody makes it, the mapping says that it
	// cannot find it.
	cluster.AddConsumer("Orders", &msklambda.ConsumerProps{
		Topic:         "orders",
		GroupID:       "orders-fn",
		Entry:         "lambda",
		RetryAttempts: new(-1), // for ever, and meant: this function fails at no record
	})
	return nil
}
