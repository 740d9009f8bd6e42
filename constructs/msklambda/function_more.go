package msklambda

import (
	"slices"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsec2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsiam"
	"github.com/aws/aws-cdk-go/awscdk/v2/awslambda"
	"github.com/aws/aws-cdk-go/awscdklambdagoalpha/v2"
	"github.com/aws/constructs-go/constructs/v10"
	"github.com/aws/jsii-runtime-go"

	"msklambda/constructs/problem"
)

// FunctionVPC is the network that a bundled function runs in, to reach what is
// only there, such as a database. It is not that of the pollers, and the function
// then reaches nothing else but through it: AWS services by endpoints or NAT.
type FunctionVPC struct {
	// VPC of the subnets.
	VPC awsec2.IVpc

	// Subnets of the function.
	// Default: the private subnets of the VPC that have a way out.
	Subnets *awsec2.SubnetSelection

	// SecurityGroups of the function, at most 5.
	// Default: one of its own, which allows all outbound traffic. Let it in
	// elsewhere by Consumer.Function.Connections().
	SecurityGroups []awsec2.ISecurityGroup
}

func (v *FunctionVPC) validate(ps *problems) {
	if v == nil {
		return
	}
	if v.VPC == nil {
		ps.Add("FunctionVPC.VPC", "is required: the VPC of the function's subnets")
	}
	if n := len(v.SecurityGroups); n > 5 {
		ps.Add("FunctionVPC.SecurityGroups", "must be at most 5, got %d", n)
	}
	if i := slices.Index(v.SecurityGroups, nil); i >= 0 {
		ps.Add("FunctionVPC.SecurityGroups", "must not be nil, got nil as element %d", i)
	}
}

func (v *FunctionVPC) apply(p *awscdklambdagoalpha.GoFunctionProps) {
	if v == nil {
		return
	}
	p.Vpc, p.VpcSubnets = v.VPC, v.Subnets
	if len(v.SecurityGroups) > 0 {
		groups := slices.Clone(v.SecurityGroups)
		p.SecurityGroups = &groups
	}
}

// validateMore is about what functions rarely have.
func (p *ConsumerProps) validateMore(ps *problems) {
	p.FunctionVPC.validate(ps)
	if p.EphemeralStorage != 0 && (p.EphemeralStorage < 512 || p.EphemeralStorage > 10240) {
		ps.Add("EphemeralStorage", "must be 512 to 10240 MB, got %d", p.EphemeralStorage)
	}
	if n := len(p.Layers); n > 5 {
		ps.Add("Layers", "must be at most 5, got %d", n)
	}
	if i := slices.Index(p.Layers, nil); i >= 0 {
		ps.Add("Layers", "must not be nil, got nil as element %d", i)
	}
	if n := len([]rune(p.Description)); n > 256 && !isToken(p.Description) {
		ps.Add("Description", "must be at most 256 characters, got %d", n)
	}
	application := []awslambda.ApplicationLogLevel{awslambda.ApplicationLogLevel_TRACE, awslambda.ApplicationLogLevel_DEBUG, awslambda.ApplicationLogLevel_INFO,
		awslambda.ApplicationLogLevel_WARN, awslambda.ApplicationLogLevel_ERROR, awslambda.ApplicationLogLevel_FATAL}
	if p.LogLevel != "" && !slices.Contains(application, p.LogLevel) {
		ps.Add("LogLevel", "must be one of %v, got %q", application, p.LogLevel)
	}
	system := []awslambda.SystemLogLevel{awslambda.SystemLogLevel_DEBUG, awslambda.SystemLogLevel_INFO, awslambda.SystemLogLevel_WARN}
	if p.SystemLogLevel != "" && !slices.Contains(system, p.SystemLogLevel) {
		ps.Add("SystemLogLevel", "must be one of %v, got %q", system, p.SystemLogLevel)
	}
	p.Alias.validate(ps)
}

// applyMore adds to the props of a function what the consumer's say beyond the
// usual. Zero values leave the function as it would be.
func (p *ConsumerProps) applyMore(f *awscdklambdagoalpha.GoFunctionProps) {
	p.FunctionVPC.apply(f)
	if p.EphemeralStorage != 0 {
		f.EphemeralStorageSize = awscdk.Size_Mebibytes(jsii.Number(p.EphemeralStorage))
	}
	if len(p.Layers) > 0 {
		layers := slices.Clone(p.Layers)
		f.Layers = &layers
	}
	if p.EnvironmentKey != nil {
		f.EnvironmentEncryption = p.EnvironmentKey
	}
	if p.Description != "" {
		f.Description = &p.Description
	}
	if p.CodeSigning != nil {
		f.CodeSigningConfig = p.CodeSigning
	}
	f.ApplicationLogLevelV2, f.SystemLogLevelV2 = p.LogLevel, p.SystemLogLevel
}

// hook is what EditFunction must keep to: its role and its log group, which other props
// than the function's say, on which more than the function depends.
type hook struct {
	kept  error // unless both are as they were
	check func(*awscdklambdagoalpha.GoFunctionProps) error
}

// edit has the user change the props of the function last.
func (p *ConsumerProps) edit(f *awscdklambdagoalpha.GoFunctionProps, h hook) error {
	if p.EditFunction == nil {
		return nil
	}
	role, logs := f.Role, f.LogGroup
	p.EditFunction(f)
	if f.Role != role || f.LogGroup != logs {
		return h.kept
	}
	if h.check == nil {
		return nil
	}
	return h.check(f)
}

func (c *Consumer) checkTimeout(f *awscdklambdagoalpha.GoFunctionProps) error {
	if f.Timeout != nil && *f.Timeout.ToSeconds(nil) > 14*60 {
		return problem.New("EditFunction", "must leave the timeout at 14m or less, the limit of functions behind an MSK mapping, got %gs", *f.Timeout.ToSeconds(nil))
	}
	return nil
}

// openLogKey lets CloudWatch Logs use a key of this app for the log groups of
// the account. On an imported key this does nothing: its own policy must.
func openLogKey(scope constructs.Construct, props *ConsumerProps) {
	if props.LogGroupKey == nil {
		return
	}
	stack := awscdk.Stack_Of(scope)
	service := "logs." + *stack.Region() + "." + *stack.UrlSuffix()
	props.LogGroupKey.AddToResourcePolicy(awsiam.NewPolicyStatement(&awsiam.PolicyStatementProps{
		Principals: &[]awsiam.IPrincipal{awsiam.NewServicePrincipal(&service, nil)},
		Actions:    jsii.Strings("kms:Encrypt*", "kms:Decrypt*", "kms:ReEncrypt*", "kms:GenerateDataKey*", "kms:Describe*"),
		Resources:  jsii.Strings("*"),
		Conditions: &map[string]any{"ArnLike": map[string]any{"kms:EncryptionContext:aws:logs:arn": *stack.FormatArn(&awscdk.ArnComponents{
			Service: jsii.String("logs"), Resource: jsii.String("log-group"), ResourceName: jsii.String("*"), ArnFormat: awscdk.ArnFormat_COLON_RESOURCE_NAME})}},
	}), jsii.Bool(true))
}

// moreStatements is what the role needs for them.
func (p *ConsumerProps) moreStatements(inVPC bool) (out []statement) {
	if inVPC {
		out = append(out, allow("FunctionEni", []string{"*"}, "ec2:AssignPrivateIpAddresses", "ec2:CreateNetworkInterface", "ec2:DeleteNetworkInterface",
			"ec2:DescribeNetworkInterfaces", "ec2:DescribeSubnets", "ec2:UnassignPrivateIpAddresses").
			because("Lambda makes and removes the interfaces of the function in its VPC with the role, and AWS documents only * for these actions"))
	}
	if p.EnvironmentKey != nil {
		out = append(out, allow("EnvironmentKey", []string{*p.EnvironmentKey.KeyArn()}, "kms:Decrypt"))
	}
	return out
}
