package once_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"math/rand/v2"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"msklambda/lambda/kafka"
	"msklambda/lambda/kafka/kafkatest"
	"msklambda/lambda/kafka/once"
)

// 10,000 records, of which one in four is a duplicate and one in fifty is bad, of
// functions that fail before the effect and a store whose answers are lost after it has
// done its work: nothing is lost, and each effect is made once.
func TestManyRecordsWithFaults(t *testing.T) {
	for _, mode := range []kafkatest.Mode{kafkatest.OnDemand, kafkatest.Provisioned} {
		// Time passes while all wait and never while one works, so that no lease ends on a
		// busy machine.
		synctest.Test(t, func(t *testing.T) {
			random := rand.New(rand.NewPCG(1, uint64(mode)))
			var mu sync.Mutex
			chance := func(n int) bool {
				mu.Lock()
				defer mu.Unlock()
				return random.IntN(n) == 0
			}
			var records []kafka.Record
			want := map[string]bool{} // good ones, and bad ones
			for i := range 10_000 {
				value := fmt.Sprint("order ", i)
				switch {
				case i > 0 && chance(4):
					value = string(records[random.IntN(i)].Value)
				case chance(50):
					value = fmt.Sprint("bad ", i)
				}
				want[value] = value[0] == 'o'
				r := kafkatest.Keyed("orders", int32(i%10), int64(i/10), fmt.Sprint("key ", i%100), value)
				records = append(records, r...)
			}
			lost := func(do func() error) error {
				if err := do(); err != nil || !chance(100) {
					return err
				}
				return errAway
			}
			g := once.New(&faulty{Store: once.NewMemory(), claim: lost, finish: lost, release: lost}, once.Options{Lease: 100 * time.Millisecond})
			made, letters := map[string]int{}, map[string]bool{}
			h := kafka.Handler(func(_ context.Context, r *kafka.Record) error {
				if r.Value[0] == 'b' {
					return kafka.Permanent(errors.New("cannot be read"))
				}
				if chance(50) {
					return errAway
				}
				mu.Lock()
				defer mu.Unlock()
				made[string(r.Value)]++
				return nil
			}, kafka.Use(g.Middleware(byValue)), kafka.ConcurrencyByKey(16), kafka.ContinueOnError(), kafka.Logger(slog.New(slog.NewTextHandler(io.Discard, nil))),
				kafka.Retry(kafka.Backoff{First: time.Microsecond, Max: time.Millisecond}),
				kafka.DeadLetter(kafka.SinkFunc(func(_ context.Context, failures []kafka.Failure) error {
					mu.Lock()
					defer mu.Unlock()
					for _, f := range failures {
						letters[string(f.Record.Value)] = true
					}
					return nil
				})))
			results := kafkatest.Redeliver(t, h, kafkatest.Event(records...), mode, 10)
			if failed := results[len(results)-1].Failed(); len(failed) > 0 {
				t.Fatalf("%v: %d records left after %d deliveries", mode, len(failed), len(results))
			}
			effects := 0
			for value, good := range want {
				switch {
				case good && made[value] != 1:
					t.Errorf("%v: the effect of %s was made %d times, want once", mode, value, made[value])
				case good:
					effects++
				case !letters[value]:
					t.Errorf("%v: %s is lost", mode, value)
				}
			}
			if len(letters)+effects != len(want) || len(made) != effects {
				t.Errorf("%v: %d effects and %d letters, want %d in all", mode, len(made), len(letters), len(want))
			}
			t.Logf("%v: %d records in %d deliveries: %d effects, %d letters", mode, len(records), len(results), effects, len(letters))
		})
	}
}
