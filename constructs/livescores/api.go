package livescores

import (
	"cmp"
	"fmt"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsapigateway"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsapigatewayv2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsiam"
	"github.com/aws/aws-cdk-go/awscdk/v2/awslambda"
	"github.com/aws/aws-cdk-go/awscdk/v2/awslogs"
	"github.com/aws/aws-cdk-go/awscdklambdagoalpha/v2"
	"github.com/aws/constructs-go/constructs/v10"
	"github.com/aws/jsii-runtime-go"

	"msklambda/constructs/gobuild"
	"msklambda/constructs/internal/nag"
	"msklambda/lambda/livescores/layout"
)

// route is one route of the API.
type route struct {
	id       string // of its constructs; "Default" would mean the parent to CDK
	key      string
	answers  bool // its function's answer goes to the browser
	throttle bool
}

var apiRoutes = []route{
	{id: "Connect", key: layout.Connect, throttle: true},
	{id: "Disconnect", key: layout.Disconnect}, // it frees what the others take
	{id: "Else", key: layout.Default, answers: true, throttle: true},
	{id: "Subscribe", key: layout.Subscribe, answers: true, throttle: true},
	{id: "Unsubscribe", key: layout.Unsubscribe, answers: true, throttle: true},
}

func (l *LiveScores) defineAPI() {
	l.API = awsapigatewayv2.NewWebSocketApi(l, jsii.String("API"), &awsapigatewayv2.WebSocketApiProps{
		RouteSelectionExpression: jsii.String("$request.body.action"),
	})
}

func (l *LiveScores) defineStage(props *Props) {
	l.AccessLog = awslogs.NewLogGroup(l, jsii.String("AccessLog"), &awslogs.LogGroupProps{
		Retention:     retention(props),
		RemovalPolicy: awscdk.RemovalPolicy_RETAIN_ON_UPDATE_OR_DELETE,
	})
	l.Stage = awsapigatewayv2.NewWebSocketStage(l, jsii.String("Stage"), &awsapigatewayv2.WebSocketStageProps{
		WebSocketApi: l.API,
		StageName:    jsii.String(StageName),
		AutoDeploy:   jsii.Bool(true),
	})
	stage := l.Stage.Node().DefaultChild().(awsapigatewayv2.CfnStage)
	stage.SetAccessLogSettings(&awsapigatewayv2.CfnStage_AccessLogSettingsProperty{
		DestinationArn: l.AccessLog.LogGroupArn(),
		Format:         jsii.String(accessLogFormat),
	})
	// Route by route: AWS does not say whether the default of a stage also holds
	// for the posts of scores to its connections, which are no route.
	rate, burst := props.throttle()
	limits := map[string]any{}
	for _, r := range apiRoutes {
		if r.throttle {
			limits[r.key] = map[string]any{"ThrottlingRateLimit": rate, "ThrottlingBurstLimit": burst}
		}
	}
	stage.SetRouteSettings(limits)
	if props.DefineLogRole {
		l.Stage.Node().AddDependency(l.defineLogRole())
	}
}

func retention(props *Props) awslogs.RetentionDays {
	return cmp.Or(props.LogRetention, awslogs.RetentionDays_ONE_MONTH)
}

const accessLogFormat = `{"requestId":"$context.requestId","ip":"$context.identity.sourceIp","requestTime":"$context.requestTime",` +
	`"eventType":"$context.eventType","routeKey":"$context.routeKey","status":"$context.status",` +
	`"connectionId":"$context.connectionId","error":"$context.error.message","integrationError":"$context.integrationErrorMessage"}`

// defineLogRole sets what API Gateway writes logs as. It is one setting for an
// account in a region, so it must outlive this stack: others rely on it by then.
func (l *LiveScores) defineLogRole() constructs.IDependable {
	role := awsiam.NewRole(l, jsii.String("LogRole"), &awsiam.RoleProps{
		AssumedBy: awsiam.NewServicePrincipal(jsii.String("apigateway.amazonaws.com"), nil),
		ManagedPolicies: &[]awsiam.IManagedPolicy{
			awsiam.ManagedPolicy_FromAwsManagedPolicyName(jsii.String("service-role/AmazonAPIGatewayPushToCloudWatchLogs"))},
	})
	role.ApplyRemovalPolicy(awscdk.RemovalPolicy_RETAIN)
	nag.Explain(role, "AwsSolutions-IAM4", "API Gateway writes the logs of every API of the account with it, and AWS documents this policy for that")
	account := awsapigateway.NewCfnAccount(l, jsii.String("LogAccount"), &awsapigateway.CfnAccountProps{CloudWatchRoleArn: role.RoleArn()})
	account.ApplyRemovalPolicy(awscdk.RemovalPolicy_RETAIN, nil)
	return account
}

// defineConnections defines the function behind the routes.
func (l *LiveScores) defineConnections(props *Props) {
	scope := constructs.NewConstruct(l, jsii.String("Connections"))
	role := awsiam.NewRole(scope, jsii.String("Role"), &awsiam.RoleProps{
		AssumedBy: awsiam.NewServicePrincipal(jsii.String("lambda.amazonaws.com"), nil),
	})
	logs := awslogs.NewLogGroup(scope, jsii.String("LogGroup"), &awslogs.LogGroupProps{
		Retention:     retention(props),
		RemovalPolicy: awscdk.RemovalPolicy_RETAIN_ON_UPDATE_OR_DELETE,
	})
	entry := cmp.Or(props.ConnectionsEntry, defaultConnectionsEntry)
	environment, err := gobuild.Environment(entry)
	if err == nil && *awscdk.Stack_Of(l).BundlingRequired() {
		err = gobuild.Check(entry, environment)
	}
	if err != nil {
		panic(fmt.Errorf("livescores: ConnectionsEntry cannot be bundled, got %q: %w", entry, err))
	}
	build := map[string]*string{}
	for name, value := range environment {
		build[name] = &value
	}
	function := awscdklambdagoalpha.NewGoFunction(scope, jsii.String("Function"), &awscdklambdagoalpha.GoFunctionProps{
		Entry:         &entry,
		Runtime:       awslambda.Runtime_PROVIDED_AL2023(),
		Architecture:  awslambda.Architecture_ARM_64(),
		MemorySize:    jsii.Number(256),
		Timeout:       awscdk.Duration_Seconds(jsii.Number(10)), // a browser waits for the answer
		Environment:   &map[string]*string{layout.TableEnv: l.Table.TableName()},
		Role:          role,
		LogGroup:      logs,
		LoggingFormat: awslambda.LoggingFormat_JSON,
		Bundling: &awscdklambdagoalpha.BundlingOptions{
			Environment: &build,
		},
	})
	// Through the resource, so that CDK writes no second policy for it.
	function.Node().DefaultChild().(awslambda.CfnFunction).SetTracingConfig(
		&awslambda.CfnFunction_TracingConfigProperty{Mode: jsii.String("Active")})
	index := *l.Table.TableArn() + "/index/" + layout.Index
	l.ConnectionsPolicy = l.policy(scope, "Policy", role, []statement{
		{"Subscriptions", []string{"dynamodb:DeleteItem", "dynamodb:PutItem"}, *l.Table.TableArn(), ""},
		{"Score", []string{"dynamodb:GetItem"}, *l.Table.TableArn(), ""},
		{"OfAConnection", []string{"dynamodb:Query"}, index, ""},
		{"Logs", []string{"logs:CreateLogStream", "logs:PutLogEvents"}, *logs.LogGroupArn(), "the streams of this one log group, whose names Lambda chooses"},
		{"Traces", []string{"xray:PutTelemetryRecords", "xray:PutTraceSegments"}, "*", "IAM has no resource type for these X-Ray actions"},
	})
	l.Connections = function
}

// defineRoutes defines the routes as resources: CDK's integration would let every
// stage of the API invoke the function.
func (l *LiveScores) defineRoutes() {
	stack := stackOf(l)
	scope := constructs.NewConstruct(l, jsii.String("Routes"))
	integration := awsapigatewayv2.NewCfnIntegration(scope, jsii.String("Integration"), &awsapigatewayv2.CfnIntegrationProps{
		ApiId:           l.API.ApiId(),
		IntegrationType: jsii.String("AWS_PROXY"),
		IntegrationUri: stack.FormatArn(&awscdk.ArnComponents{
			Service:      jsii.String("apigateway"),
			Account:      jsii.String("lambda"),
			Resource:     jsii.String("path/2015-03-31/functions"),
			ResourceName: jsii.String(*l.Connections.FunctionArn() + "/invocations"),
		}),
	})
	for _, r := range apiRoutes {
		props := &awsapigatewayv2.CfnRouteProps{
			ApiId:             l.API.ApiId(),
			RouteKey:          &r.key,
			AuthorizationType: jsii.String("NONE"),
			Target:            jsii.String("integrations/" + *integration.Ref()),
		}
		if r.answers {
			props.RouteResponseSelectionExpression = jsii.String("$default")
		}
		resource := awsapigatewayv2.NewCfnRoute(scope, &r.id, props)
		nag.Explain(resource, "AwsSolutions-APIG4", "the scores are public, and a browser can do nothing here but follow them")
		if r.answers {
			awsapigatewayv2.NewCfnRouteResponse(resource, jsii.String("Response"), &awsapigatewayv2.CfnRouteResponseProps{
				ApiId: l.API.ApiId(), RouteId: resource.Ref(), RouteResponseKey: jsii.String("$default"),
			})
		}
		l.Connections.AddPermission(jsii.String("Invoke"+r.id), &awslambda.Permission{
			Principal: awsiam.NewServicePrincipal(jsii.String("apigateway.amazonaws.com"), nil),
			SourceArn: stack.FormatArn(&awscdk.ArnComponents{
				Service: jsii.String("execute-api"), Resource: l.API.ApiId(), ResourceName: jsii.String(StageName + "/" + r.key)}),
		})
		// The stage limits routes by name, which must be there by then.
		l.Stage.Node().AddDependency(resource)
	}
}
