// Command livescores is the function that reads score events from a topic and
// hands them to where they are posted from. See package fanout.
package main

import (
	"log/slog"
	"os"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/sqs"

	"msklambda/lambda/kafka"
	"msklambda/lambda/livescores/bucket"
	"msklambda/lambda/livescores/fanout"
	"msklambda/lambda/livescores/job"
	"msklambda/lambda/livescores/layout"
	"msklambda/lambda/livescores/metrics"
	"msklambda/lambda/livescores/setup"
	"msklambda/lambda/livescores/snapshot"
	"msklambda/lambda/livescores/table"
)

// matches is how many partitions are handled at once: each waits for the table,
// the buckets and the queue for most of its time.
const matches = 8

func main() {
	cfg := setup.Patient("livescores")
	slog.SetDefault(slog.New(kafka.LogHandler(slog.Default().Handler())))
	t := table.New(dynamodb.NewFromConfig(cfg), os.Getenv(layout.TableEnv))
	s3 := os.Getenv(setup.S3EndpointEnv)
	f := fanout.New(t,
		snapshot.New(t, bucket.New(cfg, os.Getenv(layout.SnapshotsEnv), s3)),
		bucket.New(cfg, os.Getenv(layout.FailedEnv), s3),
		job.NewQueue(sqs.NewFromConfig(cfg), os.Getenv(layout.QueueEnv)),
		metrics.FromEnvironment())
	// What stops one match is reported alone, and the others are not.
	kafka.Start(kafka.Batch(f.Handle), kafka.ContinueOnError(), kafka.Concurrency(matches))
}
