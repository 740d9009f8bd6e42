package msklambda

import (
	"fmt"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awscloudwatch"
	"github.com/aws/aws-cdk-go/awscdk/v2/awslambda"
	"github.com/aws/aws-cdk-go/awscdk/v2/interfaces/interfacesawscloudwatch"
	"github.com/aws/jsii-runtime-go"
)

// widgets are the rows of a dashboard, of what the mapping emits.
func (c *Consumer) widgets(w watched, alarms map[AlarmName]awscloudwatch.Alarm) [][]awscloudwatch.IWidget {
	head := []awscloudwatch.IWidget{awscloudwatch.NewTextWidget(&awscloudwatch.TextWidgetProps{
		Markdown: jsii.String(fmt.Sprintf("## %s\ntopic **%s**, group **%s**", *c.Node().Id(), c.Topic, c.GroupID)),
		Width:    jsii.Number(24),
		Height:   jsii.Number(2),
	})}
	rows := [][]awscloudwatch.IWidget{head}
	if len(alarms) > 0 {
		var inOrder []interfacesawscloudwatch.IAlarmRef
		for _, name := range alarmNames {
			if alarm := alarms[name]; alarm != nil {
				inOrder = append(inOrder, alarm)
			}
		}
		rows = append(rows, []awscloudwatch.IWidget{awscloudwatch.NewAlarmStatusWidget(&awscloudwatch.AlarmStatusWidgetProps{
			Title: jsii.String("Alarms"), Alarms: &inOrder, Width: jsii.Number(24), Height: jsii.Number(3),
		})})
	}

	lag := []awscloudwatch.IMetric{c.MetricOffsetLag(nil)}
	if w.has(awslambda.MetricType_KAFKA_METRICS) {
		lag = append(lag, c.MetricSumOffsetLag(nil), c.MetricMaxOffsetLag(nil))
	}
	errors := []awscloudwatch.IMetric{c.MetricErrors(nil), c.MetricThrottles(nil)}
	first := []awscloudwatch.IWidget{graph("Lag (records)", lag, annotation(alarms[AlarmLag])...)}
	if w.has(awslambda.MetricType_EVENT_COUNT) {
		first = append(first, graph("Records", []awscloudwatch.IMetric{c.MetricPolledEventCount(nil), c.MetricFilteredOutEventCount(nil),
			c.MetricInvokedEventCount(nil), c.MetricCommittedEventCount(nil), c.MetricDroppedEventCount(nil)}))
		errors = append(errors, c.MetricFailedInvokeEventCount(nil))
	}
	if w.destination {
		errors = append(errors, c.MetricDestinationDeliveryFailures(nil))
		if w.has(awslambda.MetricType_EVENT_COUNT) {
			errors = append(errors, c.MetricOnFailureDestinationDeliveredEventCount(nil))
		}
	}
	if w.has(awslambda.MetricType_ERROR_COUNT) {
		errors = append(errors, c.MetricPollingErrorCount(nil), c.MetricInvokeErrorCount(nil), c.MetricCommitErrorCount(nil),
			c.MetricSchemaRegistryErrorCount(nil), c.MetricOnFailureDestinationDeliveryErrorCount(nil))
	}
	first = append(first, graph("Errors", errors))

	limits := annotation(alarms[AlarmDuration])
	if timeout := w.timeout; timeout > 0 {
		limits = append(limits, &awscloudwatch.HorizontalAnnotation{
			Label: jsii.String("timeout"), Value: jsii.Number(timeout.Milliseconds()),
		})
	}
	maximum := &awscloudwatch.MetricOptions{Statistic: jsii.String(statMaximum)}
	second := []awscloudwatch.IWidget{
		graph("Duration (ms)", []awscloudwatch.IMetric{c.MetricDuration(nil), c.MetricDuration(maximum)}, limits...),
		graph("Invocations", []awscloudwatch.IMetric{c.MetricInvocations(nil), c.MetricConcurrentExecutions(nil)}),
	}
	if w.provisioned {
		second = append(second, awscloudwatch.NewGraphWidget(&awscloudwatch.GraphWidgetProps{
			Title: jsii.String("Pollers"), Width: jsii.Number(8),
			Left:  &[]awscloudwatch.IMetric{c.MetricProvisionedPollers(nil), c.MetricEventPollerUnit(nil)},
			Right: &[]awscloudwatch.IMetric{c.MetricEventPollerThroughputInBytes(nil)}, // of another unit
		}))
	}
	rows = append(rows, first)
	if w.lagInTime {
		rows = append(rows, []awscloudwatch.IWidget{graphOf(24, "Lag (seconds)", []awscloudwatch.IMetric{c.MetricEstimatedMaxTimeLag(nil)}, annotation(alarms[AlarmLagTime])...)})
	}
	rows = append(rows, second)
	if w.function {
		rows = append(rows, c.functionRow(alarms))
	}
	if c.LogGroup != nil {
		rows = append(rows, []awscloudwatch.IWidget{awscloudwatch.NewLogQueryWidget(&awscloudwatch.LogQueryWidgetProps{
			Title:         jsii.String("Failed records"),
			Region:        awscdk.Stack_Of(c).Region(), // the dashboard may be in another
			LogGroupNames: &[]*string{c.LogGroup.LogGroupName()},
			// The names that package kafka and the logger of lambda/main.go write.
			QueryLines: jsii.Strings("fields @timestamp, topic, partition, offset, error, message",
				`filter level = "ERROR"`, "sort @timestamp desc", "limit 50"),
			Width: jsii.Number(24),
		})})
	}
	return rows
}

// graph is a third of a row.
func graph(title string, metrics []awscloudwatch.IMetric, limits ...*awscloudwatch.HorizontalAnnotation) awscloudwatch.GraphWidget {
	return graphOf(8, title, metrics, limits...)
}

// graphOf is as wide as it is told, of 24.
func graphOf(width int, title string, metrics []awscloudwatch.IMetric, limits ...*awscloudwatch.HorizontalAnnotation) awscloudwatch.GraphWidget {
	zero := &awscloudwatch.YAxisProps{Min: jsii.Number(0)} // so that a small change does not look like a large one
	props := &awscloudwatch.GraphWidgetProps{Title: &title, Width: jsii.Number(width), Left: &metrics, LeftYAxis: zero}
	if len(limits) > 0 {
		props.LeftAnnotations = &limits
	}
	return awscloudwatch.NewGraphWidget(props)
}

// annotation is the line at which an alarm goes off, if there is that alarm.
func annotation(alarm awscloudwatch.Alarm) []*awscloudwatch.HorizontalAnnotation {
	if alarm == nil {
		return nil
	}
	return []*awscloudwatch.HorizontalAnnotation{alarm.ToAnnotation()}
}
