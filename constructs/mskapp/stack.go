// Package mskapp is the app around the constructs: it reads the configuration
// from CDK context and defines the stack.
package mskapp

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/jsii-runtime-go"

	"msklambda/constructs/msklambda"
)

// NewStack defines what a configuration asks for: one cluster, its consumers,
// and as outputs what one needs to look at them. The stacks of extensions are
// beside the one that is returned.
func NewStack(config *Config) awscdk.Stack {
	stack := config.stack
	var cluster *msklambda.Cluster
	if config.looksUp() {
		cluster = msklambda.LookupCluster(stack, "Cluster", config.lookupProps())
	} else {
		cluster = msklambda.ImportCluster(stack, "Cluster", &config.Cluster)
	}
	for _, c := range config.Consumers {
		consumer := cluster.AddConsumer(c.Name, &c.Props)
		output := func(id, description string, value *string) {
			if len(config.Consumers) > 1 || c.listed {
				id = c.Name + id
			}
			awscdk.NewCfnOutput(stack, &id, &awscdk.CfnOutputProps{Value: value, Description: &description})
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

// Recover turns a panic that carries an error or a text, as the panics of CDK
// and of the constructs do, into an error: whoever runs the CLI wants the
// message and not the goroutines. Fields of the constructs get the names of the
// context keys. Use it in a defer.
func Recover(err *error) {
	switch r := recover().(type) {
	case nil:
	case runtime.Error:
		panic(r) // a bug of ours: the trace is wanted
	case error:
		*err = byKeys(r)
	default:
		*err = fmt.Errorf("%v", r)
	}
}

// Staged runs a synth in a directory beside outdir, and puts what it wrote into
// outdir when it succeeds: whoever finds an assembly there finds a whole one, and
// never one that was refused. One that only says what is left to look up makes
// way as well, when that fails. With no outdir CDK takes a temporary one.
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
		if left := dropPending(outdir); left != nil {
			return errors.Join(err, left)
		}
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
