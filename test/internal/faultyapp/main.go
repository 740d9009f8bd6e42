// Command faultyapp is an app whose template has the fault that the environment
// asks for, to see what CDK's validation says of it.
package main

import (
	"os"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsec2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awslambda"
	"github.com/aws/jsii-runtime-go"

	"msklambda/constructs/msklambda"
)

func main() {
	msklambda.Main(nil, func(app awscdk.App) error {
		stack := awscdk.NewStack(app, jsii.String("Faulty"), nil)
		vpc, memory, runtime := "vpc-0123456789abcdef0", 256, "provided.al2023"
		switch os.Getenv("FAULT") {
		case "VpcId":
			vpc = "vpc-1"
		case "MemorySize":
			memory = 1
		case "Runtime": // which is a warning
			runtime = "provided.al1066"
		}
		awsec2.NewCfnSecurityGroup(stack, jsii.String("Group"), &awsec2.CfnSecurityGroupProps{GroupDescription: jsii.String("x"), VpcId: &vpc})
		awslambda.NewCfnFunction(stack, jsii.String("Function"), &awslambda.CfnFunctionProps{
			Role: jsii.String("arn:aws:iam::111122223333:role/x"), Runtime: &runtime, Handler: jsii.String("bootstrap"), MemorySize: jsii.Number(memory),
			Code: &awslambda.CfnFunction_CodeProperty{S3Bucket: jsii.String("bucket"), S3Key: jsii.String(os.Getenv("S3KEY"))}})
		return nil
	})
}
