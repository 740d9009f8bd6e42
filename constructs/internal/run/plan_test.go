package run

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

const (
	oneStack = `{"artifacts":{"Orders":{"type":"aws:cloudformation:stack","properties":{"templateFile":"Orders.template.json"}}}}`
	consumer = `{"Resources":{"OrdersMapping1ee65d4313C5527B":{"Type":"AWS::Lambda::EventSourceMapping","Properties":{"FunctionName":"f","StartingPosition":"LATEST",
		"Topics":["orders"],"EventSourceArn":"arn:aws:kafka:us-east-1:1:cluster/demo/x","AmazonManagedKafkaEventSourceConfig":{"ConsumerGroupId":"g"},"BatchSize":1}}}}`
	notDone = `{"Resources":{},"Rules":{"LookUpsArePending":{"Assertions":[{"AssertDescription":"look-ups are pending for Orders/Cluster"}]}}}`
)

func assembly(t *testing.T, template string) string {
	t.Helper()
	dir := t.TempDir()
	for name, text := range map[string]string{"manifest.json": oneStack, "Orders.template.json": template} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func TestThePlanIsBesideTheTemplateAndPrintedWhereAskedFor(t *testing.T) {
	before := assembly(t, strings.Replace(consumer, `"BatchSize":1`, `"BatchSize":2`, 1))
	for name, test := range map[string]struct{ template, asked, file, printed, err string }{
		"not asked":  {consumer, "", "reads orders of cluster demo as group g", "", ""},
		"false":      {consumer, "false", "reads orders of cluster demo", "", ""},
		"asked":      {consumer, "true", "reads orders", "reads orders of cluster demo as group g from LATEST", ""},
		"comparison": {consumer, before, "reads orders", "BatchSize 2 -> 1", ""},
		"pending":    {notDone, "true", "not known: look-ups are pending for Orders/Cluster", "", ""},
		"nothing":    {consumer, "nowhere", "reads orders", "", `MSKLAMBDA_PLAN must be "true", "false" or what to compare with`},
		"others":     {`{"Resources":{}}`, "true", "", "no stack has a consumer", ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Setenv(planVariable, test.asked)
			dir := assembly(t, test.template)
			var out bytes.Buffer
			err := writePlans(dir, &out)
			if test.err == "" && err != nil || test.err != "" && (err == nil || !strings.Contains(err.Error(), test.err)) {
				t.Errorf("writePlans = %v, want %q", err, test.err)
			}
			file, err := os.ReadFile(filepath.Join(dir, "Orders.plan.txt"))
			if (err == nil) != (test.file != "") || !strings.Contains(string(file), test.file) {
				t.Errorf("file = %q, %v, want %q in it", file, err, test.file)
			}
			if (out.Len() == 0) != (test.printed == "") || !strings.Contains(out.String(), test.printed) {
				t.Errorf("printed %q, want %q", out.String(), test.printed)
			}
		})
	}
}
