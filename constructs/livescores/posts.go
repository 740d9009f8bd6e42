package livescores

import (
	"cmp"
	"strconv"
	"time"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awslambda"
	"github.com/aws/aws-cdk-go/awscdk/v2/awssqs"
	"github.com/aws/constructs-go/constructs/v10"
	"github.com/aws/jsii-runtime-go"

	"msklambda/lambda/livescores/layout"
)

// posterTimeout is the time of an invocation of the function that posts, which
// hands on what it could not do in it. A message of one that ended without a word
// is seen again after it, and until then its shard waits.
const posterTimeout = 10 * time.Second

// definePosts defines what posts: a queue with a group of messages for each shard
// of a match, which are handled one after the other, and the function.
func (l *LiveScores) definePosts(props *Props) {
	scope := constructs.NewConstruct(l, jsii.String("Posts"))
	l.GivenUp = awssqs.NewQueue(scope, jsii.String("GivenUp"), &awssqs.QueueProps{
		Fifo: jsii.Bool(true), EnforceSSL: jsii.Bool(true), Encryption: awssqs.QueueEncryption_SQS_MANAGED,
		RetentionPeriod: awscdk.Duration_Days(jsii.Number(14)),
	})
	l.Queue = awssqs.NewQueue(scope, jsii.String("Queue"), &awssqs.QueueProps{
		Fifo: jsii.Bool(true), EnforceSSL: jsii.Bool(true), Encryption: awssqs.QueueEncryption_SQS_MANAGED,
		// Shards do not wait for each other's messages.
		FifoThroughputLimit: awssqs.FifoThroughputLimit_PER_MESSAGE_GROUP_ID,
		DeduplicationScope:  awssqs.DeduplicationScope_MESSAGE_GROUP,
		VisibilityTimeout:   awscdk.Duration_Seconds(jsii.Number(posterTimeout.Seconds())),
		RetentionPeriod:     awscdk.Duration_Hours(jsii.Number(1)), // after which nobody wants to know
		// An outage of the table fails jobs, and is to lose none.
		DeadLetterQueue: &awssqs.DeadLetterQueue{Queue: l.GivenUp, MaxReceiveCount: jsii.Number(100)},
	})
	l.Poster, l.PosterPolicy = l.function(scope, &function{
		field: "PosterEntry", entry: cmp.Or(props.PosterEntry, defaultPosterEntry), memory: cmp.Or(props.PosterMemorySize, defaultPosterMemorySize), timeout: posterTimeout,
		reserved: props.ReservedConcurrency.Poster, retention: retention(props),
		environment: map[string]string{
			layout.TableEnv:     *l.Table.TableName(),
			layout.FollowersEnv: *l.Followers.TableName(),
			layout.EndpointEnv:  *l.Stage.CallbackUrl(),
			layout.QueueEnv:     *l.Queue.QueueUrl(),
			layout.QuotaEnv:     strconv.Itoa(cmp.Or(props.PostQuota, defaultPostQuota)),
			layout.BurstEnv:     strconv.Itoa(cmp.Or(props.PostBurst, defaultPostBurst)),
			// A match has no more shards than leave posters to the others.
			layout.MatchShardsEnv: strconv.Itoa(layout.MostShards(props.posters())),
			layout.MetricsEnv:     props.GroupID,
		},
		may: []statement{
			{sid: "Matches", actions: []string{"dynamodb:GetItem"}, resource: *l.Table.TableArn()},
			{sid: "Shards", actions: []string{"dynamodb:UpdateItem"}, resource: *l.Table.TableArn(), only: attributes("shards", "version")},
			{sid: "Progress", actions: []string{"dynamodb:PutItem"}, resource: *l.Table.TableArn(), only: ofShards},
			{sid: "Followers", actions: []string{"dynamodb:DeleteItem", "dynamodb:Query"}, resource: *l.Followers.TableArn(), only: ofShards},
			{sid: "Posts", actions: []string{"execute-api:ManageConnections"}, resource: l.connectionsARN(), reason: "the connections of this stage, whose ids are known when there are some"},
			{sid: "Jobs", actions: []string{"sqs:DeleteMessage", "sqs:GetQueueAttributes", "sqs:ReceiveMessage", "sqs:SendMessage"}, resource: *l.Queue.QueueArn()},
		},
	})
	mapping := awslambda.NewEventSourceMapping(scope, jsii.String("Mapping"), &awslambda.EventSourceMappingProps{
		Target:         l.Poster,
		EventSourceArn: l.Queue.QueueArn(),
		BatchSize:      jsii.Number(1), // a shard has an invocation of its own
		MaxConcurrency: jsii.Number(props.posters()),
	})
	mapping.Node().AddDependency(l.PosterPolicy)
}
