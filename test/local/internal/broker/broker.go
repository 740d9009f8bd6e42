// Package broker runs a Kafka cluster in this process, on loopback: kfake, which
// speaks Kafka's protocol to any client.
package broker

import (
	"context"
	"crypto/tls"
	"fmt"
	"net"
	"slices"
	"strconv"

	"github.com/twmb/franz-go/pkg/kfake"
)

// Config describes a cluster.
type Config struct {
	Port int // of the first broker; 0 is any that is free

	Brokers int // Default: 1.

	// DataDir keeps the records, and what groups have committed, over a
	// restart. Without one they are kept in memory.
	DataDir string

	// Before wraps where the brokers listen, for what stands before them.
	Before func(net.Listener) net.Listener

	// TLS is what the brokers show who they are with. Default: plain text.
	TLS *tls.Config

	// User and Password are those of SCRAM-SHA-512 that clients must have. Default:
	// everyone is let in.
	User, Password string
}

// PortError is a port that cannot be had.
type PortError struct {
	Port  int
	cause error
}

// Error says which port, why, and what to do.
func (e *PortError) Error() string {
	return fmt.Sprintf("port %d cannot be had: end what listens there, or give another port, or 0 for any (%v)", e.Port, e.cause)
}

// Unwrap returns what the system said.
func (e *PortError) Unwrap() error { return e.cause }

// maxMessage is the largest record that the cluster takes. Kafka's own default,
// and that of MSK, is about 1 MB; a larger one makes it possible to see what
// happens to a record that no event of Lambda can hold.
const maxMessage = 32 << 20

// Broker is a cluster.
type Broker struct {
	cfg     Config
	cluster *kfake.Cluster
	ports   []*port
}

// Start starts a cluster. It listens on 127.0.0.1 only.
func Start(cfg Config) (*Broker, error) {
	if cfg.Brokers == 0 {
		cfg.Brokers = 1
	}
	b := &Broker{cfg: cfg}
	for i := range cfg.Brokers {
		n := 0
		if cfg.Port != 0 {
			n = cfg.Port + i
		}
		p, err := openPort(net.JoinHostPort("127.0.0.1", strconv.Itoa(n)))
		if err != nil {
			b.closePorts()
			if n != 0 {
				err = &PortError{n, err}
			}
			return nil, err
		}
		b.ports = append(b.ports, p)
	}
	if err := b.start(); err != nil {
		b.closePorts()
		return nil, err
	}
	return b, nil
}

func (b *Broker) start() error {
	var numbers []int
	for _, p := range b.ports {
		numbers = append(numbers, p.Addr().(*net.TCPAddr).Port)
	}
	opts := []kfake.Opt{
		kfake.Ports(numbers...),
		kfake.ListenFn(b.listen),
		kfake.ClusterID("msklambda-local"),
		kfake.BrokerConfigs(map[string]string{"message.max.bytes": strconv.Itoa(maxMessage)}),
	}
	if b.cfg.DataDir != "" {
		opts = append(opts, kfake.DataDir(b.cfg.DataDir))
	}
	if b.cfg.TLS != nil {
		opts = append(opts, kfake.TLS(b.cfg.TLS))
	}
	if b.cfg.User != "" {
		opts = append(opts, kfake.EnableSASL(), kfake.Superuser("SCRAM-SHA-512", b.cfg.User, b.cfg.Password))
	}
	var err error
	b.cluster, err = kfake.NewCluster(opts...)
	return err
}

func (b *Broker) listen(_, address string) (net.Listener, error) {
	for _, p := range b.ports {
		if p.Addr().String() == address {
			if b.cfg.Before != nil {
				return b.cfg.Before(p.listen()), nil
			}
			return p.listen(), nil
		}
	}
	return nil, fmt.Errorf("no port %s", address)
}

// Restart stops all brokers and starts them again at the same addresses. It
// needs a DataDir.
func (b *Broker) Restart() error {
	if b.cfg.DataDir == "" {
		return fmt.Errorf("without a DataDir a restart would lose the records")
	}
	b.stop()
	return b.start()
}

// Addrs are where the brokers listen.
func (b *Broker) Addrs() []string { return b.cluster.ListenAddrs() }

// CreateTopic makes a topic.
func (b *Broker) CreateTopic(topic string, partitions int) error {
	return b.cluster.CreateTopic(topic, int32(partitions), nil)
}

// HasTopic reports whether there is a topic.
func (b *Broker) HasTopic(topic string) bool { return b.cluster.TopicInfo(topic) != nil }

// Offsets are how far a group has got with a partition.
type Offsets struct {
	End       int64 // of the partition: the offset of its next record
	Committed int64 // by the group: the offset of the record to read next
}

// Offsets returns those of a group for all partitions of a topic, as the
// cluster has them and not as a client may think.
func (b *Broker) Offsets(topic, group string) []Offsets {
	var all []Offsets
	var commits map[int32]kfake.GroupCommit
	if g := b.cluster.GroupInfo(group); g != nil {
		commits = g.Commits[topic]
	}
	for _, p := range b.cluster.PartitionInfos(topic) {
		all = append(all, Offsets{End: p.HighWatermark, Committed: commits[p.Partition].Offset})
	}
	return all
}

// Lag is how many records a group has not committed.
func (b *Broker) Lag(topic, group string) int64 {
	var lag int64
	for _, o := range b.Offsets(topic, group) {
		lag += o.End - o.Committed
	}
	return lag
}

// WaitForMembers waits until a group has n members, all with partitions.
func (b *Broker) WaitForMembers(ctx context.Context, group string, n int) error {
	_, err := b.cluster.WaitGroupInfo(ctx, group, func(g *kfake.GroupInfo) bool {
		return g != nil && g.State == "Stable" && len(g.Members) == n &&
			!slices.ContainsFunc(g.Members, func(m kfake.GroupMember) bool { return m.NumAssigned() == 0 })
	})
	return err
}

// WaitForCommit waits until a group has committed all that the topic holds.
func (b *Broker) WaitForCommit(ctx context.Context, topic, group string) error {
	ends := map[int32]int64{}
	for _, p := range b.cluster.PartitionInfos(topic) {
		ends[p.Partition] = p.HighWatermark
	}
	_, err := b.cluster.WaitGroupInfo(ctx, group, func(g *kfake.GroupInfo) bool {
		if g == nil {
			return false
		}
		for partition, end := range ends {
			if g.Commits[topic][partition].Offset != end {
				return false
			}
		}
		return true
	})
	return err
}

// Close stops the cluster.
func (b *Broker) Close() {
	b.stop()
	b.closePorts()
}

func (b *Broker) stop() {
	b.cluster.Close()
	for _, p := range b.ports {
		p.hangUp()
	}
}

func (b *Broker) closePorts() {
	for _, p := range b.ports {
		p.Close()
	}
}
