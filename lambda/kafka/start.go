package kafka

import (
	"context"

	"msklambda/lambda/kafka/internal/runtimeapi"
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
func Start[F Func](fn F, opts ...Option) {
	runtimeapi.Start(Handler(fn, opts...))
}
