package main

import (
	"encoding/json"
	"fmt"
	"slices"
	"testing"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"

	"msklambda/lambda/kafka"
	"msklambda/lambda/kafka/kafkatest"
)

func start(t *testing.T) (*kfake.Cluster, *enricher) {
	t.Helper()
	c, err := kfake.NewCluster(kfake.NumBrokers(1), kfake.SeedTopics(4, "enriched"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	client, err := kgo.NewClient(kgo.SeedBrokers(c.ListenAddrs()...), kgo.DefaultProduceTopic("enriched"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(client.Close)
	return c, &enricher{client: client, lookUp: countries}
}

// produced returns the offsets that were produced of each key, in order.
func produced(t *testing.T, c *kfake.Cluster, n int) map[string][]string {
	t.Helper()
	reader, err := kgo.NewClient(kgo.SeedBrokers(c.ListenAddrs()...), kgo.ConsumeTopics("enriched"), kgo.ConsumeResetOffset(kgo.NewOffset().AtStart()))
	if err != nil {
		t.Fatal(err)
	}
	defer reader.Close()
	got := map[string][]string{}
	for n > 0 {
		fetches := reader.PollFetches(t.Context())
		if err := fetches.Err(); err != nil {
			t.Fatal(err)
		}
		fetches.EachRecord(func(r *kgo.Record) {
			var e Enriched
			if err := json.Unmarshal(r.Value, &e); err != nil || e.Country != "CU" {
				t.Errorf("produced %s, %v, want a country", r.Value, err)
			}
			got[string(r.Key)] = append(got[string(r.Key)], e.ID)
			n--
		})
	}
	return got
}

func TestOrderOfEachKeyIsKept(t *testing.T) {
	c, e := start(t)
	const n, keys = 2000, 50
	var all []string
	want := map[string][]string{}
	for i := range n {
		key := fmt.Sprintf("k%d", i%keys)
		id := fmt.Sprintf("%04d", i)
		all = append(all, key, fmt.Sprintf(`{"ID":%q,"Customer":"customer"}`, id))
		want[key] = append(want[key], id)
	}
	h := kafka.Handler(kafka.JSON(e.process), e.options()...)
	if r := kafkatest.Run(t, h, kafkatest.Event(kafkatest.Keyed("orders", 0, 0, all...)...), kafkatest.OnDemand); r.Err != nil {
		t.Fatal(r.Err)
	}
	got := produced(t, c, n)
	for key, ids := range want {
		if !slices.Equal(got[key], ids) {
			t.Errorf("%s = %v, want %v", key, got[key], ids)
		}
	}
}

// What the brokers refuse is told of the records that it was made of.
func TestWhatIsNotProducedComesAgain(t *testing.T) {
	c, e := start(t)
	refuse := true
	c.ControlKey(int16(kmsg.Produce), func(req kmsg.Request) (kmsg.Response, error, bool) {
		c.KeepControl()
		if !refuse {
			return nil, nil, false
		}
		resp := req.ResponseKind().(*kmsg.ProduceResponse)
		for _, t := range req.(*kmsg.ProduceRequest).Topics {
			rt := kmsg.NewProduceResponseTopic()
			rt.Topic, rt.TopicID = t.Topic, t.TopicID
			for _, p := range t.Partitions {
				rp := kmsg.NewProduceResponseTopicPartition()
				rp.Partition, rp.ErrorCode = p.Partition, kerr.TopicAuthorizationFailed.Code
				rt.Partitions = append(rt.Partitions, rp)
			}
			resp.Topics = append(resp.Topics, rt)
		}
		return resp, nil, true
	})
	h := kafka.Handler(kafka.JSON(e.process), e.options()...)
	records := kafkatest.Keyed("orders", 0, 0, "a", `{"Customer":"customer"}`, "b", `?`, "a", `{"Customer":"customer"}`)
	event := kafkatest.Event(records...)
	if got := fmt.Sprint(kafkatest.Run(t, h, event, kafkatest.Provisioned).Failed()); got != "[orders[0]@0 orders[0]@1 orders[0]@2]" {
		t.Errorf("failed = %s, want all three", got)
	}
	refuse = false
	if got := fmt.Sprint(kafkatest.Run(t, h, event, kafkatest.Provisioned).Failed()); got != "[orders[0]@1]" {
		t.Errorf("failed = %s, want the one that is no JSON", got)
	}
	if got := produced(t, c, 2); len(got["a"]) != 2 {
		t.Errorf("produced = %v, want two of a", got)
	}
}
