package msklambda

import (
	"cmp"
	"fmt"
	"go/build"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsiam"
	"github.com/aws/aws-cdk-go/awscdk/v2/awslambda"
	"github.com/aws/aws-cdk-go/awscdk/v2/awslogs"
	"github.com/aws/aws-cdk-go/awscdklambdagoalpha/v2"
	"github.com/aws/constructs-go/constructs/v10"
	"github.com/aws/jsii-runtime-go"

	"msklambda/constructs/gobuild"
	"msklambda/constructs/internal/retention"
	"msklambda/constructs/problem"
	"msklambda/lambda/kafka/contract"
)

const (
	defaultMemorySize = 256
	defaultTimeout    = time.Minute
)

func (p *ConsumerProps) validateFunction(ps *problems) {
	if p.Entry == "" {
		ps.Add("Entry", `is required: the directory of a Go main package, such as "lambda"`)
	} else if err := p.checkEntry(); err != nil {
		ps.Add("Entry", "must be the directory of a Go main package, got %q: %v", p.Entry, err)
	}
	if p.MemorySize != 0 && (p.MemorySize < 128 || p.MemorySize > 10240) {
		ps.Add("MemorySize", "must be 128 to 10240 MB, got %d", p.MemorySize)
	}
	if p.Timeout > 14*time.Minute {
		ps.Add("Timeout", "must be at most 14m, the limit of functions behind an MSK mapping, got %s", show(p.Timeout))
	} else if p.Timeout != 0 {
		ps.seconds("Timeout", p.Timeout, time.Second, 14*time.Minute)
	}
	if p.ReservedConcurrency != nil && *p.ReservedConcurrency < 0 {
		ps.Add("ReservedConcurrency", "must be 0 or more, got %d", *p.ReservedConcurrency)
	}
	for _, name := range slices.Sorted(maps.Keys(p.Environment)) {
		if value := p.Environment[name]; name == contract.ReportBatchItemFailures && value != "false" {
			ps.Add("Environment", "must not have %s but as \"false\", to hold it back: {ReportBatchItemFailures} sets it, got %q", name, value)
		}
		if p.Idempotency != nil && (name == contract.OnceTable || name == contract.OnceNamespace) {
			ps.Add("Environment", "must not have %s with {Idempotency}, which sets it", name)
		}
		if p.MetricsNamespace != "" && name == contract.MetricsNamespace {
			ps.Add("Environment", "must not have %s with {MetricsNamespace}, which sets it", name)
		}
		if !variable.MatchString(name) {
			ps.Add("Environment", "must have names of 2 or more letters, digits or '_', beginning with a letter, got %q", name)
		}
		if slices.Contains(lambdasOwn, name) {
			ps.Add("Environment", "must not have %s, which Lambda sets itself", name)
		}
	}
	switch p.Tracing {
	case "", awslambda.Tracing_ACTIVE, awslambda.Tracing_PASS_THROUGH, awslambda.Tracing_DISABLED:
	default:
		ps.Add("Tracing", "must be %s, %s or %s, got %q",
			awslambda.Tracing_ACTIVE, awslambda.Tracing_PASS_THROUGH, awslambda.Tracing_DISABLED, p.Tracing)
	}
	p.validateMore(ps)
	known := slices.Sorted(maps.Values(retention.ByDays))
	if p.LogRetention != "" && p.LogRetention != awslogs.RetentionDays_INFINITE && !slices.Contains(known, p.LogRetention) {
		ps.Add("LogRetention", "must be one of %v, got %q", known, p.LogRetention)
	}
	switch p.LogRemovalPolicy {
	case "", awscdk.RemovalPolicy_DESTROY, awscdk.RemovalPolicy_RETAIN, awscdk.RemovalPolicy_RETAIN_ON_UPDATE_OR_DELETE:
	default:
		ps.Add("LogRemovalPolicy", "must be %s, %s or %s, got %q", awscdk.RemovalPolicy_DESTROY,
			awscdk.RemovalPolicy_RETAIN, awscdk.RemovalPolicy_RETAIN_ON_UPDATE_OR_DELETE, p.LogRemovalPolicy)
	}
}

// refuseFunctionFields names what would otherwise be ignored.
func (p *ConsumerProps) refuseFunctionFields(ps *problems) {
	for _, f := range []struct {
		field string
		given bool
	}{
		{"Entry", p.Entry != ""},
		{"Role", p.Role != nil},
		{"Architecture", p.Architecture != nil},
		{"MemorySize", p.MemorySize != 0},
		{"Timeout", p.Timeout != 0},
		{"Environment", p.Environment != nil},
		{"ReservedConcurrency", p.ReservedConcurrency != nil},
		{"Tracing", p.Tracing != ""},
		{"LogRetention", p.LogRetention != ""},
		{"LogRemovalPolicy", p.LogRemovalPolicy != ""},
		{"BuildEnvironment", p.BuildEnvironment != nil},
		{"FunctionVPC", p.FunctionVPC != nil},
		{"Alias", p.Alias != nil},
		{"Layers", p.Layers != nil},
		{"EphemeralStorage", p.EphemeralStorage != 0},
		{"EnvironmentKey", p.EnvironmentKey != nil},
		{"Description", p.Description != ""},
		{"CodeSigning", p.CodeSigning != nil},
		{"LogLevel", p.LogLevel != ""},
		{"SystemLogLevel", p.SystemLogLevel != ""},
		{"LogGroupKey", p.LogGroupKey != nil},
		{"EditFunction", p.EditFunction != nil},
	} {
		if f.given {
			ps.Add(f.field, "must not be given with {Function}, which has its own")
		}
	}
}

// lambdasOwn are the variables that Lambda refuses in a configuration.
var lambdasOwn = []string{
	"AWS_ACCESS_KEY", "AWS_ACCESS_KEY_ID", "AWS_DEFAULT_REGION", "AWS_EXECUTION_ENV", "AWS_LAMBDA_FUNCTION_MEMORY_SIZE",
	"AWS_LAMBDA_FUNCTION_NAME", "AWS_LAMBDA_FUNCTION_VERSION", "AWS_LAMBDA_INITIALIZATION_TYPE", "AWS_LAMBDA_LOG_GROUP_NAME",
	"AWS_LAMBDA_LOG_STREAM_NAME", "AWS_LAMBDA_RUNTIME_API", "AWS_REGION", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN",
	"LAMBDA_RUNTIME_DIR", "LAMBDA_TASK_ROOT",
}

func (c *Consumer) defineFunction(cluster *Cluster, props *ConsumerProps) {
	b := bundle(c, "consumer", cluster.Pending(), props, c.tell(cluster, props),
		hook{problem.New("EditFunction", "must leave Role and LogGroup as they are: {Role}, {LogRetention} and {LogGroupKey} say what they are"), c.checkTimeout})
	c.Role, c.LogGroup, c.Function, c.inVPC = b.role, b.logs, b.function, b.inVPC
}

// bundled is a function that is bundled here, with what it has for itself.
type bundled struct {
	role     awsiam.IRole
	logs     awslogs.LogGroup
	function awslambda.Function
	inVPC    bool
}

// bundle defines the function that props describe, in the scope of what it is of: a
// consumer, or an admin function. The hook is for what EditFunction makes of it.
func bundle(scope constructs.Construct, of string, pending bool, props *ConsumerProps, environment map[string]string, h hook) (b bundled) {
	b.role = props.Role
	if b.role == nil {
		b.role = awsiam.NewRole(scope, jsii.String("Role"), &awsiam.RoleProps{
			AssumedBy: awsiam.NewServicePrincipal(jsii.String("lambda.amazonaws.com"), nil),
		})
	}
	b.logs = awslogs.NewLogGroup(scope, jsii.String("LogGroup"), &awslogs.LogGroupProps{
		Retention:     cmp.Or(props.LogRetention, awslogs.RetentionDays_ONE_MONTH),
		RemovalPolicy: cmp.Or(props.LogRemovalPolicy, awscdk.RemovalPolicy_RETAIN_ON_UPDATE_OR_DELETE),
		EncryptionKey: props.LogGroupKey,
	})
	openLogKey(scope, props)
	if pending {
		// It reaches no template, and a bundling would cost seconds in each of
		// the runs that a look-up takes.
		f := &awscdklambdagoalpha.GoFunctionProps{}
		props.FunctionVPC.apply(f) // for those who ask for its Connections
		b.inVPC = f.Vpc != nil
		b.function = awslambda.NewFunction(scope, jsii.String("Function"), &awslambda.FunctionProps{
			Vpc: f.Vpc, VpcSubnets: f.VpcSubnets, SecurityGroups: f.SecurityGroups,
			Runtime: awslambda.Runtime_NODEJS_LATEST(), Handler: jsii.String("index.handler"), Code: awslambda.Code_FromInline(jsii.String("-")),
			Role: b.role, LogGroup: b.logs, Architecture: props.architecture(), Timeout: seconds(cmp.Or(props.Timeout, defaultTimeout)),
		})
		return b
	}
	build, err := props.buildEnvironment()
	if err == nil && *awscdk.Stack_Of(scope).BundlingRequired() {
		err = gobuild.Check(props.Entry, build)
	}
	if err != nil {
		fail(of, *scope.Node().Id(), problem.New("Entry", "cannot be bundled, got %q: %v", props.Entry, err))
	}
	f := &awscdklambdagoalpha.GoFunctionProps{
		Entry:                        &props.Entry,
		Runtime:                      awslambda.Runtime_PROVIDED_AL2023(), // the bundler's own default is a deprecated one
		Architecture:                 props.architecture(),
		MemorySize:                   jsii.Number(cmp.Or(props.MemorySize, defaultMemorySize)),
		Timeout:                      seconds(cmp.Or(props.Timeout, defaultTimeout)),
		Environment:                  stringMap(environment),
		ReservedConcurrentExecutions: number(props.ReservedConcurrency),
		Role:                         b.role,
		LogGroup:                     b.logs,
		LoggingFormat:                awslambda.LoggingFormat_JSON,
		Bundling: &awscdklambdagoalpha.BundlingOptions{
			Environment: stringMap(build),
		},
	}
	props.applyMore(f)
	if err := props.edit(f, h); err != nil {
		fail(of, *scope.Node().Id(), err)
	}
	b.inVPC = f.Vpc != nil
	b.function = awscdklambdagoalpha.NewGoFunction(scope, jsii.String("Function"), f)
	if tracing := props.tracing(); tracing != awslambda.Tracing_DISABLED {
		// Through the resource, so that CDK writes no second policy for it.
		mode := map[awslambda.Tracing]string{awslambda.Tracing_ACTIVE: "Active", awslambda.Tracing_PASS_THROUGH: "PassThrough"}[tracing]
		b.function.Node().DefaultChild().(awslambda.CfnFunction).SetTracingConfig(
			&awslambda.CfnFunction_TracingConfigProperty{Mode: &mode})
	}
	return b
}

func (p *ConsumerProps) tracing() awslambda.Tracing {
	return cmp.Or(p.Tracing, awslambda.Tracing_ACTIVE)
}

// environment tells the handler what the mapping does with its answer: to name
// failed records to a mapping that ignores the names would lose them.
func (p *ConsumerProps) environment() map[string]string {
	if _, heldBack := p.Environment[contract.ReportBatchItemFailures]; !p.ReportBatchItemFailures || heldBack {
		return p.Environment
	}
	env := maps.Clone(p.Environment)
	if env == nil {
		env = map[string]string{}
	}
	env[contract.ReportBatchItemFailures] = "true"
	return env
}

func (p *ConsumerProps) architecture() awslambda.Architecture {
	if p.Architecture == nil {
		return awslambda.Architecture_ARM_64()
	}
	return p.Architecture
}

// goarch is asked before anything is defined, so it starts jsii only where the
// caller has already.
func (p *ConsumerProps) goarch() string {
	if p.Architecture != nil && *p.Architecture.Name() == "x86_64" {
		return "amd64"
	}
	return "arm64"
}

// buildEnvironment passes the flags on through the environment, because the
// bundler warns about flags of its own.
func (p *ConsumerProps) buildEnvironment() (map[string]string, error) {
	env, err := gobuild.Environment(p.Entry)
	if err != nil {
		return nil, err
	}
	maps.Copy(env, p.BuildEnvironment)
	return env, nil
}

// checkEntry finds out what go build would, without building: a wrong path is
// then one more problem of the props and not the end of a bundling.
func (p *ConsumerProps) checkEntry() error {
	return checkEntry(p.Entry, p.goarch(), p.BuildEnvironment)
}

func checkEntry(dir, goarch string, env map[string]string) error {
	abs, err := filepath.Abs(dir)
	if err != nil {
		return err
	}
	switch info, err := os.Stat(abs); {
	case err != nil:
		return fmt.Errorf("there is no such directory below %s", filepath.Dir(abs))
	case !info.IsDir():
		return fmt.Errorf("it is a file, give its directory")
	}
	for _, name := range []string{"GOFLAGS", "GOARCH", "CGO_ENABLED"} {
		if _, ok := env[name]; ok {
			return checkModule(abs) // which files count is then for go build to say
		}
	}
	ctx := build.Default
	ctx.GOOS, ctx.GOARCH, ctx.CgoEnabled = "linux", goarch, false
	ctx.BuildTags = []string{"lambda.norpc"}
	pkg, err := ctx.ImportDir(abs, 0)
	switch {
	case err != nil:
		return err
	case pkg.Name != "main":
		return fmt.Errorf("it holds package %s", pkg.Name)
	}
	return checkModule(abs)
}

func checkModule(abs string) error {
	_, err := gobuild.Toolchain(abs)
	return err
}
