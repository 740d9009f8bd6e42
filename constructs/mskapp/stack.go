// Package mskapp is the app around the constructs: it reads the configuration
// from CDK context and defines the stack.
package mskapp

import (
	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/constructs-go/constructs/v10"
	"github.com/aws/jsii-runtime-go"

	"msklambda/constructs/internal/run"
	"msklambda/constructs/msklambda"
)

// NewStack defines what a configuration asks for: one cluster, its consumers,
// and as outputs what one needs to look at them. The stacks of extensions, and of
// consumers that have stacks of their own, are beside the one that is returned.
func NewStack(config *Config) awscdk.Stack {
	stack := config.stack
	var cluster *msklambda.Cluster
	if config.looksUp() {
		cluster = msklambda.LookupCluster(stack, "Cluster", config.lookupProps())
	} else {
		cluster = msklambda.ImportCluster(stack, "Cluster", &config.Cluster)
	}
	config.makeTopics(cluster)
	for _, c := range config.Consumers {
		home := config.stackOf(c)
		scope := constructs.Construct(home)
		if home == stack {
			scope = cluster
		}
		consumer := msklambda.NewConsumer(scope, c.Name, cluster, &c.Props)
		output := func(id, description string, value *string) {
			if len(config.Consumers) > 1 || c.listed {
				id = c.Name + id
			}
			awscdk.NewCfnOutput(home, &id, &awscdk.CfnOutputProps{Value: value, Description: &description})
		}
		output("FunctionName", "The function that gets the records", consumer.Function.FunctionName())
		output("MappingUUID", "The event source mapping, for aws lambda get-event-source-mapping --uuid", consumer.Mapping.EventSourceMappingId())
		if consumer.LogGroup != nil {
			output("LogGroupName", "Where the function logs", consumer.LogGroup.LogGroupName())
		}
		if consumer.Role != nil {
			output("RoleARN", "What the function and the pollers run as", consumer.Role.RoleArn())
		}
	}
	config.Admin.addTo(cluster)
	for _, e := range config.extensions {
		e.Define(config.app, config, cluster)
	}
	return stack
}

func newStack(app awscdk.App, name, account, region string) awscdk.Stack {
	props := &awscdk.StackProps{Description: jsii.String("Runs Go functions on every record of Amazon MSK topics")}
	if account != "" {
		props.Env = &awscdk.Environment{Account: &account, Region: &region}
	}
	return awscdk.NewStack(app, &name, props)
}

// Define reads the configuration of an app and defines what it asks for. What is
// wrong with either is said by the names of the context keys.
func Define(app awscdk.App, extensions ...*Extension) error {
	config, err := ReadConfig(app, extensions...)
	if err != nil {
		return err
	}
	if err := try(func() { NewStack(config) }); err != nil {
		return byKeys(err, keyOf)
	}
	return nil
}

func try(f func()) (err error) {
	defer run.Recover(&err)
	f()
	return nil
}
