package msklambda

import (
	"fmt"
	"slices"
	"strings"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsmsk"
	"github.com/aws/constructs-go/constructs/v10"
	"github.com/aws/jsii-runtime-go"

	"msklambda/constructs/arn"
	"msklambda/constructs/lookup"
	"msklambda/constructs/near"
	"msklambda/constructs/network"
	"msklambda/constructs/notice"
)

// topicChecks hold the topics that consumers use against what is known of them: by the
// look-up of the cluster, and by AddTopic. It is a validation because that runs when the
// last topic is there.
type topicChecks struct{ cluster *Cluster }

func (v *topicChecks) Validate() *[]*string {
	c := v.cluster
	out := []*string{}
	topics := c.askForTopics()
	if c.Pending() {
		return &out
	}
	texts := c.changesRefused(topics)
	if missing := c.missing(topics); len(missing) > 0 {
		names := c.namesOfTopics(topics)
		if c.Pending() {
			return &out // the names, and they are told with what is missing
		}
		for _, m := range missing {
			texts = append(texts, m.refusal(meant(m.topic, names)))
		}
	}
	for _, text := range texts {
		out = append(out, &text)
	}
	c.noteTopics(topics)
	c.warnOfPartitions(topics)
	return &out
}

// topicState is what is known of a topic that is used or made here.
type topicState struct {
	made   *TopicProps // by AddTopic of this cluster, nil otherwise
	told   network.Fact[lookup.Topic]
	reason string // why it is not known, where that is known
}

// partitions are those that it has, 0 where that is not known.
func (s topicState) partitions() int {
	if s.made != nil {
		return s.made.Partitions
	}
	return s.told.Or(lookup.Topic{}).Partitions
}

// askForTopics is what is known of each topic, by its name. Of one that only the deploy
// knows nothing is.
func (c *Cluster) askForTopics() map[string]topicState {
	topics := map[string]topicState{}
	var names []string
	add := func(name string, made *TopicProps) {
		if isToken(name) {
			return
		}
		if _, seen := topics[name]; !seen {
			topics[name] = topicState{made: made}
			names = append(names, name)
		}
	}
	for _, t := range c.topics {
		add(t.Name, &t.props)
	}
	for _, consumer := range c.consumers {
		for _, name := range consumer.usedTopics {
			add(name, nil)
		}
	}
	if c.looked == nil {
		return topics
	}
	brokers, known := c.looked.brokers.Get()
	inTurns(c, names, func(name string) {
		s := topics[name]
		switch {
		case arn.IsServerless(c.ClusterARN):
			s.reason = "MSK tells no topics of a serverless cluster"
		case known && !brokers.HasTopics():
			s.reason = "MSK tells the topics of Kafka 3.6.0 or newer, and the cluster has " + brokers.KafkaVersion
		default:
			s.told, s.reason = c.looked.Topic(c.ClusterARN, name)
		}
		topics[name] = s
	})
	return topics
}

// missingTopic is one that a consumer uses and the cluster has not.
type missingTopic struct {
	consumer *Consumer
	topic    string
}

// missing are the topics that nobody has, and nobody in the app makes.
func (c *Cluster) missing(topics map[string]topicState) (out []missingTopic) {
	if c.looked == nil || c.looked.allowMissingTopics {
		return nil
	}
	var made []string
	walked := false
	for _, consumer := range c.consumers {
		for _, name := range consumer.usedTopics {
			s := topics[name]
			if told, known := s.told.Get(); !known || told.There || s.made != nil {
				continue
			}
			if !walked {
				made, walked = c.madeElsewhere(), true
			}
			if !slices.Contains(made, name) {
				out = append(out, missingTopic{consumer, name})
			}
		}
	}
	return out
}

// madeElsewhere are the topics of the cluster that are made anywhere in the app.
func (c *Cluster) madeElsewhere() (names []string) {
	for _, node := range *c.Node().Root().Node().FindAll(constructs.ConstructOrder_PREORDER) {
		if t, ok := node.(awsmsk.CfnTopic); ok && *t.ClusterArn() == c.ClusterARN {
			names = append(names, *t.TopicName())
		}
	}
	return names
}

func (m missingTopic) refusal(meant []string) string {
	verb := "writes to"
	if m.topic == m.consumer.Topic {
		verb = "reads"
	}
	advice := "create it first"
	if len(meant) > 0 {
		advice = `did you mean "` + strings.Join(meant, `" or "`) + `"? Else create it first`
	}
	return fmt.Sprintf("%s %s the topic %q, which the cluster had not when it was looked up: %s, or let the stack make it by AddTopic, in the app by createTopic. "+
		"Where it is there by now, forget what was looked up (cdk context --clear). To deploy without, set AllowMissingTopics, in the app allowMissingTopics",
		m.consumer.path, verb, m.topic, advice)
}

// namesOfTopics are those that may have been meant: the ones that the cluster has, and
// those that mappings read, for where the cluster's may not be listed.
func (c *Cluster) namesOfTopics(topics map[string]topicState) []string {
	names := c.looked.Topics(c.ClusterARN)
	for _, m := range c.looked.mappings.Or(nil) {
		if m.Topic != "" {
			names = append(names, m.Topic)
		}
	}
	for name, s := range topics {
		if s.made != nil || s.told.Or(lookup.Topic{}).There {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// meant are the names that may have been meant by one that is missing, which a mapping may
// read all the same.
func meant(missing string, names []string) []string {
	return near.Names(missing, slices.DeleteFunc(slices.Clone(names), func(name string) bool { return name == missing }))
}

// changesRefused says of topics that are made here, and are there, what MSK and Kafka
// would refuse to make of them.
func (c *Cluster) changesRefused(topics map[string]topicState) (texts []string) {
	for _, t := range c.topics {
		told := topics[t.Name].told.Or(lookup.Topic{})
		if told.Partitions > t.props.Partitions {
			texts = append(texts, fmt.Sprintf("the topic %q has Partitions %d, and had %d when it was looked up: Kafka takes no partition away", t.Name, t.props.Partitions, told.Partitions))
		}
		if told.There && told.Replicas > 0 && told.Replicas != t.props.ReplicationFactor {
			texts = append(texts, fmt.Sprintf("the topic %q has ReplicationFactor %d, and had %d when it was looked up: it cannot be changed, and a new topic needs a new name",
				t.Name, t.props.ReplicationFactor, told.Replicas))
		}
	}
	return texts
}

// noteTopics says what could not be known of topics, and of those that are made here.
func (c *Cluster) noteTopics(topics map[string]topicState) {
	if c.looked == nil {
		return
	}
	note := func(on constructs.IConstruct, n notice.Notice) {
		awscdk.Annotations_Of(on).AddInfoV2(&n.ID, jsii.String(n.String()))
	}
	inTurns(c, c.topics, func(t *Topic) {
		state := ", and need not be there"
		if told := topics[t.Name].told.Or(lookup.Topic{}); told.There {
			state = fmt.Sprintf(", and was there when it was looked up, with %d partitions: where no deploy of this stack made it, the next one is refused, and cdk import takes it in", told.Partitions)
		}
		note(c, notice.TopicMade.For(t.Name, notice.Data{"topic": t.Name, "state": state}))
	})
	inTurns(c, c.consumers, func(consumer *Consumer) {
		for _, name := range consumer.usedTopics {
			s := topics[name]
			if told, known := s.told.Get(); known && !told.There && c.looked.allowMissingTopics {
				s.reason = "it was not when it was looked up, which AllowMissingTopics accepts"
			}
			if s.made == nil && s.reason != "" {
				note(consumer, notice.TopicUnknown.For(name, notice.Data{"topic": name, "reason": s.reason}))
			}
		}
	})
}

// checkMade reports what the look-up tells and stands in the way of a topic to be made.
func (c *Cluster) checkMade(props *TopicProps) error {
	if c.looked == nil || c.Pending() {
		return nil
	}
	var ps problems
	brokers, known := c.looked.brokers.Get()
	if known && !brokers.HasTopics() {
		ps.Add("ClusterARN", "must be of a cluster with Kafka 3.6.0 or newer for a topic to be made, got one with %s", brokers.KafkaVersion)
	}
	if got := props.replicas(len(c.props.SubnetIDs)); brokers.Count > 0 && got > brokers.Count {
		ps.Add("ReplicationFactor", "must be at most %d, one for each broker of the cluster, got %d", brokers.Count, got)
	}
	return ps.Err()
}
