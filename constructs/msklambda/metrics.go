package msklambda

import (
	"github.com/aws/aws-cdk-go/awscdk/v2/awscloudwatch"
	"github.com/aws/aws-cdk-go/awscdk/v2/awslambda"
	"github.com/aws/jsii-runtime-go"

	"msklambda/constructs/arn"
)

const (
	metricNamespace = "AWS/Lambda"

	statSum     = "Sum"
	statMaximum = "Maximum"
	// An average hides the invocations that run into the timeout.
	statP99 = "p99"
	// Counts the reports of a value and not what it was.
	statSamples = "SampleCount"
)

// Metric is a metric of the event source mapping, in the namespace AWS/Lambda
// with the dimension EventSourceMappingUUID. It is what the methods below are
// made of, and reaches a metric that Lambda adds later.
//
// As with every metric here, nil props are the defaults: a period of 5 minutes,
// which is CDK's, and the statistic that fits what is counted. That is Maximum
// for MaxOffsetLag, SumOffsetLag and ProvisionedPollers, which tell how things
// stand, and Sum for the others.
//
// The mapping's id is part of the metric: a mapping that is replaced, because
// its topic or group changed, starts new series.
func (c *Consumer) Metric(name string, props *awscloudwatch.MetricOptions) awscloudwatch.Metric {
	statistic := statSum
	switch name {
	case "MaxOffsetLag", "SumOffsetLag", "ProvisionedPollers":
		statistic = statMaximum
	}
	return c.metric(name, statistic, map[string]*string{"EventSourceMappingUUID": c.Mapping.EventSourceMappingId()}, props)
}

// MetricPolledEventCount counts the records that the pollers read. A poll that
// finds nothing counts 0, so that no value at all means no polling. Needs the
// metric group EventCount.
func (c *Consumer) MetricPolledEventCount(props *awscloudwatch.MetricOptions) awscloudwatch.Metric {
	return c.Metric("PolledEventCount", props)
}

// MetricFilteredOutEventCount counts the records that the filters kept from the
// function. Needs the metric group EventCount.
func (c *Consumer) MetricFilteredOutEventCount(props *awscloudwatch.MetricOptions) awscloudwatch.Metric {
	return c.Metric("FilteredOutEventCount", props)
}

// MetricInvokedEventCount counts the records that the function was invoked
// with, each time again when it is retried. Needs the metric group EventCount.
func (c *Consumer) MetricInvokedEventCount(props *awscloudwatch.MetricOptions) awscloudwatch.Metric {
	return c.Metric("InvokedEventCount", props)
}

// MetricFailedInvokeEventCount counts the records of invocations that failed:
// by an error of the function, a throttle, a missing permission or, with
// partial batch responses, by naming a record. Needs the metric group EventCount.
func (c *Consumer) MetricFailedInvokeEventCount(props *awscloudwatch.MetricOptions) awscloudwatch.Metric {
	return c.Metric("FailedInvokeEventCount", props)
}

// MetricDroppedEventCount counts the records that Lambda gave up, past the
// retry limit or the record age, without bringing them to a destination. What
// expires in the topic is not counted. Needs the metric group EventCount.
func (c *Consumer) MetricDroppedEventCount(props *awscloudwatch.MetricOptions) awscloudwatch.Metric {
	return c.Metric("DroppedEventCount", props)
}

// MetricOnFailureDestinationDeliveredEventCount counts the records that went to
// the on-failure destination. Needs the metric group EventCount.
func (c *Consumer) MetricOnFailureDestinationDeliveredEventCount(props *awscloudwatch.MetricOptions) awscloudwatch.Metric {
	return c.Metric("OnFailureDestinationDeliveredEventCount", props)
}

// MetricCommittedEventCount counts the offsets by which the group's committed
// position moved. Needs the metric group EventCount.
func (c *Consumer) MetricCommittedEventCount(props *awscloudwatch.MetricOptions) awscloudwatch.Metric {
	return c.Metric("CommittedEventCount", props)
}

// MetricPollingErrorCount counts failed polls; there is a value only when one
// failed. Needs the metric group ErrorCount, which AWS documents for MSK
// without saying whether on-demand pollers emit it.
func (c *Consumer) MetricPollingErrorCount(props *awscloudwatch.MetricOptions) awscloudwatch.Metric {
	return c.Metric("PollingErrorCount", props)
}

// MetricInvokeErrorCount counts failed invocations, batches and not records;
// there is a value only when one failed. Needs the metric group ErrorCount, see
// [Consumer.MetricPollingErrorCount].
func (c *Consumer) MetricInvokeErrorCount(props *awscloudwatch.MetricOptions) awscloudwatch.Metric {
	return c.Metric("InvokeErrorCount", props)
}

// MetricOnFailureDestinationDeliveryErrorCount counts failed deliveries to the
// on-failure destination; there is a value only when one failed. Needs the
// metric group ErrorCount, see [Consumer.MetricPollingErrorCount].
func (c *Consumer) MetricOnFailureDestinationDeliveryErrorCount(props *awscloudwatch.MetricOptions) awscloudwatch.Metric {
	return c.Metric("OnFailureDestinationDeliveryErrorCount", props)
}

// MetricSchemaRegistryErrorCount counts schemas that could not be fetched or
// did not fit; there is a value only when one failed. Needs the metric group
// ErrorCount, see [Consumer.MetricPollingErrorCount].
func (c *Consumer) MetricSchemaRegistryErrorCount(props *awscloudwatch.MetricOptions) awscloudwatch.Metric {
	return c.Metric("SchemaRegistryErrorCount", props)
}

// MetricCommitErrorCount counts failed commits to the cluster; there is a value
// only when one failed. Needs the metric group ErrorCount, see
// [Consumer.MetricPollingErrorCount].
func (c *Consumer) MetricCommitErrorCount(props *awscloudwatch.MetricOptions) awscloudwatch.Metric {
	return c.Metric("CommitErrorCount", props)
}

// MetricMaxOffsetLag is the lag, in records, of the partition that is furthest
// behind. Needs the metric group KafkaMetrics, which AWS documents for MSK
// without saying whether on-demand pollers emit it;
// [Consumer.MetricOffsetLag] needs no group.
func (c *Consumer) MetricMaxOffsetLag(props *awscloudwatch.MetricOptions) awscloudwatch.Metric {
	return c.Metric("MaxOffsetLag", props)
}

// MetricSumOffsetLag is the lag, in records, of all partitions together. Needs
// the metric group KafkaMetrics, see [Consumer.MetricMaxOffsetLag].
func (c *Consumer) MetricSumOffsetLag(props *awscloudwatch.MetricOptions) awscloudwatch.Metric {
	return c.Metric("SumOffsetLag", props)
}

// MetricProvisionedPollers is the number of pollers that run. It exists with
// provisioned pollers only, and needs no metric group.
func (c *Consumer) MetricProvisionedPollers(props *awscloudwatch.MetricOptions) awscloudwatch.Metric {
	return c.Metric("ProvisionedPollers", props)
}

// MetricEventPollerUnit is the number of event poller units that run, which are
// what provisioned pollers are billed by. AWS says to read its Sum. It exists with
// provisioned pollers only, and needs no metric group.
func (c *Consumer) MetricEventPollerUnit(props *awscloudwatch.MetricOptions) awscloudwatch.Metric {
	return c.Metric("EventPollerUnit", props)
}

// MetricEventPollerThroughputInBytes is the size of the records that were
// polled, in bytes. It exists with provisioned pollers only, and needs no metric
// group.
func (c *Consumer) MetricEventPollerThroughputInBytes(props *awscloudwatch.MetricOptions) awscloudwatch.Metric {
	return c.Metric("EventPollerThroughputInBytes", props)
}

// MetricOffsetLag is how far the group is behind the topic, in records over all
// partitions. It needs no metric group and no kind of poller. AWS lists it among
// the metrics of the function, with no word on the dimension: FunctionName is
// deduced. It is therefore one series for everything that a function reads.
// Default statistic: Maximum.
func (c *Consumer) MetricOffsetLag(props *awscloudwatch.MetricOptions) awscloudwatch.Metric {
	return c.metric("OffsetLag", statMaximum, c.functionDimensions(false), props)
}

// MetricDestinationDeliveryFailures counts failed deliveries to the on-failure
// destination. It needs no metric group. AWS lists it for mappings that have a
// destination, and elsewhere for Kinesis and DynamoDB alone; see
// [Consumer.MetricOnFailureDestinationDeliveryErrorCount] for Kafka's own.
func (c *Consumer) MetricDestinationDeliveryFailures(props *awscloudwatch.MetricOptions) awscloudwatch.Metric {
	return c.metric("DestinationDeliveryFailures", statSum, c.functionDimensions(false), props)
}

// MetricInvocations counts the invocations of the function, those that failed
// included and those that were throttled not. It needs no metric group.
func (c *Consumer) MetricInvocations(props *awscloudwatch.MetricOptions) awscloudwatch.Metric {
	return c.metric("Invocations", statSum, c.functionDimensions(true), props)
}

// MetricErrors counts the invocations that ended in an error or a timeout. With
// partial batch responses a failed record is none: see
// [Consumer.MetricFailedInvokeEventCount]. It needs no metric group.
func (c *Consumer) MetricErrors(props *awscloudwatch.MetricOptions) awscloudwatch.Metric {
	return c.metric("Errors", statSum, c.functionDimensions(true), props)
}

// MetricThrottles counts the invocations that Lambda refused for lack of
// concurrency. It needs no metric group.
func (c *Consumer) MetricThrottles(props *awscloudwatch.MetricOptions) awscloudwatch.Metric {
	return c.metric("Throttles", statSum, c.functionDimensions(true), props)
}

// MetricDuration is how long invocations took, in milliseconds. It needs no
// metric group. Default statistic: p99, because an average hides the batches
// that run into the timeout.
func (c *Consumer) MetricDuration(props *awscloudwatch.MetricOptions) awscloudwatch.Metric {
	return c.metric("Duration", statP99, c.functionDimensions(true), props)
}

// MetricConcurrentExecutions is the number of invocations that run at the same
// time. It needs no metric group. Default statistic: Maximum.
func (c *Consumer) MetricConcurrentExecutions(props *awscloudwatch.MetricOptions) awscloudwatch.Metric {
	return c.metric("ConcurrentExecutions", statMaximum, c.functionDimensions(true), props)
}

func (c *Consumer) metric(name, statistic string, dimensions map[string]*string, props *awscloudwatch.MetricOptions) awscloudwatch.Metric {
	return c.metricOf(metricNamespace, name, statistic, dimensions, props)
}

func (c *Consumer) metricOf(namespace, name, statistic string, dimensions map[string]*string, props *awscloudwatch.MetricOptions) awscloudwatch.Metric {
	metric := awscloudwatch.NewMetric(&awscloudwatch.MetricProps{
		Namespace:     &namespace,
		MetricName:    &name,
		Statistic:     &statistic,
		DimensionsMap: &dimensions,
	})
	if props != nil {
		metric = metric.With(props)
	}
	// So that a dashboard of another region or account names this one's.
	return metric.AttachTo(c)
}

// functionDimensions are those of the alias or version that the mapping
// invokes, if it invokes one and the metric is known for it. They are not taken
// from the function: for a version, CDK makes a FunctionName of "name:1", which
// no metric has.
func (c *Consumer) functionDimensions(qualified bool) map[string]*string {
	function, alias := c.Function, (*string)(nil)
	if c.Alias != nil {
		alias = &c.aliasName
	}
	switch f := c.Function.(type) {
	case awslambda.IAlias:
		function, alias = f.Version().Lambda(), f.AliasName()
	case awslambda.IVersion:
		function, alias = f.Lambda(), f.Version()
	default:
		if name := arn.Qualifier(*c.Function.FunctionArn()); name != "" {
			alias = &name
		}
	}
	dimensions := map[string]*string{"FunctionName": function.FunctionName()}
	if qualified && alias != nil {
		dimensions["Resource"] = jsii.String(*function.FunctionName() + ":" + *alias)
	}
	return dimensions
}
