package test

import (
	"strings"
	"testing"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsec2"
	"github.com/aws/constructs-go/constructs/v10"
	"github.com/aws/jsii-runtime-go"

	"msklambda/constructs/msklambda"
)

func TestEverySecondEndpointOfAVPCIsFound(t *testing.T) {
	long(t)
	const want = "are two endpoints with private DNS for one service in one VPC, which EC2 refuses"
	t.Run("of a second cluster", func(t *testing.T) {
		wantPanic(t, func() {
			app := newApp(t, nil)
			for _, id := range []string{"One", "Two"} {
				msklambda.ImportCluster(newStack(app, id), "Cluster", clusterProps()).AddConsumer("Orders", consumerProps())
			}
			app.Synth(nil)
		}, "One/Cluster/LambdaEndpoint/Resource and Two/Cluster/LambdaEndpoint/Resource "+want, "One/Cluster/STSEndpoint/Resource")
	})
	t.Run("of anybody in the app", func(t *testing.T) {
		wantPanic(t, func() {
			app := newApp(t, nil)
			stack := newStack(app, "Test")
			awsec2.NewCfnVPCEndpoint(stack, jsii.String("Theirs"), &awsec2.CfnVPCEndpointProps{
				ServiceName: jsii.String("com.amazonaws.us-east-1.sts"), VpcId: jsii.String(vpc),
				VpcEndpointType: jsii.String("Interface"), PrivateDnsEnabled: true,
				SubnetIds: &[]any{"subnet-0123456789abcdef0"},
			})
			msklambda.ImportCluster(stack, "Cluster", clusterProps()).AddConsumer("Orders", consumerProps())
			app.Synth(nil)
		}, "Test/Theirs and Test/Cluster/STSEndpoint/Resource "+want)
	})
	t.Run("but not of another VPC, nor one without private DNS", func(t *testing.T) {
		synth(t, func(stack awscdk.Stack) {
			for id, props := range map[string]*awsec2.CfnVPCEndpointProps{
				"Elsewhere": {VpcId: jsii.String("vpc-0123456789abcdef1"), PrivateDnsEnabled: true},
				"NoDNS":     {VpcId: jsii.String(vpc), PrivateDnsEnabled: false},
			} {
				props.ServiceName = jsii.String("com.amazonaws.us-east-1.sts")
				props.VpcEndpointType = jsii.String("Interface")
				props.SubnetIds = &[]any{"subnet-0123456789abcdef0"}
				awsec2.NewCfnVPCEndpoint(stack, &id, props)
			}
			msklambda.ImportCluster(stack, "Cluster", clusterProps()).AddConsumer("Orders", consumerProps())
		})
	})
}

func TestEverySecondRuleOfAGroupIsFound(t *testing.T) {
	wantPanic(t, func() {
		app := newApp(t, nil)
		for _, id := range []string{"One", "Two"} {
			msklambda.ImportCluster(newStack(app, id), "Cluster", clusterProps(func(p *msklambda.ClusterProps) {
				p.ClusterARN = strings.Replace(arn, "demo", id, 1)
				p.LambdaEndpoint.Source, p.STSEndpoint.Source = msklambda.EndpointNone, msklambda.EndpointNone
			})).AddConsumer("Orders", consumerProps())
		}
		app.Synth(nil)
	}, "are the same rule of one security group, which EC2 takes once")
}

// What a token stands for in one stack says nothing of another.
func TestTheSameTokenInTwoStacksIsNotTheSameVPC(t *testing.T) {
	long(t)
	build := func(scope constructs.Construct, id string, vpc func(awscdk.Stack) string) {
		stack := awscdk.NewStack(scope, &id, nil)
		group := awscdk.NewCfnParameter(stack, jsii.String("Group"), nil)
		msklambda.ImportCluster(stack, "Cluster", clusterProps(func(p *msklambda.ClusterProps) {
			p.VPCID, p.SecurityGroupIDs = vpc(stack), []string{*group.ValueAsString()}
		})).AddConsumer("Orders", consumerProps(func(p *msklambda.ConsumerProps) { p.GroupID = id }))
	}
	for name, vpc := range map[string]func(awscdk.Stack) string{
		"a parameter": func(s awscdk.Stack) string {
			return *awscdk.NewCfnParameter(s, jsii.String("VPC"), nil).ValueAsString()
		},
		"an import": func(awscdk.Stack) string { return *awscdk.Fn_ImportValue(jsii.String("network-vpc")) },
		"a resource": func(s awscdk.Stack) string {
			return *awsec2.NewCfnVPC(s, jsii.String("VPC"), &awsec2.CfnVPCProps{CidrBlock: jsii.String("10.0.0.0/16")}).Ref()
		},
	} {
		t.Run(name, func(t *testing.T) {
			noPanic(t, func() {
				app := newApp(t, nil)
				for _, id := range []string{"Dev", "Prod"} {
					build(awscdk.NewStage(app, &id, nil), "Stack"+id, vpc)
				}
				app.Synth(nil)
			})
		})
	}
}
