package loop

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"sync"

	"github.com/twmb/franz-go/pkg/kgo"

	"msklambda/lambda/kafka"
	"msklambda/test/local/internal/cluster"
	"msklambda/test/local/internal/fault"
	"msklambda/test/local/internal/logline"
	"msklambda/test/local/internal/mapping"
	"msklambda/test/local/internal/poller"
	"msklambda/test/local/internal/sandbox"
)

// sourceARN is what functions are told of the cluster.
const sourceARN = "arn:aws:kafka:us-east-1:111122223333:cluster/local/00000000-0000-0000-0000-000000000000-1"

// BrokersEnv is the variable in which a function finds the addresses of the brokers,
// unless it is given another value.
const BrokersEnv = "BROKERS"

// consumer is a mapping at work.
type consumer struct {
	*mapping.Mapping
	label       string // before its lines, "" where there is one
	slots       []*slot
	destination destination
	audit       *audit
	began       []cluster.Offsets

	mu      sync.Mutex
	offsets []cluster.Offsets // as the brokers said last
	history []moment          // of them, the oldest first
	problem string            // why they could not
}

// destination is what can be closed.
type destination interface {
	poller.Destination
	Close() error
}

func (l *session) newConsumer(ctx context.Context, m *mapping.Mapping, bootstrap string) (*consumer, error) {
	c := &consumer{Mapping: m, audit: newAudit()}
	if len(l.o.Mappings) > 1 {
		c.label = m.Name
	}
	if l.o.Kafka != nil {
		members, err := l.cluster.Members(ctx, m.Group)
		if err != nil {
			return nil, err
		}
		if len(members) > 0 {
			return nil, fmt.Errorf("group %q is at work already (%s), and would lose partitions to the loop: end it, or give another -group", m.Group, strings.Join(members, ", "))
		}
	}
	var err error
	if c.began, err = l.cluster.Offsets(ctx, m.Topic, m.Group); err != nil {
		return nil, err
	}
	c.offsets = c.began
	c.audit.begin(c.began)
	if err := c.openDestination(l); err != nil {
		return nil, err
	}
	opts, err := l.cluster.Kafka().Options()
	if err != nil {
		return nil, err
	}
	for n := range max(1, m.Pollers) {
		f := l.newFunction(c, bootstrap, n)
		one, err := newSlot(c.config(l, f, opts), f)
		if err != nil {
			return nil, err
		}
		c.slots = append(c.slots, one)
	}
	return c, nil
}

// newFunction makes a function, whose process starts with its first event.
func (l *session) newFunction(c *consumer, bootstrap string, n int) *sandbox.Function {
	env := slices.Clone(c.Env)
	if !slices.ContainsFunc(env, func(e string) bool { return strings.HasPrefix(e, BrokersEnv+"=") }) && l.cluster != nil {
		env = append(env, BrokersEnv+"="+strings.Join(l.cluster.Brokers(), ","))
	}
	if c.ReportBatchItemFailures {
		env = append(env, kafka.ReportBatchItemFailuresEnv+"=true")
	}
	if l.o.Fail.Kind != "" {
		env = append(env, fault.LedgerEnv+"="+filepath.Join(l.dir, fmt.Sprintf("ledger-%s-%d", c.Name, n)))
	}
	config := sandbox.Config{
		Bootstrap:  bootstrap,
		Name:       c.Name,
		MemorySize: c.Memory,
		Timeout:    c.Timeout,
		Env:        env,
		Log: func(line string) {
			if !l.o.Logs {
				return
			}
			if !l.o.Raw {
				line = logline.Readable(line)
			}
			l.line(c, "function", "%s", line)
		},
	}
	if l.o.Debug {
		l.debug(c, &config)
	}
	f := sandbox.New(config)
	l.closers = append(l.closers, f.Close)
	return f
}

// line writes a line of a part of a consumer.
func (l *session) line(c *consumer, part, format string, args ...any) {
	if c.label != "" {
		part += " " + c.label
	}
	l.s.Line("%-10s "+format, append([]any{part}, args...)...)
}

func (c *consumer) openDestination(l *session) (err error) {
	switch topic := c.KafkaTopic(); {
	case topic != "":
		opts, err := l.cluster.Kafka().Options()
		if err != nil {
			return err
		}
		c.destination, err = poller.OpenTopic(l.cluster.Brokers(), topic, opts...)
		if err != nil {
			return err
		}
	case c.OnFailure != "":
		if c.destination, err = poller.OpenFile(c.OnFailure); err != nil {
			return fmt.Errorf("-on-failure: %w", err)
		}
	default:
		return nil
	}
	l.closers = append(l.closers, func() {
		if err := c.destination.Close(); err != nil {
			l.line(c, "on failure", "the destination is not closed: %v", err)
		}
	})
	return nil
}

// config is the mapping as the poller has it.
func (c *consumer) config(l *session, f *sandbox.Function, opts []kgo.Opt) poller.Config {
	made := l.plan.For(f)
	config := poller.Config{
		Brokers: l.cluster.Brokers(), Client: opts, Topic: c.Topic, Group: c.Group, From: c.From, Since: c.Since,
		Function: made, Around: l.seen.watch(c, made.Around), CutAfter: l.plan.CutAfter, BeforeCommit: made.BeforeCommit, FunctionARN: f.ARN(), SourceARN: sourceARN,
		BatchSize:               c.BatchSize,
		Window:                  c.Window,
		RetryAttempts:           c.RetryAttempts,
		MaxRecordAge:            c.MaxRecordAge,
		BisectOnError:           c.BisectOnError,
		ReportBatchItemFailures: c.ReportBatchItemFailures,
		Filters:                 c.Filters,
		Observe: func(o poller.Outcome, partition int32, offset int64) {
			c.audit.note(o, partition, offset)
			l.seen.observe(c, o, partition, offset)
		},
		Log: func(format string, args ...any) { l.line(c, "poller", format, args...) },
	}
	if c.destination != nil { // a nil of a type is not nil
		config.OnFailure = told{c.destination, &l.seen, c}
	}
	return config
}

// poll runs all pollers until they end, and ends all with one that fails.
func (l *session) poll(ctx context.Context) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	var all sync.WaitGroup
	var mu sync.Mutex
	var errs []error
	for _, c := range l.consumers {
		for _, one := range c.slots {
			all.Go(func() {
				if err := one.run(ctx); err != nil {
					mu.Lock()
					defer mu.Unlock()
					errs = append(errs, err)
					cancel()
				}
			})
		}
	}
	all.Wait()
	return errors.Join(errs...)
}

// stopPolling ends all pollers after what is under way.
func (l *session) stopPolling() {
	for _, c := range l.consumers {
		for _, one := range c.slots {
			one.stop()
		}
	}
}

// stats are those of all pollers of the consumer.
func (c *consumer) stats() (sum poller.Stats) {
	for _, one := range c.slots {
		sum = sum.Plus(one.stats())
	}
	return sum
}

func (c *consumer) starts() (n int) {
	for _, one := range c.slots {
		n += one.function.Starts()
	}
	return n
}

// report says what came of the consumer's records.
func (c *consumer) report(ctx context.Context, l *session) (lost bool, err error) {
	all, err := l.cluster.Offsets(ctx, c.Topic, c.Group)
	if err != nil {
		return false, err
	}
	c.mu.Lock()
	c.offsets = all
	c.mu.Unlock()
	before := ""
	if c.label != "" {
		before = c.label + ": "
	}
	l.s.Line("%s%s", before, c.status())
	if left := cluster.Lag(all); left > 0 {
		l.s.Line("%sleft in the topic: %d records, not committed: the group would get them next", before, left)
	}
	n, err := c.audit.lost(ctx, l.cluster, c.Topic, all)
	switch {
	case err != nil:
		return false, err
	case n > 0:
		l.s.Line("%slost: %d records", before, n)
	default:
		l.s.Line("%slost: none", before)
	}
	return n > 0, nil
}
