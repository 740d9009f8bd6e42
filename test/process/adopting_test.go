package process

import (
	"encoding/json"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"msklambda/test/internal/account"
	"msklambda/test/internal/cdkcli"
	"msklambda/test/internal/lookups"
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

const (
	adoptingPage = root + "/docs/adopting.md"
	mappingType  = "AWS::Lambda::EventSourceMapping"
	byHandUUID   = "91ec905d-7c1e-4f0a-9a55-0c7b5d2f1e88"
)

// adoption is docs/adopting.md on its way through an account that has a mapping, its
// endpoints and its rule, all made by hand.
type adoption struct {
	*cdkcli.Project
	t        *testing.T
	account  *account.Account
	context  map[string]any // of cdk.json
	files    []string       // what the page has for resource mappings
	commands [][]string     // of the CLI, by step
	marks    []string       // commands that write marks
	byHand   account.Properties
}

func newAdoption(t *testing.T) *adoption {
	t.Helper()
	text, err := os.ReadFile(adoptingPage)
	if err != nil {
		t.Fatal(err)
	}
	page := string(text)
	a := &adoption{t: t, context: map[string]any{}}
	configured := blocks(page, "json")
	if len(configured) != 3 {
		t.Fatalf("%s has %d blocks of JSON, want the configuration and two resource mappings", adoptingPage, len(configured))
	}
	if err := json.Unmarshal([]byte(configured[0]), &a.context); err != nil {
		t.Fatal(err)
	}
	a.files = configured[1:]
	for _, block := range blocks(page, "sh") {
		a.commands = append(a.commands, strings.Split(strings.TrimSpace(block), "\n"))
	}
	for _, block := range blocks(page, "") {
		a.marks = append(a.marks, regexp.MustCompile(`(?m)^aws ec2 (?:create-tags|update-security-group-rule)[^\\\n]*(?:\\\n.*)?`).FindAllString(block, -1)...)
	}
	if len(a.commands) != 4 || len(a.marks) != 2 {
		t.Fatalf("%s has %d blocks of commands and %q, want 4 and what marks endpoints and a rule", adoptingPage, len(a.commands), a.marks)
	}

	_, function, _ := strings.Cut(a.given("functionArn"), ":function:")
	a.byHand = account.Properties{
		"Id": byHandUUID, "EventSourceArn": a.given("clusterArn"), "FunctionName": function, "Topics": []any{"orders"}, "Enabled": true,
		"StartingPosition": "LATEST", "BatchSize": 200.0, "AmazonManagedKafkaEventSourceConfig": map[string]any{"ConsumerGroupId": byHandUUID},
	}
	a.account = account.New("444455556666", "eu-central-1", a.resources(t))
	a.Project = newProject(t, a.account.Serve(t).URL)
	a.Env = append(a.Env, "CDK_VALIDATION=false", "AWS_REGION=eu-central-1")
	a.configure()
	return a
}

func (a *adoption) given(key string) string { return a.context[key].(string) }

// resources are what the account has: the cluster of the page and its network, with
// what was made by hand.
func (a *adoption) resources(t *testing.T) map[string]map[string]account.Properties {
	t.Helper()
	var network map[string]struct{ Id string }
	if err := json.Unmarshal([]byte(a.files[1]), &network); err != nil {
		t.Fatal(err)
	}
	id := func(part string) string {
		for key, e := range network {
			if strings.Contains(key, part) {
				return e.Id
			}
		}
		t.Fatalf("%s has no %s", a.files[1], part)
		return ""
	}
	c := lookups.NewCloud(func(c *lookups.Cloud) {
		c.Endpoint(id("LambdaEndpoint"), "lambda")
		c.Endpoint(id("STSEndpoint"), "sts")
		c.Group(lookups.SGEnds, []any{lookups.TCP(443, "CidrIp", "10.0.0.0/16")}, []any{})
		rule := lookups.TCP(9098, "SourceSecurityGroupId", synthtest.SG0)
		rule["rule"] = id("9098")
		c.Group(synthtest.SG0, []any{rule}, []any{lookups.AllowAll})
		c.Put("AWS::EC2::SecurityGroupIngress", id("9098"), lookups.TCP(9098, "SourceSecurityGroupId", synthtest.SG0, "GroupId", synthtest.SG0))
	})
	c.Replace(synthtest.ARN, a.given("clusterArn"))
	c.Move("eu-central-1")
	c.Replace(synthtest.VPC, a.given("vpcId"))
	for i, subnet := range strings.Split(a.given("subnetIds"), ",") {
		c.Replace(lookups.Subnet+strconv.Itoa(i), subnet)
	}
	c.Replace(lookups.SGEnds, id("EndpointSecurityGroup"))
	c.Replace(synthtest.SG0, a.given("securityGroupIds"))
	c.Put(mappingType, byHandUUID, a.byHand)
	return c.Resources
}

// configure writes cdk.json, as the page has it by now.
func (a *adoption) configure() {
	a.t.Helper()
	all := map[string]any{}
	for key, value := range synthtest.CDKContext(a.t) {
		if key != "example" {
			all[key] = value
		}
	}
	maps.Copy(all, a.context)
	file := filepath.Join(a.Dir, "cdk.json")
	os.Remove(file)
	write(a.t, file, asJSON(map[string]any{"app": app(a.t), "context": all}))
}

// step runs the nth command of a step of the page, and returns what it printed.
func (a *adoption) step(step, n int) string {
	a.t.Helper()
	line := a.commands[step][n]
	args, ok := strings.CutPrefix(line, "npx --yes aws-cdk@"+cliVersion+" ")
	if !ok {
		a.t.Fatalf("%s has %q, which is no command of the CLI", adoptingPage, line)
	}
	a.account.TakeLog()
	out, ok := a.Run(strings.Fields(args)...)
	if !ok {
		a.t.Fatalf("%s failed:\n%s\nafter %q", line, out, a.account.TakeLog())
	}
	return out
}

// synthesized are the resources that a command of synth left in a folder.
func (a *adoption) synthesized(folder string) map[string]any {
	a.t.Helper()
	var tpl struct{ Resources map[string]any }
	readJSON(a.t, filepath.Join(a.Dir, folder, "MskLambda.template.json"), &tpl)
	delete(tpl.Resources, "CDKMetadata")
	return tpl.Resources
}

// only wants the mapping that was there, and no other.
func (a *adoption) only(step string) account.Properties {
	a.t.Helper()
	mappings := a.account.Resources[mappingType]
	if len(mappings) != 1 || mappings[byHandUUID] == nil {
		a.t.Fatalf("%s: mappings = %v, want the one that was there", step, mappings)
	}
	return mappings[byHandUUID]
}

// mark does what the page's commands for aws do.
func (a *adoption) mark() {
	a.t.Helper()
	for _, command := range a.marks {
		if m := regexp.MustCompile(`create-tags --resources (.*) --tags Key=(.*),Value=(.*)$`).FindStringSubmatch(command); m != nil {
			for _, id := range strings.Fields(m[1]) {
				a.account.Resources["AWS::EC2::VPCEndpoint"][id]["Tags"] = []any{map[string]any{"Key": m[2], "Value": m[3]}}
			}
			continue
		}
		m := regexp.MustCompile(`(?s)--group-id (\S+).*SecurityGroupRuleId=(.*),Description="(.*)"'`).FindStringSubmatch(command)
		if m == nil {
			a.t.Fatalf("%s has %q, which marks nothing", adoptingPage, command)
		}
		for _, rule := range a.account.Resources["AWS::EC2::SecurityGroup"][m[1]]["SecurityGroupIngress"].([]any) {
			if rule := rule.(map[string]any); rule["rule"] == m[2] {
				rule["Description"] = m[3]
			}
		}
	}
}

// TestAMappingMadeByHandIsTakenOver runs the commands of docs/adopting.md, as they
// stand there, on an account that has the mapping.
func TestAMappingMadeByHandIsTakenOver(t *testing.T) {
	long(t)
	a := newAdoption(t)
	before := asJSON(a.account.Resources)
	untouched := func(step string) {
		t.Helper()
		if got := asJSON(a.account.Resources); got != before {
			t.Fatalf("%s: the account has %s, want what it had before: %s", step, got, before)
		}
	}

	// What does not work, and touches nothing.
	out, ok := a.Run("deploy", "--require-approval", "never", "-c", "stackName=Naive", "-c", "lambdaEndpoint=create", "-c", "stsEndpoint=create")
	if log := a.account.TakeLog(); ok || !strings.Contains(strings.Join(log, "\n"), "roll back stack Naive") || !strings.Contains(out, "private-dns-enabled cannot be set") {
		t.Errorf("a deploy with endpoints of its own = %v, %s, and did %q, want it rolled back", ok, out, log)
	}
	untouched("a deploy with endpoints of its own")
	functionARN := a.context["functionArn"]
	bundled := func() {
		delete(a.context, "functionArn")
		a.context["entry"] = "lambda"
		a.configure()
	}
	given := func() {
		delete(a.context, "entry")
		a.context["functionArn"] = functionARN
		a.configure()
	}
	bundled()
	if out, ok := a.Run("synth", "--quiet", "--output", "default"); !ok {
		t.Fatal(out)
	}
	attributes := maps.Clone(a.context)
	for _, key := range []string{"vpcId", "subnetIds", "securityGroupIds"} {
		delete(a.context, key)
	}
	a.configure()
	if out, ok := a.Run("synth", "--quiet", "--output", "looked"); !ok || !strings.Contains(out, "msklambda:groupInUse"+byHandUUID) {
		t.Errorf("synth with the cluster looked up = %v, %s, want a warning of the mapping", ok, out)
	}
	a.context = attributes
	given()
	write(t, filepath.Join(a.Dir, "mapping.json"), a.files[0])
	out, ok = a.Run("import", "--app", "default", "--resource-mapping", "mapping.json")
	if log := a.account.TakeLog(); ok || len(log) != 0 || !strings.Contains(out, "Unresolved resource dependencies") {
		t.Errorf("an import of the default template = %v, %s, and did %q, want it refused", ok, out, log)
	}
	untouched("an import of the default template")

	a.step(0, 0)
	var keys map[string]any
	if err := json.Unmarshal([]byte(a.files[0]), &keys); err != nil {
		t.Fatal(err)
	}
	alone := a.synthesized("adopt")
	for key := range keys {
		if len(alone) != 1 || alone[key] == nil {
			t.Fatalf("resources = %v, want %s alone, as the page has it", asJSON(alone), key)
		}
	}
	a.step(1, 0)
	if log := a.account.TakeLog(); !slices.Equal(made(log), []string{mappingType}) || !strings.HasPrefix(log[0], "import MskLambda/") {
		t.Fatalf("the import did %q, want one import", log)
	}
	untouched("the import")
	if _, of, ok := strings.Cut(a.step(1, 1), "[~] "+mappingType); !ok || !regexp.MustCompile(`^.*\n\s+└─ \[-\] DeletionPolicy\n\s+└─ Retain\n\s*\n`).MatchString(of) {
		t.Errorf("diff after the import = %s, want the deletion policy gone and nothing else of the mapping", of)
	}
	a.step(1, 2)
	if log := a.account.TakeLog(); slices.ContainsFunc(log, func(s string) bool { return !strings.HasPrefix(s, "update ") }) {
		t.Errorf("the deploy after the import did %q, want updates at most", log)
	}
	function := a.byHand["FunctionName"]
	if got := a.only("deployed")["FunctionName"]; got != function {
		t.Errorf("FunctionName = %v, want %s still", got, function)
	}

	bundled()
	diff := a.step(2, 0)
	if _, of, ok := strings.Cut(diff, "[~] "+mappingType); !ok || !strings.Contains(of, "[~] FunctionName") || strings.Contains(diff, "[+] "+mappingType) || strings.Contains(diff, "requires replacement") {
		t.Errorf("diff = %s, want FunctionName of the mapping changed in place", diff)
	}
	a.step(2, 1)
	log := a.account.TakeLog()
	if got, want := made(log), []string{"AWS::IAM::Policy", "AWS::IAM::Role", mappingType, "AWS::Lambda::Function", "AWS::Logs::LogGroup"}; !slices.Equal(got, want) {
		t.Errorf("the deploy of the new function did %q, want %q", log, want)
	}
	if i := slices.IndexFunc(log, func(s string) bool { return strings.HasSuffix(s, mappingType) }); i != len(log)-1 || !strings.HasPrefix(log[i], "update ") {
		t.Errorf("the deploy of the new function did %q, want the mapping updated, last", log)
	}
	live := a.only("the new function")
	if live["FunctionName"] == function || asJSON(live["AmazonManagedKafkaEventSourceConfig"]) != asJSON(a.byHand["AmazonManagedKafkaEventSourceConfig"]) {
		t.Errorf("mapping = %s, want the new function and the old group", asJSON(live))
	}

	// And back.
	given()
	a.step(2, 1)
	if got := a.only("back")["FunctionName"]; got != function {
		t.Errorf("FunctionName = %v, want %s again", got, function)
	}
	a.ownTheNetwork()
}

// ownTheNetwork is the last step of the page.
func (a *adoption) ownTheNetwork() {
	t := a.t
	t.Helper()
	for _, key := range []string{"vpcId", "subnetIds", "securityGroupIds"} {
		delete(a.context, key)
	}
	a.configure()
	if out, ok := a.Run("diff"); !ok || !strings.Contains(out, "Number of stacks with differences: 0") {
		t.Errorf("diff with the cluster looked up = %s, want none: what is existing or none is not defined", out)
	}
	for _, key := range []string{"lambdaEndpoint", "stsEndpoint", "securityGroupRules"} {
		delete(a.context, key)
	}
	a.context["endpointAccess"] = "vpc"
	a.context["vpcCidrs"] = "10.0.0.0/16"
	a.configure()
	network := func(resources map[string]any) (out []string) {
		for key, r := range resources {
			if typ := r.(map[string]any)["Type"].(string); strings.HasPrefix(typ, "AWS::EC2::") {
				out = append(out, key)
			}
		}
		return out
	}
	if out, ok := a.Run("synth", "--quiet", "--output", "unmarked"); !ok {
		t.Fatal(out)
	}
	if got := network(a.synthesized("unmarked")); len(got) != 0 {
		t.Errorf("without marks the template defines %q, want nothing of what is somebody else's", got)
	}
	a.mark()
	a.refresh()

	a.step(3, 0)
	var keys map[string]any
	if err := json.Unmarshal([]byte(a.files[1]), &keys); err != nil {
		t.Fatal(err)
	}
	got := network(a.synthesized("adopt"))
	slices.Sort(got)
	if want := slices.Sorted(maps.Keys(keys)); !slices.Equal(got, want) {
		t.Fatalf("the template defines %q, want %q, as the page has it", got, want)
	}
	write(t, filepath.Join(a.Dir, "network.json"), a.files[1])
	before := asJSON(a.account.Resources)
	a.step(3, 1)
	if log := a.account.TakeLog(); len(log) != len(keys) || slices.ContainsFunc(log, func(s string) bool { return !strings.HasPrefix(s, "import ") }) {
		t.Fatalf("the import did %q, want %d imports", log, len(keys))
	}
	if got := asJSON(a.account.Resources); got != before {
		t.Errorf("the import made %s of %s", got, before)
	}
	a.step(3, 2)
	for _, line := range a.account.TakeLog() {
		if !strings.HasPrefix(line, "update ") && !strings.HasSuffix(line, "AWS::SSM::Parameter") {
			t.Errorf("the deploy did %q, want updates, and the parameter that remembers", line)
		}
	}
	a.only("the network imported")

	// From now on the parameter says whose they are, whatever becomes of the marks.
	for _, e := range a.account.Resources["AWS::EC2::VPCEndpoint"] {
		e["Tags"] = []any{}
	}
	a.refresh()
	a.step(3, 2)
	if log := a.account.TakeLog(); len(log) != 0 {
		t.Errorf("refreshed, the deploy did %q, want nothing", log)
	}
}

func (a *adoption) refresh() {
	a.t.Helper()
	if err := os.Remove(filepath.Join(a.Dir, "cdk.context.json")); err != nil {
		a.t.Fatal(err)
	}
}
