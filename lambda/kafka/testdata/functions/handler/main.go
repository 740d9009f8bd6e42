// Command handler counts the bytes of an event's values with this package, served
// by aws-lambda-go.
package main

import (
	"context"

	"github.com/aws/aws-lambda-go/lambda"

	"msklambda/lambda/kafka"
)

var total int

func main() {
	lambda.Start(kafka.Handler(func(_ context.Context, r *kafka.Record) error {
		total += len(r.Value)
		return nil
	}))
}
