package policy_test

import (
	"context"
	"fmt"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"
	"github.com/twmb/franz-go/pkg/sasl/plain"

	"msklambda/constructs/policy"
	"msklambda/lambda/admin/ask"
	"msklambda/lambda/admin/broker"
)

// kafkas are the ACLs of Kafka that actions of IAM stand for, by MSK's page of actions.
var kafkas = map[string]struct {
	resource  kmsg.ACLResourceType
	operation kmsg.ACLOperation
}{
	"kafka-cluster:WriteDataIdempotently":             {kmsg.ACLResourceTypeCluster, kmsg.ACLOperationIdempotentWrite},
	"kafka-cluster:DescribeTopic":                     {kmsg.ACLResourceTypeTopic, kmsg.ACLOperationDescribe},
	"kafka-cluster:DescribeTopicDynamicConfiguration": {kmsg.ACLResourceTypeTopic, kmsg.ACLOperationDescribeConfigs},
	"kafka-cluster:ReadData":                          {kmsg.ACLResourceTypeTopic, kmsg.ACLOperationRead},
	"kafka-cluster:WriteData":                         {kmsg.ACLResourceTypeTopic, kmsg.ACLOperationWrite},
	"kafka-cluster:DescribeGroup":                     {kmsg.ACLResourceTypeGroup, kmsg.ACLOperationDescribe},
	"kafka-cluster:AlterGroup":                        {kmsg.ACLResourceTypeGroup, kmsg.ACLOperationRead},
}

// granted are brokers on which a user may do just what actions stand for, and a broker
// that asks as that user. Its own policy allows all, so that they alone refuse.
func granted(t *testing.T, a policy.AdminActions) *broker.Broker {
	t.Helper()
	var acls []kfake.ACL
	for resource, actions := range map[string][]string{"kafka-cluster": a.Cluster, "orders": a.Topic, "orders-fn": a.Group} {
		for _, action := range actions {
			if action == "kafka-cluster:Connect" {
				continue // which is to be let in at all
			}
			k, known := kafkas[action]
			if !known {
				t.Fatalf("%s is no action that this test knows", action)
			}
			acls = append(acls, kfake.ACL{Resource: k.resource, Name: resource, Pattern: kmsg.ACLResourcePatternTypeLiteral, Operation: k.operation, Allow: true})
		}
	}
	c, err := kfake.NewCluster(kfake.NumBrokers(1), kfake.SeedTopics(1, "orders", "refunds"), kfake.EnableSASL(), kfake.EnableACLs(),
		kfake.Superuser("PLAIN", "root", "root"), kfake.User("PLAIN", "admin", "admin", acls...))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	client := func(user string) *kgo.Client {
		client, err := kgo.NewClient(append(broker.Options(), kgo.SeedBrokers(c.ListenAddrs()...), kgo.SASL(plain.Auth{User: user, Pass: user}.AsMechanism()))...)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(client.Close)
		return client
	}
	// What is there to see: two records, and a group that has read one.
	root := broker.New(client("root"), broker.Anything)
	must(t, root, ask.Question{Do: ask.DoProduce, Topic: "orders", Records: []ask.Record{{Value: []byte("1")}, {Value: []byte("2")}}})
	for _, group := range []string{"orders-fn", "refunds-fn"} {
		must(t, root, ask.Question{Do: ask.DoCommit, Topic: "orders", Group: group, Commit: []ask.Commit{{Was: -1, Offset: 1}}})
	}
	return broker.New(client("admin"), broker.Anything)
}

func must(t *testing.T, b *broker.Broker, q ask.Question) {
	t.Helper()
	if a := answer(b, q); a.Refused != nil {
		t.Fatalf("%s: %v", q.Do, a.Refused)
	}
}

func answer(b *broker.Broker, q ask.Question) *ask.Answer {
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	return b.Answer(ctx, &q)
}

// questions are all that can be asked of a broker, on a topic and a group.
func questions(topic, group string) []ask.Question {
	return []ask.Question{
		{Do: ask.DoTopics, Topic: topic},
		{Do: ask.DoGroups, Group: group},
		{Do: ask.DoLag, Topic: topic, Group: group},
		{Do: ask.DoOffsets, Topic: topic, At: ask.At{Place: ask.Latest}},
		{Do: ask.DoFetch, Topic: topic, From: map[int32]int64{0: 0}, To: map[int32]int64{0: 1}},
		{Do: ask.DoProduce, Topic: topic, Records: []ask.Record{{Value: []byte("3")}}},
		{Do: ask.DoCommit, Topic: topic, Group: group, Commit: []ask.Commit{{Was: 1, Offset: 2}}},
	}
}

// works reports whether a question has all of its answer: what could not be read of a
// topic is told in it, and the group that is waiting for a record is told since when.
func works(b *broker.Broker, q ask.Question) bool {
	a := answer(b, q)
	switch {
	case a.Refused != nil:
		return false
	case q.Do == ask.DoTopics:
		return len(a.Topics) == 1 && a.Topics[0].Unread == ""
	case q.Do == ask.DoLag:
		return len(a.Lag) == 1 && a.Lag[0].Waiting > 0
	}
	return true
}

// TestTheActionsOfARightAreEnoughAndNoneIsTooMany asks all questions of brokers that
// allow what the actions stand for: those that the right covers are answered, and no
// other. Then it takes each action away, and wants something to be missed.
func TestTheActionsOfARightAreEnoughAndNoneIsTooMany(t *testing.T) {
	for _, right := range ask.Rights {
		t.Run(string(right), func(t *testing.T) {
			b := granted(t, policy.AdminActionsOf(right))
			for _, q := range questions("orders", "orders-fn") {
				if got, want := works(b, q), right.Allows(q.Do.Needs()); got != want {
					t.Errorf("%s works = %v, want %v: %v", q.Do, got, want, answer(b, q).Refused)
				}
			}
			for _, q := range questions("refunds", "refunds-fn") {
				if works(b, q) {
					t.Errorf("%s works on a topic and a group that are not the function's", q.Do)
				}
			}
		})
	}
	for _, right := range []ask.Right{ask.Read, ask.Manage} {
		all := policy.AdminActionsOf(right)
		for _, list := range []*[]string{&all.Cluster, &all.Topic, &all.Group} {
			whole := *list
			for _, action := range whole {
				if implied[action] || action == "kafka-cluster:DescribeGroup" && right == ask.Manage {
					continue
				}
				*list = slices.DeleteFunc(slices.Clone(whole), func(a string) bool { return a == action })
				b := granted(t, all)
				if !slices.ContainsFunc(questions("orders", "orders-fn"), func(q ask.Question) bool { return right.Allows(q.Do.Needs()) && !works(b, q) }) {
					t.Errorf("with the right %q and without %s all works still", right, action)
				}
				*list = whole
			}
		}
	}
}

// implied are the actions that Kafka's ACLs cannot show to be needed: to connect is to
// be let in at all, from Kafka 3 on who may write may do so idempotently, and who may
// read a topic, or a group as AlterGroup does, may describe it. IAM implies none.
var implied = map[string]bool{
	"kafka-cluster:Connect": true, "kafka-cluster:WriteDataIdempotently": true, "kafka-cluster:DescribeTopic": true,
}

func TestARightThatIsNoneAllowsNothing(t *testing.T) {
	if a := policy.AdminActionsOf("admin"); len(a.Cluster)+len(a.Topic)+len(a.Group) != 0 {
		t.Errorf("actions = %v, want none", fmt.Sprint(a))
	}
}

// TestThePageOfTheAdminFunctionHasTheseActions holds the table of docs/admin.md against
// them: a row has what its right adds to the one before.
func TestThePageOfTheAdminFunctionHasTheseActions(t *testing.T) {
	text, err := os.ReadFile("../../docs/admin.md")
	if err != nil {
		t.Fatal(err)
	}
	quoted := regexp.MustCompile("`([A-Za-z]+)`")
	var got policy.AdminActions
	rows := 0
	for line := range strings.Lines(string(text)) {
		cells := strings.Split(line, "|")
		if len(cells) != 7 || rows == len(ask.Rights) || !strings.HasPrefix(cells[1], " `"+string(ask.Rights[rows])+"`") {
			continue
		}
		for i, list := range []*[]string{&got.Cluster, &got.Topic, &got.Group} {
			for _, m := range quoted.FindAllStringSubmatch(cells[3+i], -1) {
				*list = append(*list, "kafka-cluster:"+m[1])
			}
			slices.Sort(*list)
		}
		want := policy.AdminActionsOf(ask.Rights[rows])
		for _, list := range [][]string{want.Cluster, want.Topic, want.Group} {
			slices.Sort(list)
		}
		if !slices.Equal(got.Cluster, want.Cluster) || !slices.Equal(got.Topic, want.Topic) || !slices.Equal(got.Group, want.Group) {
			t.Errorf("docs/admin.md says of %s %v, want %v", ask.Rights[rows], got, want)
		}
		rows++
	}
	if rows != len(ask.Rights) {
		t.Errorf("docs/admin.md has %d rows of rights, want %d", rows, len(ask.Rights))
	}
}
