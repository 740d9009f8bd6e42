package livescores

import (
	"cmp"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awscloudwatch"
	"github.com/aws/aws-cdk-go/awscdk/v2/awscloudwatchactions"
	"github.com/aws/aws-cdk-go/awscdk/v2/awslambda"
	"github.com/aws/aws-cdk-go/awscdk/v2/awssns"
	"github.com/aws/constructs-go/constructs/v10"
	"github.com/aws/jsii-runtime-go"

	"msklambda/constructs/msklambda"
	"msklambda/constructs/problem"
	"msklambda/lambda/livescores/layout"
	"msklambda/lambda/livescores/metrics"
)

// Alarms are on unless they are off: those of the consumer and those of this stack.
type Alarms struct {
	// Off defines none.
	Off bool

	// Topics are SNS topics that are told when an alarm goes off and when it is
	// over, by their ARNs. Default: nobody is told.
	Topics []string

	// AgeAbove is how old an event may be when all who follow its match have it,
	// 1s to 1h in whole seconds.
	// Default: 10s.
	AgeAbove time.Duration

	// Skip names alarms of this stack to leave out. Consumer.Skip is for those of
	// the consumer.
	Skip []AlarmName

	// Consumer is what the alarms of the consumer can be told.
	Consumer msklambda.Alarms
}

// AlarmName says which alarm. It is the id of the alarm's construct, below
// "Alarms" of the live scores, and so is contract.
type AlarmName string

const defaultAgeAbove = 10 * time.Second

var topicARN = regexp.MustCompile(`^arn:aws[a-z-]*:sns:[a-z0-9-]+:[0-9]{12}:[A-Za-z0-9_-]+$`)

func (a *Alarms) validate(ps *problem.List) {
	for _, topic := range a.Topics {
		// A token is "${Token[...]}", and is told without starting Node.
		if !strings.Contains(topic, "${Token[") && !topicARN.MatchString(topic) {
			ps.Add("Alarms.Topics", "must be ARNs of SNS topics, which are not FIFO, got %q", topic)
		}
	}
	if age := a.AgeAbove; age < 0 || age > time.Hour || age%time.Second != 0 {
		ps.Add("Alarms.AgeAbove", "must be 1s to 1h in whole seconds, got %s", age)
	}
	for _, name := range a.Skip {
		if !slices.ContainsFunc(a.plan(), func(al alarm) bool { return al.name == name }) {
			ps.Add("Alarms.Skip", "must name alarms of this stack, got %q", name)
		}
	}
}

// consumer is what the consumer is told, nil for none.
func (a *Alarms) consumer() *msklambda.Alarms {
	if a.Off {
		return nil
	}
	own := a.Consumer
	return &own
}

// source is what a metric is of.
type source int

const (
	ofPosts source = iota // what the functions write themselves
	ofAPI
	ofTable
	ofFollowers
	ofQueue
	ofGivenUp
	ofPoster
	ofConnections
)

// alarm is one as plain data.
type alarm struct {
	name      AlarmName
	source    source
	metric    string
	statistic string
	above     float64
	periods   int // of a minute
	about     string
}

// plan is the whole set, always in the same order.
func (a *Alarms) plan() []alarm {
	return []alarm{
		{"Age", ofPosts, metrics.Age, "Maximum", float64(cmp.Or(a.AgeAbove, defaultAgeAbove).Milliseconds()), 3,
			"viewers get events late. See first whether Throttled or QueueAge are in alarm: then there is more to post than the quota allows"},
		{"PostsFailed", ofPosts, metrics.Failed, "Sum", 100, 5, "connections were given up that took nothing for long while others did. The poster's log names them and why"},
		{"Throttled", ofPosts, metrics.Throttled, "Sum", 1000, 5, "API Gateway refuses posts. Ask for a higher quota, or give PostQuota what others of the account leave"},
		{"Rejected", ofPosts, metrics.Rejected, "Sum", 0, 1, "records are no score events. They are in the Failed bucket below rejected/, with the reason"},
		{"WrongSequence", ofPosts, metrics.Wrong, "Sum", 0, 1, "events have sequences that cannot be right and are not shown, or resets were written to another partition than the events and are not done. They are in the Failed bucket below rejected/. See how to reset a match in docs/live-scores.md"},
		{"APIErrors", ofAPI, "ExecutionError", "Sum", 0, 3, "API Gateway fails. See the access log"},
		{"RouteErrors", ofAPI, "IntegrationError", "Sum", 0, 3, "the function behind the routes fails: browsers cannot follow, and try again. See its log"},
		{"ClientErrors", ofAPI, "ClientError", "Sum", 100, 5, "browsers are refused, by the throttle of a route or because their messages are not understood. See the access log"},
		{"TableReadsThrottled", ofTable, "ReadThrottleEvents", "Sum", 0, 5, "the table is asked for more than a partition gives"},
		{"TableWritesThrottled", ofTable, "WriteThrottleEvents", "Sum", 0, 5, "the table is written more than a partition takes"},
		{"FollowersReadsThrottled", ofFollowers, "ReadThrottleEvents", "Sum", 0, 5, "the followers are read more than a partition of their table gives: posts are late"},
		{"FollowersWritesThrottled", ofFollowers, "WriteThrottleEvents", "Sum", 0, 5, "browsers follow and leave more than FollowerWrites, or than a partition of the table takes: they try again. Events are not held up by it"},
		{"QueueAge", ofQueue, "ApproximateAgeOfOldestMessage", "Maximum", 60, 3, "jobs wait. See first whether PosterThrottled or PosterErrors are in alarm"},
		{"JobsGivenUp", ofGivenUp, "ApproximateNumberOfMessagesVisible", "Maximum", 0, 1, "jobs could not be done a hundred times. Viewers have what they missed from the snapshots"},
		{"PosterErrors", ofPoster, "Errors", "Sum", 0, 3, "the function that posts fails. See its log"},
		{"PosterThrottled", ofPoster, "Throttles", "Sum", 0, 5, "Lambda has no concurrency for the function that posts"},
		{"ConnectionsErrors", ofConnections, "Errors", "Sum", 0, 3, "the function behind the routes fails. See its log"},
		{"ConnectionsThrottled", ofConnections, "Throttles", "Sum", 0, 3, "Lambda has no concurrency for the function behind the routes: browsers cannot follow"},
	}
}

// metric is one of this stack.
func (l *LiveScores) metric(from source, name, statistic string) awscloudwatch.Metric {
	minute := awscdk.Duration_Minutes(jsii.Number(1))
	options := &awscloudwatch.MetricOptions{Statistic: &statistic, Period: minute}
	own := func(namespace string, dimensions map[string]*string) awscloudwatch.Metric {
		return awscloudwatch.NewMetric(&awscloudwatch.MetricProps{
			Namespace: &namespace, MetricName: &name, DimensionsMap: &dimensions, Statistic: &statistic, Period: minute})
	}
	functions := map[source]awslambda.Function{ofPoster: l.Poster, ofConnections: l.Connections}
	switch from {
	case ofAPI:
		return own("AWS/ApiGateway", map[string]*string{"ApiId": l.API.ApiId(), "Stage": jsii.String(StageName)})
	case ofTable:
		return own("AWS/DynamoDB", map[string]*string{"TableName": l.Table.TableName()})
	case ofFollowers:
		return own("AWS/DynamoDB", map[string]*string{"TableName": l.Followers.TableName()})
	case ofQueue:
		return l.Queue.Metric(&name, options)
	case ofGivenUp:
		return l.GivenUp.Metric(&name, options)
	case ofPoster, ofConnections:
		return functions[from].Metric(&name, options)
	}
	return own(layout.MetricsSpace, map[string]*string{layout.Dimension: &l.FanOut.GroupID})
}

func (l *LiveScores) defineAlarms(props *Props) {
	if props.Alarms.Off {
		return
	}
	scope := constructs.NewConstruct(l, jsii.String("Alarms"))
	l.Alarms = map[AlarmName]awscloudwatch.Alarm{}
	var all []awscloudwatch.Alarm
	for _, al := range props.Alarms.plan() {
		if slices.Contains(props.Alarms.Skip, al.name) {
			continue
		}
		a := awscloudwatch.NewAlarm(scope, jsii.String(string(al.name)), &awscloudwatch.AlarmProps{
			Metric:             l.metric(al.source, al.metric, al.statistic),
			Threshold:          &al.above,
			EvaluationPeriods:  jsii.Number(al.periods),
			ComparisonOperator: awscloudwatch.ComparisonOperator_GREATER_THAN_THRESHOLD,
			TreatMissingData:   awscloudwatch.TreatMissingData_NOT_BREACHING, // no match, no trouble
			AlarmDescription:   jsii.String(fmt.Sprintf("Live scores of topic %s, group %s: %s.", props.Topic, props.GroupID, al.about)),
		})
		l.Alarms[al.name] = a
		all = append(all, a)
	}
	for _, a := range l.FanOut.Alarms {
		all = append(all, a)
	}
	for i, arn := range props.Alarms.Topics {
		action := awscloudwatchactions.NewSnsAction(awssns.Topic_FromTopicArn(scope, jsii.String(fmt.Sprintf("Topic%d", i+1)), &arn))
		for _, a := range all {
			a.AddAlarmAction(action)
			a.AddOkAction(action)
		}
	}
}

// defineDashboard shows what viewers get in the first rows, and the consumer below.
func (l *LiveScores) defineDashboard(props *Props) {
	if props.NoDashboard {
		return
	}
	graph := func(title string, all ...awscloudwatch.IMetric) awscloudwatch.IWidget {
		return awscloudwatch.NewGraphWidget(&awscloudwatch.GraphWidgetProps{Title: &title, Width: jsii.Number(8), Left: &all,
			LeftYAxis: &awscloudwatch.YAxisProps{Min: jsii.Number(0)}})
	}
	posts := func(statistic string, names ...string) (all []awscloudwatch.IMetric) {
		for _, name := range names {
			all = append(all, l.metric(ofPosts, name, statistic))
		}
		return all
	}
	sum := func(from source, names ...string) (all []awscloudwatch.IMetric) {
		for _, name := range names {
			all = append(all, l.metric(from, name, "Sum"))
		}
		return all
	}
	l.Dashboard = awscloudwatch.NewDashboard(l, jsii.String("Dashboard"), nil)
	l.Dashboard.AddWidgets(
		graph("Age of events when all have them (ms)", append(posts("p50", metrics.Age), posts("Maximum", metrics.Age)...)...),
		graph("Posts", posts("Sum", metrics.Sent, metrics.Retried, metrics.Throttled, metrics.Gone, metrics.Failed)...),
		graph("Events", posts("Sum", metrics.Events, metrics.Late, metrics.Missing, metrics.Rejected, metrics.Wrong, metrics.Resets)...))
	l.Dashboard.AddWidgets(
		graph("Browsers", sum(ofAPI, "ConnectCount", "MessageCount", "ClientError", "IntegrationError", "ExecutionError")...),
		graph("Jobs", l.metric(ofQueue, "ApproximateNumberOfMessagesVisible", "Maximum"), l.metric(ofQueue, "ApproximateAgeOfOldestMessage", "Maximum")),
		graph("Tables, throttled", append(sum(ofTable, "ReadThrottleEvents", "WriteThrottleEvents"), sum(ofFollowers, "ReadThrottleEvents", "WriteThrottleEvents")...)...))
	for _, row := range l.FanOut.Widgets() {
		l.Dashboard.AddWidgets(row...)
	}
}
