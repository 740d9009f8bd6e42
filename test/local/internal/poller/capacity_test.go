package poller

import (
	"bytes"
	"context"
	"math"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"

	"msklambda/constructs/plan/capacity"
	"msklambda/lambda/kafka"
	"msklambda/lambda/kafka/kafkatest"
	"msklambda/lambda/lambdalog"
)

// What the calculator takes for the line of a batch is about what it is.
func TestTheCalculatorKnowsHowLongALineIs(t *testing.T) {
	var out bytes.Buffer
	h := kafka.Handler(func(context.Context, *kafka.Record) error { return nil }, kafka.Logger(lambdalog.New(&out)))
	kafkatest.Run(t, h, kafkatest.Event(kafkatest.Records("orders", 0, 0, "a", "b")...), kafkatest.OnDemand)
	const standard = 300 // of LogCall
	if n := bytes.Count(out.Bytes(), []byte("\n")); n != 1 || out.Len() > standard || out.Len() < standard*2/3 {
		t.Errorf("%d lines of %d bytes, want one of a little less than %d: %s", n, out.Len(), standard, out.String())
	}
}

// The calculator's bytes of a record are those of events as they are encoded here, within
// 3 percent, for names of topics and headers as they are usual.
func TestTheCalculatorKnowsHowLargeEventsAre(t *testing.T) {
	random := rand.New(rand.NewPCG(3, 4))
	binary := func(n int) []byte {
		b := make([]byte, n)
		for i := range b {
			b[i] = byte(random.IntN(256))
		}
		return b
	}
	text := func(n int) []byte { return bytes.Repeat([]byte("8f-c2a9e47d0b1"), n/14+1)[:n] }
	for name, tt := range map[string]struct {
		value, key []byte
		headers    []kgo.RecordHeader
	}{
		"small":          {value: text(100), key: text(10)},
		"orders":         {value: text(500), key: text(36)},
		"Avro, headers":  {value: binary(300), key: text(12), headers: []kgo.RecordHeader{{Key: "id", Value: text(36)}, {Key: "traceparent", Value: text(55)}, {Key: "type", Value: text(16)}}},
		"large":          {value: text(100_000)},
		"binary headers": {value: binary(50), headers: []kgo.RecordHeader{{Key: "a", Value: binary(400)}}},
	} {
		e := newEncoder(&Config{Topic: "orders", SourceARN: "arn:aws:kafka:us-east-1:111122223333:cluster/demo/4f1e0ab2-7c64-4a3e-9d5e-2b9a6c1d8e70-2", Brokers: []string{"b-1.demo:9098"}})
		var records []*record
		size := 0
		for i := range 200 {
			r := &kgo.Record{Topic: "orders", Partition: int32(i % 20), Offset: 1_234_567 + int64(i), Timestamp: time.UnixMilli(1_790_000_000_000),
				Key: tt.key, Value: tt.value, Headers: tt.headers}
			if r.Key == nil {
				r.Key = []byte{}
			}
			records = append(records, &record{Record: r, json: e.record(r)})
		}
		for _, h := range tt.headers {
			size += len(h.Value)
		}
		each := float64(len(e.event(records))) / 200
		want := capacity.Workload{Value: len(tt.value), Key: len(tt.key), Headers: size}.EventBytes()
		if off := math.Abs(each-want) / each; off > 0.03 {
			t.Errorf("%s: %.0f bytes a record, and the calculator has %.0f, %.1f %% off", name, each, want, 100*off)
		}
		t.Logf("%s: %.0f bytes, calculator %.0f", name, each, want)
	}
}
