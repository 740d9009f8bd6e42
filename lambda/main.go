// Command lambda is the function that the default app deploys: it logs that each
// record came, and how large it is. Replace process by what your function is to do.
package main

import (
	"context"
	"encoding/base64"
	"log/slog"
	"os"
	"unicode/utf8"

	"msklambda/lambda/kafka"
)

// logValuesEnv is the environment variable that, with "true", has keys and values
// logged too. They are people's data, and what they take in CloudWatch is paid by
// the gigabyte: for looking at a test topic.
const logValuesEnv = "MSKLAMBDA_LOG_VALUES"

func main() {
	f := function{values: os.Getenv(logValuesEnv) == "true"}
	kafka.Start(f.process)
}

type function struct {
	values bool // are logged
}

// process handles one record. An error makes Lambda send it again. The line has
// the record's topic, partition and offset from the context.
func (f function) process(ctx context.Context, r *kafka.Record) error {
	attrs := []any{"keyBytes", size(r.Key), "valueBytes", size(r.Value)}
	if f.values {
		attrs = append(attrs, "key", text(r.Key), "value", text(r.Value))
	}
	slog.InfoContext(ctx, "record", attrs...)
	return nil
}

// size is nil for null.
func size(b []byte) any {
	if b == nil {
		return nil
	}
	return len(b)
}

// text returns b as it reads best in a log: nil for null, text if it is
// UTF-8, else base64.
func text(b []byte) any {
	switch {
	case b == nil:
		return nil
	case utf8.Valid(b):
		return string(b)
	}
	return base64.StdEncoding.EncodeToString(b)
}
