// Command enrich adds what is known of a customer to each order, and produces it to
// another topic, in the order of its key. It waits for the brokers once a batch.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"os"
	"strings"
	"sync"

	"github.com/twmb/franz-go/pkg/kgo"

	"msklambda/lambda/kafka"
)

// Order is what comes, and Enriched what goes.
type (
	Order    struct{ ID, Customer string }
	Enriched struct {
		Order
		Country string
	}
)

type enricher struct {
	client *kgo.Client
	lookUp func(ctx context.Context, customer string) (country string, err error)

	mu     sync.Mutex
	failed []error // of the batch
}

func main() {
	client, err := kgo.NewClient(
		kgo.SeedBrokers(strings.Split(os.Getenv("BROKERS"), ",")...),
		kgo.DefaultProduceTopic("enriched"))
	if err != nil {
		panic(err)
	}
	e := &enricher{client: client, lookUp: countries}
	kafka.Start(kafka.JSON(e.process), append(e.options(),
		kafka.OnShutdown(func(context.Context) { client.Close() }))...)
}

func (e *enricher) options() []kafka.Option {
	return []kafka.Option{kafka.ConcurrencyByKey(16), kafka.AfterBatch(e.flush)}
}

func (e *enricher) process(ctx context.Context, o *Order, r *kafka.Record) error {
	out := &kgo.Record{Key: r.Key}
	if o != nil {
		country, err := e.lookUp(ctx, o.Customer)
		if err != nil {
			return err
		}
		if out.Value, err = json.Marshal(Enriched{*o, country}); err != nil {
			return err
		}
	}
	for key, value := range r.Headers() {
		out.Headers = append(out.Headers, kgo.RecordHeader{Key: key, Value: value})
	}
	e.client.Produce(ctx, out, func(_ *kgo.Record, err error) {
		if err != nil {
			e.mu.Lock()
			defer e.mu.Unlock()
			e.failed = append(e.failed, kafka.FailedOnly(err, r))
		}
	})
	return nil
}

// flush waits for all that the batch has produced.
func (e *enricher) flush(ctx context.Context, _ *kafka.Result) error {
	err := e.client.Flush(ctx)
	e.mu.Lock()
	defer e.mu.Unlock()
	err = errors.Join(append(e.failed, err)...)
	e.failed = nil
	return err
}

func countries(_ context.Context, customer string) (string, error) {
	return strings.ToUpper(customer[:min(2, len(customer))]), nil
}
