package test

import (
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsdynamodb"
	"github.com/aws/aws-cdk-go/awscdk/v2/awskms"
	"github.com/aws/jsii-runtime-go"
	"github.com/cdklabs/cdk-nag-go/cdknag/v2"

	"msklambda/constructs/msklambda"
	"msklambda/lambda/kafka/contract"
)

func asked(p *msklambda.ConsumerProps) { p.Idempotency = &msklambda.Idempotency{} }

func variables(tpl *template) map[string]any {
	environment, _ := tpl.at("Cluster/Orders/Function").Properties["Environment"].(map[string]any)
	all, _ := environment["Variables"].(map[string]any)
	return all
}

func TestATableOfTheConsumersOwn(t *testing.T) {
	tpl := synthConsumer(t, asked)
	table := tpl.at("Cluster/Orders/IdempotencyTable")
	want := map[string]any{
		"AttributeDefinitions":             []any{map[string]any{"AttributeName": contract.OnceKey, "AttributeType": "S"}},
		"KeySchema":                        []any{map[string]any{"AttributeName": contract.OnceKey, "KeyType": "HASH"}},
		"TimeToLiveSpecification":          map[string]any{"AttributeName": contract.OnceTTL, "Enabled": true},
		"PointInTimeRecoverySpecification": map[string]any{"PointInTimeRecoveryEnabled": true},
		"BillingMode":                      "PAY_PER_REQUEST",
	}
	if !same(table.Properties, want) {
		t.Errorf("table = %s, want %s", asJSON(table.Properties), asJSON(want))
	}
	if table.DeletionPolicy != "RetainExceptOnCreate" || table.UpdateReplacePolicy != "Retain" {
		t.Errorf("policies = %s, %s, want that it stays", table.DeletionPolicy, table.UpdateReplacePolicy)
	}
	if got, want := asJSON(variables(tpl)), `{"MSKLAMBDA_ONCE_NAMESPACE":"orders-fn","MSKLAMBDA_ONCE_TABLE":{"Ref":"`+table.ID+`"}}`; got != want {
		t.Errorf("variables = %s, want %s", got, want)
	}
	// Nothing but the table, what may be done with it and its name comes with it.
	plain := synthConsumer(t)
	var more []string
	for _, grant := range tpl.grants() {
		if !slices.Contains(plain.grants(), grant) {
			more = append(more, grant)
		}
	}
	on := ` on {"Fn::GetAtt":["` + table.ID + `","Arn"]}`
	if want := []string{"dynamodb:DeleteItem" + on, "dynamodb:GetItem" + on, "dynamodb:UpdateItem" + on}; !slices.Equal(more, want) {
		t.Errorf("grants = %s, want %s more", strings.Join(more, "\n"), strings.Join(want, "\n"))
	}
	for path, r := range plain.Resources {
		if path != "Cluster/Orders/Function" && path != "Cluster/Orders/Policy" && !same(tpl.Resources[path], r) {
			t.Errorf("a table moves %s: %s, want %s", path, asJSON(tpl.Resources[path]), asJSON(r))
		}
	}
	if extra := len(tpl.Resources) - len(plain.Resources); extra != 1 {
		t.Errorf("%d resources more, want the table alone", extra)
	}
}

func TestATableThatIsThere(t *testing.T) {
	long(t)
	for name, tt := range map[string]struct {
		table     func(awscdk.Stack) awsdynamodb.ITable
		variable  string
		resources int // of type table
	}{
		"imported": {func(s awscdk.Stack) awsdynamodb.ITable { return aTable(s, tableARN) }, `"once"`, 0},
		// A name would be looked for in the function's own account.
		"of another account": {func(s awscdk.Stack) awsdynamodb.ITable {
			return aTable(s, strings.Replace(tableARN, account, other, 1))
		},
			`"` + strings.Replace(tableARN, account, other, 1) + `"`, 0},
		"of the stack": {func(s awscdk.Stack) awsdynamodb.ITable {
			return awsdynamodb.NewTable(s, jsii.String("Mine"), &awsdynamodb.TableProps{
				PartitionKey: &awsdynamodb.Attribute{Name: jsii.String("id"), Type: awsdynamodb.AttributeType_STRING}})
		}, `{"Ref":"Mine2F4A9F75"}`, 1},
	} {
		tpl := synth(t, func(stack awscdk.Stack) {
			msklambda.ImportCluster(stack, "Cluster", clusterProps()).AddConsumer("Orders", consumerProps(func(p *msklambda.ConsumerProps) {
				p.Idempotency = &msklambda.Idempotency{Table: tt.table(stack), Namespace: "second"}
			}))
		})
		if got := tpl.count("AWS::DynamoDB::Table"); got != tt.resources {
			t.Errorf("%s: %d tables, want %d", name, got, tt.resources)
		}
		got := variables(tpl)
		if name != "of the stack" && asJSON(got[contract.OnceTable]) != tt.variable || got[contract.OnceNamespace] != "second" {
			t.Errorf("%s: variables = %s, want %s and second", name, asJSON(got), tt.variable)
		}
	}
}

func TestTheKeyOfATableIsUsedByWayOfDynamoDBAlone(t *testing.T) {
	tpl := synth(t, func(stack awscdk.Stack) {
		table := awsdynamodb.Table_FromTableAttributes(stack, jsii.String("Table"), &awsdynamodb.TableAttributes{
			TableArn: jsii.String(tableARN), EncryptionKey: awskms.Key_FromKeyArn(stack, jsii.String("Key"), jsii.String(tableKeyARN))})
		msklambda.ImportCluster(stack, "Cluster", clusterProps()).AddConsumer("Orders", consumerProps(func(p *msklambda.ConsumerProps) {
			p.Idempotency = &msklambda.Idempotency{Table: table}
		}))
	})
	for _, raw := range tpl.at("Cluster/Orders/Policy").Properties["PolicyDocument"].(map[string]any)["Statement"].([]any) {
		if s := raw.(map[string]any); s["Sid"] == "IdempotencyKey" {
			if got, want := asJSON(tpl.literal(s["Condition"])), `{"StringEquals":{"kms:ViaService":"dynamodb.us-east-1.amazonaws.com"}}`; got != want || s["Resource"] != tableKeyARN {
				t.Errorf("key = %v where %s, want %s where %s", s["Resource"], got, tableKeyARN, want)
			}
			return
		}
	}
	t.Error("there is no statement for the key")
}

func TestAFunctionOfYourOwnMayUseTheTable(t *testing.T) {
	var c *msklambda.Consumer
	tpl := synth(t, func(stack awscdk.Stack) {
		c = msklambda.ImportCluster(stack, "Cluster", clusterProps()).AddConsumer("Orders",
			&msklambda.ConsumerProps{Topic: "orders", GroupID: "orders-fn", Function: theirFunction(stack), Idempotency: &msklambda.Idempotency{},
				FunctionRegistry: &msklambda.FunctionRegistry{GlueARN: functionGlueARN}, MetricsNamespace: "Orders", Alarms: &msklambda.Alarms{}})
		if got := asJSON(stack.Resolve(c.FunctionMetric("Age", nil).Dimensions())); !strings.Contains(got, `"FunctionName":{"Ref":"`) || !strings.Contains(got, `"Topic":"orders"`) {
			t.Errorf("dimensions = %s, want those of their function", got)
		}
	})
	if c.IdempotencyTable == nil {
		t.Error("IdempotencyTable is nil")
	}
	grants := strings.Join(tpl.grants(), "\n")
	for _, want := range []string{"dynamodb:UpdateItem", "glue:GetSchemaVersion on " + functionGlueARN} {
		if !strings.Contains(grants, want) {
			t.Errorf("grants = %s, want %s", grants, want)
		}
	}
}

func TestNagOfWhatTheFunctionUses(t *testing.T) {
	noPanic(t, func() {
		app := newApp(t, nil)
		stack := newStack(app, "Test")
		msklambda.ImportCluster(stack, "Cluster", clusterProps()).AddConsumer("Orders", consumerProps(asked, func(p *msklambda.ConsumerProps) {
			p.MetricsNamespace, p.Alarms, p.Dashboard = "Orders", &msklambda.Alarms{}, true
			p.FunctionRegistry = &msklambda.FunctionRegistry{GlueARN: functionGlueARN}
		}))
		awscdk.Aspects_Of(app).Add(cdknag.NewAwsSolutionsChecks(&cdknag.NagPackProps{Verbose: jsii.Bool(true), Reports: jsii.Bool(false)}), nil)
		for _, finding := range read(t, stack).warnings() {
			t.Errorf("cdk-nag: %s", finding)
		}
	})
}
