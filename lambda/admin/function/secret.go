package function

import (
	"context"
	"errors"
	"fmt"
	"time"

	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"
)

// secret reads a secret. In a VPC without a way to Secrets Manager that hangs, so it is
// given up soon.
func secret(ctx context.Context, arn string) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	client := awshttp.NewBuildableClient().WithTimeout(5 * time.Second)
	cfg, err := config.LoadDefaultConfig(ctx, config.WithHTTPClient(client))
	if err != nil {
		return "", err
	}
	out, err := secretsmanager.NewFromConfig(cfg).GetSecretValue(ctx, &secretsmanager.GetSecretValueInput{SecretId: &arn})
	switch {
	case errors.Is(err, context.DeadlineExceeded):
		return "", fmt.Errorf("there is no answer of Secrets Manager: the function's subnets need an endpoint for it, or NAT: %w", err)
	case err != nil:
		return "", err
	case out.SecretString == nil:
		return "", errors.New("it is binary, and not text")
	}
	return *out.SecretString, nil
}
