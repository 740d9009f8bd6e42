package livescores

import (
	"cmp"
	"errors"
	"fmt"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsapigatewayv2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awscloudfront"
	"github.com/aws/aws-cdk-go/awscdk/v2/awscloudwatch"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsdynamodb"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsiam"
	"github.com/aws/aws-cdk-go/awscdk/v2/awslambda"
	"github.com/aws/aws-cdk-go/awscdk/v2/awslogs"
	"github.com/aws/aws-cdk-go/awscdk/v2/awss3"
	"github.com/aws/aws-cdk-go/awscdk/v2/awssqs"
	"github.com/aws/constructs-go/constructs/v10"
	"github.com/aws/jsii-runtime-go"

	"msklambda/constructs/internal/nag"
	"msklambda/constructs/msklambda"
	"msklambda/lambda/livescores/layout"
)

// StageName is that of the only stage of the API.
const StageName = "live"

// LiveScores is the topic's way into the browsers. Its fields are the CDK
// constructs it is made of, to grant, alarm on or override; do not assign to them.
type LiveScores struct {
	constructs.Construct

	// Table has the state of each match. It stays when the stack is deleted.
	Table awsdynamodb.Table

	// Followers has who follows which match: a table of its own, so that browsers can
	// hold up each other and no event. It goes with the stack, as the connections do.
	Followers awsdynamodb.Table

	// API is the WebSocket API that browsers connect to.
	API awsapigatewayv2.WebSocketApi

	// Stage is the only stage of the API.
	Stage awsapigatewayv2.WebSocketStage

	// AccessLog is where API Gateway logs the requests of the stage.
	AccessLog awslogs.LogGroup

	// APIDomain is the API's own name, nil without one. Its regional domain is what
	// a record of DNS has to name.
	APIDomain awsapigatewayv2.DomainName

	// WebSocketURL is where the page connects to.
	WebSocketURL string

	// Connections is the function behind the routes of the API.
	Connections awslambda.Function

	// ConnectionsPolicy is all that the Connections function may do.
	ConnectionsPolicy awsiam.Policy

	// FanOut is the consumer whose function takes score events, and hands them on.
	FanOut *msklambda.Consumer

	// FanOutPolicy is what the function of FanOut may do beside what every
	// consumer's may.
	FanOutPolicy awsiam.Policy

	// Queue has a job for each shard of the followers of a match in which something
	// happened.
	Queue awssqs.Queue

	// GivenUp has the jobs that could not be done.
	GivenUp awssqs.Queue

	// Poster is the function that does the jobs: it posts to the connections.
	Poster awslambda.Function

	// PosterPolicy is all that the Poster function may do.
	PosterPolicy awsiam.Policy

	// Failed is where events go that are wrong, below rejected/ and with the
	// reason, and those that Lambda has given up on. It stays when the stack is
	// deleted.
	Failed awss3.Bucket

	// Snapshots is the bucket of what there is of each match. It stays too, and its
	// files for a month.
	Snapshots awss3.Bucket

	// Page is the bucket of the page.
	Page awss3.Bucket

	// Distribution shows the page and the snapshots.
	Distribution awscloudfront.Distribution

	// Alarms are those of this stack, by name; those of the consumer are FanOut's.
	Alarms map[AlarmName]awscloudwatch.Alarm

	// Dashboard is nil without one.
	Dashboard awscloudwatch.Dashboard
}

// ToString makes LiveScores a jsii object in its own right: a struct that only
// embeds a construct compiles as one and panics when CDK is given it.
func (l *LiveScores) ToString() *string { return jsii.String("livescores.LiveScores") }

// New defines live scores of a topic of a cluster, in the stack of the cluster or
// in another of the same account and region.
//
// It panics when Validate fails, and where [msklambda.NewConsumer] does. It warns
// with [msklambda.DestinationEndpointWarning] until the cluster's S3Endpoint says
// how the pollers reach S3, where failed events go.
func New(scope constructs.Construct, id string, cluster *msklambda.Cluster, props *Props) *LiveScores {
	if cluster == nil {
		fail(id, errors.New("cluster must not be nil"))
	}
	if err := props.Validate(); err != nil {
		fail(id, err)
	}
	if scope.Node().TryFindChild(&id) != nil {
		fail(id, fmt.Errorf("id must be unique in %q, which has a child of that name already", *scope.Node().Path()))
	}
	l := &LiveScores{}
	constructs.NewConstruct_Override(l, scope, &id)
	l.defineTables(props)
	l.defineAPI()
	l.defineStage(props)
	l.defineDomain(props)
	l.defineConnections(props)
	l.defineRoutes()
	l.defineBuckets()
	l.definePosts(props)
	l.defineFanOut(cluster, props)
	l.definePage(props)
	l.defineAlarms(props)
	l.defineDashboard(props)
	return l
}

func fail(id string, err error) {
	panic(fmt.Errorf("livescores: live scores %q:\n%w", id, err))
}

func (l *LiveScores) defineTables(props *Props) {
	text := func(name string) *awsdynamodb.Attribute {
		return &awsdynamodb.Attribute{Name: &name, Type: awsdynamodb.AttributeType_STRING}
	}
	l.Table = awsdynamodb.NewTable(l, jsii.String("Table"), &awsdynamodb.TableProps{
		PartitionKey:                     text(layout.Match),
		SortKey:                          text(layout.Item),
		BillingMode:                      awsdynamodb.BillingMode_PAY_PER_REQUEST,
		TimeToLiveAttribute:              jsii.String(layout.Expires),
		PointInTimeRecoverySpecification: &awsdynamodb.PointInTimeRecoverySpecification{PointInTimeRecoveryEnabled: jsii.Bool(true)},
		RemovalPolicy:                    awscdk.RemovalPolicy_RETAIN,
	})
	l.Followers = awsdynamodb.NewTable(l, jsii.String("Followers"), &awsdynamodb.TableProps{
		PartitionKey:        text(layout.Match),
		SortKey:             text(layout.Item),
		BillingMode:         awsdynamodb.BillingMode_PAY_PER_REQUEST,
		TimeToLiveAttribute: jsii.String(layout.Expires),
		// Anybody may follow, and each follower is a write: what that costs has a bound.
		MaxWriteRequestUnits: jsii.Number(cmp.Or(props.FollowerWrites, defaultFollowerWrites)),
		RemovalPolicy:        awscdk.RemovalPolicy_DESTROY,
	})
	nag.Explain(l.Followers, "AwsSolutions-DDB3", "connections, of which none lasts two hours: there is nothing to go back to")
}

// defineBuckets defines a bucket for what failed and not a queue, because Lambda
// writes only the position of an event to a queue: what was wrong with it would
// have to be looked for in the topic, while the topic still has it.
func (l *LiveScores) defineBuckets() {
	l.Failed = awss3.NewBucket(l, jsii.String("Failed"), &awss3.BucketProps{
		BlockPublicAccess: awss3.BlockPublicAccess_BLOCK_ALL(),
		Encryption:        awss3.BucketEncryption_S3_MANAGED,
		EnforceSSL:        jsii.Bool(true),
		RemovalPolicy:     awscdk.RemovalPolicy_RETAIN,
	})
	nag.Explain(l.Failed, "AwsSolutions-S1", "only Lambda and the function write here and only operators read; a log of that would be a bucket of its own")
	l.Snapshots = awss3.NewBucket(l, jsii.String("Snapshots"), &awss3.BucketProps{
		BlockPublicAccess: awss3.BlockPublicAccess_BLOCK_ALL(),
		Encryption:        awss3.BucketEncryption_S3_MANAGED,
		EnforceSSL:        jsii.Bool(true),
		RemovalPolicy:     awscdk.RemovalPolicy_RETAIN, // a bucket that is not empty cannot be deleted
		LifecycleRules: &[]*awss3.LifecycleRule{{
			Expiration: awscdk.Duration_Days(jsii.Number(layout.ScoreLife.Hours() / 24)),
		}},
	})
	nag.Explain(l.Snapshots, "AwsSolutions-S1", "public scores, read by CloudFront alone")
}

func (l *LiveScores) defineFanOut(cluster *msklambda.Cluster, props *Props) {
	consumer := props.consumer()
	consumer.OnFailure = msklambda.Destination{Bucket: l.Failed}
	consumer.Environment = map[string]string{
		layout.TableEnv:     *l.Table.TableName(),
		layout.SnapshotsEnv: *l.Snapshots.BucketName(),
		layout.FailedEnv:    *l.Failed.BucketName(),
		layout.QueueEnv:     *l.Queue.QueueUrl(),
		layout.MetricsEnv:   props.GroupID,
	}
	l.FanOut = msklambda.NewConsumer(l, "FanOut", cluster, consumer)
	files := func(bucket awss3.Bucket, prefix string) string { return *bucket.BucketArn() + "/" + prefix + "*" }
	l.FanOutPolicy = l.policy(l, "FanOutPolicy", l.FanOut.Role, []statement{
		{sid: "Matches", actions: []string{"dynamodb:GetItem", "dynamodb:UpdateItem"}, resource: *l.Table.TableArn()},
		{sid: "List", actions: []string{"dynamodb:PutItem", "dynamodb:Query"}, resource: *l.Table.TableArn(), only: ofIndex},
		{sid: "Snapshots", actions: []string{"s3:GetObject", "s3:PutObject"}, resource: files(l.Snapshots, layout.Snapshots), reason: "the snapshots, one for each match"},
		// Without it S3 says of a file that is not there that it is forbidden, which
		// could mean anything. No condition on the prefix: S3 knows none there.
		{sid: "SnapshotsThere", actions: []string{"s3:ListBucket"}, resource: *l.Snapshots.BucketArn()},
		{sid: "Rejected", actions: []string{"s3:PutObject"}, resource: files(l.Failed, layout.Rejected), reason: "the events that are wrong, by their positions"},
		{sid: "Jobs", actions: []string{"sqs:SendMessage"}, resource: *l.Queue.QueueArn()},
	})
	// Events must not arrive before the function may do something about them.
	l.FanOut.Mapping.Node().AddDependency(l.FanOutPolicy)
}

// connectionsARN stands for posting to a connection of the stage: no other stage,
// and neither to look at a connection (GET) nor to end it (DELETE).
func (l *LiveScores) connectionsARN() string {
	return *stackOf(l).FormatArn(&awscdk.ArnComponents{
		Service:      jsii.String("execute-api"),
		Resource:     l.API.ApiId(),
		ResourceName: jsii.String(StageName + "/POST/@connections/*"),
	})
}
