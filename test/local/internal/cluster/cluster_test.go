package cluster

import (
	"context"
	"crypto/tls"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kversion"

	"msklambda/test/local/internal/broker"
	"msklambda/test/local/internal/connect"
)

// secured is a broker with TLS and SCRAM, and how it is reached.
func secured(t *testing.T) connect.Kafka {
	t.Helper()
	cert, text, err := broker.SelfSigned()
	if err != nil {
		t.Fatal(err)
	}
	ca := filepath.Join(t.TempDir(), "ca.pem")
	if err := os.WriteFile(ca, text, 0o600); err != nil {
		t.Fatal(err)
	}
	k := start(t, broker.Config{TLS: &tls.Config{Certificates: []tls.Certificate{cert}}, User: "reader", Password: "secret"})
	k.TLS, k.CA, k.SASL, k.Username, k.Password = true, ca, "SCRAM-SHA-512", "reader", "secret"
	return k
}

func start(t *testing.T, config broker.Config) connect.Kafka {
	t.Helper()
	b, err := broker.Start(config)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(b.Close)
	if err := b.CreateTopic("orders", 2); err != nil {
		t.Fatal(err)
	}
	return connect.Kafka{Brokers: b.Addrs()}
}

func open(t *testing.T, k connect.Kafka) *Cluster {
	t.Helper()
	c, err := Open(t.Context(), &k)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	return c
}

// Whatever keeps the loop from the brokers is one line that says what to do.
func TestWhyBrokersAreNotReached(t *testing.T) {
	before := answerTime
	answerTime = 3 * time.Second
	t.Cleanup(func() { answerTime = before })
	safe, open := secured(t), start(t, broker.Config{})
	with := func(k connect.Kafka, edit func(*connect.Kafka)) connect.Kafka {
		edit(&k)
		return k
	}
	silent, err := net.Listen("tcp", "127.0.0.1:0") // connections wait in its queue
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { silent.Close() }) // cases run in parallel, after this function
	nobody, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	nobody.Close()
	old, err := kfake.NewCluster(kfake.NumBrokers(1), kfake.MaxVersions(kversion.V0_8_0()))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(old.Close)
	for name, tt := range map[string]struct {
		kafka connect.Kafka
		want  string
	}{
		"nobody listens":        {connect.Kafka{Brokers: []string{nobody.Addr().String()}}, "nothing listens there: start the broker or the tunnel"},
		"no such host":          {connect.Kafka{Brokers: []string{"none.invalid:9092"}}, "there is no host none.invalid: is the name right"},
		"no answer":             {connect.Kafka{Brokers: []string{silent.Addr().String()}}, "it does not answer: is there a way to it"},
		"no answer by TLS":      {connect.Kafka{Brokers: []string{silent.Addr().String()}, TLS: true}, "it does not answer to TLS: leave out -tls"},
		"plain text to TLS":     {with(safe, func(k *connect.Kafka) { *k = connect.Kafka{Brokers: k.Brokers} }), "it may want TLS (-tls)"},
		"TLS to plain text":     {with(open, func(k *connect.Kafka) { k.TLS = true }), "leave out -tls, or give the port for TLS"},
		"a CA nobody knows":     {with(safe, func(k *connect.Kafka) { k.CA = "" }), "give the CA's with -tls-ca"},
		"another name":          {with(safe, func(k *connect.Kafka) { k.ServerName = "b-1.example" }), "its certificate is for localhost, 127.0.0.1 and not for b-1.example: give a name of it with -tls-server-name"},
		"no user":               {with(safe, func(k *connect.Kafka) { k.SASL = "" }), "it may want a user (-sasl, -username)"},
		"a wrong password":      {with(safe, func(k *connect.Kafka) { k.Password = "wrong" }), "user or password"},
		"an unknown user":       {with(safe, func(k *connect.Kafka) { k.Username = "nobody" }), "user or password"},
		"another mechanism":     {with(safe, func(k *connect.Kafka) { k.SASL = "AWS_MSK_IAM"; k.Username = "" }), "it does not offer -sasl AWS_MSK_IAM: try another of"},
		"an older protocol":     {connect.Kafka{Brokers: old.ListenAddrs()}, "it must speak the protocol of Kafka 0.11 or newer"},
		"a file that is no PEM": {with(safe, func(k *connect.Kafka) { k.CA = "cluster_test.go" }), "-tls-ca must be a file of certificates in PEM, got cluster_test.go, which has none"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel() // most is waiting
			start := time.Now()
			if strings.HasPrefix(name, "no answer") || name == "TLS to plain text" {
				tt.kafka.Timeout = answerTime / 4 // the others are answered
			}
			c, err := Open(t.Context(), &tt.kafka)
			if err == nil {
				c.Close()
			}
			if err == nil || !strings.Contains(err.Error(), tt.want) || strings.Contains(err.Error(), "\n") {
				t.Errorf("Open = %v\nwant one line with %q", err, tt.want)
			}
			if took := time.Since(start); took > answerTime+5*time.Second {
				t.Errorf("Open took %v, want at most %v", took, answerTime)
			}
		})
	}
}

func produce(t *testing.T, k connect.Kafka, records ...*kgo.Record) {
	t.Helper()
	opts, err := k.Options()
	if err != nil {
		t.Fatal(err)
	}
	client, err := kgo.NewClient(append(opts, kgo.RecordPartitioner(kgo.ManualPartitioner()), kgo.DefaultProduceTopic("orders"))...)
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	if err := client.ProduceSync(t.Context(), records...).FirstErr(); err != nil {
		t.Fatal(err)
	}
}

// The same questions and answers, of a broker that lets everyone in and of one with TLS
// and SCRAM.
func TestTopicsAndOffsets(t *testing.T) {
	for name, k := range map[string]connect.Kafka{"plain": start(t, broker.Config{}), "secured": secured(t)} {
		t.Run(name, func(t *testing.T) {
			c, ctx := open(t, k), t.Context()
			if err := c.Create(ctx, "enriched", 3); err != nil {
				t.Fatal(err)
			}
			if err := c.Create(ctx, "enriched", 9); err != nil {
				t.Errorf("a topic that is there = %v, want no error", err)
			}
			got, err := c.Partitions(ctx, "orders", "enriched", "none")
			if want := "map[enriched:3 orders:2]"; err != nil || fmt.Sprint(got) != want {
				t.Errorf("partitions = %v, %v, want %s", got, err, want)
			}
			if got, err := c.Topics(ctx); err != nil || fmt.Sprint(got) != "[enriched orders]" {
				t.Errorf("topics = %v, %v, want enriched and orders", got, err)
			}
			produce(t, k, &kgo.Record{Partition: 1, Value: []byte("a")}, &kgo.Record{Partition: 1, Value: []byte("b")})
			all, err := c.Offsets(ctx, "orders", "orders-fn")
			if want := "[{0 0 -1} {0 2 -1}]"; err != nil || fmt.Sprint(all) != want || Lag(all) != 2 {
				t.Errorf("offsets = %v, lag %d, %v, want %s and 2", all, Lag(all), err, want)
			}
			if _, err := c.admin.CommitOffsets(ctx, "orders-fn", kadm.Offsets{"orders": {1: {Topic: "orders", Partition: 1, At: 1, LeaderEpoch: -1}}}); err != nil {
				t.Fatal(err)
			}
			all, err = c.Offsets(ctx, "orders", "orders-fn")
			if want := "[{0 0 -1} {0 2 1}]"; err != nil || fmt.Sprint(all) != want || Lag(all) != 1 {
				t.Errorf("offsets = %v, lag %d, %v, want %s and 1", all, Lag(all), err, want)
			}
			if members, err := c.Members(ctx, "orders-fn"); err != nil || len(members) != 0 {
				t.Errorf("members = %v, %v, want none", members, err)
			}
		})
	}
}

func TestAGroupAtWorkHasMembers(t *testing.T) {
	k := start(t, broker.Config{})
	c := open(t, k)
	opts, err := k.Options()
	if err != nil {
		t.Fatal(err)
	}
	client, err := kgo.NewClient(append(opts, kgo.ConsumerGroup("orders-fn"), kgo.ConsumeTopics("orders"), kgo.ClientID("theirs"))...)
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	for {
		members, err := c.Members(ctx, "orders-fn")
		if err != nil {
			t.Fatal(err)
		}
		if len(members) == 1 {
			if !strings.HasPrefix(members[0], "theirs at ") {
				t.Errorf("member = %q, want theirs", members[0])
			}
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
}

// The end of a transaction has an offset, and no record.
func TestTheEndOfATransactionIsNoRecord(t *testing.T) {
	k := start(t, broker.Config{})
	c, ctx := open(t, k), t.Context()
	opts, err := k.Options()
	if err != nil {
		t.Fatal(err)
	}
	client, err := kgo.NewClient(append(opts, kgo.TransactionalID("t"), kgo.DefaultProduceTopic("orders"), kgo.RecordPartitioner(kgo.ManualPartitioner()))...)
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	for range 2 {
		if err := client.BeginTransaction(); err != nil {
			t.Fatal(err)
		}
		if err := client.ProduceSync(ctx, &kgo.Record{Value: []byte("a")}).FirstErr(); err != nil {
			t.Fatal(err)
		}
		if err := client.EndTransaction(ctx, kgo.TryCommit); err != nil {
			t.Fatal(err)
		}
	}
	got, err := c.Records(ctx, "orders", 0, 0, 4)
	if want := "map[0:true 2:true]"; err != nil || fmt.Sprint(got) != want {
		t.Errorf("records = %v, %v, want %s", got, err, want)
	}
}
