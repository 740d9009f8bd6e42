package msklambda

import (
	"cmp"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/aws/aws-cdk-go/awscdk/v2"

	"msklambda/constructs/arn"
	"msklambda/constructs/near"
)

// TopicProps describes a Kafka topic that the stack makes. Name and Partitions are
// required; the zero value of the other fields is their default. MSK makes topics on
// provisioned clusters with Kafka 3.6.0 or newer, in the account of the stack.
type TopicProps struct {
	// Name of the topic. Another name is another topic, without the records of the one
	// that was there.
	Name string

	// Partitions is how many there are, 1 or more. They can be made more at any time, and
	// the records of a key then go to another partition than before; Kafka takes none
	// away.
	Partitions int

	// ReplicationFactor is how many brokers have a copy of each partition. It cannot be
	// changed: MSK would have to make the topic anew, under a name that is taken.
	// Default: 3, or 2 for a cluster that is in two subnets, as MSK itself does.
	ReplicationFactor int

	// Config is what Kafka calls the configuration of a topic, by its own names, such as
	// {"retention.ms": "604800000"}. MSK takes it or the partitions in one call: change one
	// of them, deploy, and then the other.
	// Default: that of the cluster.
	Config map[string]string

	// RemovalPolicy says what becomes of the topic with the stack.
	// Default: RETAIN_ON_UPDATE_OR_DELETE, it is kept unless the very deploy that
	// made it fails. With DESTROY its records go with it.
	RemovalPolicy awscdk.RemovalPolicy
}

const (
	usualReplicas   = 3
	twoZoneReplicas = 2
)

// configName is the form of a name in a topic's configuration.
var configName = regexp.MustCompile(`^[a-z][a-z0-9.]*$`)

// configNames are those of Kafka 4.1: https://kafka.apache.org/documentation/#topicconfigs
var configNames = []string{
	"cleanup.policy", "compression.gzip.level", "compression.lz4.level", "compression.type", "compression.zstd.level", "delete.retention.ms",
	"file.delete.delay.ms", "flush.messages", "flush.ms", "follower.replication.throttled.replicas", "index.interval.bytes",
	"leader.replication.throttled.replicas", "local.retention.bytes", "local.retention.ms", "max.compaction.lag.ms", "max.message.bytes",
	"message.downconversion.enable", "message.format.version", "message.timestamp.after.max.ms", "message.timestamp.before.max.ms",
	"message.timestamp.difference.max.ms", "message.timestamp.type", "min.cleanable.dirty.ratio", "min.compaction.lag.ms", "min.insync.replicas",
	"preallocate", "remote.log.copy.disable", "remote.log.delete.on.disable", "remote.storage.enable", "retention.bytes", "retention.ms",
	"segment.bytes", "segment.index.bytes", "segment.jitter.ms", "segment.ms", "unclean.leader.election.enable",
}

// Validate reports every problem of the props at once, each as a [*Problem].
func (p *TopicProps) Validate() error {
	if p == nil {
		p = &TopicProps{}
	}
	var ps problems
	switch name := p.Name; {
	case name == "":
		ps.Add("Name", "is required: that of the Kafka topic to make")
	case isToken(name):
	case !topicName.MatchString(name):
		ps.Add("Name", "must be 1 to 249 letters, digits, '.', '_' or '-', got %q", name)
	case name == "." || name == "..":
		ps.Add("Name", "must not be \".\" or \"..\", which Kafka reserves, got %q", name)
	case strings.HasPrefix(name, "__"):
		ps.Add("Name", "must not begin with \"__\", as the topics of Kafka and MSK themselves do, got %q", name)
	}
	if p.Partitions < 1 {
		ps.Add("Partitions", "is required, and must be 1 or more, got %d", p.Partitions)
	}
	if p.ReplicationFactor < 0 {
		ps.Add("ReplicationFactor", "must be 1 or more, got %d", p.ReplicationFactor)
	}
	p.validateConfig(&ps)
	switch p.RemovalPolicy {
	case "", awscdk.RemovalPolicy_DESTROY, awscdk.RemovalPolicy_RETAIN, awscdk.RemovalPolicy_RETAIN_ON_UPDATE_OR_DELETE:
	default:
		ps.Add("RemovalPolicy", "must be %s, %s or %s, got %q", awscdk.RemovalPolicy_DESTROY,
			awscdk.RemovalPolicy_RETAIN, awscdk.RemovalPolicy_RETAIN_ON_UPDATE_OR_DELETE, p.RemovalPolicy)
	}
	return ps.Err()
}

func (p *TopicProps) validateConfig(ps *problems) {
	for _, name := range slices.Sorted(maps.Keys(p.Config)) {
		value := p.Config[name]
		switch {
		case isToken(name) || isToken(value):
			ps.Add("Config", "must not hold a token, since MSK takes it in base64, got %q = %q", name, value)
		case !configName.MatchString(name):
			ps.Add("Config", "must have names of Kafka, such as \"retention.ms\", got %q", name)
		case misspelt(name) != "":
			ps.Add("Config", "must have names of Kafka, got %q, did you mean %q?", name, misspelt(name))
		case value == "":
			ps.Add("Config", "must have a value for %q: leave it out for that of the cluster", name)
		}
	}
	// Every write that wants all copies would be refused.
	if least, err := strconv.Atoi(p.Config["min.insync.replicas"]); err == nil && p.ReplicationFactor > 0 && least > p.ReplicationFactor {
		ps.Add("Config", "must not have more min.insync.replicas than {ReplicationFactor} %d, got %d", p.ReplicationFactor, least)
	}
}

// misspelt is the name that was meant by one that is a slip or two away from it, and
// "" for a name that Kafka has, or may have in a later version.
func misspelt(name string) string {
	if slices.Contains(configNames, name) {
		return ""
	}
	for _, known := range configNames {
		if near.Distance(near.Plain(name), near.Plain(known)) <= 2 {
			return known
		}
	}
	return ""
}

// ValidateBeside reports what Kafka would refuse beside other topics that are made on
// the cluster, each as a [*Problem]. [Cluster.AddTopic] does it for those that are there.
func (p *TopicProps) ValidateBeside(others ...*TopicProps) error {
	var ps problems
	for _, other := range others {
		switch {
		case p == nil || other == nil || p.Name == "":
		case p.Name == other.Name:
			ps.Add("Name", "must not be that of another topic that is made here, got %q twice", p.Name)
		case !isToken(p.Name) && strings.ReplaceAll(p.Name, ".", "_") == strings.ReplaceAll(other.Name, ".", "_"):
			ps.Add("Name", "must differ by more than '.' and '_', which Kafka does not tell apart in metrics, got %q beside %q", p.Name, other.Name)
		}
	}
	return ps.Err()
}

// ValidateTopic reports why no topic can be made on this cluster, each as a
// [*Problem].
func (p *ClusterProps) ValidateTopic(props *TopicProps) error {
	var ps problems
	if arn.IsServerless(p.ClusterARN) {
		ps.Add("ClusterARN", "must be of a provisioned cluster for a topic to be made: MSK makes none on serverless ones, got %q", p.ClusterARN)
	}
	if p.VPCConnectionARN != "" {
		ps.Add("VPCConnectionARN", "must not be given for a topic to be made: that is for the account of the cluster to do")
	}
	return ps.Err()
}

// replicas are those that a topic has.
func (p *TopicProps) replicas(subnets int) int {
	standard := usualReplicas
	if subnets == twoZoneReplicas {
		standard = twoZoneReplicas
	}
	return cmp.Or(p.ReplicationFactor, standard)
}
