package test

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"msklambda/test/internal/npm"
)

// request is one call to AWS, as IAM sees it. The resource counts as one of
// Account, whatever its ARN says: with the role's own account there, the
// identity policy alone decides, and no call is refused for the border between
// two accounts rather than by the policy. With another account there, a resource
// policy must admit the caller too.
type request struct {
	Principal      string         `json:"principal"`
	Action         string         `json:"action"`
	Resource       string         `json:"resource"`
	Account        string         `json:"account"`
	Context        map[string]any `json:"context,omitempty"`        // a text, or several for a key that has several
	Policy         string         `json:"policy,omitempty"`         // name of the identity policy
	ResourcePolicy string         `json:"resourcePolicy,omitempty"` // name of the trust or endpoint policy
}

func (r request) String() string {
	return fmt.Sprintf("%s on %s %v", r.Action, r.Resource, r.Context)
}

type verdict struct {
	Result       string // Allowed, ImplicitlyDenied or ExplicitlyDenied
	Error        string // such as invalid.action: the action does not exist
	WildcardOnly bool   // the action has no resource type
}

// evaluator is one Node process for all tests of the package: to start and to
// install is what costs. It ends with this process, which closes its input.
type evaluator struct {
	in  io.Writer
	out *bufio.Reader
}

var (
	evaluatorOnce sync.Once
	theEvaluator  *evaluator
	errEvaluator  error
)

// evaluate asks a policy evaluator (npm @cloud-copilot/iam-simulate, which knows
// every action, resource type and condition key of AWS) and returns a verdict
// for each request.
func evaluate(t *testing.T, policies map[string]any, requests []request) []verdict {
	t.Helper()
	evaluatorOnce.Do(func() { theEvaluator, errEvaluator = startEvaluator() })
	var offline npm.MissingError
	if errors.As(errEvaluator, &offline) && os.Getenv("CI") == "" {
		t.Skipf("the IAM evaluator is missing (with CI set this is a failure): %v", offline)
	}
	if errEvaluator != nil {
		t.Fatalf("the IAM evaluator is missing: %v", errEvaluator)
	}
	if _, err := fmt.Fprintln(theEvaluator.in, asJSON(map[string]any{"policies": policies, "cases": requests})); err != nil {
		t.Fatalf("ask the IAM evaluator: %v", err)
	}
	line, err := theEvaluator.out.ReadBytes('\n')
	if err != nil {
		t.Fatalf("hear the IAM evaluator: %v", err)
	}
	var out []verdict
	if err := json.Unmarshal(line, &out); err != nil {
		t.Fatal(err)
	}
	if len(out) != len(requests) {
		t.Fatalf("verdicts = %d, want %d", len(out), len(requests))
	}
	return out
}

func startEvaluator() (*evaluator, error) {
	dir, err := installEvaluator()
	if err != nil {
		return nil, err
	}
	cmd := exec.Command("node", "testdata/iam/evaluate.cjs", dir)
	cmd.Stderr = os.Stderr
	in, err := cmd.StdinPipe()
	if err != nil {
		return nil, err
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	return &evaluator{in, bufio.NewReader(out)}, cmd.Start()
}

// installEvaluator installs the evaluator outside of the repository, since its
// license (AGPL) is not ours.
func installEvaluator() (string, error) {
	var files []npm.File
	for _, name := range []string{"package.json", "package-lock.json"} {
		text, err := os.ReadFile(filepath.Join("testdata/iam", name))
		if err != nil {
			return "", err
		}
		files = append(files, npm.File{Name: name, Text: text})
	}
	return npm.Install(context.Background(), "iam", files...)
}

// literal puts what a deploy would put in place of the intrinsic functions. It
// fails on any that it does not know, rather than evaluate a half-resolved ARN.
func (tpl *template) literal(v any) any {
	tpl.T.Helper()
	switch v := v.(type) {
	case []any:
		out := make([]any, len(v))
		for i, element := range v {
			out[i] = tpl.literal(element)
		}
		return out
	case map[string]any:
		if name, ok := v["Ref"].(string); ok && len(v) == 1 {
			if name == "AWS::URLSuffix" {
				return "amazonaws.com"
			}
			if name == "AWS::Partition" {
				return "aws"
			}
			return tpl.attribute(name, "Ref")
		}
		if get, ok := v["Fn::GetAtt"].([]any); ok && len(v) == 1 {
			return tpl.attribute(get[0].(string), get[1].(string))
		}
		if join, ok := v["Fn::Join"].([]any); ok && len(v) == 1 {
			var parts []string
			for _, part := range tpl.literal(join[1]).([]any) {
				parts = append(parts, part.(string))
			}
			return strings.Join(parts, join[0].(string))
		}
		out := map[string]any{}
		for key, element := range v {
			if strings.HasPrefix(key, "Fn::") || key == "Ref" {
				tpl.T.Fatalf("no literal for %s", asJSON(v))
			}
			out[key] = tpl.literal(element)
		}
		return out
	}
	return v
}

// attribute is what CloudFormation would return, with the logical id as the name.
func (tpl *template) attribute(id, name string) string {
	tpl.T.Helper()
	here := ":" + region + ":" + account + ":"
	for _, r := range tpl.Resources {
		if r.ID != id {
			continue
		}
		switch r.Type + " " + name {
		case "AWS::IAM::Role Ref", "AWS::S3::Bucket Ref":
			return id
		case "AWS::IAM::Role Arn":
			return "arn:aws:iam::" + account + ":role/" + id
		case "AWS::Logs::LogGroup Arn":
			return "arn:aws:logs" + here + "log-group:" + id + ":*"
		case "AWS::SQS::Queue Arn":
			return "arn:aws:sqs" + here + id
		case "AWS::SNS::Topic Ref":
			return "arn:aws:sns" + here + id
		case "AWS::S3::Bucket Arn":
			return "arn:aws:s3:::" + id
		case "AWS::DynamoDB::Table Arn":
			return "arn:aws:dynamodb" + here + "table/" + id
		case "AWS::ApiGatewayV2::Api Ref":
			return "a1b2c3d4e5"
		case "AWS::KMS::Key Arn":
			return "arn:aws:kms" + here + "key/" + id
		case "AWS::SecretsManager::Secret Ref":
			return "arn:aws:secretsmanager" + here + "secret:" + id + "-a1b2c3"
		}
		tpl.T.Fatalf("no literal for %s of %s", name, r.Type)
	}
	tpl.T.Fatalf("no resource %q", id)
	return ""
}
