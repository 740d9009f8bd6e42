// Package glue asks AWS Glue's schema registry.
//
//	reg := glue.New(awsglue.NewFromConfig(cfg), registry.Limits{})
//
// The function needs glue:GetSchemaVersion on the registry and its schemas,
// arn:aws:glue:REGION:ACCOUNT:registry/NAME and arn:aws:glue:REGION:ACCOUNT:schema/NAME/*,
// and, in a VPC without a way to the internet, an interface endpoint for Glue.
package glue

import (
	"context"
	"errors"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/glue"
	"github.com/aws/aws-sdk-go-v2/service/glue/types"

	"msklambda/lambda/kafka/registry"
	"msklambda/lambda/kafka/wire"
)

// Client is the part of a Glue client that is needed; NewFromConfig of the AWS SDK's
// package glue makes one.
type Client interface {
	GetSchemaVersion(ctx context.Context, in *glue.GetSchemaVersionInput, opts ...func(*glue.Options)) (*glue.GetSchemaVersionOutput, error)
}

// New returns the registry that a client asks, with what it says remembered: see
// [registry.Cached]. It panics if client is nil.
func New(client Client, limits registry.Limits) registry.Registry {
	if client == nil {
		panic("glue: New needs a client, got nil")
	}
	return registry.Cached(source{client}, limits)
}

type source struct{ client Client }

// Schema implements [registry.Registry].
func (s source) Schema(ctx context.Context, id wire.ID) (registry.Schema, error) {
	if id.Registry() != wire.Glue {
		return registry.Schema{}, fmt.Errorf("not an id of Glue's registry: %w", registry.ErrUnknown)
	}
	out, err := s.client.GetSchemaVersion(ctx, &glue.GetSchemaVersionInput{SchemaVersionId: aws.String(id.String())})
	var missing *types.EntityNotFoundException
	switch {
	case errors.As(err, &missing):
		return registry.Schema{}, fmt.Errorf("%w: %w", registry.ErrUnknown, err)
	case err != nil:
		return registry.Schema{}, fmt.Errorf("ask Glue: %w", err)
	case out.Status == types.SchemaVersionStatusFailure:
		// Glue has refused it: nothing should be written with it.
		return registry.Schema{}, fmt.Errorf("its status is %s: %w", out.Status, registry.ErrUnknown)
	case aws.ToString(out.SchemaDefinition) == "" || out.Status == types.SchemaVersionStatusPending:
		return registry.Schema{}, fmt.Errorf("ask Glue: its status is %s", out.Status)
	}
	return registry.Schema{Format: string(out.DataFormat), Text: *out.SchemaDefinition}, nil
}
