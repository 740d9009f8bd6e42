// A consumer, and an admin function in place of a host with Kafka's tools: people ask it
// by lambda/admin/mskadmin. One may read, and whoever is on call may set offsets too.
package main

import (
	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsiam"
	"github.com/aws/jsii-runtime-go"

	"msklambda/constructs/msklambda"
)

func main() { msklambda.Main(nil, define) }

func define(app awscdk.App) error {
	stack := awscdk.NewStack(app, jsii.String("Orders"), &awscdk.StackProps{
		Env: &awscdk.Environment{Account: jsii.String("111122223333"), Region: jsii.String("eu-central-1")},
	})
	cluster := msklambda.ImportCluster(stack, "Cluster", &msklambda.ClusterProps{
		ClusterARN:       "arn:aws:kafka:eu-central-1:111122223333:cluster/orders/0c1f2e3d-4b5a-6978-8796-a5b4c3d2e1f0-3",
		VPCID:            "vpc-0a1b2c3d4e5f60718",
		VPCCIDRs:         []string{"10.0.0.0/16"},
		SubnetIDs:        []string{"subnet-0a1b2c3d4e5f60718", "subnet-1a1b2c3d4e5f60718"},
		SecurityGroupIDs: []string{"sg-0a1b2c3d4e5f60718"},
		EndpointAccess:   msklambda.EndpointAccessVPC, // nobody in the VPC is cut off
	})
	cluster.AddConsumer("Orders", &msklambda.ConsumerProps{
		Topic:         "orders",
		GroupID:       "orders-fn",
		Entry:         "lambda",
		RetryAttempts: new(-1), // for ever, and meant: this function fails at no record
	})

	// Topics and groups are those of the consumers. Who may ask is for IAM to say: whoever
	// may invoke it reads the records.
	cluster.AddAdmin("Admin", nil)
	onCall := awsiam.Role_FromRoleArn(stack, jsii.String("OnCall"), jsii.String("arn:aws:iam::111122223333:role/on-call"), nil)
	manager := cluster.AddAdmin("Manager", &msklambda.AdminProps{Allow: msklambda.AdminManage})
	manager.Function.GrantInvoke(onCall)
	return nil
}
