// Package live runs the live scores on this machine: a topic, a poller that does
// what Lambda's does, both functions as the construct builds them, a table with
// DynamoDB's API, and a WebSocket API with the page.
package live

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"runtime"

	"github.com/twmb/franz-go/pkg/kgo"

	"msklambda/constructs/gobuild"
	"msklambda/lambda/kafka"
	"msklambda/lambda/livescores/layout"
	"msklambda/test/local/dynalite"
	"msklambda/test/local/internal/broker"
	"msklambda/test/local/internal/gateway"
	"msklambda/test/local/internal/poller"
	"msklambda/test/local/internal/sandbox"
)

// Config says what to run. Code is required.
type Config struct {
	Code       string   // directory of the functions livescores and connections
	Matches    []string // that the page shows
	PagePort   string   // "0" is any
	BrokerPort int      // 0 is any
	Partitions int      // Default: 4.

	// Log is told what a person would want to know, and FunctionLog each line of
	// the functions.
	Log         func(format string, args ...any)
	FunctionLog func(line string)
}

// Live is all of it, running.
type Live struct {
	Gateway *gateway.Gateway

	// Failed gets the events that were given up on.
	Failed chan *poller.Failure

	cfg     Config
	broker  *broker.Broker
	client  *kgo.Client
	closers []func() // in the order of their making
}

const (
	topic = "scores"
	group = "live-scores-fn"
	table = "scores"

	sourceARN = "arn:aws:kafka:us-east-1:111122223333:cluster/local/00000000-0000-0000-0000-000000000000-1"

	// The construct's: attempts after the first.
	retries = 2
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
	if err := l.startGateway(ctx, dir, endpoint); err != nil {
		return err
	}
	return l.startTopic(ctx, dir, endpoint)
}

func (l *Live) startTable(ctx context.Context) (endpoint string, err error) {
	db, err := dynalite.Start(ctx)
	if err != nil {
		return "", err
	}
	l.closers = append(l.closers, db.Close)
	l.cfg.Log("table      %s, with DynamoDB's API", db.Endpoint)
	return db.Endpoint, db.CreateTable(ctx, table)
}

func (l *Live) startGateway(ctx context.Context, dir, endpoint string) error {
	routes, err := l.function(ctx, dir, "connections", endpoint)
	if err != nil {
		return err
	}
	l.Gateway = gateway.New(gateway.Config{Routes: routes, Matches: l.cfg.Matches, Log: func(format string, args ...any) {
		l.cfg.Log("gateway    "+format, args...)
	}})
	l.closers = append(l.closers, l.Gateway.Stop)
	return l.Gateway.Start(l.cfg.PagePort)
}

// function builds and makes a function; its process starts with its first event.
func (l *Live) function(ctx context.Context, dir, name, db string, env ...string) (*sandbox.Function, error) {
	entry := filepath.Join(l.cfg.Code, name)
	l.cfg.Log("building   %s for %s/%s, with the construct's flags", entry, runtime.GOOS, runtime.GOARCH)
	if _, err := os.Stat(entry); err != nil {
		return nil, fmt.Errorf("%w: run this in the repository", err)
	}
	bootstrap := filepath.Join(dir, name, "bootstrap")
	if err := os.Mkdir(filepath.Dir(bootstrap), 0o755); err != nil {
		return nil, err
	}
	if err := gobuild.Build(ctx, entry, bootstrap, runtime.GOOS, runtime.GOARCH); err != nil {
		return nil, err
	}
	f := sandbox.New(sandbox.Config{
		Bootstrap: bootstrap, Name: name, MemorySize: 1024, Log: l.cfg.FunctionLog,
		Env: append(env, "AWS_ACCESS_KEY_ID=local", "AWS_SECRET_ACCESS_KEY=local", "AWS_ENDPOINT_URL_DYNAMODB="+db, layout.TableEnv+"="+table),
	})
	l.closers = append(l.closers, f.Close)
	return f, nil
}

// startTopic starts the broker, and polls for the function that posts scores.
func (l *Live) startTopic(ctx context.Context, dir, endpoint string) error {
	function, err := l.function(ctx, dir, "livescores", endpoint,
		layout.EndpointEnv+"="+l.Gateway.Endpoint(), kafka.ReportBatchItemFailuresEnv+"=true")
	if err != nil {
		return err
	}
	l.broker, err = broker.Start(broker.Config{Port: l.cfg.BrokerPort})
	if err != nil && l.cfg.BrokerPort != 0 {
		l.broker, err = broker.Start(broker.Config{}) // that one is taken
	}
	if err != nil {
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

// Produce writes an event, or whatever it is, and waits until the broker has it.
func (l *Live) Produce(ctx context.Context, match string, event []byte) error {
	return l.client.ProduceSync(ctx, &kgo.Record{Key: []byte(match), Value: event}).FirstErr()
}

// WaitForCommit waits until all that was produced is done with.
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
