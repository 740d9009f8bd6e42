package msklambda

import (
	"errors"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awscloudwatch"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsdynamodb"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsiam"
	"github.com/aws/aws-cdk-go/awscdk/v2/awskms"
	"github.com/aws/aws-cdk-go/awscdk/v2/awslambda"
	"github.com/aws/aws-cdk-go/awscdk/v2/awslogs"
	"github.com/aws/aws-cdk-go/awscdklambdagoalpha/v2"
	"github.com/aws/constructs-go/constructs/v10"
	"github.com/aws/jsii-runtime-go"

	"msklambda/constructs/problem"
)

// ConsumerProps says what to read and what code to run. Topic, GroupID and one
// of Entry and Function are required; the zero value of every other field is
// its default. Topic, GroupID and the values of Environment may hold CDK tokens.
type ConsumerProps struct {
	// What to read.

	// Topic to read. Lambda does not create it: it must exist, or be made by
	// [Cluster.AddTopic]. Where it is a token, such as a CloudFormation parameter, a new value at a later deploy is
	// not applied: CloudFormation reports success and the mapping keeps the old
	// topic, since only a change that synth can see makes a new mapping.
	Topic string

	// GroupID is the Kafka consumer group, which no other mapping may use. Its
	// committed offsets outlive the stack, and a group that has some ignores
	// StartingPosition. There is no default: one that moved with a construct
	// id would silently start over. For a token the same holds as for Topic,
	// and it must not resolve to a text with '*', a wildcard in IAM.
	GroupID string

	// StartingPosition is where a group without committed offsets begins.
	// Default: TRIM_HORIZON, the oldest record that the topic holds. A mapping
	// takes minutes to start, and LATEST would skip what arrives meanwhile.
	StartingPosition awslambda.StartingPosition

	// StartingPositionTimestamp goes with StartingPosition AT_TIMESTAMP, in
	// whole seconds and not in the future.
	StartingPositionTimestamp time.Time

	// Filters are patterns for the values of records, of which one must match
	// for the record to reach the function, such as {"value":{"state":["paid"]}}.
	// At most 20, and 5 without a higher quota.
	// Default: every record.
	Filters []string

	// FilterKey encrypts the patterns. A key of this app is opened to Lambda; the
	// policy of an imported one must let lambda.amazonaws.com decrypt.
	FilterKey awskms.IKey

	// SchemaRegistry decodes and checks records. Needs Pollers.
	SchemaRegistry *SchemaRegistry

	// What to run.

	// Entry is the directory of the Go main package to bundle, relative to
	// where the CDK app runs.
	Entry string

	// Function is an existing function, alias or version to invoke in place of
	// a bundled one, in the cluster's account and region and with a timeout of
	// at most 14m; its role gets what the pollers need, about 1200 characters of
	// the 10240 that IAM allows in all inline policies of a role. The fields that
	// describe a function (Entry, Role, Architecture, MemorySize, Timeout,
	// Environment, ReservedConcurrency, Tracing, LogRetention,
	// LogRemovalPolicy, LogGroupKey, BuildEnvironment and the others from
	// FunctionVPC to EditFunction) are then refused.
	Function awslambda.IFunction

	// Architecture of the function.
	// Default: arm64.
	Architecture awslambda.Architecture

	// MemorySize in MB, 128 to 10240. CPU grows with it.
	// Default: 256.
	MemorySize int

	// Timeout of one invocation, 1s to 14m in whole seconds: MSK mappings take
	// one minute less than functions do.
	// Default: 1m.
	Timeout time.Duration

	// Environment variables of the function.
	Environment map[string]string

	// ReservedConcurrency caps the function, and takes its share from the
	// account. It is a pointer because 0 is legal: it stops the function.
	// Default: no share of its own.
	ReservedConcurrency *int

	// FunctionVPC is the VPC that the function runs in, such as that of a database.
	// Its role then gets what Lambda needs for interfaces there.
	// Default: none; the function needs none for the topic.
	FunctionVPC *FunctionVPC

	// Alias is a name for the version that the mapping invokes, moved by each
	// deploy: at once, or by CodeDeploy a part at a time.
	// Default: none; the mapping invokes the function itself.
	Alias *Alias

	// Layers of the function, at most 5.
	Layers []awslambda.ILayerVersion

	// EphemeralStorage is the size of /tmp in MB, 512 to 10240.
	// Default: 512, set by the service.
	EphemeralStorage int

	// EnvironmentKey encrypts the variables. The role may decrypt with it.
	// Default: Lambda's own key.
	EnvironmentKey awskms.IKey

	// Description of the function, at most 256 characters.
	Description string

	// CodeSigning has Lambda check who signed the code. The bundle is not signed
	// here: an asset that is not signed is refused where the config enforces it.
	CodeSigning awslambda.ICodeSigningConfig

	// LogLevel is the least level of what the function logs, in the JSON of
	// lambda/lambdalog or slog. A bundled function is told by AWS_LAMBDA_LOG_LEVEL.
	// Default: INFO, set by the service.
	LogLevel awslambda.ApplicationLogLevel

	// SystemLogLevel is the least level of what Lambda logs of the function.
	// Default: INFO, set by the service.
	SystemLogLevel awslambda.SystemLogLevel

	// EditFunction changes the props of the function last, for settings that have
	// no prop here. It must leave Role and LogGroup as they are, and the timeout at
	// 14m or less. It is not called in the runs in which a look-up is pending.
	EditFunction func(*awscdklambdagoalpha.GoFunctionProps)

	// BuildEnvironment is added to the environment of go build, over what makes
	// the bundle small and the same wherever it is built: GOFLAGS, GOTOOLCHAIN,
	// GOAMD64, GOARM64, GOEXPERIMENT and GOFIPS140.
	//
	// The function is built by the Go that the toolchain line of its go.mod names,
	// or else by one that moves only with this library, because another Go makes
	// another bundle of the same source. GOTOOLCHAIN "local" takes the one that is
	// there.
	BuildEnvironment map[string]string

	// How it is polled.

	// Disabled defines the mapping without starting it.
	// Default: it starts.
	Disabled bool

	// BatchSize is the most records one invocation gets, 1 to 10000. A batch
	// also ends at 6 MB, the most that Lambda can pass to a function.
	// Default: 100.
	BatchSize int

	// BatchWindow is how long a batch may take to fill, 0 to 5m in whole
	// seconds. It is a pointer because 0 is a window of its own: invoke at once.
	// Default: 500ms, set by the service. Once a window has been set, only a
	// new mapping has the default again.
	BatchWindow *time.Duration

	// Pollers are dedicated event pollers (provisioned mode).
	// Default: on-demand pollers, which cost nothing and need the endpoints.
	Pollers *Pollers

	// What becomes of failures.

	// RetryAttempts is how often a batch that failed is tried again, -1
	// (infinite) to 10000. It is a pointer because 0 is a number of its own. Any but
	// -1 needs Pollers.
	// Default: infinite, or 10 times with OnFailure; with a warning where nothing
	// ends the retries of a record that always fails.
	RetryAttempts *int

	// MaxRecordAge is how old a record may be to be tried, 1m to 168h in whole
	// seconds. Needs Pollers.
	// Default: any age.
	MaxRecordAge time.Duration

	// BisectOnError halves a batch that failed, again and again, to find the
	// record that fails. Needs Pollers.
	BisectOnError bool

	// ReportBatchItemFailures lets the function name the records that failed,
	// so that the others are not tried again. It also tells a bundled function
	// built on lambda/kafka to do so, by the environment variable
	// MSKLAMBDA_REPORT_BATCH_ITEM_FAILURES. On a Function of your own that is built
	// on it, set the variable to "true"; all consumers of that function must then have
	// this on. Needs Pollers.
	//
	// To switch it on in a consumer that is running, deploy first with that
	// variable "false" in Environment, then without. CloudFormation updates the
	// function before the mapping, and a record that the function names before the
	// mapping takes such answers is lost. Switching it off loses nothing.
	ReportBatchItemFailures bool

	// OnFailure is where Lambda writes what it has given up on.
	// Default: nowhere.
	OnFailure Destination

	// DeadLetterTopic is a topic of the cluster that the function itself writes what
	// it gives up to, as lambda/kafka does with the sink deadletter/topic. Its role may
	// then write to exactly that topic, by IAM authentication, and a bundled function
	// runs in the cluster's subnets with the cluster's security groups, unless
	// FunctionVPC says where: the rules that let the pollers in to the brokers let it in
	// too. There it reaches other services of AWS only as the VPC lets it. The topic
	// must exist, and the function must be told the brokers, by Environment.
	// Default: none; the function is in no VPC.
	DeadLetterTopic string

	// What the function uses beside the topic.

	// Idempotency is a table in which the function keeps what is done, as
	// lambda/kafka/once does: &Idempotency{} is one of the consumer's own.
	// Default: none.
	Idempotency *Idempotency

	// FunctionRegistry lets the function read from a schema registry, as
	// lambda/kafka/registry does. It needs no Pollers.
	// Default: none.
	FunctionRegistry *FunctionRegistry

	// Who may do what.

	// Authentication of the pollers to the brokers.
	// Default: IAM.
	Authentication Authentication

	// Role is what the function and the pollers run as. It must trust
	// lambda.amazonaws.com, and gets the consumer's policy; a role imported as
	// immutable gets nothing, with a warning that lists the statements.
	// Default: a role of its own, with nothing but these statements.
	Role awsiam.IRole

	// RestrictNetworkInterfaces narrows ec2:CreateNetworkInterface to the
	// cluster's subnets and security groups, and ec2:DeleteNetworkInterface to
	// the account's interfaces in the region. IAM supports it, but AWS documents
	// only "*" for these two actions, so try it before you rely on it.
	// Not with a VPCConnectionARN, whose subnets are not known here. It does not
	// narrow what FunctionVPC needs.
	// Default: "*".
	RestrictNetworkInterfaces bool

	// How it is watched.

	// LogRetention is how long the function's log group keeps its events.
	// Default: ONE_MONTH.
	LogRetention awslogs.RetentionDays

	// LogRemovalPolicy says what becomes of the log group with the stack.
	// Default: RETAIN_ON_UPDATE_OR_DELETE, it is kept unless the very deploy
	// that made it fails.
	LogRemovalPolicy awscdk.RemovalPolicy

	// LogGroupKey encrypts the log group. A key of this app is opened to CloudWatch
	// Logs; the policy of an imported one must let it in.
	// Default: a key of CloudWatch Logs.
	LogGroupKey awskms.IKey

	// PollerLogLevel makes the pollers log to the function's log group. Needs
	// Pollers.
	// Default: they do not.
	PollerLogLevel awslambda.EventSourceMappingLogLevel

	// Tracing with X-Ray.
	// Default: ACTIVE.
	Tracing awslambda.Tracing

	// Metrics are the groups of metrics that the mapping writes, beside those
	// that it always does.
	Metrics []awslambda.MetricType

	// MetricsNamespace says that the function writes metrics by lambda/kafka/metrics,
	// and to which namespace of CloudWatch: Alarms and Dashboard then show them too.
	// A bundled function is told it by MSKLAMBDA_METRICS_NAMESPACE, which
	// metrics.FromEnv reads. They go through the log, so the role needs nothing more.
	// Default: it writes none.
	MetricsNamespace string

	// Alarms on lag, errors, polling and the rest; &Alarms{} is the whole set.
	// Default: none.
	Alarms *Alarms

	// Dashboard defines a CloudWatch dashboard of the consumer, and switches on
	// the metric groups it shows that the pollers surely have: EventCount, and
	// with provisioned pollers ErrorCount and KafkaMetrics.
	// See [Consumer.Widgets] for a dashboard of your own.
	// Default: none.
	Dashboard bool

	// Tags of every resource of the consumer.
	Tags map[string]string
}

// Consumer is one function reading one topic. Its fields are the CDK
// constructs it is made of, to grant, alarm on or override; do not assign
// to them.
type Consumer struct {
	constructs.Construct

	// Role is what the function and the pollers run as.
	Role awsiam.IRole

	// Policy is what the pollers and the function's logs and traces need. It is
	// apart from what you grant to the function, so that it can be read alone. A
	// bundled function waits for it, so no statement of it can name that function.
	Policy awsiam.Policy

	// LogGroup is nil when the function was given.
	LogGroup awslogs.LogGroup

	// Function is the bundled function, or the one that was given.
	Function awslambda.IFunction

	// Alias is what the mapping invokes, nil unless it was asked for.
	Alias awslambda.Alias

	// IdempotencyTable is the consumer's own table or the one that was given, nil
	// unless Idempotency was asked for.
	IdempotencyTable awsdynamodb.ITable

	// Mapping is the event source mapping from the topic to the function.
	Mapping awslambda.EventSourceMapping

	// Alarms are those that are defined, by name: one that is not defined is nil.
	Alarms map[AlarmName]awscloudwatch.Alarm

	// Dashboard is nil unless it was asked for.
	Dashboard awscloudwatch.Dashboard

	// Topic is the Kafka topic that is read.
	Topic string

	// GroupID is the Kafka consumer group.
	GroupID string

	// TopicARN is the topic's ARN, for IAM.
	TopicARN string

	// GroupARN is the consumer group's ARN, for IAM.
	GroupARN string

	path      string
	watched   watched
	inVPC     bool
	aliasName string

	clusterName string   // in metrics of MSK
	usedTopics  []string // by name
	pollers     *Pollers // nil for on-demand ones

	metricsNamespace string
	failed           []string // topics that get what it gave up

	// What is taken of the pollers that a group may have in all.
	pollerGroup    string
	maximumPollers int
}

// ToString makes Consumer a jsii object in its own right; see [Cluster.ToString].
func (c *Consumer) ToString() *string { return jsii.String("msklambda.Consumer") }

// NewConsumer defines a consumer of a cluster, in the same stack or in another
// of the same account and region. In another stack it makes that stack depend
// on the cluster's, where the endpoints and the rules are.
//
// It panics when Validate fails, when another consumer of the cluster has the
// same group, or the same topic and function, and when the stack's account or
// region is not the cluster's.
func NewConsumer(scope constructs.Construct, id string, cluster *Cluster, props *ConsumerProps) *Consumer {
	if cluster == nil {
		fail("consumer", id, errors.New("cluster must not be nil"))
	}
	if props == nil {
		props = &ConsumerProps{}
	}
	settled := *props
	awaited := withoutDummies(&settled)
	props = &settled
	if err := props.validate(); err != nil {
		fail("consumer", id, err)
	}
	checkID(scope, "consumer", id)
	at := cluster.place
	if scope != constructs.Construct(cluster) {
		at = placeOf(scope)
	}
	if at.path == cluster.place.path && slices.Contains(reserved, id) {
		fail("consumer", id, problem.New("id", "must not be one of the cluster's own, %q, got %q", reserved, id))
	}
	if at.stack != cluster.place.stack { // which was checked
		checkStack(scope, "consumer", id, cluster.props.source())
	}
	if at.stage != cluster.place.stage {
		fail("consumer", id, errors.New("scope must be in the stage of the cluster, which is deployed with it"))
	}
	cluster.await(id, awaited)
	props.FunctionVPC = cluster.whereItWrites(props)
	needs := cluster.needsOf(at, id, props)
	if err := errors.Join(cluster.conflicts(props), cluster.props.ValidateConsumer(props), cluster.prepare(props.Authentication, needs)); err != nil {
		fail("consumer", id, err)
	}

	c := &Consumer{
		Topic:    props.Topic,
		GroupID:  props.GroupID,
		TopicARN: topicARN(cluster.ClusterARN, props.Topic),
		GroupARN: groupARN(cluster.ClusterARN, props.GroupID),
		watched:  props.watched(&cluster.props),
		path:     strings.TrimPrefix(at.path+"/"+id, "/"),

		clusterName:      clusterName(cluster.ClusterARN),
		usedTopics:       props.topicsUsed(),
		metricsNamespace: props.MetricsNamespace,
		failed:           props.failedTopics(),
	}
	c.pollerGroup, c.maximumPollers = props.pollerGroup()
	if props.provisioned() {
		c.pollers = props.Pollers
	}
	step := cluster.network.Add(needs)
	wait := cluster.grow(step)
	constructs.NewConstruct_Override(c, scope, &id)
	c.defineTable(props)
	if props.Function == nil {
		c.defineFunction(cluster, props)
	} else {
		c.Function = props.Function
		c.Role = props.Function.Role()
	}
	c.definePolicy(cluster, props)
	c.defineAlias(props)
	cluster.admit(c, c.Role, step.Admissions)
	c.defineMapping(cluster, props, wait)
	c.failureWarnings(props)
	cluster.annotate(c, step)
	c.uncertainWarnings(props)
	c.warnOfServices(props)
	warnOfOtherAccounts(c, c.Role, cluster, props)
	c.defineWatching(props)
	c.defineDeployment(props)
	for _, key := range slices.Sorted(maps.Keys(props.Tags)) {
		awscdk.Tags_Of(c).Add(&key, jsii.String(props.Tags[key]), nil)
	}
	c.waitForTopics(cluster.topics...)
	cluster.consumers = append(cluster.consumers, c)
	for _, a := range cluster.admins {
		a.cover(c)
	}
	return c
}
