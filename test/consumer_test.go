package test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsiam"
	"github.com/aws/aws-cdk-go/awscdk/v2/awslambda"
	"github.com/aws/aws-cdk-go/awscdk/v2/awslogs"
	"github.com/aws/jsii-runtime-go"

	"msklambda/constructs/msklambda"
)

type consumerEdit = func(*msklambda.ConsumerProps)

func TestEachPropBecomesItsProperty(t *testing.T) {
	const function, mapping, logs = "Cluster/Orders/Function", "Cluster/Orders/Mapping", "Cluster/Orders/LogGroup"
	seconds := func(n int) *time.Duration { d := time.Duration(n) * time.Second; return &d }
	tests := map[string]struct {
		edit consumerEdit
		path string
		want map[string]any // nil = the property is absent
	}{
		"Topic":         {func(p *msklambda.ConsumerProps) { p.Topic = "refunds" }, mapping, map[string]any{"Topics": []any{"refunds"}}},
		"GroupID":       {func(p *msklambda.ConsumerProps) { p.GroupID = "g" }, mapping, map[string]any{"AmazonManagedKafkaEventSourceConfig": map[string]any{"ConsumerGroupId": "g"}}},
		"BatchSize":     {func(p *msklambda.ConsumerProps) { p.BatchSize = 5 }, mapping, map[string]any{"BatchSize": 5.0}},
		"BatchWindow":   {func(p *msklambda.ConsumerProps) { p.BatchWindow = seconds(300) }, mapping, map[string]any{"MaximumBatchingWindowInSeconds": 300.0}},
		"BatchWindow 0": {func(p *msklambda.ConsumerProps) { p.BatchWindow = seconds(0) }, mapping, map[string]any{"MaximumBatchingWindowInSeconds": 0.0}},
		"LATEST":        {func(p *msklambda.ConsumerProps) { p.StartingPosition = awslambda.StartingPosition_LATEST }, mapping, map[string]any{"StartingPosition": "LATEST", "StartingPositionTimestamp": nil}},
		"AT_TIMESTAMP": {func(p *msklambda.ConsumerProps) {
			p.StartingPosition, p.StartingPositionTimestamp = awslambda.StartingPosition_AT_TIMESTAMP, time.Unix(1767323045, 0)
		}, mapping, map[string]any{"StartingPosition": "AT_TIMESTAMP", "StartingPositionTimestamp": 1767323045.0}},
		"Disabled":       {func(p *msklambda.ConsumerProps) { p.Disabled = true }, mapping, map[string]any{"Enabled": false}},
		"defaults":       {func(*msklambda.ConsumerProps) {}, mapping, map[string]any{"BatchSize": 100.0, "Enabled": true, "EventSourceArn": arn, "StartingPosition": "TRIM_HORIZON", "MaximumBatchingWindowInSeconds": nil, "FunctionResponseTypes": nil, "SourceAccessConfigurations": nil, "ProvisionedPollerConfig": nil}},
		"function":       {func(*msklambda.ConsumerProps) {}, function, map[string]any{"Architectures": []any{"arm64"}, "MemorySize": 256.0, "Timeout": 60.0, "Runtime": "provided.al2023", "Handler": "bootstrap", "TracingConfig": map[string]any{"Mode": "Active"}, "VpcConfig": nil, "ReservedConcurrentExecutions": nil, "FunctionName": nil, "Environment": nil}},
		"Architecture":   {func(p *msklambda.ConsumerProps) { p.Architecture = awslambda.Architecture_X86_64() }, function, map[string]any{"Architectures": []any{"x86_64"}}},
		"MemorySize":     {func(p *msklambda.ConsumerProps) { p.MemorySize = 1769 }, function, map[string]any{"MemorySize": 1769.0}},
		"Timeout":        {func(p *msklambda.ConsumerProps) { p.Timeout = 14 * time.Minute }, function, map[string]any{"Timeout": 840.0}},
		"Environment":    {func(p *msklambda.ConsumerProps) { p.Environment = map[string]string{"TABLE": "t"} }, function, map[string]any{"Environment": map[string]any{"Variables": map[string]any{"TABLE": "t"}}}},
		"Reserved":       {func(p *msklambda.ConsumerProps) { p.ReservedConcurrency = new(0) }, function, map[string]any{"ReservedConcurrentExecutions": 0.0}},
		"Tracing off":    {func(p *msklambda.ConsumerProps) { p.Tracing = awslambda.Tracing_DISABLED }, function, map[string]any{"TracingConfig": nil}},
		"Tracing passed": {func(p *msklambda.ConsumerProps) { p.Tracing = awslambda.Tracing_PASS_THROUGH }, function, map[string]any{"TracingConfig": map[string]any{"Mode": "PassThrough"}}},
		"logs":           {func(*msklambda.ConsumerProps) {}, logs, map[string]any{"RetentionInDays": 30.0, "LogGroupName": nil}},
		"LogRetention":   {func(p *msklambda.ConsumerProps) { p.LogRetention = awslogs.RetentionDays_ONE_WEEK }, logs, map[string]any{"RetentionInDays": 7.0}},
		"Tags":           {func(p *msklambda.ConsumerProps) { p.Tags = map[string]string{"team": "a", "env": "b"} }, mapping, map[string]any{"Tags": []any{map[string]any{"Key": "env", "Value": "b"}, map[string]any{"Key": "team", "Value": "a"}}}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			got := synthConsumer(t, tt.edit).at(tt.path).Properties
			for property, want := range tt.want {
				if !same(got[property], want) {
					t.Errorf("%s = %s, want %s", property, asJSON(got[property]), asJSON(want))
				}
			}
		})
	}
}

func TestTagsReachEveryTaggableResourceOfTheConsumer(t *testing.T) {
	tpl := synthConsumer(t, func(p *msklambda.ConsumerProps) { p.Tags = map[string]string{"team": "a"} })
	for _, path := range []string{"Cluster/Orders/Role", "Cluster/Orders/Function", "Cluster/Orders/LogGroup", "Cluster/Orders/Mapping"} {
		if got := asJSON(tpl.at(path).Properties["Tags"]); got != `[{"Key":"team","Value":"a"}]` {
			t.Errorf("%s tags = %s", path, got)
		}
	}
	if got := tpl.at("Cluster/EndpointSecurityGroup").Properties["Tags"]; got != nil {
		t.Errorf("what consumers share has tags %s, want none of one consumer's", asJSON(got))
	}
}

func TestLogsAreJSONInAGroupThatOutlivesTheStack(t *testing.T) {
	tpl := synthConsumer(t)
	logs := tpl.at("Cluster/Orders/LogGroup")
	want := map[string]any{"LogFormat": "JSON", "LogGroup": map[string]any{"Ref": logs.ID}}
	if got := tpl.at("Cluster/Orders/Function").Properties["LoggingConfig"]; !same(got, want) {
		t.Errorf("LoggingConfig = %s, want %s", asJSON(got), asJSON(want))
	}
	if logs.DeletionPolicy != "RetainExceptOnCreate" {
		t.Errorf("DeletionPolicy = %q, want RetainExceptOnCreate", logs.DeletionPolicy)
	}
	destroyed := synthConsumer(t, func(p *msklambda.ConsumerProps) { p.LogRemovalPolicy = awscdk.RemovalPolicy_DESTROY })
	if got := destroyed.at("Cluster/Orders/LogGroup").DeletionPolicy; got != "Delete" {
		t.Errorf("DeletionPolicy = %q with LogRemovalPolicy DESTROY, want Delete", got)
	}
}

func TestTheMappingWaitsForWhatItNeeds(t *testing.T) {
	tpl := synthCluster(t, groups(sg0, sg1))
	// By way of the function.
	function := tpl.at("Cluster/Orders/Function")
	if policy := tpl.at("Cluster/Orders/Policy").ID; !slices.Contains(function.DependsOn, policy) {
		t.Errorf("DependsOn of the function = %q, want %s in it", function.DependsOn, policy)
	}
	logs := map[string]any{"Ref": tpl.at("Cluster/Orders/LogGroup").ID}
	if got := function.Properties["LoggingConfig"].(map[string]any)["LogGroup"]; !same(got, logs) {
		t.Errorf("log group of the function = %s, want %s", asJSON(got), asJSON(logs))
	}
	if got, want := tpl.at("Cluster/Orders/Mapping").Properties["FunctionName"], (map[string]any{"Ref": function.ID}); !same(got, want) {
		t.Errorf("FunctionName = %s, want %s", asJSON(got), asJSON(want))
	}
	var want []string
	for path, r := range tpl.Resources {
		for _, prefix := range []string{"Cluster/LambdaEndpoint", "Cluster/STSEndpoint", "Cluster/Rules/"} {
			if strings.HasPrefix(path, prefix) {
				want = append(want, r.ID)
			}
		}
	}
	slices.Sort(want)
	if got := tpl.at("Cluster/Orders/Mapping").DependsOn; !slices.Equal(got, want) || len(want) != 6 {
		t.Errorf("DependsOn = %q, want %q", got, want)
	}
}

func TestTheMappingsIDMovesExactlyWithWhatOnlyItsCreationTakes(t *testing.T) {
	long(t)
	id := func(arn string, edit consumerEdit) string {
		tpl := synth(t, func(stack awscdk.Stack) {
			msklambda.ImportCluster(stack, "Cluster", clusterProps(func(p *msklambda.ClusterProps) { p.ClusterARN = arn })).
				AddConsumer("Orders", consumerProps(edit))
		})
		return tpl.at("Cluster/Orders/Mapping").ID
	}
	at := func(sec int64) consumerEdit {
		return func(p *msklambda.ConsumerProps) {
			p.StartingPosition, p.StartingPositionTimestamp = awslambda.StartingPosition_AT_TIMESTAMP, time.Unix(sec, 0)
		}
	}
	none := func(*msklambda.ConsumerProps) {}
	first := id(arn, none)
	seen := map[string]string{first: "the first"}
	for name, moved := range map[string]string{
		"cluster":   id(strings.Replace(arn, "-2", "-3", 1), none),
		"topic":     id(arn, func(p *msklambda.ConsumerProps) { p.Topic = "refunds" }),
		"group":     id(arn, func(p *msklambda.ConsumerProps) { p.GroupID = "refunds-fn" }),
		"position":  id(arn, func(p *msklambda.ConsumerProps) { p.StartingPosition = awslambda.StartingPosition_LATEST }),
		"timestamp": id(arn, at(1)), "another timestamp": id(arn, at(2)),
	} {
		if other, ok := seen[moved]; ok {
			t.Errorf("id with another %s = %s, the same as that of %s", name, moved, other)
		}
		seen[moved] = name
	}
	window := time.Second
	for name, edit := range map[string]consumerEdit{
		"batch size":         func(p *msklambda.ConsumerProps) { p.BatchSize = 7 },
		"batch window":       func(p *msklambda.ConsumerProps) { p.BatchWindow = &window },
		"disabled":           func(p *msklambda.ConsumerProps) { p.Disabled = true },
		"tags":               func(p *msklambda.ConsumerProps) { p.Tags = map[string]string{"a": "b"} },
		"memory":             func(p *msklambda.ConsumerProps) { p.MemorySize = 512 },
		"the default itself": func(p *msklambda.ConsumerProps) { p.StartingPosition = awslambda.StartingPosition_TRIM_HORIZON },
	} {
		if got := id(arn, edit); got != first {
			t.Errorf("id with another %s = %s, want %s still", name, got, first)
		}
	}
}

func TestABatchSizeChangesOnePropertyAndNothingElse(t *testing.T) {
	a := synthConsumer(t)
	b := synthConsumer(t, func(p *msklambda.ConsumerProps) { p.BatchSize = 7 })
	for path, r := range b.Resources {
		if strings.HasPrefix(path, "Cluster/Orders/Mapping") {
			r.Properties["BatchSize"] = 100.0
		}
		if !same(r, a.Resources[path]) {
			t.Errorf("%s = %s, want %s", path, asJSON(r), asJSON(a.Resources[path]))
		}
	}
}

func TestConsumersAreRefused(t *testing.T) {
	build := func(add func(stack awscdk.Stack, cluster *msklambda.Cluster)) func() {
		return func() {
			stack := newStack(newApp(t, nil), "Test")
			cluster := msklambda.ImportCluster(stack, "Cluster", clusterProps())
			cluster.AddConsumer("Orders", consumerProps())
			add(stack, cluster)
		}
	}
	t.Run("with another's group", func(t *testing.T) {
		wantPanic(t, build(func(_ awscdk.Stack, c *msklambda.Cluster) {
			c.AddConsumer("Refunds", consumerProps(func(p *msklambda.ConsumerProps) { p.Topic = "refunds" }))
		}), `msklambda: consumer "Refunds":`, `GroupID must be the consumer's own, got "orders-fn", which "Test/Cluster/Orders" has already`)
	})
	t.Run("with another's topic and function", func(t *testing.T) {
		wantPanic(t, build(func(stack awscdk.Stack, c *msklambda.Cluster) {
			fn := theirFunction(stack)
			c.AddConsumer("A", &msklambda.ConsumerProps{Topic: "refunds", GroupID: "a", Function: fn})
			c.AddConsumer("B", &msklambda.ConsumerProps{Topic: "refunds", GroupID: "b", Function: fn})
		}), `Function must not read one topic twice, got topic "refunds", which it reads for "Test/Cluster/A" already`)
	})
	t.Run("but one function may read two topics", func(t *testing.T) {
		noPanic(t, build(func(stack awscdk.Stack, c *msklambda.Cluster) {
			fn := theirFunction(stack)
			c.AddConsumer("A", &msklambda.ConsumerProps{Topic: "refunds", GroupID: "a", Function: fn})
			c.AddConsumer("B", &msklambda.ConsumerProps{Topic: "returns", GroupID: "b", Function: fn})
		}))
	})
	t.Run("with an id that is taken", func(t *testing.T) {
		wantPanic(t, build(func(_ awscdk.Stack, c *msklambda.Cluster) {
			c.AddConsumer("Orders", consumerProps(func(p *msklambda.ConsumerProps) { p.GroupID = "x" }))
		}), `id must be unique in "Test/Cluster", which has a child of that name already`)
	})
	t.Run("with the id of a shared part", func(t *testing.T) {
		wantPanic(t, build(func(_ awscdk.Stack, c *msklambda.Cluster) {
			c.AddConsumer("LambdaEndpoint", consumerProps(func(p *msklambda.ConsumerProps) { p.GroupID = "x" }))
		}), `id must be unique`)
	})
	t.Run("with the id of a shared part that is not there yet", func(t *testing.T) {
		wantPanic(t, func() {
			msklambda.ImportCluster(newStack(newApp(t, nil), "Test"), "Cluster", clusterProps()).AddConsumer("Rules", consumerProps())
		}, `id must not be one of the cluster's own`)
	})
	t.Run("without a cluster", func(t *testing.T) {
		wantPanic(t, func() { msklambda.NewConsumer(newStack(newApp(t, nil), "Test"), "Orders", nil, consumerProps()) }, "cluster must not be nil")
	})
	t.Run("in another stage", func(t *testing.T) {
		wantPanic(t, build(func(stack awscdk.Stack, c *msklambda.Cluster) {
			stage := awscdk.NewStage(stack.Node().Root().(awscdk.App), jsii.String("Prod"), nil)
			msklambda.NewConsumer(newStackIn(stage, "Other"), "Refunds", c, consumerProps(func(p *msklambda.ConsumerProps) { p.GroupID = "x" }))
		}), "scope must be in the stage of the cluster")
	})
	t.Run("with a role of another account", func(t *testing.T) {
		wantPanic(t, build(func(stack awscdk.Stack, c *msklambda.Cluster) {
			role := awsiam.Role_FromRoleArn(stack, jsii.String("Their"), jsii.String("arn:aws:iam::999999999999:role/theirs"), nil)
			c.AddConsumer("A", consumerProps(func(p *msklambda.ConsumerProps) { p.GroupID, p.Role = "x", role }))
		}), "Role must be of the account 111122223333, where the function and the mapping are, got 999999999999")
	})
	t.Run("with a function of another account and region", func(t *testing.T) {
		wantPanic(t, build(func(stack awscdk.Stack, c *msklambda.Cluster) {
			fn := awslambda.Function_FromFunctionArn(stack, jsii.String("Far"), jsii.String("arn:aws:lambda:eu-west-1:999999999999:function:far"))
			c.AddConsumer("A", &msklambda.ConsumerProps{Topic: "orders", GroupID: "x", Function: fn})
		}), "Function must be of the account 111122223333", "Function must be of the region us-east-1, where the cluster is, got eu-west-1")
	})
	t.Run("with a function that may take too long", func(t *testing.T) {
		wantPanic(t, build(func(stack awscdk.Stack, c *msklambda.Cluster) {
			fn := awslambda.NewFunction(stack, jsii.String("Slow"), &awslambda.FunctionProps{
				Code: awslambda.Code_FromInline(jsii.String("x")), Handler: jsii.String("index.handler"), Runtime: awslambda.Runtime_NODEJS_22_X(),
				Timeout: awscdk.Duration_Minutes(jsii.Number(15))})
			c.AddConsumer("A", &msklambda.ConsumerProps{Topic: "orders", GroupID: "x", Function: fn})
		}), "Function must have a timeout of at most 14m, the limit of functions behind an MSK mapping, got 15m")
	})
	t.Run("with a group of another Cluster of the same ARN", func(t *testing.T) {
		wantPanic(t, func() {
			app := newApp(t, nil)
			for _, id := range []string{"One", "Two"} {
				msklambda.ImportCluster(newStack(app, id), "Cluster", clusterProps(func(p *msklambda.ClusterProps) {
					p.LambdaEndpoint.Source, p.STSEndpoint.Source = msklambda.EndpointNone, msklambda.EndpointNone
					p.SecurityGroupRules = msklambda.SecurityGroupRulesNone
				})).AddConsumer("Orders", consumerProps())
			}
			app.Synth(nil)
		}, "are two consumers with one GroupID on one cluster: give each its own")
	})
	t.Run("with more pollers than a group may have", func(t *testing.T) {
		wantPanic(t, build(func(_ awscdk.Stack, c *msklambda.Cluster) {
			for i, most := range []int{1500, 500, 1} {
				c.AddConsumer(fmt.Sprint("C", i), consumerProps(func(p *msklambda.ConsumerProps) {
					p.GroupID, p.Pollers = fmt.Sprint("g", i), &msklambda.Pollers{Maximum: most, Group: "shared"}
				}))
			}
		}), `msklambda: consumer "C2":`, `Pollers.Maximum must not make the maxima of Pollers.Group "shared" more than 2000 in all, got 2001`)
	})
	t.Run("with no id", func(t *testing.T) {
		wantPanic(t, build(func(_ awscdk.Stack, c *msklambda.Cluster) {
			c.AddConsumer("", consumerProps(func(p *msklambda.ConsumerProps) { p.GroupID = "x" }))
		}), `id must not be empty`)
	})
	t.Run("in another account or region", func(t *testing.T) {
		wantPanic(t, build(func(stack awscdk.Stack, c *msklambda.Cluster) {
			other := awscdk.NewStack(stack.Node().Root().(awscdk.App), jsii.String("Other"), &awscdk.StackProps{
				Env: &awscdk.Environment{Account: jsii.String("444455556666"), Region: jsii.String("eu-west-1")}})
			msklambda.NewConsumer(other, "Refunds", c, consumerProps(func(p *msklambda.ConsumerProps) { p.GroupID = "x" }))
		}), "ClusterARN must be of the stack's account 444455556666, got 111122223333", "ClusterARN must be of the stack's region eu-west-1, got us-east-1")
	})
	t.Run("with fields of a function that has its own", func(t *testing.T) {
		wantPanic(t, build(func(stack awscdk.Stack, c *msklambda.Cluster) {
			c.AddConsumer("A", consumerProps(func(p *msklambda.ConsumerProps) { p.Function, p.MemorySize = theirFunction(stack), 512 }))
		}), "Entry must not be given with Function, which has its own", "MemorySize must not be given with Function")
	})
}

func TestClustersAreRefused(t *testing.T) {
	wantPanic(t, func() { msklambda.ImportCluster(newStack(newApp(t, nil), "Test"), "Cluster", nil) },
		`msklambda: cluster "Cluster":`, "ClusterARN is required", "VPCID is required", "SubnetIDs is required", "SecurityGroupIDs is required")
	wantPanic(t, func() {
		stack := awscdk.NewStack(newApp(t, nil), jsii.String("Test"), &awscdk.StackProps{
			Env: &awscdk.Environment{Account: jsii.String(account), Region: jsii.String("eu-west-1")}})
		msklambda.ImportCluster(stack, "Cluster", clusterProps())
	}, "ClusterARN must be of the stack's region eu-west-1, got us-east-1")
	wantPanic(t, func() {
		stack := newStack(newApp(t, nil), "Test")
		msklambda.ImportCluster(stack, "Cluster", clusterProps())
		msklambda.ImportCluster(stack, "Cluster", clusterProps())
	}, `msklambda: cluster "Cluster":`, "id must be unique")
}

// theirFunction is a function of somebody else, in any language.
func theirFunction(stack awscdk.Stack) awslambda.IFunction {
	return awslambda.NewFunction(stack, jsii.String("Theirs"), &awslambda.FunctionProps{
		Code: awslambda.Code_FromInline(jsii.String("exports.handler = async () => {}")), Handler: jsii.String("index.handler"),
		Runtime: awslambda.Runtime_NODEJS_22_X(),
		Role: awsiam.NewRole(stack, jsii.String("TheirRole"), &awsiam.RoleProps{
			AssumedBy: awsiam.NewServicePrincipal(jsii.String("lambda.amazonaws.com"), nil)}),
		LogGroup: awslogs.NewLogGroup(stack, jsii.String("TheirLogs"), nil),
	})
}

// CDK knows an imported alias by the name of its function alone, and the mapping
// would read with the code that was deployed last.
func TestAnImportedAliasIsInvokedAsTheAlias(t *testing.T) {
	const function = "arn:aws:lambda:us-east-1:111122223333:function:f"
	for arn, want := range map[string]string{function + ":live": function + ":live", function: "f"} {
		var c *msklambda.Consumer
		tpl := synth(t, func(stack awscdk.Stack) {
			c = msklambda.ImportCluster(stack, "Cluster", clusterProps()).AddConsumer("Orders", &msklambda.ConsumerProps{
				Topic: "orders", GroupID: "g", Function: awslambda.Function_FromFunctionArn(stack, jsii.String("F"), &arn)})
		})
		if got := tpl.at("Cluster/Orders/Mapping").Properties["FunctionName"]; got != want {
			t.Errorf("FunctionName = %v, want %s", got, want)
		}
		_, qualified := (*c.MetricErrors(nil).Dimensions())["Resource"]
		if wanted := arn != function; qualified != wanted {
			t.Errorf("errors of %s are those of the alias: %v, want %v", arn, qualified, wanted)
		}
	}
}

func TestPartialResponsesAreSwitchedOnInTwoDeploys(t *testing.T) {
	tpl := synthConsumer(t, func(p *msklambda.ConsumerProps) {
		p.Pollers, p.ReportBatchItemFailures = &msklambda.Pollers{}, true
		p.Environment = map[string]string{"MSKLAMBDA_REPORT_BATCH_ITEM_FAILURES": "false"}
	})
	if got := asJSON(tpl.at("Cluster/Orders/Function").Properties["Environment"]); !strings.Contains(got, `"MSKLAMBDA_REPORT_BATCH_ITEM_FAILURES":"false"`) {
		t.Errorf("environment = %s, want the handler held back", got)
	}
	if got := asJSON(tpl.at("Cluster/Orders/Mapping").Properties["FunctionResponseTypes"]); got != `["ReportBatchItemFailures"]` {
		t.Errorf("FunctionResponseTypes = %s, want the mapping to listen already", got)
	}
}
