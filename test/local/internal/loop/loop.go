// Package loop runs functions on the records of topics, on this machine: a Kafka, a
// poller for each mapping that does what Lambda's does, and the function, built as the
// construct builds it and run over a Lambda Runtime API.
package loop

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"sync"
	"time"

	"msklambda/test/local/internal/broker"
	"msklambda/test/local/internal/cluster"
	"msklambda/test/local/internal/connect"
	"msklambda/test/local/internal/invokeapi"
	"msklambda/test/local/internal/options"
	"msklambda/test/local/internal/page"
	"msklambda/test/local/internal/reload"
	"msklambda/test/local/internal/screen"
	"msklambda/test/local/internal/trouble"
)

// The exit statuses.
const (
	ExitLost  = 1 // records were lost, or the replayed event failed
	ExitUsage = 2 // it could not run
)

// session is a loop at work.
type session struct {
	o         *options.Options
	s         *screen.Screen
	dir       string // of what is built
	cluster   *cluster.Cluster
	consumers []*consumer
	source    *producer
	plan      *trouble.Plan
	seen      seen
	sources   map[string]*reload.Source // that are watched, by directory
	closers   []func()                  // in the order of their making
	debugged  int                       // functions under dlv
}

// Run runs all of it until stop is closed, or ctx ends, which is more
// abrupt. It returns the exit status.
func Run(ctx context.Context, o *options.Options, s *screen.Screen, stop <-chan struct{}) (int, error) {
	l := &session{o: o, s: s, sources: map[string]*reload.Source{}}
	defer l.close()
	started, err := l.start(ctx, stop)
	if err != nil || !started {
		return 0, err
	}
	err = l.run(ctx, stop)
	s.Close()
	status, reported := l.report()
	return status, errors.Join(err, reported)
}

// start starts everything but the pollers. A stop meanwhile is no error, and ends it
// at once: nothing is under way.
func (l *session) start(ctx context.Context, stop <-chan struct{}) (started bool, err error) {
	starting, cancel := context.WithCancel(ctx)
	defer cancel()
	go func() {
		select {
		case <-stop:
			cancel()
		case <-starting.Done():
		}
	}()
	err = l.startAll(starting)
	if starting.Err() != nil {
		l.s.Line("stopping   before it was ready")
		return false, nil
	}
	return err == nil, err
}

func (l *session) startAll(ctx context.Context) (err error) {
	if l.dir, err = os.MkdirTemp("", "msklambda-local-"); err != nil {
		return err
	}
	l.closers = append(l.closers, func() { os.RemoveAll(l.dir) })
	if err := l.readApp(ctx); err != nil {
		return err
	}
	// What is asked for is looked at before anything is built, and nothing is made
	// before that has succeeded.
	if err := l.checkEntries(); err != nil {
		return err
	}
	if err := l.openCluster(ctx); err != nil {
		return err
	}
	topics, err := l.findTopics(ctx)
	if err != nil {
		return err
	}
	built, err := l.buildAll(ctx)
	if err != nil {
		return err
	}
	if err := l.makeTopics(ctx, topics); err != nil {
		return err
	}
	l.seen.underWay = map[*consumer]map[int]page.Batch{}
	l.plan = trouble.NewPlan(l.o.Trouble, func(format string, args ...any) { l.s.Line("fault      "+format, args...) })
	for _, m := range l.o.Mappings {
		c, err := l.newConsumer(ctx, m, built[m])
		if err != nil {
			return err
		}
		l.consumers = append(l.consumers, c)
	}
	if err := l.serveInvoke(); err != nil {
		return err
	}
	l.source, err = newProducer(ctx, l.o, l.cluster)
	if err != nil {
		return err
	}
	l.closers = append(l.closers, l.source.close)
	return l.openPage(ctx)
}

// serveInvoke has the functions be invoked by others than the pollers, such as a redrive.
func (l *session) serveInvoke() error {
	if l.o.Invoke < 0 {
		return nil
	}
	functions := map[string]invokeapi.Function{}
	for _, c := range l.consumers {
		functions[c.Name] = c.slots[0].function
	}
	api, err := invokeapi.Start(l.o.Invoke, functions)
	if err != nil {
		return fmt.Errorf("-invoke: %w", err)
	}
	l.closers = append(l.closers, api.Close)
	for _, c := range l.consumers {
		l.line(c, "function", "mskadmin redrive -handler %s -endpoint %s", c.Name, api.Endpoint)
	}
	return nil
}

func (l *session) close() {
	for _, f := range slices.Backward(l.closers) {
		f()
	}
}

// openCluster connects to the brokers of -brokers, or to one of its own.
func (l *session) openCluster(ctx context.Context) error {
	kafka := l.o.Kafka
	if kafka == nil {
		b, err := broker.Start(broker.Config{Port: l.o.Port})
		if err != nil {
			return err
		}
		l.closers = append(l.closers, b.Close)
		kafka = &connect.Kafka{Brokers: b.Addrs()}
	}
	c, err := cluster.Open(ctx, kafka)
	if err != nil {
		return err
	}
	l.closers = append(l.closers, c.Close)
	l.cluster = c
	return nil
}

// findTopics returns the topics that are needed, with their partitions: 0 of those that
// are still to be made. Those of another Kafka must be there unless that was asked for.
func (l *session) findTopics(ctx context.Context) (map[string]int, error) {
	var names []string
	for _, t := range l.wanted() {
		if !slices.Contains(names, t.Name) {
			names = append(names, t.Name)
		}
	}
	there, err := l.cluster.Partitions(ctx, names...)
	if err != nil {
		return nil, err
	}
	var errs []error
	for _, name := range names {
		if there[name] == 0 && l.o.Kafka != nil && !l.o.Create {
			errs = append(errs, fmt.Errorf("topic %q is not on the brokers: make it, or have it made with -create", name))
		}
	}
	if l.o.Rate > 0 && !slices.Contains(names, l.o.Target) {
		// Samples to a topic that nobody reads may be meant, but not to none.
		all, err := l.cluster.Partitions(ctx, l.o.Target)
		if err != nil {
			return nil, err
		}
		if all[l.o.Target] == 0 {
			errs = append(errs, fmt.Errorf("-topic %q is not there for -rate to write to: give one of %s, or have it made with -topics", l.o.Target, strings.Join(names, ", ")))
		}
	}
	return there, errors.Join(errs...)
}

// wanted are the topics that are read, written to, or asked for.
func (l *session) wanted() []options.Topic {
	wanted := slices.Clone(l.o.Topics)
	for _, m := range l.o.Mappings {
		wanted = append(wanted, options.Topic{Name: m.Topic, Partitions: m.Partitions})
		if topic := m.KafkaTopic(); topic != "" {
			wanted = append(wanted, options.Topic{Name: topic, Partitions: 1})
		}
	}
	return wanted
}

// makeTopics makes those that are not there.
func (l *session) makeTopics(ctx context.Context, there map[string]int) error {
	for _, t := range l.wanted() {
		if there[t.Name] > 0 {
			continue
		}
		if err := l.cluster.Create(ctx, t.Name, t.Partitions); err != nil {
			return err
		}
		there[t.Name] = t.Partitions
	}
	l.sayTopics(there)
	return nil
}

func (l *session) sayTopics(partitions map[string]int) {
	addr := strings.Join(l.cluster.Brokers(), ",")
	for _, m := range l.o.Mappings {
		l.s.Line("broker     %s, topic %s with %d partitions, group %s", addr, m.Topic, partitions[m.Topic], m.Group)
	}
	if l.o.Kafka == nil {
		l.s.Line("           for any Kafka client: kcat -b %s -t %s -P    (to produce; -C to consume)", addr, l.o.Target)
	}
}

// run polls, and shows the status, until everything has ended.
func (l *session) run(ctx context.Context, stop <-chan struct{}) error {
	polling, cancel := context.WithCancel(ctx)
	ended := make(chan error, 1)
	go func() { ended <- l.poll(polling) }()
	go l.source.run(l.s)
	go l.follow(polling)
	var watching sync.WaitGroup
	defer watching.Wait()
	defer cancel()
	if l.o.Watch {
		watching.Go(func() { l.watch(polling) })
	}
	tick := time.NewTicker(200 * time.Millisecond)
	defer tick.Stop()
	var over <-chan time.Time
	var written <-chan struct{}
	switch {
	case l.o.Duration > 0:
		over = time.After(l.o.Duration)
	case l.o.Records != "" && !l.o.Watch && !l.o.Debug && l.o.UI == "":
		written = l.source.ended
	}
	draining, drained := false, 0
	for {
		select {
		case err := <-ended:
			l.source.stop()
			return err
		case <-stop:
			stop = nil
			l.s.Line("stopping   after the invocation under way; ctrl-C again to stop at once")
			l.source.stop()
			l.stopPolling()
		case <-written:
			written = nil
			l.source.flush()
			over = time.After(l.longest() + 10*time.Second)
			draining = true
		case <-over:
			over = time.After(l.longest() + 10*time.Second) // for what is still to be handled
			l.source.stop()
			if draining {
				l.stopPolling()
			}
			draining = true
		case <-tick.C:
			l.s.Show(l.status())
			if !draining || !l.drained(ctx) {
				drained = 0
			} else if drained++; drained == 2 {
				// Once is not enough where a function writes what another reads.
				l.stopPolling()
			}
		}
	}
}

// longest is the time of the slowest function.
func (l *session) longest() (d time.Duration) {
	for _, m := range l.o.Mappings {
		d = max(d, m.Timeout)
	}
	return d
}

// report says what came of all records.
func (l *session) report() (status int, err error) {
	ctx := context.Background()
	for _, c := range l.consumers {
		if lost, failed := c.report(ctx, l); failed != nil {
			err = errors.Join(err, failed)
		} else if lost {
			status = ExitLost
		}
	}
	if n := l.source.failed(); n > 0 {
		l.s.Line("sent in vain: %d records were not taken by the brokers, which have told the producer so", n)
	}
	return status, errors.Join(err, l.source.failure())
}
