// Command mskcapacity says what a workload asks of Lambda, its pollers and the network,
// and what it costs:
//
//	mskcapacity -records 2000 -value 500 -partitions 20 -each 5ms -mode provisioned
//
// It needs no account. What its lines mean, and what AWS does not document, is in
// docs/capacity.md. The exit status is 0, 1 where the group falls behind, or 2 where
// a flag is wrong.
package main

import (
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"msklambda/constructs/near/flagset"
	"msklambda/constructs/plan"
	"msklambda/constructs/plan/capacity"
	"msklambda/constructs/problem"
)

func main() { os.Exit(run(os.Args[1:], os.Stdout, os.Stderr)) }

// flagOf are the flags by the fields of a workload.
var flagOf = map[string]string{"Records": "-records", "Value": "-value", "Key": "-key", "Headers": "-headers", "Partitions": "-partitions",
	"Each": "-each", "Call": "-call", "AtOnce": "-at-once", "ByKey": "-by-key", "Mode": "-mode", "BatchSize": "-batch-size", "Window": "-window",
	"Memory": "-memory", "Subnets": "-subnets", "Backlog": "-backlog", "LogCall": "-log-call", "LogRecord": "-log-record", "Once": "-once"}

func run(args []string, stdout, stderr io.Writer) int {
	var w capacity.Workload
	var window time.Duration
	var output string
	flags := flag.NewFlagSet("mskcapacity", flag.ContinueOnError)
	flags.SetOutput(stderr)
	flags.Float64Var(&w.Records, "records", 0, "records a second; required")
	flags.IntVar(&w.Value, "value", 0, "bytes of a value, on average")
	flags.IntVar(&w.Key, "key", 0, "bytes of a key")
	flags.IntVar(&w.Headers, "headers", 0, "bytes of the values of all headers of a record")
	flags.IntVar(&w.Partitions, "partitions", 0, "of the topic; required")
	flags.DurationVar(&w.Each, "each", 0, "what the function takes for one record, such as 5ms")
	flags.DurationVar(&w.Call, "call", time.Millisecond, "what an invocation takes beside its records")
	flags.IntVar(&w.AtOnce, "at-once", 1, "records that the function handles at once: kafka.Concurrency")
	flags.BoolVar(&w.ByKey, "by-key", false, "they are of one partition too: kafka.ConcurrencyByKey")
	flags.StringVar((*string)(&w.Mode), "mode", string(capacity.OnDemand), "of the pollers: on-demand or provisioned")
	flags.IntVar(&w.BatchSize, "batch-size", 100, "most records of an invocation, 1 to 10000")
	flags.DurationVar(&window, "window", 500*time.Millisecond, "how long a batch may take to fill, 0s to 5m")
	flags.IntVar(&w.Memory, "memory", 256, "of the function, in MB")
	flags.IntVar(&w.Subnets, "subnets", 3, "of the brokers")
	flags.Float64Var(&w.Backlog, "backlog", 1_000_000, "records that wait already")
	flags.IntVar(&w.LogCall, "log-call", 300, "bytes logged for an invocation")
	flags.IntVar(&w.LogRecord, "log-record", 0, "bytes logged for a record")
	flags.StringVar((*string)(&w.Once), "once", "", "how lambda/kafka/once keeps what is done: keys, partitions or batches")
	flags.StringVar(&output, "o", "text", "text or json")
	err := flagset.Parse(flags, args)
	if errors.Is(err, flag.ErrHelp) {
		return 0
	}
	fail := func(err error) int {
		fmt.Fprintln(stderr, "mskcapacity:", strings.ReplaceAll(err.Error(), "\n", "\nmskcapacity: "))
		return 2
	}
	if err != nil {
		return fail(err)
	}
	if flags.NArg() > 0 {
		return fail(fmt.Errorf("takes flags only, got %q", flags.Args()))
	}
	w.Window = &window
	var wrong []error
	for _, p := range problem.Of(w.Validate()) {
		wrong = append(wrong, p.Rename(func(field string) string { return flagOf[field] }))
	}
	if err := errors.Join(wrong...); err != nil {
		return fail(err)
	}
	a := w.Ask()
	switch output {
	case "text":
		if err := capacity.Write(stdout, w, a); err != nil {
			return fail(err)
		}
	case "json":
		enc := json.NewEncoder(stdout)
		enc.SetIndent("", "  ")
		if err := enc.Encode(map[string]any{"answer": a, "prices": plan.Prices.Region + ", " + plan.Prices.Date}); err != nil {
			return fail(err)
		}
	default:
		return fail(fmt.Errorf("-o must be text or json, got %q", output))
	}
	if !a.KeepsUp {
		return 1
	}
	return 0
}
