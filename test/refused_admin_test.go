package test

import (
	"strings"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awslambda"
	"github.com/aws/aws-cdk-go/awscdk/v2/awssecretsmanager"
	"github.com/aws/aws-cdk-go/awscdklambdagoalpha/v2"
	"github.com/aws/jsii-runtime-go"

	"msklambda/constructs/msklambda"
)

// refusedAdmins are in the order of the page. Each is one wrong thing.
var refusedAdmins = []struct {
	name string
	edit func(awscdk.Stack, *msklambda.AdminProps)
}{
	{"another right", onAdmin(func(p *msklambda.AdminProps) { p.Allow = "write" })},
	{"a topic with a space", onAdmin(func(p *msklambda.AdminProps) { p.Topics = []string{"my orders"} })},
	{"topics in one text", onAdmin(func(p *msklambda.AdminProps) { p.Topics = []string{"orders,refunds"} })},
	{"the ARN of a topic", onAdmin(func(p *msklambda.AdminProps) { p.Topics = []string{topicARN + "orders"} })},
	{"a group with a space", onAdmin(func(p *msklambda.AdminProps) { p.Groups = []string{"orders fn"} })},
	{"the ARN of a group", onAdmin(func(p *msklambda.AdminProps) { p.Groups = []string{groupARN + "orders-fn"} })},
	{"SCRAM without a secret", onAdmin(func(p *msklambda.AdminProps) { p.Authentication.Method = msklambda.AuthenticationSCRAM })},
	{"another package for the function", onAdmin(func(p *msklambda.AdminProps) { p.Entry = "../lambda/kafka" })},
	{"tracing of another kind", onAdmin(func(p *msklambda.AdminProps) { p.Tracing = awslambda.Tracing("ON") })},
	{"a tag that AWS reserves", onAdmin(func(p *msklambda.AdminProps) { p.Tags = map[string]string{"aws:x": "y"} })},
}

func onAdmin(field func(*msklambda.AdminProps)) func(awscdk.Stack, *msklambda.AdminProps) {
	return func(_ awscdk.Stack, p *msklambda.AdminProps) { field(p) }
}

// refusedAdminsByCluster are right by themselves, as is their cluster.
var refusedAdminsByCluster = []struct {
	name    string
	cluster clusterEdit
	edit    func(awscdk.Stack, *msklambda.AdminProps)
}{
	{"an admin function of a cluster of another account", connectedProps, onAdmin(func(*msklambda.AdminProps) {})},
	{"SCRAM on a serverless cluster", func(p *msklambda.ClusterProps) { p.ClusterARN = strings.Replace(arn, "70-2", "70-s1", 1) },
		func(stack awscdk.Stack, p *msklambda.AdminProps) {
			p.Authentication = msklambda.Authentication{Method: msklambda.AuthenticationSCRAM, Secret: aSecret(stack)}
		}},
	{"a secret of another region", func(*msklambda.ClusterProps) {}, func(stack awscdk.Stack, p *msklambda.AdminProps) {
		p.Authentication = msklambda.Authentication{Method: msklambda.AuthenticationSCRAM, Secret: awssecretsmanager.Secret_FromSecretCompleteArn(stack, jsii.String("Far"),
			jsii.String(strings.Replace(secretARN, region, "eu-west-1", 1)))}
	}},
}

// refusedAdminsAtConstruction are wrong for what is there already.
var refusedAdminsAtConstruction = []refusedConstruction{
	{"an admin function with the id of a consumer", func(_ awscdk.Stack, c *msklambda.Cluster) { c.AddAdmin("Orders", nil) }},
	{"an admin function with an id of the cluster's own", func(_ awscdk.Stack, c *msklambda.Cluster) { c.AddAdmin("S3Endpoint", nil) }},
	{"a secret of the admin function, and no way to it", func(stack awscdk.Stack, _ *msklambda.Cluster) {
		msklambda.ImportCluster(stack, "Other", clusterProps(func(p *msklambda.ClusterProps) { p.SecretsManagerEndpoint = msklambda.Endpoint{} })).
			AddAdmin("Admin", &msklambda.AdminProps{Authentication: msklambda.Authentication{Method: msklambda.AuthenticationSCRAM, Secret: aSecret(stack)}})
	}},
	{"a role of the admin function put in by the hook", func(_ awscdk.Stack, c *msklambda.Cluster) {
		c.AddAdmin("Admin", &msklambda.AdminProps{EditFunction: func(f *awscdklambdagoalpha.GoFunctionProps) { f.Role = nil }})
	}},
}
