package test

import (
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsdynamodb"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsec2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsiam"
	"github.com/aws/aws-cdk-go/awscdk/v2/awssqs"
	"github.com/aws/jsii-runtime-go"

	"msklambda/constructs/msklambda"
)

func TestTheClusterGrantsToOthers(t *testing.T) {
	tpl := synth(t, func(stack awscdk.Stack) {
		cluster := msklambda.ImportCluster(stack, "Cluster", clusterProps())
		role := func(id string) awsiam.Role {
			return awsiam.NewRole(stack, &id, &awsiam.RoleProps{AssumedBy: awsiam.NewServicePrincipal(jsii.String("ec2.amazonaws.com"), nil)})
		}
		cluster.GrantConsume(role("Reader"), "orders", "readers")
		cluster.GrantProduce(role("Writer"), "orders")
	})
	want := []string{
		"kafka-cluster:AlterGroup on " + groupARN + "readers", "kafka-cluster:Connect on " + arn, "kafka-cluster:Connect on " + arn,
		"kafka-cluster:DescribeGroup on " + groupARN + "readers", "kafka-cluster:DescribeTopic on " + topicARN + "orders",
		"kafka-cluster:DescribeTopic on " + topicARN + "orders", "kafka-cluster:ReadData on " + topicARN + "orders",
		"kafka-cluster:WriteData on " + topicARN + "orders", "kafka-cluster:WriteDataIdempotently on " + arn}
	if got := tpl.grants(); !slices.Equal(got, want) {
		t.Errorf("grants = %q, want %q", got, want)
	}
	wantPanic(t, func() {
		msklambda.ImportCluster(newStack(newApp(t, nil), "Test"), "Cluster", clusterProps()).GrantConsume(nil, "a b", "*")
	}, "topic must be 1 to 249", "groupID must not hold '*'", "grantee must not be nil")
}

func TestAConsumerIsGrantable(t *testing.T) {
	tpl := synth(t, func(stack awscdk.Stack) {
		consumer := msklambda.ImportCluster(stack, "Cluster", clusterProps()).AddConsumer("Orders", consumerProps())
		awsdynamodb.NewTable(stack, jsii.String("Table"), &awsdynamodb.TableProps{
			PartitionKey: &awsdynamodb.Attribute{Name: jsii.String("id"), Type: awsdynamodb.AttributeType_STRING},
		}).GrantReadData(consumer)
	})
	roles := tpl.at("Cluster/Orders/Role/DefaultPolicy").Properties
	if !strings.Contains(asJSON(roles), "dynamodb:GetItem") {
		t.Errorf("policy = %s, want the grant on the table", asJSON(roles))
	}
}

func TestClientsConnectToTheClustersGroups(t *testing.T) {
	tpl := synth(t, func(stack awscdk.Stack) {
		cluster := msklambda.ImportCluster(stack, "Cluster", clusterProps(groups(sg0, sg1)))
		client := awsec2.SecurityGroup_FromSecurityGroupId(stack, jsii.String("Client"), jsii.String(sg2), nil)
		cluster.Connections().AllowDefaultPortFrom(client, nil)
		// As a peer, by the interface of CDK.
		client.Connections().AllowTo(cluster, awsec2.Port_Tcp(jsii.Number(9094)), nil)
	})
	want := []string{sg0 + ":9094 from " + sg2, sg0 + ":9098 from " + sg2, sg1 + ":9094 from " + sg2, sg1 + ":9098 from " + sg2}
	if got := tpl.rules(); !slices.Equal(got, want) {
		t.Errorf("rules = %q, want %q", got, want)
	}
}

func TestAGrantCanBeWaitedFor(t *testing.T) {
	tpl := synth(t, func(stack awscdk.Stack) {
		role := awsiam.NewRole(stack, jsii.String("Reader"), &awsiam.RoleProps{AssumedBy: awsiam.NewServicePrincipal(jsii.String("ec2.amazonaws.com"), nil)})
		grant := msklambda.ImportCluster(stack, "Cluster", clusterProps()).GrantConsume(role, "orders", "readers")
		grant.AssertSuccess()
		grant.ApplyBefore(awssqs.NewQueue(stack, jsii.String("Queue"), nil))
	})
	if got, want := tpl.at("Queue").DependsOn, tpl.at("Reader/DefaultPolicy").ID; !slices.Contains(got, want) {
		t.Errorf("queue waits for %q, want %q", got, want)
	}
}
