package process

import (
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"msklambda/test/internal/account"
	"msklambda/test/internal/synthtest"
)

// blocks are the fenced blocks of a page, of one language.
func blocks(page, language string) (out []string) {
	for _, block := range strings.Split(page, "```"+language+"\n")[1:] {
		block, _, _ = strings.Cut(block, "```")
		out = append(out, block)
	}
	return out
}

// TestAMappingMadeByHandIsTakenOver runs the commands of docs/adopting.md, as they
// stand there, on an account that has the mapping.
func TestAMappingMadeByHandIsTakenOver(t *testing.T) {
	long(t)
	const path = root + "/docs/adopting.md"
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	page := string(text)
	configured, commands := blocks(page, "json"), blocks(page, "sh")
	if len(configured) != 2 || len(commands) != 3 {
		t.Fatalf("%s has %d blocks of JSON and %d of commands, want 2 and 3", path, len(configured), len(commands))
	}
	var context, resourceMapping map[string]any
	for i, to := range []*map[string]any{&context, &resourceMapping} {
		if err := json.Unmarshal([]byte(configured[i]), to); err != nil {
			t.Fatalf("%s: %v", configured[i], err)
		}
	}
	const uuid = "91ec905d-7c1e-4f0a-9a55-0c7b5d2f1e88"
	_, function, _ := strings.Cut(context["functionArn"].(string), ":function:")
	byHand := account.Properties{
		"Id": uuid, "EventSourceArn": context["clusterArn"], "FunctionName": function, "Topics": []any{"orders"}, "Enabled": true,
		"StartingPosition": "LATEST", "BatchSize": 200.0, "AmazonManagedKafkaEventSourceConfig": map[string]any{"ConsumerGroupId": uuid},
	}
	const mappings = "AWS::Lambda::EventSourceMapping"
	a := account.New("444455556666", "eu-central-1", map[string]map[string]account.Properties{mappings: {uuid: byHand}})
	p := newProject(t, a.Serve(t).URL)
	p.env = append(p.env, "CDK_VALIDATION=false", "AWS_REGION=eu-central-1")
	configure := func() {
		t.Helper()
		all := map[string]any{}
		for key, value := range synthtest.CDKContext(t) {
			if key != "example" {
				all[key] = value
			}
		}
		for key, value := range context {
			all[key] = value
		}
		file := filepath.Join(p.dir, "cdk.json")
		os.Remove(file)
		write(t, file, asJSON(map[string]any{"app": app(t), "context": all}))
	}
	// run runs a command of a block and returns what it printed.
	run := func(block string, n int) string {
		t.Helper()
		line := strings.Split(strings.TrimSpace(block), "\n")[n]
		args, ok := strings.CutPrefix(line, "npx --yes aws-cdk@"+cliVersion+" ")
		if !ok {
			t.Fatalf("%s has %q, which is no command of the CLI", path, line)
		}
		out, ok := p.run(strings.Fields(args)...)
		if !ok {
			t.Fatalf("%s failed:\n%s\nafter %q", line, out, a.TakeLog())
		}
		return out
	}
	only := func(step string) account.Properties {
		t.Helper()
		if len(a.Resources[mappings]) != 1 || a.Resources[mappings][uuid] == nil {
			t.Fatalf("%s: mappings = %v, want the one that was there", step, a.Resources[mappings])
		}
		return a.Resources[mappings][uuid]
	}

	configure()
	run(commands[0], 0)
	var tpl struct{ Resources map[string]any }
	readJSON(t, filepath.Join(p.dir, "adopt", "MskLambda.template.json"), &tpl)
	delete(tpl.Resources, "CDKMetadata")
	for key := range resourceMapping {
		if len(tpl.Resources) != 1 || tpl.Resources[key] == nil {
			t.Fatalf("resources = %v, want %s alone, as the page has it", asJSON(tpl.Resources), key)
		}
	}
	write(t, filepath.Join(p.dir, "mapping.json"), configured[1])

	run(commands[1], 0)
	if log := a.TakeLog(); !slices.Equal(made(log), []string{mappings}) || !strings.HasPrefix(log[0], "import MskLambda/") {
		t.Fatalf("the import did %q, want one import", log)
	}
	if got := asJSON(only("imported")); got != asJSON(byHand) {
		t.Errorf("the import changed the mapping to %s", got)
	}
	if _, of, ok := strings.Cut(run(commands[1], 1), "[~] "+mappings); !ok || !regexp.MustCompile(`^.*\n\s+└─ \[-\] DeletionPolicy\n\s+└─ Retain\n\s*\n`).MatchString(of) {
		t.Errorf("diff after the import = %s, want the deletion policy gone and nothing else of the mapping", of)
	}
	run(commands[1], 2)
	if log := a.TakeLog(); slices.ContainsFunc(log, func(s string) bool { return !strings.HasPrefix(s, "update ") }) {
		t.Errorf("the deploy after the import did %q, want updates at most", log)
	}
	if got := only("deployed")["FunctionName"]; got != function {
		t.Errorf("FunctionName = %v, want %s still", got, function)
	}

	functionARN := context["functionArn"]
	delete(context, "functionArn")
	context["entry"] = "lambda"
	configure()
	diff := run(commands[2], 0)
	if _, of, ok := strings.Cut(diff, "[~] "+mappings); !ok || !strings.Contains(of, "[~] FunctionName") || strings.Contains(diff, "[+] "+mappings) || strings.Contains(diff, "requires replacement") {
		t.Errorf("diff = %s, want FunctionName of the mapping changed in place", diff)
	}
	run(commands[2], 1)
	log := a.TakeLog()
	if got, want := made(log), []string{"AWS::IAM::Policy", "AWS::IAM::Role", mappings, "AWS::Lambda::Function", "AWS::Logs::LogGroup"}; !slices.Equal(got, want) {
		t.Errorf("the deploy of the new function did %q, want %q", log, want)
	}
	if i := slices.IndexFunc(log, func(s string) bool { return strings.HasSuffix(s, mappings) }); i != len(log)-1 || !strings.HasPrefix(log[i], "update ") {
		t.Errorf("the deploy of the new function did %q, want the mapping updated, last", log)
	}
	live := only("the new function")
	if live["FunctionName"] == function || asJSON(live["AmazonManagedKafkaEventSourceConfig"]) != asJSON(byHand["AmazonManagedKafkaEventSourceConfig"]) {
		t.Errorf("mapping = %s, want the new function and the old group", asJSON(live))
	}

	// And back.
	context["functionArn"] = functionARN
	delete(context, "entry")
	configure()
	run(commands[2], 1)
	if got := only("back")["FunctionName"]; got != function {
		t.Errorf("FunctionName = %v, want %s again", got, function)
	}
}
