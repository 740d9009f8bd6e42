// Command connections is the function behind the routes of the live scores'
// WebSocket API. See package routes.
package main

import (
	"cmp"
	"os"
	"strconv"

	"github.com/aws/aws-lambda-go/lambda"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"

	"msklambda/lambda/connections/routes"
	"msklambda/lambda/livescores/layout"
	"msklambda/lambda/livescores/setup"
	"msklambda/lambda/livescores/table"
)

func main() {
	t := table.NewAudience(dynamodb.NewFromConfig(setup.Config("connections")), os.Getenv(layout.FollowersEnv))
	limit, _ := strconv.Atoi(os.Getenv(layout.MatchLimitEnv))
	lambda.Start(routes.Handler(t, cmp.Or(limit, layout.MatchLimit)))
}
