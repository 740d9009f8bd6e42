package metrics_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"

	"msklambda/lambda/kafka"
	"msklambda/lambda/kafka/metrics"
)

func ExampleTo() {
	var out bytes.Buffer // EMF writes to standard output
	h := kafka.Handler(func(context.Context, *kafka.Record) error { return nil },
		metrics.To(&out, "Shop"), kafka.Logger(slog.New(slog.NewTextHandler(io.Discard, nil))))
	_, err := h.Invoke(context.Background(), []byte(`{"records": {"orders-0": [{"topic": "orders", "partition": 0, "offset": 7, "value": "MQ=="}]}}`))
	var line map[string]any
	if err := json.Unmarshal(out.Bytes(), &line); err != nil {
		fmt.Println(err)
	}
	fmt.Println(line["Topic"], line[metrics.Records], line[metrics.Failures], err)
	// Output:
	// orders 1 0 <nil>
}
