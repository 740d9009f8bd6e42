// Command mskplan says in words what stacks of this library do, and what a deploy
// would do to those that are there. It reads assemblies (cdk.out) or templates, and
// needs neither an account nor Node:
//
//	mskplan cdk.out
//	mskplan -before saved -after cdk.out -format markdown
//
// The exit status is 0, or 2 where it cannot say; with -check, 1 where a deploy would
// be refused half-way, or a look-up is pending.
package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"os"

	"msklambda/constructs/near/flagset"
	"msklambda/constructs/plan"
)

func main() { os.Exit(run(os.Args[1:], os.Stdout, os.Stderr)) }

func run(args []string, stdout, stderr io.Writer) int {
	flags := flag.NewFlagSet("mskplan", flag.ContinueOnError)
	flags.SetOutput(stderr)
	before := flags.String("before", "", "assembly or template that is deployed, or that is on the main branch; none: describe only")
	after := flags.String("after", "cdk.out", "assembly or template to deploy; the argument stands for it too")
	format := flags.String("format", string(plan.Text), "text, markdown or json")
	name := flags.String("stack", "", "only this stack")
	check := flags.Bool("check", false, "exit with status 1 where a deploy would be refused, or a look-up is pending")
	err := flagset.Parse(flags, args)
	if errors.Is(err, flag.ErrHelp) {
		return 0
	}
	fail := func(err error) int {
		fmt.Fprintln(stderr, "mskplan:", err)
		return 2
	}
	if err != nil {
		return fail(err)
	}
	if flags.NArg() > 1 {
		return fail(fmt.Errorf("takes one argument, got %q", flags.Args()))
	}
	if flags.NArg() == 1 {
		*after = flags.Arg(0)
	}
	reports, err := reports(*before, *after, *name)
	if err != nil {
		return fail(err)
	}
	if err := plan.Write(stdout, plan.Format(*format), reports); err != nil {
		return fail(err)
	}
	for _, r := range reports {
		if *check && (r.Refused() || r.Pending != "") {
			return 1
		}
	}
	return 0
}

func reports(before, after, name string) ([]*plan.Report, error) {
	load := func(path string) ([]*plan.Template, error) {
		all, err := plan.Load(path)
		if err != nil || name == "" || len(all) == 1 {
			return all, err
		}
		for _, t := range all {
			if t.Stack == name {
				return []*plan.Template{t}, nil
			}
		}
		return nil, nil
	}
	new, err := load(after)
	if err != nil {
		return nil, err
	}
	var old []*plan.Template
	if before != "" {
		if old, err = load(before); err != nil {
			return nil, err
		}
	}
	if len(old)+len(new) == 0 {
		return nil, fmt.Errorf("-stack %s: there is no such stack", name)
	}
	if before == "" {
		return plan.DescribeAll(new), nil
	}
	return plan.CompareAll(old, new)
}
