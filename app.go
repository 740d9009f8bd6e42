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
	err := synth()
	jsii.Close()
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func synth() (err error) {
	app := awscdk.NewApp(nil)
	defer func() {
		if err != nil {
			mskapp.Discard(*app.Outdir())
		}
	}()
	defer mskapp.Recover(&err)
	config, err := mskapp.ReadConfig(app)
	if err != nil {
		return err
	}
	mskapp.NewStack(app, config)
	app.Synth(nil)
	return nil
}
