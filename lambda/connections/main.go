// Command connections is the function behind the routes of the live scores'
// WebSocket API. See package routes.
package main

import (
	"context"
	"log/slog"
	"os"

	"github.com/aws/aws-lambda-go/lambda"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"

	"msklambda/lambda/connections/routes"
	"msklambda/lambda/lambdalog"
	"msklambda/lambda/livescores/layout"
	"msklambda/lambda/livescores/table"
)

func main() {
	slog.SetDefault(lambdalog.New(os.Stdout))
	cfg, err := config.LoadDefaultConfig(context.Background())
	if err != nil {
		slog.Error("connections: no AWS configuration", "error", err)
		os.Exit(1)
	}
	lambda.Start(routes.Handler(table.New(dynamodb.NewFromConfig(cfg), os.Getenv(layout.TableEnv))))
}
