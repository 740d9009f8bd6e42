package test

import (
	"maps"
	"strings"
	"testing"

	"github.com/aws/aws-cdk-go/awscdk/v2"

	"msklambda/constructs/mskapp"
)

const (
	secretARN     = "arn:aws:secretsmanager:us-east-1:111122223333:secret:AmazonMSK_orders-a1b2c3"
	keyARN        = "arn:aws:kms:us-east-1:111122223333:key/0c1f2e3d-4b5a-6978-8796-a5b4c3d2e1f0"
	connectionARN = "arn:aws:kafka:us-east-1:111122223333:vpc-connection/444455556666/demo/4f1e0ab2-7c64-4a3e-9d5e-2b9a6c1d8e70-2"
	statement     = `[{"Effect":"Allow","Principal":"*","Action":"iam:Marked","Resource":"*"}]`
)

var (
	scram       = map[string]any{"authentication": "scram", "secretArn": secretARN}
	queue       = map[string]any{"onFailure": "arn:aws:sqs:us-east-1:111122223333:failed", "retryAttempts": nil}
	topic       = map[string]any{"onFailure": "arn:aws:sns:us-east-1:111122223333:failed", "retryAttempts": nil}
	bucket      = map[string]any{"onFailure": "arn:aws:s3:::failed", "retryAttempts": nil}
	provisioned = map[string]any{"pollers": "provisioned"}
	registry    = with(provisioned, "schemaRegistry", "https://registry.example.com", "schemaValidate", "value", "schemaAccess", "BASIC_AUTH="+secretARN)
)

// connected are the keys for a cluster of another account.
func connected() map[string]any {
	return map[string]any{"clusterArn": strings.Replace(arn, account, "444455556666", 1), "vpcConnectionArn": connectionARN,
		"vpcId": nil, "subnetIds": nil, "securityGroupIds": nil, "endpointAccess": nil}
}

// with returns keys with more keys.
func with(keys map[string]any, more ...string) map[string]any {
	all := maps.Clone(keys)
	for i := 0; i < len(more); i += 2 {
		all[more[i]] = more[i+1]
	}
	return all
}

func example(t *testing.T) map[string]any {
	t.Helper()
	return cdkContext(t)["example"].(map[string]any)
}

// exampleContext is the example and what was looked up for it.
func exampleContext(t *testing.T) map[string]any {
	t.Helper()
	context := map[string]any{}
	readJSON(t, "../cdk.context.json", &context)
	context["example"], context["entry"] = example(t), entry
	return context
}

// synthApp builds the app's stack as app.go does, or with extensions as the app
// that has them.
func synthApp(t *testing.T, context map[string]any, extensions ...*mskapp.Extension) *template {
	t.Helper()
	var tpl *template
	noPanic(t, func() {
		app := newApp(t, context)
		config, err := mskapp.ReadConfig(app, extensions...)
		if err != nil {
			t.Fatal(err)
		}
		tpl = read(t, mskapp.NewStack(config))
		// What is in a second stack, beside it: no path is in both.
		for _, child := range *app.Node().Children() {
			if stack, ok := child.(awscdk.Stack); ok && *stack.StackName() != *tpl.Stack.StackName() {
				maps.Copy(tpl.Resources, read(t, stack).Resources)
			}
		}
	})
	return tpl
}

func TestTheExampleSynthesizesWithoutAWarning(t *testing.T) {
	long(t)
	tpl := synthApp(t, exampleContext(t))
	if got := tpl.warnings(); len(got) != 0 {
		t.Errorf("warnings = %q, want none", got)
	}
	if got, want := *tpl.Stack.StackName(), "MskLambda"; got != want {
		t.Errorf("stack = %q, want %q", got, want)
	}
	mapping := tpl.at("Cluster/Consumer/Mapping").Properties
	if got, want := asJSON(mapping["AmazonManagedKafkaEventSourceConfig"]), `{"ConsumerGroupId":"MskLambda-AWSKafkaTutorialTopic"}`; got != want {
		t.Errorf("group = %s, want %s", got, want)
	}
}

func TestAGivenClusterInheritsNothingOfTheExample(t *testing.T) {
	long(t)
	_, err := mskapp.ReadConfig(newApp(t, map[string]any{"example": example(t), "clusterArn": arn, "entry": entry}))
	if err == nil {
		t.Fatal("ReadConfig = nil, want an error")
	}
	if want := "topic is required"; !strings.Contains(err.Error(), want) {
		t.Errorf("error = %v, want %q in it", err, want)
	}
}

func TestGivenKeysGoOnTopOfTheExample(t *testing.T) {
	long(t)
	context := exampleContext(t)
	context["batchSize"] = "7"
	tpl := synthApp(t, context)
	if got := tpl.at("Cluster/Consumer/Mapping").Properties["BatchSize"]; got != 7.0 {
		t.Errorf("BatchSize = %v, want 7", got)
	}
}

func TestEveryKeyReachesTheTemplate(t *testing.T) {
	long(t)
	const consumer, mapping, function, endpoints = "Cluster/Consumer/", "Cluster/Consumer/Mapping", "Cluster/Consumer/Function", "Cluster/EndpointSecurityGroup"
	tests := map[string]struct {
		context map[string]any
		path    string
		want    string // JSON that the resource must hold
	}{
		"clusterArn":       {nil, mapping, `"EventSourceArn":"` + arn + `"`},
		"vpcId":            {nil, endpoints, `"VpcId":"` + vpc + `"`},
		"subnetIds":        {map[string]any{"subnetIds": []any{"subnet-0123456789abcdef7"}}, "Cluster/STSEndpoint", `"SubnetIds":["subnet-0123456789abcdef7"]`},
		"securityGroupIds": {map[string]any{"securityGroupIds": sg2}, endpoints, `"SourceSecurityGroupId":"` + sg2 + `"`},
		"topic":            {map[string]any{"topic": "refunds"}, mapping, `"Topics":["refunds"]`},
		"consumerGroupId":  {map[string]any{"consumerGroupId": "g"}, mapping, `"ConsumerGroupId":"g"`},
		"endpointAccess":   {map[string]any{"endpointAccess": "vpc", "vpcCidrs": "10.0.0.0/16"}, endpoints, `"CidrIp":"10.0.0.0/16"`},
		"lambdaEndpoint":   {map[string]any{"lambdaEndpoint": "none", "securityGroupRules": "all"}, "Cluster/Rules/" + sg0 + " to anywhere 443", `"CidrIp":"0.0.0.0/0"`},
		"stsEndpoint":      {map[string]any{"stsEndpoint": "vpce-0123456789abcdef0", "securityGroupRules": "all"}, "Cluster/Rules/" + sg0 + " to anywhere 443", `"CidrIp":"0.0.0.0/0"`},
		"lambdaEndpointStatements": {map[string]any{"lambdaEndpointStatements": `[{"Effect":"Allow","Principal":"*","Action":"lambda:GetFunction","Resource":"*"}]`},
			"Cluster/LambdaEndpoint", `lambda:GetFunction`},
		"stsEndpointStatements": {map[string]any{"stsEndpointStatements": []any{map[string]any{"Effect": "Allow", "Principal": "*", "Action": "sts:GetCallerIdentity", "Resource": "*"}}},
			"Cluster/STSEndpoint", `sts:GetCallerIdentity`},
		"endpointClientSecurityGroupIds":   {map[string]any{"endpointClientSecurityGroupIds": sg2}, endpoints, `"SourceSecurityGroupId":"` + sg2 + `"`},
		"endpointClientCidrs":              {map[string]any{"endpointClientCidrs": "10.9.0.0/16"}, endpoints, `"CidrIp":"10.9.0.0/16"`},
		"securityGroupRules":               {map[string]any{"securityGroupRules": "all"}, "Cluster/Rules/" + sg0 + " to endpoints 443", `"ToPort":443`},
		"retainSecurityGroupRules":         {map[string]any{"retainSecurityGroupRules": "true"}, "Cluster/Rules/", `"DeletionPolicy":"Retain"`},
		"batchSize":                        {map[string]any{"batchSize": 9.0}, mapping, `"BatchSize":9`},
		"vpcConnectionArn":                 {connected(), mapping, `"EventSourceArn":"` + connectionARN + `"`},
		"secretsManagerEndpoint":           {with(scram, "secretsManagerEndpoint", "none", "securityGroupRules", "all"), "Cluster/Rules/" + sg0 + " to anywhere 443", `0.0.0.0/0`},
		"sqsEndpoint":                      {with(queue, "sqsEndpoint", "existing", "securityGroupRules", "all"), "Cluster/Rules/" + sg0 + " to anywhere 443", `0.0.0.0/0`},
		"snsEndpoint":                      {with(topic, "snsEndpoint", "existing", "securityGroupRules", "all"), "Cluster/Rules/" + sg0 + " to anywhere 443", `0.0.0.0/0`},
		"s3Endpoint":                       {with(bucket, "s3Endpoint", "create"), "Cluster/S3Endpoint", `"ServiceName":"com.amazonaws.us-east-1.s3"`},
		"secretsManagerEndpointStatements": {with(scram, "secretsManagerEndpointStatements", statement), "Cluster/SecretsManagerEndpoint", `iam:Marked`},
		"sqsEndpointStatements":            {with(queue, "sqsEndpointStatements", statement), "Cluster/SQSEndpoint", `iam:Marked`},
		"snsEndpointStatements":            {with(topic, "snsEndpointStatements", statement), "Cluster/SNSEndpoint", `iam:Marked`},
		"s3EndpointStatements":             {with(bucket, "s3Endpoint", "create", "s3EndpointStatements", statement), "Cluster/S3Endpoint", `iam:Marked`},
		"createTopic":                      {map[string]any{"createTopic": `{"partitions":6,"config":{"retention.ms":"604800000"}}`}, "Cluster/Topics/orders", `"Configs":"eyJyZXRlbnRpb24ubXMiOiI2MDQ4MDAwMDAifQ==","PartitionCount":6`},
		"functionArn":                      {map[string]any{"functionArn": "arn:aws:lambda:us-east-1:111122223333:function:mine", "entry": nil}, mapping, `"FunctionName":"mine"`},
		"authentication":                   {map[string]any{"authentication": "plaintext"}, "Cluster/Rules/", `"ToPort":9092`},
		"secretArn":                        {scram, mapping, `"SourceAccessConfigurations":[{"Type":"SASL_SCRAM_512_AUTH","URI":"` + secretARN + `"}]`},
		"secretKeyArn":                     {with(scram, "secretKeyArn", keyARN), consumer + "Policy", keyARN},
		"pollers":                          {provisioned, mapping, `"ProvisionedPollerConfig":{"MaximumPollers":200,"MinimumPollers":1}`},
		"minimumPollers":                   {with(provisioned, "minimumPollers", "3"), mapping, `"MinimumPollers":3`},
		"maximumPollers":                   {with(provisioned, "maximumPollers", "4"), mapping, `"MaximumPollers":4`},
		"pollerGroup":                      {with(provisioned, "pollerGroup", "shared"), mapping, `"PollerGroupName":"shared"`},
		"retryAttempts":                    {with(provisioned, "retryAttempts", "3"), mapping, `"MaximumRetryAttempts":3`},
		"maxRecordAge":                     {with(provisioned, "maxRecordAge", "1h"), mapping, `"MaximumRecordAgeInSeconds":3600`},
		"bisectOnError":                    {with(provisioned, "bisectOnError", "true"), mapping, `"BisectBatchOnFunctionError":true`},
		"reportBatchItemFailures":          {with(provisioned, "reportBatchItemFailures", "true"), mapping, `"FunctionResponseTypes":["ReportBatchItemFailures"]`},
		"onFailure":                        {queue, mapping, `"DestinationConfig":{"OnFailure":{"Destination":"arn:aws:sqs:us-east-1:111122223333:failed"}}`},
		"onFailureKeyArn":                  {with(queue, "onFailureKeyArn", keyARN), consumer + "Policy", keyARN},
		"filters":                          {map[string]any{"filters": `[{"value":{"state":["paid"]}}]`}, mapping, `"Filters":[{"Pattern":"{\"value\":{\"state\":[\"paid\"]}}"}]`},
		"filterKeyArn":                     {map[string]any{"filters": []any{`{"value":{"state":["paid"]}}`}, "filterKeyArn": keyARN}, mapping, `"KmsKeyArn":"` + keyARN + `"`},
		"schemaRegistry":                   {registry, mapping, `"SchemaRegistryURI":"https://registry.example.com"`},
		"schemaFormat":                     {with(registry, "schemaFormat", "SOURCE"), mapping, `"EventRecordFormat":"SOURCE"`},
		"schemaValidate":                   {with(registry, "schemaValidate", "key,value"), mapping, `"SchemaValidationConfigs":[{"Attribute":"KEY"},{"Attribute":"VALUE"}]`},
		"schemaAccess":                     {registry, mapping, `"AccessConfigs":[{"Type":"BASIC_AUTH","URI":"` + secretARN + `"}]`},
		"metrics":                          {with(provisioned, "metrics", "EventCount,KafkaMetrics"), mapping, `"Metrics":["EventCount","KafkaMetrics"]`},
		"pollerLogLevel":                   {with(provisioned, "pollerLogLevel", "INFO"), mapping, `"SystemLogLevel":"INFO"`},
		"alarms":                           {map[string]any{"alarms": `{"lagAbove":500,"lagFor":"5m","skip":"Throttles"}`}, consumer + "Alarms/Lag", `"Threshold":500`},
		"alarmTopicArns":                   {map[string]any{"alarms": true, "alarmTopicArns": "arn:aws:sns:us-east-1:111122223333:pages"}, consumer + "Alarms/Errors", `"AlarmActions":["arn:aws:sns:us-east-1:111122223333:pages"]`},
		"dashboard":                        {map[string]any{"dashboard": "true"}, consumer + "Dashboard", `"DashboardBody"`},
		"consumers": {map[string]any{"consumers": []any{map[string]any{"name": "Refunds", "topic": "refunds", "batchSize": 9.0}}, "topic": nil},
			"Cluster/Refunds/Mapping", `"BatchSize":9`},
		"batchWindow":                {map[string]any{"batchWindow": "2s"}, mapping, `"MaximumBatchingWindowInSeconds":2`},
		"startingPosition":           {map[string]any{"startingPosition": "LATEST"}, mapping, `"StartingPosition":"LATEST"`},
		"startingPositionTimestamp":  {map[string]any{"startingPosition": "AT_TIMESTAMP", "startingPositionTimestamp": "2026-01-02T03:04:05Z"}, mapping, `"StartingPositionTimestamp":1767323045`},
		"enabled":                    {map[string]any{"enabled": "false"}, mapping, `"Enabled":false`},
		"roleArn":                    {map[string]any{"roleArn": "arn:aws:iam::111122223333:role/mine"}, function, `"Role":"arn:aws:iam::111122223333:role/mine"`},
		"restrictNetworkInterfaces":  {map[string]any{"restrictNetworkInterfaces": true}, consumer + "Policy", `:111122223333:network-interface/*`},
		"architecture":               {map[string]any{"architecture": "x86_64"}, function, `"Architectures":["x86_64"]`},
		"memorySize":                 {map[string]any{"memorySize": "512"}, function, `"MemorySize":512`},
		"timeout":                    {map[string]any{"timeout": "5m"}, function, `"Timeout":300`},
		"environment":                {map[string]any{"environment": "TABLE=t,LEVEL=2"}, function, `"Variables":{"LEVEL":"2","TABLE":"t"}`},
		"reservedConcurrency":        {map[string]any{"reservedConcurrency": "0"}, function, `"ReservedConcurrentExecutions":0`},
		"tracing":                    {map[string]any{"tracing": "PASS_THROUGH"}, function, `"Mode":"PassThrough"`},
		"logRetentionDays":           {map[string]any{"logRetentionDays": "365"}, consumer + "LogGroup", `"RetentionInDays":365`},
		"logRemovalPolicy":           {map[string]any{"logRemovalPolicy": "DESTROY"}, consumer + "LogGroup", `"DeletionPolicy":"Delete"`},
		"consumerStack":              {map[string]any{"consumerStack": "Sales"}, "Consumer/Mapping", `"BatchSize"`},
		"tags":                       {map[string]any{"tags": "team=a"}, consumer + "Role", `{"Key":"team","Value":"a"}`},
		"functionVpcId":              {map[string]any{"functionVpcId": "vpc-0123456789abcdef9", "functionSubnetIds": "subnet-0123456789abcdef7"}, function + "/SecurityGroup", `"VpcId":"vpc-0123456789abcdef9"`},
		"functionSubnetIds":          {map[string]any{"functionSubnetIds": "subnet-0123456789abcdef7"}, function, `"SubnetIds":["subnet-0123456789abcdef7"]`},
		"functionSecurityGroupIds":   {map[string]any{"functionSubnetIds": "subnet-0123456789abcdef7", "functionSecurityGroupIds": sg2}, function, `"SecurityGroupIds":["` + sg2 + `"]`},
		"layerArns":                  {map[string]any{"layerArns": layerARN}, function, `"Layers":["` + layerARN + `"]`},
		"ephemeralStorageSize":       {map[string]any{"ephemeralStorageSize": "1024"}, function, `"EphemeralStorage":{"Size":1024}`},
		"environmentKeyArn":          {map[string]any{"environmentKeyArn": keyARN}, function, `"KmsKeyArn":"` + keyARN + `"`},
		"deadLetterTopic":            {map[string]any{"deadLetterTopic": "orders-dead"}, consumer + "Policy", `:topic/demo/4f1e0ab2-7c64-4a3e-9d5e-2b9a6c1d8e70-2/orders-dead"`},
		"description":                {map[string]any{"description": "books orders"}, function, `"Description":"books orders"`},
		"codeSigningConfigArn":       {map[string]any{"codeSigningConfigArn": signingARN}, function, `"CodeSigningConfigArn":"` + signingARN + `"`},
		"alias":                      {map[string]any{"alias": "prod"}, consumer + "Alias", `"Name":"prod"`},
		"deployment":                 {map[string]any{"deployment": canary}, consumer + "Alias/DeploymentGroup", `"DeploymentConfigName":"` + canary + `"`},
		"deploymentAlarmArns":        {map[string]any{"deployment": canary, "deploymentAlarmArns": "arn:aws:cloudwatch:us-east-1:111122223333:alarm:latency"}, consumer + "Alias/DeploymentGroup", `"Alarms":[{"Name":"latency"}]`},
		"idempotency":                {map[string]any{"idempotency": "true"}, consumer + "IdempotencyTable", `"KeySchema":[{"AttributeName":"id","KeyType":"HASH"}]`},
		"idempotencyKeyArn":          {map[string]any{"idempotency": tableARN, "idempotencyKeyArn": tableKeyARN}, consumer + "Policy", tableKeyARN},
		"idempotencyRemovalPolicy":   {map[string]any{"idempotencyRemovalPolicy": "DESTROY"}, consumer + "IdempotencyTable", `"DeletionPolicy":"Delete"`},
		"idempotencyNamespace":       {map[string]any{"idempotency": tableARN, "idempotencyNamespace": "second"}, function, `"MSKLAMBDA_ONCE_NAMESPACE":"second","MSKLAMBDA_ONCE_TABLE":"once"`},
		"functionRegistryArn":        {map[string]any{"functionRegistryArn": functionGlueARN}, consumer + "Policy", `"` + functionGlueARN + `"`},
		"functionRegistrySecretArns": {map[string]any{"functionRegistrySecretArns": functionSecretARN}, consumer + "Policy", `"` + functionSecretARN + `"`},
		"metricsNamespace":           {map[string]any{"metricsNamespace": "Orders"}, function, `"MSKLAMBDA_METRICS_NAMESPACE":"Orders"`},
		"logGroupKeyArn":             {map[string]any{"logGroupKeyArn": keyARN}, consumer + "LogGroup", `"KmsKeyId":"` + keyARN + `"`},
		"logLevel":                   {map[string]any{"logLevel": "WARN"}, function, `"ApplicationLogLevel":"WARN"`},
		"systemLogLevel":             {map[string]any{"systemLogLevel": "DEBUG"}, function, `"SystemLogLevel":"DEBUG"`},
		"stackName":                  {map[string]any{"stackName": "Mine"}, mapping, `"ConsumerGroupId":"Mine-orders"`},
		"entry":                      {nil, function, `"Handler":"bootstrap"`},
		"admin":                      {map[string]any{"admin": "manage"}, "Cluster/Admin/Function", `"MSKLAMBDA_ADMIN_RIGHT":"manage"`},
		"adminTopics":                {map[string]any{"admin": "read", "adminTopics": "orders-*,refunds"}, "Cluster/Admin/Function", `"MSKLAMBDA_ADMIN_TOPICS":"orders-*,refunds"`},
		"adminGroups":                {map[string]any{"admin": "read", "adminGroups": []any{"*"}}, "Cluster/Admin/Function", `"MSKLAMBDA_ADMIN_GROUPS":"*"`},
		"adminAuthentication":        {map[string]any{"admin": "read", "adminAuthentication": "tls"}, "Cluster/Rules/" + sg0 + " from " + sg0 + " 9094", `"ToPort":9094`},
		"adminSecretArn":             {with(withAdminSecret, "secretsManagerEndpoint", "none"), "Cluster/Admin/Function", `"MSKLAMBDA_ADMIN_SECRET":"` + adminSecretARN + `"`},
		"adminSecretKeyArn":          {with(withAdminSecret, "secretsManagerEndpoint", "none", "adminSecretKeyArn", keyARN), "Cluster/Admin/Policy", keyARN},
		"endpointIpAddressType":      {map[string]any{"endpointIpAddressType": "DUALSTACK"}, "Cluster/STSEndpoint", `"IpAddressType":"dualstack"`},
	}
	for _, key := range mskapp.Keys() {
		if _, ok := tests[key]; !ok && key != "vpcCidrs" && key != "allowPublicAccess" && key != "allowMissingTopics" && key != "ignore" { // with endpointAccess, with a look-up, of others
			t.Errorf("context key %q has no row here", key)
		}
	}
	for key, tt := range tests {
		t.Run(key, func(t *testing.T) {
			if got := asJSON(synthApp(t, given(tt.context)).at(tt.path)); !strings.Contains(got, tt.want) {
				t.Errorf("%s = %s, want %s in it", tt.path, got, tt.want)
			}
		})
	}
}

func TestTheStacksOutputsAreWhatOneLooksAt(t *testing.T) {
	var got map[string]any
	noPanic(t, func() {
		app := newApp(t, given(nil))
		config, err := mskapp.ReadConfig(app)
		if err != nil {
			t.Fatal(err)
		}
		stack := mskapp.NewStack(config)
		got = outputs(t, stack)
	})
	for _, want := range []string{"FunctionName", "MappingUUID", "LogGroupName", "RoleARN"} {
		if got[want] == nil {
			t.Errorf("output %s is missing from %s", want, asJSON(got))
		}
	}
}

func TestAConsumerOfTheListTakesDefaultsAway(t *testing.T) {
	long(t)
	tpl := synthApp(t, given(map[string]any{
		"topic": nil, "pollers": "provisioned", "maximumPollers": 5.0, "timeout": "30s", "reportBatchItemFailures": true, "retryAttempts": 3.0,
		"consumers": []any{
			map[string]any{"name": "A", "topic": "a1"},
			map[string]any{"name": "B", "topic": "b1", "pollers": "on-demand", "timeout": ""},
			map[string]any{"name": "C", "topic": "c1", "functionArn": "arn:aws:lambda:us-east-1:111122223333:function:mine"},
		},
	}))
	for path, want := range map[string]string{
		"Cluster/A/Mapping": `"MaximumPollers":5`, "Cluster/C/Mapping": `"FunctionName":"mine"`, "Cluster/A/Function": `"Timeout":30`, "Cluster/B/Function": `"Timeout":60`,
	} {
		if got := asJSON(tpl.at(path)); !strings.Contains(got, want) {
			t.Errorf("%s = %s, want %s in it", path, got, want)
		}
	}
	if got := asJSON(tpl.at("Cluster/B/Mapping")); strings.Contains(got, "Pollers") || strings.Contains(got, "Retry") {
		t.Errorf("mapping = %s, want on-demand pollers", got)
	}
}

func TestWhatConsumersMayHaveOnceIsFoundWithoutTheConstructs(t *testing.T) {
	function := "arn:aws:lambda:us-east-1:111122223333:function:mine"
	for name, tt := range map[string]struct {
		a, b map[string]any
		want string
	}{
		"a group": {map[string]any{"topic": "a1", "consumerGroupId": "g"}, map[string]any{"topic": "b1", "consumerGroupId": "g"},
			`consumers[1].consumerGroupId must be the consumer's own, got "g", which "A" has already`},
		"a topic of a function": {map[string]any{"topic": "a1", "functionArn": function}, map[string]any{"topic": "a1", "functionArn": function, "consumerGroupId": "g"},
			`consumers[1].functionArn must not read one topic twice, got topic "a1", which it reads for "A" already`},
		"an answer of a function": {map[string]any{"topic": "a1", "functionArn": function}, map[string]any{"topic": "b1", "functionArn": function, "pollers": "provisioned", "reportBatchItemFailures": true},
			`consumers[1].reportBatchItemFailures must be the same for all consumers of a function, which answers all in one way, got true, and false for "A"`},
		"pollers of a group": {map[string]any{"topic": "a1", "pollerGroup": "p", "maximumPollers": 1500}, map[string]any{"topic": "b1", "pollerGroup": "p", "maximumPollers": 501},
			`consumers[1].maximumPollers must not make the maxima of pollerGroup "p" more than 2000 in all, got 2001`},
		"two of all": {map[string]any{"topic": "a1", "pollerGroup": "p", "maximumPollers": 1500}, map[string]any{"topic": "b1", "pollerGroup": "q", "maximumPollers": 501}, ""},
	} {
		tt.a["name"], tt.b["name"] = "A", "B"
		err := mskapp.Validate(given(map[string]any{"topic": nil, "consumers": []any{tt.a, tt.b}}))
		want := "the context (cdk.json or -c key=value) has problems:\n" + tt.want
		if (tt.want == "") != (err == nil) || err != nil && err.Error() != want {
			t.Errorf("%s: Validate = %v, want %s", name, err, want)
		}
	}
}

func TestAnExistingFunctionTakesNoDefaultOfABundledOne(t *testing.T) {
	context := given(map[string]any{
		"topic": nil, "roleArn": "arn:aws:iam::111122223333:role/mine", "architecture": "x86_64", "memorySize": 512, "timeout": "30s", "environment": "A1=b",
		"reservedConcurrency": 1, "tracing": "ACTIVE", "logRetentionDays": 7, "logRemovalPolicy": "DESTROY", "functionVpcId": vpc,
		"functionSubnetIds": "subnet-0123456789abcdef7", "functionSecurityGroupIds": sg2, "layerArns": layerARN, "ephemeralStorageSize": 1024,
		"environmentKeyArn": keyARN, "description": "x", "codeSigningConfigArn": signingARN, "alias": "prod", "deployment": canary,
		"deploymentAlarmArns": "arn:aws:cloudwatch:us-east-1:111122223333:alarm:latency", "logGroupKeyArn": keyARN, "logLevel": "WARN", "systemLogLevel": "WARN",
		"consumers": []any{
			map[string]any{"name": "A", "topic": "a1"},
			map[string]any{"name": "B", "topic": "b1", "functionArn": "arn:aws:lambda:us-east-1:111122223333:function:mine"},
		},
	})
	if err := mskapp.Validate(context); err != nil {
		t.Error(err)
	}
}

func TestOnDemandAndNumbersOfPollersDoNotGoTogether(t *testing.T) {
	_, err := mskapp.ReadConfig(newApp(t, given(map[string]any{"pollers": "on-demand", "minimumPollers": 2.0})))
	if err == nil || !strings.Contains(err.Error(), `pollers must be provisioned with minimumPollers, maximumPollers or pollerGroup, got "on-demand"`) {
		t.Errorf("ReadConfig = %v, want it to name both", err)
	}
}

func TestWrongContextIsReportedAllAtOnce(t *testing.T) {
	wrong := map[string]any{
		"clusterArn": "arn:aws:sns:us-east-1:111122223333:x", "vpcId": "vpc-1", "subnetIds": "", "securityGroupIds": []any{}, "topic": "my orders",
		"batchSize": "many", "batchWindow": "301s", "startingPositionTimestamp": "2026-01-02T03:04:05Z", "timeout": "15m", "memorySize": "0",
		"entry": "../constructs/mskapp", "architecture": "arm", "logRetentionDays": "8", "endpointAccess": "none", "stackName": "my stack",
		"clusterArm": "x", "lambdaEndpoint": "nat", "stsEndpointStatements": "nonsense", "roleArn": "me", "tracing": "on", "enabled": "no",
	}
	_, err := mskapp.ReadConfig(newApp(t, wrong))
	if err == nil {
		t.Fatal("ReadConfig = nil, want an error")
	}
	for _, want := range []string{
		`clusterArn must be the ARN of an MSK cluster, such as "arn:aws:kafka:`,
		`vpcId must be an id such as "vpc-0123456789abcdef0", got "vpc-1"`,
		`topic must be 1 to 249 letters, digits, '.', '_' or '-', got "my orders"`,
		`batchSize must be a whole number, got "many"`,
		`batchWindow must be 0s to 5m, got 5m1s`,
		`startingPositionTimestamp needs startingPosition AT_TIMESTAMP, got TRIM_HORIZON`,
		`timeout must be at most 14m, the limit of functions behind an MSK mapping, got 15m`,
		`memorySize must be 1 or more, got "0"`,
		`entry must be the directory of a Go main package, got "../constructs/mskapp": it holds package mskapp`,
		`architecture must be "arm64" or "x86_64", got "arm"`,
		`logRetentionDays must be one of [1 3 5`,
		`endpointAccess must be "pollers" or "vpc", got "none"`,
		`stackName must begin with a letter and go on with at most 127 letters, digits or '-', got "my stack"`,
		`clusterArm is not a context key of this app, did you mean "clusterArn"?`,
		`lambdaEndpoint must be "create", "existing" or "none", got "nat"`,
		`stsEndpointStatements must be a JSON list of IAM statements, got "nonsense"`,
		`roleArn must be the ARN of a role`,
		`tracing must be ACTIVE, PASS_THROUGH or DISABLED, got "on"`,
		`enabled must be true or false, got "no"`,
	} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("error lacks %s:\n%v", want, err)
		}
	}
	if lines := strings.Count(err.Error(), "\n"); lines != 19 {
		t.Errorf("error has %d problems, want 19, each once:\n%v", lines, err)
	}
}

// Each of these was taken, or refused with a line that says something else.
func TestAContextThatMeansSomethingElseIsRefusedByWhatIsWrongWithIt(t *testing.T) {
	list := func(consumer map[string]any) map[string]any {
		return map[string]any{"topic": nil, "consumers": []any{consumer}}
	}
	for name, tt := range map[string]struct {
		context map[string]any
		want    string
	}{
		"a name for the ARN of a function": {map[string]any{"functionArn": "orders", "entry": nil},
			`functionArn must be the ARN of a function, such as "arn:aws:lambda:us-east-1:111122223333:function:orders", got "orders"`},
		"two topics":            {map[string]any{"topic": "orders,refunds"}, `topic must be one topic, because a mapping reads one: give each a consumer in consumers, got "orders,refunds"`},
		"two topics in a list":  {map[string]any{"topic": []any{"orders", "refunds"}}, `topic must be one topic, because a mapping reads one: give each a consumer in consumers, got ["orders","refunds"]`},
		"the ARN of a group":    {map[string]any{"consumerGroupId": groupARN + "orders-fn"}, `consumerGroupId must be the name of the group alone, "orders-fn", got "` + groupARN + `orders-fn"`},
		"a time without a unit": {map[string]any{"timeout": 5.0}, `timeout must be a duration with its unit, such as "30s" or "2m", got 5`},
		"a window without one":  {map[string]any{"batchWindow": "5"}, `batchWindow must be a duration with its unit, such as "30s" or "2m", got "5"`},
		"a queue of another region": {with(queue, "onFailure", "arn:aws:sqs:us-west-2:111122223333:failed"),
			"onFailure must be of the region us-east-1, where the cluster is, got us-west-2"},
		"the key of a queue": {with(queue, "onFailureKeyArn", strings.Replace(keyARN, "us-east-1", "us-west-2", 1)),
			"onFailure must have a key of the region us-east-1, where the cluster is, got us-west-2"},
		"a secret of a registry": {with(registry, "schemaAccess", "BASIC_AUTH="+strings.Replace(secretARN, "us-east-1", "us-west-2", 1)),
			"schemaAccess must be of the region us-east-1, where the cluster is, got us-west-2"},
		"alarms told elsewhere": {map[string]any{"alarms": true, "alarmTopicArns": "arn:aws:sns:us-west-2:111122223333:pages"},
			`alarmTopicArns must be of the region us-east-1, where the alarms are, got "arn:aws:sns:us-west-2:111122223333:pages"`},
		"a misspelt region":                   {map[string]any{"clusterArn": strings.Replace(arn, "us-east-1", "us-eats-1", 1)}, `clusterArn must be of a region that there is, got "us-eats-1", did you mean "us-east-1"?`},
		"a function's groups without subnets": {map[string]any{"functionSecurityGroupIds": sg0}, "functionSubnetIds is required with functionVpcId or functionSecurityGroupIds: the subnets that the function runs in"},
		"a function's subnets and no VPC":     {map[string]any{"functionSubnetIds": "subnet-0123456789abcdef7", "vpcId": nil}, "functionVpcId is required with functionSubnetIds where vpcId is not given: the VPC of those subnets"},
		"alarms without a deployment":         {map[string]any{"alias": "prod", "deploymentAlarmArns": "arn:aws:cloudwatch:us-east-1:111122223333:alarm:latency"}, "deploymentAlarmArns needs deployment: without it the alias moves at once"},
		"a layer of another region":           {map[string]any{"layerArns": strings.Replace(layerARN, "us-east-1", "us-west-2", 1)}, "layerArns must be of the region us-east-1, where the cluster is, got us-west-2"},
		"no name":                             {list(map[string]any{"topic": "orders"}), `consumers[0].name is required: a letter and then letters and digits, at most 64; it is the consumer's construct id`},
		"a number as name":                    {list(map[string]any{"name": 7.0, "topic": "orders"}), `consumers[0].name must be a letter and then letters and digits, at most 64; it is the consumer's construct id, got 7`},
	} {
		t.Run(name, func(t *testing.T) {
			err := mskapp.Validate(given(tt.context))
			if want := "the context (cdk.json or -c key=value) has problems:\n" + tt.want; err == nil || err.Error() != want {
				t.Errorf("Validate = %v\nwant %s", err, want)
			}
		})
	}
}

func outputs(t *testing.T, stack awscdk.Stack) map[string]any {
	t.Helper()
	return rawTemplate(t, stack)["Outputs"].(map[string]any)
}
