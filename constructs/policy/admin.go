package policy

import (
	"slices"

	"msklambda/lambda/admin/ask"
)

// AdminActions are what IAM must allow the role of an admin function, by what it is
// allowed on: the cluster, each topic and each group. They are no more than the
// function's requests need, by
// https://docs.aws.amazon.com/msk/latest/developerguide/kafka-actions.html.
type AdminActions struct{ Cluster, Topic, Group []string }

// AdminActionsOf are those of a right, which has those of the rights before it.
func AdminActionsOf(right ask.Right) AdminActions {
	var a AdminActions
	if right.Allows(ask.Read) {
		a.Cluster = append(a.Cluster, "kafka-cluster:Connect")
		a.Topic = append(a.Topic, "kafka-cluster:DescribeTopic", "kafka-cluster:DescribeTopicDynamicConfiguration", "kafka-cluster:ReadData")
		a.Group = append(a.Group, "kafka-cluster:DescribeGroup")
	}
	if right.Allows(ask.Produce) {
		// Kafka's clients write idempotently by default.
		a.Cluster = append(a.Cluster, "kafka-cluster:WriteDataIdempotently")
		a.Topic = append(a.Topic, "kafka-cluster:WriteData")
	}
	if right.Allows(ask.Manage) {
		a.Group = append(a.Group, "kafka-cluster:AlterGroup")
	}
	slices.Sort(a.Group)
	return a
}
