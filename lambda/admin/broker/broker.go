// Package broker answers questions of the admin client on a Kafka cluster, with
// franz-go. It is the same on the admin function and where the client reaches the
// brokers itself.
package broker

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"

	"msklambda/constructs/near"
	"msklambda/lambda/admin/ask"
)

// Policy is what may be done. It is the function's own word, beside what the brokers
// say: with a user of SCRAM, whose ACLs may allow more, it is the only one.
type Policy struct {
	Right  ask.Right
	Topics []string // names, in which '*' is any text
	Groups []string

	// GivesRight, GivesTopic and GivesGroup are the words for who gives each, for
	// messages.
	GivesRight, GivesTopic, GivesGroup string
}

// Anything is the policy of somebody who reaches the brokers himself.
var Anything = Policy{Right: ask.Manage, Topics: []string{"*"}, Groups: []string{"*"}}

// Broker answers questions. It is safe for several at once.
type Broker struct {
	client *kgo.Client
	admin  *kadm.Client
	policy Policy
}

// metadataAge is how old what is known of leaders must be to be asked for again.
const metadataAge = 100 * time.Millisecond

// Options are those that a client for a Broker must have: a question is answered, or
// not, while somebody waits.
func Options() []kgo.Opt {
	return []kgo.Opt{
		kgo.ClientID("msklambda-admin"),
		kgo.DialTimeout(5 * time.Second),
		kgo.RequestRetries(3),
		kgo.RetryTimeout(10 * time.Second),
		kgo.RecordRetries(3),
		kgo.UnknownTopicRetries(1),
		kgo.RecordPartitioner(partitioner{kgo.StickyKeyPartitioner(nil)}),
		kgo.ProducerBatchMaxBytes(maxBatch),
		kgo.MetadataMinAge(metadataAge),
	}
}

// New makes one of a client with [Options]. Whoever made the client closes it.
func New(client *kgo.Client, policy Policy) *Broker {
	return &Broker{client, kadm.NewClient(client), policy}
}

// Answer answers a question. What is wrong is in the answer.
func (b *Broker) Answer(ctx context.Context, q *ask.Question) *ask.Answer {
	a := &ask.Answer{}
	if refused := b.check(ctx, q); refused != nil {
		a.Refused = refused
		return a
	}
	var err error
	switch q.Do {
	case ask.DoTopics:
		a.Topics, err = b.topics(ctx, q.Topic)
	case ask.DoGroups:
		a.Groups, err = b.groups(ctx, q.Group)
	case ask.DoLag:
		a.Lag, err = b.lag(ctx, q.Group, q.Topic)
	case ask.DoOffsets:
		a.Offsets, err = b.offsets(ctx, q.Topic, q.At)
	case ask.DoFetch:
		err = b.fetch(ctx, q, a)
	case ask.DoProduce:
		a.Records, err = b.produce(ctx, q.Topic, q.Records)
	case ask.DoCommit:
		err = b.commit(ctx, q.Group, q.Topic, q.Commit)
	default:
		err = ask.Refuse(ask.Invalid, "a broker cannot be asked for %q", q.Do)
	}
	if err != nil {
		a.Refused = b.refusal(ctx, q, err)
	}
	return a
}

// check is what needs no broker, but for the names of what there is.
func (b *Broker) check(ctx context.Context, q *ask.Question) *ask.Refusal {
	need := q.Do.Needs()
	switch {
	case need == "":
		return ask.Refuse(ask.Invalid, "%q is not known here: the client and the function are of different versions", q.Do)
	case !b.policy.Right.Allows(need):
		r := ask.Refuse(ask.NoRight, "%s needs the right %q, and this function has %q", q.Do, need, b.policy.Right)
		return r.With("%s", strings.ReplaceAll(b.policy.GivesRight, "{}", string(need)))
	case q.Topic != "" && !covers(b.policy.Topics, q.Topic):
		r := ask.Refuse(ask.NoRight, "topic %q is not one of this function's, which are %s", q.Topic, list(b.policy.Topics))
		r.Near = near.Names(q.Topic, b.policy.Topics)
		return r.With("%s", b.policy.GivesTopic)
	case q.Group != "" && !covers(b.policy.Groups, q.Group):
		r := ask.Refuse(ask.NoRight, "group %q is not one of this function's, which are %s", q.Group, list(b.policy.Groups))
		r.Near = near.Names(q.Group, b.policy.Groups)
		return r.With("%s", b.policy.GivesGroup)
	}
	for field, missing := range map[string]bool{
		"topic": q.Topic == "" && slices.Contains([]ask.Do{ask.DoLag, ask.DoOffsets, ask.DoFetch, ask.DoProduce, ask.DoCommit}, q.Do),
		"group": q.Group == "" && slices.Contains([]ask.Do{ask.DoLag, ask.DoCommit}, q.Do),
	} {
		if missing {
			return ask.Refuse(ask.Invalid, "%s needs a %s", q.Do, field)
		}
	}
	return nil
}

// covers reports whether a name is one of the patterns, in which '*' is any text.
func covers(patterns []string, name string) bool {
	return slices.ContainsFunc(patterns, func(pattern string) bool {
		if !strings.Contains(pattern, "*") {
			return pattern == name
		}
		expression := strings.ReplaceAll(regexp.QuoteMeta(pattern), `\*`, ".*")
		return regexp.MustCompile("^" + expression + "$").MatchString(name)
	})
}

func list(names []string) string {
	if len(names) == 0 {
		return "none"
	}
	quoted := make([]string, len(names))
	for i, name := range names {
		quoted[i] = fmt.Sprintf("%q", name)
	}
	return strings.Join(quoted, ", ")
}

// refusal words an error for whoever asked.
func (b *Broker) refusal(ctx context.Context, q *ask.Question, err error) *ask.Refusal {
	var refused *ask.Refusal
	var dial *net.OpError
	switch {
	case errors.As(err, &refused):
		return refused
	case errors.Is(err, kerr.UnknownTopicOrPartition), errors.Is(err, kerr.UnknownTopicID):
		return b.noTopic(ctx, q.Topic)
	case errors.Is(err, kerr.GroupIDNotFound):
		return b.noGroup(ctx, q.Group)
	case errors.Is(err, kerr.TopicAuthorizationFailed):
		return ask.Refuse(ask.Forbidden, "the brokers do not allow %s on topic %q", q.Do, q.Topic).With(
			"the role or the ACLs of this function must, or there is no such topic: to who may not see a topic, Kafka does not tell which")
	case errors.Is(err, kerr.GroupAuthorizationFailed):
		return ask.Refuse(ask.Forbidden, "the brokers do not allow %s on group %q", q.Do, q.Group).With("the role or the ACLs of this function must")
	case errors.Is(err, kerr.ClusterAuthorizationFailed):
		return ask.Refuse(ask.Forbidden, "the brokers do not allow %s on the cluster", q.Do).With("the role or the ACLs of this function must")
	case errors.Is(err, kerr.SaslAuthenticationFailed), strings.Contains(err.Error(), "SASL_AUTHENTICATION_FAILED"):
		return ask.Refuse(ask.Unauthorized, "the brokers do not take this function's credentials: %v", err).With(
			"with IAM the role needs kafka-cluster:Connect on the cluster, and a change of it takes a minute")
	case errors.As(err, &dial), errors.Is(err, os.ErrDeadlineExceeded), errors.Is(err, context.DeadlineExceeded):
		return ask.Refuse(ask.Unreachable, "no broker answers at %s: %v", strings.Join(q.Brokers, ", "), err).With(
			"are these the brokers, is the port that of the authentication, and do the security groups let it in?")
	}
	return ask.Refuse(ask.Failed, "%s: %v", q.Do, err)
}

// noTopic says that there is no such topic, with those that may have been meant.
func (b *Broker) noTopic(ctx context.Context, topic string) *ask.Refusal {
	names, _ := b.topicNames(ctx) // without names there are no near ones
	return ask.Refuse(ask.NoTopic, "there is no topic %q", topic).MayMean(near.Names(topic, names)...)
}

// noGroup says that there is no such group.
func (b *Broker) noGroup(ctx context.Context, group string) *ask.Refusal {
	r := ask.Refuse(ask.NoGroup, "there is no group %q: it has no member and has committed nothing", group)
	if listed, err := b.admin.ListGroups(ctx); err == nil {
		r.Near = near.Names(group, listed.Groups())
	}
	return r
}
