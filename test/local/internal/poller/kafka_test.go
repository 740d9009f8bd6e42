package poller

import (
	"context"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"

	"msklambda/test/local/internal/broker"
	"msklambda/test/local/internal/brokertest"
	"msklambda/test/local/internal/cluster"
	"msklambda/test/local/internal/connect"
)

// ofItsOwn makes the brokers of tests processes of their own.
var ofItsOwn bool

// testKafka is a cluster of a test.
type testKafka struct {
	*cluster.Cluster
	opts []kgo.Opt
}

// startKafka starts a cluster with topics, such as "orders:3,dead:1".
func startKafka(t *testing.T, topics string) *testKafka {
	t.Helper()
	var k *connect.Kafka
	if ofItsOwn {
		k = brokertest.Apart(t, topics)
	} else {
		b, err := broker.Start(broker.Config{})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(b.Close)
		for topic := range strings.SplitSeq(topics, ",") {
			name, n, _ := strings.Cut(topic, ":")
			partitions, err := strconv.Atoi(n)
			if err != nil {
				t.Fatal(err)
			}
			if err := b.CreateTopic(name, partitions); err != nil {
				t.Fatal(err)
			}
		}
		k = &connect.Kafka{Brokers: b.Addrs()}
	}
	c, err := cluster.Open(t.Context(), k)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	opts, err := k.Options()
	if err != nil {
		t.Fatal(err)
	}
	return &testKafka{c, opts}
}

// produce runs f with a client.
func (k *testKafka) produce(t *testing.T, f func(*kgo.Client, context.Context) error, more ...kgo.Opt) {
	t.Helper()
	client, err := kgo.NewClient(append(append([]kgo.Opt{kgo.ProducerBatchMaxBytes(16 << 20)}, k.opts...), more...)...)
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	if err := f(client, t.Context()); err != nil {
		t.Fatal(err)
	}
}

// new makes a poller of topic orders.
func (k *testKafka) new(t *testing.T, c Config) *Poller {
	t.Helper()
	c.Brokers, c.Client, c.Topic = k.Brokers(), k.opts, "orders"
	if c.Group == "" {
		c.Group = "g"
	}
	c.FunctionARN, c.SourceARN = "arn:f", "arn:s"
	if c.Backoff == nil {
		c.Backoff = func(int) time.Duration { return time.Millisecond }
	}
	p, err := New(c)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func (k *testKafka) offsets(t *testing.T, group string) []cluster.Offsets {
	t.Helper()
	all, err := k.Offsets(t.Context(), "orders", group)
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// poll polls until all is committed that there is.
func (k *testKafka) poll(t *testing.T, c Config) *Poller {
	t.Helper()
	group := c.Group
	if group == "" {
		group = "g"
	}
	return k.pollUntil(t, c, func() bool { return cluster.Lag(k.offsets(t, group)) == 0 })
}

// pollUntil polls until something is so.
func (k *testKafka) pollUntil(t *testing.T, c Config, until func() bool) *Poller {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	p := k.new(t, c)
	ended := make(chan error, 1)
	go func() { ended <- p.Run(ctx) }()
	for !until() {
		if ctx.Err() != nil {
			t.Fatalf("not done after a minute: %+v", p.Stats())
		}
		time.Sleep(5 * time.Millisecond)
	}
	p.Stop()
	if err := <-ended; err != nil {
		t.Error(err)
	}
	return p
}
