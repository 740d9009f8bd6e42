package msklambda

import (
	"cmp"
	"fmt"
	"strings"
	"time"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awscloudwatch"
	"github.com/aws/jsii-runtime-go"

	"msklambda/constructs/arn"
)

const defaultLagTimeAbove = 15 * time.Minute

// MetricEstimatedMaxTimeLag is how far the group is behind the topic in seconds: what
// MSK estimates that it takes to read what the partition that is furthest behind has
// waiting. It is MSK's metric (AWS/Kafka), of cluster, group and topic, at no cost and at every level
// of monitoring. AWS does not say whether what a mapping commits feeds it: docs/alarms.md
// says how to see that it has data. It has none of a group with ':' in its name, and
// for a cluster of another account it is in that account.
// Default statistic: Maximum.
func (c *Consumer) MetricEstimatedMaxTimeLag(props *awscloudwatch.MetricOptions) awscloudwatch.Metric {
	return c.metricOf("AWS/Kafka", "EstimatedMaxTimeLag", statMaximum, map[string]*string{
		"Cluster Name": &c.clusterName, "Consumer Group": &c.GroupID, "Topic": &c.Topic}, props)
}

// clusterName is the name in the ARN of a cluster. A token is taken apart by
// CloudFormation.
func clusterName(clusterARN string) string {
	if isToken(clusterARN) {
		return *(*awscdk.Fn_Split(jsii.String("/"), &clusterARN, jsii.Number(3)))[1]
	}
	_, name, _ := strings.Cut(clusterARN, arn.ClusterSeparator)
	name, _, _ = strings.Cut(name, "/")
	return name
}

// lagInTime reports whether the lag of a consumer in seconds may be seen from here.
func (p *ConsumerProps) lagInTime(cluster *ClusterProps) bool {
	return cluster.VPCConnectionARN == "" && !withoutLag(p.GroupID)
}

// lagTime is the alarm on the lag in seconds.
func (a *Alarms) lagTime() alarm {
	above, lasting := cmp.Or(a.LagTimeAbove, defaultLagTimeAbove), cmp.Or(a.LagFor, defaultLagFor)
	return alarm{
		name: AlarmLagTime, metric: (*Consumer).MetricEstimatedMaxTimeLag, statistic: statMaximum,
		threshold: above.Seconds(), period: shortPeriod, periods: periods(lasting, shortPeriod),
		// MSK says nothing of a group that rebalances: its lag is what it was. And where
		// it never says anything, the alarm has no state, which is to be seen.
		missing: awscloudwatch.TreatMissingData_IGNORE,
		about: fmt.Sprintf("more than %s behind for %s, as MSK estimates it for the partition that is furthest behind. See first whether Errors, Throttles or PollingStopped "+
			"are in alarm, they are causes. If none is, the function is slower than the producers: look at Duration, then at batch size, memory and the number of partitions.",
			show(above), show(lasting)),
	}
}

// validateLagTime refuses a threshold for an alarm that could not be.
func (p *ConsumerProps) validateLagTime(ps *problems) {
	if p.Alarms == nil || p.Alarms.LagTimeAbove == 0 {
		return
	}
	ps.seconds("Alarms.LagTimeAbove", p.Alarms.LagTimeAbove, time.Second, 7*24*time.Hour)
	if withoutLag(p.GroupID) {
		ps.Add("Alarms.LagTimeAbove", "needs a {GroupID} without ':', of which MSK writes lag metrics, got %q", p.GroupID)
	}
}

// checkLagTime refuses a threshold for a metric that is in another account.
func (p *ClusterProps) checkLagTime(ps *problems, props *ConsumerProps) {
	if p.VPCConnectionARN != "" && props.Alarms != nil && props.Alarms.LagTimeAbove != 0 {
		ps.Add("Alarms.LagTimeAbove", "must not be set with {VPCConnectionARN}: the metric is in the account of the cluster, got %s", show(props.Alarms.LagTimeAbove))
	}
}
