package liveapp

import (
	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/jsii-runtime-go"

	"msklambda/constructs/livescores"
	"msklambda/constructs/msklambda"
)

const id = "LiveScores" // of the construct, and the end of the stack's name

func stackName(main string) string { return main + "-" + id }

// define defines the second stack, in the account and region of the cluster's.
func define(app awscdk.App, main string, cluster *msklambda.Cluster, props *livescores.Props) {
	first := awscdk.Stack_Of(cluster)
	stack := awscdk.NewStack(app, jsii.String(stackName(main)), &awscdk.StackProps{
		Description: jsii.String("Shows live scores of an Amazon MSK topic in browsers"),
		Env:         &awscdk.Environment{Account: first.Account(), Region: first.Region()},
	})
	live := livescores.New(stack, id, cluster, props)
	for _, o := range []struct{ id, description, value string }{
		{"PageURL", "The page", pageURL(live, props)},
		{"WebSocketURL", "Where the page connects to", live.WebSocketURL},
		{"FunctionName", "The function that takes scores", *live.FanOut.Function.FunctionName()},
		{"MappingUUID", "Its event source mapping", *live.FanOut.Mapping.EventSourceMappingId()},
		{"FailedBucketName", "Where the events go that are wrong, or were given up on", *live.Failed.BucketName()},
	} {
		awscdk.NewCfnOutput(stack, &o.id, &awscdk.CfnOutputProps{Value: &o.value, Description: &o.description})
	}
}

func pageURL(live *livescores.LiveScores, props *livescores.Props) string {
	if d := props.PageDomain; d != nil {
		return "https://" + d.Name
	}
	return "https://" + *live.Distribution.DistributionDomainName()
}
