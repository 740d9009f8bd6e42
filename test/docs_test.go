package test

import (
	"maps"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awslambda"
	"github.com/aws/aws-cdk-go/awscdk/v2/awss3"
	"github.com/aws/jsii-runtime-go"

	"msklambda/constructs/mskapp"
	"msklambda/constructs/msklambda"
)

var quoted = regexp.MustCompile("`([^`]+)`")

// propertyTables reads docs/properties.md: the names in each cell of each row,
// by the heading above the row.
func propertyTables(t *testing.T) map[string][][][]string {
	t.Helper()
	text, err := os.ReadFile("../docs/properties.md")
	if err != nil {
		t.Fatal(err)
	}
	out := map[string][][][]string{}
	heading := ""
	for line := range strings.Lines(string(text)) {
		if title, ok := strings.CutPrefix(line, "## "); ok {
			heading = strings.TrimSpace(title)
		}
		if !strings.HasPrefix(line, "| `") {
			continue
		}
		var row [][]string
		for _, cell := range strings.Split(strings.Trim(strings.TrimSpace(line), "|"), "|") {
			var names []string
			for _, m := range quoted.FindAllStringSubmatch(cell, -1) {
				names = append(names, m[1])
			}
			row = append(row, names)
		}
		out[heading] = append(out[heading], row)
	}
	return out
}

// nested are the properties that MSK has inside others.
var nested = map[string]reflect.Type{
	"":                                    reflect.TypeFor[awslambda.CfnEventSourceMappingProps](),
	"AmazonManagedKafkaEventSourceConfig": reflect.TypeFor[awslambda.CfnEventSourceMapping_AmazonManagedKafkaEventSourceConfigProperty](),
	"AmazonManagedKafkaEventSourceConfig.SchemaRegistryConfig":                         reflect.TypeFor[awslambda.CfnEventSourceMapping_SchemaRegistryConfigProperty](),
	"AmazonManagedKafkaEventSourceConfig.SchemaRegistryConfig.AccessConfigs":           reflect.TypeFor[awslambda.CfnEventSourceMapping_SchemaRegistryAccessConfigProperty](),
	"AmazonManagedKafkaEventSourceConfig.SchemaRegistryConfig.SchemaValidationConfigs": reflect.TypeFor[awslambda.CfnEventSourceMapping_SchemaValidationConfigProperty](),
	"DestinationConfig":           reflect.TypeFor[awslambda.CfnEventSourceMapping_DestinationConfigProperty](),
	"DestinationConfig.OnFailure": reflect.TypeFor[awslambda.CfnEventSourceMapping_OnFailureProperty](),
	"FilterCriteria":              reflect.TypeFor[awslambda.CfnEventSourceMapping_FilterCriteriaProperty](),
	"FilterCriteria.Filters":      reflect.TypeFor[awslambda.CfnEventSourceMapping_FilterProperty](),
	"LoggingConfig":               reflect.TypeFor[awslambda.CfnEventSourceMapping_LoggingConfigProperty](),
	"MetricsConfig":               reflect.TypeFor[awslambda.CfnEventSourceMapping_MetricsConfigProperty](),
	"ProvisionedPollerConfig":     reflect.TypeFor[awslambda.CfnEventSourceMapping_ProvisionedPollerConfigProperty](),
	"SourceAccessConfigurations":  reflect.TypeFor[awslambda.CfnEventSourceMapping_SourceAccessConfigurationProperty](),
}

func TestTheTableHasEveryPropertyOnce(t *testing.T) {
	tables := propertyTables(t)
	rows := map[string]int{}
	for _, table := range tables {
		for _, row := range table {
			if len(row[0]) != 1 {
				t.Fatalf("first cell = %q, want one property", row[0])
			}
			rows[strings.ToLower(row[0][0])]++ // CDK writes Uri for CloudFormation's URI
		}
	}
	want := map[string]bool{}
	for parent, typ := range nested {
		for field := range fieldsOf(typ) {
			name := strings.TrimPrefix(parent+"."+field, ".")
			want[strings.ToLower(name)] = true
			if got := rows[strings.ToLower(name)]; got != 1 {
				t.Errorf("docs/properties.md has %s %d times, want once", name, got)
			}
		}
	}
	for name := range rows {
		if !want[name] {
			t.Errorf("docs/properties.md has %s, which CDK has not", name)
		}
	}
	for heading, n := range map[string]int{"For MSK": 4, "Not for MSK": 2} {
		for _, row := range tables[heading] {
			if len(row) != n {
				t.Errorf("%s: row of %s has %d cells, want %d", heading, row[0], len(row), n)
			}
		}
	}
}

func fieldsOf(typ reflect.Type) map[string]reflect.Type {
	out := map[string]reflect.Type{}
	for i := range typ.NumField() {
		out[typ.Field(i).Name] = typ.Field(i).Type
	}
	return out
}

// hasField follows a path such as Pollers.Minimum.
func hasField(typ reflect.Type, path string) bool {
	for _, name := range strings.Split(path, ".") {
		for typ.Kind() == reflect.Pointer || typ.Kind() == reflect.Slice {
			typ = typ.Elem()
		}
		if typ.Kind() != reflect.Struct {
			return false
		}
		field, ok := typ.FieldByName(name)
		if !ok {
			return false
		}
		typ = field.Type
	}
	return true
}

func TestTheTableNamesPropsKeysAndTestsThatAreThere(t *testing.T) {
	tests := map[string]bool{}
	files, err := filepath.Glob("*_test.go")
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range regexp.MustCompile(`(?m)^func (Test\w+)\(t \*testing\.T\)`).FindAllStringSubmatch(string(text), -1) {
			tests[m[1]] = true
		}
	}
	rows := propertyTables(t)["For MSK"]
	if len(rows) == 0 {
		t.Fatal("docs/properties.md has no table for MSK")
	}
	for _, row := range rows {
		property := row[0][0]
		for i, what := range []string{"", "prop", "context key", "test"} {
			if i > 0 && len(row[i]) == 0 {
				t.Errorf("%s has no %s", property, what)
			}
		}
		for _, prop := range row[1] {
			typ, path := reflect.TypeFor[msklambda.ConsumerProps](), prop
			if of, ok := strings.CutPrefix(prop, "ClusterProps."); ok {
				typ, path = reflect.TypeFor[msklambda.ClusterProps](), of
			}
			if !hasField(typ, path) {
				t.Errorf("%s: prop %s is not there", property, prop)
			}
		}
		for _, key := range row[2] {
			if !slices.Contains(mskapp.Keys(), key) {
				t.Errorf("%s: context key %s is not there", property, key)
			}
		}
		for _, test := range row[3] {
			if !tests[test] {
				t.Errorf("%s: test %s is not there", property, test)
			}
		}
	}
}

// leaves lists the values of a resource's properties by path. What is in a list
// has the path of the list.
func leaves(path string, v any, out map[string][]any) {
	out[path] = append(out[path], v)
	switch v := v.(type) {
	case map[string]any:
		for key, element := range v {
			leaves(strings.TrimPrefix(path+"."+key, "."), element, out)
		}
	case []any:
		for _, element := range v {
			if object, ok := element.(map[string]any); ok {
				for key, value := range object {
					leaves(path+"."+key, value, out)
				}
			}
		}
	}
}

// TestEveryPropertyHasTheValueOfItsProp sets everything at once, and wants each
// property of the table in the mapping, with the value of its prop.
func TestEveryPropertyHasTheValueOfItsProp(t *testing.T) {
	tpl := synth(t, func(stack awscdk.Stack) {
		secret := aSecret(stack)
		msklambda.ImportCluster(stack, "Cluster", clusterProps()).AddConsumer("Orders", &msklambda.ConsumerProps{
			Topic: "orders", GroupID: "orders-fn", Entry: entry, BatchSize: 7, BatchWindow: new(2 * time.Second),
			StartingPosition: atTimestamp, StartingPositionTimestamp: time.Unix(1767323045, 0), Disabled: true,
			Authentication: msklambda.Authentication{Method: msklambda.AuthenticationSCRAM, Secret: secret},
			Pollers:        &msklambda.Pollers{Minimum: 3, Maximum: 4, Group: "shared"},
			RetryAttempts:  new(5), MaxRecordAge: time.Hour, BisectOnError: true, ReportBatchItemFailures: true,
			OnFailure: msklambda.Destination{Queue: aQueue(stack, "failed")},
			Filters:   []string{`{"value":["a"]}`}, FilterKey: aKey(stack),
			SchemaRegistry: &msklambda.SchemaRegistry{URI: "https://registry.example.com", Format: msklambda.RegistryFormatSource, ValidateKey: true, ValidateValue: true,
				Access: []msklambda.RegistryAccess{{Type: msklambda.RegistryBasicAuth, Secret: secret}}},
			Metrics:        []awslambda.MetricType{awslambda.MetricType_EVENT_COUNT, awslambda.MetricType_KAFKA_METRICS},
			PollerLogLevel: awslambda.EventSourceMappingLogLevel_DEBUG,
			Tags:           map[string]string{"team": "a"},
		})
	})
	const managed = "AmazonManagedKafkaEventSourceConfig"
	const registry = managed + ".SchemaRegistryConfig"
	access := map[string]any{"Type": "BASIC_AUTH", "URI": secretARN}
	validation := []any{map[string]any{"Attribute": "KEY"}, map[string]any{"Attribute": "VALUE"}}
	schema := map[string]any{"SchemaRegistryURI": "https://registry.example.com", "EventRecordFormat": "SOURCE", "AccessConfigs": []any{access}, "SchemaValidationConfigs": validation}
	scram := map[string]any{"Type": "SASL_SCRAM_512_AUTH", "URI": secretARN}
	filter := map[string]any{"Pattern": `{"value":["a"]}`}
	failed := map[string]any{"Destination": failedQueue}
	want := map[string][]any{
		managed:                         {map[string]any{"ConsumerGroupId": "orders-fn", "SchemaRegistryConfig": schema}},
		managed + ".ConsumerGroupId":    {"orders-fn"},
		registry:                        {schema},
		registry + ".SchemaRegistryURI": {"https://registry.example.com"}, registry + ".EventRecordFormat": {"SOURCE"},
		registry + ".SchemaValidationConfigs": {validation}, registry + ".SchemaValidationConfigs.Attribute": {"KEY", "VALUE"},
		registry + ".AccessConfigs": {[]any{access}}, registry + ".AccessConfigs.Type": {"BASIC_AUTH"}, registry + ".AccessConfigs.URI": {secretARN},
		"BatchSize": {7}, "BisectBatchOnFunctionError": {true}, "Enabled": {false}, "EventSourceArn": {arn},
		"DestinationConfig": {map[string]any{"OnFailure": failed}}, "DestinationConfig.OnFailure": {failed}, "DestinationConfig.OnFailure.Destination": {failedQueue},
		"FilterCriteria": {map[string]any{"Filters": []any{filter}}}, "FilterCriteria.Filters": {[]any{filter}}, "FilterCriteria.Filters.Pattern": {filter["Pattern"]},
		"FunctionName": {map[string]any{"Ref": tpl.at("Cluster/Orders/Function").ID}}, "FunctionResponseTypes": {[]any{"ReportBatchItemFailures"}},
		"KmsKeyArn": {keyARN}, "LoggingConfig": {map[string]any{"SystemLogLevel": "DEBUG"}}, "LoggingConfig.SystemLogLevel": {"DEBUG"},
		"MaximumBatchingWindowInSeconds": {2}, "MaximumRecordAgeInSeconds": {3600}, "MaximumRetryAttempts": {5},
		"MetricsConfig": {map[string]any{"Metrics": []any{"EventCount", "KafkaMetrics"}}}, "MetricsConfig.Metrics": {[]any{"EventCount", "KafkaMetrics"}},
		"ProvisionedPollerConfig":                {map[string]any{"MinimumPollers": 3, "MaximumPollers": 4, "PollerGroupName": "shared"}},
		"ProvisionedPollerConfig.MinimumPollers": {3}, "ProvisionedPollerConfig.MaximumPollers": {4}, "ProvisionedPollerConfig.PollerGroupName": {"shared"},
		"SourceAccessConfigurations": {[]any{scram}}, "SourceAccessConfigurations.Type": {"SASL_SCRAM_512_AUTH"}, "SourceAccessConfigurations.URI": {secretARN},
		"StartingPosition": {"AT_TIMESTAMP"}, "StartingPositionTimestamp": {1767323045}, "Tags": {[]any{map[string]any{"Key": "team", "Value": "a"}}}, "Topics": {[]any{"orders"}},
	}
	got := map[string][]any{}
	leaves("", tpl.at("Cluster/Orders/Mapping").Properties, got)
	for _, row := range propertyTables(t)["For MSK"] {
		property := row[0][0]
		if want[property] == nil {
			t.Errorf("no value is wanted for %s", property)
		}
		if !same(got[property], want[property]) {
			t.Errorf("%s = %s, want %s", property, asJSON(got[property]), asJSON(want[property]))
		}
	}
	listed := map[string]bool{}
	for _, row := range propertyTables(t)["For MSK"] {
		listed[row[0][0]] = true
	}
	for _, property := range slices.Sorted(maps.Keys(want)) {
		if !listed[property] {
			t.Errorf("docs/properties.md lacks %s", property)
		}
	}
}

func TestEveryDestinationIsNamedAsTheServiceTakesIt(t *testing.T) {
	long(t)
	for want, destination := range map[string]func(awscdk.Stack) msklambda.Destination{
		failedQueue: func(s awscdk.Stack) msklambda.Destination { return msklambda.Destination{Queue: aQueue(s, "failed")} },
		failedSNS:   func(s awscdk.Stack) msklambda.Destination { return msklambda.Destination{Topic: aTopic(s, "failed")} },
		failedBucket: func(s awscdk.Stack) msklambda.Destination {
			return msklambda.Destination{Bucket: awss3.Bucket_FromBucketArn(s, jsii.String("Bucket"), jsii.String(failedBucket))}
		},
		"kafka://orders-failed": func(awscdk.Stack) msklambda.Destination {
			return msklambda.Destination{KafkaTopic: "orders-failed"}
		},
	} {
		tpl := synth(t, func(stack awscdk.Stack) {
			msklambda.ImportCluster(stack, "Cluster", clusterProps()).AddConsumer("Orders", consumerProps(provisionedPollers, func(p *msklambda.ConsumerProps) {
				p.OnFailure, p.RetryAttempts = destination(stack), nil
			}))
		})
		got := tpl.at("Cluster/Orders/Mapping").Properties["DestinationConfig"]
		if want := map[string]any{"OnFailure": map[string]any{"Destination": want}}; !same(got, want) {
			t.Errorf("DestinationConfig = %s, want %s", asJSON(got), asJSON(want))
		}
	}
}

func TestEveryAuthenticationIsNamedAsTheServiceTakesIt(t *testing.T) {
	long(t)
	for name, want := range map[string]any{
		"iam": nil, "tls": nil, "plaintext": nil,
		"scram": []any{map[string]any{"Type": "SASL_SCRAM_512_AUTH", "URI": secretARN}},
		"mtls":  []any{map[string]any{"Type": "CLIENT_CERTIFICATE_TLS_AUTH", "URI": secretARN}},
	} {
		tpl := synth(t, func(stack awscdk.Stack) {
			msklambda.ImportCluster(stack, "Cluster", clusterProps()).AddConsumer("Orders", consumerProps(flowConsumers[name].edit(stack)))
		})
		if got := tpl.at("Cluster/Orders/Mapping").Properties["SourceAccessConfigurations"]; !same(got, want) {
			t.Errorf("%s: SourceAccessConfigurations = %s, want %s", name, asJSON(got), asJSON(want))
		}
	}
}

func TestAConnectionIsTheSource(t *testing.T) {
	tpl := synth(t, func(stack awscdk.Stack) {
		cluster := clusterProps(connectedProps)
		msklambda.ImportCluster(stack, "Cluster", cluster).AddConsumer("Orders", consumerProps())
	})
	if got := tpl.at("Cluster/Orders/Mapping").Properties["EventSourceArn"]; got != connectionARN {
		t.Errorf("EventSourceArn = %v, want %s", got, connectionARN)
	}
}
