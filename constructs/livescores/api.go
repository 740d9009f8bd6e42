package livescores

import (
	"cmp"
	"strconv"
	"time"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsapigateway"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsapigatewayv2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsiam"
	"github.com/aws/aws-cdk-go/awscdk/v2/awslambda"
	"github.com/aws/aws-cdk-go/awscdk/v2/awslogs"
	"github.com/aws/constructs-go/constructs/v10"
	"github.com/aws/jsii-runtime-go"

	"msklambda/constructs/internal/nag"
	"msklambda/lambda/livescores/layout"
)

// route is one route of the API.
type route struct {
	id       string // of its constructs; "Default" would mean the parent to CDK
	key      string
	function bool   // it has the function behind it, and API Gateway answers alone otherwise
	answers  bool   // the answer goes to the browser
	answer   string // that API Gateway gives alone
	throttle bool
}

// Whoever wants may connect, and nothing is kept until they follow something: that
// takes no function. Nor does a ping, which shows that the connection is alive.
var apiRoutes = []route{
	{id: "Connect", key: layout.Connect, throttle: true},
	{id: "Disconnect", key: layout.Disconnect, function: true}, // it frees what the others take
	{id: "Else", key: layout.Default, function: true, answers: true, throttle: true},
	{id: "Subscribe", key: layout.Subscribe, function: true, answers: true, throttle: true},
	{id: "Ping", key: layout.Ping, answers: true, answer: layout.Pong, throttle: true},
}

func (l *LiveScores) defineAPI() {
	l.API = awsapigatewayv2.NewWebSocketApi(l, jsii.String("API"), &awsapigatewayv2.WebSocketApiProps{
		RouteSelectionExpression: jsii.String("$request.body.action"),
	})
}

// defineDomain gives the API a name of one's own, with TLS 1.2 at least.
func (l *LiveScores) defineDomain(props *Props) {
	l.WebSocketURL = *l.Stage.Url()
	d := props.APIDomain
	if d == nil {
		return
	}
	l.APIDomain = awsapigatewayv2.NewDomainName(l, jsii.String("APIDomain"), &awsapigatewayv2.DomainNameProps{
		DomainName: &d.Name, Certificate: d.Certificate, SecurityPolicy: awsapigatewayv2.SecurityPolicy_TLS_1_2,
	})
	awsapigatewayv2.NewApiMapping(l, jsii.String("APIMapping"), &awsapigatewayv2.ApiMappingProps{
		Api: l.API, DomainName: l.APIDomain, Stage: l.Stage,
	})
	l.WebSocketURL = "wss://" + d.Name
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

// connectionsTimeout is shorter than a page waits for an answer, so that what it asked
// for is not being done any more when it asks again.
const connectionsTimeout = 6 * time.Second

// defineConnections defines the function behind the routes.
func (l *LiveScores) defineConnections(props *Props) {
	scope := constructs.NewConstruct(l, jsii.String("Connections"))
	l.Connections, l.ConnectionsPolicy = l.function(scope, &function{
		field: "ConnectionsEntry", entry: cmp.Or(props.ConnectionsEntry, defaultConnectionsEntry), memory: 256, timeout: connectionsTimeout,
		reserved: props.ReservedConcurrency.Connections, retention: retention(props),
		environment: map[string]string{
			layout.FollowersEnv:  *l.Followers.TableName(),
			layout.MatchLimitEnv: strconv.Itoa(cmp.Or(props.MatchLimit, layout.MatchLimit)),
		},
		may: []statement{
			{sid: "Follows", actions: []string{"dynamodb:DeleteItem", "dynamodb:GetItem", "dynamodb:PutItem"}, resource: *l.Followers.TableArn(), only: ofFollows},
			{sid: "Followers", actions: []string{"dynamodb:BatchWriteItem", "dynamodb:DeleteItem"}, resource: *l.Followers.TableArn(), only: ofShards},
		},
	})
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
		target := integration.Ref()
		if !r.function {
			target = l.mock(scope, r).Ref()
		}
		props := &awsapigatewayv2.CfnRouteProps{
			ApiId:             l.API.ApiId(),
			RouteKey:          &r.key,
			AuthorizationType: jsii.String("NONE"),
			Target:            jsii.String("integrations/" + *target),
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
		if r.function {
			l.Connections.AddPermission(jsii.String("Invoke"+r.id), &awslambda.Permission{
				Principal: awsiam.NewServicePrincipal(jsii.String("apigateway.amazonaws.com"), nil),
				SourceArn: stack.FormatArn(&awscdk.ArnComponents{
					Service: jsii.String("execute-api"), Resource: l.API.ApiId(), ResourceName: jsii.String(StageName + "/" + r.key)}),
			})
		}
		// The stage limits routes by name, which must be there by then.
		l.Stage.Node().AddDependency(resource)
	}
}

// mock lets API Gateway answer a route alone.
func (l *LiveScores) mock(scope constructs.Construct, r route) awsapigatewayv2.CfnIntegration {
	const template = "200"
	integration := awsapigatewayv2.NewCfnIntegration(scope, jsii.String(r.id+"Integration"), &awsapigatewayv2.CfnIntegrationProps{
		ApiId:                       l.API.ApiId(),
		IntegrationType:             jsii.String("MOCK"),
		RequestTemplates:            map[string]string{template: `{"statusCode":200}`},
		TemplateSelectionExpression: jsii.String(template),
	})
	if r.answers {
		awsapigatewayv2.NewCfnIntegrationResponse(integration, jsii.String("Response"), &awsapigatewayv2.CfnIntegrationResponseProps{
			ApiId:                       l.API.ApiId(),
			IntegrationId:               integration.Ref(),
			IntegrationResponseKey:      jsii.String("$default"),
			ResponseTemplates:           map[string]string{template: r.answer},
			TemplateSelectionExpression: jsii.String(template),
		})
	}
	return integration
}
