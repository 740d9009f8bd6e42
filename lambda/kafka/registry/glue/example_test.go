package glue_test

import (
	"context"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"
	awsglue "github.com/aws/aws-sdk-go-v2/service/glue"
	"github.com/aws/aws-sdk-go-v2/service/glue/types"

	"msklambda/lambda/kafka/registry"
	"msklambda/lambda/kafka/registry/glue"
	"msklambda/lambda/kafka/wire"
)

// stand is what awsglue.NewFromConfig(cfg) would be.
type stand struct{}

func (stand) GetSchemaVersion(_ context.Context, in *awsglue.GetSchemaVersionInput, _ ...func(*awsglue.Options)) (*awsglue.GetSchemaVersionOutput, error) {
	fmt.Println("Glue is asked for", *in.SchemaVersionId)
	return &awsglue.GetSchemaVersionOutput{Status: types.SchemaVersionStatusAvailable, DataFormat: types.DataFormatAvro, SchemaDefinition: aws.String(`"string"`)}, nil
}

// A schema is asked for once for each execution environment.
func ExampleNew() {
	reg := glue.New(stand{}, registry.Limits{})
	for range 2 {
		schema, err := reg.Schema(context.Background(), wire.ParseID("0d9e1e2f-7a52-4a5b-9bd8-5c2d9e6a1b34"))
		fmt.Println(schema.Format, schema.Text, err)
	}
	// Output:
	// Glue is asked for 0d9e1e2f-7a52-4a5b-9bd8-5c2d9e6a1b34
	// AVRO "string" <nil>
	// AVRO "string" <nil>
}
