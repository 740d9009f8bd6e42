// Command mskadmin looks at the topics and groups of an MSK cluster and changes what
// must be changed by hand: through the admin function of a stack, which is where the
// brokers can be reached, or by itself where it can reach them.
//
//	mskadmin lag -stack MskLambda
//	mskadmin topics -brokers 127.0.0.1:9092
//
// See docs/admin.md.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"
	"syscall"

	"msklambda/constructs/near"
	"msklambda/constructs/near/flagset"
)

// The exit statuses.
const (
	exitDone  = 0
	exitFound = 1 // something was refused, failed, or was found not to be well
	exitUsage = 2
)

// command is one of the commands. It says by itself which flags it has, and returns
// whether all is well.
type command struct {
	name, args, does string
	run              func(ctx context.Context, t *tool, f *flag.FlagSet, args []string) (well bool, err error)
}

var commands []command

func init() { // a table of functions that look into it
	commands = []command{
		{"topics", "", "list topics, their partitions and how many records they have", topics},
		{"groups", "", "list consumer groups and their states", groups},
		{"describe", "-topic T | -group G", "show one topic with its partitions, or one group with its members", describe},
		{"lag", "-group G -topic T", "show how far a group is behind, in records and in time, and whether it moves", lag},
		{"peek", "-topic T", "show records, from the end, an offset or a time", peek},
		{"produce", "-topic T", "write the lines of standard input as records", produce},
		{"offsets", "-group G -topic T -to WHERE", "show where a group would go on from, and with -apply have it do so", offsets},
		{"redrive", "-from WHERE", "show failed batches at a destination, and with -apply have the function handle them", redriveBatches},
		{"verify", "-group G -topic T -produce", "write a marker record, and see the group come by it", verify},
	}
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop) // the second ctrl-C ends it at once
	os.Exit(run(ctx, os.Args[1:], os.Stdin, os.Stdout, os.Stderr))
}

// usageError is a mistake in how the command was called.
type usageError struct{ text string }

func (e usageError) Error() string { return e.text }

func usage(format string, args ...any) error { return usageError{fmt.Sprintf(format, args...)} }

func run(ctx context.Context, args []string, in io.Reader, out, log io.Writer) int {
	if len(args) == 0 || args[0] == "help" || args[0] == "-h" || args[0] == "-help" || args[0] == "--help" {
		help(log)
		if len(args) == 0 {
			return exitUsage
		}
		return exitDone
	}
	c, err := commandOf(args[0])
	if err != nil {
		fmt.Fprintln(log, "mskadmin:", err)
		return exitUsage
	}
	t := &tool{in: in, out: out, log: log}
	f := flag.NewFlagSet(c.name, flag.ContinueOnError)
	f.SetOutput(log)
	f.Usage = func() {
		fmt.Fprintf(log, "mskadmin %s %s\n\n%s.\n\n", c.name, c.args, c.does)
		f.PrintDefaults()
	}
	t.flags(f)
	well, err := c.run(ctx, t, f, args[1:])
	t.close()
	var wrong usageError
	switch {
	case errors.Is(err, flag.ErrHelp):
		return exitDone
	case errors.As(err, &wrong):
		fmt.Fprintf(log, "mskadmin %s: %v\n", c.name, err)
		return exitUsage
	case ctx.Err() != nil && (err == nil || errors.Is(err, context.Canceled)):
		fmt.Fprintf(log, "mskadmin %s: interrupted\n", c.name)
		return exitFound
	case err != nil:
		fmt.Fprintf(log, "mskadmin %s: %v\n", c.name, err)
		return exitFound
	case !well:
		return exitFound
	}
	return exitDone
}

func commandOf(name string) (*command, error) {
	var names []string
	for i := range commands {
		if commands[i].name == name {
			return &commands[i], nil
		}
		names = append(names, commands[i].name)
	}
	hint := ""
	if meant := near.Names(name, names); len(meant) > 0 {
		hint = fmt.Sprintf(", did you mean %q?", meant[0])
	}
	return nil, fmt.Errorf("there is no command %q%s: mskadmin help lists them", name, hint)
}

func help(w io.Writer) {
	fmt.Fprintf(w, "mskadmin COMMAND -stack NAME | -brokers HOST:PORT,...\n\n")
	for _, c := range commands {
		fmt.Fprintf(w, "  %-9s %s\n", c.name, c.does)
	}
	fmt.Fprintf(w, "\nmskadmin COMMAND -h shows the flags. Exit status: %d done, %d refused, failed or not well, %d wrong usage.\n",
		exitDone, exitFound, exitUsage)
}

// parse reads a command's flags, and takes no arguments beside them.
func parse(f *flag.FlagSet, args []string) error {
	if err := flagset.Parse(f, args); err != nil {
		if errors.Is(err, flag.ErrHelp) {
			return err
		}
		return usage("%v", err)
	}
	if f.NArg() > 0 {
		return usage("no arguments are taken beside flags, got %s", strings.Join(f.Args(), " "))
	}
	return nil
}
