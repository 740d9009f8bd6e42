// A consumer of a cluster of another account, by a managed VPC connection that this
// account has to it. Nothing is defined in a VPC: the connection has its network. The
// policy of the cluster must let this account in.
package main

import (
	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/jsii-runtime-go"

	"msklambda/constructs/msklambda"
)

func main() { msklambda.Main(nil, define) }

func define(app awscdk.App) error {
	stack := awscdk.NewStack(app, jsii.String("Orders"), &awscdk.StackProps{
		// Of the connection, and not of the cluster.
		Env: &awscdk.Environment{Account: jsii.String("111122223333"), Region: jsii.String("eu-central-1")},
	})
	cluster := msklambda.ImportCluster(stack, "Cluster", &msklambda.ClusterProps{
		ClusterARN:       "arn:aws:kafka:eu-central-1:444455556666:cluster/orders/0c1f2e3d-4b5a-6978-8796-a5b4c3d2e1f0-3",
		VPCConnectionARN: "arn:aws:kafka:eu-central-1:111122223333:vpc-connection/444455556666/orders/5d6e7f80-9a8b-4c7d-8e6f-1a2b3c4d5e6f-3",
	})
	cluster.AddConsumer("Orders", &msklambda.ConsumerProps{
		Topic:         "orders",
		GroupID:       "orders-fn",
		Entry:         "lambda",
		RetryAttempts: new(-1), // for ever, and meant: this function fails at no record
	})
	return nil
}
