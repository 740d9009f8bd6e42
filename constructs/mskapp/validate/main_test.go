package main

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

const clusterARN = "arn:aws:kafka:us-east-1:111122223333:cluster/demo/4f1e0ab2-7c64-4a3e-9d5e-2b9a6c1d8e70-2"

func write(t *testing.T, dir, name, text string) {
	t.Helper()
	path := filepath.Join(dir, name)
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

// project is a directory with a configuration that is right, in all four places.
func project(t *testing.T) string {
	t.Helper()
	dir, home := t.TempDir(), t.TempDir()
	t.Setenv("HOME", home)
	t.Setenv("USERPROFILE", home)
	write(t, home, ".cdk.json", `{"context": {"team": "a", "topic": "not this one"}}`)
	write(t, dir, "cdk.json", `{"app": "go run .", "context": {"@aws-cdk/core:x": true, "ignore": "team", "consumers": "consumers/*.json"}}`)
	write(t, dir, "cdk.context.json", `{"cc-api-provider:x": [], "topic": "nor this one"}`)
	write(t, dir, "consumers/orders.json", `{"$schema": "x", "name": "Orders", "topic": "orders", "entry": "fn"}`)
	write(t, dir, "consumers/refunds.json", `[{"name": "Refunds", "topic": "refunds", "entry": "fn"}, {"name": "Late", "topic": "late", "entry": "fn"}]`)
	write(t, dir, "fn/main.go", "package main\n\nfunc main() {}\n")
	write(t, dir, "go.mod", "module fn\n\ngo 1.26\n")
	t.Chdir(dir)
	return dir
}

func TestWhatIsRightIsSaidToBe(t *testing.T) {
	project(t)
	var out, problems bytes.Buffer
	if status := run([]string{"-c", "clusterArn=" + clusterARN}, &out, &problems); status != 0 || problems.Len() > 0 {
		t.Errorf("status = %d, %s, want 0", status, &problems)
	}
	if out.Len() == 0 {
		t.Error("nothing was said, want that all is right")
	}
}

func TestWhatIsWrongIsSaidAtOnceWithTheFileItIsIn(t *testing.T) {
	dir := project(t)
	write(t, dir, "consumers/a.json", "{\n\"name\": \"A\",\n\"topic\" \"a1\"}")
	write(t, dir, "consumers/b.json", `{"name": "Orders", "dlq": "x", "topic": "my orders", "entry": "fn"}`)
	write(t, dir, "consumers/refunds.json", `[{"name": "Refunds", "topic": "refunds", "entry": "fn"}, {"topic": "late", "entry": "fn", "timeout": "15m"}]`)
	var out, problems bytes.Buffer
	status := run([]string{"-c", "clusterArn=" + clusterARN, "--context", "memory=512"}, &out, &problems)
	want := `the context (cdk.json or -c key=value) has problems:
memory is not a context key of this app, did you mean "memorySize"?
consumers/a.json must hold one consumer, a JSON object, or a list of them: line 3: invalid character '"' after object key
consumers/b.json: dlq is not a key of a consumer, did you mean "onFailure"?
consumers/orders.json: name must be its own, got "Orders" twice
consumers/refunds.json: [1].name is required: a letter and then letters and digits, at most 64; it is the consumer's construct id
consumers/b.json: topic must be 1 to 249 letters, digits, '.', '_' or '-', got "my orders"
consumers/refunds.json: [1].timeout must be at most 14m, the limit of functions behind an MSK mapping, got 15m
`
	if status != 1 || problems.String() != want || out.Len() > 0 {
		t.Errorf("status = %d, want 1, and\n%s\nwant\n%s", status, &problems, want)
	}
}

func TestAFileOrAnArgumentThatCannotBeReadIsAnError(t *testing.T) {
	dir := project(t)
	var out, problems bytes.Buffer
	for _, args := range [][]string{{"-c", "topic"}, {"topic=orders"}} {
		if status := run(args, &out, &problems); status == 0 {
			t.Errorf("%q: status = 0, want another", args)
		}
	}
	problems.Reset()
	if status := run([]string{"-contxt", "topic=orders"}, &out, &problems); status != 2 || problems.String() != "validate: there is no flag -contxt, did you mean -context?: -h lists them\n" {
		t.Errorf("status = %d, %s, want 2 and the flag that was meant", status, &problems)
	}
	write(t, dir, "cdk.json", "{")
	problems.Reset()
	if status := run(nil, &out, &problems); status != 1 || !strings.HasPrefix(problems.String(), "read cdk.json: ") {
		t.Errorf("status = %d, %s, want 1 and the file", status, &problems)
	}
}

// Whoever checks a change of the configuration needs no Node for it: every kind of
// thing that CDK has an object for is named here, and no program can be found.
func TestNoNodeIsStarted(t *testing.T) {
	if testing.Short() {
		t.Skip("links a program: go test without -short runs it")
	}
	bin := filepath.Join(t.TempDir(), "validate")
	if out, err := exec.Command("go", "build", "-ldflags=-s -w", "-o", bin, ".").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	dir := project(t)
	write(t, dir, "cdk.json", `{"context": {
		"clusterArn": "`+clusterARN+`", "endpointAccess": "vpc", "vpcCidrs": "10.0.0.0/16", "entry": "fn", "ignore": "team", "pollers": "provisioned",
		"lambdaEndpointStatements": [{"Effect": "Allow", "Principal": "*", "Action": "lambda:GetFunction", "Resource": "*"}],
		"alarms": {"lagAbove": 5}, "alarmTopicArns": "arn:aws:sns:us-east-1:111122223333:pages", "roleArn": "arn:aws:iam::111122223333:role/mine",
		"filters": [{"value": ["a"]}], "filterKeyArn": "arn:aws:kms:us-east-1:111122223333:key/0c1f2e3d", "architecture": "x86_64",
		"schemaRegistry": "https://registry.example.com", "schemaValidate": "value", "s3Endpoint": "existing",
		"schemaAccess": "BASIC_AUTH=arn:aws:secretsmanager:us-east-1:111122223333:secret:r-a1b2c3",
		"authentication": "scram", "secretArn": "arn:aws:secretsmanager:us-east-1:111122223333:secret:AmazonMSK_o-a1b2c3",
		"secretKeyArn": "arn:aws:kms:us-east-1:111122223333:key/0c1f2e3d", "onFailureKeyArn": "arn:aws:kms:us-east-1:111122223333:key/0c1f2e3d",
		"consumers": [
			{"name": "A", "topic": "a1", "onFailure": "arn:aws:sqs:us-east-1:111122223333:failed"},
			{"name": "B", "topic": "b1", "onFailure": "arn:aws:sns:us-east-1:111122223333:failed"},
			{"name": "C", "topic": "c1", "onFailure": "arn:aws:s3:::failed"},
			{"name": "D", "topic": "d1", "functionArn": "arn:aws:lambda:us-east-1:111122223333:function:mine", "onFailure": "kafka://failed", "onFailureKeyArn": ""}]}}`)
	run := exec.Command(bin)
	run.Env = []string{"PATH=", "HOME=" + os.Getenv("HOME")}
	if out, err := run.CombinedOutput(); err != nil {
		t.Errorf("%v\n%s", err, out)
	}
}
