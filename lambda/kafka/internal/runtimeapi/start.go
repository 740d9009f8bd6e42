package runtimeapi

import (
	"context"
	"errors"
	"log"
	"os"
	"sync"

	"github.com/aws/aws-lambda-go/lambdacontext"
)

// Handler handles an invocation: payload is the event, and what is returned the
// answer. payload is overwritten by the next event.
type Handler interface {
	Invoke(ctx context.Context, payload []byte) ([]byte, error)
}

const addressEnv = "AWS_LAMBDA_RUNTIME_API"

// Start handles invocations with h and does not return: the process ends when it
// cannot go on, and Lambda starts another one. With onSIGTERM Lambda is asked to
// send the signal before it ends the process, and they are called then, in order.
func Start(h Handler, onSIGTERM ...func()) {
	address := os.Getenv(addressEnv)
	if len(onSIGTERM) > 0 {
		enableSIGTERM(address, onSIGTERM)
	}
	if address == "" {
		log.Fatalf("expected AWS Lambda environment variables [%s] are not defined", addressEnv)
	}
	log.Fatal(Serve(address, lambdacontext.MaxConcurrency(), h))
}

// Serve handles up to concurrency invocations at once with h, until it cannot go
// on, and returns why: an error of the Runtime API, or a panic of h, which it has
// reported. Invocations that are running then are seen to their end.
func Serve(address string, concurrency int, h Handler) error {
	if concurrency <= 1 {
		return newSlot(address, true).serve(context.Background(), h)
	}
	ctx, cancel := context.WithCancelCause(context.Background())
	defer cancel(errors.New("no invocations to handle"))
	var slots sync.WaitGroup
	for range concurrency {
		slots.Go(func() { cancel(newSlot(address, false).serve(ctx, h)) })
	}
	slots.Wait()
	return context.Cause(ctx)
}
