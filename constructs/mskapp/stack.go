// Package mskapp is the app around the constructs: it reads the configuration
// from CDK context and defines the stack.
package mskapp

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsiam"
	"github.com/aws/jsii-runtime-go"

	"msklambda/constructs/msklambda"
)

// Config is the context of the app, read and checked.
type Config struct {
	StackName string
	RoleARN   string
	Cluster   msklambda.ClusterProps
	Consumer  msklambda.ConsumerProps
}

var stackName = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9-]{0,127}$`)

// ReadConfig reads the context of the app and reports everything that is
// wrong with it at once, by the name of its key. It defines nothing.
func ReadConfig(app awscdk.App) (*Config, error) {
	c := &Config{
		StackName: "MskLambda",
		Consumer:  msklambda.ConsumerProps{Entry: "lambda"},
	}
	var ps problems
	given := readSource(app, &ps)
	reported := map[string]bool{}
	for _, s := range settings {
		if raw, ok := given[s.key]; ok {
			before := len(ps)
			s.read(c, value{s.key, raw, &ps})
			reported[s.field] = len(ps) > before
		}
	}
	if !stackName.MatchString(c.StackName) {
		ps.add("stackName", "must be a letter and up to 127 letters, digits or '-', got %q", c.StackName)
	}
	if _, ok := given["consumerGroupId"]; !ok && c.Consumer.Topic != "" {
		c.Consumer.GroupID = c.StackName + "-" + c.Consumer.Topic
		// A wrong topic or stack name is reported by its own name.
		reported["GroupID"] = true
	}
	if _, ok := given["topic"]; !ok {
		reported["GroupID"] = true
	}
	for _, err := range []error{c.Cluster.Validate(), c.Consumer.Validate()} {
		for _, p := range split(err) {
			if !reported[p.Field] {
				ps.add(rename(p.Field), "%s", rename(p.Message))
			}
		}
	}
	if err := errors.Join(ps...); err != nil {
		return nil, fmt.Errorf("the context (cdk.json or -c key=value) has problems:\n%w", err)
	}
	return c, nil
}

func split(err error) []*msklambda.Problem {
	joined, ok := err.(interface{ Unwrap() []error })
	if !ok {
		return nil
	}
	var out []*msklambda.Problem
	for _, err := range joined.Unwrap() {
		var p *msklambda.Problem
		if errors.As(err, &p) {
			out = append(out, p)
		}
	}
	return out
}

// NewStack defines the stack of a configuration: one cluster, one consumer,
// and as outputs what one needs to look at them.
func NewStack(app awscdk.App, config *Config) awscdk.Stack {
	arn := strings.Split(config.Cluster.ClusterARN, ":")
	stack := awscdk.NewStack(app, &config.StackName, &awscdk.StackProps{
		Description: jsii.String("Runs a Go function on every record of an Amazon MSK topic"),
		Env:         &awscdk.Environment{Account: &arn[4], Region: &arn[3]},
	})
	consumerProps := config.Consumer
	if config.RoleARN != "" {
		consumerProps.Role = awsiam.Role_FromRoleArn(stack, jsii.String("Role"), &config.RoleARN, nil)
	}
	cluster := msklambda.ImportCluster(stack, "Cluster", &config.Cluster)
	consumer := cluster.AddConsumer("Consumer", &consumerProps)

	output := func(id, description string, value *string) {
		awscdk.NewCfnOutput(stack, &id, &awscdk.CfnOutputProps{Value: value, Description: &description})
	}
	output("FunctionName", "The function that gets the records", consumer.Function.FunctionName())
	output("MappingUUID", "The event source mapping, for aws lambda get-event-source-mapping --uuid", consumer.Mapping.EventSourceMappingId())
	output("LogGroupName", "Where the function logs", consumer.LogGroup.LogGroupName())
	output("RoleARN", "What the function and the pollers run as", consumer.Role.RoleArn())
	return stack
}

// Recover turns a panic that carries an error or a text, as the panics of CDK
// and of the constructs do, into an error: whoever runs the CLI wants the
// message and not the goroutines. Use it in a defer.
func Recover(err *error) {
	switch r := recover().(type) {
	case nil:
	case runtime.Error:
		panic(r) // a bug of ours: the trace is wanted
	case error:
		*err = r
	default:
		*err = fmt.Errorf("%v", r)
	}
}

// Discard removes what a failed bundling left in the output directory of the
// CLI, which CDK keeps for inspection under a name that no later run reuses.
func Discard(outdir string) {
	left, _ := filepath.Glob(filepath.Join(outdir, "bundling-temp-*"))
	for _, dir := range left {
		os.RemoveAll(dir)
	}
}
