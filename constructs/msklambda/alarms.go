package msklambda

import (
	"fmt"
	"slices"
	"time"

	"github.com/aws/aws-cdk-go/awscdk/v2/awscloudwatch"
)

// AlarmName says which alarm. It is the id of the alarm's construct, below
// "Alarms" of the consumer, and so is contract.
type AlarmName string

// The alarms of a consumer. docs/alarms.md says of each what it means and what
// to do.
const (
	// AlarmLag: more than LagAbove records behind, for all of LagFor.
	AlarmLag AlarmName = "Lag"

	// AlarmLagGrowing: further behind every 5 minutes, for all of LagGrowingFor.
	AlarmLagGrowing AlarmName = "LagGrowing"

	// AlarmLagTime: more than LagTimeAbove behind in time, for all of LagFor. Not for a
	// group with ':' in its name, for which MSK writes no lag, and not for a cluster of
	// another account, which has the metric.
	AlarmLagTime AlarmName = "LagTime"

	// AlarmErrors: the function failed batches.
	AlarmErrors AlarmName = "Errors"

	// AlarmFailedRecords: the function named records as failed. Defined with
	// partial batch responses, where the function's errors do not show them.
	AlarmFailedRecords AlarmName = "FailedRecords"

	// AlarmThrottles: Lambda had no concurrency for the function.
	AlarmThrottles AlarmName = "Throttles"

	// AlarmDuration: invocations come near the timeout.
	AlarmDuration AlarmName = "Duration"

	// AlarmPollingStopped: nothing polls the topic.
	AlarmPollingStopped AlarmName = "PollingStopped"

	// AlarmDropped: records were given up and are in no destination.
	AlarmDropped AlarmName = "Dropped"

	// AlarmDeliveryFailures: records did not get to the on-failure destination,
	// as the function's metrics have it. Defined with a destination.
	AlarmDeliveryFailures AlarmName = "DeliveryFailures"

	// AlarmDeliveryErrors: the same as the mapping's metrics have it. AWS is
	// not clear about which of the two Kafka emits, and a lost record is worth
	// two alarms. Defined with a destination, where the metric group ErrorCount
	// is on: with provisioned pollers, or when it was asked for.
	AlarmDeliveryErrors AlarmName = "DeliveryErrors"

	// AlarmDestinationNotEmpty: failed records wait in the on-failure queue.
	// Defined when the destination is an SQS queue.
	AlarmDestinationNotEmpty AlarmName = "DestinationNotEmpty"

	// AlarmRecordFailures: records failed in the function. Defined with
	// MetricsNamespace, as are the two that follow.
	AlarmRecordFailures AlarmName = "RecordFailures"

	// AlarmDeadLetters: the function gave records up to its sink.
	AlarmDeadLetters AlarmName = "DeadLetters"

	// AlarmRecordAge: records were written more than RecordAgeAbove before they were
	// handled.
	AlarmRecordAge AlarmName = "RecordAge"
)

var alarmNames = []AlarmName{AlarmLag, AlarmLagGrowing, AlarmLagTime, AlarmErrors, AlarmFailedRecords, AlarmThrottles, AlarmDuration,
	AlarmPollingStopped, AlarmDropped, AlarmDeliveryFailures, AlarmDeliveryErrors, AlarmDestinationNotEmpty,
	AlarmRecordFailures, AlarmDeadLetters, AlarmRecordAge}

// Alarms defines CloudWatch alarms on a consumer. The zero value is the whole
// set with the defaults below, and no actions: each alarm then shows its state
// and tells nobody.
//
// Alarms switch on the metric groups that they need: EventCount for
// PollingStopped, Dropped and FailedRecords, ErrorCount for DeliveryErrors. For
// on-demand pollers AWS documents EventCount and is silent on ErrorCount, which
// is therefore not switched on there: no deploy is to depend on it.
type Alarms struct {
	// LagAbove is how many records the group may be behind. The right number is
	// what the producers write in the time that you may be late.
	// Default: 10000, which is 100 batches of the default size.
	LagAbove int

	// LagFor is how long it must be above, 1m to 24h in whole minutes, for LagTimeAbove
	// too.
	// Default: 15m, so that a mapping that was updated or is scaling its pollers
	// up (minutes each) has the time to catch up.
	LagFor time.Duration

	// LagGrowingAbove is how many records behind the group must be for its
	// growing to count: below that the lag of a healthy group moves by chance.
	// Default: 1000, which is 10 batches of the default size.
	LagGrowingAbove int

	// LagGrowingFor is how long the lag must grow, 5m to 24h in steps of 5m. It
	// must grow in each step: the highest lag of 5 minutes above that of the 5
	// minutes before.
	// Default: 30m. Six steps up in a row are seven values in order, which by
	// chance is one in 5040.
	LagGrowingFor time.Duration

	// LagTimeAbove is how long, as MSK estimates it, the group may need to read what the
	// partition that is furthest behind has waiting, 1s to 168h in whole seconds.
	// Default: 15m.
	LagTimeAbove time.Duration

	// ErrorsAbove is how many failed invocations within 5 minutes are no alarm;
	// with partial batch responses or MetricsNamespace it is how many failed
	// records, too.
	// Default: 0. A batch that fails is retried and holds its partitions up.
	ErrorsAbove int

	// RecordAgeAbove is how long before its end an invocation's oldest record may
	// have been written, 1s to 168h in whole seconds. Older than that in 3 periods of
	// 5 minutes in a row is an alarm. Needs MetricsNamespace, and the producers' clocks.
	// Default: 15m.
	RecordAgeAbove time.Duration

	// ThrottlesAbove is how many throttled invocations within 5 minutes are no
	// alarm. More than that in 3 such periods in a row are: Lambda retries, so
	// a moment costs nothing.
	// Default: 0.
	ThrottlesAbove int

	// DurationAbove is the share of the timeout, 1 to 99 percent, that the p99
	// of 15 minutes may take. A period longer than the longest timeout, 14m,
	// always has an invocation in it that ended.
	// Default: 80. Package kafka ends a batch a tenth of the timeout before it,
	// 2 seconds at most: a share beyond that point would never be reached.
	DurationAbove int

	// Timeout of an existing Function, 1s to 14m in whole seconds, which cannot
	// be read from it. Refused with Entry, where it is known.
	// Default: no Duration alarm for an existing Function.
	Timeout time.Duration

	// PollingStoppedFor is how long nothing may be polled, 5m to 24h in steps of
	// 5m. An idle topic is polled too. While the consumer is Disabled the alarm
	// is there and its actions are off.
	// Default: 15m. An update of a mapping can stop it for minutes.
	PollingStoppedFor time.Duration

	// Skip names the alarms to leave out, such as
	// []AlarmName{AlarmLagGrowing, AlarmThrottles}.
	// Default: none.
	Skip []AlarmName

	// Actions are taken when an alarm goes off, such as a message to an SNS
	// topic: awscloudwatchactions.NewSnsAction(topic).
	// Default: none.
	Actions []awscloudwatch.IAlarmAction

	// OKActions are taken when an alarm is over.
	// Default: none.
	OKActions []awscloudwatch.IAlarmAction
}

const (
	defaultLagAbove        = 10000
	defaultLagGrowingAbove = 1000
	defaultDurationAbove   = 80

	defaultLagFor            = 15 * time.Minute
	defaultLagGrowingFor     = 30 * time.Minute
	defaultPollingStoppedFor = 15 * time.Minute

	// Lambda emits its metrics once a minute.
	shortPeriod   = time.Minute
	defaultPeriod = 5 * time.Minute // CDK's
	longPeriod    = 15 * time.Minute

	// CloudWatch evaluates at most a day where the period is below an hour.
	maxEvaluation = 24 * time.Hour
)

// validate reports every wrong number, by the name of its field in
// ConsumerProps.
func (a *Alarms) validate(ps *problems) {
	if a == nil {
		return
	}
	for _, f := range []struct {
		field string
		value int
	}{
		{"LagAbove", a.LagAbove},
		{"LagGrowingAbove", a.LagGrowingAbove},
		{"ErrorsAbove", a.ErrorsAbove},
		{"ThrottlesAbove", a.ThrottlesAbove},
	} {
		if f.value < 0 {
			ps.Add("Alarms."+f.field, "must be 0 or more, got %d", f.value)
		}
	}
	ps.steps("Alarms.LagFor", a.LagFor, shortPeriod)
	ps.steps("Alarms.LagGrowingFor", a.LagGrowingFor, defaultPeriod)
	ps.steps("Alarms.PollingStoppedFor", a.PollingStoppedFor, defaultPeriod)
	if a.DurationAbove < 0 || a.DurationAbove > 99 {
		ps.Add("Alarms.DurationAbove", "must be 1 to 99 percent of the timeout, got %d", a.DurationAbove)
	}
	if a.RecordAgeAbove != 0 {
		ps.seconds("Alarms.RecordAgeAbove", a.RecordAgeAbove, time.Second, 7*24*time.Hour)
	}
	if a.Timeout != 0 {
		ps.seconds("Alarms.Timeout", a.Timeout, time.Second, 14*time.Minute)
	}
	for i, name := range a.Skip {
		if !slices.Contains(alarmNames, name) {
			ps.Add(fmt.Sprintf("Alarms.Skip[%d]", i), "must be one of %v, got %q", alarmNames, name)
		}
	}
	ps.actions("Alarms.Actions", a.Actions)
	ps.actions("Alarms.OKActions", a.OKActions)
}

func (ps *problems) actions(field string, actions []awscloudwatch.IAlarmAction) {
	for i, action := range actions {
		if action == nil {
			ps.Add(fmt.Sprintf("%s[%d]", field, i), "must not be nil")
		}
	}
}

// steps checks how long something must last for an alarm, which CloudWatch
// counts in periods. 0 is the default of each.
func (ps *problems) steps(field string, d, step time.Duration) {
	switch {
	case d == 0:
	case d < step || d > maxEvaluation:
		ps.Add(field, "must be %s to %s, got %s", show(step), show(maxEvaluation), show(d))
	case d%step != 0:
		ps.Add(field, "must be in steps of %s, got %s", show(step), show(d))
	}
}
