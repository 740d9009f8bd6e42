package test

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"msklambda/constructs/mskapp"
	"msklambda/constructs/msklambda"
)

func readme(t *testing.T) string {
	t.Helper()
	text, err := os.ReadFile("../README.md")
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// TestTheREADMEsProgramSynthesizes puts the complete program into a module of
// its own, as the README says to, and runs it.
func TestTheREADMEsProgramSynthesizes(t *testing.T) {
	var programs []string
	for _, block := range strings.Split(readme(t), "```go\npackage main\n")[1:] {
		program, _, _ := strings.Cut(block, "```")
		programs = append(programs, "package main\n"+program)
	}
	if len(programs) != 2 || !strings.Contains(readme(t), "```json\n{ \"app\": \"go run .\" }\n```") {
		t.Fatalf("README.md has %d complete programs, want the function and the app, and a cdk.json that runs it", len(programs))
	}
	root, err := filepath.Abs("..")
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	write(t, filepath.Join(dir, "lambda", "main.go"), programs[0])
	write(t, filepath.Join(dir, "main.go"), programs[1])
	mod, err := os.ReadFile("../go.mod")
	if err != nil {
		t.Fatal(err)
	}
	write(t, filepath.Join(dir, "go.mod"), strings.Replace(string(mod), "module msklambda", "module app", 1))
	sum, err := os.ReadFile("../go.sum")
	if err != nil {
		t.Fatal(err)
	}
	write(t, filepath.Join(dir, "go.sum"), string(sum))
	for _, args := range [][]string{
		{"go", "mod", "edit", "-require=msklambda@v0.0.0", "-replace=msklambda=" + root},
		{"go", "vet", "./..."},
		{"go", "run", "."},
	} {
		cmd := exec.Command(args[0], args[1:]...)
		cmd.Dir = dir
		cmd.Env = append(os.Environ(), "GOFLAGS=-mod=mod", "CDK_OUTDIR="+filepath.Join(dir, "cdk.out"))
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("%v: %v\n%s", args, err, out)
		}
	}
	for _, name := range []string{"Orders", "Refunds"} {
		if _, err := os.Stat(filepath.Join(dir, "cdk.out", name+".template.json")); err != nil {
			t.Error(err)
		}
	}
}

func TestTheREADMEsConstructPathsAreThere(t *testing.T) {
	tpl := synthCluster(t, func(p *msklambda.ClusterProps) { p.SecurityGroupRules = msklambda.SecurityGroupRulesAll })
	named := map[string]bool{}
	for _, m := range regexp.MustCompile("`(Cluster/[A-Za-z/]+)(\\.\\.\\.)?`").FindAllStringSubmatch(readme(t), -1) {
		found := false
		for path := range tpl.Resources {
			if path == m[1] || m[2] != "" && strings.HasPrefix(path, m[1]) {
				found, named[path] = true, true
			}
		}
		if !found {
			t.Errorf("README.md names %s, which is not in %q", m[0], tpl.paths())
		}
	}
	for path := range tpl.Resources {
		if !named[path] {
			t.Errorf("README.md does not name %s", path)
		}
	}
}

func TestTheREADMEsErrorIsTheApps(t *testing.T) {
	context := given(map[string]any{"topics": "orders", "batchSize": "20000"})
	delete(context, "topic")
	_, err := mskapp.ReadConfig(newApp(t, context))
	if err == nil || !strings.Contains(readme(t), "```\n"+err.Error()+"\n```") {
		t.Errorf("README.md lacks this error:\n%v", err)
	}
}

// TestTheREADMEsDeploysAreAccepted takes the -c options of each deploy: the first
// leaves the look-up to do, the second does not.
func TestTheREADMEsDeploysAreAccepted(t *testing.T) {
	runs := []int{4, 1}
	for _, block := range strings.Split(readme(t), "```sh\nnpx --yes aws-cdk@"+cliVersion+" deploy")[1:] {
		block, _, _ = strings.Cut(block, "```")
		context := map[string]any{"entry": entry}
		for _, m := range regexp.MustCompile(`-c (\w+)=(\S+)`).FindAllStringSubmatch(block, -1) {
			context[m[1]] = m[2]
		}
		if len(runs) == 0 {
			t.Fatalf("README.md has a third deploy: %s", block)
		}
		c := newCloud().move("eu-central-1")
		c.put("AWS::MSK::Cluster", context["clusterArn"].(string), c.resources["AWS::MSK::Cluster"][strings.Replace(arn, region, "eu-central-1", 1)])
		got := lookUpApp(t, c, context)
		if got.text != "" {
			t.Fatal(got.text)
		}
		if n := got.count("AWS::Lambda::EventSourceMapping"); n != 1 || got.runs != runs[0] {
			t.Errorf("mappings = %d after %d runs, want 1 after %d: %s", n, got.runs, runs[0], block)
		}
		runs = runs[1:]
	}
	if len(runs) != 0 {
		t.Errorf("README.md lacks %d deploys", len(runs))
	}
}

// TestTheREADMEsListOfConsumersIsAccepted reads the fragment of cdk.json.
func TestTheREADMEsListOfConsumersIsAccepted(t *testing.T) {
	_, fragment, ok := strings.Cut(readme(t), "```json\n\"pollers\"")
	fragment, _, _ = strings.Cut(fragment, "```")
	var context map[string]any
	if err := json.Unmarshal([]byte(`{"pollers"`+fragment+"}"), &context); !ok || err != nil {
		t.Fatalf("README.md has no list of consumers: %v", err)
	}
	for _, c := range context["consumers"].([]any) {
		c.(map[string]any)["entry"] = entry
	}
	context["topic"], context["retryAttempts"] = nil, nil
	tpl := synthApp(t, given(context))
	if got := tpl.count("AWS::Lambda::EventSourceMapping"); got != 2 {
		t.Errorf("mappings = %d, want 2", got)
	}
	if got := tpl.count("AWS::EC2::VPCEndpoint"); got != 0 {
		t.Errorf("endpoints = %d, want none for provisioned pollers", got)
	}
}

// TestCIRunsTheREADMEsCommands keeps the two commands of the first screen, the
// CI and the pinned version together.
func TestCIRunsTheREADMEsCommands(t *testing.T) {
	ci, err := os.ReadFile("../.ci/run")
	if err != nil {
		t.Fatal(err)
	}
	_, commands, _ := strings.Cut(readme(t), "```sh\n")
	commands, _, _ = strings.Cut(commands, "```")
	n := 0
	for line := range strings.Lines(commands) {
		command, _, _ := strings.Cut(line, "#")
		if command = strings.TrimSpace(command); command != "" {
			n++
			if !strings.Contains(string(ci), "\n"+command) {
				t.Errorf(".ci/run does not run %q", command)
			}
		}
	}
	if n != 2 {
		t.Errorf("README.md has %d commands on its first screen, want 2", n)
	}
}
