package test

import (
	"encoding/json"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/aws/aws-cdk-go/awscdk/v2"

	"msklambda/constructs/mskapp"
	"msklambda/constructs/msklambda"
	"msklambda/test/internal/synthtest"
)

func TestTheConstructPathsOfThePageAreThere(t *testing.T) {
	tpl := synth(t, func(stack awscdk.Stack) {
		cluster := msklambda.ImportCluster(stack, "Cluster", clusterProps(func(p *msklambda.ClusterProps) { p.SecurityGroupRules = msklambda.SecurityGroupRulesAll }))
		cluster.AddConsumer("Orders", consumerProps())
		cluster.AddAdmin("Admin", &msklambda.AdminProps{Entry: entry})
	})
	named := map[string]bool{}
	for _, m := range regexp.MustCompile("`(Cluster/[A-Za-z/]+)(\\.\\.\\.)?`").FindAllStringSubmatch(synthtest.Page(t, "docs/resources.md"), -1) {
		found := false
		for path := range tpl.Resources {
			if path == m[1] || m[2] != "" && strings.HasPrefix(path, m[1]) {
				found, named[path] = true, true
			}
		}
		if !found {
			t.Errorf("docs/resources.md names %s, which is not in %q", m[0], tpl.paths())
		}
	}
	for path := range tpl.Resources {
		if !named[path] {
			t.Errorf("docs/resources.md does not name %s", path)
		}
	}
}

func TestTheErrorOfThePageIsTheApps(t *testing.T) {
	context := given(map[string]any{"topics": "orders", "batchSize": "20000"})
	delete(context, "topic")
	_, err := mskapp.ReadConfig(newApp(t, context))
	if err == nil || !strings.Contains(synthtest.Page(t, "docs/settings.md"), "```\n"+err.Error()+"\n```") {
		t.Errorf("docs/settings.md lacks this error:\n%v", err)
	}
}

// TestTheDeploysOfThePagesAreAccepted takes the -c options of each deploy: the first
// leaves the look-up to do, the second does not.
func TestTheDeploysOfThePagesAreAccepted(t *testing.T) {
	long(t)
	pages := synthtest.README(t) + synthtest.Page(t, "docs/settings.md")
	runs := []int{4, 1}
	for _, block := range strings.Split(pages, "```sh\nnpx --yes aws-cdk@"+synthtest.CLIVersion+" deploy")[1:] {
		block, _, _ = strings.Cut(block, "```")
		context := map[string]any{"entry": entry}
		for _, m := range regexp.MustCompile(`-c (\w+)=(\S+)`).FindAllStringSubmatch(block, -1) {
			context[m[1]] = m[2]
		}
		if len(runs) == 0 {
			t.Fatalf("the pages have a third deploy: %s", block)
		}
		c := newCloud().Move("eu-central-1")
		c.Put("AWS::MSK::Cluster", context["clusterArn"].(string), c.Resources["AWS::MSK::Cluster"][strings.Replace(arn, region, "eu-central-1", 1)])
		c.Topic(context["clusterArn"].(string), "orders", 6)
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
		t.Errorf("the pages lack %d deploys", len(runs))
	}
}

// TestTheListOfConsumersOfThePageIsAccepted reads the fragment of cdk.json.
func TestTheListOfConsumersOfThePageIsAccepted(t *testing.T) {
	_, fragment, ok := strings.Cut(synthtest.Page(t, "docs/settings.md"), "```json\n\"pollers\"")
	fragment, _, _ = strings.Cut(fragment, "```")
	// The queue is where the README's cluster is, and not that of the tests.
	fragment = strings.NewReplacer("eu-central-1", region, "444455556666", account).Replace(fragment)
	var context map[string]any
	if err := json.Unmarshal([]byte(`{"pollers"`+fragment+"}"), &context); !ok || err != nil {
		t.Fatalf("docs/settings.md has no list of consumers: %v", err)
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
	_, commands, _ := strings.Cut(synthtest.README(t), "```sh\n")
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
