package msklambda

import (
	"cmp"
	"fmt"
	"regexp"
	"strings"
	"time"

	"github.com/aws/aws-cdk-go/awscdk/v2/awscloudwatch"

	"msklambda/constructs/problem"
)

var metricsNamespace = regexp.MustCompile(`^[A-Za-z0-9._/# -][A-Za-z0-9._/#: -]{0,254}$`)

func (p *ConsumerProps) validateMetricsNamespace(ps *problems) {
	ns := p.MetricsNamespace
	switch {
	case ns == "":
	case isToken(ns):
		ps.Add("MetricsNamespace", "must not hold a token")
	case strings.HasPrefix(ns, "AWS/") || !metricsNamespace.MatchString(ns):
		ps.Add("MetricsNamespace", "must be 1 to 255 letters, digits, spaces or any of . - _ / # :, and not begin with ':' or \"AWS/\", got %q", ns)
	}
}

// FunctionMetric is a metric that the function writes of the topic's records, by
// lambda/kafka/metrics: Records, Handled, Failures, Unhandled, Retries, Skipped,
// DeadLettered, DoneBefore, or Age in milliseconds. Its namespace is MetricsNamespace
// and its dimensions FunctionName and Topic.
//
// Nil props are the defaults: a period of 5 minutes and the statistic Sum, of Age
// Maximum. It panics without MetricsNamespace.
func (c *Consumer) FunctionMetric(name string, props *awscloudwatch.MetricOptions) awscloudwatch.Metric {
	if c.metricsNamespace == "" {
		fail("consumer", *c.Node().Id(), problem.New("MetricsNamespace", "is required for FunctionMetric: the namespace that the function writes its metrics to"))
	}
	statistic := statSum
	if name == metricAge {
		statistic = statMaximum
	}
	dimensions := c.functionDimensions(false)
	dimensions["Topic"] = &c.Topic
	return c.metricOf(c.metricsNamespace, name, statistic, dimensions, props)
}

// The metrics of package lambda/kafka/metrics that alarms and dashboard show. A test holds them
// against those that it writes.
const (
	metricRecords      = "Records"
	metricFailures     = "Failures"
	metricRetries      = "Retries"
	metricSkipped      = "Skipped"
	metricDeadLettered = "DeadLettered"
	metricAge          = "Age"
)

const defaultRecordAgeAbove = 15 * time.Minute

// ofRecords are the alarms on what the function says of its records.
func (a *Alarms) ofRecords() []alarm {
	age := cmp.Or(a.RecordAgeAbove, defaultRecordAgeAbove)
	return []alarm{{
		name: AlarmRecordFailures, metric: ofFunction(metricFailures), statistic: statSum,
		threshold: float64(a.ErrorsAbove), period: defaultPeriod, periods: 1,
		missing: awscloudwatch.TreatMissingData_NOT_BREACHING,
		about: "records failed in the function. Look first into its log, where package kafka writes a line of level ERROR for each, " +
			"with partition and offset. The same offset again and again is a record that will never pass.",
	}, {
		name: AlarmDeadLetters, metric: ofFunction(metricDeadLettered), statistic: statSum,
		period: defaultPeriod, periods: 1, missing: awscloudwatch.TreatMissingData_NOT_BREACHING,
		about: "the function gave records up to its dead letters, and went on. Look first at the cause that each letter has, " +
			"then mend it and bring the records back.",
	}, {
		name: AlarmRecordAge, metric: ofFunction(metricAge), statistic: statMaximum,
		threshold: float64(age.Milliseconds()), period: defaultPeriod, periods: 3,
		// No record, none that is late; that nothing is polled is PollingStopped's.
		missing: awscloudwatch.TreatMissingData_NOT_BREACHING,
		about: fmt.Sprintf("records are handled more than %s after they were written. See first whether Errors, RecordFailures or Throttles are in alarm, they are causes. "+
			"If none is, the function is slower than the producers: look at Duration, then at batch size, memory and the number of partitions.", show(age)),
	}}
}

func ofFunction(name string) func(*Consumer, *awscloudwatch.MetricOptions) awscloudwatch.Metric {
	return func(c *Consumer, o *awscloudwatch.MetricOptions) awscloudwatch.Metric {
		return c.FunctionMetric(name, o)
	}
}

// functionRow is what the function says of its records.
func (c *Consumer) functionRow(alarms map[AlarmName]awscloudwatch.Alarm) []awscloudwatch.IWidget {
	var counts []awscloudwatch.IMetric
	for _, name := range []string{metricRecords, metricFailures, metricRetries, metricSkipped, metricDeadLettered} {
		counts = append(counts, c.FunctionMetric(name, nil))
	}
	p50 := "p50"
	return []awscloudwatch.IWidget{
		graph("Records of the function", counts),
		graph("Age of records (ms)", []awscloudwatch.IMetric{c.FunctionMetric(metricAge, nil),
			c.FunctionMetric(metricAge, &awscloudwatch.MetricOptions{Statistic: &p50})}, annotation(alarms[AlarmRecordAge])...),
	}
}
