package kafka_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"

	"msklambda/lambda/kafka"
)

const event = `{
  "eventSource": "aws:kafka",
  "records": {
    "orders-0": [
      {"topic": "orders", "partition": 0, "offset": 7, "timestamp": 1764000000000, "timestampType": "CREATE_TIME",
       "key": "YQ==", "value": "eyJpZCI6MX0=", "headers": [{"trace": [49, 50]}]},
      {"topic": "orders", "partition": 0, "offset": 8, "timestamp": 1764000000001, "timestampType": "CREATE_TIME",
       "key": "Yg==", "value": null, "headers": []},
      {"topic": "orders", "partition": 0, "offset": 9, "timestamp": 1764000000002, "timestampType": "CREATE_TIME",
       "key": "Yw==", "value": "eyJpZCI6M30=", "headers": []}
    ]
  }
}`

var quiet = kafka.Logger(slog.New(slog.NewTextHandler(io.Discard, nil)))

// A main function is one line: kafka.Start(process). Handler is what it starts,
// for tests.
func ExampleHandler() {
	process := func(ctx context.Context, r *kafka.Record) error {
		if r.Value == nil {
			fmt.Printf("%s delete %s\n", r, r.Key)
			return nil
		}
		fmt.Printf("%s %s = %s\n", r, r.Key, r.Value)
		for key, value := range r.Headers() {
			fmt.Printf("  %s: %s\n", key, value)
		}
		return nil
	}
	answer, err := kafka.Handler(process, quiet).Invoke(context.Background(), []byte(event))
	fmt.Println(string(answer), err)
	// Output:
	// orders[0]@7 a = {"id":1}
	//   trace: 12
	// orders[0]@8 delete b
	// orders[0]@9 c = {"id":3}
	// {"batchItemFailures":[]} <nil>
}

// With partial batch responses the answer names the record that failed and those
// after it in its partition.
func ExampleHandler_partial() {
	os.Setenv(kafka.ReportBatchItemFailuresEnv, "true") // the construct does this
	defer os.Unsetenv(kafka.ReportBatchItemFailuresEnv)

	process := func(ctx context.Context, r *kafka.Record) error {
		if r.Offset == 8 {
			return errors.New("connection refused")
		}
		return nil
	}
	answer, err := kafka.Handler(process, quiet).Invoke(context.Background(), []byte(event))
	fmt.Println(string(answer), err)
	// Output:
	// {"batchItemFailures":[{"itemIdentifier":{"partition":"orders-0","offset":8}},{"itemIdentifier":{"partition":"orders-0","offset":9}}]} <nil>
}

// Without them the invocation fails, and Lambda sends the whole batch again.
func ExampleHandler_error() {
	process := func(ctx context.Context, r *kafka.Record) error {
		return errors.New("connection refused")
	}
	_, err := kafka.Handler(process, quiet, kafka.ContinueOnError()).Invoke(context.Background(), []byte(event))
	fmt.Println(err)
	// Output:
	// kafka: handle orders[0]@7: connection refused
	// kafka: handle orders[0]@8: connection refused
	// kafka: handle orders[0]@9: connection refused
}

type Order struct {
	ID int `json:"id"`
}

func ExampleJSON() {
	process := func(ctx context.Context, o *Order, r *kafka.Record) error {
		if o == nil {
			fmt.Printf("%s deleted\n", r)
			return nil
		}
		fmt.Printf("%s order %d\n", r, o.ID)
		return nil
	}
	kafka.Handler(kafka.JSON(process), quiet).Invoke(context.Background(), []byte(event))
	// Output:
	// orders[0]@7 order 1
	// orders[0]@8 deleted
	// orders[0]@9 order 3
}

// A Batch that writes two records at a time says with which of them it stopped.
func ExampleBatch() {
	os.Setenv(kafka.ReportBatchItemFailuresEnv, "true")
	defer os.Unsetenv(kafka.ReportBatchItemFailuresEnv)

	write := func(records []*kafka.Record) error {
		if len(records) < 2 {
			return errors.New("throttled")
		}
		return nil
	}
	process := func(ctx context.Context, records []*kafka.Record) error {
		for len(records) > 0 {
			chunk := records[:min(2, len(records))]
			if err := write(chunk); err != nil {
				return kafka.FailedAt(chunk[0], err)
			}
			records = records[len(chunk):]
		}
		return nil
	}
	answer, err := kafka.Handler(kafka.Batch(process), quiet).Invoke(context.Background(), []byte(event))
	fmt.Println(string(answer), err)
	// Output:
	// {"batchItemFailures":[{"itemIdentifier":{"partition":"orders-0","offset":9}}]} <nil>
}

// A bulk write without order names just the records that it refused.
func ExampleFailedOnly() {
	os.Setenv(kafka.ReportBatchItemFailuresEnv, "true")
	defer os.Unsetenv(kafka.ReportBatchItemFailuresEnv)

	process := func(ctx context.Context, records []*kafka.Record) error {
		return kafka.FailedOnly(errors.New("throttled"), records[0], records[2])
	}
	h := kafka.Handler(kafka.Batch(process), kafka.ContinueOnError(), quiet)
	answer, err := h.Invoke(context.Background(), []byte(event))
	fmt.Println(string(answer), err)
	// Output:
	// {"batchItemFailures":[{"itemIdentifier":{"partition":"orders-0","offset":7}},{"itemIdentifier":{"partition":"orders-0","offset":9}}]} <nil>
}

// What is to outlive the handler is cloned.
func ExampleRecord_Clone() {
	var last *kafka.Record
	process := func(ctx context.Context, r *kafka.Record) error {
		last = r.Clone()
		return nil
	}
	kafka.Handler(process, quiet).Invoke(context.Background(), []byte(event))
	fmt.Printf("%s %s\n", last, last.Value)
	// Output:
	// orders[0]@9 {"id":3}
}

func ExampleStart() {
	kafka.Start(func(ctx context.Context, r *kafka.Record) error {
		return store(ctx, r.Key, r.Value)
	}, kafka.Concurrency(4))
}

func store(context.Context, []byte, []byte) error { return nil }
