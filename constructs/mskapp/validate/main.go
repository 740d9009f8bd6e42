// The command validate checks the configuration of the app, without Node, an
// account or a look-up, in the directory of cdk.json:
//
//	go run ./constructs/mskapp/validate -c clusterArn=arn:... -c topic=orders
//
// It reads what the CDK CLI would: the context of -c, of cdk.json, of
// cdk.context.json and of ~/.cdk.json. It says what a synth would, in the same
// words, and its exit status is 1 if something is wrong. What only the account can
// tell, and what CDK says of the statements for endpoints, is left to the synth.
package main

import (
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"msklambda/constructs/mskapp"
	"msklambda/constructs/near/flagset"
)

func main() { os.Exit(run(os.Args[1:], os.Stdout, os.Stderr)) }

// contextFlag collects -c key=value, as the CLI takes it.
type contextFlag map[string]any

func (c contextFlag) String() string { return "" }

func (c contextFlag) Set(text string) error {
	key, value, ok := strings.Cut(text, "=")
	if !ok {
		return errors.New("must be key=value")
	}
	c[key] = value
	return nil
}

func run(args []string, out, problems io.Writer) int {
	given := contextFlag{}
	flags := flag.NewFlagSet("validate", flag.ContinueOnError)
	flags.SetOutput(problems)
	flags.Var(given, "c", "a context `key=value`, as often as you like")
	flags.Var(given, "context", "the same as -c, a `key=value`")
	if err := flagset.Parse(flags, args); errors.Is(err, flag.ErrHelp) {
		return 0
	} else if err != nil {
		fmt.Fprintln(problems, "validate:", err)
		return 2
	}
	context, err := merged(given)
	if err == nil && flags.NArg() > 0 {
		err = fmt.Errorf("validate takes -c key=value and nothing else, got %q", flags.Args())
	}
	if err == nil {
		err = mskapp.Validate(context)
	}
	if err != nil {
		fmt.Fprintln(problems, err)
		return 1
	}
	fmt.Fprintln(out, "the context (cdk.json or -c key=value) is right, as far as can be told without the account")
	return 0
}

// merged is the context that the app would have: what is said first wins.
func merged(given map[string]any) (map[string]any, error) {
	var project, user struct {
		Context map[string]any `json:"context"`
	}
	answers := map[string]any{}
	home, err := os.UserHomeDir()
	if err == nil {
		err = readFile(filepath.Join(home, ".cdk.json"), &user)
	}
	if err := errors.Join(readFile("cdk.json", &project), readFile("cdk.context.json", &answers), err); err != nil {
		return nil, err
	}
	all := map[string]any{}
	for _, layer := range []map[string]any{user.Context, answers, project.Context, given} {
		for key, value := range layer {
			all[key] = value
		}
	}
	return all, nil
}

// readFile reads JSON from a file, which need not be there.
func readFile(path string, v any) error {
	text, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err == nil {
		err = json.Unmarshal(text, v)
	}
	if err != nil {
		return fmt.Errorf("read %s: %w", path, err)
	}
	return nil
}
