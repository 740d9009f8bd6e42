// Command livescores is the function that reads score events from a topic and
// posts them to the browsers that follow the match. See package fanout.
package main

import (
	"context"
	"log/slog"
	"os"

	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"

	"msklambda/lambda/kafka"
	"msklambda/lambda/lambdalog"
	"msklambda/lambda/livescores/fanout"
	"msklambda/lambda/livescores/layout"
	"msklambda/lambda/livescores/table"
)

// matches is how many partitions are handled at once: a match with many viewers
// must not hold up all others. The posts of all share one limit.
const matches = 8

func main() {
	slog.SetDefault(slog.New(kafka.LogHandler(lambdalog.NewHandler(os.Stdout))))
	cfg, err := config.LoadDefaultConfig(context.Background())
	if err != nil {
		slog.Error("livescores: no AWS configuration", "error", err)
		os.Exit(1)
	}
	t := table.New(dynamodb.NewFromConfig(cfg), os.Getenv(layout.TableEnv))
	f := fanout.New(cfg, os.Getenv(layout.EndpointEnv), t)
	// A bad event is reported alone, and those after it are not.
	kafka.Start(kafka.Batch(f.Handle), kafka.ContinueOnError(), kafka.Concurrency(matches))
}
