// Command mskdoctor says why an event source mapping of an MSK topic does not work:
// of a stack, of a function, or any one, whoever made it. It reads, and changes
// nothing:
//
//	mskdoctor -stack MskLambda
//	mskdoctor -mapping 91ec905d-1f8a-4a3e-9d5e-2b9a6c1d8e70 -o json
//
// The exit status is 0 where nothing is found blocked, 1 where something is, and 2
// where it cannot say: wrong usage, no credentials, no such stack or mapping.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"time"

	"msklambda/constructs/doctor"
	"msklambda/constructs/doctor/account"
	"msklambda/constructs/near/flagset"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	os.Exit(run(ctx, os.Args[1:], os.Stdout, os.Stderr))
}

func run(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	var target account.Target
	flags := flag.NewFlagSet("mskdoctor", flag.ContinueOnError)
	flags.SetOutput(stderr)
	flags.StringVar(&target.Stack, "stack", "", "the stack whose mappings to look at, by `name`")
	flags.StringVar(&target.Mapping, "mapping", "", "the mapping to look at, by `UUID` or ARN")
	flags.StringVar(&target.Function, "function", "", "the function whose mappings to look at, by `name` or ARN")
	region := flags.String("region", "", "the region (default: that of the environment or the profile)")
	profile := flags.String("profile", "", "the profile of ~/.aws to use")
	timeout := flags.Duration("timeout", time.Minute, "how long to wait for AWS; what has not come is not known")
	format := flags.String("o", "text", "text or json")
	text := flags.String("text", "", "say what a `message` of AWS, CDK or this library means, without an account")
	policy := flags.Bool("permissions", false, "print the IAM policy that reading needs, and end")
	err := flagset.Parse(flags, args)
	if errors.Is(err, flag.ErrHelp) {
		return 0
	}
	fail := func(err error) int {
		fmt.Fprintln(stderr, "mskdoctor:", err)
		return 2
	}
	if err != nil {
		return fail(err)
	}
	given := 0
	for _, one := range []string{target.Stack, target.Mapping, target.Function, *text} {
		if one != "" {
			given++
		}
	}
	if *policy {
		given++
	}
	switch {
	case flags.NArg() > 0:
		return fail(fmt.Errorf("takes no arguments, got %q", flags.Args()))
	case given != 1:
		return fail(errors.New("needs one of -stack, -mapping, -function, -text and -permissions"))
	case *format != "text" && *format != "json":
		return fail(fmt.Errorf("-o must be text or json, got %q", *format))
	case *timeout <= 0:
		return fail(fmt.Errorf("-timeout must be more than 0, got %s", *timeout))
	case *policy:
		fmt.Fprintln(stdout, account.Policy())
		return 0
	case *text != "":
		return explain(*text, stdout, fail)
	}
	waits, cancel := context.WithTimeout(ctx, *timeout)
	defer cancel()
	reports, err := diagnose(waits, *region, *profile, target)
	if ctx.Err() != nil {
		return fail(errors.New("interrupted"))
	}
	if err != nil {
		return fail(err)
	}
	write := doctor.WriteText
	if *format == "json" {
		write = doctor.WriteJSON
	}
	if err := write(stdout, reports); err != nil {
		return fail(err)
	}
	for _, r := range reports {
		if r.State == doctor.Blocked {
			return 1
		}
	}
	return 0
}

func diagnose(ctx context.Context, region, profile string, target account.Target) ([]*doctor.Report, error) {
	a, err := account.Open(ctx, region, profile)
	if err != nil {
		return nil, err
	}
	mappings, events, err := a.Find(ctx, target)
	if err != nil {
		return nil, err
	}
	var reports []*doctor.Report
	for _, m := range mappings {
		facts := a.Read(ctx, m)
		facts.Events = events
		reports = append(reports, doctor.Diagnose(facts))
	}
	if len(mappings) == 0 {
		reports = append(reports, doctor.OfEvents(target.Stack, events))
	}
	return reports, nil
}

// explain says what a text means by itself.
func explain(text string, stdout io.Writer, fail func(error) int) int {
	t, ok := doctor.Means(text)
	if !ok {
		return fail(fmt.Errorf("the message is none that is known: %q", text))
	}
	fmt.Fprint(stdout, t.Advice())
	return 0
}
