// A consumer with provisioned pollers, which are billed by the hour and have the
// handling of errors: the function names the records that failed, they alone are
// tried again, and what Lambda gives up on goes to a bucket. The pollers need no
// endpoint, and none is defined.
package main

import (
	"time"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awss3"
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
		SubnetIDs:        []string{"subnet-0a1b2c3d4e5f60718", "subnet-1a1b2c3d4e5f60718"},
		SecurityGroupIDs: []string{"sg-0a1b2c3d4e5f60718"},
		// The gateway endpoint that most VPCs have. AWS does not say whether these
		// pollers need one for a bucket.
		S3Endpoint: msklambda.Endpoint{Source: msklambda.EndpointExisting},
	})
	failed := awss3.NewBucket(stack, jsii.String("Failed"), &awss3.BucketProps{
		EnforceSSL:     jsii.Bool(true),
		LifecycleRules: &[]*awss3.LifecycleRule{{Expiration: awscdk.Duration_Days(jsii.Number(30))}},
	})
	consumer := cluster.AddConsumer("Orders", &msklambda.ConsumerProps{
		Topic:   "orders",
		GroupID: "orders-fn",
		Entry:   "lambda",
		Pollers: &msklambda.Pollers{Minimum: 1, Maximum: 4},

		ReportBatchItemFailures: true,
		RetryAttempts:           new(5),
		MaxRecordAge:            24 * time.Hour,
		OnFailure:               msklambda.Destination{Bucket: failed},
		Alarms:                  &msklambda.Alarms{},
	})
	// What a consumer is made of are its fields, to grant, alarm on or override.
	failed.GrantRead(consumer.Function, nil)
	return nil
}
