package kafka

import (
	"bytes"
	"context"
	"encoding/base64"
	"fmt"
	"testing"
	"time"
)

// ioTime is what a record waits for in these benchmarks.
const ioTime = 5 * time.Millisecond

// keyedEvent has n records, spread over partitions, and over keys by turns.
func keyedEvent(n, partitions, keys int) []byte {
	var b bytes.Buffer
	b.WriteString(`{"records":{`)
	for p := range partitions {
		if p > 0 {
			b.WriteByte(',')
		}
		fmt.Fprintf(&b, `"t-%d":[`, p)
		for i := range n / partitions {
			if i > 0 {
				b.WriteByte(',')
			}
			key := base64.StdEncoding.EncodeToString(fmt.Appendf(nil, "k%d", (i*partitions+p)%keys))
			fmt.Fprintf(&b, `{"topic":"t","partition":%d,"offset":%d,"key":%q,"value":"QQ=="}`, p, i, key)
		}
		b.WriteByte(']')
	}
	b.WriteString(`}}`)
	return b.Bytes()
}

// BenchmarkOrderByKey measures batches of 1,000 records of which each waits 5 ms,
// and how much longer they take than they must: x-ideal is the time over records x
// 5 ms / min(n, keys), which nothing can beat that keeps the order of keys.
func BenchmarkOrderByKey(b *testing.B) {
	tests := []struct {
		name             string
		partitions, keys int
		at               int // how many can be under way: of n, keys and partitions the least
		opt              Option
	}{
		{"partition=1/keys=100/Concurrency=32", 1, 100, 1, Concurrency(32)},
		{"partition=1/keys=100/ByKey=4", 1, 100, 4, ConcurrencyByKey(4)},
		{"partition=1/keys=100/ByKey=32", 1, 100, 32, ConcurrencyByKey(32)},
		{"partition=1/keys=100/ByKey=100", 1, 100, 100, ConcurrencyByKey(100)},
		{"partitions=20/keys=20/Concurrency=20", 20, 20, 20, Concurrency(20)},
		{"partitions=20/keys=20/ByKey=20", 20, 20, 20, ConcurrencyByKey(20)},
		{"partitions=20/keys=20/Concurrency=4", 20, 20, 4, Concurrency(4)},
		{"partitions=20/keys=20/ByKey=4", 20, 20, 4, ConcurrencyByKey(4)},
	}
	for _, test := range tests {
		b.Run(test.name, func(b *testing.B) {
			event := keyedEvent(1000, test.partitions, test.keys)
			h := Handler(func(ctx context.Context, r *Record) error {
				time.Sleep(ioTime)
				return nil
			}, test.opt, quiet())
			for b.Loop() {
				if _, err := h.Invoke(b.Context(), bytes.Clone(event)); err != nil {
					b.Fatal(err)
				}
			}
			took := b.Elapsed() / time.Duration(b.N)
			b.ReportMetric(float64(took.Milliseconds()), "ms")
			b.ReportMetric(float64(took)/float64(1000*ioTime/time.Duration(test.at)), "x-ideal")
			b.ReportMetric(0, "ns/op")
		})
	}
}

// BenchmarkKeyOverhead measures what a record costs besides its function, in
// batches of 1,000 with nothing to wait for.
func BenchmarkKeyOverhead(b *testing.B) {
	for _, test := range []struct {
		name string
		keys int
		opt  Option
	}{
		{"Concurrency=1", 100, Concurrency(1)},
		{"ByKey=1", 100, ConcurrencyByKey(1)},
		{"ByKey=32", 100, ConcurrencyByKey(32)},
	} {
		b.Run(test.name, func(b *testing.B) {
			event := keyedEvent(1000, 4, test.keys)
			payload := make([]byte, len(event))
			h := Handler(func(context.Context, *Record) error { return nil }, test.opt, quiet())
			b.ReportAllocs()
			for b.Loop() {
				copy(payload, event)
				if _, err := h.Invoke(b.Context(), payload); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/1000, "ns/record")
		})
	}
}
