package topic_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"

	"msklambda/lambda/kafka"
	"msklambda/lambda/kafka/deadletter/topic"
	"msklambda/lambda/kafka/kafkatest"
)

func client(t *testing.T, c *kfake.Cluster, opts ...kgo.Opt) *kgo.Client {
	t.Helper()
	cl, err := kgo.NewClient(append([]kgo.Opt{kgo.SeedBrokers(c.ListenAddrs()...)}, opts...)...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(cl.Close)
	return cl
}

func cluster(t *testing.T) *kfake.Cluster {
	t.Helper()
	c, err := kfake.NewCluster(kfake.NumBrokers(1), kfake.SeedTopics(1, "dead"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	return c
}

func TestARecordThatIsGivenUpIsInTheTopic(t *testing.T) {
	c := cluster(t)
	records := kafkatest.Keyed("orders", 2, 7, "a", "1", "b", "2", "c", "3")
	records[1].SetHeaders(kafka.Header{Key: "trace", Value: []byte("x")}, kafka.Header{Key: "trace", Value: []byte("y")})
	records[2].Key, records[2].Value = nil, nil
	h := kafka.Handler(func(_ context.Context, r *kafka.Record) error {
		if r.Offset > 7 {
			return kafka.Permanent(errors.New("boom"))
		}
		return nil
	}, kafka.DeadLetter(topic.New(client(t, c), "dead")))
	if result := kafkatest.Run(t, h, kafkatest.Event(records...), kafkatest.OnDemand); result.Err != nil {
		t.Fatal(result.Err)
	}
	reader := client(t, c, kgo.ConsumeTopics("dead"), kgo.ConsumeResetOffset(kgo.NewOffset().AtStart()))
	var got []string
	for len(got) < 2 {
		fetches := reader.PollFetches(t.Context())
		if err := fetches.Err(); err != nil {
			t.Fatal(err)
		}
		fetches.EachRecord(func(r *kgo.Record) {
			s := fmt.Sprintf("%#v %#v", r.Key, r.Value)
			for _, h := range r.Headers {
				s += fmt.Sprintf(" %s=%s", h.Key, h.Value)
			}
			got = append(got, s)
		})
	}
	const origin = "dead-letter-topic=orders dead-letter-partition=2 dead-letter-offset=%d dead-letter-timestamp=2025-01-01T00:00:0%dZ dead-letter-error=boom dead-letter-attempts=1"
	want := []string{
		`[]byte{0x62} []byte{0x32} trace=x trace=y ` + fmt.Sprintf(origin, 8, 1),
		`[]byte(nil) []byte(nil) ` + fmt.Sprintf(origin, 9, 2),
	}
	slices.Sort(got)
	slices.Sort(want)
	if !slices.Equal(got, want) {
		t.Errorf("topic has\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

// A topic that refuses one record of several fails that one alone.
func TestWhatTheTopicDoesNotTakeFails(t *testing.T) {
	c := cluster(t)
	c.ControlKey(int16(kmsg.Produce), func(req kmsg.Request) (kmsg.Response, error, bool) {
		c.KeepControl()
		resp := req.ResponseKind().(*kmsg.ProduceResponse)
		for _, t := range req.(*kmsg.ProduceRequest).Topics {
			rt := kmsg.NewProduceResponseTopic()
			rt.Topic, rt.TopicID = t.Topic, t.TopicID
			for _, p := range t.Partitions {
				rp := kmsg.NewProduceResponseTopicPartition()
				rp.Partition = p.Partition
				rp.ErrorCode = kerr.TopicAuthorizationFailed.Code
				rt.Partitions = append(rt.Partitions, rp)
			}
			resp.Topics = append(resp.Topics, rt)
		}
		return resp, nil, true
	})
	h := kafka.Handler(func(_ context.Context, r *kafka.Record) error {
		if r.Offset == 8 {
			return kafka.Permanent(errors.New("boom"))
		}
		return nil
	}, kafka.DeadLetter(topic.New(client(t, c), "dead")), kafka.ContinueOnError())
	result := kafkatest.Run(t, h, kafkatest.Event(kafkatest.Records("orders", 0, 7, "a", "b", "c")...), kafkatest.Provisioned)
	if got := fmt.Sprint(result.Failed()); got != "[orders[0]@8]" || result.Err != nil {
		t.Errorf("failed = %s, %v, want orders[0]@8", got, result.Err)
	}
	result = kafkatest.Run(t, h, kafkatest.Event(kafkatest.Records("orders", 0, 8, "b")...), kafkatest.OnDemand)
	if want := "kafka: handle orders[0]@8: boom; dead letter: produce to dead: "; result.Err == nil || !strings.HasPrefix(result.Err.Error(), want) {
		t.Errorf("error = %v, want %s...", result.Err, want)
	}
}

// A record larger than the client takes fails, and its neighbours do not.
func TestARecordThatIsTooLargeFailsAlone(t *testing.T) {
	c := cluster(t)
	cl := client(t, c, kgo.ProducerBatchMaxBytes(4096), kgo.ProducerBatchCompression(kgo.NoCompression()))
	h := kafka.Handler(kafka.Batch(func(_ context.Context, r []*kafka.Record) error {
		return kafka.FailedOnly(kafka.Permanent(errors.New("boom")), r...)
	}), kafka.DeadLetter(topic.New(cl, "dead")), kafka.ContinueOnError())
	result := kafkatest.Run(t, h, kafkatest.Event(kafkatest.Records("orders", 0, 7, "a", strings.Repeat("b", 10000), "c")...), kafkatest.Provisioned)
	if got := fmt.Sprint(result.Failed()); got != "[orders[0]@8]" {
		t.Errorf("failed = %s, want orders[0]@8", got)
	}
}

func TestNewRefusesWhatLosesRecords(t *testing.T) {
	c := cluster(t)
	for name, test := range map[string]struct {
		opts []kgo.Opt
		want bool
	}{
		"the default":     {nil, true},
		"all replicas":    {[]kgo.Opt{kgo.RequiredAcks(kgo.AllISRAcks())}, true},
		"the leader":      {[]kgo.Opt{kgo.DisableIdempotentWrite(), kgo.RequiredAcks(kgo.LeaderAck())}, false},
		"no acknowledged": {[]kgo.Opt{kgo.DisableIdempotentWrite(), kgo.RequiredAcks(kgo.NoAck())}, false},
	} {
		func() {
			defer func() {
				if r := recover(); (r == nil) != test.want {
					t.Errorf("%s: panic = %v, want it taken: %v", name, r, test.want)
				}
			}()
			topic.New(client(t, c, test.opts...), "dead")
		}()
	}
	for _, name := range []string{"", "dead"} {
		func() {
			defer func() {
				if recover() == nil {
					t.Errorf("New(%q) without a client or a name is taken", name)
				}
			}()
			if name == "" {
				topic.New(client(t, c), name)
			} else {
				topic.New(nil, name)
			}
		}()
	}
}
