package assembly

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"msklambda/constructs/problem"
)

// program builds a function for an architecture into an asset.
func program(t *testing.T, dir, hash, goarch string) {
	t.Helper()
	source := t.TempDir()
	for name, text := range map[string]string{"go.mod": "module example.com/theirs\n\ngo 1.26\n", "orders/main.go": "package main\n\nfunc main() {}\n"} {
		path := filepath.Join(source, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	cmd := exec.CommandContext(t.Context(), "go", "build", "-trimpath", "-buildvcs=false", "-ldflags=-s -w", "-o", filepath.Join(dir, "asset."+hash, "bootstrap"), "./orders")
	cmd.Dir = source
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0", "GOOS="+runtime.GOOS, "GOARCH="+goarch)
	if text, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, text)
	}
}

type object = map[string]any

func write(t *testing.T, path string, v any) {
	t.Helper()
	text, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, text, 0o644); err != nil {
		t.Fatal(err)
	}
}

// assembly writes a cdk.out of stacks.
func assembly(t *testing.T, dir string, stacks map[string]object) {
	t.Helper()
	artifacts := object{}
	for name, resources := range stacks {
		artifacts[name] = object{"type": "aws:cloudformation:stack", "properties": object{"templateFile": name + ".template.json"}}
		template := object{"Resources": resources, "Parameters": object{"Topic": object{"Type": "String", "Default": "refunds"}}}
		write(t, filepath.Join(dir, name+".template.json"), template)
	}
	write(t, filepath.Join(dir, "manifest.json"), object{"version": "54.0.0", "artifacts": artifacts})
}

func function(hash string, edit ...func(properties object)) object {
	p := object{"Runtime": "provided.al2023", "Code": object{"S3Bucket": "b", "S3Key": hash + ".zip"}, "MemorySize": 512.0, "Timeout": 30.0}
	for _, e := range edit {
		e(p)
	}
	return object{"Type": "AWS::Lambda::Function", "Properties": p}
}

func eventSource(path string, edit ...func(properties object)) object {
	p := object{
		"Topics": []any{"orders"}, "FunctionName": object{"Ref": "Function"}, "StartingPosition": "TRIM_HORIZON",
		"AmazonManagedKafkaEventSourceConfig": object{"ConsumerGroupId": "orders-fn"},
	}
	for _, e := range edit {
		e(p)
	}
	return object{"Type": "AWS::Lambda::EventSourceMapping", "Properties": p, "Metadata": object{"aws:cdk:path": path}}
}

func read(dir string, edit ...func(*Options)) (*App, error) {
	o := Options{
		Find: func(string) string { return "" },
		Runs: func(goos, goarch string) bool { return goos == runtime.GOOS && goarch == runtime.GOARCH },
	}
	for _, e := range edit {
		e(&o)
	}
	return Read(dir, o)
}

const everything = `{
	"Topics": ["orders"], "FunctionName": {"Ref": "Function"}, "BatchSize": 50, "MaximumBatchingWindowInSeconds": 0,
	"StartingPosition": "AT_TIMESTAMP", "StartingPositionTimestamp": 1700000000, "Enabled": true,
	"AmazonManagedKafkaEventSourceConfig": {"ConsumerGroupId": "orders-fn", "SchemaRegistryConfig": {}},
	"ProvisionedPollerConfig": {"MinimumPollers": 2, "MaximumPollers": 9}, "MaximumRetryAttempts": 3, "MaximumRecordAgeInSeconds": 3600,
	"BisectBatchOnFunctionError": true, "FunctionResponseTypes": ["ReportBatchItemFailures"],
	"FilterCriteria": {"Filters": [{"Pattern": "{\"value\":{\"state\":[\"paid\"]}}"}]},
	"DestinationConfig": {"OnFailure": {"Destination": "kafka://dead"}}}`

// Every setting of a mapping and of its function is taken over.
func TestEverySettingIsTakenOver(t *testing.T) {
	dir := t.TempDir()
	program(t, dir, "abc", runtime.GOARCH)
	var p object
	if err := json.Unmarshal([]byte(everything), &p); err != nil {
		t.Fatal(err)
	}
	assembly(t, dir, map[string]object{"Stack": {
		"Function": function("abc", func(p object) {
			p["Environment"] = object{"Variables": object{
				"LEVEL": "debug", "REGION": object{"Fn::Join": []any{"", []any{"in ", object{"Ref": "AWS::Region"}}}},
				"TABLE": object{"Ref": "Table"}, "QUEUE": object{"Ref": "Queue"},
				"BROKERS": "b-1.prod:9098", "MSKLAMBDA_REPORT_BATCH_ITEM_FAILURES": "true",
			}}
		}),
		"Mapping": object{"Type": "AWS::Lambda::EventSourceMapping", "Properties": p, "Metadata": object{"aws:cdk:path": "Stack/Cluster/Orders/Mapping0123abcd/Resource"}},
	}})
	app, err := read(dir, func(o *Options) { o.Env = []string{"QUEUE=mine"} })
	if err != nil {
		t.Fatal(err)
	}
	m := app.Mappings[0]
	notes := m.Notes
	m.Notes = nil
	got := fmt.Sprintf("%+v", *m)
	want := "{Name:Orders Entry: Bundle:" + filepath.Join(dir, "asset.abc") + " Topic:orders Group:orders-fn Partitions:4 From:AT_TIMESTAMP Since:2023-11-14 22:13:20 +0000 UTC Pollers:2 BatchSize:50 Window:0s " +
		"ReportBatchItemFailures:true BisectOnError:true RetryAttempts:3 MaxRecordAge:1h0m0s OnFailure:kafka://dead " +
		`Filters:[{"value":{"state":["paid"]}}] Timeout:30s Memory:512 Env:[QUEUE=mine LEVEL=debug REGION=in us-east-1] Notes:[]}`
	if got != want {
		t.Errorf("mapping = %s\nwant %s", got, want)
	}
	for i, want := range []string{"schema registry is not asked", "BROKERS is that of the local brokers", "TABLE is not known before a deploy and is not set: -env TABLE=... sets it"} {
		if i >= len(notes) || !strings.Contains(notes[i], want) {
			t.Errorf("notes = %q, want %q", notes, want)
		}
	}
	var ps problem.List
	if m.Check(&ps); len(ps) > 0 {
		t.Errorf("problems = %v, want none", ps)
	}
}

func TestWhatAMappingNames(t *testing.T) {
	dir := t.TempDir()
	program(t, dir, "abc", runtime.GOARCH)
	assembly(t, dir, map[string]object{
		"A": {
			"Function": function("abc", func(p object) { delete(p, "MemorySize"); delete(p, "Timeout") }),
			"Alias":    object{"Type": "AWS::Lambda::Alias", "Properties": object{"FunctionName": object{"Ref": "Function"}, "Name": "live"}},
			"M1":       eventSource("A/Cluster/Aliased/Mapping0123abcd/Resource", func(p object) { p["FunctionName"] = object{"Ref": "Alias"} }),
			"M2":       eventSource("A/Cluster/Paused/Mapping0123abcd/Resource", func(p object) { p["Enabled"] = false }),
			"M3": eventSource("A/Cluster/Parameter/Mapping0123abcd/Resource", func(p object) {
				p["Topics"] = []any{object{"Ref": "Topic"}}
				p["DestinationConfig"] = object{"OnFailure": object{"Destination": object{"Fn::GetAtt": []any{"Queue", "Arn"}}}}
				p["ProvisionedPollerConfig"] = object{}
				delete(p, "AmazonManagedKafkaEventSourceConfig")
			}),
			"Stream": object{"Type": "AWS::Lambda::EventSourceMapping", "Properties": object{"EventSourceArn": "arn:aws:kinesis:..."}},
		},
		"B": {
			"M": eventSource("B/Orders/Mapping0123abcd/Resource", func(p object) {
				p["FunctionName"] = object{"Fn::ImportValue": "A:ExportsOutputFnGetAttFunctionArn"}
			}),
		},
	})
	app, err := read(dir)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, m := range app.Mappings {
		got = append(got, fmt.Sprintf("%s %s %s %d %v %d %s", m.Name, m.Topic, m.Group, m.Memory, m.Timeout, m.Pollers, m.OnFailure))
	}
	want := []string{
		"Aliased orders orders-fn 128 3s 0 ", // Lambda's defaults
		"Parameter refunds M3 128 3s 0 " + DestinationFile,
		"Orders orders orders-fn 128 3s 0 ",
	}
	if strings.Join(got, "\n") != strings.Join(want, "\n") {
		t.Errorf("mappings =\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
	if len(app.Skipped) != 1 || app.Skipped[0] != "Paused is disabled" {
		t.Errorf("skipped = %q, want the one that is disabled", app.Skipped)
	}
	if app, err = read(dir, func(o *Options) { o.Only = []string{"Orders"} }); err != nil || len(app.Mappings) != 1 {
		t.Errorf("only one = %v, %v, want one", app, err)
	}
}

// The source is what runs, where it is here; else the bundle, if it can.
func TestWhichCodeRuns(t *testing.T) {
	other := map[string]string{"arm64": "amd64"}[runtime.GOARCH]
	if other == "" {
		other = "arm64"
	}
	for name, tt := range map[string]struct {
		goarch  string
		edit    func(*Options)
		code    func(object)
		want    string
		wantErr string
	}{
		"its source is here": {goarch: other, edit: func(o *Options) {
			o.Find = func(path string) string { return "found " + path }
		}, want: "found example.com/theirs/orders"},
		"its bundle runs here": {goarch: runtime.GOARCH, want: "bundle"},
		"neither":              {goarch: other, wantErr: "its source, package example.com/theirs/orders, is not below here, and its bundle is for " + runtime.GOOS + "/" + other + ": give -source Orders=directory"},
		"its source is given":  {goarch: other, edit: func(o *Options) { o.Sources = map[string]string{"Orders": "orders"} }, want: "orders"},
		"another runtime":      {goarch: other, code: func(p object) { p["Runtime"] = "nodejs24.x" }, wantErr: `its function is for the runtime "nodejs24.x"`},
		"no bundling":          {goarch: other, code: func(p object) { p["Code"].(object)["S3Key"] = "def.zip" }, wantErr: "its asset asset.def has no bootstrap, as after a synth without bundling"},
		"code from elsewhere":  {goarch: other, code: func(p object) { p["Code"] = object{"S3Bucket": "b", "S3Key": "k"} }, wantErr: "its code cannot be found: it is no asset of the app: give -source"},
		"a name that is wrong": {goarch: runtime.GOARCH, edit: func(o *Options) { o.Only = []string{"Order"} }, wantErr: `-only must name consumers of -app, one of Orders, got "Order"`},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			program(t, dir, "abc", tt.goarch)
			assembly(t, dir, map[string]object{"Stack": {
				"Function": function("abc", func(p object) {
					if tt.code != nil {
						tt.code(p)
					}
				}),
				"Mapping": eventSource("Stack/Cluster/Orders/Mapping0123abcd/Resource"),
			}})
			edit := tt.edit
			if edit == nil {
				edit = func(*Options) {}
			}
			app, err := read(dir, edit)
			if tt.wantErr != "" {
				if err == nil || !strings.Contains(err.Error(), tt.wantErr) || strings.Contains(err.Error(), "\n") {
					t.Errorf("error = %v, want one line with %s", err, tt.wantErr)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			got := app.Mappings[0].Entry
			if app.Mappings[0].Bundle == filepath.Join(dir, "asset.abc") {
				got = "bundle"
			}
			if got != tt.want {
				t.Errorf("code = %s, want %s", got, tt.want)
			}
		})
	}
}

func TestWhatIsNoApp(t *testing.T) {
	empty, none := t.TempDir(), t.TempDir()
	assembly(t, none, map[string]object{"Stack": {"Queue": object{"Type": "AWS::SQS::Queue"}}})
	pending := t.TempDir()
	assembly(t, pending, map[string]object{"Stack": {"Queue": object{"Type": "AWS::SQS::Queue"}}})
	write(t, filepath.Join(pending, "Stack.template.json"), object{"Resources": object{}, "Rules": object{"LookUpsArePending": object{"Assertions": []any{}}}})
	for dir, want := range map[string]string{
		"nowhere": "-app must be a cdk.out that cdk synth has written, or a template: stat nowhere",
		empty:     "has no manifest.json, so it is not what cdk synth writes",
		none:      "has no mapping of a Kafka topic to run",
		pending:   "the look-ups of stack Stack have no answers yet: run cdk synth with an account once",
	} {
		if _, err := read(dir); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s = %v, want %s", dir, err, want)
		}
	}
}
