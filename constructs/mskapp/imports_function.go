package mskapp

import (
	"fmt"
	"slices"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awscloudwatch"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsdynamodb"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsec2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awslambda"
	"github.com/aws/constructs-go/constructs/v10"
	"github.com/aws/jsii-runtime-go"

	"msklambda/constructs/msklambda"
	"msklambda/constructs/problem"
)

// nameFunctions puts into the props of a consumer what its bundled function has by
// id or ARN, to be checked. Its VPC is the cluster's where no other is given.
func (c *ConsumerConfig) nameFunctions(prefix, clusterVPC string, ps *problem.List) {
	p := &c.Props
	switch {
	case len(c.FunctionSubnetIDs) == 0 && (c.FunctionVPCID != "" || len(c.FunctionSecurityGroupIDs) > 0):
		ps.Add(prefix+"functionSubnetIds", "is required with functionVpcId or functionSecurityGroupIds: the subnets that the function runs in")
	case len(c.FunctionSubnetIDs) > 0:
		if c.FunctionVPCID == "" {
			c.FunctionVPCID = clusterVPC
		}
		if c.FunctionVPCID == "" {
			ps.Add(prefix+"functionVpcId", "is required with functionSubnetIds where vpcId is not given: the VPC of those subnets")
		}
		p.FunctionVPC = &msklambda.FunctionVPC{VPC: namedVPC{}, SecurityGroups: slices.Repeat([]awsec2.ISecurityGroup{namedGroup{}}, len(c.FunctionSecurityGroupIDs))}
	}
	for _, arn := range c.LayerARNs {
		p.Layers = append(p.Layers, namedLayer{arn: arn})
	}
	if c.TableARN != "" {
		c.once().Table = namedTable{arn: c.TableARN, key: c.TableKeyARN}
	} else if c.TableKeyARN != "" {
		ps.Add(prefix+"idempotencyKeyArn", "needs the ARN of a table as idempotency")
	}
	for _, arn := range c.FunctionSecretARNs {
		r := c.functionRegistry()
		r.Secrets = append(r.Secrets, namedSecret{arn: arn})
	}
	p.EnvironmentKey, p.LogGroupKey = keyNamed(c.EnvironmentKeyARN), keyNamed(c.LogGroupKeyARN)
	if c.CodeSigningARN != "" {
		p.CodeSigning = namedSigning{arn: c.CodeSigningARN}
	}
	if len(c.DeploymentAlarmARNs) > 0 {
		c.alias().Alarms = slices.Repeat([]awscloudwatch.IAlarm{namedAlarm{}}, len(c.DeploymentAlarmARNs))
	}
}

// importFunctions imports what nameFunctions has put in.
func (c *ConsumerConfig) importFunctions(scope constructs.Construct) {
	p := &c.Props
	if p.FunctionVPC != nil {
		p.FunctionVPC = c.functionVPC(scope)
	}
	for i, arn := range c.LayerARNs {
		p.Layers[i] = awslambda.LayerVersion_FromLayerVersionArn(scope, jsii.String(fmt.Sprintf("Layer%d", i)), &arn)
	}
	if c.TableARN != "" {
		p.Idempotency.Table = awsdynamodb.Table_FromTableAttributes(scope, jsii.String("IdempotencyTable"),
			&awsdynamodb.TableAttributes{TableArn: &c.TableARN, EncryptionKey: key(scope, "IdempotencyKey", c.TableKeyARN)})
	}
	for i, arn := range c.FunctionSecretARNs {
		p.FunctionRegistry.Secrets[i] = secretOf(scope, fmt.Sprintf("FunctionRegistrySecret%d", i), arn, "")
	}
	p.EnvironmentKey = key(scope, "EnvironmentKey", c.EnvironmentKeyARN)
	p.LogGroupKey = key(scope, "LogGroupKey", c.LogGroupKeyARN)
	if arn := c.CodeSigningARN; arn != "" {
		p.CodeSigning = awslambda.CodeSigningConfig_FromCodeSigningConfigArn(scope, jsii.String("CodeSigning"), &arn)
	}
	for i, arn := range c.DeploymentAlarmARNs {
		p.Alias.Alarms[i] = awscloudwatch.Alarm_FromAlarmArn(scope, jsii.String(fmt.Sprintf("DeploymentAlarm%d", i)), &arn)
	}
}

func (c *ConsumerConfig) functionVPC(scope constructs.Construct) *msklambda.FunctionVPC {
	var subnets []awsec2.ISubnet
	for i, id := range c.FunctionSubnetIDs {
		subnet := awsec2.Subnet_FromSubnetId(scope, jsii.String(fmt.Sprintf("FunctionSubnet%d", i)), &id)
		awscdk.Annotations_Of(subnet).AcknowledgeWarning(jsii.String("@aws-cdk/aws-ec2:noSubnetRouteTableId"), jsii.String("no route is read or written here"))
		subnets = append(subnets, subnet)
	}
	var groups []awsec2.ISecurityGroup
	for i, id := range c.FunctionSecurityGroupIDs {
		groups = append(groups, awsec2.SecurityGroup_FromSecurityGroupId(scope, jsii.String(fmt.Sprintf("FunctionGroup%d", i)), &id, nil))
	}
	return &msklambda.FunctionVPC{
		VPC: awsec2.Vpc_FromVpcAttributes(scope, jsii.String("FunctionVPC"), &awsec2.VpcAttributes{
			VpcId: &c.FunctionVPCID,
			// Required by CDK and of no use here: subnets are named one by one.
			AvailabilityZones: &[]*string{awscdk.Fn_Select(jsii.Number(0), awscdk.Fn_GetAzs(nil))},
		}),
		Subnets:        &awsec2.SubnetSelection{Subnets: &subnets},
		SecurityGroups: groups,
	}
}
