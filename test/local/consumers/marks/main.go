// Command marks books each entry of a ledger once, in the order of its partition, by
// one mark for each partition (once.Partitions).
package main

import (
	"context"
	"fmt"
	"net/http"
	"os"
	"time"

	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"

	"msklambda/lambda/kafka"
	"msklambda/lambda/kafka/once"
	"msklambda/lambda/kafka/once/table"
)

func main() {
	cfg, err := config.LoadDefaultConfig(context.Background())
	if err != nil {
		panic(err)
	}
	kafka.Start(book, once.Partitions(table.FromEnv(dynamodb.NewFromConfig(cfg)), once.PartitionOptions{Lease: 2 * time.Second}),
		kafka.Concurrency(8), kafka.Retry(kafka.Backoff{}))
}

func book(ctx context.Context, r *kafka.Record) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, os.Getenv("LEDGER_URL"), nil)
	if err != nil {
		return err
	}
	req.Header.Set("Idempotency-Key", r.String())
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return err
	}
	resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return fmt.Errorf("book %s: %s", r, resp.Status)
	}
	return nil
}
