// Consumers of two teams in stacks of their own, on a cluster whose network is in a
// third: endpoints and rules are there once, and each team's stack has no more than
// its consumer. "cdk deploy --all" deploys the network first.
package main

import (
	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/jsii-runtime-go"

	"msklambda/constructs/msklambda"
)

func main() { msklambda.Main(nil, define) }

func define(app awscdk.App) error {
	env := &awscdk.Environment{Account: jsii.String("111122223333"), Region: jsii.String("eu-central-1")}

	network := awscdk.NewStack(app, jsii.String("Network"), &awscdk.StackProps{Env: env})
	cluster := msklambda.ImportCluster(network, "Cluster", &msklambda.ClusterProps{
		ClusterARN:       "arn:aws:kafka:eu-central-1:111122223333:cluster/orders/0c1f2e3d-4b5a-6978-8796-a5b4c3d2e1f0-3",
		VPCID:            "vpc-0a1b2c3d4e5f60718",
		VPCCIDRs:         []string{"10.0.0.0/16"},
		SubnetIDs:        []string{"subnet-0a1b2c3d4e5f60718", "subnet-1a1b2c3d4e5f60718"},
		SecurityGroupIDs: []string{"sg-0a1b2c3d4e5f60718"},
		EndpointAccess:   msklambda.EndpointAccessVPC, // nobody in the VPC is cut off
	})

	sales := awscdk.NewStack(app, jsii.String("Sales"), &awscdk.StackProps{Env: env})
	msklambda.NewConsumer(sales, "Orders", cluster, &msklambda.ConsumerProps{
		Topic:         "orders",
		GroupID:       "orders-fn",
		Entry:         "lambda",
		RetryAttempts: new(-1), // for ever, and meant: this function fails at no record
		Tags:          map[string]string{"team": "sales"},
	})

	// The same topic in a group of its own: both teams get every record.
	audit := awscdk.NewStack(app, jsii.String("Audit"), &awscdk.StackProps{Env: env})
	msklambda.NewConsumer(audit, "Orders", cluster, &msklambda.ConsumerProps{
		Topic:         "orders",
		GroupID:       "orders-audit",
		Entry:         "lambda",
		RetryAttempts: new(-1),
		Tags:          map[string]string{"team": "audit"},
	})
	return nil
}
