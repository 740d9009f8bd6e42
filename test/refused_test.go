package test

import (
	"bytes"
	"errors"
	"flag"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdklambdagoalpha/v2"
	"github.com/aws/jsii-runtime-go"

	"msklambda/constructs/msklambda"
)

var updateRefused = flag.Bool("refused", false, "write ../docs/refused.md anew")

type refusedConstruction struct {
	name  string
	build func(awscdk.Stack, *msklambda.Cluster)
}

// refusedAtConstruction are wrong for what is there already.
var refusedAtConstruction = []refusedConstruction{
	{"a cluster of another account than the stack's", func(stack awscdk.Stack, _ *msklambda.Cluster) {
		msklambda.ImportCluster(stack, "Other", clusterProps(func(p *msklambda.ClusterProps) { p.ClusterARN = strings.Replace(arn, account, other, 1) }))
	}},
	{"a cluster of another region than the stack's", func(stack awscdk.Stack, _ *msklambda.Cluster) {
		msklambda.ImportCluster(stack, "Other", clusterProps(func(p *msklambda.ClusterProps) { p.ClusterARN = strings.Replace(arn, region, "eu-west-1", 1) }))
	}},
	{"a grant to nobody", func(_ awscdk.Stack, c *msklambda.Cluster) { c.GrantProduce(nil, "orders") }},
	{"two answers of one function", func(stack awscdk.Stack, c *msklambda.Cluster) {
		fn := theirFunction(stack)
		c.AddConsumer("A", &msklambda.ConsumerProps{Topic: "a1", GroupID: "a", Function: fn, Pollers: &msklambda.Pollers{}, ReportBatchItemFailures: true})
		c.AddConsumer("B", &msklambda.ConsumerProps{Topic: "b1", GroupID: "b", Function: fn})
	}},
	{"more pollers than a group may have", func(_ awscdk.Stack, c *msklambda.Cluster) {
		for i, most := range []int{1500, 501} {
			c.AddConsumer(fmt.Sprint("C", i), consumerProps(func(p *msklambda.ConsumerProps) {
				p.GroupID, p.Pollers = fmt.Sprint("g", i), &msklambda.Pollers{Maximum: most, Group: "shared"}
			}))
		}
	}},
	{"a role put in by the hook", func(_ awscdk.Stack, c *msklambda.Cluster) {
		c.AddConsumer("Refunds", consumerProps(refunds, func(p *msklambda.ConsumerProps) {
			p.EditFunction = func(f *awscdklambdagoalpha.GoFunctionProps) { f.Role = nil }
		}))
	}},
	{"a timeout put in by the hook", func(_ awscdk.Stack, c *msklambda.Cluster) {
		c.AddConsumer("Refunds", consumerProps(refunds, func(p *msklambda.ConsumerProps) {
			p.EditFunction = func(f *awscdklambdagoalpha.GoFunctionProps) { f.Timeout = awscdk.Duration_Minutes(jsii.Number(15)) }
		}))
	}},
	{"a metric that the function does not write", func(_ awscdk.Stack, c *msklambda.Cluster) {
		c.AddConsumer("Refunds", consumerProps(refunds)).FunctionMetric("Age", nil)
	}},
	{"no id", func(_ awscdk.Stack, c *msklambda.Cluster) { c.AddConsumer("", consumerProps(refunds)) }},
	{"an id that is a token", func(_ awscdk.Stack, c *msklambda.Cluster) { c.AddConsumer("${Token[TOKEN.9]}", consumerProps(refunds)) }},
	{"an id that is taken", func(_ awscdk.Stack, c *msklambda.Cluster) { c.AddConsumer("Orders", consumerProps(refunds)) }},
	{"an id of the cluster's own", func(_ awscdk.Stack, c *msklambda.Cluster) { c.AddConsumer("S3Endpoint", consumerProps(refunds)) }},
	{"a topic twice", func(_ awscdk.Stack, c *msklambda.Cluster) {
		c.AddTopic("A", topicProps())
		c.AddTopic("B", topicProps())
	}},
	{"topics whose names Kafka's metrics do not tell apart", func(_ awscdk.Stack, c *msklambda.Cluster) {
		c.AddTopic("A", topicProps(func(p *msklambda.TopicProps) { p.Name = "orders.eu" }))
		c.AddTopic("B", topicProps(func(p *msklambda.TopicProps) { p.Name = "orders_eu" }))
	}},
	{"the id of another topic", func(_ awscdk.Stack, c *msklambda.Cluster) {
		c.AddTopic("A", topicProps())
		c.AddTopic("A", topicProps(func(p *msklambda.TopicProps) { p.Name = "refunds" }))
	}},
	{"no cluster", func(stack awscdk.Stack, _ *msklambda.Cluster) {
		msklambda.NewConsumer(stack, "Refunds", nil, consumerProps(refunds))
	}},
	{"a consumer in another stage", func(stack awscdk.Stack, c *msklambda.Cluster) {
		stage := awscdk.NewStage(stack.Node().Root().(awscdk.App), jsii.String("Prod"), nil)
		msklambda.NewConsumer(newStackIn(stage, "Other"), "Refunds", c, consumerProps(refunds))
	}},
	{"the group of another consumer", func(_ awscdk.Stack, c *msklambda.Cluster) {
		c.AddConsumer("Refunds", consumerProps(func(p *msklambda.ConsumerProps) { p.Topic = "refunds" }))
	}},
	{"one function on one topic twice", func(stack awscdk.Stack, c *msklambda.Cluster) {
		fn := theirFunction(stack)
		c.AddConsumer("A", &msklambda.ConsumerProps{Topic: "refunds", GroupID: "a", Function: fn})
		c.AddConsumer("B", &msklambda.ConsumerProps{Topic: "refunds", GroupID: "b", Function: fn})
	}},
}

// refusal is a row of the page.
type refusal struct{ section, name, message string }

var refusedSections = map[string]string{
	"`ClusterProps.Validate`":         "What is wrong with a cluster's props by themselves.",
	"`ConsumerProps.Validate`":        "What is wrong with a consumer's props by themselves. Fields that need `Pollers` are those that Lambda has in provisioned mode only.",
	"`ClusterProps.ValidateConsumer`": "What a consumer asks for and its cluster does not allow.",
	"`TopicProps.Validate`":           "What is wrong with the props of a topic by themselves.",
	"`ClusterProps.ValidateTopic`":    "Clusters on which no topic can be made.",
	"`AdminProps.Validate`":           "What is wrong with an admin function's props by themselves.",
	"`ClusterProps.ValidateAdmin`":    "What an admin function asks for and its cluster does not allow.",
	"`ImportCluster`, `NewConsumer`":  "What the app around a construct does not allow.",
	"`AddAdmin`":                      "What the cluster of an admin function does not allow as it is.",
}

func refusals(t *testing.T) []refusal {
	t.Helper()
	var out []refusal
	add := func(section, name string, err error) {
		var messages []string
		if err == nil {
			t.Errorf("%s: %s is accepted, want it refused", section, name)
			return
		}
		for line := range strings.Lines(err.Error()) {
			messages = append(messages, strings.TrimSpace(line))
		}
		// Each case is one wrong thing, so that its message cannot be another's.
		if len(messages) != 1 {
			t.Errorf("%s: %s = %q, want one problem", section, name, messages)
		}
		out = append(out, refusal{section, name, messages[0]})
	}
	noPanic(t, func() {
		app := newApp(t, nil)
		n := 0
		stack := func() awscdk.Stack { n++; return newStack(app, fmt.Sprintf("Test%d", n)) }
		for _, c := range refusedClusters {
			add("`ClusterProps.Validate`", c.name, clusterProps(c.edit).Validate())
		}
		for _, c := range refusedConsumers {
			in := stack()
			add("`ConsumerProps.Validate`", c.name, consumerProps(func(p *msklambda.ConsumerProps) { c.edit(in, p) }).Validate())
		}
		for _, c := range refusedByCluster {
			in := stack()
			cluster, consumer := clusterProps(c.cluster), consumerProps(func(p *msklambda.ConsumerProps) { c.edit(in, p) })
			if err := errors.Join(cluster.Validate(), consumer.Validate()); err != nil {
				t.Errorf("%s = %v, want each accepted by itself", c.name, err)
			}
			add("`ClusterProps.ValidateConsumer`", c.name, cluster.ValidateConsumer(consumer))
		}
		for _, c := range refusedAdmins {
			in := stack()
			add("`AdminProps.Validate`", c.name, adminProps(func(p *msklambda.AdminProps) { c.edit(in, p) }).Validate())
		}
		for _, c := range refusedAdminsByCluster {
			in := stack()
			cluster, admin := clusterProps(c.cluster), adminProps(func(p *msklambda.AdminProps) { c.edit(in, p) })
			if err := errors.Join(cluster.Validate(), admin.Validate()); err != nil {
				t.Errorf("%s = %v, want each accepted by itself", c.name, err)
			}
			add("`ClusterProps.ValidateAdmin`", c.name, cluster.ValidateAdmin(admin))
		}
	})
	for _, c := range refusedTopics {
		add("`TopicProps.Validate`", c.name, topicProps(c.edit).Validate())
	}
	for _, c := range refusedForTopics {
		add("`ClusterProps.ValidateTopic`", c.name, clusterProps(c.edit).ValidateTopic(topicProps()))
	}
	for i, c := range slices.Concat(refusedAtConstruction, refusedAdminsAtConstruction) {
		section := "`ImportCluster`, `NewConsumer`"
		if i >= len(refusedAtConstruction) {
			section = "`AddAdmin`"
		}
		stack := newStack(newApp(t, nil), "Test")
		cluster := msklambda.ImportCluster(stack, "Cluster", clusterProps())
		cluster.AddConsumer("Orders", consumerProps())
		// The first line says which construct it is.
		_, message, _ := strings.Cut(panicText(func() { c.build(stack, cluster) }), "\n")
		var err error
		if message != "" {
			err = errors.New(message)
		}
		add(section, c.name, err)
	}
	return out
}

// TestThePageOfRefusalsIsWhatTheCodeSays makes docs/refused.md and compares.
func TestThePageOfRefusalsIsWhatTheCodeSays(t *testing.T) {
	long(t)
	const path = "../docs/refused.md"
	var page bytes.Buffer
	page.WriteString("# What is refused, and what is warned of\n\n" +
		"Every wrong value and combination that is an error at synth, with its message, and every warning. The service itself would\n" +
		"refuse these minutes into a deploy, or accept them and never poll. Written by a test, which fails when the code says\n" +
		"something else: `go test ./test -run TestThePageOfRefusals -refused`.\n\n" +
		"All problems of a construct are reported at once, after a line such as `msklambda: consumer \"Orders\":`. The app names its context\n" +
		"keys in place of the fields. What only the whole app shows, such as a second endpoint for a service of one VPC, a rule that\n" +
		"is there twice or a consumer group of two mappings, is an error at the end of the synth.\n")
	section := ""
	wd, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	cell := strings.NewReplacer(wd, "...", "|", `\|`, "*", `\*`, "<", "&lt;", "$or", "`$or`").Replace
	for _, r := range refusals(t) {
		if r.section != section {
			section = r.section
			fmt.Fprintf(&page, "\n## %s\n\n%s\n\n| case | message |\n|---|---|\n", section, refusedSections[section])
		}
		fmt.Fprintf(&page, "| %s | %s |\n", r.name, cell(shorten(r.message)))
	}
	page.WriteString("\n## Warnings\n\nWhat is legal and may not be meant, or what AWS does not document. Each is acknowledged by its id:\n" +
		"`awscdk.Annotations_Of(construct).AcknowledgeWarning(id, reason)`.\n\n| id, constant | when | text |\n|---|---|---|\n")
	for _, w := range warningCases {
		fmt.Fprintf(&page, "| `%s`, `%s` on the %s | %s | %s |\n", w.id(), w.constant, w.kind.On, w.kind.When, cell(shorten(w.text(t))))
	}
	if *updateRefused {
		if err := os.WriteFile(path, page.Bytes(), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(page.Bytes(), want) {
		t.Errorf("%s is not what the code says: run go test ./test -run TestThePageOfRefusals -refused and read the diff.\ngot %s", path, page.Bytes())
	}
}

var (
	repetition = regexp.MustCompile(`a{20,}`)
	list       = regexp.MustCompile(`\[\{"Action".*\}\]`)
)

// shorten leaves out what nobody would read.
func shorten(message string) string {
	return list.ReplaceAllString(repetition.ReplaceAllString(message, "aaa..."), "[{...}, ...]")
}

// notOnThePage are messages of the package that are not those of a case: why.
var notOnThePage = map[string]string{
	"msklambda: %s %q:\n%w":         "the first line of every panic",
	"cannot be bundled, got %q: %v": "the tests of package gobuild make each cause",

	"is required where the package of the admin function is not found: %v":                           "the test of package msklambda that looks for it makes it",
	"it is %s: %w: give the directory of a main package of your own that calls Start of %s/function": "the rest of that",
}

// TestNoMessageIsMissingFromThePage reads the package's source for every message
// that it can refuse with, and wants each of them said by a case.
func TestNoMessageIsMissingFromThePage(t *testing.T) {
	long(t)
	var said []string
	for _, r := range refusals(t) {
		said = append(said, r.message)
	}
	// What only facts tell, of package network, has tests of its own.
	files := []string{"../constructs/network/choices.go"}
	for _, pattern := range []string{"../constructs/msklambda/*.go", "../constructs/filter/*.go"} {
		matched, err := filepath.Glob(pattern)
		if err != nil {
			t.Fatal(err)
		}
		files = append(files, matched...)
	}
	set := token.NewFileSet()
	found, excused := 0, map[string]bool{}
	for _, file := range files {
		// What only the answers of a look-up tell has tests and a page of its own:
		// lookup_cluster_test.go, those of packages lookup and network, docs/lookup.md.
		if strings.HasSuffix(file, "_test.go") || strings.HasPrefix(filepath.Base(file), "lookup") {
			continue
		}
		parsed, err := parser.ParseFile(set, file, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(parsed, func(n ast.Node) bool {
			call, ok := n.(*ast.CallExpr)
			if !ok || len(call.Args) == 0 {
				return true
			}
			function, ok := call.Fun.(*ast.SelectorExpr)
			if !ok {
				return true
			}
			format, field := call.Args[0], ""
			switch name := fmt.Sprint(function.X, ".", function.Sel.Name); {
			case name == "ps.Add", name == "problem.New":
				format = call.Args[1]
				if text, ok := constant(call.Args[0]); ok && text != wantARN {
					field = "^" + regexp.QuoteMeta(text) + " "
				}
			case name == "errors.New", name == "fmt.Errorf":
			default:
				return true
			}
			text, ok := constant(format)
			if !ok {
				t.Errorf("%s: message = %T, want a literal that this test can read", set.Position(call.Pos()), format)
				return true
			}
			found++
			if notOnThePage[text] != "" {
				excused[text] = true
				return true
			}
			if pattern := messagePattern(field, text); !slices.ContainsFunc(said, pattern.MatchString) {
				t.Errorf("%s: no case says %q", set.Position(call.Pos()), field+text)
			}
			return true
		})
	}
	for text := range notOnThePage {
		if !excused[text] {
			t.Errorf("%q is excused from the page, and no longer in the source", text)
		}
	}
	if found < 100 {
		t.Errorf("messages = %d, want those of the whole package", found)
	}
	t.Logf("messages in the source: %d, cases: %d", found, len(said))
}

// constant is the value of a text written in one piece or in several.
func constant(e ast.Expr) (string, bool) {
	switch e := e.(type) {
	case *ast.BasicLit:
		text, err := strconv.Unquote(e.Value)
		return text, err == nil
	case *ast.BinaryExpr:
		x, okX := constant(e.X)
		y, okY := constant(e.Y)
		return x + y, okX && okY
	case *ast.Ident:
		// The one format that has a name of its own, in clusterARN.
		return wantARN, e.Name == "want"
	}
	return "", false
}

const wantARN = "must be the ARN of an MSK cluster"

var (
	verb      = regexp.MustCompile(`%[a-z]`)
	reference = regexp.MustCompile(`\{([A-Z][A-Za-z.]*)\}`) // to another field, see package problem
)

// messagePattern matches what a format can become, after the field where the
// source names it.
func messagePattern(field, format string) *regexp.Regexp {
	var parts []string
	format = reference.ReplaceAllString(format, "$1")
	for _, part := range verb.Split(format, -1) {
		parts = append(parts, regexp.QuoteMeta(part))
	}
	return regexp.MustCompile(field + strings.Join(parts, `.*`))
}
