package lookup

import (
	"strconv"
	"strings"

	"msklambda/constructs/arn"
	"msklambda/constructs/network"
)

// Topic is what a look-up told of a Kafka topic. One that the cluster has not is the
// zero value.
type Topic struct {
	There                bool
	Partitions, Replicas int
}

// Brokers are what a provisioned cluster told of its brokers.
type Brokers struct {
	KafkaVersion string // such as "3.8.x"
	Count        int
}

// HasTopics reports whether MSK makes and tells topics of a cluster with that version
// of Kafka: 3.6.0 or newer. It is true of a version that is not understood.
func (b Brokers) HasTopics() bool {
	parts := strings.SplitN(b.KafkaVersion, ".", 3)
	if len(parts) < 2 {
		return true
	}
	major, err := strconv.Atoi(parts[0])
	minor, err2 := strconv.Atoi(parts[1])
	return err != nil || err2 != nil || major > 3 || major == 3 && minor >= 6
}

// Brokers are those of a cluster. They are asked for along with other questions, as
// [LookUp.Mappings] is, and fail nothing.
func (l *LookUp) Brokers(clusterARN string) network.Fact[Brokers] {
	if arn.IsServerless(clusterARN) {
		return network.Fact[Brokers]{}
	}
	object, asked, _ := l.along(query{kind: "cluster", typeName: typeCluster, id: clusterARN, required: []string{"KafkaVersion", "NumberOfBrokerNodes"}})
	switch {
	case object != nil:
		return network.Told(Brokers{property[string](object, "KafkaVersion").Or(""), property[int](object, "NumberOfBrokerNodes").Or(0)})
	case asked:
		return network.Unknown[Brokers]()
	}
	return network.Fact[Brokers]{}
}

// Topic is one of a provisioned cluster, and why it is not known, where it was asked for and
// is not. Its identifier is its ARN, which those of the cluster and the name make. The
// answer that there is none is kept like any other.
//
// It is asked for along with other questions, as [LookUp.Mappings] is, and a failure fails
// nothing: the role of the bootstrap stack may not see topics, unless somebody lets it.
func (l *LookUp) Topic(clusterARN, name string) (found network.Fact[Topic], reason string) {
	object, asked, reason := l.along(query{kind: "topic", typeName: typeTopic, id: topicARN(clusterARN, name),
		required: []string{"PartitionCount", "ReplicationFactor"}, mayBeMissing: true})
	switch {
	case object != nil && len(object) == 0:
		return network.Told(Topic{}), ""
	case object != nil:
		return network.Told(Topic{true, property[int](object, "PartitionCount").Or(0), property[int](object, "ReplicationFactor").Or(0)}), ""
	case asked:
		return network.Unknown[Topic](), reason
	}
	return found, ""
}

// Topics are the names of the topics that a cluster has, none where they could not be
// listed. They are asked for once a topic is known to be missing, to say which one may
// have been meant.
func (l *LookUp) Topics(clusterARN string) (names []string) {
	q := query{kind: "topic", typeName: typeTopic, match: map[string]any{}, model: map[string]any{"ClusterArn": clusterARN}}
	objects, _ := l.try(q)
	for _, object := range objects {
		var id string
		into(object, "Identifier", &id)
		// "__" is before those of Kafka and MSK.
		if name, of := strings.CutPrefix(id, topicARN(clusterARN, "")); of && !strings.HasPrefix(name, "__") {
			names = append(names, name)
		}
	}
	return names
}

func topicARN(clusterARN, name string) string {
	before, after, _ := strings.Cut(clusterARN, arn.ClusterSeparator)
	return arn.Kafka(before, after, "topic", name)
}

// along asks for one resource where something else is asked for as well, or it was asked
// for before. The resource is nil where it is not known, with the reason where it failed.
func (l *LookUp) along(q query) (object map[string]any, asked bool, reason string) {
	r := &reader{LookUp: l, may: l.pending || l.reason(q) != ""}
	if objects, ok := r.read(q); ok {
		return objects[0], true, ""
	}
	return nil, r.asked, r.reason
}
