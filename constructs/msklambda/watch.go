package msklambda

import (
	"cmp"
	"slices"

	"github.com/aws/aws-cdk-go/awscdk/v2/awscloudwatch"
	"github.com/aws/aws-cdk-go/awscdk/v2/awslambda"
	"github.com/aws/jsii-runtime-go"
)

var metricGroups = []awslambda.MetricType{
	awslambda.MetricType_EVENT_COUNT, awslambda.MetricType_ERROR_COUNT, awslambda.MetricType_KAFKA_METRICS,
}

// watched says what there is to watch of a consumer with these props, and which
// metric groups its mapping emits: those asked for by name, those that alarms
// need and, for a dashboard, each that the pollers surely have.
func (p *ConsumerProps) watched(cluster *ClusterProps) watched {
	w := watched{
		disabled:    p.Disabled,
		provisioned: p.provisioned(),
		partial:     p.ReportBatchItemFailures,
		destination: !p.OnFailure.isZero(),
		queue:       p.OnFailure.Queue,
		metrics:     p.Metrics,
		function:    p.MetricsNamespace != "",
		lagInTime:   p.lagInTime(cluster),
	}
	if p.Function == nil {
		w.timeout = cmp.Or(p.Timeout, defaultTimeout)
	} else if p.Alarms != nil {
		w.timeout = p.Alarms.Timeout
	}
	groups := slices.Concat(w.metrics, p.Alarms.metrics(w))
	for _, group := range metricGroups {
		if p.Dashboard && w.may(group) {
			groups = append(groups, group)
		}
	}
	// In one order, whoever asked, so that a template does not move.
	w.metrics = nil
	for _, group := range metricGroups {
		if slices.Contains(groups, group) {
			w.metrics = append(w.metrics, group)
		}
	}
	return w
}

// metricsConfig is nil where nothing is asked for: an empty list would be one
// more property in the template of every consumer.
func (w watched) metricsConfig() *awslambda.MetricsConfig {
	if len(w.metrics) == 0 {
		return nil
	}
	return &awslambda.MetricsConfig{Metrics: &w.metrics}
}

func (p *ConsumerProps) validateObserving(ps *problems) {
	all := []awslambda.MetricType{awslambda.MetricType_EVENT_COUNT, awslambda.MetricType_ERROR_COUNT, awslambda.MetricType_KAFKA_METRICS}
	for i, m := range p.Metrics {
		if !slices.Contains(all, m) {
			ps.Add("Metrics", "must be of %v, got %q", all, m)
		}
		if slices.Contains(p.Metrics[:i], m) {
			ps.Add("Metrics", "must not repeat a group, got %q twice", m)
		}
	}
	levels := []awslambda.EventSourceMappingLogLevel{
		awslambda.EventSourceMappingLogLevel_DEBUG, awslambda.EventSourceMappingLogLevel_INFO, awslambda.EventSourceMappingLogLevel_WARN}
	if p.PollerLogLevel != "" && !slices.Contains(levels, p.PollerLogLevel) {
		ps.Add("PollerLogLevel", "must be one of %v, got %q", levels, p.PollerLogLevel)
	}
}

// validateWatching reports what is wrong with Alarms in view of the other
// fields.
func (p *ConsumerProps) validateWatching(ps *problems) {
	p.Alarms.validate(ps)
	p.validateLagTime(ps)
	if p.Alarms != nil && p.Alarms.Timeout != 0 && p.Function == nil {
		ps.Add("Alarms.Timeout", "needs {Function}: that of a bundled one is {Timeout}, got %s", show(p.Alarms.Timeout))
	}
	if p.Alarms != nil && p.Alarms.RecordAgeAbove != 0 && p.MetricsNamespace == "" {
		ps.Add("Alarms.RecordAgeAbove", "needs {MetricsNamespace}: the function tells the age of records, got %s", show(p.Alarms.RecordAgeAbove))
	}
}

// defineWatching defines the alarms and the dashboard that are asked for, when
// all that they are about is there.
func (c *Consumer) defineWatching(props *ConsumerProps) {
	c.Alarms = props.Alarms.define(c, c.watched)
	if !props.Dashboard {
		return
	}
	c.Dashboard = awscloudwatch.NewDashboard(c, jsii.String("Dashboard"), nil)
	for _, row := range c.Widgets() {
		c.Dashboard.AddWidgets(row...)
	}
}

// Widgets returns rows for a dashboard of your own, each to be given to its
// AddWidgets: the alarms if there are any, lag in records and in time, records, errors, duration against
// the timeout, invocations, pollers if they are provisioned, and the failed
// records in the function's log if the log group is this consumer's.
//
// The rows show the metrics that the mapping emits. With neither Dashboard nor Alarms that is
// no metric group, and the graph of the records is left out.
func (c *Consumer) Widgets() [][]awscloudwatch.IWidget { return c.widgets(c.watched, c.Alarms) }
