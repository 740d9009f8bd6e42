// Command payments charges each order once, however often it comes: a row in
// DynamoDB says that an order is being charged, by whom and until when, or that it is
// done (package once). The construct makes the table, with ConsumerProps.Idempotency.
package main

import (
	"context"
	"fmt"
	"net/http"
	"os"
	"strconv"
	"time"

	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/twmb/franz-go/pkg/kgo"

	"msklambda/lambda/kafka"
	"msklambda/lambda/kafka/deadletter/topic"
	"msklambda/lambda/kafka/once"
	"msklambda/lambda/kafka/once/table"
)

type Order struct {
	ID     string `json:"id"`
	Amount int    `json:"amount"`
}

func main() {
	cfg, err := config.LoadDefaultConfig(context.Background())
	if err != nil {
		panic(err)
	}
	client, err := kgo.NewClient(kgo.SeedBrokers(os.Getenv("BROKERS")))
	if err != nil {
		panic(err)
	}
	// A charge takes a second at most, and an order waits for the lease when a process has
	// ended in the middle of it.
	p := payments{once.New(table.FromEnv(dynamodb.NewFromConfig(cfg)), once.Options{Prefix: "payments/", Lease: 3 * time.Second}), os.Getenv("PAYMENTS_URL")}
	kafka.Start(kafka.JSON(p.process), append(options, kafka.DeadLetter(topic.New(client, "payments-dead")))...)
}

var options = []kafka.Option{kafka.ConcurrencyByKey(16), kafka.Retry(kafka.Backoff{})}

type payments struct {
	once *once.Guard
	url  string
}

func (p payments) process(ctx context.Context, o Order, _ *kafka.Record) error {
	if o.ID == "" || o.Amount <= 0 {
		return kafka.Permanent(fmt.Errorf("order %q of %d", o.ID, o.Amount))
	}
	_, err := once.Do(ctx, p.once, o.ID, func(ctx context.Context) (struct{}, error) { return struct{}{}, p.charge(ctx, o) })
	return err
}

// charge has the provider know an order that it has charged, by its id: a process may
// end between the charge and the row that says so.
func (p payments) charge(ctx context.Context, o Order) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, p.url+"?amount="+strconv.Itoa(o.Amount), nil)
	if err != nil {
		return err
	}
	req.Header.Set("Idempotency-Key", o.ID)
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return err
	}
	resp.Body.Close()
	switch {
	case resp.StatusCode == http.StatusTooManyRequests || resp.StatusCode >= 500:
		return fmt.Errorf("charge %s: %s", o.ID, resp.Status)
	case resp.StatusCode >= 300:
		return kafka.Permanent(fmt.Errorf("charge %s: %s", o.ID, resp.Status))
	}
	return nil
}
