// Package function is the admin function: it answers questions of the admin client, on
// the brokers of one cluster, as far as it is allowed to.
package function

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"slices"
	"strings"
	"sync"

	"github.com/aws/aws-lambda-go/lambda"
	"github.com/twmb/franz-go/pkg/kgo"

	"msklambda/lambda/admin/ask"
	"msklambda/lambda/admin/broker"
	"msklambda/lambda/admin/connect"
	"msklambda/lambda/admin/contract"
	"msklambda/lambda/lambdalog"
)

// Start runs the function: a main package of your own needs no more, should it be
// bundled from your own module.
func Start() {
	slog.SetDefault(lambdalog.New(os.Stdout))
	f, err := New(os.Getenv)
	if err != nil {
		slog.Error("admin: wrong environment", "error", err)
		os.Exit(1)
	}
	lambda.Start(f.Handle)
}

// Function answers questions. It keeps its connections to the brokers: MSK takes few
// new ones a second.
type Function struct {
	about  ask.About
	region string
	way    connect.Way
	policy broker.Policy

	mu      sync.Mutex
	brokers []string // that the client is of
	client  *kgo.Client
	broker  *broker.Broker
}

// New makes one of its environment.
func New(env func(string) string) (*Function, error) {
	f := &Function{
		about: ask.About{
			Right: ask.Right(env(contract.Right)), Topics: split(env(contract.Topics)), Groups: split(env(contract.Groups)),
			Cluster: env(contract.Cluster), Authentication: env(contract.Authentication), Brokers: split(env(contract.Brokers)),
		},
		region: env("AWS_REGION"),
		way: connect.Way{
			Method: connect.Method(env(contract.Authentication)),
			// Those of this environment are good for as long as it lives.
			Credentials: func(context.Context) (connect.Auth, error) {
				return connect.Auth{AccessKey: env("AWS_ACCESS_KEY_ID"), SecretKey: env("AWS_SECRET_ACCESS_KEY"),
					SessionToken: env("AWS_SESSION_TOKEN"), UserAgent: "msklambda-admin"}, nil
			},
			Secret: func(ctx context.Context) (string, error) { return secret(ctx, env(contract.Secret)) },
		},
	}
	var errs []error
	if !f.about.Right.IsOne() {
		errs = append(errs, fmt.Errorf("%s must be one of %q, got %q", contract.Right, ask.Rights, f.about.Right))
	}
	if !slices.Contains(connect.Methods, f.way.Method) {
		errs = append(errs, fmt.Errorf("%s must be one of %q, got %q", contract.Authentication, connect.Methods, f.way.Method))
	}
	if f.way.Method.NeedsSecret() && env(contract.Secret) == "" {
		errs = append(errs, fmt.Errorf("%s is required with %q", contract.Secret, f.way.Method))
	}
	f.policy = broker.Policy{
		Right: f.about.Right, Topics: f.about.Topics, Groups: f.about.Groups,
		GivesRight: `deploy it with AdminProps.Allow "{}", which is the app's key admin={}`,
		GivesTopic: "deploy it with that in AdminProps.Topics, which is the app's key adminTopics",
		GivesGroup: "deploy it with that in AdminProps.Groups, which is the app's key adminGroups",
	}
	return f, errors.Join(errs...)
}

func split(text string) []string {
	if text == "" {
		return nil
	}
	return strings.Split(text, ",")
}

// Handle answers one question. What is wrong with it is in the answer; an error is
// that there could be none.
func (f *Function) Handle(ctx context.Context, event json.RawMessage) (*ask.Answer, error) {
	var q ask.Question
	if err := json.Unmarshal(event, &q); err != nil {
		return &ask.Answer{Refused: ask.Refuse(ask.Invalid, "the event is no question of the admin client: %v", err)}, nil
	}
	a := f.answer(ctx, &q)
	log(ctx, &q, a)
	return a, nil
}

func (f *Function) answer(ctx context.Context, q *ask.Question) *ask.Answer {
	if q.Do == ask.DoAbout {
		about := f.about
		return &ask.Answer{About: &about}
	}
	if len(f.about.Brokers) > 0 {
		q.Brokers = f.about.Brokers
	} else if refused := f.checkBrokers(q.Brokers); refused != nil {
		return &ask.Answer{Refused: refused}
	}
	b, err := f.on(ctx, q.Brokers)
	if err != nil {
		return &ask.Answer{Refused: ask.Refuse(ask.Failed, "no client of the brokers can be made: %v", err)}
	}
	return b.Answer(ctx, q)
}

func (f *Function) checkBrokers(brokers []string) *ask.Refusal {
	if len(brokers) == 0 {
		return ask.Refuse(ask.Invalid, "the question names no brokers, and %s has none", contract.Brokers)
	}
	for _, address := range brokers {
		if err := connect.CheckBroker(address, f.region); err != nil {
			return ask.Refuse(ask.Invalid, "%v", err)
		}
	}
	return nil
}

// on is what answers on brokers: one for as long as those stay the same.
func (f *Function) on(ctx context.Context, brokers []string) (*broker.Broker, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.client != nil && slices.Equal(brokers, f.brokers) {
		return f.broker, nil
	}
	opts, err := f.way.Options(ctx)
	if err != nil {
		return nil, err
	}
	client, err := kgo.NewClient(append(append(broker.Options(), opts...), kgo.SeedBrokers(brokers...))...)
	if err != nil {
		return nil, err
	}
	if f.client != nil {
		f.client.Close()
	}
	f.brokers, f.client, f.broker = slices.Clone(brokers), client, broker.New(client, f.policy)
	return f.broker, nil
}

// log says what was asked for and what came of it: who may invoke the function can
// change what a cluster has, so this is its record. Keys and values stay out of it.
func log(ctx context.Context, q *ask.Question, a *ask.Answer) {
	attrs := []any{"do", q.Do}
	for _, attr := range []struct{ name, value string }{{"topic", q.Topic}, {"group", q.Group}} {
		if attr.value != "" {
			attrs = append(attrs, attr.name, attr.value)
		}
	}
	if n := len(a.Records); n > 0 {
		attrs = append(attrs, "records", n)
	}
	if q.Do == ask.DoCommit {
		attrs = append(attrs, "commit", q.Commit)
	}
	if a.Refused != nil {
		slog.WarnContext(ctx, "admin: refused", append(attrs, "kind", a.Refused.Kind, "error", a.Refused.Error())...)
		return
	}
	slog.InfoContext(ctx, "admin", attrs...)
}
