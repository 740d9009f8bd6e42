// Command lambda is the function that the default app deploys: it logs each
// record. Replace process by what your function is to do.
package main

import (
	"context"
	"encoding/base64"
	"io"
	"log/slog"
	"os"
	"strings"
	"unicode/utf8"

	"github.com/aws/aws-lambda-go/lambdacontext"

	"msklambda/lambda/kafka"
)

func main() {
	slog.SetDefault(newLogger(os.Stdout))
	kafka.Start(process)
}

// process handles one record. An error makes Lambda send it again.
func process(ctx context.Context, r *kafka.Record) error {
	slog.InfoContext(ctx, "record",
		"topic", r.Topic,
		"partition", r.Partition,
		"offset", r.Offset,
		"key", text(r.Key),
		"value", text(r.Value))
	return nil
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

// newLogger writes JSON with the keys that Lambda's log level filter reads.
func newLogger(out io.Writer) *slog.Logger {
	// Lambda has two levels that slog does not name.
	name := strings.NewReplacer("TRACE", "DEBUG-4", "FATAL", "ERROR+4").Replace(os.Getenv("AWS_LAMBDA_LOG_LEVEL"))
	var level slog.Level
	if err := level.UnmarshalText([]byte(name)); err != nil {
		level = slog.LevelInfo
	}
	return slog.New(slog.NewJSONHandler(out, &slog.HandlerOptions{
		Level:       level,
		ReplaceAttr: lambdacontext.ReplaceAttr,
	}))
}
