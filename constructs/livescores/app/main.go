// The app deploys live scores as a second stack, beside that of the consumers. See
// docs/live-scores.md. It is one of its own because API Gateway and CloudFront take
// long to compile, which who wants neither should not wait for.
package main

import (
	"fmt"
	"os"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/jsii-runtime-go"

	"msklambda/constructs/livescores/liveapp"
	"msklambda/constructs/mskapp"
)

func main() {
	err := mskapp.Staged(os.Getenv("CDK_OUTDIR"), synth)
	jsii.Close()
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func synth(outdir *string) (err error) {
	defer mskapp.Recover(&err)
	app := awscdk.NewApp(&awscdk.AppProps{Outdir: outdir})
	config, err := mskapp.ReadConfig(app, liveapp.Extension())
	if err != nil {
		return err
	}
	mskapp.NewStack(config)
	app.Synth(nil)
	return nil
}
