// Package account reads what the doctor needs of an AWS account, and writes nothing:
// no call of it changes anything or reads what is in a secret. What a call does not
// tell, because the caller may not make it or because it fails, is not known, with
// the reason; it is never taken to be absent. [Policy] is all that the caller needs.
package account

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/kafka"
	"github.com/aws/aws-sdk-go-v2/service/kms"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"
	"github.com/aws/aws-sdk-go-v2/service/sns"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/aws/smithy-go"

	"msklambda/constructs/doctor"
)

// Account is one, in one region.
type Account struct {
	ID, Region, Partition string

	cloudformation *cloudformation.Client
	ec2            *ec2.Client
	iam            *iam.Client
	kafka          *kafka.Client
	kms            *kms.Client
	lambda         *lambda.Client
	s3             *s3.Client
	secretsmanager *secretsmanager.Client
	sns            *sns.Client
	sqs            *sqs.Client
}

// Open finds credentials and the region as every AWS tool does, and asks whose they
// are. Region and profile may be "": the environment and ~/.aws then say. An error is
// one line.
func Open(ctx context.Context, region, profile string) (*Account, error) {
	var options []func(*config.LoadOptions) error
	if region != "" {
		options = append(options, config.WithRegion(region))
	}
	if profile != "" {
		options = append(options, config.WithSharedConfigProfile(profile))
	}
	cfg, err := config.LoadDefaultConfig(ctx, options...)
	if err != nil {
		return nil, fmt.Errorf("the AWS configuration cannot be read: %s", oneLine(err))
	}
	if cfg.Region == "" {
		return nil, errors.New("no region: give -region, or set AWS_REGION or that of the profile")
	}
	if _, err := cfg.Credentials.Retrieve(ctx); err != nil {
		return nil, errors.New("no AWS credentials: set AWS_PROFILE, or give -profile, or log in with the AWS CLI")
	}
	who, err := sts.NewFromConfig(cfg).GetCallerIdentity(ctx, &sts.GetCallerIdentityInput{})
	if err != nil {
		return nil, fmt.Errorf("the AWS credentials do not work in %s: %s", cfg.Region, oneLine(err))
	}
	return &Account{
		ID: aws.ToString(who.Account), Region: cfg.Region, Partition: partition(aws.ToString(who.Arn)),
		cloudformation: cloudformation.NewFromConfig(cfg), ec2: ec2.NewFromConfig(cfg), iam: iam.NewFromConfig(cfg), kafka: kafka.NewFromConfig(cfg),
		kms: kms.NewFromConfig(cfg), lambda: lambda.NewFromConfig(cfg), secretsmanager: secretsmanager.NewFromConfig(cfg),
		// By its path, as the name of a bucket may have dots that no certificate has.
		s3:  s3.NewFromConfig(cfg, func(o *s3.Options) { o.UsePathStyle = true }),
		sns: sns.NewFromConfig(cfg), sqs: sqs.NewFromConfig(cfg),
	}, nil
}

func partition(arn string) string {
	if parts := strings.Split(arn, ":"); len(parts) > 5 {
		return parts[1]
	}
	return "aws"
}

// gone are the codes for what is not there.
var gone = map[string]bool{
	"ResourceNotFoundException": true, "NotFoundException": true, "NoSuchEntity": true, "NoSuchEntityException": true, "NoSuchBucket": true, "NotFound": true,
	"QueueDoesNotExist": true, "AWS.SimpleQueueService.NonExistentQueue": true,
}

// refused are the codes for a caller who may not.
var refused = map[string]bool{
	"AccessDenied": true, "AccessDeniedException": true, "UnauthorizedOperation": true, "UnauthorizedException": true, "ForbiddenException": true,
	"AuthorizationError": true, "AuthorizationErrorException": true, "Forbidden": true,
}

func isGone(err error) bool {
	var api smithy.APIError
	return errors.As(err, &api) && gone[api.ErrorCode()]
}

// why says in a line why a call has no answer.
func why(permission string, err error) string {
	var api smithy.APIError
	switch {
	case err == nil:
		return "the answer of " + permission + " does not have it"
	case errors.Is(err, context.DeadlineExceeded):
		return "AWS did not answer " + permission + " in time"
	case errors.Is(err, context.Canceled):
		return permission + " was cancelled"
	case errors.As(err, &api) && refused[api.ErrorCode()]:
		return "the caller lacks the permission " + permission
	case errors.As(err, &api):
		return permission + ": " + oneLine(fmt.Errorf("%s: %s", api.ErrorCode(), api.ErrorMessage()))
	}
	return permission + ": " + oneLine(err)
}

func oneLine(err error) string { return strings.Join(strings.Fields(err.Error()), " ") }

// there makes a fact of an answer, in which what does not exist is nil.
func there[T any](value *T, permission string, err error) doctor.Fact[*T] {
	switch {
	case err == nil:
		return doctor.Told(value)
	case isGone(err):
		return doctor.Told[*T](nil)
	}
	return doctor.NotKnown[*T](why(permission, err))
}

// told makes a fact of an answer that cannot be absent.
func told[T any](value T, permission string, err error) doctor.Fact[T] {
	if err != nil {
		return doctor.NotKnown[T](why(permission, err))
	}
	return doctor.Told(value)
}
