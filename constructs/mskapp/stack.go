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
	"slices"
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
		reported["StackName"] = true
		ps.add("stackName", "must be a letter and up to 127 letters, digits or '-', got %q", c.StackName)
	}
	derived := c.Consumer.GroupID == "" && given["consumerGroupId"] == nil
	if derived {
		c.Consumer.GroupID = c.StackName + "-" + c.Consumer.Topic
	}
	found := append(split(c.Cluster.Validate()), split(c.Consumer.Validate())...)
	madeOfWrong := reported["Topic"] || reported["StackName"] || slices.ContainsFunc(found, func(p *msklambda.Problem) bool { return p.Field == "Topic" })
	for _, p := range found {
		switch {
		case reported[p.Field]:
		case p.Field == "GroupID" && derived && madeOfWrong:
		case p.Field == "GroupID" && derived:
			ps.add("consumerGroupId", "is not given, and the one made of stackName and topic %s", p.Message)
		default:
			ps.add(rename(p.Field), "%s", rename(p.Message))
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

// Staged runs a synth in a directory beside outdir, and puts what it wrote into
// outdir when it succeeds: whoever finds an assembly there finds a whole one, and
// never one that was refused. With no outdir CDK takes a temporary one.
func Staged(outdir string, synth func(dir *string) error) error {
	if outdir == "" {
		return synth(nil)
	}
	if err := os.MkdirAll(outdir, 0o755); err != nil {
		return err
	}
	// Inside outdir, so that it is on the same file system and never in the way.
	dir, err := os.MkdirTemp(outdir, ".synth-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	if err := synth(&dir); err != nil {
		return err
	}
	written, err := os.ReadDir(dir)
	if err != nil {
		return err
	}
	for _, entry := range written {
		to := filepath.Join(outdir, entry.Name())
		if err := os.RemoveAll(to); err != nil {
			return err
		}
		if err := os.Rename(filepath.Join(dir, entry.Name()), to); err != nil {
			return err
		}
	}
	return nil
}
