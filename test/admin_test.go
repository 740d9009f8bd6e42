package test

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsec2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awskms"
	"github.com/aws/aws-cdk-go/awscdk/v2/awssecretsmanager"
	"github.com/aws/aws-cdk-go/awscdklambdagoalpha/v2"
	"github.com/aws/jsii-runtime-go"

	"msklambda/constructs/msklambda"
	"msklambda/lambda/admin/contract"
)

type adminEdit = func(*msklambda.AdminProps)

func adminProps(edits ...adminEdit) *msklambda.AdminProps {
	p := &msklambda.AdminProps{}
	for _, e := range edits {
		e(p)
	}
	return p
}

func may(right msklambda.AdminRight) adminEdit {
	return func(p *msklambda.AdminProps) { p.Allow = right }
}

// synthAdmin builds one cluster with the consumer "Cluster/Orders" and the admin
// function "Cluster/Admin".
func synthAdmin(t *testing.T, edits ...adminEdit) *template {
	t.Helper()
	return synth(t, func(stack awscdk.Stack) {
		cluster := msklambda.ImportCluster(stack, "Cluster", clusterProps())
		cluster.AddConsumer("Orders", consumerProps())
		cluster.AddAdmin("Admin", adminProps(edits...))
	})
}

func TestAnAdminFunctionIsBesideTheBrokers(t *testing.T) {
	tpl := synthAdmin(t)
	function := tpl.at("Cluster/Admin/Function")
	for property, want := range map[string]any{
		"VpcConfig":     map[string]any{"SecurityGroupIds": []any{sg0}, "SubnetIds": []any{"subnet-0123456789abcdef0", "subnet-0123456789abcdef1"}},
		"Architectures": []any{"arm64"}, "Runtime": "provided.al2023", "MemorySize": 256.0, "Timeout": 60.0,
		"TracingConfig": map[string]any{"Mode": "Active"},
		"LoggingConfig": map[string]any{"LogFormat": "JSON", "LogGroup": map[string]any{"Ref": tpl.at("Cluster/Admin/LogGroup").ID}},
		"Environment": map[string]any{"Variables": map[string]any{contract.Authentication: "iam", contract.Cluster: arn, contract.Groups: "orders-fn",
			contract.Right: "read", contract.Topics: "orders"}},
	} {
		if !same(function.Properties[property], want) {
			t.Errorf("%s = %s, want %s", property, asJSON(function.Properties[property]), asJSON(want))
		}
	}
	logs := tpl.at("Cluster/Admin/LogGroup")
	if logs.Properties["RetentionInDays"] != 30.0 || logs.DeletionPolicy != "RetainExceptOnCreate" {
		t.Errorf("log group = %s %s, want it kept for 30 days and when the stack goes", asJSON(logs.Properties), logs.DeletionPolicy)
	}
	if !slices.Contains(function.DependsOn, tpl.at("Cluster/Admin/Policy").ID) {
		t.Errorf("the function waits for %q, want its policy", function.DependsOn)
	}
	if got := tpl.warnings(); len(got) != 0 {
		t.Errorf("warnings = %q, want none", got)
	}
}

// What the command reads of the stack is what the stack says.
func TestTheStackSaysWhereItsAdminFunctionsAre(t *testing.T) {
	var outputs map[string]struct {
		Description string
		Value       any
	}
	noPanic(t, func() {
		stack := newStack(newApp(t, nil), "Test")
		cluster := msklambda.ImportCluster(stack, "Cluster", clusterProps())
		cluster.AddConsumer("Orders", consumerProps())
		cluster.AddAdmin("Admin", nil)
		cluster.AddAdmin("Manager", adminProps(may(msklambda.AdminManage)))
		if err := json.Unmarshal([]byte(asJSON(rawTemplate(t, stack)["Outputs"])), &outputs); err != nil {
			t.Fatal(err)
		}
	})
	var got []string
	for id, o := range outputs {
		if of, ours := strings.CutPrefix(o.Description, contract.Output); ours {
			got = append(got, of)
			if want := "Cluster" + strings.TrimPrefix(of, "Cluster/"); !strings.Contains(asJSON(o.Value), `{"Ref":"`+want+"Function") {
				t.Errorf("%s = %s, want the name of the function of %s", id, asJSON(o.Value), of)
			}
		}
	}
	if slices.Sort(got); !slices.Equal(got, []string{"Cluster/Admin", "Cluster/Manager"}) {
		t.Errorf("outputs tell of %q, want both", got)
	}
}

func TestEachRightGrantsExactlyThis(t *testing.T) {
	long(t)
	var logs string
	for _, tt := range []struct {
		right msklambda.AdminRight
		more  []string
	}{
		{"", nil},
		{msklambda.AdminProduce, []string{"kafka-cluster:WriteData on " + topicARN + "orders", "kafka-cluster:WriteDataIdempotently on " + arn}},
		{msklambda.AdminManage, []string{"kafka-cluster:AlterGroup on " + groupARN + "orders-fn", "kafka-cluster:WriteData on " + topicARN + "orders",
			"kafka-cluster:WriteDataIdempotently on " + arn}},
	} {
		tpl := synthAdmin(t, may(tt.right))
		logs = `{"Fn::GetAtt":["` + tpl.at("Cluster/Admin/LogGroup").ID + `","Arn"]}`
		want := slices.Concat(tt.more, []string{
			"ec2:AssignPrivateIpAddresses on *", "ec2:CreateNetworkInterface on *", "ec2:DeleteNetworkInterface on *", "ec2:DescribeNetworkInterfaces on *",
			"ec2:DescribeSubnets on *", "ec2:UnassignPrivateIpAddresses on *",
			"kafka-cluster:Connect on " + arn, "kafka-cluster:DescribeGroup on " + groupARN + "orders-fn", "kafka-cluster:DescribeTopic on " + topicARN + "orders",
			"kafka-cluster:DescribeTopicDynamicConfiguration on " + topicARN + "orders", "kafka-cluster:ReadData on " + topicARN + "orders",
			"logs:CreateLogStream on " + logs, "logs:PutLogEvents on " + logs, "xray:PutTelemetryRecords on *", "xray:PutTraceSegments on *",
		})
		slices.Sort(want)
		if got := tpl.grantsAt("Cluster/Admin/Policy"); !slices.Equal(got, want) {
			t.Errorf("%q grants %s, want %s", tt.right, strings.Join(got, "\n"), strings.Join(want, "\n"))
		}
		for _, r := range tpl.Resources {
			if r.Type == "AWS::IAM::Policy" && r.ID != tpl.at("Cluster/Admin/Policy").ID && r.ID != tpl.at("Cluster/Orders/Policy").ID {
				t.Errorf("%s is a policy besides, want all in one", r.ID)
			}
		}
	}
}

func adminVariables(r *resource) map[string]string {
	out := map[string]string{}
	for name, value := range r.Properties["Environment"].(map[string]any)["Variables"].(map[string]any) {
		text, ok := value.(string)
		if !ok {
			text = asJSON(value)
		}
		out[name] = text
	}
	return out
}

func TestTopicsAndGroupsAreThoseOfTheConsumers(t *testing.T) {
	long(t)
	failing := func(p *msklambda.ConsumerProps) {
		p.Pollers, p.RetryAttempts, p.OnFailure.KafkaTopic = &msklambda.Pollers{}, nil, "orders-failed"
	}
	for name, tt := range map[string]struct {
		build          func(*msklambda.Cluster)
		topics, groups string
	}{
		"before and after it": {func(c *msklambda.Cluster) {
			c.AddConsumer("Orders", consumerProps())
			c.AddAdmin("Admin", nil)
			c.AddConsumer("Refunds", consumerProps(refunds))
		}, "orders,refunds", "orders-fn,refunds-fn"},
		"one topic of two": {func(c *msklambda.Cluster) {
			c.AddConsumer("Orders", consumerProps())
			c.AddConsumer("Other", consumerProps(func(p *msklambda.ConsumerProps) { p.GroupID = "other" }))
			c.AddAdmin("Admin", nil)
		}, "orders", "orders-fn,other"},
		"with what they gave up": {func(c *msklambda.Cluster) {
			c.AddConsumer("Orders", consumerProps(failing))
			c.AddConsumer("Refunds", consumerProps(refunds, func(p *msklambda.ConsumerProps) { p.DeadLetterTopic = "refunds-dead" }))
			c.AddAdmin("Admin", nil)
		}, "orders,orders-failed,refunds,refunds-dead", "orders-fn,orders-fn.redrive,refunds-fn,refunds-fn.redrive"},
		"given": {func(c *msklambda.Cluster) {
			c.AddConsumer("Orders", consumerProps(failing))
			c.AddAdmin("Admin", adminProps(func(p *msklambda.AdminProps) { p.Topics, p.Groups = []string{"orders-*", "x"}, []string{"*"} }))
		}, "orders-*,x", "*"},
		"topics given": {func(c *msklambda.Cluster) {
			c.AddConsumer("Orders", consumerProps(failing))
			c.AddAdmin("Admin", adminProps(func(p *msklambda.AdminProps) { p.Topics = []string{"x"} }))
		}, "x", "orders-fn,orders-fn.redrive"},
		"given, and no consumer": {func(c *msklambda.Cluster) {
			c.AddAdmin("Admin", adminProps(func(p *msklambda.AdminProps) { p.Topics, p.Groups = []string{"x"}, []string{"g"} }))
		}, "x", "g"},
	} {
		t.Run(name, func(t *testing.T) {
			tpl := synth(t, func(stack awscdk.Stack) { tt.build(msklambda.ImportCluster(stack, "Cluster", clusterProps())) })
			env := adminVariables(tpl.at("Cluster/Admin/Function"))
			if env[contract.Topics] != tt.topics || env[contract.Groups] != tt.groups {
				t.Errorf("topics %q and groups %q, want %q and %q", env[contract.Topics], env[contract.Groups], tt.topics, tt.groups)
			}
			// What it is told it has is what it is granted.
			grants := strings.Join(tpl.grantsAt("Cluster/Admin/Policy"), "\n") + "\n"
			for _, topic := range strings.Split(tt.topics, ",") {
				if want := "kafka-cluster:ReadData on " + topicARN + topic + "\n"; !strings.Contains(grants, want) {
					t.Errorf("grants = %s, want %s", grants, want)
				}
			}
			for _, group := range strings.Split(tt.groups, ",") {
				if want := "kafka-cluster:DescribeGroup on " + groupARN + group + "\n"; !strings.Contains(grants, want) {
					t.Errorf("grants = %s, want %s", grants, want)
				}
			}
			if got, want := strings.Count(grants, "kafka-cluster:"), 1+3*len(strings.Split(tt.topics, ","))+len(strings.Split(tt.groups, ",")); got != want {
				t.Errorf("%d grants on Kafka, want %d: %s", got, want, grants)
			}
		})
	}
}

// An admin function that comes to consumers leaves all that they have as it was.
func TestAnAdminFunctionMovesNothingOfOthers(t *testing.T) {
	long(t)
	build := func(admin bool) *template {
		return synth(t, func(stack awscdk.Stack) {
			cluster := msklambda.ImportCluster(stack, "Cluster", clusterProps(groups(sg0, sg1), rulesFor(true)))
			cluster.AddConsumer("Orders", consumerProps())
			if admin {
				cluster.AddAdmin("Admin", adminProps(may(msklambda.AdminManage)))
			}
			cluster.AddConsumer("Refunds", consumerProps(refunds))
		})
	}
	without, with := build(false), build(true)
	for path, r := range without.Resources {
		if !same(with.Resources[path], r) {
			t.Errorf("%s = %s, want %s", path, asJSON(with.Resources[path]), asJSON(r))
		}
	}
	for path := range with.Resources {
		if without.Resources[path] == nil && !strings.HasPrefix(path, "Cluster/Admin/") {
			t.Errorf("%s is new, want what is the admin function's alone", path)
		}
	}
}

func TestTheTextsOfAnAdminFunctionMayBeTokens(t *testing.T) {
	long(t)
	var tpl *template
	noPanic(t, func() {
		stack := awscdk.NewStack(newApp(t, nil), jsii.String("Test"), nil)
		param := func(id string) string { return *awscdk.NewCfnParameter(stack, &id, nil).ValueAsString() }
		cluster := msklambda.ImportCluster(stack, "Cluster", clusterProps(func(p *msklambda.ClusterProps) { p.ClusterARN = param("ARN") }))
		cluster.AddConsumer("Orders", consumerProps(func(p *msklambda.ConsumerProps) { p.Topic, p.GroupID = param("Topic"), param("Group") }))
		cluster.AddAdmin("Admin", adminProps(func(p *msklambda.AdminProps) { p.Groups = []string{param("Given")} }))
		tpl = read(t, stack)
	})
	env := adminVariables(tpl.at("Cluster/Admin/Function"))
	if env[contract.Topics] != `{"Ref":"Topic"}` || env[contract.Groups] != `{"Ref":"Given"}` || env[contract.Cluster] != `{"Ref":"ARN"}` {
		t.Errorf("variables = %s, want the parameters", asJSON(env))
	}
	split := func(n string) string { return `{"Fn::Select":[` + n + `,{"Fn::Split":[":cluster/",{"Ref":"ARN"}]}]}` }
	want := `kafka-cluster:DescribeGroup on {"Fn::Join":["",[` + split("0") + `,":group/",` + split("1") + `,"/",{"Ref":"Given"}]]}`
	if got := tpl.grantsAt("Cluster/Admin/Policy"); !slices.Contains(got, want) {
		t.Errorf("grants = %q, want %s", got, want)
	}
}

func adminSecret(stack awscdk.Stack, method msklambda.AuthenticationMethod) msklambda.Authentication {
	return msklambda.Authentication{Method: method, Secret: awssecretsmanager.Secret_FromSecretAttributes(stack, jsii.String("AdminSecret"), &awssecretsmanager.SecretAttributes{
		SecretCompleteArn: jsii.String(adminSecretARN), EncryptionKey: awskms.Key_FromKeyArn(stack, jsii.String("AdminKey"), jsii.String(keyARN))})}
}

const adminSecretARN = "arn:aws:secretsmanager:us-east-1:111122223333:secret:AmazonMSK_admin-d4e5f6"

// With a secret, Kafka's ACLs decide, and IAM grants the secret alone.
func TestAnAdminFunctionWithASecretIsGrantedThatAlone(t *testing.T) {
	tpl := synth(t, func(stack awscdk.Stack) {
		cluster := msklambda.ImportCluster(stack, "Cluster", clusterProps())
		cluster.AddConsumer("Orders", consumerProps(flowConsumers["scram"].edit(stack)))
		cluster.AddAdmin("Admin", adminProps(func(p *msklambda.AdminProps) { p.Authentication = adminSecret(stack, msklambda.AuthenticationSCRAM) }))
	})
	var got []string
	for _, grant := range tpl.grantsAt("Cluster/Admin/Policy") {
		if !strings.HasPrefix(grant, "ec2:") && !strings.HasPrefix(grant, "logs:") && !strings.HasPrefix(grant, "xray:") {
			got = append(got, grant)
		}
	}
	if want := []string{"kms:Decrypt on " + keyARN, "secretsmanager:GetSecretValue on " + adminSecretARN}; !slices.Equal(got, want) {
		t.Errorf("grants = %q, want %q", got, want)
	}
	env := adminVariables(tpl.at("Cluster/Admin/Function"))
	if env[contract.Secret] != adminSecretARN || env[contract.Authentication] != "scram" || env[contract.Topics] != "orders" {
		t.Errorf("variables = %s, want the secret", asJSON(env))
	}
	if got := strings.Join(tpl.warnings(), "\n"); strings.Contains(got, "Admin") {
		t.Errorf("warnings = %q, want none of the admin function", got)
	}
}

func TestTheRestOfTheFunctionCanBeChanged(t *testing.T) {
	long(t)
	tpl := synthAdmin(t, func(p *msklambda.AdminProps) {
		p.Entry, p.Tags = "../lambda/admin", map[string]string{"team": "a"}
		p.EditFunction = func(f *awscdklambdagoalpha.GoFunctionProps) { f.MemorySize = jsii.Number(1024) }
	})
	function := tpl.at("Cluster/Admin/Function")
	if function.Properties["MemorySize"] != 1024.0 || !strings.Contains(asJSON(function.Properties["Tags"]), `"team"`) {
		t.Errorf("function = %s, want it changed", asJSON(function.Properties))
	}
	if got := asJSON(tpl.at("Cluster/Orders/Function").Properties["Tags"]); strings.Contains(got, "team") {
		t.Errorf("the consumer's tags = %s, want none", got)
	}
}

// Of more than five groups that the cluster has, any is enough: each lets in each.
func TestAnAdminFunctionHasNoMoreGroupsThanAFunctionMayHave(t *testing.T) {
	long(t)
	var ids []string
	for i := range 7 {
		ids = append(ids, fmt.Sprintf("sg-0123456789abcdef%d", i))
	}
	tpl := synth(t, func(stack awscdk.Stack) {
		cluster := msklambda.ImportCluster(stack, "Cluster", clusterProps(groups(ids...)))
		cluster.AddConsumer("Orders", consumerProps())
		cluster.AddAdmin("Admin", nil)
	})
	if got := tpl.at("Cluster/Admin/Function").Properties["VpcConfig"].(map[string]any)["SecurityGroupIds"].([]any); len(got) != 5 {
		t.Errorf("groups = %v, want 5", got)
	}
}

func TestWhatIsWrongWhenAllConsumersAreThereIsSaidAtSynth(t *testing.T) {
	long(t)
	many := func(n int, each func(*msklambda.ConsumerProps, int)) func(awscdk.Stack, *msklambda.Cluster) {
		return func(_ awscdk.Stack, c *msklambda.Cluster) {
			c.AddAdmin("Admin", nil)
			for i := range n {
				c.AddConsumer(fmt.Sprint("C", i), consumerProps(func(p *msklambda.ConsumerProps) {
					p.Topic, p.GroupID = fmt.Sprint("topic-of-a-team-", i), fmt.Sprint("group-of-a-team-", i)
					each(p, i)
				}))
			}
		}
	}
	for name, tt := range map[string]struct {
		build func(awscdk.Stack, *msklambda.Cluster)
		want  []string
	}{
		"no consumer": {func(_ awscdk.Stack, c *msklambda.Cluster) { c.AddAdmin("Admin", nil) },
			[]string{`[Test/Cluster/Admin] Topics is required where the cluster has no consumer: names, in which '*' is any text, such as "orders-*"`}},
		"no consumer, topics given": {func(_ awscdk.Stack, c *msklambda.Cluster) {
			c.AddAdmin("Admin", adminProps(func(p *msklambda.AdminProps) { p.Topics = []string{"orders"} }))
		}, []string{"[Test/Cluster/Admin] Groups is required where the cluster has no consumer"}},
		"a name that is known too late": {func(stack awscdk.Stack, c *msklambda.Cluster) {
			c.AddAdmin("Admin", nil)
			other := newStack(stack.Node().Root().(awscdk.App), "Other")
			topic := awscdk.NewCfnParameter(other, jsii.String("Topic"), nil).ValueAsString()
			msklambda.NewConsumer(other, "Late", c, consumerProps(func(p *msklambda.ConsumerProps) { p.Topic = *topic }))
		}, []string{"[Test/Cluster/Admin] Topics and Groups (in the app adminTopics and adminGroups) are required with Other/Late, whose topic or group is known in its own stack only"}},
		"more than a role may have": {many(50, func(*msklambda.ConsumerProps, int) {}),
			[]string{"Test/Cluster/Admin/Policy/Resource are attached to one role and have at least", `IAM takes 10240`, `give the admin function Topics and Groups (in the app adminTopics and adminGroups) that are fewer, or patterns such as "orders-*"`}},
		"more than Lambda tells a function": {many(60, func(p *msklambda.ConsumerProps, i int) {
			p.Topic, p.GroupID = p.Topic+strings.Repeat("x", 60), p.GroupID+strings.Repeat("x", 60)
		}),
			[]string{"[Test/Cluster/Admin] Topics and Groups (in the app adminTopics and adminGroups) must be fewer, or patterns", "the names of 60 topics and 60 groups make variables of", "Lambda takes 4096"}},
	} {
		t.Run(name, func(t *testing.T) {
			app := newApp(t, nil)
			wantPanic(t, func() {
				stack := newStack(app, "Test")
				awsec2.NewCfnVPC(stack, jsii.String("Theirs"), &awsec2.CfnVPCProps{CidrBlock: jsii.String("10.0.0.0/16")}) // so that there is a resource
				tt.build(stack, msklambda.ImportCluster(stack, "Cluster", clusterProps()))
				app.Synth(nil)
			}, tt.want...)
		})
	}
	// With patterns a fleet is one name.
	tpl := synth(t, func(stack awscdk.Stack) {
		cluster := msklambda.ImportCluster(stack, "Cluster", clusterProps())
		cluster.AddAdmin("Admin", adminProps(func(p *msklambda.AdminProps) {
			p.Topics, p.Groups = []string{"topic-of-a-team-*"}, []string{"group-of-a-team-*"}
		}))
		for i := range 50 {
			cluster.AddConsumer(fmt.Sprint("C", i), consumerProps(func(p *msklambda.ConsumerProps) {
				p.Topic, p.GroupID = fmt.Sprint("topic-of-a-team-", i), fmt.Sprint("group-of-a-team-", i)
			}))
		}
	})
	if got := adminVariables(tpl.at("Cluster/Admin/Function"))[contract.Topics]; got != "topic-of-a-team-*" {
		t.Errorf("topics = %q, want the pattern", got)
	}
}
