package main

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"msklambda/constructs/doctor"
	"msklambda/constructs/doctor/account"
	"msklambda/test/standin"
)

const root = "../../.."

func readFile(t *testing.T, path string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(root, path))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// troubles are the rows of the table of troubles: text, cause and what to do.
func troubles(t *testing.T) (rows [][]string) {
	t.Helper()
	_, section, ok := strings.Cut(readFile(t, "docs/troubleshooting.md"), "\n## Troubleshooting\n")
	if !ok {
		t.Fatal("docs/troubleshooting.md has no table")
	}
	section, _, _ = strings.Cut(section, "\n## ")
	for line := range strings.Lines(section) {
		if cells := strings.Split(strings.TrimSpace(line), " | "); strings.HasPrefix(line, "| `") && len(cells) == 3 {
			cells[0], cells[2] = strings.TrimPrefix(cells[0], "| "), strings.TrimSuffix(cells[2], " |")
			rows = append(rows, cells)
		}
	}
	return rows
}

// named is what the table names as causes of a text, in its words, and what the doctor
// calls each. What is "" is not a cause of its own.
var named = map[string]map[string]string{
	noBrokers: {"a group without a rule to itself on 9098": "brokers/group-in", "a network ACL": "brokers/network-acl", "a topic that does not exist": "topic/topic-gone",
		"the brokers cannot be reached": ""},
	noServices: {"`none` without a NAT gateway": "lambda/no-way", "`existing` endpoints whose group": "lambda/group-in", "policy does not admit the pollers": "lambda/endpoint-policy",
		"restricted outbound traffic": "lambda/group-out", "private DNS off": "lambda/private-dns-off", "no way to Lambda": "", "STS": ""},
	noAccess: {"the role lacks the topic": "permissions/lacks-topic", "the group": "permissions/lacks-group"},
	noSASL:   {"IAM authentication is off on the cluster": "cluster/authentication-off", "the role lacks `kafka-cluster:Connect`": "permissions/lacks-connect"},
	noRole:   {"STS cannot be reached": "sts/no-way", "does not admit Lambda": "sts/endpoint-policy"},
}

func TestTheDoctorKnowsEachTextOfTheTable(t *testing.T) {
	rows := troubles(t)
	if len(rows) < 10 {
		t.Fatalf("the table has %d rows, want all", len(rows))
	}
	problems := 0
	for _, row := range rows {
		said, _, _ := strings.Cut(strings.TrimPrefix(row[0], "`"), "`")
		said = strings.TrimSuffix(said, "...")
		whole := said
		for each := range named {
			if strings.HasPrefix(each, said) {
				whole = each
			}
		}
		// Where the table leaves a part out, what is before it is enough.
		whole = strings.ReplaceAll(whole, " ...", "")
		if i := strings.Index(row[0], " ... "); i > 0 && !strings.HasPrefix(whole, "PROBLEM") {
			whole = strings.Trim(row[0][:i], "`")
		}
		means, ok := doctor.Means(whole)
		if !ok {
			t.Errorf("the doctor does not know %q", whole)
			continue
		}
		if !strings.HasPrefix(said, "PROBLEM:") {
			if means.Do == "" {
				t.Errorf("%q has nothing to do", said)
			}
			continue
		}
		problems++
		rest := row[1]
		for words, cause := range named[whole] {
			if !strings.Contains(row[1], words) {
				t.Errorf("the table names no cause %q of %q", words, said)
			}
			rest = strings.Replace(rest, words, "", 1)
			if cause == "" {
				continue
			}
			hop, what, _ := strings.Cut(cause, "/")
			if !means.Explains(hop, doctor.Cause(what)) {
				t.Errorf("%q is not explained by %s, and the table says so", said, cause)
			}
			// Each is shown, found and explained: TestTheDoctorFindsEachCause holds what is found to be that.
			if !slices.ContainsFunc(examples, func(e example) bool {
				return slices.Contains(e.found, cause) && e.page && (e.says == whole || hop == "sts")
			}) {
				t.Errorf("no example of %s with %q is on the page", cause, said)
			}
		}
		if left := regexp.MustCompile(`[a-zA-Z]{2,}`).FindAllString(strings.NewReplacer(" or ", " ", ", or ", " ").Replace(" "+rest+" "), -1); len(left) > 0 {
			t.Errorf("the table names causes of %q that no example has: %q", said, rest)
		}
	}
	if problems != len(named) {
		t.Errorf("%d rows are of LastProcessingResult, want %d", problems, len(named))
	}
}

func TestTheDoctorSaysWhatToDoOfEachTextOfADeploy(t *testing.T) {
	for text, want := range map[string]string{
		`Resource handler returned message: "InvalidPermission.Duplicate: the specified rule already exists"`:                                                                                    "securityGroupRules=none",
		"private-dns-enabled cannot be set because there is already a conflicting DNS domain for sts.eu-central-1.amazonaws.com in the VPC vpc-1":                                                "stsEndpoint=existing",
		`An event source mapping with event source arn ("arn:aws:kafka:eu-central-1:1:cluster/c/u-1"), function ("f") and topics ("t") already exists. Please update or delete the existing one`: "another construct id",
		"the look-up of subnet subnet-1 failed: AccessDenied":                    "docs/lookup.md",
		"Need to perform AWS calls for account 111122223333, but no credentials": "clusterArn",
	} {
		if means, ok := doctor.Means(text); !ok || !strings.Contains(means.Do, want) {
			t.Errorf("%q: %+v, want %q", text, means, want)
		}
	}
}

// keys are those of the app's settings, and the names of fields behind them.
func keys(t *testing.T) map[string]string {
	t.Helper()
	out := map[string]string{}
	for _, m := range regexp.MustCompile(`setting\{"(\w+)", "([\w.]+)"`).FindAllStringSubmatch(readFile(t, "constructs/mskapp/settings.go")+readFile(t, "constructs/mskapp/alarms.go"), -1) {
		out[m[1]] = m[2]
	}
	if len(out) < 50 {
		t.Fatalf("%d keys are found, want all", len(out))
	}
	return out
}

func TestEachCureNamesAKeyThatThereIs(t *testing.T) {
	if testing.Short() {
		t.Skip("asks for each example: go test without -short runs it")
	}
	known, seen := keys(t), map[string]bool{}
	for _, e := range examples {
		_, out, _ := ask(t, e.cloud(), e.arguments()...)
		for _, m := range regexp.MustCompile(`cure +key (\w+)\S* .*\(prop ([\w.]+)`).FindAllStringSubmatch(out, -1) {
			seen[m[1]] = true
			field, ok := known[m[1]]
			if !ok {
				t.Errorf("%s names the key %q, which the app does not have", e.title, m[1])
			}
			if first, _, _ := strings.Cut(m[2], "."); !strings.HasPrefix(field, first) && field != m[1] && !(m[1] == "enabled" && first == "Disabled") {
				t.Errorf("%s names the prop %q of key %q, whose field is %q", e.title, m[2], m[1], field)
			}
		}
	}
	for _, want := range []string{"securityGroupRules", "lambdaEndpoint", "sqsEndpoint", "secretsManagerEndpoint", "pollers", "authentication", "topic", "stsEndpointStatements"} {
		if !seen[want] {
			t.Errorf("no cure names %q", want)
		}
	}
}

// calls are the calls of the SDK in the source of the reader.
func calls(t *testing.T) []string {
	t.Helper()
	files, err := filepath.Glob("../account/*.go")
	if err != nil || len(files) < 5 {
		t.Fatalf("files = %q, %v", files, err)
	}
	var out []string
	add := func(call string) {
		if !slices.Contains(out, call) {
			out = append(out, call)
		}
	}
	for _, file := range files {
		parsed, err := parser.ParseFile(token.NewFileSet(), file, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(parsed, func(n ast.Node) bool {
			call, ok := n.(*ast.CallExpr)
			if !ok {
				return true
			}
			method, ok := call.Fun.(*ast.SelectorExpr)
			if !ok {
				return true
			}
			switch on := method.X.(type) {
			case *ast.SelectorExpr: // a.ec2.DescribeSubnets
				if name, ok := on.X.(*ast.Ident); ok && name.Name == "a" {
					add(on.Sel.Name + "." + method.Sel.Name)
				}
			case *ast.Ident: // ec2.NewDescribeSubnetsPaginator
				if name, ok := strings.CutPrefix(method.Sel.Name, "New"); ok && strings.HasSuffix(name, "Paginator") {
					add(on.Name + "." + strings.TrimSuffix(name, "Paginator"))
				}
			case *ast.CallExpr: // sts.NewFromConfig(cfg).GetCallerIdentity
				if of, ok := on.Fun.(*ast.SelectorExpr); ok && of.Sel.Name == "NewFromConfig" {
					add(of.X.(*ast.Ident).Name + "." + method.Sel.Name)
				}
			}
			return true
		})
	}
	slices.Sort(out)
	return out
}

func TestThePermissionsAreThoseOfTheCalls(t *testing.T) {
	if got, want := calls(t), account.Calls(); !slices.Equal(got, want) {
		t.Errorf("the source calls\n%q\nand permissions are listed of\n%q", got, want)
	}
	if !strings.Contains(readFile(t, "docs/doctor.md"), "```json\n"+account.Policy()+"\n```") {
		t.Errorf("docs/doctor.md does not have the policy that mskdoctor -permissions prints:\n%s", account.Policy())
	}
	reads := regexp.MustCompile(`^[a-z0-9-]+:(Describe|Get|List|Simulate)`)
	for _, action := range regexp.MustCompile(`"([a-z0-9-]+:\w+)"`).FindAllStringSubmatch(account.Policy(), -1) {
		if !reads.MatchString(action[1]) && action[1] != "kafka-cluster:Connect" {
			t.Errorf("%s does more than read", action[1])
		}
		if action[1] == "secretsmanager:GetSecretValue" {
			t.Error("the doctor reads what is in secrets")
		}
	}
}

// Each call is made by some example, so that the stand-in answers each.
func TestEachCallIsMade(t *testing.T) {
	if testing.Short() {
		t.Skip("asks for each example: go test without -short runs it")
	}
	made := map[string]bool{}
	for _, e := range examples {
		a := standin.Serve(t, e.cloud())
		reports(t, e.arguments()...)
		for _, call := range a.Asked() {
			made[call] = true
		}
	}
	more := byHand()
	more.Stacks = map[string][]string{"A": nil, "B": nil, "C": nil}
	more.Mappings[0]["DestinationConfig"] = standin.Object{"OnFailure": standin.Object{"Destination": "arn:aws:s3:::failed"}}
	more.Buckets = map[string]string{"failed": keyARN}
	more.Groups[brokers] = append(more.Groups[brokers], standin.In(9098, "pl-0123456789abcdef0"))
	a := standin.Serve(t, more)
	reports(t, "-mapping", uuid)
	reports(t, "-stack", "D")
	more.Mappings[0]["DestinationConfig"] = standin.Object{"OnFailure": standin.Object{"Destination": "arn:aws:sns:eu-central-1:111122223333:failed"}}
	reports(t, "-mapping", uuid)
	more.Mappings[0]["EventSourceArn"] = "arn:aws:kafka:eu-central-1:111122223333:vpc-connection/444455556666/orders/0c1f2e3d-4b5a-6978-8796-a5b4c3d2e1f0-3"
	reports(t, "-mapping", uuid)
	for _, call := range a.Asked() {
		made[call] = true
	}
	for _, call := range account.Calls() {
		if !made[call] {
			t.Errorf("no test makes the call %s", call)
		}
	}
}
