package kafka

import (
	"runtime"
	"syscall"
	"testing"
	"time"
	"unsafe"
)

// processTime is the processor time that this process has had.
func processTime(b *testing.B) time.Duration {
	const processClock = 2 // CLOCK_PROCESS_CPUTIME_ID
	var now syscall.Timespec
	if _, _, err := syscall.Syscall(syscall.SYS_CLOCK_GETTIME, processClock, uintptr(unsafe.Pointer(&now)), 0); err != 0 {
		b.Fatal(err)
	}
	return time.Duration(now.Nano())
}

// BenchmarkDecode measures decoding, with every record's value, by this package
// and by events.KafkaEvent in turns: the processor time of the process, with what
// the garbage collector takes. read is this package with all headers read too,
// which the latter always does.
func BenchmarkDecode(b *testing.B) {
	for _, e := range benchmarks {
		b.Run(e.name, func(b *testing.B) {
			event := e.event()
			// This package works in place, so each time gets a fresh copy,
			// outside of the clock, and uses its memory again as a handler
			// does. The clock ticks in microseconds: several copies at once.
			payloads, m := make([][]byte, max(1, 1000/e.n)), new(memory)
			for i := range payloads {
				payloads[i] = make([]byte, len(event))
			}
			ours := func(payload []byte, read bool) int {
				parts, err := decode(payload, m)
				if err != nil {
					b.Fatal(err)
				}
				got := countBytes(parts)
				if read {
					readHeaders(b, parts, e)
				}
				m.wipe()
				return got
			}
			ways := []struct {
				name string
				once func(payload []byte) int
			}{
				{"ours", func(payload []byte) int { return ours(payload, false) }},
				{"read", func(payload []byte) int { return ours(payload, true) }},
				{"stock", func(payload []byte) int {
					got, err := stockCount(payload)
					if err != nil {
						b.Fatal(err)
					}
					return got
				}},
			}
			took := make([][]time.Duration, len(ways))
			for b.Loop() {
				for i, way := range ways {
					for _, payload := range payloads {
						copy(payload, event)
					}
					runtime.GC() // that of one way is not to be paid by the next
					start := processTime(b)
					for _, payload := range payloads {
						if got := way.once(payload); got != e.n*e.size {
							b.Fatalf("bytes = %d, want %d", got, e.n*e.size)
						}
					}
					took[i] = append(took[i], (processTime(b)-start)/time.Duration(len(payloads)))
				}
			}
			for i, way := range ways {
				b.ReportMetric(float64(quartile(took[i]).Nanoseconds())/1000, way.name+"-us")
			}
			mb := float64(len(event)) / 1e6
			b.ReportMetric(mb/quartile(took[0]).Seconds(), "MB/s")
			b.ReportMetric(float64(quartile(took[2]))/float64(quartile(took[0])), "x-stock")
			b.ReportMetric(float64(quartile(took[2]))/float64(quartile(took[1])), "x-stock-read")
			b.ReportMetric(0, "ns/op")
		})
	}
}

// readHeaders reads all headers.
func readHeaders(b *testing.B, parts []partition, e benchmark) {
	got, want := 0, 0
	for _, p := range parts {
		for k := range p.records {
			for _, value := range p.records[k].Headers() {
				got += len(value)
			}
		}
	}
	for _, size := range e.headers {
		want += e.n * size
	}
	if got != want {
		b.Fatalf("bytes of headers = %d, want %d", got, want)
	}
}
