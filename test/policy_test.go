package test

import (
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsiam"
	"github.com/aws/aws-cdk-go/awscdk/v2/awslambda"
	"github.com/aws/jsii-runtime-go"

	"msklambda/constructs/msklambda"
)

// grants lists "action on resource" for every policy in the template.
func (tpl *template) grants() []string {
	var out []string
	for _, r := range tpl.Resources {
		if r.Type != "AWS::IAM::Policy" {
			continue
		}
		for _, raw := range r.Properties["PolicyDocument"].(map[string]any)["Statement"].([]any) {
			s := raw.(map[string]any)
			if s["Effect"] != "Allow" {
				tpl.T.Errorf("statement = %s, want an Allow", asJSON(s))
			}
			when := ""
			if s["Condition"] != nil {
				when = " when " + asJSON(s["Condition"])
			}
			for _, action := range many(s["Action"]) {
				for _, on := range many(s["Resource"]) {
					text, ok := on.(string)
					if !ok {
						text = asJSON(on)
					}
					out = append(out, action.(string)+" on "+text+when)
				}
			}
		}
	}
	slices.Sort(out)
	return out
}

func many(v any) []any {
	if list, ok := v.([]any); ok {
		return list
	}
	return []any{v}
}

// pollerGrants is the whole of what pollers may do, exactly.
func pollerGrants(arn, topic, group string) []string {
	return []string{
		"ec2:CreateNetworkInterface on *",
		"ec2:DeleteNetworkInterface on *",
		"ec2:DescribeNetworkInterfaces on *",
		"ec2:DescribeSecurityGroups on *",
		"ec2:DescribeSubnets on *",
		"ec2:DescribeVpcs on *",
		"kafka-cluster:AlterGroup on " + group,
		"kafka-cluster:Connect on " + arn,
		"kafka-cluster:DescribeClusterDynamicConfiguration on " + arn,
		"kafka-cluster:DescribeGroup on " + group,
		"kafka-cluster:DescribeTopic on " + topic,
		"kafka-cluster:ReadData on " + topic,
		"kafka:DescribeCluster on " + arn,
		"kafka:DescribeClusterV2 on " + arn,
		"kafka:GetBootstrapBrokers on *",
	}
}

func TestTheRoleMayDoExactlyThis(t *testing.T) {
	tpl := synthConsumer(t)
	logs := `{"Fn::GetAtt":["` + tpl.at("Cluster/Orders/LogGroup").ID + `","Arn"]}`
	want := append(pollerGrants(arn, topicARN+"orders", groupARN+"orders-fn"),
		"logs:CreateLogStream on "+logs, "logs:PutLogEvents on "+logs,
		"xray:PutTelemetryRecords on *", "xray:PutTraceSegments on *")
	if got := tpl.grants(); !slices.Equal(got, want) {
		t.Errorf("grants = %s, want %s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
	role := tpl.at("Cluster/Orders/Role").Properties
	trust := map[string]any{"Version": "2012-10-17", "Statement": []any{map[string]any{
		"Action": "sts:AssumeRole", "Effect": "Allow", "Principal": map[string]any{"Service": "lambda.amazonaws.com"}}}}
	if !same(role["AssumeRolePolicyDocument"], trust) || role["ManagedPolicyArns"] != nil || role["Policies"] != nil {
		t.Errorf("role = %s, want trust in Lambda alone and no other policy", asJSON(role))
	}
	if got := tpl.count("AWS::IAM::Policy"); got != 1 {
		t.Errorf("policies = %d, want all in one", got)
	}
}

func TestAServerlessClusterHasNoDynamicConfiguration(t *testing.T) {
	tpl := synthCluster(t, func(p *msklambda.ClusterProps) { p.ClusterARN = strings.Replace(arn, "70-2", "70-s1", 1) })
	for _, grant := range tpl.grants() {
		if strings.Contains(grant, "DynamicConfiguration") {
			t.Errorf("serverless cluster grants %s", grant)
		}
	}
}

func TestWithoutTracingThereIsNoGrantForIt(t *testing.T) {
	tpl := synthConsumer(t, func(p *msklambda.ConsumerProps) { p.Tracing = awslambda.Tracing_DISABLED })
	if got := strings.Join(tpl.grants(), "\n"); strings.Contains(got, "xray") {
		t.Errorf("grants = %s, want none for X-Ray", got)
	}
}

func TestNetworkInterfacesCanBeRestricted(t *testing.T) {
	tpl := synthConsumer(t, func(p *msklambda.ConsumerProps) { p.RestrictNetworkInterfaces = true })
	var got []string
	for _, grant := range tpl.grants() {
		if strings.Contains(grant, "ec2:Create") || strings.Contains(grant, "ec2:Delete") {
			got = append(got, strings.ReplaceAll(grant, `{"Fn::Join":["",["arn:",{"Ref":"AWS::Partition"},":`, ""))
		}
	}
	want := []string{
		`ec2:CreateNetworkInterface on arn:aws:ec2:us-east-1:*:security-group/sg-0123456789abcdef0`,
		`ec2:CreateNetworkInterface on arn:aws:ec2:us-east-1:*:subnet/subnet-0123456789abcdef0`,
		`ec2:CreateNetworkInterface on arn:aws:ec2:us-east-1:*:subnet/subnet-0123456789abcdef1`,
		`ec2:CreateNetworkInterface on arn:aws:ec2:us-east-1:111122223333:network-interface/*`,
		`ec2:DeleteNetworkInterface on arn:aws:ec2:us-east-1:111122223333:network-interface/*`,
	}
	if !slices.Equal(got, want) {
		t.Errorf("grants = %s, want %s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

func TestEveryWildcardHasItsReasonBeside(t *testing.T) {
	for _, restrict := range []bool{false, true} {
		tpl := synthConsumer(t, func(p *msklambda.ConsumerProps) { p.RestrictNetworkInterfaces = restrict })
		policy := tpl.at("Cluster/Orders/Policy")
		reasons := asJSON(policy.Metadata["cdk_nag"])
		for _, raw := range policy.Properties["PolicyDocument"].(map[string]any)["Statement"].([]any) {
			s := raw.(map[string]any)
			wild := slices.ContainsFunc(many(s["Resource"]), func(on any) bool { return strings.Contains(asJSON(on), "*") })
			if sid := s["Sid"].(string); wild && !strings.Contains(reasons, sid+": ") {
				t.Errorf("statement %s has a wildcard and no reason in %s", sid, reasons)
			}
		}
	}
}

func TestARoleOfYourOwnGetsThePolicy(t *testing.T) {
	var warnings []string
	tpl := synth(t, func(stack awscdk.Stack) {
		role := awsiam.Role_FromRoleArn(stack, jsii.String("Mine"), jsii.String("arn:aws:iam::111122223333:role/mine"), nil)
		msklambda.ImportCluster(stack, "Cluster", clusterProps()).AddConsumer("Orders", consumerProps(func(p *msklambda.ConsumerProps) { p.Role = role }))
	})
	warnings = tpl.warnings()
	if got := tpl.count("AWS::IAM::Role"); got != 0 {
		t.Errorf("roles = %d, want none but mine", got)
	}
	policy := tpl.at("Cluster/Orders/Policy").Properties
	if !same(policy["Roles"], []any{"mine"}) {
		t.Errorf("policy is on %s, want mine", asJSON(policy["Roles"]))
	}
	if len(warnings) != 0 {
		t.Errorf("warnings = %q, want none", warnings)
	}
}

// IAM is global, and would overwrite one policy of a name by another.
func TestPoliciesOnOneRoleHaveNamesOfTheirOwn(t *testing.T) {
	long(t)
	name := func(stack, region string, edit ...consumerEdit) string {
		var name string
		noPanic(t, func() {
			s := awscdk.NewStack(newApp(t, nil), &stack, &awscdk.StackProps{
				Env: &awscdk.Environment{Account: jsii.String(account), Region: &region}})
			msklambda.ImportCluster(s, "Cluster", clusterProps(func(p *msklambda.ClusterProps) {
				p.ClusterARN = strings.Replace(arn, "us-east-1", region, 1)
			})).AddConsumer("Orders", consumerProps(edit...))
			name = read(t, s).at("Cluster/Orders/Policy").Properties["PolicyName"].(string)
		})
		return name
	}
	long := strings.Repeat("x", 200)
	a, b := name("Test", "us-east-1"), name("Test", "eu-west-1")
	c := name("Test", "us-east-1", func(p *msklambda.ConsumerProps) { p.GroupID = "other" })
	d := name("Test", "us-east-1", func(p *msklambda.ConsumerProps) { p.Topic, p.GroupID = long, long })
	e := name("Test", "us-east-1", func(p *msklambda.ConsumerProps) { p.Topic, p.GroupID = long, long[1:] })
	if a == b || a == c || b == c || d == e {
		t.Errorf("policy names = %q, %q, %q, %q and %q, want each its own", a, b, c, d, e)
	}
	if len(d) > 128 {
		t.Errorf("policy name has %d characters, want at most IAM's 128", len(d))
	}
	// On a role that was given, a policy that goes would take one of its name with it.
	given := func(id string) string {
		tpl := synth(t, func(stack awscdk.Stack) {
			msklambda.ImportCluster(stack, "Cluster", clusterProps()).AddConsumer(id, consumerProps(func(p *msklambda.ConsumerProps) {
				p.Role = awsiam.Role_FromRoleArn(stack, jsii.String("Role"), jsii.String("arn:aws:iam::"+account+":role/mine"), nil)
			}))
		})
		return tpl.at("Cluster/" + id + "/Policy").Properties["PolicyName"].(string)
	}
	if one, two := given("Orders"), given("Sales"); one == two || one == a {
		t.Errorf("policy names = %q, and %q in another place on one role, want each its own", one, two)
	}
	// A consumer that "cdk refactor" moves to another stack keeps it: its group is of
	// one consumer alone.
	if got := name("Other", "us-east-1"); got != a {
		t.Errorf("policy name = %q in another stack, want %q still", got, a)
	}
}

func TestAnImmutableRoleGetsNothingAndAWarningSaysWhatItNeeds(t *testing.T) {
	tpl := synth(t, func(stack awscdk.Stack) {
		role := awsiam.Role_FromRoleArn(stack, jsii.String("Mine"), jsii.String("arn:aws:iam::111122223333:role/mine"),
			&awsiam.FromRoleArnOptions{Mutable: jsii.Bool(false)})
		msklambda.ImportCluster(stack, "Cluster", clusterProps()).AddConsumer("Orders", consumerProps(func(p *msklambda.ConsumerProps) { p.Role = role }))
	})
	if got := tpl.count("AWS::IAM::Policy"); got != 0 {
		t.Errorf("policies = %d, want none", got)
	}
	got := tpl.warnings()
	if len(got) != 1 {
		t.Fatalf("warnings = %q, want one", got)
	}
	for _, part := range []string{"/Test/Cluster/Orders: ", msklambda.RoleImmutableWarning, "kafka-cluster:ReadData", topicARN + "orders", "logs:PutLogEvents"} {
		if !strings.Contains(got[0], part) {
			t.Errorf("warning = %q, want %q in it", got[0], part)
		}
	}
}

func TestAFunctionOfYourOwnGetsThePollersGrants(t *testing.T) {
	tpl := synth(t, func(stack awscdk.Stack) {
		msklambda.ImportCluster(stack, "Cluster", clusterProps()).AddConsumer("Orders",
			&msklambda.ConsumerProps{Topic: "orders", GroupID: "orders-fn", Function: theirFunction(stack)})
	})
	if got, want := tpl.grants(), pollerGrants(arn, topicARN+"orders", groupARN+"orders-fn"); !slices.Equal(got, want) {
		t.Errorf("grants = %s, want %s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
	if got, want := tpl.at("Cluster/Orders/Policy").Properties["Roles"], []any{map[string]any{"Ref": tpl.at("TheirRole").ID}}; !same(got, want) {
		t.Errorf("policy is on %s, want their role", asJSON(got))
	}
	if got, want := tpl.at("Cluster/Orders/Mapping").Properties["FunctionName"], map[string]any{"Ref": tpl.at("Theirs").ID}; !same(got, want) {
		t.Errorf("mapping invokes %s, want their function", asJSON(got))
	}
	if got := tpl.count("AWS::Lambda::Function"); got != 1 {
		t.Errorf("functions = %d, want theirs alone", got)
	}
}
