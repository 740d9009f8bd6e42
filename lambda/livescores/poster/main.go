// Command poster is the function that posts what happened in a match to a shard of
// those who follow it. See package posts.
package main

import (
	"context"
	"encoding/json"
	"log/slog"
	"os"
	"strconv"

	"github.com/aws/aws-lambda-go/events"
	"github.com/aws/aws-lambda-go/lambda"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/sqs"

	"msklambda/lambda/livescores/job"
	"msklambda/lambda/livescores/layout"
	"msklambda/lambda/livescores/metrics"
	"msklambda/lambda/livescores/posts"
	"msklambda/lambda/livescores/setup"
	"msklambda/lambda/livescores/table"
)

func main() {
	cfg := setup.Patient("poster")
	db := dynamodb.NewFromConfig(cfg)
	w := posts.New(
		struct {
			*table.Table
			*table.Audience
		}{table.New(db, os.Getenv(layout.TableEnv)), table.NewAudience(db, os.Getenv(layout.FollowersEnv))},
		job.NewQueue(sqs.NewFromConfig(cfg), os.Getenv(layout.QueueEnv)),
		posts.NewClient(cfg, os.Getenv(layout.EndpointEnv)),
		posts.Quota{PerSecond: number(layout.QuotaEnv), Burst: number(layout.BurstEnv)},
		int(number(layout.MatchShardsEnv)),
		metrics.FromEnvironment())
	lambda.Start(func(ctx context.Context, e events.SQSEvent) error {
		for _, m := range e.Records { // one, as the mapping has it
			var j job.Job
			if err := json.Unmarshal([]byte(m.Body), &j); err != nil {
				return err
			}
			if err := w.Do(ctx, j); err != nil {
				slog.ErrorContext(ctx, "poster: job failed", "match", j.Match, "shard", j.Shard, "of", j.Of, "error", err)
				return err
			}
		}
		return nil
	})
}

func number(name string) float64 {
	n, err := strconv.ParseFloat(os.Getenv(name), 64)
	if err != nil {
		slog.Error("poster: "+name+" must be a number", "error", err)
		os.Exit(1)
	}
	return n
}
