package test

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-cdk-go/awscdk/v2"

	"msklambda/constructs/msklambda"
	rights "msklambda/lambda/admin/ask"
)

// iamAdmin is one admin function, and with it one role, on topic orders and group
// orders-fn.
type iamAdmin struct {
	right  msklambda.AdminRight
	secret bool // it authenticates by SASL/SCRAM
	*iamScenario
	policy map[string]any
}

func (a *iamAdmin) String() string { return fmt.Sprintf("admin %s, secret %v", a.right, a.secret) }

func synthIAMAdmins(t *testing.T) (all []*iamAdmin) {
	t.Helper()
	for _, secret := range []bool{false, true} {
		for _, right := range []msklambda.AdminRight{msklambda.AdminRead, msklambda.AdminProduce, msklambda.AdminManage} {
			tpl := synth(t, func(stack awscdk.Stack) {
				cluster := msklambda.ImportCluster(stack, "Cluster", clusterProps())
				cluster.AddConsumer("Orders", consumerProps())
				cluster.AddAdmin("Admin", adminProps(may(right), func(p *msklambda.AdminProps) {
					if secret {
						p.Authentication = adminSecret(stack, msklambda.AuthenticationSCRAM)
					}
				}))
			})
			role := tpl.at("Cluster/Admin/Role").ID
			all = append(all, &iamAdmin{right, secret, &iamScenario{cluster: iamClusters[0], role: role, logGroup: tpl.at("Cluster/Admin/LogGroup").ID}, tpl.policyOf(role)})
		}
	}
	return all
}

// features are the calls that each right needs, from AWS's pages of actions and of
// functions in a VPC, and not from the construct.
func (a *iamAdmin) features() []feature {
	has := func(right rights.Right) bool { return !a.secret && rights.Right(a.right).Allows(right) }
	topic, group := topicARN+"orders", groupARN+"orders-fn"
	return []feature{
		{true, calls("*", "ec2:CreateNetworkInterface", "ec2:DescribeNetworkInterfaces", "ec2:DescribeSubnets", "ec2:DeleteNetworkInterface",
			"ec2:AssignPrivateIpAddresses", "ec2:UnassignPrivateIpAddresses")},
		{true, calls(a.logs()+":log-stream:2026/11/23/[$LATEST]0", "logs:CreateLogStream", "logs:PutLogEvents")},
		{true, calls("*", "xray:PutTraceSegments", "xray:PutTelemetryRecords")},
		{has(rights.Read), calls(arn, "kafka-cluster:Connect")},
		{has(rights.Read), calls(topic, "kafka-cluster:DescribeTopic", "kafka-cluster:DescribeTopicDynamicConfiguration", "kafka-cluster:ReadData")},
		{has(rights.Read), calls(group, "kafka-cluster:DescribeGroup")},
		{has(rights.Produce), append(calls(arn, "kafka-cluster:WriteDataIdempotently"), calls(topic, "kafka-cluster:WriteData")...)},
		{has(rights.Manage), calls(group, "kafka-cluster:AlterGroup")},
		{a.secret, append(calls(adminSecretARN, "secretsmanager:GetSecretValue"), calls(keyARN, "kms:Decrypt")...)},
	}
}

// never is what no admin function has a reason to do.
func (a *iamAdmin) never() []call {
	topic, group := topicARN+"orders", groupARN+"orders-fn"
	return slices.Concat(
		calls(topic, "kafka-cluster:CreateTopic", "kafka-cluster:DeleteTopic", "kafka-cluster:AlterTopic", "kafka-cluster:AlterTopicDynamicConfiguration"),
		calls(group, "kafka-cluster:DeleteGroup"),
		calls(arn, "kafka-cluster:AlterCluster", "kafka-cluster:DescribeCluster", "kafka:DescribeCluster", "kafka:DeleteCluster"),
		calls("*", "kafka:GetBootstrapBrokers"), // which the command does, for whoever runs it
		calls(topicARN+"orders2", "kafka-cluster:DescribeTopic", "kafka-cluster:ReadData", "kafka-cluster:WriteData"),
		calls(groupARN+"orders-fn.redrive", "kafka-cluster:DescribeGroup", "kafka-cluster:AlterGroup"),
		calls(strings.Replace(topicARN, "demo", "prod", 1)+"orders", "kafka-cluster:ReadData"),
		calls(secretARN, "secretsmanager:GetSecretValue"), calls(adminSecretARN, "secretsmanager:PutSecretValue"),
		calls("arn:aws:lambda:us-east-1:111122223333:function:orders", "lambda:InvokeFunction"),
		calls("arn:aws:lambda:us-east-1:111122223333:event-source-mapping:0c1f2e3d-4b5a-6978-8796-a5b4c3d2e1f0", "lambda:UpdateEventSourceMapping"),
		calls(a.logs()+":log-stream:x", "logs:GetLogEvents"),
	)
}

// TestAnAdminFunctionMayDoWhatItsRightNeedsAndNothingElse asks the evaluator for every
// call of every right, and for each that is not the right's or is nobody's.
func TestAnAdminFunctionMayDoWhatItsRightNeedsAndNothingElse(t *testing.T) {
	long(t)
	policies := map[string]any{}
	var questions []question
	for _, a := range synthIAMAdmins(t) {
		policies[a.String()] = a.policy
		add := func(want string, all []call) {
			for _, c := range all {
				questions = append(questions, question{a.request(c, a.String()), want, a.String()})
			}
		}
		for _, f := range a.features() {
			if f.on {
				add("Allowed", f.calls)
			} else {
				add("denied", f.calls)
			}
		}
		add("denied", a.never())
	}
	ask(t, policies, questions)
}

// Without any one action of its policy, an admin function misses something.
func TestNoActionOfAnAdminFunctionIsTooMany(t *testing.T) {
	long(t)
	policies := map[string]any{}
	var requests []request
	removed := map[string][]int{}
	for _, a := range synthIAMAdmins(t) {
		for i, raw := range a.policy["Statement"].([]any) {
			statement := raw.(map[string]any)
			for _, action := range many(statement["Action"]) {
				for _, resource := range many(statement["Resource"]) {
					name := fmt.Sprintf("%s: %s on %s", a, action, resource)
					policies[name], removed[name] = without(a.policy, i, action, resource), []int{}
					for _, f := range a.features() {
						for _, c := range f.calls {
							if f.on && c.action == action {
								removed[name] = append(removed[name], len(requests))
								requests = append(requests, a.request(c, name))
							}
						}
					}
				}
			}
		}
	}
	verdicts := evaluate(t, policies, requests)
	t.Logf("mutations: %d", len(removed))
	for _, name := range slices.Sorted(maps.Keys(removed)) {
		if !slices.ContainsFunc(removed[name], func(i int) bool { return is(verdicts[i]) == "denied" }) {
			t.Errorf("without %s all calls are allowed still, want one denied", name)
		}
	}
}
