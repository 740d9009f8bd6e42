// Command local runs a function on the records of a topic on this machine: a
// Kafka broker, a poller that does what Lambda's does, and the function, built
// as the construct builds it and run over a Lambda Runtime API.
//
//	go run ./test/local
//
// Everything listens on 127.0.0.1, and nothing of it needs an account.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"

	"msklambda/test/local/internal/fault"
)

// options are the flags.
type options struct {
	entry      string
	topic      string
	group      string
	partitions int
	rate       float64
	duration   time.Duration
	port       int

	batchSize   int
	batchWindow time.Duration
	partial     bool
	bisect      bool
	retries     int
	maxAge      time.Duration
	onFailure   string
	filters     list

	timeout time.Duration
	memory  int
	env     list
	logs    bool

	event string
	fail  failing
}

// failing is what -fail asks for.
type failing struct {
	kind  string // "" for nothing
	every int
}

func (f *failing) String() string {
	if f.kind == "" {
		return ""
	}
	return fmt.Sprintf("%s,every=%d", f.kind, f.every)
}

func (f *failing) Set(s string) error {
	*f = failing{fault.Error, 50}
	for part := range strings.SplitSeq(s, ",") {
		if n, ok := strings.CutPrefix(part, "every="); ok {
			every, err := strconv.Atoi(n)
			if err != nil || every < 1 {
				return fmt.Errorf("every must be a number from 1 on, got %q", n)
			}
			f.every = every
		} else if slices.Contains(fault.Kinds, part) {
			f.kind = part
		} else {
			return fmt.Errorf("must be every=N or one of %s, or both with a comma", strings.Join(fault.Kinds, ", "))
		}
	}
	return nil
}

// list is a flag that can be given several times.
type list []string

func (l *list) String() string     { return strings.Join(*l, " ") }
func (l *list) Set(s string) error { *l = append(*l, s); return nil }

const (
	defaultEntry = "lambda"
	faultyEntry  = "test/local/faulty"
)

// parse reads the flags.
func parse(args []string, out io.Writer) (*options, error) {
	o := &options{}
	f := flag.NewFlagSet("local", flag.ContinueOnError)
	f.SetOutput(out)
	f.StringVar(&o.entry, "entry", defaultEntry, "`directory` of the function's Go main package")
	f.StringVar(&o.topic, "topic", "orders", "topic to read")
	f.StringVar(&o.group, "group", "", "consumer group (default <topic>-fn)")
	f.IntVar(&o.partitions, "partitions", 4, "partitions of the topic")
	f.Float64Var(&o.rate, "rate", 10, "sample records a second; 0 to produce none")
	f.DurationVar(&o.duration, "duration", 0, "stop after this time and when all is handled (default: at ctrl-C)")
	f.IntVar(&o.port, "port", 9092, "port of the broker; 0, or one that is taken, for any")
	f.IntVar(&o.batchSize, "batch-size", 100, "most records of an event")
	f.DurationVar(&o.batchWindow, "batch-window", 500*time.Millisecond, "how long a batch may take to fill")
	f.BoolVar(&o.partial, "partial", false, "retry just the records that failed (ReportBatchItemFailures)")
	f.BoolVar(&o.bisect, "bisect", false, "halve a batch that failed")
	f.IntVar(&o.retries, "retries", -1, "how often a failed batch is tried again; -1 for ever")
	f.DurationVar(&o.maxAge, "max-age", 0, "how old a record may be to be tried (default: any age)")
	f.StringVar(&o.onFailure, "on-failure", "", "destination: a `file` for lines of JSON, or kafka://topic")
	f.Var(&o.filters, "filter", `filter `+"`pattern`"+` such as {"value":{"state":["paid"]}}; several are possible`)
	f.DurationVar(&o.timeout, "timeout", time.Minute, "of the function")
	f.IntVar(&o.memory, "memory", 256, "of the function, in MB")
	f.Var(&o.env, "env", "variable of the function, `KEY=value`; several are possible")
	f.BoolVar(&o.logs, "logs", true, "show what the function logs")
	f.StringVar(&o.event, "event", "", "replay one recorded event from a `file`, without a broker, and end")
	f.Var(&o.fail, "fail", "run "+faultyEntry+" as the function, and make it fail at every 50th record: "+
		"`every=N`, error, panic, timeout, crash, memory, poison or slow, or two with a comma: panic,every=20")
	if err := f.Parse(args); err != nil {
		return nil, err
	}
	given := map[string]bool{}
	f.Visit(func(f *flag.Flag) { given[f.Name] = true })
	switch {
	case f.NArg() > 0:
		return nil, fmt.Errorf("no arguments are taken beside flags, got %q", f.Args())
	case o.fail.kind != "" && given["entry"]:
		return nil, fmt.Errorf("-fail runs a function that can fail, %s, and not that of -entry", faultyEntry)
	case o.fail.kind != "" && o.event != "":
		return nil, errors.New("-fail and -event exclude each other")
	case o.partitions < 1 || o.partitions > 1000:
		return nil, fmt.Errorf("-partitions must be 1 to 1000, got %d", o.partitions)
	case o.rate < 0 || o.rate > 100_000:
		return nil, fmt.Errorf("-rate must be 0 to 100000, got %v", o.rate)
	case o.timeout < time.Second || o.timeout > 14*time.Minute:
		return nil, fmt.Errorf("-timeout must be 1s to 14m, got %v", o.timeout)
	case o.memory < 128 || o.memory > 10240:
		return nil, fmt.Errorf("-memory must be 128 to 10240, got %d", o.memory)
	case o.onFailure == "kafka://"+o.topic:
		return nil, errors.New("-on-failure must not be the topic that is read: what fails would be read again for ever")
	}
	if o.fail.kind != "" {
		o.entry = faultyEntry
	}
	if o.group == "" {
		o.group = o.topic + "-fn"
	}
	return o, nil
}

// The exit statuses.
const (
	exitLost  = 1 // records were lost, or the replayed event failed
	exitUsage = 2
)

func main() {
	o, err := parse(os.Args[1:], os.Stderr)
	switch {
	case errors.Is(err, flag.ErrHelp):
		return
	case err != nil:
		fmt.Fprintln(os.Stderr, "local:", err)
		os.Exit(exitUsage)
	}
	// The first signal ends it in order, the second at once.
	signals := make(chan os.Signal, 2)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM)
	ctx, cancel := context.WithCancel(context.Background())
	stop := make(chan struct{})
	go func() {
		<-signals
		close(stop)
		<-signals
		cancel()
	}()
	s := newScreen(os.Stdout)
	run := runLoop
	if o.event != "" {
		run = replay
	}
	status, err := run(ctx, o, s, stop)
	s.close()
	if err != nil {
		fmt.Fprintln(os.Stderr, "local:", err)
		status = exitUsage
	}
	os.Exit(status)
}
