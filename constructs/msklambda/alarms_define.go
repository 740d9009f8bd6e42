package msklambda

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"github.com/aws/aws-cdk-go/awscdk/v2/awscloudwatch"
	"github.com/aws/aws-cdk-go/awscdk/v2/awslambda"
	"github.com/aws/aws-cdk-go/awscdk/v2/awssqs"
	"github.com/aws/constructs-go/constructs/v10"
	"github.com/aws/jsii-runtime-go"
)

// watched is what alarms and dashboard have to know of a consumer.
type watched struct {
	timeout     time.Duration          // of the function, 0 = not known
	disabled    bool                   // the mapping does not poll
	provisioned bool                   // pollers
	partial     bool                   // batch responses
	destination bool                   // on failure, of any kind
	queue       awssqs.IQueue          // on failure, nil = none or of another kind
	metrics     []awslambda.MetricType // asked for by name
	function    bool                   // writes metrics of its records
	lagInTime   bool                   // is where MSK tells it, and of this account
}

// has reports whether the mapping emits a metric group.
func (w watched) has(group awslambda.MetricType) bool { return slices.Contains(w.metrics, group) }

// may reports whether a metric group may be switched on where nobody asked for it
// by name: AWS documents only EventCount without restriction to provisioned
// pollers, and a refusal would come minutes into a deploy.
func (w watched) may(group awslambda.MetricType) bool {
	return group == awslambda.MetricType_EVENT_COUNT || w.provisioned || w.has(group)
}

// alarm is one alarm as plain data, so that the set can be read and tested
// without CDK.
type alarm struct {
	name       AlarmName
	metric     func(*Consumer, *awscloudwatch.MetricOptions) awscloudwatch.Metric
	group      awslambda.MetricType // "" = the metric is there without one
	statistic  string
	expression string // over the metric, called lag; "" = the metric itself
	threshold  float64
	period     time.Duration
	periods    int
	below      bool // it goes off below the threshold, else above
	muted      bool // it shows its state and takes no action
	missing    awscloudwatch.TreatMissingData
	about      string // what it means, and what to look at first
}

// plan returns the alarms that are asked for and can be had, always in the
// same order.
func (a *Alarms) plan(w watched) []alarm {
	if a == nil {
		return nil
	}
	lag := alarm{
		name: AlarmLag, metric: (*Consumer).MetricOffsetLag, statistic: statMaximum,
		threshold: float64(cmp.Or(a.LagAbove, defaultLagAbove)),
		period:    shortPeriod, periods: periods(cmp.Or(a.LagFor, defaultLagFor), shortPeriod),
		// Pollers that stop say nothing about the lag: it is what it was.
		missing: awscloudwatch.TreatMissingData_IGNORE,
		about: fmt.Sprintf("more than %d records behind for %s. See first whether Errors, Throttles or PollingStopped are in alarm, they are causes. "+
			"If none is, the function is slower than the producers: look at Duration, then at batch size, memory and the number of partitions.",
			cmp.Or(a.LagAbove, defaultLagAbove), show(cmp.Or(a.LagFor, defaultLagFor))),
	}
	growing := alarm{
		name: AlarmLagGrowing, metric: (*Consumer).MetricOffsetLag, statistic: statMaximum,
		// DIFF and not RATE: both rise and fall together, and this one is in
		// records, as the lag is.
		expression: fmt.Sprintf("IF(lag > %d, DIFF(lag), 0)", cmp.Or(a.LagGrowingAbove, defaultLagGrowingAbove)),
		period:     defaultPeriod, periods: periods(cmp.Or(a.LagGrowingFor, defaultLagGrowingFor), defaultPeriod),
		missing: awscloudwatch.TreatMissingData_IGNORE,
		about: fmt.Sprintf("falls further behind every 5 minutes for %s, and will not catch up by itself. See first whether Errors or Throttles are in alarm, "+
			"then whether the producers write more than usual. Records are lost when the lag reaches the retention of the topic.",
			show(cmp.Or(a.LagGrowingFor, defaultLagGrowingFor))),
	}
	errors := alarm{
		name: AlarmErrors, metric: (*Consumer).MetricErrors, statistic: statSum,
		threshold: float64(a.ErrorsAbove), period: defaultPeriod, periods: 1,
		// No invocation, no error.
		missing: awscloudwatch.TreatMissingData_NOT_BREACHING,
		about: "the function fails or times out. Lambda retries the batch, and its partitions wait. Look first into the function's log, " +
			"where package kafka writes a line of level ERROR for each failed record, with partition and offset. The same offset again and again is a record that will never pass.",
	}
	failed := alarm{
		name: AlarmFailedRecords, metric: (*Consumer).MetricFailedInvokeEventCount, group: awslambda.MetricType_EVENT_COUNT, statistic: statSum,
		threshold: float64(a.ErrorsAbove), period: defaultPeriod, periods: 1,
		missing: awscloudwatch.TreatMissingData_NOT_BREACHING,
		about: "the function names records as failed, or invocations fail whole. Lambda retries them. Look first into the function's log, " +
			"where package kafka writes a line of level ERROR for each failed record, with partition and offset.",
	}
	throttles := alarm{
		name: AlarmThrottles, metric: (*Consumer).MetricThrottles, statistic: statSum,
		threshold: float64(a.ThrottlesAbove), period: defaultPeriod, periods: 3,
		missing: awscloudwatch.TreatMissingData_NOT_BREACHING,
		about: "Lambda has no concurrency for the function, and its partitions wait. Look first at the function's reserved concurrency, " +
			"then at who else uses the concurrency of the account.",
	}
	duration := alarm{
		name: AlarmDuration, metric: (*Consumer).MetricDuration, statistic: statP99,
		threshold: float64(w.timeout.Milliseconds()) * float64(cmp.Or(a.DurationAbove, defaultDurationAbove)) / 100,
		period:    longPeriod, periods: 1,
		missing: awscloudwatch.TreatMissingData_NOT_BREACHING,
		about: fmt.Sprintf("invocations take more than %d percent of the timeout of %s. Past it the batch fails and is retried. "+
			"Look first at what the function waits for, then make batches smaller or timeout and memory larger.",
			cmp.Or(a.DurationAbove, defaultDurationAbove), show(w.timeout)),
	}
	stopped := alarm{
		name: AlarmPollingStopped, metric: (*Consumer).MetricPolledEventCount, group: awslambda.MetricType_EVENT_COUNT,
		// A poll that finds nothing reports 0. What is counted is whether
		// anything is reported, so that no value can be the wrong one.
		statistic: statSamples, threshold: 1, below: true,
		period: defaultPeriod, periods: periods(cmp.Or(a.PollingStoppedFor, defaultPollingStoppedFor), defaultPeriod),
		missing: awscloudwatch.TreatMissingData_BREACHING,
		muted:   w.disabled,
		about: fmt.Sprintf("nothing polls the topic for %s. Look first at State and LastProcessingResult of the event source mapping, which name the problem: "+
			"disabled, no network path, no permission, topic gone. For some minutes after the first deploy it is expected.",
			show(cmp.Or(a.PollingStoppedFor, defaultPollingStoppedFor))),
	}
	dropped := alarm{
		name: AlarmDropped, metric: (*Consumer).MetricDroppedEventCount, group: awslambda.MetricType_EVENT_COUNT, statistic: statSum,
		period: defaultPeriod, periods: 1, missing: awscloudwatch.TreatMissingData_NOT_BREACHING,
		about: "Lambda gave records up, past the retry limit or the record age, and they are in no destination. Look first into the function's log, " +
			"where lines of level ERROR have partition and offset: read them from the topic again while it keeps them.",
	}
	const undelivered = "failed records did not get to the on-failure destination. Look first at what the role may do with the destination and its key, " +
		"then at the network path from the VPC of the cluster to it. "
	failures := alarm{
		name: AlarmDeliveryFailures, metric: (*Consumer).MetricDestinationDeliveryFailures, statistic: statSum,
		period: defaultPeriod, periods: 1, missing: awscloudwatch.TreatMissingData_NOT_BREACHING,
		about: undelivered + "DeliveryErrors, of the mapping's metrics, means the same.",
	}
	deliveryErrors := alarm{
		name: AlarmDeliveryErrors, metric: (*Consumer).MetricOnFailureDestinationDeliveryErrorCount, group: awslambda.MetricType_ERROR_COUNT, statistic: statSum,
		// Emitted only when there is an error.
		period: defaultPeriod, periods: 1, missing: awscloudwatch.TreatMissingData_NOT_BREACHING,
		about: undelivered + "DeliveryFailures, of the function's metrics, means the same.",
	}
	waiting := alarm{
		name: AlarmDestinationNotEmpty, statistic: statMaximum,
		metric: func(_ *Consumer, o *awscloudwatch.MetricOptions) awscloudwatch.Metric {
			return w.queue.MetricApproximateNumberOfMessagesVisible(o)
		},
		// SQS stops reporting on a queue that nobody uses.
		period: defaultPeriod, periods: 1, missing: awscloudwatch.TreatMissingData_NOT_BREACHING,
		about: "failed records wait in the on-failure queue. Each message has topic, partition and offsets of a batch, not the records: " +
			"find the cause in the function's log, then read them from the topic again while it keeps them.",
	}

	all := []alarm{lag, growing}
	if w.lagInTime {
		all = append(all, a.lagTime())
	}
	all = append(all, errors)
	if w.partial {
		all = append(all, failed)
	}
	all = append(all, throttles)
	if w.timeout > 0 {
		all = append(all, duration)
	}
	all = append(all, stopped, dropped)
	if w.destination {
		all = append(all, failures)
		if w.may(awslambda.MetricType_ERROR_COUNT) {
			all = append(all, deliveryErrors)
		}
	}
	if w.queue != nil {
		all = append(all, waiting)
	}
	if w.function {
		all = append(all, a.ofRecords()...)
	}
	return slices.DeleteFunc(all, func(al alarm) bool { return slices.Contains(a.Skip, al.name) })
}

func periods(d, period time.Duration) int { return int(d / period) }

// metrics are the metric groups that the alarms need.
func (a *Alarms) metrics(w watched) []awslambda.MetricType {
	var groups []awslambda.MetricType
	for _, al := range a.plan(w) {
		if al.group != "" {
			groups = append(groups, al.group)
		}
	}
	return groups
}

// define defines the alarms below a consumer, which has its mapping by then.
func (a *Alarms) define(c *Consumer, w watched) map[AlarmName]awscloudwatch.Alarm {
	plan := a.plan(w)
	if len(plan) == 0 {
		return nil
	}
	scope := constructs.NewConstruct(c, jsii.String("Alarms"))
	alarms := make(map[AlarmName]awscloudwatch.Alarm, len(plan))
	for _, al := range plan {
		metric := al.metric(c, &awscloudwatch.MetricOptions{Statistic: &al.statistic, Period: seconds(al.period)})
		props := &awscloudwatch.AlarmProps{
			Metric:             metric,
			Threshold:          &al.threshold,
			EvaluationPeriods:  jsii.Number(al.periods),
			ComparisonOperator: awscloudwatch.ComparisonOperator_GREATER_THAN_THRESHOLD,
			TreatMissingData:   al.missing,
			AlarmDescription:   jsii.String(al.description(c.Topic, c.GroupID)),
		}
		if al.below {
			props.ComparisonOperator = awscloudwatch.ComparisonOperator_LESS_THAN_THRESHOLD
		}
		if al.muted {
			props.ActionsEnabled = jsii.Bool(false)
		}
		if al.expression != "" {
			props.Metric = awscloudwatch.NewMathExpression(&awscloudwatch.MathExpressionProps{
				Expression: &al.expression,
				// Its own label, or CDK would put the expression there.
				Label:        jsii.String(string(al.name)),
				UsingMetrics: &map[string]awscloudwatch.IMetric{"lag": metric},
				Period:       seconds(al.period),
			})
		}
		alarm := awscloudwatch.NewAlarm(scope, jsii.String(string(al.name)), props)
		alarm.AddAlarmAction(a.Actions...)
		alarm.AddOkAction(a.OKActions...)
		alarms[al.name] = alarm
	}
	return alarms
}

// description names the topic first: an alarm's own name is made up by
// CloudFormation, and a notification holds little else.
func (al alarm) description(topic, group string) string {
	return fmt.Sprintf("Topic %s, group %s: %s", topic, group, al.about)
}
