package msklambda

import (
	"cmp"
	"encoding/base64"
	"encoding/json"
	"errors"
	"slices"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsmsk"
	"github.com/aws/constructs-go/constructs/v10"
	"github.com/aws/jsii-runtime-go"

	"msklambda/constructs/notice"
)

// topicsID is the construct below a cluster that has its topics, so that one and the
// consumer that reads it can have one id.
const topicsID = "Topics"

// Topic is a Kafka topic that the stack makes. It is made by [Cluster.AddTopic].
type Topic struct {
	constructs.Construct

	// Resource is the topic in the template. Its Ref is the topic's ARN.
	Resource awsmsk.CfnTopic

	// Name is that of the Kafka topic.
	Name string

	// TopicARN is the topic's ARN, for IAM.
	TopicARN string

	props TopicProps
}

// ToString makes Topic a jsii object in its own right; see [Cluster.ToString].
func (t *Topic) ToString() *string { return jsii.String("msklambda.Topic") }

// AddTopic defines a Kafka topic of this cluster, below its construct "Topics". Whatever
// mapping of the cluster's consumers reads it, or writes to it what failed, waits for it,
// be it added before or after. It stays when the stack goes, unless RemovalPolicy says
// otherwise.
//
// Whoever deploys needs kafka-cluster:Connect, CreateTopic, DescribeTopic,
// DescribeTopicDynamicConfiguration, AlterTopic, AlterTopicDynamicConfiguration and
// DeleteTopic. A topic that is there already is not taken over, and the deploy is
// refused: "cdk import" brings one into the stack.
//
// It panics when Validate fails, when another topic of the cluster has the name, and
// for a cluster on which MSK makes no topics: a serverless one, or one of another account.
func (c *Cluster) AddTopic(id string, props *TopicProps) *Topic {
	if props == nil {
		props = &TopicProps{}
	}
	var others []*TopicProps
	for _, t := range c.topics {
		others = append(others, &t.props)
	}
	if err := errors.Join(props.Validate(), props.ValidateBeside(others...), c.props.ValidateTopic(props), c.checkMade(props)); err != nil {
		fail("topic", id, err)
	}
	scope := c.namespace(topicsID)
	checkID(scope, "topic", id)

	t := &Topic{Name: props.Name, TopicARN: topicARN(c.ClusterARN, props.Name), props: *props}
	t.props.ReplicationFactor = props.replicas(len(c.props.SubnetIDs))
	constructs.NewConstruct_Override(t, scope, &id)
	t.Resource = awsmsk.NewCfnTopic(t, jsii.String("Resource"), &awsmsk.CfnTopicProps{
		ClusterArn:        &c.ClusterARN,
		TopicName:         &t.Name,
		PartitionCount:    jsii.Number(props.Partitions),
		ReplicationFactor: jsii.Number(t.props.ReplicationFactor),
		Configs:           configs(props.Config),
	})
	t.Resource.ApplyRemovalPolicy(cmp.Or(props.RemovalPolicy, awscdk.RemovalPolicy_RETAIN_ON_UPDATE_OR_DELETE), nil)
	if t.props.ReplicationFactor == 1 {
		warn(c, notice.TopicReplication.For(id, notice.Data{"topic": t.Name}))
	}
	c.topics = append(c.topics, t)
	for _, consumer := range c.consumers {
		consumer.waitForTopics(t)
	}
	return t
}

// configs is the configuration of a topic as MSK takes it, nil for none: JSON in base64,
// with its names in one order, so that a template does not move.
func configs(config map[string]string) *string {
	if len(config) == 0 {
		return nil
	}
	text, err := json.Marshal(config)
	if err != nil {
		panic(err) // texts
	}
	return jsii.String(base64.StdEncoding.EncodeToString(text))
}

// waitForTopics has the mapping of a consumer wait for those topics that it uses.
func (c *Consumer) waitForTopics(topics ...*Topic) {
	for _, t := range topics {
		if slices.Contains(c.usedTopics, t.Name) {
			c.Mapping.Node().AddDependency(t)
		}
	}
}

// topicsUsed are those that a mapping reads, or it or its function writes to.
func (p *ConsumerProps) topicsUsed() []string {
	return slices.DeleteFunc([]string{p.Topic, p.OnFailure.KafkaTopic, p.DeadLetterTopic}, func(name string) bool { return name == "" })
}
