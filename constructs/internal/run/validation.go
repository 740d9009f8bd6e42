package run

import (
	"os"
	"path/filepath"
	"runtime/debug"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/jsii-runtime-go"
)

// validationEnv is CDK's own switch for the validation of templates.
const validationEnv = "CDK_VALIDATION"

// validation is CDK's validation of templates, in the place of the one that CDK
// brings along: that starts a rule engine of 9 MB in each process, which is most
// of what a synth costs, to come to the verdict of the run before. It starts it
// only for a template that has no verdict yet, and not at all while look-ups are
// pending, when the templates are thrown away.
//
// It has the name of CDK's plugin, so that findings, their acknowledgement and
// the flag that makes them errors are what they are without it.
type validation struct {
	verdicts *verdicts // nil: nothing is remembered
	app      awscdk.App
	cdk      awscdk.CloudFormationValidatePlugin
}

// takeValidation takes the validation over from CDK, unless the user has a word
// in it: CDK_VALIDATION=true has CDK validate each time, =false never. It must
// run before anything of CDK does.
func takeValidation() *validation {
	if os.Getenv(validationEnv) != "" {
		return nil
	}
	// jsii took the environment when this process began; once it is closed, it
	// takes it anew.
	jsii.Close()
	if os.Setenv(validationEnv, "false") != nil {
		return nil
	}
	return &validation{verdicts: userVerdicts()}
}

// cacheEnv is where verdicts are kept, in place of the user's cache directory:
// a CI that keeps directories from one job to the next names one of them.
const cacheEnv = "MSKLAMBDA_CACHE"

// userVerdicts are nil where it is not known what would judge, or where to keep a
// verdict.
func userVerdicts() *verdicts {
	engine := engine()
	dir := os.Getenv(cacheEnv)
	if dir == "" {
		cache, err := os.UserCacheDir()
		if err != nil {
			return nil
		}
		dir = filepath.Join(cache, "msklambda")
	}
	if engine == "" {
		return nil
	}
	return &verdicts{dir: filepath.Join(dir, "validated"), engine: engine}
}

// engine says which rules would judge: they come with aws-cdk-lib, which comes
// with the Go module, unless that is replaced or jsii is told to run another.
func engine() string {
	if os.Getenv("JSII_RUNTIME") != "" {
		return ""
	}
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return ""
	}
	for _, m := range info.Deps {
		if m.Path == "github.com/aws/aws-cdk-go/awscdk/v2" && m.Replace == nil && m.Sum != "" {
			return m.Version + " " + m.Sum
		}
	}
	return ""
}

func (v *validation) register(app awscdk.App) {
	v.app = app
	awscdk.Validations_Of(app).AddPlugins(v)
}

// Name is that of CDK's plugin.
func (v *validation) Name() *string { return jsii.String("CloudFormation Validate") }

// Version is that of the engine, where it was started.
func (v *validation) Version() *string {
	if v.cdk == nil {
		return nil
	}
	return v.cdk.Version()
}

// RuleIds are those of the engine, where it was started.
func (v *validation) RuleIds() *[]*string {
	if v.cdk == nil {
		return nil
	}
	return v.cdk.RuleIds()
}

// Validate is called by CDK once all templates are written.
func (v *validation) Validate(context awscdk.IPolicyValidationContext) *awscdk.PolicyValidationPluginReport {
	clean := &awscdk.PolicyValidationPluginReport{Success: jsii.Bool(true), Violations: &[]*awscdk.PolicyViolation{}}
	if isPending(*v.app.Outdir()) {
		return clean
	}
	keys := map[string]string{} // by path of the template
	judged := true
	for _, stack := range *context.StackTemplates() {
		key, ok := v.key(stack)
		if ok {
			keys[*stack.TemplatePath] = key
		}
		judged = judged && ok && v.verdicts.isClean(key)
	}
	if judged {
		return clean
	}
	v.cdk = awscdk.NewCloudFormationValidatePlugin(nil)
	report := v.cdk.Validate(context)
	for _, violation := range *report.Violations {
		for _, resource := range *violation.ViolatingResources {
			if resource.TemplatePath == nil {
				return report // whose it is is not known, so nobody's is clean
			}
			delete(keys, *resource.TemplatePath)
		}
	}
	for _, key := range keys {
		v.verdicts.keep(key)
	}
	return report
}

func (v *validation) key(stack *awscdk.PolicyValidationStack) (string, bool) {
	if v.verdicts == nil {
		return "", false
	}
	template, err := os.ReadFile(*stack.TemplatePath)
	if err != nil {
		return "", false
	}
	text := func(s *string) string {
		if s == nil {
			return ""
		}
		return *s
	}
	return v.verdicts.key(template, text(stack.AccountId), text(stack.Region))
}
