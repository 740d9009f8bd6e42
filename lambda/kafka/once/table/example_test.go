package table_test

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"

	"msklambda/lambda/kafka"
	"msklambda/lambda/kafka/once"
	"msklambda/lambda/kafka/once/table"
)

func book(context.Context, *kafka.Record) error { return nil }

// The main of a function that has a row for each order, by its key.
func ExampleFromEnv() {
	cfg, err := config.LoadDefaultConfig(context.Background())
	if err != nil {
		panic(err)
	}
	guard := once.New(table.FromEnv(dynamodb.NewFromConfig(cfg)), once.Options{Prefix: "orders/"})
	kafka.Start(book, kafka.ConcurrencyByKey(16), kafka.Retry(kafka.Backoff{}),
		kafka.Use(guard.Middleware(func(r *kafka.Record) (string, error) { return string(r.Key), nil })))
}

// The main of one that has a mark for each partition.
func ExampleFromEnv_partitions() {
	cfg, err := config.LoadDefaultConfig(context.Background())
	if err != nil {
		panic(err)
	}
	kafka.Start(book, once.Partitions(table.FromEnv(dynamodb.NewFromConfig(cfg)), once.PartitionOptions{}))
}
