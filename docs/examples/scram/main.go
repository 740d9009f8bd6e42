// A consumer that logs in by SASL/SCRAM, with a user name and a password in Secrets
// Manager. The secret must be associated with the cluster, and its key must be one of
// your own, which MSK insists on. The pollers reach the secret by one more endpoint.
// Kafka's own ACLs decide what the user may read.
package main

import (
	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awskms"
	"github.com/aws/aws-cdk-go/awscdk/v2/awssecretsmanager"
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
	user := awssecretsmanager.Secret_FromSecretAttributes(stack, jsii.String("User"), &awssecretsmanager.SecretAttributes{
		// Whole, with the six characters at its end.
		SecretCompleteArn: jsii.String("arn:aws:secretsmanager:eu-central-1:111122223333:secret:AmazonMSK_orders-AbCdEf"),
		EncryptionKey: awskms.Key_FromKeyArn(stack, jsii.String("UserKey"),
			jsii.String("arn:aws:kms:eu-central-1:111122223333:key/0c1f2e3d-4b5a-6978-8796-a5b4c3d2e1f0")),
	})
	cluster.AddConsumer("Orders", &msklambda.ConsumerProps{
		Topic:          "orders",
		GroupID:        "orders-fn",
		Entry:          "lambda",
		Authentication: msklambda.Authentication{Method: msklambda.AuthenticationSCRAM, Secret: user},
		RetryAttempts:  new(-1), // for ever, and meant: this function fails at no record
	})
	return nil
}
