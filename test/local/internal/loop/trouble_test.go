package loop

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"msklambda/test/local/internal/brokertest"
	"msklambda/test/local/internal/cluster"
)

// lines writes n orders to a file, in two partitions.
func lines(t *testing.T, n int) string {
	t.Helper()
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, "{\"partition\":%d,\"key\":\"k\",\"value\":{\"id\":%d,\"state\":\"paid\"}}\n", i%2, i)
	}
	path := filepath.Join(t.TempDir(), "orders.jsonl")
	if err := os.WriteFile(path, []byte(b.String()), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// noted is how often a function has noted each order.
func noted(t *testing.T, path string) map[string]int {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	out := map[string]int{}
	for line := range strings.Lines(string(text)) {
		id, _, _ := strings.Cut(line, " ")
		out[id]++
	}
	return out
}

// Whatever happens at a record that was chosen, each is handled, and just those that the
// fault concerns are handled again.
func TestFaultsAtAChosenRecord(t *testing.T) {
	if testing.Short() {
		t.Skip("takes seconds: go test without -short runs it")
	}
	root(t)
	input := lines(t, 40)
	for flags, tt := range map[string]struct {
		want  string
		again int // how many are handled more than once
	}{
		// The batch ends with the record, and the process has handled all of it.
		"-crash-at orders[0]@7":                     {"invocation failed: Runtime exited with error: signal: killed", -1},
		"-memory-at orders[1]@3":                    {"(more than 256 MB of memory)", -1},
		"-throttle-at orders[0]@7":                  {"throttled 3", 0},
		"-duplicate-at orders[0]@19":                {"duplicate at orders[0]@19: the batch is delivered once more", -1},
		"-redeliver-at orders[0]@7":                 {"redeliver at orders[0]@7: the poller ends before it has committed", -1},
		"-crash-at orders[0]@7,times=3":             {"failed 3", -1},
		"-crash-at every=10":                        {"crash at orders[", -1},
		"-deadline-at orders[0]@7,after=1ns":        {"Task timed out after 0.00 seconds", -2},
		"-pollers 2 -redeliver-at every=10":         {"redeliver at orders[", -1},
		"-pollers 2 -crash-at orders[0]@7 -partial": {"signal: killed", -1},
	} {
		t.Run(flags, func(t *testing.T) {
			file := filepath.Join(t.TempDir(), "seen")
			args := append([]string{"-entry", "test/local/pair/consume", "-port", "0", "-partitions", "2", "-batch-size", "10", "-logs=false", "-env", "SEEN=" + file, "-records", input}, strings.Fields(flags)...)
			got, status, err := run(t, args)
			if err != nil || status != 0 || !strings.Contains(got, tt.want) || !strings.Contains(got, "lost: none") || strings.Contains(got, "left in the topic") {
				t.Errorf("status = %d, %v\n%s\nwant %q, and nothing lost or left", status, err, got, tt.want)
			}
			all := noted(t, file)
			again := 0
			for _, n := range all {
				if n > 1 {
					again++
				}
			}
			if len(all) != 40 || tt.again == 0 && again != 0 || tt.again == -1 && again == 0 {
				t.Errorf("orders handled = %d, %d of them again, want 40, and again: %v\n%s", len(all), again, tt.again != 0, got)
			}
		})
	}
}

// Two functions, one of which writes what the other reads, on a broker of its own
// process, with TLS and a password. The first dies at a record that was chosen.
func TestAPairOfFunctionsOnAnotherKafka(t *testing.T) {
	if testing.Short() {
		t.Skip("takes seconds: go test without -short runs it")
	}
	root(t)
	k := brokertest.Apart(t, "orders:2,enriched:3")
	file := filepath.Join(t.TempDir(), "seen")
	app := pairApp(t, file)
	args := append(flagsOf(t, k), "-app", app, "-source", "Enrich=test/local/pair/enrich", "-source", "Consume=test/local/pair/consume", "-topic", "orders", "-records", lines(t, 60), "-logs=false",
		"-env", "BROKERS_CA="+k.CA, "-env", "BROKERS_USERNAME="+k.Username, "-env", "BROKERS_PASSWORD="+k.Password,
		"-crash-at", "orders[0]@7")
	got, status, err := run(t, args)
	t.Log(got)
	if err != nil || status != 0 || strings.Count(got, "lost: none") != 2 || strings.Contains(got, "left in the topic") {
		t.Errorf("status = %d, %v, want nothing lost or left", status, err)
	}
	for _, want := range []string{"crash at orders[0]@7", "signal: killed", "group enrich-local", "group consume-local"} {
		if !strings.Contains(got, want) {
			t.Errorf("output has no %q", want)
		}
	}
	all := noted(t, file)
	if len(all) != 60 {
		t.Errorf("orders that came through both = %d, want 60", len(all))
	}
	// What was enriched before the crash was produced, and is so again.
	c, err := cluster.Open(t.Context(), k)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	written, err := c.Offsets(t.Context(), "enriched", "")
	if n := cluster.Lag(written); err != nil || n <= 60 {
		t.Errorf("records in enriched = %d, %v, want more than 60: the crash was after they were written", n, err)
	}
}

// pairApp writes what cdk synth would of the pair: two mappings.
func pairApp(t *testing.T, seen string) string {
	t.Helper()
	dir := t.TempDir()
	template := `{"Resources":{
		"EnrichFunction":{"Type":"AWS::Lambda::Function","Properties":{"Runtime":"provided.al2023","Timeout":30,"MemorySize":256,"Code":{}}},
		"EnrichMapping":{"Type":"AWS::Lambda::EventSourceMapping","Metadata":{"aws:cdk:path":"S/Cluster/Enrich/Mapping0123abcd/Resource"},"Properties":{
			"Topics":["orders"],"FunctionName":{"Ref":"EnrichFunction"},"StartingPosition":"TRIM_HORIZON","BatchSize":10,
			"AmazonManagedKafkaEventSourceConfig":{"ConsumerGroupId":"enrich"},
			"ProvisionedPollerConfig":{"MinimumPollers":1},"FunctionResponseTypes":["ReportBatchItemFailures"]}},
		"ConsumeFunction":{"Type":"AWS::Lambda::Function","Properties":{"Runtime":"provided.al2023","Timeout":30,"MemorySize":256,"Code":{},
			"Environment":{"Variables":{"SEEN":"` + seen + `"}}}},
		"ConsumeMapping":{"Type":"AWS::Lambda::EventSourceMapping","Metadata":{"aws:cdk:path":"S/Cluster/Consume/Mapping0123abcd/Resource"},"Properties":{
			"Topics":["enriched"],"FunctionName":{"Ref":"ConsumeFunction"},"StartingPosition":"TRIM_HORIZON",
			"AmazonManagedKafkaEventSourceConfig":{"ConsumerGroupId":"consume"}}}}}`
	path := filepath.Join(dir, "S.template.json")
	if err := os.WriteFile(path, []byte(template), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}
