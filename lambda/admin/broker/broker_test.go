package broker

import (
	"bytes"
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"

	"msklambda/lambda/admin/ask"
)

// cluster starts one of three brokers with the topics orders and refunds.
func cluster(t *testing.T, opts ...kfake.Opt) *kfake.Cluster {
	t.Helper()
	c, err := kfake.NewCluster(append([]kfake.Opt{kfake.NumBrokers(3), kfake.SeedTopics(3, "orders", "refunds"),
		kfake.BrokerConfigs(map[string]string{"message.max.bytes": "33554432"})}, opts...)...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	return c
}

func on(t *testing.T, c *kfake.Cluster, policy Policy) *Broker {
	t.Helper()
	client, err := kgo.NewClient(append(Options(), kgo.SeedBrokers(c.ListenAddrs()...))...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(client.Close)
	return New(client, policy)
}

// want asks and fails the test on a refusal.
func want(t *testing.T, b *Broker, q ask.Question) *ask.Answer {
	t.Helper()
	a := b.Answer(t.Context(), &q)
	if a.Refused != nil {
		t.Fatalf("%s: refused (%s): %v", q.Do, a.Refused.Kind, a.Refused)
	}
	return a
}

func refused(t *testing.T, b *Broker, q ask.Question, kind ask.Kind, words ...string) {
	t.Helper()
	a := b.Answer(t.Context(), &q)
	if a.Refused == nil || a.Refused.Kind != kind {
		t.Fatalf("%s: refused = %+v, want %q", q.Do, a.Refused, kind)
	}
	for _, word := range words {
		if !strings.Contains(a.Refused.Error(), word) {
			t.Errorf("%s: refused with %q, want %q in it", q.Do, a.Refused.Error(), word)
		}
	}
}

func record(partition int32, key, value string) ask.Record {
	return ask.Record{Partition: partition, Key: []byte(key), Value: []byte(value)}
}

func TestWhatIsProducedIsFetched(t *testing.T) {
	b := on(t, cluster(t), Anything)
	at := time.Date(2026, 11, 1, 12, 0, 0, 0, time.UTC).UnixMilli()
	in := []ask.Record{
		{Partition: 1, Key: nil, Value: nil, Timestamp: at},
		{Partition: 1, Key: []byte{}, Value: []byte{}, Timestamp: at + 1},
		{Partition: 1, Key: []byte("k"), Value: []byte{0xff, 0}, Timestamp: at + 2,
			Headers: []ask.Header{{Key: "h", Value: nil}, {Key: "h", Value: []byte("v")}}},
	}
	written := want(t, b, ask.Question{Do: ask.DoProduce, Topic: "orders", Records: in}).Records
	for i, r := range written {
		if r.Partition != 1 || r.Offset != int64(i) {
			t.Errorf("record %d is at %d@%d, want 1@%d", i, r.Partition, r.Offset, i)
		}
	}
	a := want(t, b, ask.Question{Do: ask.DoFetch, Topic: "orders", From: map[int32]int64{1: 0}, To: map[int32]int64{1: 3}})
	if len(a.Records) != 3 || a.Next[1] != 3 {
		t.Fatalf("%d records up to %d, want 3 up to 3", len(a.Records), a.Next[1])
	}
	for i, got := range a.Records {
		w := in[i]
		if (got.Key == nil) != (w.Key == nil) || (got.Value == nil) != (w.Value == nil) || !bytes.Equal(got.Key, w.Key) || !bytes.Equal(got.Value, w.Value) {
			t.Errorf("record %d = %v %v, want %v %v", i, got.Key, got.Value, w.Key, w.Value)
		}
		if got.Timestamp != w.Timestamp || len(got.Headers) != len(w.Headers) {
			t.Errorf("record %d: time %d, %d headers, want %d, %d", i, got.Timestamp, len(got.Headers), w.Timestamp, len(w.Headers))
		}
	}
	if h := a.Records[2].Headers; h[0].Value != nil || string(h[1].Value) != "v" {
		t.Errorf("headers = %v, want null and v", h)
	}
}

func TestARecordGoesToThePartitionOfItsKey(t *testing.T) {
	c := cluster(t)
	b := on(t, c, Anything)
	var in []ask.Record
	for i := range 30 {
		in = append(in, record(-1, fmt.Sprint("customer-", i%10), "x"))
	}
	seen := map[int]int32{}
	all := map[int32]bool{}
	for i, r := range want(t, b, ask.Question{Do: ask.DoProduce, Topic: "orders", Records: in}).Records {
		if p, ok := seen[i%10]; ok && p != r.Partition {
			t.Errorf("key %d is in partitions %d and %d", i%10, p, r.Partition)
		}
		seen[i%10], all[r.Partition] = r.Partition, true
	}
	if len(all) != 3 {
		t.Errorf("partitions %v have records, want all 3", all)
	}
	// As Kafka's own clients choose.
	client, err := kgo.NewClient(kgo.SeedBrokers(c.ListenAddrs()...), kgo.DefaultProduceTopic("orders"))
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	r, err := client.ProduceSync(t.Context(), &kgo.Record{Key: []byte("customer-3")}).First()
	if err != nil || r.Partition != seen[3] {
		t.Errorf("another client writes the key to %d (%v), and we to %d", r.Partition, err, seen[3])
	}
}

func TestAPageEndsWhereItIsFull(t *testing.T) {
	b := on(t, cluster(t), Anything)
	big := bytes.Repeat([]byte("v"), 900<<10)
	var sent int
	for range 4 {
		var in []ask.Record
		for p := range int32(3) {
			in = append(in, ask.Record{Partition: p, Value: big})
		}
		sent += len(want(t, b, ask.Question{Do: ask.DoProduce, Topic: "orders", Records: in}).Records)
	}
	from, to := map[int32]int64{0: 0, 1: 0, 2: 0}, map[int32]int64{0: 4, 1: 4, 2: 4}
	pages, seen := 0, map[string]bool{}
	for len(from) > 0 {
		a := want(t, b, ask.Question{Do: ask.DoFetch, Topic: "orders", From: from, To: to})
		pages++
		size := 0
		for i := range a.Records {
			r := &a.Records[i]
			at := fmt.Sprint(r.Partition, "@", r.Offset)
			if seen[at] {
				t.Errorf("%s came twice", at)
			}
			seen[at] = true
			size += r.Size()
		}
		if size > ask.MaxPage {
			t.Errorf("page %d has %d bytes, want at most %d", pages, size, ask.MaxPage)
		}
		for p, next := range a.Next {
			if from[p] = next; next == to[p] {
				delete(from, p)
			}
		}
		if pages > 20 {
			t.Fatal("no end of pages")
		}
	}
	if len(seen) != sent || pages < 3 {
		t.Errorf("%d records in %d pages, want %d in 3 or more", len(seen), pages, sent)
	}
	// One record at a time.
	a := want(t, b, ask.Question{Do: ask.DoFetch, Topic: "orders", From: map[int32]int64{0: 1}, To: to, Max: 1})
	if len(a.Records) != 1 || a.Next[0] != 2 {
		t.Errorf("%d records, next %d, want 1 and 2", len(a.Records), a.Next[0])
	}
}

func TestARecordThatFitsIntoNoAnswerIsCut(t *testing.T) {
	b := on(t, cluster(t), Anything)
	client := b.client
	big := &kgo.Record{Topic: "orders", Partition: 0, Value: bytes.Repeat([]byte("v"), 6<<20)}
	if err := client.ProduceSync(t.Context(), big, &kgo.Record{Topic: "orders", Partition: 0, Value: []byte("after")}).FirstErr(); err != nil {
		t.Fatal(err)
	}
	a := want(t, b, ask.Question{Do: ask.DoFetch, Topic: "orders", From: map[int32]int64{0: 0}, To: map[int32]int64{0: 2}})
	if len(a.Records) != 2 || a.Records[0].Cut != 6<<20 || len(a.Records[0].Value) != cutTo || a.Records[1].Cut != 0 {
		t.Errorf("%d records, the first cut of %d, want 2 and %d", len(a.Records), a.Records[0].Cut, 6<<20)
	}
}

func TestAFetchGoesOverWhatIsNoRecord(t *testing.T) {
	c := cluster(t)
	b := on(t, c, Anything)
	// A transaction leaves a mark behind its records, which is no record.
	client, err := kgo.NewClient(kgo.SeedBrokers(c.ListenAddrs()...), kgo.TransactionalID("tx"), kgo.RecordPartitioner(kgo.ManualPartitioner()))
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	for range 2 {
		if err := client.BeginTransaction(); err != nil {
			t.Fatal(err)
		}
		if err := client.ProduceSync(t.Context(), &kgo.Record{Topic: "orders", Partition: 2, Value: []byte("paid")}).FirstErr(); err != nil {
			t.Fatal(err)
		}
		if err := client.EndTransaction(t.Context(), kgo.TryCommit); err != nil {
			t.Fatal(err)
		}
	}
	a := want(t, b, ask.Question{Do: ask.DoFetch, Topic: "orders", From: map[int32]int64{2: 0}, To: map[int32]int64{2: 4}})
	if len(a.Records) != 2 || a.Next[2] != 4 {
		t.Errorf("%d records up to %d, want 2 up to 4", len(a.Records), a.Next[2])
	}
}

func TestAFetchSaysWhatIsGone(t *testing.T) {
	b := on(t, cluster(t), Anything)
	want(t, b, ask.Question{Do: ask.DoProduce, Topic: "orders", Records: []ask.Record{record(0, "", "a"), record(0, "", "b"), record(0, "", "c")}})
	gone := kadm.Offsets{}
	gone.AddOffset("orders", 0, 2, -1)
	if _, err := b.admin.DeleteRecords(t.Context(), gone); err != nil {
		t.Fatal(err)
	}
	a := want(t, b, ask.Question{Do: ask.DoFetch, Topic: "orders", From: map[int32]int64{0: 0}, To: map[int32]int64{0: 3}})
	if len(a.Records) != 1 || a.Records[0].Offset != 2 || a.Start[0] != 2 {
		t.Errorf("records %v, start %v, want the one at 2", a.Records, a.Start)
	}
	refused(t, b, ask.Question{Do: ask.DoFetch, Topic: "orders", From: map[int32]int64{0: 9}}, ask.Invalid, "offset 9 is behind the end")
	refused(t, b, ask.Question{Do: ask.DoFetch, Topic: "orders", From: map[int32]int64{7: 0}}, ask.Invalid, "no partition 7, its partitions are 0 to 2")
}

func TestAFetchWaitsForARecord(t *testing.T) {
	b := on(t, cluster(t), Anything)
	got := make(chan *ask.Answer, 1)
	go func() {
		got <- b.Answer(t.Context(), &ask.Question{Do: ask.DoFetch, Topic: "orders", From: map[int32]int64{0: 0}, Max: 1, Wait: ask.MaxWait})
	}()
	want(t, b, ask.Question{Do: ask.DoProduce, Topic: "orders", Records: []ask.Record{record(0, "", "a")}})
	if a := <-got; len(a.Records) != 1 {
		t.Errorf("%d records (%v), want the one that came", len(a.Records), a.Refused)
	}
}

func TestAFetchGoesToAPartitionsNewLeader(t *testing.T) {
	c := cluster(t)
	b := on(t, c, Anything)
	want(t, b, ask.Question{Do: ask.DoProduce, Topic: "orders", Records: []ask.Record{record(0, "", "a")}})
	moves := 0
	c.ControlKey(int16(kmsg.Fetch), func(req kmsg.Request) (kmsg.Response, error, bool) {
		if moves++; moves > 1 {
			return nil, nil, false
		}
		resp := req.ResponseKind().(*kmsg.FetchResponse)
		topic := kmsg.NewFetchResponseTopic()
		topic.Topic = "orders"
		p := kmsg.NewFetchResponseTopicPartition()
		p.ErrorCode = kerr.NotLeaderForPartition.Code
		topic.Partitions = append(topic.Partitions, p)
		resp.Topics = append(resp.Topics, topic)
		return resp, nil, true
	})
	a := want(t, b, ask.Question{Do: ask.DoFetch, Topic: "orders", From: map[int32]int64{0: 0}, To: map[int32]int64{0: 1}})
	if moves == 0 || len(a.Records) != 1 {
		t.Errorf("%d records after %d answers of a former leader, want 1", len(a.Records), moves)
	}
}

// consume reads all of a topic as a group, and stays a member until the end.
func consume(t *testing.T, c *kfake.Cluster, group string, n int) *kgo.Client {
	t.Helper()
	client, err := kgo.NewClient(kgo.SeedBrokers(c.ListenAddrs()...), kgo.ConsumerGroup(group), kgo.ConsumeTopics("orders"),
		kgo.ConsumeResetOffset(kgo.NewOffset().AtStart()), kgo.DisableAutoCommit(), kgo.ClientID("poller"))
	if err != nil {
		t.Fatal(err)
	}
	for got := 0; got < n; {
		got += client.PollFetches(t.Context()).NumRecords()
	}
	if err := client.CommitUncommittedOffsets(t.Context()); err != nil {
		t.Fatal(err)
	}
	return client
}

func TestLagAndOffsetsOfAGroup(t *testing.T) {
	c := cluster(t)
	b := on(t, c, Anything)
	produce := func(p int32, n int) {
		for i := range n {
			want(t, b, ask.Question{Do: ask.DoProduce, Topic: "orders", Records: []ask.Record{record(p, "", fmt.Sprint(i))}})
		}
	}
	produce(0, 5)
	member := consume(t, c, "orders-fn", 5)
	before := time.Now().UnixMilli()
	produce(0, 2)
	produce(1, 1)

	lag := want(t, b, ask.Question{Do: ask.DoLag, Group: "orders-fn", Topic: "orders"}).Lag
	if len(lag) != 3 || lag[0].Committed != 5 || lag[0].Records() != 2 || lag[0].Member != "poller" || lag[0].Waiting < before-1000 {
		t.Errorf("lag = %+v, want 2 behind 5, of poller, since now", lag)
	}
	if lag[1].Records() != 1 || lag[2].Records() != 0 || lag[2].Waiting != 0 {
		t.Errorf("lag = %+v, want 1 and 0", lag[1:])
	}
	g := want(t, b, ask.Question{Do: ask.DoGroups, Group: "orders-fn"}).Groups[0]
	if g.State != "Stable" || len(g.Members) != 1 || len(g.Members[0].Partitions["orders"]) != 3 {
		t.Errorf("group = %+v, want one member with three partitions", g)
	}

	// While it has a member its offsets stay.
	reset := ask.Question{Do: ask.DoCommit, Group: "orders-fn", Topic: "orders", Commit: []ask.Commit{{Partition: 0, Was: 5, Offset: 3}}}
	refused(t, b, reset, ask.HasMembers, "poller", "disable the mapping")
	member.Close()
	waitEmpty(t, b, "orders-fn")
	want(t, b, reset)
	refused(t, b, reset, ask.Moved, "is 3, and was 5", "nothing was set")
	refused(t, b, ask.Question{Do: ask.DoCommit, Group: "orders-fn", Topic: "orders", Commit: []ask.Commit{{Partition: 0, Was: 3, Offset: 99}}}, ask.Invalid, "0 to 7, got 99")
	refused(t, b, ask.Question{Do: ask.DoCommit, Group: "orders-fn", Topic: "orders", Commit: []ask.Commit{{Partition: 9, Was: -1, Offset: 0}}}, ask.Invalid, "no partition 9")
	if lag := want(t, b, ask.Question{Do: ask.DoLag, Group: "orders-fn", Topic: "orders"}).Lag; lag[0].Committed != 3 {
		t.Errorf("committed = %d, want 3", lag[0].Committed)
	}
}

func TestTheFirstCommitOfAGroup(t *testing.T) {
	b := on(t, cluster(t), Anything)
	want(t, b, ask.Question{Do: ask.DoProduce, Topic: "orders", Records: []ask.Record{record(0, "", "a")}})
	want(t, b, ask.Question{Do: ask.DoCommit, Group: "new", Topic: "orders", Commit: []ask.Commit{{Partition: 0, Was: -1, Offset: 1}}})
	if lag := want(t, b, ask.Question{Do: ask.DoLag, Group: "new", Topic: "orders"}).Lag; lag[0].Committed != 1 {
		t.Errorf("committed = %d, want 1", lag[0].Committed)
	}
}

func waitEmpty(t *testing.T, b *Broker, group string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	for ctx.Err() == nil {
		if g := want(t, b, ask.Question{Do: ask.DoGroups, Group: group}).Groups[0]; len(g.Members) == 0 {
			return
		}
	}
	t.Fatalf("group %s still has members", group)
}

func TestTopicsAndWhereATimeIs(t *testing.T) {
	b := on(t, cluster(t), Anything)
	if got := want(t, b, ask.Question{Do: ask.DoTopics}).Topics; len(got) != 2 || got[0].Name != "orders" || len(got[1].Partitions) != 3 {
		t.Errorf("topics = %+v, want orders and refunds with 3 partitions", got)
	}
	base := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC).UnixMilli()
	for i := range int64(3) {
		r := record(0, "", "x")
		r.Timestamp = base + i*1000
		want(t, b, ask.Question{Do: ask.DoProduce, Topic: "orders", Records: []ask.Record{r}})
	}
	for at, offset := range map[ask.At]int64{
		{Place: ask.Earliest}:                        0,
		{Place: ask.Latest}:                          3,
		{Place: ask.PlaceTime, Millis: base + 500}:   1,
		{Place: ask.PlaceTime, Millis: base + 99000}: 3,
	} {
		if got := want(t, b, ask.Question{Do: ask.DoOffsets, Topic: "orders", At: at}).Offsets[0]; got != offset {
			t.Errorf("offset at %+v = %d, want %d", at, got, offset)
		}
	}
	value := "3600000"
	if _, err := b.admin.AlterTopicConfigs(t.Context(), []kadm.AlterConfig{{Name: "retention.ms", Value: &value}}, "orders"); err != nil {
		t.Fatal(err)
	}
	topic := want(t, b, ask.Question{Do: ask.DoTopics, Topic: "orders"}).Topics[0]
	if !slices.Contains(topic.Config, ask.Setting{Name: "retention.ms", Value: value}) || topic.Records() != 3 || topic.Unread != "" {
		t.Errorf("topic = %+v, want its retention and 3 records", topic)
	}
}

func TestWhatIsRefused(t *testing.T) {
	c := cluster(t)
	b := on(t, c, Anything)
	for _, do := range []ask.Do{ask.DoTopics, ask.DoOffsets, ask.DoFetch, ask.DoProduce} {
		q := ask.Question{Do: do, Topic: "ordres", From: map[int32]int64{0: 0}, At: ask.At{Place: ask.Latest}, Records: []ask.Record{record(-1, "", "x")}}
		refused(t, b, q, ask.NoTopic, `there is no topic "ordres", did you mean "orders"?`)
	}
	want(t, b, ask.Question{Do: ask.DoProduce, Topic: "orders", Records: []ask.Record{record(0, "", "x")}})
	consume(t, c, "orders-fn", 1).Close()
	refused(t, b, ask.Question{Do: ask.DoGroups, Group: "order-fn"}, ask.NoGroup, `did you mean "orders-fn"?`)
	refused(t, b, ask.Question{Do: ask.DoLag, Topic: "orders", Group: "nobody"}, ask.NoGroup, `there is no group "nobody"`)
	refused(t, b, ask.Question{Do: "delete"}, ask.Invalid, "different versions")
	refused(t, b, ask.Question{Do: ask.DoLag, Group: "orders-fn"}, ask.Invalid, "lag needs a topic")

	some := on(t, c, Policy{Right: ask.Read, Topics: []string{"orders*"}, Groups: []string{"orders-fn"},
		GivesRight: "set AdminProps.Allow to {}", GivesTopic: "add it to AdminProps.Topics", GivesGroup: "add it to AdminProps.Groups"})
	refused(t, some, ask.Question{Do: ask.DoProduce, Topic: "orders", Records: []ask.Record{record(-1, "", "x")}}, ask.NoRight,
		`produce needs the right "produce", and this function has "read": set AdminProps.Allow to produce`)
	refused(t, some, ask.Question{Do: ask.DoCommit, Topic: "orders", Group: "orders-fn"}, ask.NoRight, `needs the right "manage"`)
	refused(t, some, ask.Question{Do: ask.DoTopics, Topic: "refunds"}, ask.NoRight, `which are "orders*"`, "AdminProps.Topics")
	refused(t, some, ask.Question{Do: ask.DoLag, Topic: "orders", Group: "order-fn"}, ask.NoRight, `did you mean "orders-fn"?`, "AdminProps.Groups")
	if got := want(t, some, ask.Question{Do: ask.DoTopics}).Topics; len(got) != 1 {
		t.Errorf("%d topics are seen, want only orders", len(got))
	}
	if end := want(t, b, ask.Question{Do: ask.DoOffsets, Topic: "orders", At: ask.At{Place: ask.Latest}}).Offsets; end[0]+end[1]+end[2] != 1 {
		t.Errorf("ends = %v, want nothing written by what was refused", end)
	}
}

func TestNoBrokerThere(t *testing.T) {
	client, err := kgo.NewClient(append(Options(), kgo.SeedBrokers("127.0.0.1:1"), kgo.RetryTimeout(time.Second))...)
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	refused(t, New(client, Anything), ask.Question{Do: ask.DoTopics, Brokers: []string{"127.0.0.1:1"}}, ask.Unreachable, "no broker answers at 127.0.0.1:1", "security groups")
}
