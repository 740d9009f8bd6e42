package kafka

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"slices"
	"time"

	"github.com/aws/aws-lambda-go/events"
)

// benchmark is an event: n records with values of size bytes and headers of these
// sizes, over at most four partitions, as AWS writes it.
type benchmark struct {
	name    string
	n, size int
	headers []int
}

// benchmarks are of three kinds: much and nothing else, as the name says; and
// records as they might be, with what a tracer and a registry add.
var benchmarks = []benchmark{
	{"small", 10000, 100, nil},
	{"large", 3000, 1300, nil},
	{"headers", 3000, 500, []int{55, 55}},
	{"real-1", 1, 300, []int{36, 55, 16}},
	{"real-100", 100, 300, []int{36, 55, 16}},
	{"real-5000", 5000, 300, []int{36, 55, 16}},
}

func (e benchmark) event() []byte {
	rnd := rand.New(rand.NewPCG(1, uint64(e.size)))
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
	partitions := min(4, e.n)
	for p := range partitions {
		if p > 0 {
			b.WriteByte(',')
		}
		fmt.Fprintf(&b, `"orders-%d":[`, p)
		for i := range e.n / partitions {
			if i > 0 {
				b.WriteByte(',')
			}
			fmt.Fprintf(&b, `{"topic":"orders","partition":%d,"offset":%d,"timestamp":%d,"timestampType":"CREATE_TIME","key":%q,"value":%q,"headers":[`,
				p, 1000000+i, 1545084650987+i, base64.StdEncoding.EncodeToString(random(12)), base64.StdEncoding.EncodeToString(random(e.size)))
			for h, size := range e.headers {
				if h > 0 {
					b.WriteByte(',')
				}
				fmt.Fprintf(&b, `{"header-%d":[`, h)
				for k, c := range random(size) {
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

func countBytes(parts []partition) int {
	n := 0
	for _, p := range parts {
		for k := range p.records {
			n += len(p.records[k].Value)
		}
	}
	return n
}

// stockCount is what a handler on events.KafkaEvent does before its own work:
// unmarshal, then decode each value.
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

// quartile is what a quarter of the rounds were quicker than: others that use the
// machine make the rest slower, not these.
func quartile(d []time.Duration) time.Duration {
	slices.Sort(d)
	return d[len(d)/4]
}
