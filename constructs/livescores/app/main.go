// The app deploys live scores as a second stack, beside that of the consumers. See
// docs/live-scores.md. It is one of its own because API Gateway and CloudFront take
// long to compile, which who wants neither should not wait for.
package main

import (
	"github.com/aws/aws-cdk-go/awscdk/v2"

	"msklambda/constructs/livescores/liveapp"
	"msklambda/constructs/mskapp"
	"msklambda/constructs/msklambda"
)

func main() {
	msklambda.Main(nil, func(app awscdk.App) error { return mskapp.Define(app, liveapp.Extension()) })
}
