// Command ignore takes its payload as it comes and does not look at it.
package main

import (
	"context"

	"github.com/aws/aws-lambda-go/lambda"
)

type handler struct{}

func (handler) Invoke(context.Context, []byte) ([]byte, error) { return []byte("null"), nil }

func main() { lambda.Start(handler{}) }
