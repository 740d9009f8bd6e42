package livescores

import (
	"fmt"
	"time"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsiam"
	"github.com/aws/aws-cdk-go/awscdk/v2/awslambda"
	"github.com/aws/aws-cdk-go/awscdk/v2/awslogs"
	"github.com/aws/aws-cdk-go/awscdklambdagoalpha/v2"
	"github.com/aws/constructs-go/constructs/v10"
	"github.com/aws/jsii-runtime-go"

	"msklambda/constructs/gobuild"
)

// function is one that is no consumer's.
type function struct {
	field       string // of the props, that names the entry
	entry       string
	memory      int
	timeout     time.Duration
	reserved    *int
	retention   awslogs.RetentionDays
	environment map[string]string
	may         []statement
}

// function defines a function with its role, its log group and a policy of exactly
// this and what every function does.
func (l *LiveScores) function(scope constructs.Construct, f *function) (awslambda.Function, awsiam.Policy) {
	role := awsiam.NewRole(scope, jsii.String("Role"), &awsiam.RoleProps{
		AssumedBy: awsiam.NewServicePrincipal(jsii.String("lambda.amazonaws.com"), nil),
	})
	logs := awslogs.NewLogGroup(scope, jsii.String("LogGroup"), &awslogs.LogGroupProps{
		Retention:     f.retention,
		RemovalPolicy: awscdk.RemovalPolicy_RETAIN_ON_UPDATE_OR_DELETE,
	})
	environment := map[string]*string{}
	for name, value := range f.environment {
		environment[name] = &value
	}
	variables, err := gobuild.Environment(f.entry)
	if err == nil && *awscdk.Stack_Of(l).BundlingRequired() {
		err = gobuild.Check(f.entry, variables)
	}
	if err != nil {
		panic(fmt.Errorf("livescores: %s cannot be bundled, got %q: %w", f.field, f.entry, err))
	}
	build := map[string]*string{}
	for name, value := range variables {
		build[name] = &value
	}
	props := &awscdklambdagoalpha.GoFunctionProps{
		Entry:         &f.entry,
		Runtime:       awslambda.Runtime_PROVIDED_AL2023(),
		Architecture:  awslambda.Architecture_ARM_64(),
		MemorySize:    jsii.Number(f.memory),
		Timeout:       awscdk.Duration_Seconds(jsii.Number(f.timeout.Seconds())),
		Environment:   &environment,
		Role:          role,
		LogGroup:      logs,
		LoggingFormat: awslambda.LoggingFormat_JSON,
		Bundling: &awscdklambdagoalpha.BundlingOptions{
			Environment: &build,
		},
	}
	if f.reserved != nil {
		props.ReservedConcurrentExecutions = jsii.Number(*f.reserved)
	}
	fn := awscdklambdagoalpha.NewGoFunction(scope, jsii.String("Function"), props)
	// Through the resource, so that CDK writes no second policy for it.
	fn.Node().DefaultChild().(awslambda.CfnFunction).SetTracingConfig(
		&awslambda.CfnFunction_TracingConfigProperty{Mode: jsii.String("Active")})
	return fn, l.policy(scope, "Policy", role, append(f.may,
		statement{sid: "Logs", actions: []string{"logs:CreateLogStream", "logs:PutLogEvents"}, resource: *logs.LogGroupArn(), reason: "the streams of this one log group, whose names Lambda chooses"},
		statement{sid: "Traces", actions: []string{"xray:PutTelemetryRecords", "xray:PutTraceSegments"}, resource: "*", reason: "IAM has no resource type for these X-Ray actions"}))
}
