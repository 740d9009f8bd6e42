package main

import (
	"cmp"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"slices"
	"strings"
	"sync"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"
	"github.com/twmb/franz-go/pkg/kgo"

	"msklambda/lambda/admin/ask"
	"msklambda/lambda/admin/broker"
	"msklambda/lambda/admin/connect"
	"msklambda/lambda/admin/find"
)

// asker answers questions: an admin function, or this process.
type asker interface {
	Ask(context.Context, *ask.Question) (*ask.Answer, error)
}

// tool is what all commands have.
type tool struct {
	in       io.Reader
	out, log io.Writer

	stack, admin, function, brokers, region, profile string
	authentication, secret                           string
	format                                           string
	topic, group                                     string

	asker    asker
	about    ask.About
	mappings func(context.Context) ([]find.Mapping, error) // nil where there is no account
	cfg      aws.Config
	closing  []func()
}

func (t *tool) flags(f *flag.FlagSet) {
	f.StringVar(&t.stack, "stack", "", "`name` of the stack that has the admin function")
	f.StringVar(&t.admin, "admin", "", "`path` of the admin function in the stack, such as Cluster/Admin, where it has several")
	f.StringVar(&t.function, "function", "", "`name` of the admin function, in place of -stack")
	f.StringVar(&t.brokers, "brokers", "", "`host:port,...` of brokers that can be reached from here, in place of -stack")
	f.StringVar(&t.authentication, "authentication", "plaintext", "with -brokers: iam, scram, mtls, tls or plaintext")
	f.StringVar(&t.secret, "secret", "", "with -authentication scram or mtls: `ARN` of the secret")
	f.StringVar(&t.region, "region", "", "AWS region (default: as of the AWS CLI)")
	f.StringVar(&t.profile, "profile", "", "AWS profile (default: as of the AWS CLI)")
	f.StringVar(&t.format, "o", "text", "output: text or json")
}

// topicFlag and groupFlag are for commands that need one.
func (t *tool) topicFlag(f *flag.FlagSet) {
	f.StringVar(&t.topic, "topic", "", "topic (default: that of the cluster's only mapping)")
}

func (t *tool) groupFlag(f *flag.FlagSet) {
	f.StringVar(&t.group, "group", "", "consumer group (default: that of the topic's only mapping)")
}

// connect finds who answers.
func (t *tool) connect(ctx context.Context) error {
	given := 0
	for _, s := range []string{t.stack, t.function, t.brokers} {
		if s != "" {
			given++
		}
	}
	switch {
	case given != 1:
		return usage("exactly one of -stack, -function and -brokers is needed")
	case t.format != "text" && t.format != "json":
		return usage("-o must be text or json, got %q", t.format)
	case t.brokers == "" && t.secret != "":
		return usage("-secret needs -brokers: the admin function has its own")
	case t.brokers != "":
		return t.direct(ctx)
	}
	return t.through(ctx)
}

func (t *tool) account(ctx context.Context) error {
	if t.cfg.Credentials != nil {
		return nil
	}
	var opts []func(*config.LoadOptions) error
	if t.region != "" {
		opts = append(opts, config.WithRegion(t.region))
	}
	if t.profile != "" {
		opts = append(opts, config.WithSharedConfigProfile(t.profile))
	}
	cfg, err := config.LoadDefaultConfig(ctx, opts...)
	if err != nil {
		return err
	}
	if cfg.Region == "" {
		return usage("no AWS region is set: give -region, or AWS_REGION")
	}
	if _, err := cfg.Credentials.Retrieve(ctx); err != nil && ctx.Err() == nil {
		return errors.New("no AWS credentials: set AWS_PROFILE, or give -profile, or log in with the AWS CLI")
	}
	t.cfg = cfg
	return nil
}

// through asks an admin function.
func (t *tool) through(ctx context.Context) error {
	if err := t.account(ctx); err != nil {
		return err
	}
	if t.function == "" {
		name, err := find.Function(ctx, t.cfg, t.stack, t.admin)
		if err != nil {
			return err
		}
		t.function = name
	}
	a, err := find.NewCaller(t.cfg, t.function).Ask(ctx, &ask.Question{Do: ask.DoAbout})
	if err != nil {
		return err
	}
	if a.About == nil {
		return fmt.Errorf("the function %s does not answer as an admin function does", t.function)
	}
	t.about = *a.About
	brokers := t.about.Brokers
	if len(brokers) == 0 {
		if brokers, err = find.Brokers(ctx, t.cfg, t.about.Cluster, connect.Method(t.about.Authentication)); err != nil {
			return err
		}
	}
	t.asker = find.NewCaller(t.cfg, t.function, brokers...)
	var all []find.Mapping
	var listed error
	once := sync.OnceFunc(func() { all, listed = find.Mappings(ctx, t.cfg, t.about.Cluster) })
	t.mappings = func(context.Context) ([]find.Mapping, error) {
		once()
		return all, listed
	}
	return nil
}

// direct answers itself.
func (t *tool) direct(ctx context.Context) error {
	addresses := strings.Split(t.brokers, ",")
	way := connect.Way{Method: connect.Method(t.authentication)}
	if way.Method.NeedsSecret() && t.secret == "" {
		return usage("-authentication %s needs -secret", t.authentication)
	}
	if way.Method == connect.IAM || way.Method.NeedsSecret() {
		if err := t.account(ctx); err != nil {
			return err
		}
		way.Credentials = func(ctx context.Context) (connect.Auth, error) {
			c, err := t.cfg.Credentials.Retrieve(ctx)
			return connect.Auth{AccessKey: c.AccessKeyID, SecretKey: c.SecretAccessKey, SessionToken: c.SessionToken}, err
		}
		way.Secret = func(ctx context.Context) (string, error) {
			out, err := secretsmanager.NewFromConfig(t.cfg).GetSecretValue(ctx, &secretsmanager.GetSecretValueInput{SecretId: &t.secret})
			if err != nil {
				return "", err
			}
			return aws.ToString(out.SecretString), nil
		}
	}
	opts, err := way.Options(ctx)
	if err != nil {
		return usage("%v", err)
	}
	client, err := kgo.NewClient(append(append(broker.Options(), opts...), kgo.SeedBrokers(addresses...))...)
	if err != nil {
		return usage("%v", err)
	}
	t.closing = append(t.closing, client.Close)
	t.asker = direct{broker.New(client, broker.Anything), addresses}
	t.about = ask.About{Right: ask.Manage, Topics: broker.Anything.Topics, Groups: broker.Anything.Groups, Authentication: t.authentication, Brokers: addresses}
	return nil
}

// direct asks brokers from here.
type direct struct {
	broker    *broker.Broker
	addresses []string
}

func (d direct) Ask(ctx context.Context, q *ask.Question) (*ask.Answer, error) {
	one := *q
	one.Brokers = d.addresses
	a := d.broker.Answer(ctx, &one)
	if a.Refused != nil {
		if ctx.Err() != nil {
			return a, ctx.Err()
		}
		return a, a.Refused
	}
	return a, nil
}

func (t *tool) close() {
	for _, end := range t.closing {
		end()
	}
}

// choose fills in the topic and the group that were not given, where there is only
// one mapping that can be meant, and returns that. Without an account there is none.
func (t *tool) choose(ctx context.Context, needsGroup bool) (*find.Mapping, error) {
	if t.mappings == nil {
		switch {
		case t.topic == "":
			return nil, usage("-topic is needed")
		case needsGroup && t.group == "":
			t.group = t.topic + "-fn" // as the local loop calls it
		}
		return nil, nil
	}
	all, err := t.mappings(ctx)
	if err != nil {
		if t.topic != "" && (!needsGroup || t.group != "") {
			return nil, nil // it was not needed to know which
		}
		return nil, err
	}
	fits := slices.DeleteFunc(slices.Clone(all), func(m find.Mapping) bool {
		return t.topic != "" && m.Topic != t.topic || t.group != "" && m.Group != t.group
	})
	switch {
	case len(fits) == 1:
		t.topic, t.group = fits[0].Topic, fits[0].Group
		return &fits[0], nil
	case t.topic != "" && (!needsGroup || t.group != ""):
		return nil, nil
	case len(fits) == 0:
		return nil, usage("no mapping of the cluster fits: give -topic%s", map[bool]string{true: " and -group"}[needsGroup])
	}
	return nil, usage("the cluster has mappings of %s: give -topic%s", describeMappings(fits), map[bool]string{true: " or -group"}[needsGroup])
}

func describeMappings(all []find.Mapping) string {
	var out []string
	for _, m := range all {
		out = append(out, fmt.Sprintf("%s (group %s)", m.Topic, m.Group))
	}
	return strings.Join(out, ", ")
}

// needs refuses what the function is not allowed to do before anything is read.
func (t *tool) needs(do ask.Do) error {
	if t.about.Right.Allows(do.Needs()) {
		return nil
	}
	return ask.Refuse(ask.NoRight, "%s needs the right %q, and the admin function has %q", do, do.Needs(), t.about.Right).
		With(`deploy it with AdminProps.Allow %q, which is the app's key admin=%s`, do.Needs(), do.Needs())
}

// all are the first and next offsets of a topic.
func (t *tool) ends(ctx context.Context) (first, next map[int32]int64, err error) {
	a, err := t.asker.Ask(ctx, &ask.Question{Do: ask.DoTopics, Topic: t.topic})
	if err != nil {
		return nil, nil, err
	}
	if len(a.Topics) != 1 {
		return nil, nil, errors.New("the answer has no topic")
	}
	first, next = map[int32]int64{}, map[int32]int64{}
	for _, p := range a.Topics[0].Partitions {
		first[p.Partition], next[p.Partition] = p.Start, p.End
	}
	return first, next, nil
}

// where is how to call this tool again, for messages.
func (t *tool) where() string {
	if t.brokers != "" {
		return "-brokers " + t.brokers
	}
	if t.stack != "" {
		return "-stack " + t.stack
	}
	return "-function " + cmp.Or(t.function, "NAME")
}
