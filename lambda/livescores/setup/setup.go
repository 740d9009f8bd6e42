// Package setup is how the functions of the live scores begin.
package setup

import (
	"context"
	"log/slog"
	"os"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/config"

	"msklambda/lambda/lambdalog"
	"msklambda/lambda/livescores/table"
)

// S3EndpointEnv names a stand-in for S3, as the SDKs have it.
const S3EndpointEnv = "AWS_ENDPOINT_URL_S3"

// Config sets the logger and reads the AWS configuration of a function that
// somebody waits for.
func Config(name string) aws.Config {
	slog.SetDefault(lambdalog.New(os.Stdout))
	// A request that hangs is given up, so that there is time for another.
	client := awshttp.NewBuildableClient().WithTimeout(3 * time.Second)
	cfg, err := config.LoadDefaultConfig(context.Background(), config.WithHTTPClient(client))
	if err != nil {
		slog.Error(name+": no AWS configuration", "error", err)
		os.Exit(1)
	}
	return cfg
}

// Patient is the configuration of a function that nobody waits for, which tries
// again as long as it has time.
func Patient(name string) aws.Config {
	cfg := Config(name)
	cfg.Retryer = table.Patient
	return cfg
}
