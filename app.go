// The app deploys one consumer, configured by CDK context. See README.md.
package main

import (
	"github.com/aws/aws-cdk-go/awscdk/v2"

	"msklambda/constructs/mskapp"
	"msklambda/constructs/msklambda"
)

func main() {
	msklambda.Main(nil, func(app awscdk.App) error { return mskapp.Define(app) })
}
