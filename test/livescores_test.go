package test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/assertions"
	"github.com/aws/aws-cdk-go/awscdk/v2/awscertificatemanager"
	"github.com/aws/jsii-runtime-go"
	"github.com/cdklabs/cdk-nag-go/cdknag/v2"

	"msklambda/constructs/livescores"
	"msklambda/constructs/msklambda"
)

// liveProps are good props.
func liveProps(edit ...func(*livescores.Props)) *livescores.Props {
	p := &livescores.Props{Topic: "scores", GroupID: "live-fn", Entry: "../lambda/livescores", ConnectionsEntry: "../lambda/connections", PosterEntry: "../lambda/livescores/poster"}
	for _, e := range edit {
		e(p)
	}
	return p
}

// liveStacks are the stack of a cluster with a consumer, and that of live scores
// of the same cluster.
func liveStacks(t *testing.T, edit ...func(*livescores.Props)) (app awscdk.App, one, two awscdk.Stack) {
	t.Helper()
	app = newApp(t, nil)
	one, two = newStack(app, "One"), newStack(app, "Two")
	// The way to the failed events is chosen, so that nothing warns.
	cluster := msklambda.ImportCluster(one, "Cluster", clusterProps(func(p *msklambda.ClusterProps) { p.S3Endpoint.Source = msklambda.EndpointExisting }))
	cluster.AddConsumer("Orders", consumerProps())
	live := livescores.New(two, "LiveScores", cluster, liveProps(edit...))
	if got := *live.ToString(); got != "livescores.LiveScores" {
		t.Errorf("ToString = %q", got)
	}
	return app, one, two
}

func synthLive(t *testing.T, edit ...func(*livescores.Props)) (tpl *template) {
	t.Helper()
	noPanic(t, func() {
		_, _, two := liveStacks(t, edit...)
		tpl = read(t, two)
	})
	return tpl
}

func TestLiveScoresLeaveTheFirstStackAsItWas(t *testing.T) {
	long(t)
	noPanic(t, func() {
		alone := newStack(newApp(t, nil), "One")
		msklambda.ImportCluster(alone, "Cluster", clusterProps()).AddConsumer("Orders", consumerProps())
		_, one, two := liveStacks(t)
		first, second := read(t, one), read(t, two)
		if got, want := asJSON(first.Resources), asJSON(read(t, alone).Resources); got != want {
			t.Errorf("first stack = %s, want %s", got, want)
		}
		for _, typ := range []string{"AWS::EC2::VPCEndpoint", "AWS::EC2::SecurityGroup", "AWS::EC2::SecurityGroupIngress", "AWS::EC2::SecurityGroupEgress"} {
			if got := second.count(typ); got != 0 {
				t.Errorf("second stack has %d %s, want none", got, typ)
			}
		}
		if got := asJSON(second.Resources); strings.Contains(got, "Fn::ImportValue") {
			t.Error("second stack imports a value of the first's, which would lock both")
		}
		if got := append(first.warnings(), second.warnings()...); len(got) != 0 {
			t.Errorf("warnings = %q, want none", got)
		}
	})
}

// Whether the pollers reach the bucket without an endpoint AWS does not say, and a
// choice made here for the user would hide it.
func TestLiveScoresWarnUntilTheWayToTheirBucketIsChosen(t *testing.T) {
	long(t)
	noPanic(t, func() {
		app := newApp(t, nil)
		one, two := newStack(app, "One"), newStack(app, "Two")
		cluster := msklambda.ImportCluster(one, "Cluster", clusterProps())
		cluster.AddConsumer("Orders", consumerProps())
		livescores.New(two, "LiveScores", cluster, liveProps())
		if got := read(t, two).warnings(); len(got) != 1 || !strings.Contains(got[0], msklambda.DestinationEndpointWarning) {
			t.Errorf("warnings = %q, want %s alone", got, msklambda.DestinationEndpointWarning)
		}
		if got := read(t, one).count("AWS::EC2::VPCEndpoint"); got != 2 {
			t.Errorf("endpoints = %d, want the 2 of the first consumer", got)
		}
	})
}

func TestNagOfLiveScores(t *testing.T) {
	long(t)
	noPanic(t, func() {
		app, _, two := liveStacks(t, func(p *livescores.Props) { p.DefineLogRole = true })
		awscdk.Aspects_Of(app).Add(cdknag.NewAwsSolutionsChecks(&cdknag.NagPackProps{
			Verbose: jsii.Bool(true), LogIgnores: jsii.Bool(true), Reports: jsii.Bool(false),
		}), nil)
		for _, finding := range read(t, two).warnings() {
			t.Errorf("cdk-nag: %s", finding)
		}
		ignored := *assertions.Annotations_FromStack(two).FindInfo(jsii.String("*"), assertions.Match_StringLikeRegexp(jsii.String("AwsSolutions-APIG4")))
		if len(ignored) == 0 {
			t.Error("cdk-nag found no route without authorization, want those of the API, suppressed")
		}
	})
}

// The ids are contract: what is renamed is deleted, and the table is the viewers'.
func TestTheIdsOfLiveScores(t *testing.T) {
	long(t)
	tpl := synthLive(t, func(p *livescores.Props) { p.DefineLogRole = true })
	for path, typ := range map[string]string{
		"Table": "AWS::DynamoDB::Table", "Followers": "AWS::DynamoDB::Table", "API": "AWS::ApiGatewayV2::Api", "Stage": "AWS::ApiGatewayV2::Stage", "AccessLog": "AWS::Logs::LogGroup",
		"Routes/Integration": "AWS::ApiGatewayV2::Integration", "Routes/Connect": "AWS::ApiGatewayV2::Route", "Routes/Disconnect": "AWS::ApiGatewayV2::Route",
		"Routes/Else": "AWS::ApiGatewayV2::Route", "Routes/Subscribe": "AWS::ApiGatewayV2::Route", "Routes/Ping": "AWS::ApiGatewayV2::Route",
		"Routes/ConnectIntegration": "AWS::ApiGatewayV2::Integration", "Routes/PingIntegration": "AWS::ApiGatewayV2::Integration",
		"Posts/Queue": "AWS::SQS::Queue", "Posts/GivenUp": "AWS::SQS::Queue", "Posts/Function": "AWS::Lambda::Function", "Posts/Role": "AWS::IAM::Role",
		"Posts/Policy": "AWS::IAM::Policy", "Posts/Mapping": "AWS::Lambda::EventSourceMapping", "Snapshots": "AWS::S3::Bucket",
		"Alarms/Age": "AWS::CloudWatch::Alarm", "Dashboard": "AWS::CloudWatch::Dashboard",
		"Connections/Role": "AWS::IAM::Role", "Connections/Policy": "AWS::IAM::Policy", "Connections/Function": "AWS::Lambda::Function",
		"FanOut/Role": "AWS::IAM::Role", "FanOut/Function": "AWS::Lambda::Function", "FanOutPolicy": "AWS::IAM::Policy",
		"Failed": "AWS::S3::Bucket", "Page/Bucket": "AWS::S3::Bucket", "Page/Distribution": "AWS::CloudFront::Distribution",
		"LogRole": "AWS::IAM::Role", "LogAccount": "AWS::ApiGateway::Account",
	} {
		if got := tpl.at("LiveScores/" + path); got.Type != typ {
			t.Errorf("%s = %s, want %s", path, got.Type, typ)
		}
	}
	if got, want := tpl.at("LiveScores/Table").ID, "LiveScoresTable25F3001F"; got != want {
		t.Errorf("logical id of the table = %s, want %s", got, want)
	}
}

func TestWhatLiveScoresAreMadeOf(t *testing.T) {
	long(t)
	tpl := synthLive(t)
	for path, wants := range map[string][]string{
		"Table": {`"BillingMode":"PAY_PER_REQUEST"`, `"PointInTimeRecoveryEnabled":true`, `"TimeToLiveSpecification":{"AttributeName":"expires","Enabled":true}`,
			`"KeySchema":[{"AttributeName":"match","KeyType":"HASH"},{"AttributeName":"item","KeyType":"RANGE"}]`},
		"Followers": {`"BillingMode":"PAY_PER_REQUEST"`, `"TimeToLiveSpecification":{"AttributeName":"expires","Enabled":true}`, `"OnDemandThroughput":{"MaxWriteRequestUnits":10000}`,
			`"KeySchema":[{"AttributeName":"match","KeyType":"HASH"},{"AttributeName":"item","KeyType":"RANGE"}]`},
		"API": {`"ProtocolType":"WEBSOCKET"`, `"RouteSelectionExpression":"$request.body.action"`},
		"Stage": {`"AutoDeploy":true`, `"StageName":"live"`, `"AccessLogSettings"`, `$context.requestId`,
			`"subscribe":{"ThrottlingBurstLimit":1000,"ThrottlingRateLimit":500}`, `"$connect":{"Throttling`, `"$default":{"Throttling`, `"ping":{"Throttling`},
		"Routes/ConnectIntegration":       {`"IntegrationType":"MOCK"`, `"RequestTemplates":{"200":"{\"statusCode\":200}"}`, `"TemplateSelectionExpression":"200"`},
		"Routes/PingIntegration":          {`"IntegrationType":"MOCK"`, `"RequestTemplates":{"200":"{\"statusCode\":200}"}`},
		"Routes/PingIntegration/Response": {`"IntegrationResponseKey":"$default"`, `"ResponseTemplates":{"200":"{\"type\":\"pong\"}"}`, `"TemplateSelectionExpression":"200"`},
		"FanOut/Mapping": {`"Topics":["scores"]`, `"ConsumerGroupId":"live-fn"`, `"FunctionResponseTypes":["ReportBatchItemFailures"]`, `"MaximumRetryAttempts":100`, `"StartingPosition":"LATEST"`,
			`"ProvisionedPollerConfig":{"MaximumPollers":4,"MinimumPollers":1}`, `"MaximumBatchingWindowInSeconds":0`,
			`"Destination":{"Fn::GetAtt":["` + tpl.at("LiveScores/Failed").ID + `","Arn"]}`},
		"FanOut/Function": {`"MemorySize":512`, `"Timeout":60`, `"MSKLAMBDA_REPORT_BATCH_ITEM_FAILURES":"true"`, `"Mode":"Active"`,
			`"TABLE_NAME":{"Ref":"` + tpl.at("LiveScores/Table").ID + `"}`, `"SNAPSHOTS_BUCKET":{"Ref":"` + tpl.at("LiveScores/Snapshots").ID + `"}`,
			`"FAILED_BUCKET":{"Ref":"` + tpl.at("LiveScores/Failed").ID + `"}`, `"QUEUE_URL":{"Ref":"` + tpl.at("LiveScores/Posts/Queue").ID + `"}`, `"METRICS_DIMENSION":"live-fn"`},
		"Posts/Function": {`"MemorySize":1769`, `"Timeout":10`, `"Mode":"Active"`, `"POSTS_PER_SECOND":"10000"`, `"POSTS_BURST":"5000"`, `"MATCH_SHARDS":"64"`, `"METRICS_DIMENSION":"live-fn"`,
			`"FOLLOWERS_TABLE":{"Ref":"` + tpl.at("LiveScores/Followers").ID + `"}`,
			`"TABLE_NAME":{"Ref":"` + tpl.at("LiveScores/Table").ID + `"}`, `"CONNECTIONS_ENDPOINT":{"Fn::Join":["",["https://",{"Ref":"` + tpl.at("LiveScores/API").ID + `"},".execute-api.us-east-1.",{"Ref":"AWS::URLSuffix"},"/live"]]}`},
		"Posts/Queue": {`"FifoQueue":true`, `"FifoThroughputLimit":"perMessageGroupId"`, `"DeduplicationScope":"messageGroup"`, `"VisibilityTimeout":10`, `"maxReceiveCount":100`,
			`"deadLetterTargetArn":{"Fn::GetAtt":["` + tpl.at("LiveScores/Posts/GivenUp").ID + `","Arn"]}`},
		"Posts/GivenUp":        {`"FifoQueue":true`},
		"Posts/Mapping":        {`"BatchSize":1`, `"ScalingConfig":{"MaximumConcurrency":128}`, `"EventSourceArn":{"Fn::GetAtt":["` + tpl.at("LiveScores/Posts/Queue").ID + `","Arn"]}`},
		"Snapshots":            {`"ExpirationInDays":30`},
		"Page/Copies":          {`"DefaultTTL":1`, `"MaxTTL":2`, `"MinTTL":0`, `"EnableAcceptEncodingGzip":true`},
		"Connections/Function": {`"Mode":"Active"`, `"Timeout":6`, `"FOLLOWERS_TABLE":{"Ref":"` + tpl.at("LiveScores/Followers").ID + `"}`, `"Runtime":"provided.al2023"`, `"Architectures":["arm64"]`},
		"Page/Distribution":    {`"PathPattern":"m/*"`, `"ErrorCachingMinTTL":1`, `"ViewerProtocolPolicy":"redirect-to-https"`, `"OriginAccessControlId"`, `"DefaultRootObject":"index.html"`},
		"Page/Headers":         {`connect-src 'self' `, `"ApiEndpoint"`, `default-src 'none'`, `-us-east-1-headers"`},
		"Page/AccessControl":   {`-us-east-1-access"`},
	} {
		properties := asJSON(tpl.at("LiveScores/" + path).Properties)
		for _, want := range wants {
			if !strings.Contains(properties, want) {
				t.Errorf("%s = %s, want %s in it", path, properties, want)
			}
		}
	}
	for path, want := range map[string]string{"Table": "Retain", "Followers": "Delete", "Failed": "Retain", "Snapshots": "Retain", "Page/Bucket": "Delete", "AccessLog": "RetainExceptOnCreate"} {
		if got := tpl.at("LiveScores/" + path).DeletionPolicy; got != want {
			t.Errorf("deletion policy of %s = %q, want %s", path, got, want)
		}
	}
	stage := tpl.at("LiveScores/Stage")
	if got := asJSON(stage.Properties); strings.Contains(got, `"$disconnect"`) {
		t.Errorf("stage = %s, want no limit for leaving", got)
	}
	for _, route := range []string{"Connect", "Disconnect", "Else", "Subscribe", "Ping"} {
		r := tpl.at("LiveScores/Routes/" + route)
		if !slices.Contains(stage.DependsOn, r.ID) {
			t.Errorf("the stage waits for %q, want the route %s too, which it limits by name", stage.DependsOn, route)
		}
		answers := r.Properties["RouteResponseSelectionExpression"] == "$default"
		if want := route != "Connect" && route != "Disconnect"; answers != want {
			t.Errorf("route %s answers = %v, want %v", route, answers, want)
		}
	}
	for path, r := range tpl.Resources {
		if r.Type != "AWS::S3::Bucket" {
			continue
		}
		if got, want := asJSON(r.Properties["PublicAccessBlockConfiguration"]), `{"BlockPublicAcls":true,"BlockPublicPolicy":true,"IgnorePublicAcls":true,"RestrictPublicBuckets":true}`; got != want {
			t.Errorf("public access of %s = %s, want %s", path, got, want)
		}
	}
	mapping := tpl.at("LiveScores/FanOut/Mapping")
	if !slices.Contains(mapping.DependsOn, tpl.at("LiveScores/FanOutPolicy").ID) {
		t.Errorf("the mapping waits for %q, want for what its function may do", mapping.DependsOn)
	}
}

func TestThePropsOfLiveScoresBecomeTheirProperties(t *testing.T) {
	long(t)
	for name, tt := range map[string]struct {
		edit func(*livescores.Props)
		path string
		want string
	}{
		"Topic":               {func(p *livescores.Props) { p.Topic = "other" }, "FanOut/Mapping", `"Topics":["other"]`},
		"GroupID":             {func(p *livescores.Props) { p.GroupID = "other" }, "FanOut/Mapping", `"ConsumerGroupId":"other"`},
		"Pollers":             {func(p *livescores.Props) { p.Pollers = &msklambda.Pollers{Minimum: 6, Group: "g"} }, "FanOut/Mapping", `{"MaximumPollers":6,"MinimumPollers":6,"PollerGroupName":"g"}`},
		"RetryAttempts":       {func(p *livescores.Props) { p.RetryAttempts = new(0) }, "FanOut/Mapping", `"MaximumRetryAttempts":0`},
		"MemorySize":          {func(p *livescores.Props) { p.MemorySize = 256 }, "FanOut/Function", `"MemorySize":256`},
		"Timeout":             {func(p *livescores.Props) { p.Timeout = 2 * time.Minute }, "FanOut/Function", `"Timeout":120`},
		"StartingPosition":    {func(p *livescores.Props) { p.StartingPosition = "TRIM_HORIZON" }, "FanOut/Mapping", `"StartingPosition":"TRIM_HORIZON"`},
		"MatchLimit":          {func(p *livescores.Props) { p.MatchLimit = 7 }, "Connections/Function", `"MATCHES_LIMIT":"7"`},
		"PosterMemorySize":    {func(p *livescores.Props) { p.PosterMemorySize = 3000 }, "Posts/Function", `"MemorySize":3000`},
		"Posters":             {func(p *livescores.Props) { p.Posters = 100 }, "Posts/Mapping", `"MaximumConcurrency":100`},
		"shards":              {func(p *livescores.Props) { p.Posters = 100 }, "Posts/Function", `"MATCH_SHARDS":"16"`},
		"posters reserved":    {func(p *livescores.Props) { p.ReservedConcurrency.Poster = new(20) }, "Posts/Mapping", `"MaximumConcurrency":20`},
		"reserved of one":     {func(p *livescores.Props) { p.ReservedConcurrency.Poster = new(1) }, "Posts/Mapping", `"MaximumConcurrency":2`},
		"shards of reserved":  {func(p *livescores.Props) { p.ReservedConcurrency.Poster = new(20) }, "Posts/Function", `"MATCH_SHARDS":"4"`},
		"PostQuota":           {func(p *livescores.Props) { p.PostQuota = 50000 }, "Posts/Function", `"POSTS_PER_SECOND":"50000"`},
		"FollowerWrites":      {func(p *livescores.Props) { p.FollowerWrites = 7 }, "Followers", `"OnDemandThroughput":{"MaxWriteRequestUnits":7}`},
		"PostBurst":           {func(p *livescores.Props) { p.PostBurst = 100 }, "Posts/Function", `"POSTS_BURST":"100"`},
		"reserved for events": {func(p *livescores.Props) { p.ReservedConcurrency.FanOut = new(3) }, "FanOut/Function", `"ReservedConcurrentExecutions":3`},
		"reserved for posts":  {func(p *livescores.Props) { p.ReservedConcurrency.Poster = new(80) }, "Posts/Function", `"ReservedConcurrentExecutions":80`},
		"reserved for routes": {func(p *livescores.Props) { p.ReservedConcurrency.Connections = new(0) }, "Connections/Function", `"ReservedConcurrentExecutions":0`},
		"age":                 {func(p *livescores.Props) { p.Alarms.AgeAbove = time.Minute }, "Alarms/Age", `"Threshold":60000`},
		"ThrottleRate":        {func(p *livescores.Props) { p.ThrottleRate = 2000 }, "Stage", `"$connect":{"ThrottlingBurstLimit":2000,"ThrottlingRateLimit":2000}`},
		"ThrottleBurst":       {func(p *livescores.Props) { p.ThrottleBurst = 700 }, "Stage", `"$connect":{"ThrottlingBurstLimit":700,"ThrottlingRateLimit":500}`},
		"LogRetention":        {func(p *livescores.Props) { p.LogRetention = "ONE_YEAR" }, "AccessLog", `"RetentionInDays":365`},
		"Alarms":              {func(p *livescores.Props) { p.Alarms.Consumer.LagAbove = 7 }, "FanOut/Alarms/Lag", `"Threshold":7`},
		"DefineLogRole":       {func(p *livescores.Props) { p.DefineLogRole = true }, "LogAccount", `"CloudWatchRoleArn"`},
	} {
		t.Run(name, func(t *testing.T) {
			if got := asJSON(synthLive(t, tt.edit).at("LiveScores/" + tt.path).Properties); !strings.Contains(got, tt.want) {
				t.Errorf("%s = %s, want %s in it", tt.path, got, tt.want)
			}
		})
	}
}

// Alarms are on, and tell those who are named.
func TestTheAlarmsOfLiveScores(t *testing.T) {
	long(t)
	const topic = "arn:aws:sns:us-east-1:111122223333:ops"
	tpl := synthLive(t, func(p *livescores.Props) {
		p.Alarms.Topics = []string{topic}
		p.Alarms.Skip = []livescores.AlarmName{"ClientErrors"}
	})
	api := `{"Ref":"` + tpl.at("LiveScores/API").ID + `"}`
	for path, wants := range map[string][]string{
		"Alarms/Age":                      {`"Namespace":"LiveScores"`, `"MetricName":"Age"`, `"Dimensions":[{"Name":"LiveScores","Value":"live-fn"}]`, `"Threshold":10000`, `"Statistic":"Maximum"`},
		"Alarms/PostsFailed":              {`"MetricName":"Failed"`},
		"Alarms/Throttled":                {`"MetricName":"Throttled"`},
		"Alarms/Rejected":                 {`"MetricName":"Rejected"`, `"Threshold":0`},
		"Alarms/WrongSequence":            {`"MetricName":"WrongSequence"`},
		"Alarms/APIErrors":                {`"Namespace":"AWS/ApiGateway"`, `"MetricName":"ExecutionError"`, `{"Name":"ApiId","Value":` + api + `},{"Name":"Stage","Value":"live"}`},
		"Alarms/RouteErrors":              {`"MetricName":"IntegrationError"`},
		"Alarms/TableReadsThrottled":      {`"Namespace":"AWS/DynamoDB"`, `"MetricName":"ReadThrottleEvents"`},
		"Alarms/TableWritesThrottled":     {`"MetricName":"WriteThrottleEvents"`},
		"Alarms/FollowersReadsThrottled":  {`"MetricName":"ReadThrottleEvents"`, `{"Name":"TableName","Value":{"Ref":"` + tpl.at("LiveScores/Followers").ID + `"}}`},
		"Alarms/FollowersWritesThrottled": {`"MetricName":"WriteThrottleEvents"`, `{"Name":"TableName","Value":{"Ref":"` + tpl.at("LiveScores/Followers").ID + `"}}`},
		"Alarms/QueueAge":                 {`"Namespace":"AWS/SQS"`, `"MetricName":"ApproximateAgeOfOldestMessage"`},
		"Alarms/JobsGivenUp":              {`"MetricName":"ApproximateNumberOfMessagesVisible"`},
		"Alarms/PosterErrors":             {`"MetricName":"Errors"`, tpl.at("LiveScores/Posts/Function").ID},
		"Alarms/PosterThrottled":          {`"MetricName":"Throttles"`},
		"Alarms/ConnectionsErrors":        {`"MetricName":"Errors"`, tpl.at("LiveScores/Connections/Function").ID},
		"FanOut/Alarms/Lag":               {`"MetricName":"OffsetLag"`},
		"FanOut/Alarms/Errors":            {`"MetricName":"Errors"`},
	} {
		properties := asJSON(tpl.at("LiveScores/" + path).Properties)
		for _, want := range append(wants, `"AlarmActions":["`+topic+`"]`, `"OKActions":["`+topic+`"]`) {
			if !strings.Contains(properties, want) {
				t.Errorf("%s = %s, want %s in it", path, properties, want)
			}
		}
	}
	for path := range tpl.Resources {
		if strings.HasPrefix(path, "LiveScores/Alarms/ClientErrors") {
			t.Errorf("%s is there, though it is to be left out", path)
		}
	}
	if got := asJSON(tpl.at("LiveScores/Dashboard").Properties); !strings.Contains(got, "WrongSequence") || !strings.Contains(got, "OffsetLag") {
		t.Errorf("dashboard = %s, want what viewers get and the consumer", got)
	}
	off := synthLive(t, func(p *livescores.Props) { p.Alarms.Off, p.NoDashboard = true, true })
	if n := off.count("AWS::CloudWatch::Alarm") + off.count("AWS::CloudWatch::Dashboard"); n != 0 {
		t.Errorf("alarms and dashboards = %d, want none", n)
	}
}

// A name of one's own has TLS 1.2 at least, and the page connects to it.
func TestDomainsOfLiveScores(t *testing.T) {
	long(t)
	var tpl *template
	noPanic(t, func() {
		app := newApp(t, nil)
		one, two := newStack(app, "One"), newStack(app, "Two")
		certificate := awscertificatemanager.Certificate_FromCertificateArn(two, jsii.String("Certificate"), jsii.String("arn:aws:acm:us-east-1:111122223333:certificate/c"))
		cluster := msklambda.ImportCluster(one, "Cluster", clusterProps())
		l := livescores.New(two, "LiveScores", cluster, liveProps(func(p *livescores.Props) {
			p.APIDomain = &livescores.Domain{Name: "api.example.com", Certificate: certificate}
			p.PageDomain = &livescores.Domain{Name: "scores.example.com", Certificate: certificate}
		}))
		if l.WebSocketURL != "wss://api.example.com" {
			t.Errorf("URL = %s, want the domain", l.WebSocketURL)
		}
		tpl = read(t, two)
	})
	for path, wants := range map[string][]string{
		"APIDomain":         {`"DomainName":"api.example.com"`, `"SecurityPolicy":"TLS_1_2"`},
		"APIMapping":        {`"Stage":`},
		"Page/Distribution": {`"Aliases":["scores.example.com"]`, `"MinimumProtocolVersion":"TLSv1.2_2021"`},
		"Page/Headers":      {`connect-src 'self' wss://api.example.com;`},
	} {
		for _, want := range wants {
			if got := asJSON(tpl.at("LiveScores/" + path).Properties); !strings.Contains(got, want) {
				t.Errorf("%s = %s, want %s in it", path, got, want)
			}
		}
	}
}

// Matches are in the page's config, for which there is a test of its own.
func TestTheAuthenticationOfLiveScoresIsThePollers(t *testing.T) {
	long(t)
	tpl := synthLive(t, func(p *livescores.Props) { p.Authentication.Method = msklambda.AuthenticationTLS })
	if got := asJSON(tpl.grantsAt("LiveScores/FanOut/Policy")); strings.Contains(got, "kafka-cluster:") {
		t.Errorf("policy = %s, want nothing that only IAM authentication needs", got)
	}
}

func TestTheAccountsLogRoleIsTheAccountsOwn(t *testing.T) {
	long(t)
	if got := synthLive(t).count("AWS::ApiGateway::Account"); got != 0 {
		t.Errorf("accounts = %d, want none unless asked for: it is every API's", got)
	}
	tpl := synthLive(t, func(p *livescores.Props) { p.DefineLogRole = true })
	for _, path := range []string{"LiveScores/LogRole", "LiveScores/LogAccount"} {
		if got := tpl.at(path).DeletionPolicy; got != "Retain" {
			t.Errorf("deletion policy of %s = %q, want Retain: others rely on it", path, got)
		}
	}
	if got := tpl.at("LiveScores/Stage").DependsOn; !slices.Contains(got, tpl.at("LiveScores/LogAccount").ID) {
		t.Errorf("the stage waits for %q, want the role with which it logs", got)
	}
}

func TestWrongLiveScoresPanicOnce(t *testing.T) {
	stack := newStack(newApp(t, nil), "Test")
	cluster := msklambda.ImportCluster(stack, "Cluster", clusterProps())
	wantPanic(t, func() {
		livescores.New(stack, "L", cluster, liveProps(func(p *livescores.Props) { p.Topic, p.MemorySize = "", 1 }))
	},
		`livescores: live scores "L":`, "Topic is required", "MemorySize must be")
	wantPanic(t, func() { livescores.New(stack, "L", nil, liveProps()) }, "cluster must not be nil")
	wantPanic(t, func() { livescores.New(stack, "Cluster", cluster, liveProps()) }, "id must be unique")
}
