// Command enrich is the first of a pair of functions that the local loop is tested
// with: it reads orders and produces each, with what is known of its customer, to
// another topic. It reaches the brokers as whoever runs it says: in plain text, or by
// TLS and SCRAM.
package main

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"strings"
	"sync"

	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/sasl/scram"

	"msklambda/lambda/kafka"
)

// Enriched is what goes to the topic.
type Enriched struct {
	ID      int    `json:"id"`
	State   string `json:"state"`
	Country string `json:"country"`
}

type enricher struct {
	client *kgo.Client
	mu     sync.Mutex
	failed []error // of the batch
}

func main() {
	opts, err := connection()
	if err != nil {
		panic(err)
	}
	client, err := kgo.NewClient(append(opts, kgo.DefaultProduceTopic("enriched"))...)
	if err != nil {
		panic(err)
	}
	e := &enricher{client: client}
	kafka.Start(kafka.JSON(e.process), kafka.AfterBatch(e.flush), kafka.OnShutdown(func(context.Context) { client.Close() }))
}

// connection reads how the brokers are reached.
func connection() ([]kgo.Opt, error) {
	opts := []kgo.Opt{kgo.SeedBrokers(strings.Split(os.Getenv("BROKERS"), ",")...)}
	if file := os.Getenv("BROKERS_CA"); file != "" {
		text, err := os.ReadFile(file)
		if err != nil {
			return nil, err
		}
		roots := x509.NewCertPool()
		if !roots.AppendCertsFromPEM(text) {
			return nil, fmt.Errorf("%s holds no certificate", file)
		}
		opts = append(opts, kgo.DialTLSConfig(&tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS12}))
	}
	if user := os.Getenv("BROKERS_USERNAME"); user != "" {
		opts = append(opts, kgo.SASL(scram.Auth{User: user, Pass: os.Getenv("BROKERS_PASSWORD")}.AsSha512Mechanism()))
	}
	return opts, nil
}

func (e *enricher) process(ctx context.Context, o *Enriched, r *kafka.Record) error {
	out := &kgo.Record{Key: r.Key}
	if o != nil { // or it is a tombstone, which stays one
		o.Country = "DE"
		var err error
		if out.Value, err = json.Marshal(o); err != nil {
			return err
		}
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
