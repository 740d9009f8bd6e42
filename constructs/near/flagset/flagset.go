// Package flagset parses the flags of commands. It is apart from package near, which
// functions compile as well.
package flagset

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"strings"

	"msklambda/constructs/near"
)

// Parse parses the flags of a command whose error handling is to go on. The help goes
// to the set's output. Any other error is one line, for the command to print, with the
// flag that was meant.
func Parse(f *flag.FlagSet, args []string) error {
	out, usage := f.Output(), f.Usage
	f.SetOutput(io.Discard) // or each error comes with all of the help
	f.Usage = func() {}
	err := f.Parse(args)
	f.SetOutput(out)
	f.Usage = usage
	switch {
	case err == nil:
		return nil
	case errors.Is(err, flag.ErrHelp) && usage != nil:
		usage()
	case errors.Is(err, flag.ErrHelp):
		fmt.Fprintf(out, "Usage of %s:\n", f.Name())
		f.PrintDefaults()
	default:
		if given, ok := strings.CutPrefix(err.Error(), "flag provided but not defined: -"); ok {
			return fmt.Errorf("there is no flag -%s%s: -h lists them", given, flagMeant(f, given))
		}
		return fmt.Errorf("%w: -h lists the flags", err)
	}
	return err
}

func flagMeant(f *flag.FlagSet, given string) string {
	var all []string
	f.VisitAll(func(f *flag.Flag) { all = append(all, f.Name) })
	if meant := near.Names(given, all); len(meant) > 0 {
		return fmt.Sprintf(", did you mean -%s?", meant[0])
	}
	return ""
}
