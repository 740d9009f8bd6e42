package traces_test

import (
	"fmt"

	"msklambda/lambda/kafka"
	"msklambda/lambda/kafka/traces"
)

func ExampleWriter() {
	r := &kafka.Record{Topic: "orders"}
	r.SetHeaders(kafka.Header{Key: "traceparent", Value: []byte("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01")})
	from := traces.Writer(r)
	fmt.Println(from.TraceID(), from.SpanID(), from.IsRemote())
	// Output:
	// 4bf92f3577b34da6a3ce929d0e0e4736 00f067aa0ba902b7 true
}
