// Live scores in a second stack, on a cluster that others read too. Their functions
// are those of this module, so their directories are named as seen from where the
// app runs.
package main

import (
	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/jsii-runtime-go"

	"msklambda/constructs/livescores"
	"msklambda/constructs/msklambda"
)

func main() { msklambda.Main(nil, define) }

func define(app awscdk.App) error {
	env := &awscdk.Environment{Account: jsii.String("111122223333"), Region: jsii.String("eu-central-1")}

	network := awscdk.NewStack(app, jsii.String("Network"), &awscdk.StackProps{Env: env})
	cluster := msklambda.ImportCluster(network, "Cluster", &msklambda.ClusterProps{
		ClusterARN:       "arn:aws:kafka:eu-central-1:111122223333:cluster/scores/0c1f2e3d-4b5a-6978-8796-a5b4c3d2e1f0-3",
		VPCID:            "vpc-0a1b2c3d4e5f60718",
		SubnetIDs:        []string{"subnet-0a1b2c3d4e5f60718", "subnet-1a1b2c3d4e5f60718"},
		SecurityGroupIDs: []string{"sg-0a1b2c3d4e5f60718"},
		// For the bucket of events that failed: the gateway endpoint that most VPCs have.
		S3Endpoint: msklambda.Endpoint{Source: msklambda.EndpointExisting},
	})

	const module = "../.." // where msklambda is
	scores := awscdk.NewStack(app, jsii.String("LiveScores"), &awscdk.StackProps{Env: env})
	livescores.New(scores, "LiveScores", cluster, &livescores.Props{
		Topic:            "scores",
		GroupID:          "live-scores",
		Matches:          []string{"1001", "1002"},
		Entry:            module + "/lambda/livescores",
		PosterEntry:      module + "/lambda/livescores/poster",
		ConnectionsEntry: module + "/lambda/connections",
	})
	return nil
}
