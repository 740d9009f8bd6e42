package lambdalog

import (
	"bytes"
	"context"
	"encoding/json"
	"log/slog"
	"regexp"
	"strings"
	"testing"

	"github.com/aws/aws-lambda-go/lambdacontext"
)

func invocation(t *testing.T) context.Context {
	return lambdacontext.NewContext(t.Context(), &lambdacontext.LambdaContext{AwsRequestID: "request-1"})
}

var timestamp = regexp.MustCompile(`"timestamp":"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z"`)

func TestALineIsAsLambdaReadsIt(t *testing.T) {
	t.Setenv(FormatEnv, "JSON")
	t.Setenv(LevelEnv, "TRACE")
	tests := map[string]struct {
		log  func(*slog.Logger, context.Context)
		want string
	}{
		"info":     {func(l *slog.Logger, ctx context.Context) { l.InfoContext(ctx, "hi", "a", 1) }, `"level":"INFO","message":"hi","requestId":"request-1","a":1}`},
		"no event": {func(l *slog.Logger, _ context.Context) { l.Warn("hi") }, `"level":"WARN","message":"hi"}`},
		"trace":    {func(l *slog.Logger, ctx context.Context) { l.Log(ctx, LevelTrace, "hi") }, `"level":"TRACE","message":"hi","requestId":"request-1"}`},
		"fatal":    {func(l *slog.Logger, ctx context.Context) { l.Log(ctx, LevelFatal, "hi") }, `"level":"FATAL","message":"hi","requestId":"request-1"}`},
		"its own":  {func(l *slog.Logger, ctx context.Context) { l.InfoContext(ctx, "hi", "requestId", "mine") }, `"level":"INFO","message":"hi","requestId":"mine"}`},
		"with": {func(l *slog.Logger, ctx context.Context) { l.With("a", 1).InfoContext(ctx, "hi", "b", 2) },
			`"level":"INFO","message":"hi","a":1,"requestId":"request-1","b":2}`},
		"group": {func(l *slog.Logger, ctx context.Context) {
			l.With("a", 1).WithGroup("g").With("b", 2).WithGroup("").WithGroup("h").InfoContext(ctx, "hi", "time", 3, "msg", 4)
		}, `"level":"INFO","message":"hi","a":1,"requestId":"request-1","g":{"b":2,"h":{"time":3,"msg":4}}}`},
	}
	for name, test := range tests {
		var out bytes.Buffer
		test.log(New(&out), invocation(t))
		line := strings.TrimSpace(out.String())
		if !json.Valid([]byte(line)) || !timestamp.MatchString(line) || !strings.HasSuffix(line, test.want) {
			t.Errorf("%s: line = %s, want a timestamp and %s", name, line, test.want)
		}
	}
}

func TestTheFormatIsThatOfLambda(t *testing.T) {
	for format, want := range map[string]string{"": "{", "JSON": "{", "Text": "timestamp=", "TEXT": "timestamp="} {
		t.Setenv(FormatEnv, format)
		var out bytes.Buffer
		New(&out).Info("hi")
		if !strings.HasPrefix(out.String(), want) {
			t.Errorf("format %q: line = %s, want it to begin %s", format, out.String(), want)
		}
	}
}

func TestTheLevelIsThatOfLambda(t *testing.T) {
	for level, want := range map[string]string{
		"": "INFO WARN FATAL", "INFO": "INFO WARN FATAL", "DEBUG": "DEBUG INFO WARN FATAL", "debug": "DEBUG INFO WARN FATAL",
		"TRACE": "TRACE DEBUG INFO WARN FATAL", "WARN": "WARN FATAL", "ERROR": "FATAL", "FATAL": "FATAL", "nonsense": "INFO WARN FATAL",
	} {
		t.Setenv(LevelEnv, level)
		var out bytes.Buffer
		l := New(&out)
		l.Log(t.Context(), LevelTrace, "TRACE")
		l.Debug("DEBUG")
		l.Info("INFO")
		l.Warn("WARN")
		l.Log(t.Context(), LevelFatal, "FATAL")
		var got []string
		for line := range strings.Lines(out.String()) {
			_, rest, _ := strings.Cut(line, `"message":"`)
			message, _, _ := strings.Cut(rest, `"`)
			got = append(got, message)
		}
		if got := strings.Join(got, " "); got != want {
			t.Errorf("level %q logs %s, want %s", level, got, want)
		}
	}
}

func TestSetDefaultLeavesWhatIsSetUpAlone(t *testing.T) {
	before := slog.Default()
	defer slog.SetDefault(before)
	if !IsUnset() {
		t.Fatal("slog.Default is set up at the start of a test")
	}
	var first, second bytes.Buffer
	SetDefault(NewHandler(&first))
	SetDefault(NewHandler(&second))
	slog.Info("hi")
	if IsUnset() || second.Len() > 0 || !strings.Contains(first.String(), `"message":"hi"`) {
		t.Errorf("the first logger has %q, the second %q, want the line in the first", first.String(), second.String())
	}
}
