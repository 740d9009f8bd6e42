package test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awscloudwatch"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsec2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awskms"
	"github.com/aws/aws-cdk-go/awscdk/v2/awslambda"
	"github.com/aws/aws-cdk-go/awscdklambdagoalpha/v2"
	"github.com/aws/jsii-runtime-go"

	"msklambda/constructs/msklambda"
)

const (
	functionPath = "Cluster/Orders/Function"
	canary       = "CodeDeployDefault.LambdaCanary10Percent5Minutes"
	layerARN     = "arn:aws:lambda:us-east-1:111122223333:layer:otel:3"
	signingARN   = "arn:aws:lambda:us-east-1:111122223333:code-signing-config:csc-0123456789abcdef0"
)

func aDatabasesVPC(stack awscdk.Stack, groups ...string) *msklambda.FunctionVPC {
	v := &msklambda.FunctionVPC{
		VPC: awsec2.Vpc_FromVpcAttributes(stack, jsii.String("DB"), &awsec2.VpcAttributes{VpcId: jsii.String(vpc), AvailabilityZones: jsii.Strings("us-east-1a"),
			PrivateSubnetIds: jsii.Strings("subnet-0123456789abcdef7"), PrivateSubnetRouteTableIds: jsii.Strings("rtb-0123456789abcdef7")}),
	}
	for _, id := range groups {
		v.SecurityGroups = append(v.SecurityGroups, awsec2.SecurityGroup_FromSecurityGroupId(stack, jsii.String(id), &id, nil))
	}
	return v
}

// synthFunction makes one consumer by what a stack has beside it.
func synthFunction(t *testing.T, edit func(awscdk.Stack, *msklambda.ConsumerProps)) *template {
	t.Helper()
	return synth(t, func(stack awscdk.Stack) {
		msklambda.ImportCluster(stack, "Cluster", clusterProps()).AddConsumer("Orders", consumerProps(func(p *msklambda.ConsumerProps) { edit(stack, p) }))
	})
}

// The function writes to one topic, from where the pollers' rules let it in.
func TestDeadLettersMayBeWrittenToOneTopic(t *testing.T) {
	long(t)
	dead := func(p *msklambda.ConsumerProps) { p.DeadLetterTopic = "orders-dead" }
	tpl := synthFunction(t, on(dead))
	without := synthFunction(t, on(func(*msklambda.ConsumerProps) {}))
	if got, want := asJSON(tpl.at(functionPath).Properties["VpcConfig"]), `{"SecurityGroupIds":["`+sg0+`"],"SubnetIds":["subnet-0123456789abcdef0","subnet-0123456789abcdef1"]}`; got != want {
		t.Errorf("VpcConfig = %s, want %s", got, want)
	}
	topic := strings.Replace(arn, ":cluster/", ":topic/", 1)
	var more []string
	for _, grant := range tpl.grants() {
		if !slices.Contains(without.grants(), grant) && strings.HasPrefix(grant, "kafka") {
			more = append(more, grant)
		}
	}
	want := []string{"kafka-cluster:WriteDataIdempotently on " + arn, "kafka-cluster:DescribeTopic on " + topic + "/orders-dead", "kafka-cluster:WriteData on " + topic + "/orders-dead"}
	if !slices.Equal(slices.Sorted(slices.Values(more)), slices.Sorted(slices.Values(want))) {
		t.Errorf("more grants = %q, want %q", more, want)
	}
	for _, r := range tpl.Resources {
		if strings.HasPrefix(r.Type, "AWS::EC2::SecurityGroup") && without.count(r.Type) != tpl.count(r.Type) {
			t.Errorf("%s: %d, want %d as without", r.Type, tpl.count(r.Type), without.count(r.Type))
		}
	}
	// Elsewhere the network is the caller's.
	elsewhere := synthFunction(t, func(s awscdk.Stack, p *msklambda.ConsumerProps) { dead(p); p.FunctionVPC = aDatabasesVPC(s, sg2) })
	if got := asJSON(elsewhere.at(functionPath).Properties["VpcConfig"]); !strings.Contains(got, sg2) || strings.Contains(got, sg0) {
		t.Errorf("VpcConfig = %s, want that of FunctionVPC", got)
	}
}

func TestWhatAFunctionRarelyHasReachesTheTemplate(t *testing.T) {
	long(t)
	for name, tt := range map[string]struct {
		edit func(awscdk.Stack, *msklambda.ConsumerProps)
		path string
		want string
	}{
		"subnets":            {func(s awscdk.Stack, p *msklambda.ConsumerProps) { p.FunctionVPC = aDatabasesVPC(s, sg2) }, functionPath, `"VpcConfig":{"SecurityGroupIds":["` + sg2 + `"],"SubnetIds":["subnet-0123456789abcdef7"]}`},
		"a group of its own": {func(s awscdk.Stack, p *msklambda.ConsumerProps) { p.FunctionVPC = aDatabasesVPC(s) }, functionPath + "/SecurityGroup", `"VpcId":"` + vpc + `"`},
		"layers": {func(s awscdk.Stack, p *msklambda.ConsumerProps) {
			p.Layers = []awslambda.ILayerVersion{awslambda.LayerVersion_FromLayerVersionArn(s, jsii.String("Layer"), jsii.String(layerARN))}
		}, functionPath, `"Layers":["` + layerARN + `"]`},
		"storage":         {on(func(p *msklambda.ConsumerProps) { p.EphemeralStorage = 1024 }), functionPath, `"EphemeralStorage":{"Size":1024}`},
		"environment key": {func(s awscdk.Stack, p *msklambda.ConsumerProps) { p.EnvironmentKey = aKey(s) }, functionPath, `"KmsKeyArn":"` + keyARN + `"`},
		"use of that key": {func(s awscdk.Stack, p *msklambda.ConsumerProps) { p.EnvironmentKey = aKey(s) }, "Cluster/Orders/Policy",
			`{"Action":"kms:Decrypt","Effect":"Allow","Resource":"` + keyARN + `","Sid":"EnvironmentKey"}`},
		"log group key": {func(s awscdk.Stack, p *msklambda.ConsumerProps) { p.LogGroupKey = aKey(s) }, "Cluster/Orders/LogGroup", `"KmsKeyId":"` + keyARN + `"`},
		"a key of this app for it": {func(s awscdk.Stack, p *msklambda.ConsumerProps) {
			p.LogGroupKey = awskms.NewKey(s, jsii.String("Key"), &awskms.KeyProps{EnableKeyRotation: jsii.Bool(true)})
		},
			"Key", `"kms:EncryptionContext:aws:logs:arn"`},
		"log levels": {on(func(p *msklambda.ConsumerProps) {
			p.LogLevel, p.SystemLogLevel = awslambda.ApplicationLogLevel_DEBUG, awslambda.SystemLogLevel_WARN
		}), functionPath, `"ApplicationLogLevel":"DEBUG","LogFormat":"JSON"`},
		"the other log level": {on(func(p *msklambda.ConsumerProps) { p.SystemLogLevel = awslambda.SystemLogLevel_WARN }), functionPath, `"SystemLogLevel":"WARN"`},
		"description":         {on(func(p *msklambda.ConsumerProps) { p.Description = "books orders" }), functionPath, `"Description":"books orders"`},
		"code signing": {func(s awscdk.Stack, p *msklambda.ConsumerProps) {
			p.CodeSigning = awslambda.CodeSigningConfig_FromCodeSigningConfigArn(s, jsii.String("Signing"), jsii.String(signingARN))
		}, functionPath, `"CodeSigningConfigArn":"` + signingARN + `"`},
		"anything else": {on(func(p *msklambda.ConsumerProps) {
			p.EditFunction = func(f *awscdklambdagoalpha.GoFunctionProps) { f.RecursiveLoop = awslambda.RecursiveLoop_ALLOW }
		}), functionPath, `"RecursiveLoop":"Allow"`},
		"an alias":   {on(func(p *msklambda.ConsumerProps) { p.Alias = &msklambda.Alias{} }), "Cluster/Orders/Alias", `"Name":"live"`},
		"its name":   {on(func(p *msklambda.ConsumerProps) { p.Alias = &msklambda.Alias{Name: "prod"} }), "Cluster/Orders/Alias", `"Name":"prod"`},
		"a canary":   {on(func(p *msklambda.ConsumerProps) { p.Alias = &msklambda.Alias{Deployment: canary} }), "Cluster/Orders/Alias/DeploymentGroup", `"DeploymentConfigName":"` + canary + `"`},
		"its update": {on(func(p *msklambda.ConsumerProps) { p.Alias = &msklambda.Alias{Deployment: canary} }), "Cluster/Orders/Alias", `"CodeDeployLambdaAliasUpdate"`},
	} {
		t.Run(name, func(t *testing.T) {
			if got := asJSON(synthFunction(t, tt.edit).at(tt.path)); !strings.Contains(got, tt.want) {
				t.Errorf("%s = %s, want %s in it", tt.path, got, tt.want)
			}
		})
	}
}

// Only then: what is granted for interfaces of the function is for functions in a VPC.
func TestAFunctionInAVPCMayHaveInterfacesBeforeItIsMade(t *testing.T) {
	if got := asJSON(synthConsumer(t).at("Cluster/Orders/Policy")); strings.Contains(got, "FunctionEni") {
		t.Errorf("policy = %s, want nothing for interfaces of a function that has none", got)
	}
	for name, edit := range map[string]func(awscdk.Stack, *msklambda.ConsumerProps){
		"by its prop": func(s awscdk.Stack, p *msklambda.ConsumerProps) { p.FunctionVPC = aDatabasesVPC(s, sg2) },
		"by the hook": func(s awscdk.Stack, p *msklambda.ConsumerProps) {
			p.EditFunction = func(f *awscdklambdagoalpha.GoFunctionProps) { f.Vpc = aDatabasesVPC(s).VPC }
		},
	} {
		tpl := synthFunction(t, edit)
		policy := tpl.at("Cluster/Orders/Policy")
		if got := asJSON(policy); !strings.Contains(got, `"Sid":"FunctionEni"`) || !strings.Contains(got, "ec2:AssignPrivateIpAddresses") {
			t.Errorf("%s: policy = %s, want a statement FunctionEni", name, got)
		}
		if !slices.Contains(tpl.at(functionPath).DependsOn, policy.ID) {
			t.Errorf("%s: the function waits for %q, want %s among them", name, tpl.at(functionPath).DependsOn, policy.ID)
		}
		if got := asJSON(tpl.at("Cluster/Orders/Role")); strings.Contains(got, "ManagedPolicyArns") {
			t.Errorf("%s: role = %s, want no managed policy", name, got)
		}
	}
}

func TestTheMappingInvokesTheAlias(t *testing.T) {
	plain := synthConsumer(t).at("Cluster/Orders/Mapping")
	tpl := synthFunction(t, on(func(p *msklambda.ConsumerProps) { p.Alias = &msklambda.Alias{} }))
	mapping := tpl.at("Cluster/Orders/Mapping")
	if got, want := asJSON(mapping.Properties["FunctionName"]), tpl.at("Cluster/Orders/Alias").ID; !strings.Contains(got, want) {
		t.Errorf("FunctionName = %s, want that of %s", got, want)
	}
	if mapping.ID != plain.ID {
		t.Errorf("mapping = %s, want %s as without an alias: it changes in place", mapping.ID, plain.ID)
	}
}

// Its alarms are before the alias, and the alias is before the mapping, so nothing of
// the deployment may refer to what comes later.
func TestADeploymentWatchesTheErrorsAndRefersToNothingThatWaitsForIt(t *testing.T) {
	tpl := synthFunction(t, func(s awscdk.Stack, p *msklambda.ConsumerProps) {
		theirs := awscloudwatch.Alarm_FromAlarmArn(s, jsii.String("Theirs"), jsii.String("arn:aws:cloudwatch:us-east-1:111122223333:alarm:latency"))
		p.Alias, p.Alarms = &msklambda.Alias{Deployment: canary, Alarms: []awscloudwatch.IAlarm{theirs}}, &msklambda.Alarms{}
	})
	group := asJSON(tpl.at("Cluster/Orders/Alias/DeploymentGroup"))
	for _, want := range []string{`"Alarms":[{"Name":"latency"},{"Name":{"Ref":"` + tpl.at("Cluster/Orders/Alarms/Errors").ID + `"}}]`, `"Enabled":true`} {
		if !strings.Contains(group, want) {
			t.Errorf("group = %s, want %s in it", group, want)
		}
	}
	text := map[string]string{}
	for _, r := range tpl.Resources {
		text[r.ID] = asJSON(r)
	}
	var follow func(id string, seen []string)
	follow = func(id string, seen []string) {
		if slices.Contains(seen, id) {
			t.Fatalf("a circle of references: %q", append(seen, id))
		}
		for other := range text {
			if other != id && strings.Contains(text[id], fmt.Sprintf("%q", other)) {
				follow(other, append(slices.Clip(seen), id))
			}
		}
	}
	follow(tpl.at("Cluster/Orders/Mapping").ID, nil)
	policy := asJSON(tpl.at("Cluster/Orders/Alias/DeploymentPolicy"))
	if !strings.Contains(policy, "lambda:UpdateAlias") || strings.Count(policy, `"Resource":"*"`) != 1 {
		t.Errorf("policy = %s, want UpdateAlias of this alias alone, and alarms", policy)
	}
}

// A function answers in one way, whatever it is called by.
func TestTheAnswersOfAFunctionAreOneByAliasToo(t *testing.T) {
	const want = "ReportBatchItemFailures must be the same for all consumers of a function"
	wantPanic(t, func() {
		stack := newStack(newApp(t, nil), "Test")
		cluster := msklambda.ImportCluster(stack, "Cluster", clusterProps())
		first := cluster.AddConsumer("A", consumerProps(func(p *msklambda.ConsumerProps) {
			p.Alias, p.Pollers, p.ReportBatchItemFailures = &msklambda.Alias{Name: "live"}, &msklambda.Pollers{}, true
		}))
		cluster.AddConsumer("B", &msklambda.ConsumerProps{Topic: "b1", GroupID: "b", Function: first.Alias})
	}, want)
	wantPanic(t, func() {
		stack := newStack(newApp(t, nil), "Test")
		cluster := msklambda.ImportCluster(stack, "Cluster", clusterProps())
		for i, qualifier := range []string{"", ":live"} {
			fn := awslambda.Function_FromFunctionAttributes(stack, jsii.String(fmt.Sprint("F", i)), &awslambda.FunctionAttributes{
				FunctionArn: jsii.String("arn:aws:lambda:us-east-1:111122223333:function:orders" + qualifier), SameEnvironment: jsii.Bool(true)})
			props := &msklambda.ConsumerProps{Topic: fmt.Sprint("t", i), GroupID: fmt.Sprint("g", i), Function: fn, Pollers: &msklambda.Pollers{}, RetryAttempts: new(-1)}
			props.ReportBatchItemFailures = i == 0
			cluster.AddConsumer(fmt.Sprint("C", i), props)
		}
	}, want)
}
