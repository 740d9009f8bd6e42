// Command livescores runs the live scores on this machine: open the page and see
// scores move.
//
//	go run ./test/local/livescores
//
// Everything listens on 127.0.0.1, and nothing of it needs an account. The table
// is npm's dynalite, which is installed once, so npm must reach its registry the
// first time.
package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/signal"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"

	"msklambda/test/local/internal/live"
)

type options struct {
	port       int
	brokerPort int
	rate       float64
	faults     bool
	logs       bool
	duration   time.Duration
}

func parse(args []string, out io.Writer) (*options, error) {
	o := &options{}
	f := flag.NewFlagSet("livescores", flag.ContinueOnError)
	f.SetOutput(out)
	f.IntVar(&o.port, "port", 8080, "port of the page; 0 for any")
	f.IntVar(&o.brokerPort, "broker-port", 9092, "port of the Kafka broker; 0, or one that is taken, for any")
	f.Float64Var(&o.rate, "rate", 1, "events a second of all matches; 0 for none but yours")
	f.BoolVar(&o.faults, "faults", false, "write duplicate, late and bad events too, of which the page must show nothing")
	f.BoolVar(&o.logs, "logs", false, "show what the functions log")
	f.DurationVar(&o.duration, "duration", 0, "stop after this time (default: at ctrl-C)")
	if err := f.Parse(args); err != nil {
		return nil, err
	}
	switch {
	case f.NArg() > 0:
		return nil, fmt.Errorf("no arguments are taken beside flags, got %q", f.Args())
	case o.rate < 0 || o.rate > 1000:
		return nil, fmt.Errorf("-rate must be 0 to 1000, got %v", o.rate)
	}
	return o, nil
}

func main() {
	o, err := parse(os.Args[1:], os.Stderr)
	if err == flag.ErrHelp {
		return
	}
	if err == nil {
		ctx, cancel := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
		defer cancel()
		err = run(ctx, o, os.Stdout)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "livescores:", err)
		os.Exit(2)
	}
}

// run runs it until the context ends or the duration is over.
func run(ctx context.Context, o *options, out io.Writer) error {
	var mu sync.Mutex
	line := func(format string, args ...any) {
		mu.Lock()
		defer mu.Unlock()
		fmt.Fprintf(out, format+"\n", args...)
	}
	matches := fixtures()
	l, err := live.Start(ctx, live.Config{
		Code: "lambda", Matches: ids(matches), PagePort: strconv.Itoa(o.port), BrokerPort: o.brokerPort, Log: line,
		FunctionLog: func(text string) {
			if o.logs {
				line("function   %s", text)
			}
		},
	})
	if err != nil {
		return err
	}
	defer l.Close()
	line("broker     %s, topic %s, for any Kafka client:", strings.Join(l.Brokers(), ","), l.Topic())
	line("           kcat -b %s -t %s -P", strings.Join(l.Brokers(), ","), l.Topic())
	line("page       %s", l.Gateway.PageURL())
	if o.duration > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, o.duration)
		defer cancel()
	}
	return play(ctx, o, l, matches, line)
}

// play writes events at the rate.
func play(ctx context.Context, o *options, l *live.Live, matches []*match, line func(string, ...any)) error {
	var tick <-chan time.Time
	if o.rate > 0 {
		ticker := time.NewTicker(time.Duration(float64(time.Second) / o.rate))
		defer ticker.Stop()
		tick = ticker.C
	}
	r := rand.New(rand.NewPCG(1, 2)) // the same course every day
	for {
		select {
		case <-ctx.Done():
			return nil
		case f := <-l.Failed:
			line("failed     %s", f.Payload)
		case <-tick:
			m := matches[r.IntN(len(matches))]
			for _, text := range records(m.next(r), o.faults) {
				if err := l.Produce(ctx, m.event.Match, text); err != nil && ctx.Err() == nil {
					return err
				}
			}
		}
	}
}
