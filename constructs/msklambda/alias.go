package msklambda

import (
	"cmp"
	"regexp"
	"slices"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awscloudwatch"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsiam"
	"github.com/aws/aws-cdk-go/awscdk/v2/awslambda"
	"github.com/aws/jsii-runtime-go"
)

// Alias is a name for the version of a bundled function that the mapping invokes.
// Each deploy that changes the function makes a version, and moves the alias to it.
type Alias struct {
	// Name of the alias.
	// Default: "live".
	Name string

	// Deployment is the name of the CodeDeploy configuration by which the alias
	// moves, such as "CodeDeployDefault.LambdaCanary10Percent5Minutes": a tenth of
	// the invocations for 5 minutes, then all.
	// Default: all at once, without CodeDeploy.
	Deployment string

	// Alarms that move the alias back, and fail the deploy, when one of them goes
	// off meanwhile; beside the consumer's own alarm on errors, where that is
	// defined. An alarm that refers to the consumer's Mapping or Alias cannot be
	// one of them: the alias waits for the alarms, and the mapping for the alias.
	// Needs Deployment.
	Alarms []awscloudwatch.IAlarm
}

func (a *Alias) name() string { return cmp.Or(a.Name, "live") }

var (
	aliasName      = regexp.MustCompile(`^[A-Za-z0-9_-]{1,128}$`)
	aliasNumber    = regexp.MustCompile(`^[0-9]+$`)
	deploymentName = regexp.MustCompile(`^[A-Za-z0-9._+=,@-]{1,100}$`)
)

func (a *Alias) validate(ps *problems) {
	if a == nil {
		return
	}
	if name := a.name(); !aliasName.MatchString(name) || aliasNumber.MatchString(name) {
		ps.Add("Alias.Name", "must be 1 to 128 letters, digits, '-' or '_', and not a number, got %q", name)
	}
	if a.Deployment != "" && !isToken(a.Deployment) && !deploymentName.MatchString(a.Deployment) {
		ps.Add("Alias.Deployment", `must be the name of a CodeDeploy configuration, such as "CodeDeployDefault.LambdaCanary10Percent5Minutes", got %q`, a.Deployment)
	}
	if len(a.Alarms) > 0 && a.Deployment == "" {
		ps.Add("Alias.Alarms", "needs {Alias.Deployment}: without it the alias moves at once")
	}
	if i := slices.Index(a.Alarms, nil); i >= 0 {
		ps.Add("Alias.Alarms", "must not be nil, got nil as element %d", i)
	}
}

func (c *Consumer) defineAlias(props *ConsumerProps) {
	if props.Alias == nil {
		return
	}
	name := props.Alias.name()
	c.Alias = awslambda.NewAlias(c, jsii.String("Alias"), &awslambda.AliasProps{
		AliasName: &name,
		Version:   c.Function.(interface{ CurrentVersion() awslambda.Version }).CurrentVersion(),
	})
	c.aliasName = name
}

// target is what the mapping invokes.
func (c *Consumer) target() awslambda.IFunction {
	if c.Alias != nil {
		return c.Alias
	}
	return c.Function
}

// defineDeployment has CodeDeploy move the alias. The resources are written by
// themselves: CDK's construct grants its role a managed policy for all functions of
// the account, and brings the compile of all of ECS with it.
func (c *Consumer) defineDeployment(props *ConsumerProps) {
	if c.Alias == nil || props.Alias.Deployment == "" {
		return
	}
	scope := c.Alias
	application := awscdk.NewCfnResource(scope, jsii.String("Application"), &awscdk.CfnResourceProps{
		Type: jsii.String("AWS::CodeDeploy::Application"), Properties: &map[string]any{"ComputePlatform": "Lambda"}})
	role := awsiam.NewRole(scope, jsii.String("DeploymentRole"), &awsiam.RoleProps{
		AssumedBy: awsiam.NewServicePrincipal(jsii.String("codedeploy.amazonaws.com"), nil)})
	function := *c.Function.FunctionArn()
	statements := []statement{
		allow("Alias", []string{function, function + ":" + c.aliasName}, "lambda:GetAlias", "lambda:GetProvisionedConcurrencyConfig", "lambda:UpdateAlias"),
		allow("Alarms", []string{"*"}, "cloudwatch:DescribeAlarms").because("IAM lets nobody describe one alarm alone"),
	}
	policy := awsiam.NewPolicy(scope, jsii.String("DeploymentPolicy"), &awsiam.PolicyProps{Document: document(statements)})
	role.AttachInlinePolicy(policy)
	explainWildcards(policy, statements)

	alarms := []any{}
	for _, alarm := range c.rollbackAlarms(props) {
		alarms = append(alarms, map[string]any{"Name": *alarm.AlarmName()})
	}
	group := awscdk.NewCfnResource(scope, jsii.String("DeploymentGroup"), &awscdk.CfnResourceProps{
		Type: jsii.String("AWS::CodeDeploy::DeploymentGroup"), Properties: &map[string]any{
			"ApplicationName":           *application.Ref(),
			"ServiceRoleArn":            *role.RoleArn(),
			"DeploymentConfigName":      props.Alias.Deployment,
			"DeploymentStyle":           map[string]any{"DeploymentType": "BLUE_GREEN", "DeploymentOption": "WITH_TRAFFIC_CONTROL"},
			"AlarmConfiguration":        map[string]any{"Enabled": len(alarms) > 0, "Alarms": alarms},
			"AutoRollbackConfiguration": map[string]any{"Enabled": true, "Events": []any{"DEPLOYMENT_FAILURE", "DEPLOYMENT_STOP_ON_ALARM"}},
		}})
	group.Node().AddDependency(policy)
	c.Alias.Node().DefaultChild().(awslambda.CfnAlias).CfnOptions().SetUpdatePolicy(&awscdk.CfnUpdatePolicy{
		CodeDeployLambdaAliasUpdate: &awscdk.CfnCodeDeployLambdaAliasUpdate{ApplicationName: application.Ref(), DeploymentGroupName: group.Ref()}})
	c.Alias.Node().DefaultChild().(awslambda.CfnAlias).AddResourceDependency(group, nil)
}

// rollbackAlarms are those given, and the consumer's own on the function's errors,
// which refers to neither the alias nor the mapping.
func (c *Consumer) rollbackAlarms(props *ConsumerProps) []awscloudwatch.IAlarm {
	alarms := slices.Clone(props.Alias.Alarms)
	if own := c.Alarms[AlarmErrors]; own != nil {
		alarms = append(alarms, own)
	}
	return alarms
}
