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
	"errors"
	"flag"
	"fmt"
	"hash/fnv"
	"io"
	"maps"
	"math"
	"math/rand/v2"
	"os"
	"os/signal"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"

	"msklambda/test/local/bucket"
	"msklambda/test/local/internal/gateway"
	"msklambda/test/local/internal/live"
)

type options struct {
	port       int
	brokerPort int
	rate       float64
	faults     bool
	logs       bool
	duration   time.Duration
	limits     gateway.Limits
	fault      gateway.Fault
	faultShare float64
}

func parse(args []string, out io.Writer) (*options, error) {
	o := &options{}
	f := flag.NewFlagSet("livescores", flag.ContinueOnError)
	f.SetOutput(out)
	f.IntVar(&o.port, "port", 8080, "port of the page; 0 for any")
	f.IntVar(&o.brokerPort, "broker-port", 9092, "port of the Kafka broker; 0 for any")
	f.Float64Var(&o.rate, "rate", 1, "events a second of all matches; 0 for none but yours")
	f.BoolVar(&o.faults, "faults", false, "write duplicate, late and bad events too, of which the page must show nothing")
	f.Float64Var(&o.limits.Connects, "connects", 500, "connections a second that the API takes; 0 for any number")
	f.Float64Var(&o.limits.Messages, "messages", 500, "messages a second that each route takes; 0 for any number")
	f.Float64Var(&o.limits.Posts, "posts", 10000, "posts a second that the API takes, beyond which they are answered 429; 0 for any number")
	f.IntVar(&o.fault.Status, "post-status", 0, "answer this status to posts to -post-share of the browsers, such as 503")
	f.BoolVar(&o.fault.Hang, "post-hang", false, "do not answer posts to -post-share of the browsers")
	f.Float64Var(&o.faultShare, "post-share", 1, "share of the browsers that -post-status and -post-hang are for, 0 to 1")
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
	case min(o.limits.Connects, o.limits.Messages, o.limits.Posts) < 0:
		return nil, errors.New("-connects, -messages and -posts must not be negative")
	case o.fault.Status != 0 && (o.fault.Status < 400 || o.fault.Status > 599):
		return nil, fmt.Errorf("-post-status must be 400 to 599, got %d", o.fault.Status)
	case o.faultShare < 0 || o.faultShare > 1:
		return nil, fmt.Errorf("-post-share must be 0 to 1, got %v", o.faultShare)
	}
	return o, nil
}

// postFault says what becomes of a post: the same for the same connection.
func (o *options) postFault(connection string) gateway.Fault {
	h := fnv.New32a()
	_, _ = h.Write([]byte(connection))
	if float64(h.Sum32())/math.MaxUint32 >= o.faultShare {
		return gateway.Fault{}
	}
	return o.fault
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

// yours is an event of a match that nobody else writes to.
const yours = `{"match":"yours","sequence":1,"home":"You","away":"Them","score":{"home":0,"away":0},"clock":"0:00","event":"kickoff"}`

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
		Limits: o.limits, Fault: o.postFault,
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
	// With the match as the key, so that its events stay in order.
	line("           echo '%s' | kcat -b %s -t %s -P -k yours", yours, strings.Join(l.Brokers(), ","), l.Topic())
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
	known := map[string]bool{}       // what was said of the bucket of what failed
	_, rejected := l.Files.List(live.Rejected)
	for {
		select {
		case <-ctx.Done():
			return nil
		case f := <-l.Failed:
			line("failed     %s", f.Payload)
		case <-rejected:
			var all map[string]bucket.Object
			all, rejected = l.Files.List(live.Rejected)
			for _, key := range slices.Sorted(maps.Keys(all)) {
				if !known[key] {
					line("rejected   %s", all[key].Content)
				}
				known[key] = true
			}
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
