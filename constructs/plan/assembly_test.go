package plan

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// files writes an assembly.
func files(t *testing.T, texts map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	for name, text := range texts {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

const (
	manifest = `{"artifacts":{
		"Orders":{"type":"aws:cloudformation:stack","properties":{"templateFile":"Orders.template.json"},"additionalMetadataFile":"Orders.metadata.json"},
		"Plain":{"type":"aws:cloudformation:stack","properties":{"templateFile":"Plain.template.json"},
			"metadata":{"/Plain/Cluster":[{"type":"aws:cdk:warning","data":"mind"},{"type":"aws:cdk:logicalId","data":"x"},{"type":"odd","data":[1]}]}},
		"Prod":{"type":"cdk:cloud-assembly","properties":{"directoryName":"assembly-Prod"}},
		"Tree":{"type":"cdk:tree","properties":{"file":"tree.json"}}}}`
	inner = `{"artifacts":{"ProdOrders":{"type":"aws:cloudformation:stack","properties":{"templateFile":"ProdOrders.template.json"}}}}`
	said  = `{"/Orders/Cluster/Orders":[{"type":"msklambda:reason","data":"one\ntwo"},{"type":"msklambda:known","data":"looked up"}]}`
	empty = `{"Resources":{"X":{"Type":"AWS::SNS::Topic"}}}`
)

func assembly(t *testing.T, edits ...func(*Template)) string {
	t.Helper()
	text, err := json.Marshal(with(t, edits...))
	if err != nil {
		t.Fatal(err)
	}
	ours := string(text)
	return files(t, map[string]string{"manifest.json": manifest, "Orders.template.json": ours, "Orders.metadata.json": said, "Plain.template.json": empty,
		"assembly-Prod/manifest.json": inner, "assembly-Prod/ProdOrders.template.json": ours, "OrdersInner12345678.nested.template.json": ours})
}

func TestAnAssemblyIsReadWithStagesAndNestedStacks(t *testing.T) {
	all, err := Load(assembly(t))
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, template := range all {
		names = append(names, template.Stack)
	}
	if got, want := strings.Join(names, " "), "Orders OrdersInner12345678.nested Plain ProdOrders"; got != want {
		t.Errorf("stacks = %s, want %s", got, want)
	}
	reports := DescribeAll(all)
	if len(reports) != 3 {
		t.Fatalf("%d reports, want none of a stack without consumers", len(reports))
	}
	if got, want := strings.Join(reports[0].Why, "; "), "Cluster/Orders: one; Cluster/Orders: two"; got != want {
		t.Errorf("why = %q, want %q", got, want)
	}
	if got := reports[0].Known; len(got) != 1 || got[0] != "Cluster/Orders: looked up" {
		t.Errorf("known = %q", got)
	}
	if got := all[2].Warnings["Cluster"]; len(got) != 1 || got[0] != "mind" {
		t.Errorf("warnings = %q, want that of the manifest", got)
	}
}

func TestStacksAreComparedByName(t *testing.T) {
	before, err := Load(assembly(t))
	if err != nil {
		t.Fatal(err)
	}
	after, err := Load(assembly(t, set(mappingIDOfOrders, "BatchSize", "7")))
	if err != nil {
		t.Fatal(err)
	}
	for _, report := range compareAll(t, before, after[1:]) {
		want := InPlace
		if report.Stack == "Orders" {
			want = Removed
		}
		if len(report.Lines) == 0 || report.Lines[0].Verdict != want {
			t.Errorf("%s: %+v, want it %s", report.Stack, report.Lines, want)
		}
	}
	// What was decided before is no news.
	if got := Compare(before[0], before[0]); len(got.Why) != 0 || len(got.Known) != 1 {
		t.Errorf("why = %q, known = %q, want only how it is known", got.Why, got.Known)
	}
}

func TestATemplateByItselfIsComparedWithTheStackThatItCanBe(t *testing.T) {
	all, err := Load(assembly(t, set(mappingIDOfOrders, "BatchSize", "7")))
	if err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		name string
		with []*Template
		want string
	}{{"ProdOrders", all, ""}, {"saved", all[:1], ""}, {"saved", []*Template{all[0], all[2]}, ""}, {"saved", all, "there are 3 stacks to compare it with"}} {
		saved := golden(t)
		saved.Stack, saved.Alone = test.name, true
		reports, err := CompareAll([]*Template{saved}, test.with)
		if test.want != "" {
			if err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("CompareAll = %v, want %q", err, test.want)
			}
			continue
		}
		if err != nil || len(reports) != 1 || len(reports[0].Lines) != 1 || reports[0].Lines[0].Effects[0] != "BatchSize 100 -> 7" {
			t.Errorf("%s: %+v, %v, want one comparison", test.name, reports, err)
		}
		if reports, err := CompareAll(test.with, []*Template{saved}); err != nil || reports[0].Lines[0].Effects[0] != "BatchSize 7 -> 100" {
			t.Errorf("%s, after: %+v, %v, want one comparison", test.name, reports, err)
		}
	}
}

func TestWhatCannotBeReadIsSaid(t *testing.T) {
	for name, test := range map[string]struct {
		files map[string]string
		path  string
		want  string
	}{
		"no assembly":         {map[string]string{"x": ""}, ".", "so it is not what cdk synth writes"},
		"not there":           {nil, "nowhere", "no such file"},
		"YAML":                {map[string]string{"a.yaml": "Resources:\n"}, "a.yaml", "a template must be JSON"},
		"no template":         {map[string]string{"a.json": "{}"}, "a.json", "has no Resources"},
		"empty resource":      {map[string]string{"a.json": `{"Resources":{"X":null}}`}, "a.json", "resource X is empty"},
		"broken manifest":     {map[string]string{"manifest.json": "{"}, ".", "manifest.json: "},
		"template is missing": {map[string]string{"manifest.json": inner}, ".", "no such file"},
		"stage is missing":    {map[string]string{"manifest.json": `{"artifacts":{"P":{"type":"cdk:cloud-assembly","properties":{"directoryName":"p"}}}}`}, ".", "so it is not what cdk synth writes"},
		"broken metadata": {map[string]string{"manifest.json": strings.Replace(inner, `"properties"`, `"additionalMetadataFile":"m.json","properties"`, 1), "ProdOrders.template.json": empty, "m.json": "["},
			".", "m.json: "},
	} {
		if _, err := Load(filepath.Join(files(t, test.files), test.path)); err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s: Load = %v, want %q in it", name, err, test.want)
		}
	}
}

func TestTheFormats(t *testing.T) {
	reports := []*Report{Compare(golden(t), with(t, moved, set(otherMappingID, group, `{"ConsumerGroupId":"a*b"}`), remove(stsID)))}
	write := func(format Format) string {
		t.Helper()
		var out bytes.Buffer
		if err := Write(&out, format, reports); err != nil {
			t.Fatal(err)
		}
		return out.String()
	}
	for format, wants := range map[Format][]string{
		Text:     {"Stack Test: THE DEPLOY WOULD BE REFUSED\n  Consumers\n    REFUSED   Cluster/Orders: reads orders of cluster demo as group a*b", "\n      - CUTS OFF whoever", "-> $14.60 a month"},
		Markdown: {"### Stack `Test`: THE DEPLOY WOULD BE REFUSED\n\n#### Consumers\n\n- **REFUSED** `Cluster/Orders`: reads orders of cluster demo as group a\\*b", "  - **CUTS OFF** whoever"},
		JSON:     {`"verdict": "REFUSED"`, `"cutsOff": true`, `"month": 14.6`, `"group orders-fn -> a*b"`},
	} {
		for _, want := range wants {
			if got := write(format); !strings.Contains(got, want) {
				t.Errorf("%s lacks %q:\n%s", format, want, got)
			}
		}
	}
	reports = []*Report{{Stack: "S", Compared: true, Known: []string{"k"}, Why: []string{"w"}, Warnings: []string{"m"}}, {Stack: "P", Pending: "look-ups"}}
	for _, want := range []string{"nothing changes", "How what is there is known\n    k\n  Why\n    w\n  Warnings\n    m\n", "Stack P\n    not known: look-ups\n"} {
		if got := write(Text); !strings.Contains(got, want) {
			t.Errorf("text lacks %q:\n%s", want, got)
		}
	}
	reports = []*Report{Compare(golden(t), with(t, moved, set(otherMappingID, group, `{"ConsumerGroupId":"a*b"}`)))}
	var back struct{ Stacks []Report }
	if err := json.Unmarshal([]byte(write(JSON)), &back); err != nil || !back.Stacks[0].Refused() {
		t.Errorf("JSON comes back as %+v, %v", back, err)
	}
	if err := Write(&bytes.Buffer{}, "yaml", nil); err == nil || !strings.Contains(err.Error(), `got "yaml"`) {
		t.Errorf("Write = %v, want the format refused", err)
	}
}
