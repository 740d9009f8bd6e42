package flagset

import (
	"bytes"
	"errors"
	"flag"
	"strings"
	"testing"
)

func TestFlags(t *testing.T) {
	for args, want := range map[string]string{
		"-brokers x":    "",
		"-broker x":     `there is no flag -broker, did you mean -brokers?: -h lists them`,
		"--sack x":      `there is no flag -sack, did you mean -stack?: -h lists them`,
		"-x":            `there is no flag -x: -h lists them`,
		"-stack":        `flag needs an argument: -stack: -h lists the flags`,
		"-max many":     `invalid value "many" for flag -max: parse error: -h lists the flags`,
		"-stack s -h":   flag.ErrHelp.Error(),
		"-stack s more": "",
	} {
		var out bytes.Buffer
		f := flag.NewFlagSet("tool", flag.ContinueOnError)
		f.SetOutput(&out)
		f.String("brokers", "", "brokers")
		f.String("stack", "", "stack")
		f.Int("max", 0, "most")
		err := Parse(f, strings.Fields(args))
		if said := err; said == nil && want != "" || said != nil && said.Error() != want {
			t.Errorf("%s = %v, want %s", args, err, want)
		}
		if help := errors.Is(err, flag.ErrHelp); help != strings.Contains(out.String(), "Usage of tool:\n  -brokers") || !help && out.Len() > 0 {
			t.Errorf("%s wrote %q", args, out.String())
		}
	}
}

func TestTheHelpOfACommand(t *testing.T) {
	f := flag.NewFlagSet("tool", flag.ContinueOnError)
	times := 0
	f.Usage = func() { times++ }
	if err := Parse(f, []string{"-no"}); err == nil || times != 0 {
		t.Errorf("%v, help %d times, want an error without it", err, times)
	}
	if err := Parse(f, []string{"-h"}); !errors.Is(err, flag.ErrHelp) || times != 1 {
		t.Errorf("%v, help %d times, want it once", err, times)
	}
}
