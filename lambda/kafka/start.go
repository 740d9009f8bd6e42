package kafka

import (
	"context"
	"os"

	"msklambda/lambda/kafka/internal/runtimeapi"
	"msklambda/lambda/lambdalog"
)

// Invoker handles an event of Lambda. It has the method of aws-lambda-go's
// lambda.Handler, and can be used as one.
type Invoker interface {
	Invoke(ctx context.Context, payload []byte) ([]byte, error)
}

// Start handles the events of Lambda with fn and does not return. It is all
// that main needs to do. It panics as [Handler] does.
//
// fn finds in its context what functions on aws-lambda-go find: the deadline, what
// lambdacontext.FromContext returns, and the trace id. It may be called by
// several invocations at once if the function is set up for that.
//
// Unless slog is set up, what is logged by it is written as Lambda reads it: JSON
// with timestamp, level, message, requestId, and where the record is that is handled;
// or text, and from the level on, that the function's logging configuration says.
func Start[F Func](fn F, opts ...Option) {
	lambdalog.SetDefault(LogHandler(lambdalog.NewHandler(os.Stdout)))
	h := Handler(fn, opts...).(*handler)
	var onSIGTERM []func()
	if len(h.onShutdown) > 0 {
		onSIGTERM = append(onSIGTERM, h.shutdown)
	}
	runtimeapi.Start(h, onSIGTERM...)
}
