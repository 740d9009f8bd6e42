package process

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"text/template"

	"msklambda/test/internal/lookups"
	"msklambda/test/internal/synthtest"
)

// runner is a program with all examples in it, since what is a program each cannot
// be imported, and to link eight of them takes a minute. With a name it is that
// example; without, it synthesizes each into a directory of its own.
var runner = template.Must(template.New("").Parse(`package main

import (
	"os"
	"path/filepath"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/jsii-runtime-go"
	"msklambda/constructs/msklambda"
{{range .}}
	"msklambda/docs/examples/{{.}}"{{end}}
)

func main() {
	examples := map[string]func(awscdk.App) error{ {{range .}}
		"{{.}}": {{.}}.Define,{{end}}
	}
	if len(os.Args) > 1 {
		msklambda.Main(nil, examples[os.Args[1]])
	}
	for name, define := range examples {
		outdir := filepath.Join(os.Getenv("EXAMPLES"), name)
		app := awscdk.NewApp(&awscdk.AppProps{Outdir: &outdir, PostCliContext: &map[string]any{"aws:cdk:bundling-stacks": []string{}}})
		if err := define(app); err != nil {
			panic(err)
		}
		app.Synth(nil)
	}
	jsii.Close()
}
`))

// examples builds the runner. go build sees it, and the examples as packages to
// import, where the overlay says: nothing of it is in the repository.
func examples(t *testing.T) (program string, names []string) {
	t.Helper()
	dir, replace := t.TempDir(), map[string]string{}
	lay := func(path, text string) {
		name := filepath.Join(dir, fmt.Sprint(len(replace), ".go"))
		write(t, name, text)
		replace[path] = name
	}
	files, err := filepath.Glob(absolute(t, root+"/docs/examples/*/main.go"))
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		name := filepath.Base(filepath.Dir(file))
		if name == "lambda" {
			continue
		}
		names = append(names, name)
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		lay(file, strings.NewReplacer("\npackage main\n", "\npackage "+name+"\n", "\nfunc main() { msklambda.Main(nil, define) }\n", "\nvar Define = define\n").Replace(string(text)))
	}
	var main bytes.Buffer
	if err := runner.Execute(&main, names); err != nil {
		t.Fatal(err)
	}
	all := absolute(t, root+"/docs/examples/all")
	lay(filepath.Join(all, "main.go"), main.String())
	overlay := filepath.Join(dir, "overlay.json")
	write(t, overlay, asJSON(map[string]any{"Replace": replace}))
	program = filepath.Join(dir, "examples")
	cmd := exec.Command("go", "build", "-ldflags=-s -w", "-overlay", overlay, "-o", program, "./docs/examples/all")
	cmd.Dir = root
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("go build of all examples: %v\n%s", err, out)
	}
	return program, names
}

// TestTheExamplesSynthesize has every example make its template, which CDK's rules
// judge, and wants in it what it is an example of, and no warning.
func TestTheExamplesSynthesize(t *testing.T) {
	long(t)
	wants := map[string][]string{
		"lookup":       {"AWS::EC2::VPCEndpoint", `"CidrIp":"10.0.0.0/16"`},
		"ownvpc":       {"AWS::MSK::Cluster", `"EventSourceArn":{"Fn::GetAtt":["Kafka","Arn"]}`, "AWS::EC2::VPCEndpoint"},
		"provisioned":  {`"MaximumPollers":4`, `"FunctionResponseTypes":["ReportBatchItemFailures"]`, `"Destination":{"Fn::GetAtt":["Failed`},
		"scram":        {`"Type":"SASL_SCRAM_512_AUTH"`, "kms:Decrypt", `"FromPort":9096`, "secretsmanager"},
		"twostacks":    {`"ConsumerGroupId":"orders-audit"`, `"ConsumerGroupId":"orders-fn"`},
		"otheraccount": {`"EventSourceArn":"arn:aws:kafka:eu-central-1:111122223333:vpc-connection/`, "arn:aws:kafka:eu-central-1:444455556666:topic/orders/"},
		"function":     {`"FunctionName":"orders"`, `"Roles":["orders"]`},
		"admin":        {`"MSKLAMBDA_ADMIN_RIGHT":"manage"`, "kafka-cluster:AlterGroup", "msklambda: admin function of Cluster/Manager", "lambda:InvokeFunction"},
		"livescores":   {"AWS::ApiGatewayV2::Api", "AWS::CloudFront::Distribution"},
	}
	program, names := examples(t)
	dir := absolute(t, root+"/docs/examples")
	var config struct{ Context map[string]any }
	readJSON(t, filepath.Join(dir, "cdk.json"), &config)
	out := t.TempDir()
	cmd := exec.Command(program)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "EXAMPLES="+out, "CDK_CONTEXT_JSON="+asJSON(config.Context), "CDK_VALIDATION=true")
	if text, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, text)
	}
	lookUpTheExample(t, program, dir, filepath.Join(out, "lookup"))
	for _, name := range names {
		if wants[name] == nil {
			t.Errorf("nothing is wanted of %s", name)
		}
		templates, err := filepath.Glob(filepath.Join(out, name, "*.template.json"))
		if err != nil || len(templates) == 0 {
			t.Errorf("%s made no template", name)
			continue
		}
		var all strings.Builder
		for _, file := range templates {
			var template any
			readJSON(t, file, &template)
			all.WriteString(asJSON(template))
		}
		for _, want := range append(wants[name], "AWS::Lambda::EventSourceMapping") {
			if !strings.Contains(all.String(), want) {
				t.Errorf("%s has no %s: %s", name, want, all.String())
			}
		}
		for _, warning := range warningsIn(t, filepath.Join(out, name)) {
			t.Errorf("%s: %s", name, warning)
		}
	}
}

// lookUpTheExample has the real CLI synthesize the one example that asks an account.
func lookUpTheExample(t *testing.T, program, dir, out string) {
	t.Helper()
	cloud := lookups.NewCloud().Move("eu-central-1")
	cloud.Replace(strings.Replace(synthtest.ARN, synthtest.Region, "eu-central-1", 1), "arn:aws:kafka:eu-central-1:111122223333:cluster/orders/0c1f2e3d-4b5a-6978-8796-a5b4c3d2e1f0-3")
	p := newProject(t, lookups.Serve(t, cloud).URL)
	if err := os.Remove(filepath.Join(p.Dir, "cdk.json")); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(filepath.Join(dir, "cdk.json"), filepath.Join(p.Dir, "cdk.json")); err != nil {
		t.Fatal(err)
	}
	if err := os.RemoveAll(out); err != nil {
		t.Fatal(err)
	}
	p.Env = append(p.Env, "MSKLAMBDA_CACHE="+t.TempDir())
	// It lists the stacks, and bundles nothing.
	if text, ok := p.Run("list", "--app", program+" lookup", "--output", out); !ok {
		t.Fatalf("the CLI's list of lookup failed:\n%s", text)
	}
	if len(cloud.Calls) == 0 {
		t.Error("lookup asked for nothing")
	}
}

// warningsIn are the warnings and errors that an assembly has.
func warningsIn(t *testing.T, dir string) (out []string) {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(dir, "*.json"))
	if err != nil {
		t.Fatal(err)
	}
	var manifest struct {
		Artifacts map[string]struct {
			Metadata       map[string][]struct{ Type, Data any }
			AdditionalFile string `json:"additionalMetadataFile"`
		}
	}
	readJSON(t, filepath.Join(dir, "manifest.json"), &manifest)
	for _, artifact := range manifest.Artifacts {
		all := artifact.Metadata
		if artifact.AdditionalFile != "" {
			if !slices.Contains(files, filepath.Join(dir, artifact.AdditionalFile)) {
				t.Fatalf("%s has no %s", dir, artifact.AdditionalFile)
			}
			readJSON(t, filepath.Join(dir, artifact.AdditionalFile), &all)
		}
		for path, entries := range all {
			for _, e := range entries {
				if e.Type == "aws:cdk:warning" || e.Type == "aws:cdk:error" {
					out = append(out, fmt.Sprint(path, ": ", e.Data))
				}
			}
		}
	}
	return out
}
