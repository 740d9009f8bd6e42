// Package run runs a CDK app as a program: what it wrote is whole or not there,
// what is wrong is a message and not a trace, and a template is validated once.
package run

import (
	"fmt"
	"os"
	"runtime"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/jsii-runtime-go"
)

// App makes an App of the props, has define fill it, and synthesizes it. It
// returns the exit status of the program, having printed what is wrong.
func App(props *awscdk.AppProps, define func(awscdk.App) error) int {
	restore := withoutNoise()
	defer restore()
	validate := takeValidation()
	err := Staged(outdir(props), func(dir *string) (err error) {
		defer Recover(&err)
		p := awscdk.AppProps{}
		if props != nil {
			p = *props
		}
		if dir != nil {
			p.Outdir = dir
		}
		app := awscdk.NewApp(&p)
		if validate != nil {
			validate.register(app)
		}
		if err := define(app); err != nil {
			return err
		}
		return writePlans(*app.Synth(nil).Directory(), os.Stderr)
	})
	jsii.Close()
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return 0
}

// outdir is where the CLI wants the assembly, "" for a temporary directory.
func outdir(props *awscdk.AppProps) string {
	if props != nil && props.Outdir != nil {
		return *props.Outdir
	}
	return os.Getenv("CDK_OUTDIR")
}

// Recover turns a panic that carries an error or a text, as the panics of CDK
// and of the constructs do, into an error: whoever runs the CLI wants the
// message and not the goroutines. Use it in a defer.
func Recover(err *error) {
	switch r := recover().(type) {
	case nil:
	case runtime.Error:
		panic(r) // a bug: the trace is wanted
	case error:
		*err = r
	default:
		*err = fmt.Errorf("%v", r)
	}
}
