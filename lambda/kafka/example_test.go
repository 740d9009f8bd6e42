package kafka_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"os"
	"strconv"
	"time"

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

// What is returned says what becomes of the record: an order that can never be
// handled goes to the dead letters, one that is known is skipped, and what a
// database refuses for a moment is tried again.
func ExampleDeadLetter() {
	process := func(ctx context.Context, r *kafka.Record) error {
		switch r.Offset {
		case 7:
			return kafka.Permanent(errors.New("no such customer"))
		case 8:
			return kafka.Skip(errors.New("known already"))
		}
		return nil
	}
	letters := kafka.SinkFunc(func(ctx context.Context, failures []kafka.Failure) error {
		for _, f := range failures {
			fmt.Println("dead letter", f.Record, f.Err, f.Attempts)
		}
		return nil // acknowledged
	})
	h := kafka.Handler(process, quiet,
		kafka.Retry(kafka.Backoff{Attempts: 5}),
		kafka.DeadLetter(letters))
	answer, err := h.Invoke(context.Background(), []byte(event))
	fmt.Println(string(answer), err)
	// Output:
	// dead letter orders[0]@7 no such customer 1
	// {"batchItemFailures":[]} <nil>
}

// A record that fails stops its key and nothing else.
func ExampleConcurrencyByKey() {
	os.Setenv(kafka.ReportBatchItemFailuresEnv, "true")
	defer os.Unsetenv(kafka.ReportBatchItemFailuresEnv)

	process := func(ctx context.Context, r *kafka.Record) error {
		if string(r.Key) == "b" {
			return errors.New("connection refused")
		}
		return nil
	}
	h := kafka.Handler(process, quiet, kafka.ConcurrencyByKey(32))
	answer, err := h.Invoke(context.Background(), []byte(event))
	fmt.Println(string(answer), err)
	// Output:
	// {"batchItemFailures":[{"itemIdentifier":{"partition":"orders-0","offset":8}}]} <nil>
}

// A decoder of one's own: here for values that are a number as text.
func ExampleTyped() {
	number := func(ctx context.Context, r *kafka.Record, data []byte) (int, error) {
		return strconv.Atoi(string(data))
	}
	process := func(ctx context.Context, n int, r *kafka.Record) error {
		fmt.Println(n + 1)
		return nil
	}
	fmt.Println(kafka.Typed(number, process)(context.Background(), &kafka.Record{Value: []byte("41")}))
	fmt.Println(kafka.Typed(number, process)(context.Background(), &kafka.Record{Value: []byte("x")}))
	// Output:
	// 42
	// <nil>
	// decode the value, 1 bytes, as int: strconv.Atoi: parsing "x": invalid syntax
}

// All records of an event in one statement, whichever partitions they are of.
func ExampleTypedBatch() {
	write := func(ctx context.Context, orders []kafka.Message[*Order]) error {
		for _, o := range orders {
			fmt.Println(o.Record, o.Value != nil)
		}
		return nil
	}
	h := kafka.Handler(kafka.TypedBatch(kafka.FromJSON[*Order], write), kafka.WholeEvent(), quiet)
	h.Invoke(context.Background(), []byte(event))
	// Output:
	// orders[0]@7 true
	// orders[0]@8 false
	// orders[0]@9 true
}

// Workers inside a Batch: what one of them panics at, or forgets, is not lost.
func ExampleForEach() {
	os.Setenv(kafka.ReportBatchItemFailuresEnv, "true")
	defer os.Unsetenv(kafka.ReportBatchItemFailuresEnv)

	process := func(ctx context.Context, records []*kafka.Record) error {
		return kafka.ForEach(ctx, records, 16, func(ctx context.Context, r *kafka.Record) error {
			if r.Offset == 8 {
				panic("no customer")
			}
			return nil
		})
	}
	answer, err := kafka.Handler(kafka.Batch(process), quiet).Invoke(context.Background(), []byte(event))
	fmt.Println(string(answer), err)
	// Output:
	// {"batchItemFailures":[{"itemIdentifier":{"partition":"orders-0","offset":8}}]} <nil>
}

// A middleware that times the function.
func ExampleUse() {
	timed := func(next kafka.HandlerFunc) kafka.HandlerFunc {
		return func(ctx context.Context, r *kafka.Record) error {
			start := time.Now()
			err := next(ctx, r)
			fmt.Println(r, time.Since(start) < time.Hour, err)
			return err
		}
	}
	process := func(ctx context.Context, r *kafka.Record) error { return nil }
	kafka.Handler(process, kafka.Use(timed), quiet).Invoke(context.Background(), []byte(event))
	// Output:
	// orders[0]@7 true <nil>
	// orders[0]@8 true <nil>
	// orders[0]@9 true <nil>
}

// A function that buffers says with AfterBatch whether all of it got through.
func ExampleAfterBatch() {
	var buffer []string
	process := func(ctx context.Context, r *kafka.Record) error {
		buffer = append(buffer, string(r.Key))
		return nil
	}
	flush := func(ctx context.Context, r *kafka.Result) error {
		fmt.Println("flush", buffer)
		buffer = nil
		return errors.New("broker down")
	}
	_, err := kafka.Handler(process, kafka.AfterBatch(flush), quiet).Invoke(context.Background(), []byte(event))
	fmt.Println(err)
	// Output:
	// flush [a b c]
	// kafka: handle orders[0]@7: after the batch: broker down
}

// A client lives as long as the execution environment.
func ExampleOnShutdown() {
	client, err := net.Dial("tcp", "db.example.com:5432")
	if err != nil {
		panic(err)
	}
	kafka.Start(func(ctx context.Context, r *kafka.Record) error {
		return store(ctx, r.Key, r.Value)
	}, kafka.OnShutdown(func(context.Context) { client.Close() }))
}
