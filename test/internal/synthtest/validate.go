package synthtest

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/constructs-go/constructs/v10"
	"github.com/aws/jsii-runtime-go"
)

// made are the templates that the tests of this process have read, each once, and
// the test that was the first to.
var made struct {
	sync.Mutex
	tests map[string]string // by template
	all   []recorded
}

type recorded struct{ template, stack, account, region string }

func record(test, template string, stack awscdk.Stack) {
	made.Lock()
	defer made.Unlock()
	if made.tests == nil {
		made.tests = map[string]string{}
	}
	if _, ok := made.tests[template]; ok {
		return
	}
	made.tests[template] = test
	made.all = append(made.all, recorded{template, *stack.Node().Path(), known(stack.Account()), known(stack.Region())})
}

func known(s *string) string {
	if *awscdk.Token_IsUnresolved(s) {
		return ""
	}
	return *s
}

// Validate judges by CDK's rules all templates that the tests of this process have
// made: it returns what would not let an app synthesize, and how many it judged.
// To start the rules takes longer than to judge a hundred templates, so it is once
// and not in each synth.
func Validate() (findings []string, judged int, err error) {
	made.Lock()
	defer made.Unlock()
	dir, err := os.MkdirTemp("", "msklambda-validate-")
	if err != nil {
		return nil, 0, err
	}
	defer os.RemoveAll(dir)
	context := &validated{app: awscdk.NewApp(&awscdk.AppProps{Outdir: jsii.String(filepath.Join(dir, "out"))})}
	tests := map[string]string{}
	for i, m := range append(made.all, faulty) {
		path := filepath.Join(dir, fmt.Sprintf("%d.template.json", i))
		if err := os.WriteFile(path, []byte(m.template), 0o644); err != nil {
			return nil, 0, err
		}
		tests[path] = made.tests[m.template]
		context.add(m, path)
	}
	noticed := false
	report := awscdk.NewCloudFormationValidatePlugin(nil).Validate(context)
	for _, v := range *report.Violations {
		if v.Severity == nil || *v.Severity != "error" && *v.Severity != "fatal" {
			continue
		}
		for _, r := range *v.ViolatingResources {
			if test := tests[*r.TemplatePath]; test != "" {
				at := "the template" // what is about no resource of it
				if r.ResourceLogicalId != nil {
					at = *r.ResourceLogicalId
				}
				findings = append(findings, fmt.Sprintf("%s: %s: %s (%s)", test, at, *v.Description, *v.RuleName))
			} else {
				noticed = true
			}
		}
	}
	if !noticed {
		return nil, 0, errors.New("CDK's rules have nothing against a template with a fault, so they prove nothing")
	}
	return findings, len(made.all), nil
}

// faulty is of no test, and must be noticed.
var faulty = recorded{`{"Resources":{"Faulty":{"Type":"AWS::EC2::SecurityGroup","Properties":{"GroupDescription":"x","VpcId":"vpc-1"}}}}`, "Faulty", Account, Region}

// validated is what CDK tells a validation of an app, of the templates of many.
type validated struct {
	app    awscdk.App
	stacks []*awscdk.PolicyValidationStack
	paths  []*string
}

func (v *validated) add(m recorded, path string) {
	stack := &awscdk.PolicyValidationStack{StackConstructPath: &m.stack, TemplatePath: &path}
	if m.account != "" {
		stack.AccountId = &m.account
	}
	if m.region != "" {
		stack.Region = &m.region
	}
	v.stacks = append(v.stacks, stack)
	v.paths = append(v.paths, &path)
}

func (v *validated) AccountId() *string                               { return nil }
func (v *validated) Region() *string                                  { return nil }
func (v *validated) AppConstruct() constructs.IConstruct              { return v.app }
func (v *validated) StackTemplates() *[]*awscdk.PolicyValidationStack { return &v.stacks }
func (v *validated) TemplatePaths() *[]*string                        { return &v.paths }
