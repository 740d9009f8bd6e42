// The construct: one cluster and as many consumers as CONSUMERS says, looked up
// with LOOKUP=true.
package main

import (
	"fmt"
	"os"
	"strconv"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/jsii-runtime-go"

	"msklambda/constructs/msklambda"
)

func main() {
	consumers, err := strconv.Atoi(os.Getenv("CONSUMERS"))
	if err != nil {
		consumers = 1
	}
	msklambda.Main(nil, func(app awscdk.App) error {
		stack := awscdk.NewStack(app, jsii.String("Ours"), &awscdk.StackProps{
			Env: &awscdk.Environment{Account: jsii.String("111122223333"), Region: jsii.String("us-east-1")}})
		const arn = "arn:aws:kafka:us-east-1:111122223333:cluster/demo/4f1e0ab2-7c64-4a3e-9d5e-2b9a6c1d8e70-2"
		var cluster *msklambda.Cluster
		if os.Getenv("LOOKUP") == "true" {
			cluster = msklambda.LookupCluster(stack, "Cluster", &msklambda.LookupProps{ClusterARN: arn, EndpointAccess: msklambda.EndpointAccessPollers})
		} else {
			cluster = msklambda.ImportCluster(stack, "Cluster", &msklambda.ClusterProps{
				ClusterARN: arn, VPCID: "vpc-0123456789abcdef0", SecurityGroupIDs: []string{"sg-0123456789abcdef0"},
				SubnetIDs:      []string{"subnet-0123456789abcdef0", "subnet-0123456789abcdef1", "subnet-0123456789abcdef2"},
				EndpointAccess: msklambda.EndpointAccessPollers})
		}
		for i := range consumers {
			topic := fmt.Sprint("orders", i)
			cluster.AddConsumer(fmt.Sprint("Orders", i), &msklambda.ConsumerProps{
				Topic: topic, GroupID: topic + "-fn", Entry: os.Getenv("ENTRY"), RetryAttempts: new(-1)})
		}
		return nil
	})
}
