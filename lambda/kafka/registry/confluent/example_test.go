package confluent_test

import (
	"context"
	"fmt"

	"github.com/twmb/franz-go/pkg/sr"
	"github.com/twmb/franz-go/pkg/sr/srfake"

	"msklambda/lambda/kafka/registry"
	"msklambda/lambda/kafka/registry/confluent"
	"msklambda/lambda/kafka/wire"
)

func ExampleNew() {
	server := srfake.New()
	defer server.Close()
	server.SeedSchema("orders-value", 1, 17, sr.Schema{Schema: `"string"`})

	client, err := sr.NewClient(sr.URLs(server.URL()))
	if err != nil {
		panic(err)
	}
	reg := confluent.New(client, registry.Limits{})
	fmt.Println(reg.Schema(context.Background(), wire.ConfluentID(17)))
	_, err = reg.Schema(context.Background(), wire.ParseID("0d9e1e2f-7a52-4a5b-9bd8-5c2d9e6a1b34"))
	fmt.Println(err)
	// Output:
	// {AVRO "string" []} <nil>
	// schema 0d9e1e2f-7a52-4a5b-9bd8-5c2d9e6a1b34: not an id of Confluent's registry: the registry does not have it
}
