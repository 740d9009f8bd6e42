package plan

import (
	"encoding/json"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
)

const (
	mappingIDOfOrders = "ClusterOrdersMapping1ee65d4313C5527B"
	otherMappingID    = "ClusterOrdersMapping0000000013C5527B"
	functionID        = "ClusterOrdersFunction5B581DE7"
)

// golden is the template that the tests of the constructs pin, so that what is
// compared here is what they make.
func golden(t testing.TB) *Template {
	t.Helper()
	data, err := os.ReadFile("../../test/testdata/golden.json")
	if err != nil {
		t.Fatal(err)
	}
	template, err := ParseTemplate("Test", []byte(`{"Resources":`+string(data)+"}"))
	if err != nil {
		t.Fatal(err)
	}
	return template
}

// with is the golden template with edits.
func with(t testing.TB, edits ...func(*Template)) *Template {
	t.Helper()
	template := golden(t)
	for _, edit := range edits {
		edit(template)
	}
	return template
}

func set(id, property, value string) func(*Template) {
	return func(t *Template) {
		var v any
		if err := json.Unmarshal([]byte(value), &v); err != nil {
			panic(err)
		}
		if v == nil {
			delete(t.Resources[id].Properties, property)
			return
		}
		t.Resources[id].Properties[property] = v
	}
}

func rename(id, to string) func(*Template) {
	return func(t *Template) {
		r := t.Resources[id]
		delete(t.Resources, id)
		r.LogicalID = to
		t.Resources[to] = r
		if path, ok := r.Metadata["aws:cdk:path"].(string); ok && strings.HasPrefix(to, "ClusterRefunds") {
			r.Metadata["aws:cdk:path"] = strings.Replace(path, "Orders", "Refunds", 1)
		}
	}
}

func remove(ids ...string) func(*Template) {
	return func(t *Template) {
		for _, id := range ids {
			if t.Resources[id] == nil {
				panic(id)
			}
			delete(t.Resources, id)
		}
	}
}

func withoutPaths(t *Template) {
	for _, r := range t.Resources {
		delete(r.Metadata, "aws:cdk:path")
	}
}

const group, topics, arn = "AmazonManagedKafkaEventSourceConfig", "Topics", "EventSourceArn"

// moved gives the mapping the id that it would have with another identity.
var moved = rename(mappingIDOfOrders, otherMappingID)

func TestWhatBecomesOfAMapping(t *testing.T) {
	newFunction := func(t *Template) {
		rename(functionID, "ClusterRefundsFunction00000000")(t)
		rename(mappingIDOfOrders, "ClusterRefundsMapping1ee65d4300000000")(t)
		set("ClusterRefundsMapping1ee65d4300000000", "FunctionName", `{"Ref":"ClusterRefundsFunction00000000"}`)(t)
	}
	tests := map[string]struct {
		before, after []func(*Template)
		verdict       Verdict
		offsets       string
		effects       []string // each in one of them
	}{
		"batch size": {nil, []func(*Template){set(mappingIDOfOrders, "BatchSize", "500")}, InPlace, "kept", []string{"BatchSize 100 -> 500"}},
		"disabled":   {nil, []func(*Template){set(mappingIDOfOrders, "Enabled", "false")}, InPlace, "kept", []string{"stops polling"}},
		"window removed": {[]func(*Template){set(mappingIDOfOrders, "MaximumBatchingWindowInSeconds", "5")}, nil, InPlace, "kept",
			[]string{"MaximumBatchingWindowInSeconds is removed, was 5", "keeps its last batch window"}},
		"another function": {nil, []func(*Template){set(mappingIDOfOrders, "FunctionName", `"mine"`)}, InPlace, "kept", []string{"same UUID"}},
		"pollers on": {nil, []func(*Template){set(mappingIDOfOrders, "ProvisionedPollerConfig", `{"MinimumPollers":1,"MaximumPollers":4}`), set(mappingIDOfOrders, "MaximumRetryAttempts", "-1")}, InPlace, "kept",
			[]string{"on-demand pollers -> 1 to 4 provisioned pollers"}},
		"no authentication": {nil, []func(*Template){remove(policyID), set(ruleID, "ToPort", "9092")}, InPlace, "kept", []string{"authentication IAM -> no authentication, in plaintext"}},
		"authentication": {nil, []func(*Template){set(mappingIDOfOrders, "SourceAccessConfigurations", `[{"Type":"SASL_SCRAM_512_AUTH","URI":"s"}]`)}, InPlace, "kept",
			[]string{"authentication IAM -> SASL/SCRAM"}},
		"pollers gone": {[]func(*Template){set(mappingIDOfOrders, "ProvisionedPollerConfig", `{"MinimumPollers":1,"MaximumPollers":4}`)}, nil, InPlace, "kept",
			[]string{"the pollers stay, and their cost"}},
		"pollers off": {[]func(*Template){set(mappingIDOfOrders, "ProvisionedPollerConfig", `{"MinimumPollers":1,"MaximumPollers":4}`)},
			[]func(*Template){set(mappingIDOfOrders, "ProvisionedPollerConfig", `{}`)}, InPlace, "kept", []string{"1 to 4 provisioned pollers -> on-demand pollers"}},
		"partial responses": {nil, []func(*Template){set(mappingIDOfOrders, "FunctionResponseTypes", `["ReportBatchItemFailures"]`),
			set(functionID, "Environment", `{"Variables":{"MSKLAMBDA_REPORT_BATCH_ITEM_FAILURES":"true"}}`)}, InPlace, "kept", []string{"RECORDS CAN BE LOST"}},
		"partial responses, first of two deploys": {nil, []func(*Template){set(mappingIDOfOrders, "FunctionResponseTypes", `["ReportBatchItemFailures"]`),
			set(functionID, "Environment", `{"Variables":{"MSKLAMBDA_REPORT_BATCH_ITEM_FAILURES":"false"}}`)}, InPlace, "kept", []string{"FunctionResponseTypes is set to ReportBatchItemFailures"}},
		"schema registry": {nil, []func(*Template){set(mappingIDOfOrders, group, `{"ConsumerGroupId":"orders-fn","SchemaRegistryConfig":{"SchemaRegistryURI":"u"}}`)}, InPlace, "kept",
			[]string{`schema registry none -> {"SchemaRegistryURI":"u"}`}},
		"schema registry removed": {[]func(*Template){set(mappingIDOfOrders, group, `{"ConsumerGroupId":"orders-fn","SchemaRegistryConfig":{"SchemaRegistryURI":"u"}}`)}, nil, InPlace, "kept",
			[]string{"the schema registry is not reset by its removal"}},
		"poller logs removed": {[]func(*Template){set(mappingIDOfOrders, "LoggingConfig", `{"SystemLogLevel":"INFO"}`)}, nil, InPlace, "kept", []string{"LoggingConfig is not reset by its removal"}},
		"enabled again":       {[]func(*Template){set(mappingIDOfOrders, "Enabled", "false")}, nil, InPlace, "kept", []string{"polls again, from where it stopped"}},
		"topic": {nil, []func(*Template){moved, set(otherMappingID, topics, `["refunds"]`)}, Replaced, "begins at TRIM_HORIZON of the new one",
			[]string{"topic orders -> refunds", "then the old one deleted"}},
		"cluster": {nil, []func(*Template){moved, set(otherMappingID, arn, `"arn:aws:kafka:us-east-1:111122223333:cluster/other/1-2"`)}, Replaced, "not kept: on the other cluster",
			[]string{"cluster demo -> other"}},
		"group": {nil, []func(*Template){moved, set(otherMappingID, group, `{"ConsumerGroupId":"v2"}`)}, Refused, "not kept: group v2 begins at TRIM_HORIZON",
			[]string{"group orders-fn -> v2", "409", "another construct id"}},
		"position": {nil, []func(*Template){moved, set(otherMappingID, "StartingPosition", `"LATEST"`)}, Refused, "kept: a group with committed offsets ignores",
			[]string{"starting position TRIM_HORIZON -> LATEST", "409"}},
		"position under the same id": {nil, []func(*Template){set(mappingIDOfOrders, "StartingPosition", `"LATEST"`)}, Refused, "ignores the starting position", []string{"409"}},
		"topic under the same id":    {nil, []func(*Template){set(mappingIDOfOrders, topics, `["refunds"]`)}, InPlace, "kept: the group stays", []string{"NOT APPLIED"}},
		"name":                       {nil, []func(*Template){newFunction}, Replaced, "kept", []string{"was Cluster/Orders: function", "share the partitions"}},
		"name and group": {nil, []func(*Template){newFunction, set("ClusterRefundsMapping1ee65d4300000000", group, `{"ConsumerGroupId":"v2"}`)}, New,
			"group v2 begins at TRIM_HORIZON", []string{"the new and the old group each read every record"}},
		"name of a consumer with a function that is there": {nil, []func(*Template){rename(mappingIDOfOrders, "ClusterRefundsMapping1ee65d4300000000")}, Refused, "kept", []string{"409"}},
		"retained": {nil, []func(*Template){func(t *Template) { t.Resources[mappingIDOfOrders].DeletionPolicy = "Retain" }}, InPlace, "kept", []string{"stays in the account"}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			for _, more := range [][]func(*Template){nil, {withoutPaths}} {
				before, after := with(t, append(test.before, more...)...), with(t, append(test.after, more...)...)
				report := Compare(before, after)
				i := slices.IndexFunc(report.Lines, func(l Line) bool { return l.Type == typeMapping && l.Verdict != Removed })
				if i < 0 {
					t.Fatalf("lines = %+v, want one of the mapping", report.Lines)
				}
				l := report.Lines[i]
				if l.Verdict != test.verdict || !strings.Contains(l.Offsets, test.offsets) || report.Refused() != (test.verdict == Refused) {
					t.Errorf("verdict %q, offsets %q, want %q and %q", l.Verdict, l.Offsets, test.verdict, test.offsets)
				}
				if got := strings.Join(l.Effects, "\n"); strings.Contains(got, "CAN BE LOST") != (name == "partial responses") {
					t.Errorf("effects = %q", got)
				}
				for _, want := range test.effects {
					if len(more) > 0 {
						want = strings.ReplaceAll(want, "Cluster/Orders", "ClusterOrders")
					}
					if !strings.Contains(strings.Join(l.Effects, "\n"), want) {
						t.Errorf("effects = %q, want %q in them", l.Effects, want)
					}
				}
			}
		})
	}
}

func TestWhatAConsumerDoes(t *testing.T) {
	const start = "reads orders of cluster demo as group orders-fn from TRIM_HORIZON, by "
	for want, edits := range map[string][]func(*Template){
		start + "on-demand pollers, with IAM":                                                                          nil,
		start + "on-demand pollers, with IAM; it is disabled, and reads nothing":                                       {set(mappingIDOfOrders, "Enabled", "false")},
		start + "2 to 200 provisioned pollers of group g, with IAM":                                                    {set(mappingIDOfOrders, "ProvisionedPollerConfig", `{"MinimumPollers":2,"PollerGroupName":"g"}`)},
		start + "on-demand pollers, with mutual TLS":                                                                   {set(mappingIDOfOrders, "SourceAccessConfigurations", `[{"Type":"CLIENT_CERTIFICATE_TLS_AUTH","URI":"s"}]`)},
		start + "on-demand pollers, with no authentication, over TLS":                                                  {remove(policyID), set(ruleID, "ToPort", "9094")},
		start + "on-demand pollers":                                                                                    {remove(policyID)},
		strings.Replace(start, "TRIM_HORIZON", "AT_TIMESTAMP 2025-11-01T00:00:00Z", 1) + "on-demand pollers, with IAM": {set(mappingIDOfOrders, "StartingPosition", `"AT_TIMESTAMP"`), set(mappingIDOfOrders, "StartingPositionTimestamp", "1761955200")},
		strings.Replace(start, "demo", "far", 1) + "on-demand pollers, with IAM":                                       {set(mappingIDOfOrders, arn, `"arn:aws:kafka:us-east-1:1:vpc-connection/2/far/x"`)},
		strings.Replace(start, "demo", "Cluster", 1) + "on-demand pollers, with IAM":                                   {set(mappingIDOfOrders, arn, `{"Ref":"Cluster"}`)},
	} {
		if got := Describe(with(t, edits...)).Lines[0].Text; got != want {
			t.Errorf("it %s\nwant %s", got, want)
		}
	}
}

func TestARetainedMappingGoesOnPolling(t *testing.T) {
	retained := func(t *Template) { t.Resources[mappingIDOfOrders].DeletionPolicy = "Retain" }
	l := Compare(with(t, retained), with(t, remove(mappingIDOfOrders))).Lines[0]
	if l.Verdict != Left || !strings.Contains(strings.Join(l.Effects, ""), "goes on polling") {
		t.Errorf("line = %+v, want it left, and polling", l)
	}
}

// A queue's mapping, or one of Kafka elsewhere, is nothing that a group reads.
func TestMappingsOfOtherSourcesAreOtherResources(t *testing.T) {
	queue := func(size int) *Template {
		template, err := ParseTemplate("Q", fmt.Appendf(nil, `{"Resources":{"Q":{"Type":"AWS::Lambda::EventSourceMapping","Properties":{"EventSourceArn":"arn:aws:sqs:us-east-1:1:q","BatchSize":%d}}}}`, size))
		if err != nil {
			t.Fatal(err)
		}
		return template
	}
	if IsOf(queue(1)) {
		t.Error("a queue's mapping counts as a consumer")
	}
	if lines := Compare(queue(1), queue(2)).Lines; len(lines) != 1 || lines[0].Section != Others || lines[0].Offsets != "" {
		t.Errorf("lines = %+v, want one of another resource", lines)
	}
}

func TestNothingChangesButWhatCloudFormationSees(t *testing.T) {
	after := with(t, withoutPaths, func(t *Template) { t.Resources[stsID].DependsOn = "X" })
	if report := Compare(golden(t), after); len(report.Lines) != 0 || report.Before != report.After {
		t.Errorf("report = %+v, want nothing", report)
	}
}

const (
	lambdaID = "ClusterLambdaEndpointBD0BEB23"
	stsID    = "ClusterSTSEndpoint81393388"
	sgID     = "ClusterEndpointSecurityGroupB50E75F1"
	ruleID   = "ClusterRulessg0123456789abcdef0fromsg0123456789abcdef09098EF6C1F23"
	policyID = "ClusterOrdersPolicyACA8100D"
)

func TestWhatBecomesOfTheNetworkAndOfRights(t *testing.T) {
	const everybody = `{"Statement":[{"Effect":"Allow","Principal":"*","Action":"*","Resource":"*"}]}`
	tests := map[string]struct {
		before, after []func(*Template)
		id            string
		verdict       Verdict
		cutsOff       bool
		says          string
	}{
		"endpoint comes":       {[]func(*Template){remove(lambdaID)}, nil, lambdaID, New, true, "every other caller in vpc-0123456789abcdef0 loses Lambda"},
		"open endpoint comes":  {[]func(*Template){remove(stsID)}, []func(*Template){set(stsID, "PolicyDocument", everybody)}, stsID, New, true, "every caller in vpc-0123456789abcdef0 but those of sg-0123456789abcdef0 loses STS"},
		"endpoint goes":        {nil, []func(*Template){remove(stsID)}, stsID, Removed, true, "whom it admitted loses STS"},
		"endpoint opens":       {nil, []func(*Template){set(stsID, "PolicyDocument", everybody)}, stsID, InPlace, false, "its security groups let in the members of sg-0123456789abcdef0 only"},
		"endpoint shuts":       {[]func(*Template){set(stsID, "PolicyDocument", everybody)}, nil, stsID, InPlace, true, "but those that the policy names loses STS"},
		"endpoint moves":       {nil, []func(*Template){set(stsID, "VpcId", `"vpc-1"`)}, stsID, Replaced, false, "because of VpcId"},
		"subnet added":         {nil, []func(*Template){set(stsID, "SubnetIds", `["a","b","c"]`)}, stsID, InPlace, false, "-> a, b, c"},
		"endpoint, another id": {nil, []func(*Template){rename(stsID, "Other")}, "Other", Refused, false, "conflicting DNS domain"},
		"rule, another id":     {nil, []func(*Template){rename(ruleID, "Other")}, "Other", Refused, false, "already exists"},
		"rule comes":           {[]func(*Template){remove(ruleID)}, nil, ruleID, New, false, "lets TCP 9098 in from sg-0123456789abcdef0"},
		"rule goes":            {nil, []func(*Template){remove(ruleID)}, ruleID, Removed, true, "whoever else relies on it"},
		"rule stays": {[]func(*Template){func(t *Template) { t.Resources[ruleID].DeletionPolicy = "Retain" }}, []func(*Template){remove(ruleID)}, ruleID, Left, false,
			"stays in the account"},
		"group admits less":    {nil, []func(*Template){set(sgID, "SecurityGroupIngress", `[]`)}, sgID, InPlace, true, "no longer lets TCP 443 in from sg-0123456789abcdef0"},
		"group's description":  {nil, []func(*Template){set(sgID, "GroupDescription", `"x"`)}, sgID, Replaced, false, "because of GroupDescription"},
		"statement changes":    {nil, []func(*Template){set(policyID, "PolicyDocument", `{"Statement":[{"Sid":"KafkaGroup","Effect":"Allow","Action":["kafka-cluster:AlterGroup","kafka-cluster:DescribeGroup"],"Resource":"g2"}]}`)}, policyID, InPlace, false, "changes KafkaGroup: on g2, was on arn:"},
		"statement's resource": {nil, []func(*Template){set(policyID, "PolicyDocument", `{"Statement":[{"Sid":"KafkaGroup","Effect":"Allow","Action":["kafka-cluster:AlterGroup","kafka-cluster:DescribeGroup"],"Resource":"arn:aws:kafka:us-east-1:111122223333:group/demo/4f1e0ab2-7c64-4a3e-9d5e-2b9a6c1d8e70-2/v2"}]}`)}, policyID, InPlace, false, "changes KafkaGroup: on .../v2, was on .../orders-fn"},
		"statement comes":      {nil, []func(*Template){set(policyID, "PolicyDocument", `{"Statement":{"Sid":"Queue","Effect":"Allow","Action":"sqs:SendMessage","Resource":"q"}}`)}, policyID, InPlace, false, "adds Queue: allows sqs:SendMessage on q"},
		"statement goes":       {nil, []func(*Template){set(policyID, "PolicyDocument", `{"Statement":[]}`)}, policyID, InPlace, false, "takes away KafkaGroup"},
		"policy's name":        {nil, []func(*Template){set(policyID, "PolicyName", `"x"`)}, policyID, InPlace, false, "PolicyName msklambda-orders-orders-fn-5c4bb4bc -> x"},
		"code":                 {nil, []func(*Template){set(functionID, "Code", `{"S3Key":"x"}`)}, functionID, InPlace, false, "batches in flight finish on the old"},
		"another type":         {nil, []func(*Template){func(t *Template) { t.Resources[ruleID].Type = typeEgress }}, ruleID, Refused, false, "another type"},
		"what is not known of": {nil, []func(*Template){func(t *Template) { t.Resources["X"] = &Resource{LogicalID: "X", Type: "AWS::X::Y"} }}, "X", New, false, "X Y"},
		"what is not known of, 2": {[]func(*Template){func(t *Template) { t.Resources["X"] = &Resource{LogicalID: "X", Type: "AWS::X::Y"} }}, []func(*Template){func(t *Template) {
			t.Resources["X"] = &Resource{LogicalID: "X", Type: "AWS::X::Y", Properties: map[string]any{"A": "b"}}
		}}, "X", InPlace, false, "cdk diff says"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			report := Compare(with(t, test.before...), with(t, test.after...))
			i := slices.IndexFunc(report.Lines, func(l Line) bool { return l.LogicalID == test.id })
			if i < 0 {
				t.Fatalf("lines = %+v, want one of %s", report.Lines, test.id)
			}
			l := report.Lines[i]
			if l.Verdict != test.verdict || l.CutsOff != test.cutsOff || !strings.Contains(l.Text+"\n"+strings.Join(l.Effects, "\n"), test.says) {
				t.Errorf("line = %+v, want %q, cuts off %v, and %q", l, test.verdict, test.cutsOff, test.says)
			}
		})
	}
}

func TestAStackComesAndGoes(t *testing.T) {
	if report := Compare(nil, golden(t)); report.Lines[0].Verdict != New || report.Before.Month != 0 || report.After.Month != 29.2 {
		t.Errorf("report = %+v, want all of it new", report)
	}
	report := Compare(golden(t), nil)
	if report.Stack != "Test" || report.Lines[0].Verdict != Removed || report.After.Month != 0 || report.Before.Month != 29.2 {
		t.Errorf("report = %+v, want all of it removed", report)
	}
	for _, l := range report.Lines {
		if l.Type == "AWS::Logs::LogGroup" && l.Verdict != Left {
			t.Errorf("log group is %s, want %s", l.Verdict, Left)
		}
	}
}

func TestPendingLookUpsAreNotAPlan(t *testing.T) {
	pending, err := ParseTemplate("Test", []byte(`{"Resources":{"X":{"Type":"AWS::CloudFormation::WaitConditionHandle"}},"Rules":{"LookUpsArePending":{"Assertions":[{"AssertDescription":"look-ups are pending for Test/Cluster"}]}}}`))
	if err != nil {
		t.Fatal(err)
	}
	for _, report := range []*Report{Describe(pending), Compare(golden(t), pending), Compare(pending, golden(t))} {
		if !strings.Contains(report.Pending, "look-ups are pending for Test/Cluster") || len(report.Lines) != 0 {
			t.Errorf("report = %+v, want that look-ups are pending and nothing else", report)
		}
	}
}

func TestWhatAStackCostsAtLeast(t *testing.T) {
	pollers := func(config string) func(*Template) { return set(mappingIDOfOrders, "ProvisionedPollerConfig", config) }
	second := func(t *Template) {
		r := *t.Resources[mappingIDOfOrders]
		r.LogicalID = "ClusterRefundsMapping1ee65d4300000000"
		t.Resources[r.LogicalID] = &r
	}
	for name, test := range map[string]struct {
		edits []func(*Template)
		want  Cost
	}{
		"endpoints":       {nil, Cost{EndpointSubnets: 4, PollerUnits: 0, Month: 29.2}},
		"one unit":        {[]func(*Template){remove(lambdaID, stsID), pollers(`{"MinimumPollers":1,"MaximumPollers":200}`)}, Cost{EndpointSubnets: 0, PollerUnits: 1, Month: 135.05}},
		"by the least":    {[]func(*Template){remove(lambdaID, stsID), pollers(`{"MinimumPollers":11}`)}, Cost{EndpointSubnets: 0, PollerUnits: 2, Month: 270.1}},
		"two":             {[]func(*Template){remove(lambdaID, stsID), pollers(`{"MinimumPollers":1}`), second}, Cost{EndpointSubnets: 0, PollerUnits: 2, Month: 270.1}},
		"two of a group":  {[]func(*Template){remove(lambdaID, stsID), pollers(`{"MinimumPollers":1,"PollerGroupName":"g"}`), second}, Cost{EndpointSubnets: 0, PollerUnits: 1, Month: 135.05}},
		"gateway":         {[]func(*Template){set(lambdaID, "VpcEndpointType", `"Gateway"`)}, Cost{EndpointSubnets: 2, PollerUnits: 0, Month: 14.6}},
		"pollers are off": {[]func(*Template){pollers(`{}`)}, Cost{EndpointSubnets: 4, PollerUnits: 0, Month: 29.2}},
	} {
		if got := Describe(with(t, test.edits...)).After; got != test.want {
			t.Errorf("%s: cost = %+v, want %+v", name, got, test.want)
		}
	}
}

// table is one of a consumer's, as the construct makes it.
func table(t *Template) {
	t.Resources["ClusterOrdersIdempotencyTable1D6C4BB1"] = &Resource{LogicalID: "ClusterOrdersIdempotencyTable1D6C4BB1", Type: typeTable,
		DeletionPolicy: "RetainExceptOnCreate", UpdateReplacePolicy: "Retain", Metadata: map[string]any{"aws:cdk:path": "Test/Cluster/Orders/IdempotencyTable/Resource"},
		Properties: map[string]any{"BillingMode": "PAY_PER_REQUEST", "KeySchema": []any{map[string]any{"AttributeName": "id", "KeyType": "HASH"}},
			"TimeToLiveSpecification": map[string]any{"AttributeName": "expires", "Enabled": true}}}
}

func TestATableIsToldOf(t *testing.T) {
	const id = "ClusterOrdersIdempotencyTable1D6C4BB1"
	deleted := func(t *Template) { t.Resources[id].DeletionPolicy = "Delete" }
	for name, test := range map[string]struct {
		report *Report
		want   string
	}{
		"described": {Describe(with(t, table)), "Cluster/Orders/IdempotencyTable: defines a DynamoDB table, billed by use, that forgets by expires; it stays when it leaves the template"},
		"new":       {Compare(golden(t), with(t, table)), "new       Cluster/Orders/IdempotencyTable: a DynamoDB table, billed by use"},
		"its cost":  {Describe(with(t, table)), "what is billed by use comes on top, such as 1 table at $0.625 a million writes, $0.125 a million reads and $0.25 a GB a month"},
		"replaced": {Compare(with(t, table), with(t, table, set(id, "KeySchema", `[{"AttributeName":"key","KeyType":"HASH"}]`))),
			"the new one is empty: what the old one knows to be done is made again if its record comes again"},
		"left":    {Compare(with(t, table), golden(t)), "left      Cluster/Orders/IdempotencyTable"},
		"deleted": {Compare(with(t, table, deleted), golden(t)), "removed   Cluster/Orders/IdempotencyTable: a DynamoDB table, billed by use, that forgets by expires\n      - what it knows to be done is made again"},
	} {
		var out strings.Builder
		if err := Write(&out, Text, []*Report{test.report}); err != nil {
			t.Fatal(err)
		}
		if !strings.Contains(out.String(), test.want) {
			t.Errorf("%s: %s, want %q", name, out.String(), test.want)
		}
	}
}

func TestThePageHasThesePrices(t *testing.T) {
	text, err := os.ReadFile("../../docs/resources.md")
	if err != nil {
		t.Fatal(err)
	}
	table, _, _ := strings.Cut(string(text), "\n## ")
	for _, want := range []string{
		"| a month, " + Prices.Region + " |",
		fmt.Sprintf("`Cluster/LambdaEndpoint` | $%.2f for each subnet", Prices.EndpointMonth()),
		fmt.Sprintf("`Cluster/STSEndpoint` | $%.2f for each subnet", Prices.EndpointMonth()),
		fmt.Sprintf("provisioned ones $%.3f an hour", Prices.PollerUnit),
		"[List prices](prices.md), " + Prices.Date,
		fmt.Sprintf("$%.3f a million writes, $%.3f a million reads, $%.2f a GB kept", Prices.TableWrites, Prices.TableReads, Prices.TableGB),
		fmt.Sprintf("$%.2f for each GB logged", Prices.LogsGB),
		fmt.Sprintf("$%.2f a million invocations, $%.7f a GB-second (arm64)", Prices.Requests, Prices.GBSecond),
		fmt.Sprintf("for each subnet, and $%.2f a GB", Prices.EndpointGB),
		fmt.Sprintf("an endpoint in one zone being $%.2f and a month %.0f hours", Prices.Endpoint, Prices.Hours),
	} {
		if !strings.Contains(table, want) {
			t.Errorf("docs/resources.md lacks %q among its prices", want)
		}
	}
}
