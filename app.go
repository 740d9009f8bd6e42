// The app deploys one consumer, configured by CDK context. See README.md.
package main

import (
	"fmt"
	"os"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/jsii-runtime-go"

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
	config, err := mskapp.ReadConfig(app)
	if err != nil {
		return err
	}
	mskapp.NewStack(config)
	app.Synth(nil)
	return nil
}
