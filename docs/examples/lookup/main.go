// One consumer of a cluster that is looked up: the CDK CLI finds the VPC, the
// subnets, the security groups and the endpoints that are there, and only what is
// missing is defined.
package main

import (
	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/jsii-runtime-go"

	"msklambda/constructs/msklambda"
)

func main() { msklambda.Main(nil, define) }

func define(app awscdk.App) error {
	stack := awscdk.NewStack(app, jsii.String("Orders"), &awscdk.StackProps{
		// A look-up has to know where.
		Env: &awscdk.Environment{Account: jsii.String("111122223333"), Region: jsii.String("eu-central-1")},
	})
	cluster := msklambda.LookupCluster(stack, "Cluster", &msklambda.LookupProps{
		ClusterARN: "arn:aws:kafka:eu-central-1:111122223333:cluster/orders/0c1f2e3d-4b5a-6978-8796-a5b4c3d2e1f0-3",
		// Nobody in the VPC is cut off from Lambda and STS: these are all of its ranges.
		EndpointAccess: msklambda.EndpointAccessVPC,
		VPCCIDRs:       []string{"10.0.0.0/16"},
	})
	cluster.AddConsumer("Orders", &msklambda.ConsumerProps{
		Topic:         "orders",
		GroupID:       "orders-fn",
		Entry:         "lambda",
		RetryAttempts: new(-1), // for ever, and meant: this function fails at no record
	})
	return nil
}
