package msklambda

import (
	"os"

	"github.com/aws/aws-cdk-go/awscdk/v2"

	"msklambda/constructs/internal/run"
)

// Main is the main function of a CDK app: it makes the App of the props, which
// may be nil, calls define to fill it, synthesizes it and ends the process.
//
//	func main() {
//		msklambda.Main(nil, func(app awscdk.App) error {
//			stack := awscdk.NewStack(app, jsii.String("Orders"), nil)
//			...
//			return nil
//		})
//	}
//
// An app can do without it. With it, an error of define, or a panic with which
// CDK or a construct refuses something, ends the process with that message alone
// and exit status 1. Only a synth that succeeds reaches the output directory. And
// CDK's validation of templates, most of what a synth costs, is done once for each
// template and not again until it changes: CDK_VALIDATION=true in the environment
// has it done each time, CDK_VALIDATION=false never. What was found clean is kept
// in the user's cache directory, or in the directory that MSKLAMBDA_CACHE names.
//
// Each stack that has a consumer gets a file <stack>.plan.txt beside its template,
// which says in words what the stack does. With MSKLAMBDA_PLAN=true in the environment
// it is printed too. With MSKLAMBDA_PLAN=dir, the output of an earlier synth, it says
// what a deploy changes.
//
// An app that registers a CloudFormationValidatePlugin of its own needs
// CDK_VALIDATION=true.
func Main(props *awscdk.AppProps, define func(app awscdk.App) error) {
	os.Exit(run.App(props, define))
}
