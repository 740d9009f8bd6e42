// Command stock counts the bytes of an event's values on events.KafkaEvent.
package main

import (
	"context"
	"encoding/base64"

	"github.com/aws/aws-lambda-go/events"
	"github.com/aws/aws-lambda-go/lambda"
)

var total int

func main() {
	lambda.Start(func(_ context.Context, event events.KafkaEvent) error {
		for _, records := range event.Records {
			for _, r := range records {
				value, err := base64.StdEncoding.DecodeString(r.Value)
				if err != nil {
					return err
				}
				total += len(value)
			}
		}
		return nil
	})
}
