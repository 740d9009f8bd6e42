package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"time"

	"msklambda/constructs/gobuild"
	"msklambda/lambda/kafka"
	"msklambda/test/local/internal/broker"
	"msklambda/test/local/internal/fault"
	"msklambda/test/local/internal/poller"
	"msklambda/test/local/internal/sandbox"
)

const sourceARN = "arn:aws:kafka:us-east-1:111122223333:cluster/local/00000000-0000-0000-0000-000000000000-1"

// build builds the function into dir.
func build(ctx context.Context, o *options, s *screen, dir string) (string, error) {
	bootstrap := filepath.Join(dir, "bootstrap")
	s.line("building   %s for %s/%s, with the construct's flags", o.entry, runtime.GOOS, runtime.GOARCH)
	if _, err := os.Stat(o.entry); err != nil {
		return "", fmt.Errorf("%w: run this in the repository, or give -entry", err)
	}
	return bootstrap, gobuild.Build(ctx, o.entry, bootstrap, runtime.GOOS, runtime.GOARCH)
}

func newFunction(o *options, s *screen, bootstrap string) *sandbox.Function {
	env := append([]string{}, o.env...)
	if o.partial {
		env = append(env, kafka.ReportBatchItemFailuresEnv+"=true")
	}
	if o.fail.kind != "" {
		env = append(env, fault.LedgerEnv+"="+filepath.Join(filepath.Dir(bootstrap), "ledger"))
	}
	return sandbox.New(sandbox.Config{
		Bootstrap:  bootstrap,
		Name:       filepath.Base(o.entry),
		MemorySize: o.memory,
		Timeout:    o.timeout,
		Env:        env,
		Log: func(line string) {
			if o.logs {
				s.line("function   %s", line)
			}
		},
	})
}

// runLoop runs all of it until stop is closed, or ctx ends, which is more
// abrupt. It returns the exit status.
func runLoop(ctx context.Context, o *options, s *screen, stop <-chan struct{}) (int, error) {
	dir, err := os.MkdirTemp("", "msklambda-local-")
	if err != nil {
		return 0, err
	}
	defer os.RemoveAll(dir)
	bootstrap, err := build(ctx, o, s, dir)
	if err != nil {
		return 0, err
	}
	b, err := startBroker(o, s)
	if err != nil {
		return 0, err
	}
	defer b.Close()
	destination, err := openDestination(o, b)
	if err != nil {
		return 0, err
	}
	if destination != nil {
		defer destination.Close()
	}
	function := newFunction(o, s, bootstrap)
	defer function.Close()
	audit := newAudit()
	p, err := poller.New(o.mapping(b, function, destination, audit, s))
	if err != nil {
		return 0, err
	}
	source, err := newProducer(o, b.Addrs())
	if err != nil {
		return 0, err
	}
	defer source.close()
	polling, cancel := context.WithCancel(ctx)
	defer cancel()
	ended := make(chan error, 1)
	go func() { ended <- p.Run(polling) }()
	go source.run(s)

	status := func() string {
		return statusLine(p.Stats(), source.count(), b.Lag(o.topic, o.group), function.Starts())
	}
	err = watch(o, s, b, source, stop, ended, status, p.Stop)
	s.close()
	return audit.report(s, p.Stats(), source, b.Offsets(o.topic, o.group), status()), err
}

// watch shows the status until everything has ended.
func watch(o *options, s *screen, b *broker.Broker, source *producer, stop <-chan struct{}, ended <-chan error, status func() string, end func()) error {
	tick := time.NewTicker(200 * time.Millisecond)
	defer tick.Stop()
	var over <-chan time.Time
	if o.duration > 0 {
		over = time.After(o.duration)
	}
	draining := false
	for {
		select {
		case err := <-ended:
			source.stop()
			return err
		case <-stop:
			stop = nil
			s.line("stopping   after the invocation under way; ctrl-C again to stop at once")
			source.stop()
			end()
		case <-over:
			over = time.After(o.timeout + 10*time.Second) // for what is still to be handled
			source.stop()
			if draining {
				end()
			}
			draining = true
		case <-tick.C:
			s.show(status())
			if draining && b.Lag(o.topic, o.group) == 0 {
				end()
			}
		}
	}
}

func startBroker(o *options, s *screen) (*broker.Broker, error) {
	b, err := broker.Start(broker.Config{Port: o.port})
	if err != nil && o.port != 0 {
		b, err = broker.Start(broker.Config{}) // that one is taken
	}
	if err != nil {
		return nil, err
	}
	if err := b.CreateTopic(o.topic, o.partitions); err != nil {
		b.Close()
		return nil, err
	}
	addr := strings.Join(b.Addrs(), ",")
	s.line("broker     %s, topic %s with %d partitions, for any Kafka client:", addr, o.topic, o.partitions)
	s.line("           kcat -b %s -t %s -P    (to produce; -C to consume)", addr, o.topic)
	return b, nil
}

// destination is what can be closed.
type destination interface {
	poller.Destination
	Close() error
}

func openDestination(o *options, b *broker.Broker) (destination, error) {
	if o.onFailure == "" {
		return nil, nil
	}
	topic, ok := strings.CutPrefix(o.onFailure, "kafka://")
	if !ok {
		return poller.OpenFile(o.onFailure)
	}
	if err := b.CreateTopic(topic, 1); err != nil {
		return nil, err
	}
	return poller.OpenTopic(b.Addrs(), topic)
}

// mapping is the event source mapping that the flags describe.
func (o *options) mapping(b *broker.Broker, f *sandbox.Function, d destination, a *audit, s *screen) poller.Config {
	c := poller.Config{
		Brokers: b.Addrs(), Topic: o.topic, Group: o.group,
		Function: f, FunctionARN: f.ARN(), SourceARN: sourceARN,
		BatchSize:               o.batchSize,
		Window:                  o.batchWindow,
		RetryAttempts:           o.retries,
		MaxRecordAge:            o.maxAge,
		BisectOnError:           o.bisect,
		ReportBatchItemFailures: o.partial,
		Filters:                 o.filters,
		Observe:                 a.note,
		Log:                     func(format string, args ...any) { s.line("poller     "+format, args...) },
	}
	if d != nil { // a nil of a type is not nil
		c.OnFailure = d
	}
	return c
}

// statusLine names what there always is, and what there is only now and then
// once there is some.
func statusLine(st poller.Stats, produced int, lag int64, processes int) string {
	var b strings.Builder
	some := func(n int, format string) {
		if n > 0 {
			fmt.Fprintf(&b, format, n)
		}
	}
	fmt.Fprintf(&b, "lag %d | produced %d, handled %d", lag, produced, st.Handled)
	some(st.FilteredOut, ", filtered out %d")
	some(st.Delivered, ", to destination %d")
	some(st.Dropped, ", LOST %d")
	fmt.Fprintf(&b, " | batches %d, invocations %d, failed %d", st.Batches, st.Invocations, st.FunctionErrors)
	some(st.PartialFailures, ", in part %d")
	some(processes, ", processes %d")
	return b.String()
}
