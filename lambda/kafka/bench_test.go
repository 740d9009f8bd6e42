package kafka

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/aws/aws-lambda-go/events"
)

// benchEvent generates an event of n records with values of size bytes and
// the given number of 55-byte headers, over four partitions, as AWS writes it.
func benchEvent(n, size, headers int) []byte {
	rnd := rand.New(rand.NewPCG(1, uint64(size)))
	random := func(size int) []byte {
		b := make([]byte, size)
		for i := range b {
			b[i] = byte(rnd.Uint32())
		}
		return b
	}
	var b bytes.Buffer
	b.WriteString(`{"eventSource":"aws:kafka","eventSourceArn":"arn:aws:kafka:eu-central-1:111122223333:cluster/demo/751d2973-a626-431c-9d4e-d7975eb44dd7-2",` +
		`"bootstrapServers":"b-2.demo.a1bcde.c1.kafka.eu-central-1.amazonaws.com:9098,b-1.demo.a1bcde.c1.kafka.eu-central-1.amazonaws.com:9098","records":{`)
	const partitions = 4
	for p := range partitions {
		if p > 0 {
			b.WriteByte(',')
		}
		fmt.Fprintf(&b, `"orders-%d":[`, p)
		for i := range n / partitions {
			if i > 0 {
				b.WriteByte(',')
			}
			fmt.Fprintf(&b, `{"topic":"orders","partition":%d,"offset":%d,"timestamp":%d,"timestampType":"CREATE_TIME","key":%q,"value":%q,"headers":[`,
				p, 1000000+i, 1545084650987+i, base64.StdEncoding.EncodeToString(random(12)), base64.StdEncoding.EncodeToString(random(size)))
			for h := range headers {
				if h > 0 {
					b.WriteByte(',')
				}
				fmt.Fprintf(&b, `{"header-%d":[`, h)
				for k, c := range random(55) {
					if k > 0 {
						b.WriteByte(',')
					}
					fmt.Fprint(&b, int8(c))
				}
				b.WriteString(`]}`)
			}
			b.WriteString(`]}`)
		}
		b.WriteByte(']')
	}
	b.WriteString(`}}`)
	return b.Bytes()
}

var benchEvents = []struct {
	name             string
	n, size, headers int
}{
	{"small", 10000, 100, 0},
	{"large", 3000, 1300, 0},
	{"headers", 3000, 500, 2},
}

// BenchmarkDecode measures decode, which every record's value is decoded in.
// It works in place, so each round gets a fresh copy, outside of the clock, and
// uses its memory again as a handler does.
func BenchmarkDecode(b *testing.B) {
	for _, e := range benchEvents {
		b.Run(e.name, func(b *testing.B) {
			event := benchEvent(e.n, e.size, e.headers)
			payload, m := make([]byte, len(event)), new(memory)
			b.SetBytes(int64(len(event)))
			b.ReportAllocs()
			for b.Loop() {
				b.StopTimer()
				copy(payload, event)
				b.StartTimer()
				parts, err := decode(payload, m)
				if err != nil {
					b.Fatal(err)
				}
				if got := countBytes(parts); got != e.n*e.size {
					b.Fatalf("bytes = %d, want %d", got, e.n*e.size)
				}
				m.wipe()
			}
		})
	}
}

func countBytes(parts []partition) int {
	n := 0
	for _, p := range parts {
		for k := range p.records {
			n += len(p.records[k].Value)
		}
	}
	return n
}

// BenchmarkStock measures what a handler on events.KafkaEvent does before its
// own work: unmarshal, then decode each value.
func BenchmarkStock(b *testing.B) {
	for _, e := range benchEvents {
		b.Run(e.name, func(b *testing.B) {
			event := benchEvent(e.n, e.size, e.headers)
			b.SetBytes(int64(len(event)))
			b.ReportAllocs()
			for b.Loop() {
				got, err := stockCount(event)
				if err != nil {
					b.Fatal(err)
				}
				if got != e.n*e.size {
					b.Fatalf("bytes = %d, want %d", got, e.n*e.size)
				}
			}
		})
	}
}

func stockCount(payload []byte) (int, error) {
	var event events.KafkaEvent
	if err := json.Unmarshal(payload, &event); err != nil {
		return 0, err
	}
	n := 0
	for _, records := range event.Records {
		for _, r := range records {
			value, err := base64.StdEncoding.DecodeString(r.Value)
			if err != nil {
				return 0, err
			}
			n += len(value)
		}
	}
	return n, nil
}
