package wire_test

import (
	"fmt"

	"msklambda/lambda/kafka"
	"msklambda/lambda/kafka/wire"
)

func Example() {
	for _, r := range []*kafka.Record{
		{Value: []byte("\x00\x00\x00\x00\x11data")},
		{Value: []byte("data"), ValueSchema: &kafka.Schema{DataFormat: "AVRO", SchemaID: "0d9e1e2f-7a52-4a5b-9bd8-5c2d9e6a1b34"}},
		{Value: []byte(`{"id":1}`)},
	} {
		w, err := wire.Value(r)
		fmt.Printf("%v %q %s %v\n", w.Registry, w.ID, w.Data, err)
	}
	// Output:
	// Confluent "17" data <nil>
	// Glue "0d9e1e2f-7a52-4a5b-9bd8-5c2d9e6a1b34" data <nil>
	// none "" {"id":1} <nil>
}
