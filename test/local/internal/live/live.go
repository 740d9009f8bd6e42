// Package live runs the live scores on this machine: a topic, a poller that does
// what Lambda's does, the functions as the construct builds them, a table with
// DynamoDB's API, buckets, a queue, and a WebSocket API with the page.
package live

import (
	"cmp"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"

	"msklambda/constructs/gobuild"
	"msklambda/lambda/kafka"
	"msklambda/lambda/livescores/layout"
	"msklambda/lambda/livescores/setup"
	"msklambda/test/local/bucket"
	"msklambda/test/local/dynalite"
	"msklambda/test/local/internal/broker"
	"msklambda/test/local/internal/gateway"
	"msklambda/test/local/internal/poller"
	"msklambda/test/local/internal/sandbox"
	"msklambda/test/local/queue"
)

// Config says what to run. Code is required.
type Config struct {
	Code       string   // directory of the functions livescores and connections
	Matches    []string // that the page shows
	PagePort   string   // "0" is any
	BrokerPort int      // 0 is any
	Partitions int      // Default: 4.
	Posters    int      // environments of the function that posts. Default: 4.

	// Built is a directory that keeps the functions for those who start several, one
	// after the other. Default: they are built each time.
	Built string

	// Limits and Fault are what API Gateway makes of messages and posts.
	Limits gateway.Limits
	Fault  func(connection string) gateway.Fault

	// Log is told what a person would want to know, and FunctionLog each line of
	// the functions.
	Log         func(format string, args ...any)
	FunctionLog func(line string)
}

// Live is all of it, running.
type Live struct {
	Gateway *gateway.Gateway
	Files   *bucket.Server
	Queue   *queue.Queue

	// Failed gets the events that Lambda gave up on.
	Failed chan *poller.Failure

	cfg     Config
	broker  *broker.Broker
	client  *kgo.Client
	env     []string // of all functions
	closers []func() // in the order of their making
}

const (
	topic = "scores"
	group = "live-scores-fn"
	table = "scores"

	sourceARN = "arn:aws:kafka:us-east-1:111122223333:cluster/local/00000000-0000-0000-0000-000000000000-1"

	// Buckets.
	Snapshots = "snapshots"
	Rejected  = "failed"

	// The construct's: attempts after the first, the time of the function behind the
	// routes, and that of the one that posts, which is also that of a message in the
	// queue.
	retries    = 100
	routesTime = 6 * time.Second
	posterTime = 10 * time.Second
)

// Start builds and starts everything, or says what keeps it from that and leaves
// nothing behind.
func Start(ctx context.Context, cfg Config) (*Live, error) {
	if cfg.Log == nil {
		cfg.Log = func(string, ...any) {}
	}
	if cfg.Partitions == 0 {
		cfg.Partitions = 4
	}
	l := &Live{cfg: cfg, Failed: make(chan *poller.Failure, 100)}
	if err := l.start(ctx); err != nil {
		l.Close()
		return nil, err
	}
	return l, nil
}

func (l *Live) start(ctx context.Context) error {
	dir, err := os.MkdirTemp("", "msklambda-live-")
	if err != nil {
		return err
	}
	l.closers = append(l.closers, func() { os.RemoveAll(dir) })
	endpoint, err := l.startTable(ctx)
	if err != nil {
		return err
	}
	if l.Files, err = bucket.Start(); err != nil {
		return err
	}
	l.closers = append(l.closers, l.Files.Close)
	l.env = []string{"AWS_ACCESS_KEY_ID=local", "AWS_SECRET_ACCESS_KEY=local", "AWS_ENDPOINT_URL_DYNAMODB=" + endpoint,
		setup.S3EndpointEnv + "=" + l.Files.Endpoint, layout.TableEnv + "=" + table, layout.FollowersEnv + "=" + dynalite.Followers(table), layout.SnapshotsEnv + "=" + Snapshots,
		layout.FailedEnv + "=" + Rejected, layout.MetricsEnv + "=local"}
	if err := l.startGateway(ctx, dir); err != nil {
		return err
	}
	if err := l.startQueue(ctx, dir); err != nil {
		return err
	}
	return l.startTopic(ctx, dir)
}

func (l *Live) startTable(ctx context.Context) (endpoint string, err error) {
	db, err := dynalite.Start(ctx)
	if err != nil {
		return "", err
	}
	l.closers = append(l.closers, db.Close)
	l.cfg.Log("table      %s, with DynamoDB's API", db.Endpoint)
	return db.Endpoint, db.CreateTables(ctx, table)
}

func (l *Live) startGateway(ctx context.Context, dir string) error {
	bootstrap, err := l.build(ctx, dir, "connections")
	if err != nil {
		return err
	}
	l.Gateway = gateway.New(gateway.Config{
		Routes: l.function("connections", bootstrap, routesTime), Matches: l.cfg.Matches, Limits: l.cfg.Limits, Fault: l.cfg.Fault,
		Snapshot: func(key string) ([]byte, string, bool) {
			o, ok := l.Files.Get(Snapshots, key)
			return o.Content, o.Type, ok
		},
		Log: func(format string, args ...any) { l.cfg.Log("gateway    "+format, args...) },
	})
	l.closers = append(l.closers, l.Gateway.Stop)
	return l.Gateway.Start(l.cfg.PagePort)
}

func (l *Live) startQueue(ctx context.Context, dir string) error {
	bootstrap, err := l.build(ctx, dir, "livescores/poster")
	if err != nil {
		return err
	}
	quota := cmp.Or(l.cfg.Limits.Posts, 10000)
	// The queue is made first: the function puts messages into it too.
	var functions []queue.Function
	l.env = append(l.env, layout.EndpointEnv+"="+l.Gateway.Endpoint(), fmt.Sprintf("%s=%v", layout.QuotaEnv, quota), fmt.Sprintf("%s=%v", layout.BurstEnv, quota/2),
		fmt.Sprintf("%s=%d", layout.MatchShardsEnv, layout.Slots)) // there is one match to look at, rather than many
	l.Queue, err = queue.New(queue.Config{Visibility: posterTime, Log: func(format string, args ...any) { l.cfg.Log("queue      "+format, args...) }})
	if err != nil {
		return err
	}
	l.env = append(l.env, "AWS_ENDPOINT_URL_SQS="+l.Queue.Endpoint, layout.QueueEnv+"="+l.Queue.URL)
	for range cmp.Or(l.cfg.Posters, 4) {
		functions = append(functions, l.function("poster", bootstrap, posterTime))
	}
	l.Queue.Start(functions...)
	l.closers = append(l.closers, l.Queue.Close)
	return nil
}

// build builds a function.
func (l *Live) build(ctx context.Context, dir, name string) (bootstrap string, err error) {
	entry := filepath.Join(l.cfg.Code, name)
	l.cfg.Log("building   %s for %s/%s, with the construct's flags", entry, runtime.GOOS, runtime.GOARCH)
	if _, err := os.Stat(entry); err != nil {
		return "", fmt.Errorf("%w: run this in the repository", err)
	}
	if l.cfg.Built != "" {
		dir = l.cfg.Built
	}
	bootstrap = filepath.Join(dir, name, "bootstrap")
	if _, err := os.Stat(bootstrap); err == nil {
		return bootstrap, nil
	}
	if err := os.MkdirAll(filepath.Dir(bootstrap), 0o755); err != nil {
		return "", err
	}
	return bootstrap, gobuild.Build(ctx, entry, bootstrap, runtime.GOOS, runtime.GOARCH)
}

// function makes one; its process starts with its first event.
func (l *Live) function(name, bootstrap string, timeout time.Duration, env ...string) *sandbox.Function {
	f := sandbox.New(sandbox.Config{
		Bootstrap: bootstrap, Name: name, MemorySize: 1024, Timeout: timeout, Log: l.cfg.FunctionLog, Env: append(env, l.env...)})
	l.closers = append(l.closers, f.Close)
	return f
}

// startTopic starts the broker, and polls for the function that takes events.
func (l *Live) startTopic(ctx context.Context, dir string) error {
	bootstrap, err := l.build(ctx, dir, "livescores")
	if err != nil {
		return err
	}
	function := l.function("livescores", bootstrap, time.Minute, kafka.ReportBatchItemFailuresEnv+"=true")
	if l.broker, err = broker.Start(broker.Config{Port: l.cfg.BrokerPort}); err != nil {
		return err
	}
	l.closers = append(l.closers, l.broker.Close)
	if err := l.broker.CreateTopic(topic, l.cfg.Partitions); err != nil {
		return err
	}
	if l.client, err = kgo.NewClient(kgo.SeedBrokers(l.broker.Addrs()...), kgo.DefaultProduceTopic(topic)); err != nil {
		return err
	}
	l.closers = append(l.closers, l.client.Close)
	p, err := poller.New(poller.Config{
		Brokers: l.broker.Addrs(), Topic: topic, Group: group,
		Function: function, FunctionARN: function.ARN(), SourceARN: sourceARN,
		RetryAttempts: retries, ReportBatchItemFailures: true, OnFailure: l,
		Log: func(format string, args ...any) { l.cfg.Log("poller     "+format, args...) },
	})
	if err != nil {
		return err
	}
	polling, cancel := context.WithCancel(context.WithoutCancel(ctx))
	ended := make(chan error, 1)
	go func() { ended <- p.Run(polling) }()
	l.closers = append(l.closers, func() {
		p.Stop()
		if err := <-ended; err != nil {
			l.cfg.Log("poller     %v", err)
		}
		cancel()
	})
	return nil
}

// Brokers are where the topic is.
func (l *Live) Brokers() []string { return l.broker.Addrs() }

// Topic is its name.
func (l *Live) Topic() string { return topic }

// Produce writes an event, or whatever it is, and waits until the broker has it. No
// event resets the match.
func (l *Live) Produce(ctx context.Context, match string, event []byte) error {
	return l.client.ProduceSync(ctx, &kgo.Record{Key: []byte(match), Value: event}).FirstErr()
}

// WaitForCommit waits until all that was produced is handed on.
func (l *Live) WaitForCommit(ctx context.Context) error {
	return l.broker.WaitForCommit(ctx, topic, group)
}

// Deliver is what the poller does with events that it gives up on.
func (l *Live) Deliver(_ context.Context, f *poller.Failure) error {
	select {
	case l.Failed <- f:
	default: // nobody looks
	}
	return nil
}

// Close ends everything, in the reverse order of its making.
func (l *Live) Close() {
	for i := len(l.closers) - 1; i >= 0; i-- {
		l.closers[i]()
	}
	l.closers = nil
}

var _ poller.Destination = (*Live)(nil)
