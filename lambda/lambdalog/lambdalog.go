// Package lambdalog writes logs as Lambda reads them: JSON with timestamp, level
// and message, by which it filters and which CloudWatch shows, and the id of the
// request.
package lambdalog

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"os"
	"strings"
	"time"

	"github.com/aws/aws-lambda-go/lambdacontext"
)

// The environment variables that Lambda sets by the logging configuration of a
// function.
const (
	FormatEnv = "AWS_LAMBDA_LOG_FORMAT"
	LevelEnv  = "AWS_LAMBDA_LOG_LEVEL"
)

// Lambda has two levels that slog does not name.
const (
	LevelTrace = slog.LevelDebug - 4
	LevelFatal = slog.LevelError + 4
)

// New makes a logger that writes to w: JSON, or text where [FormatEnv] says Text,
// from the level of [LevelEnv] on, or info. Lines that are logged with the context
// of an invocation have its requestId.
func New(w io.Writer) *slog.Logger { return slog.New(NewHandler(w)) }

// NewHandler makes the handler of [New], to be wrapped.
func NewHandler(w io.Writer) slog.Handler {
	opts := &slog.HandlerOptions{Level: level(), ReplaceAttr: replace}
	var h slog.Handler
	if strings.EqualFold(os.Getenv(FormatEnv), "Text") {
		h = slog.NewTextHandler(w, opts)
	} else {
		h = slog.NewJSONHandler(w, opts)
	}
	return WithAttrs(h, requestID)
}

func requestID(ctx context.Context) []slog.Attr {
	if lc, ok := lambdacontext.FromContext(ctx); ok && lc != nil {
		return []slog.Attr{slog.String("requestId", lc.AwsRequestID)}
	}
	return nil
}

// SetDefault makes h what slog's functions write to, unless somebody has set
// something up already.
func SetDefault(h slog.Handler) {
	if IsUnset() {
		slog.SetDefault(slog.New(h))
	}
}

// IsUnset says that slog.Default is what it is when a program starts.
func IsUnset() bool {
	return fmt.Sprintf("%T", slog.Default().Handler()) == "*slog.defaultHandler"
}

func level() slog.Level {
	name := strings.NewReplacer("TRACE", "DEBUG-4", "FATAL", "ERROR+4").Replace(strings.ToUpper(os.Getenv(LevelEnv)))
	var l slog.Level
	if err := l.UnmarshalText([]byte(name)); err != nil {
		return slog.LevelInfo
	}
	return l
}

// replace gives the members of a line that are Lambda's own their names there.
func replace(groups []string, a slog.Attr) slog.Attr {
	if len(groups) > 0 {
		return a
	}
	switch a.Key {
	case slog.TimeKey:
		if t, ok := a.Value.Any().(time.Time); ok {
			return slog.String("timestamp", t.UTC().Format("2006-01-02T15:04:05.000Z"))
		}
	case slog.MessageKey:
		a.Key = "message"
	case slog.LevelKey:
		switch l, _ := a.Value.Any().(slog.Level); {
		case l <= LevelTrace:
			a.Value = slog.StringValue("TRACE")
		case l >= LevelFatal:
			a.Value = slog.StringValue("FATAL")
		}
	}
	return a
}
