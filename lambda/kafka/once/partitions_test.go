package once_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"msklambda/lambda/kafka"
	"msklambda/lambda/kafka/contract"
	"msklambda/lambda/kafka/kafkatest"
	"msklambda/lambda/kafka/once"
)

var quiet = kafka.Logger(slog.New(slog.DiscardHandler))

func namespace(name string) once.PartitionOptions { return once.PartitionOptions{Namespace: name} }

func handled(t *testing.T, h kafka.Invoker, records []kafka.Record) {
	t.Helper()
	if r := kafkatest.Run(t, h, kafkatest.Event(records...), kafkatest.OnDemand); r.Err != nil {
		t.Error(r.Err)
	}
}

// at are records that were written at a time.
func at(records []kafka.Record, when time.Time) []kafka.Record {
	for i := range records {
		records[i].Timestamp = when
	}
	return records
}

func TestOffsetsThatGoBackAreDoneUntilThereIsAnotherNamespace(t *testing.T) {
	var e effects
	m := once.NewMemory()
	records := kafkatest.Records("orders", 0, 5, "a", "b", "c")
	for range 2 {
		handled(t, kafka.Handler(e.process, once.Partitions(m, namespace("first")), quiet), records)
	}
	if got := fmt.Sprint(e.made); got != "map[a:1 b:1 c:1]" {
		t.Errorf("effects = %s, want each once", got)
	}
	handled(t, kafka.Handler(e.process, once.Partitions(m, namespace("second")), quiet), records)
	if got := fmt.Sprint(e.made); got != "map[a:2 b:2 c:2]" {
		t.Errorf("effects = %s, want each again in another namespace", got)
	}
}

// A topic that is made anew begins at offset 0, which is before the mark.
func TestATopicThatBeginsAgainIsNotTakenForDone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for _, tt := range []struct {
			after time.Duration // after the mark was moved the new record was written
			fails bool
		}{{2 * time.Minute, true}, {time.Minute, false}, {-time.Hour, false}} {
			var e effects
			m := once.NewMemory()
			h := kafka.Handler(e.process, once.Partitions(m, namespace("test")), quiet)
			handled(t, h, at(kafkatest.Records("orders", 0, 1000, "old"), time.Now()))
			moved := time.Now()
			time.Sleep(time.Hour)
			again := at(kafkatest.Records("orders", 0, 0, "new"), moved.Add(tt.after))
			r := kafkatest.Run(t, h, kafkatest.Event(again...), kafkatest.OnDemand)
			if failed := r.Err != nil; failed != tt.fails || e.made["new"] > 0 {
				t.Errorf("written %v after: %v with %d effects, want an error %t and none", tt.after, r.Err, e.made["new"], tt.fails)
			}
			if tt.fails && !strings.Contains(fmt.Sprint(r.Err), `orders[0]@0 is before the mark at 1001 of "test", and was written 2m0s after that was moved: the topic has begun again, which needs another Namespace`) {
				t.Errorf("error = %v, want what to do", r.Err)
			}
		}
	})
}

func TestAMarkIsForgottenWhenItIsOld(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var e effects
		options := namespace("test")
		options.Keep = time.Hour
		h := kafka.Handler(e.process, once.Partitions(once.NewMemory(), options), quiet)
		records := at(kafkatest.Records("orders", 0, 5, "a"), time.Now())
		handled(t, h, records)
		time.Sleep(time.Hour - time.Second)
		handled(t, h, records)
		if e.made["a"] != 1 {
			t.Errorf("effects = %d, want 1", e.made["a"])
		}
		time.Sleep(time.Second)
		handled(t, h, records)
		if e.made["a"] != 2 {
			t.Errorf("effects = %d, want 2 once the mark is forgotten", e.made["a"])
		}
	})
}

// What is given up to a sink is done with, and the mark goes behind what follows it.
func TestARecordThatIsGivenUpDoesNotHoldTheMark(t *testing.T) {
	var e effects
	var letters []string
	m := once.NewMemory()
	h := kafka.Handler(func(ctx context.Context, r *kafka.Record) error {
		switch string(r.Value) {
		case "bad":
			return kafka.Permanent(errors.New("cannot be read"))
		case "needless":
			return kafka.Skip(errors.New("not for us"))
		}
		return e.process(ctx, r)
	}, once.Partitions(m, namespace("test")), quiet, kafka.DeadLetter(kafka.SinkFunc(func(_ context.Context, f []kafka.Failure) error {
		letters = append(letters, f[0].Record.String())
		return nil
	})))
	records := kafkatest.Records("orders", 0, 5, "a", "bad", "needless", "b", "bad")
	handled(t, h, records)
	handled(t, h, records)
	// The last one is behind the mark.
	if got, want := fmt.Sprint(e.made, letters), "map[a:1 b:1] [orders[0]@6 orders[0]@9 orders[0]@9]"; got != want {
		t.Errorf("effects and letters = %s, want %s", got, want)
	}
}

func TestAnotherHoldsThePartition(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var e effects
		m := once.NewMemory()
		options := namespace("test")
		options.Lease = time.Second
		var running, most atomic.Int32
		h := kafka.Handler(func(ctx context.Context, r *kafka.Record) error {
			most.Store(max(most.Load(), running.Add(1)))
			time.Sleep(900 * time.Millisecond)
			running.Add(-1)
			return e.process(ctx, r)
		}, once.Partitions(m, options), quiet)
		records := at(kafkatest.Records("orders", 0, 5, "a", "b", "c"), time.Now())
		done := make(chan error)
		for range 2 {
			go func() {
				_, err := h.Invoke(t.Context(), kafkatest.Event(records...))
				done <- err
			}()
		}
		for range 2 {
			if err := <-done; err != nil {
				t.Error(err)
			}
		}
		if got := fmt.Sprint(e.made); got != "map[a:1 b:1 c:1]" || most.Load() != 1 {
			t.Errorf("effects = %s with %d at once, want each once and one at a time", got, most.Load())
		}
	})
}

// A process that sleeps through its lease finds that another went on, and leaves it to
// that.
func TestAProcessThatComesLateStops(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var e effects
		m := once.NewMemory()
		options := namespace("test")
		options.Lease = time.Second
		var slept atomic.Bool
		h := kafka.Handler(func(ctx context.Context, r *kafka.Record) error {
			if string(r.Value) == "a" && slept.CompareAndSwap(false, true) {
				time.Sleep(time.Minute) // whatever the context says
			}
			return e.process(ctx, r)
		}, once.Partitions(m, options), quiet)
		records := at(kafkatest.Records("orders", 0, 5, "a", "b"), time.Now())
		late := make(chan kafkatest.Result)
		go func() { late <- kafkatest.Run(t, h, kafkatest.Event(records...), kafkatest.Provisioned) }()
		time.Sleep(10 * time.Second)
		handled(t, h, records)
		if r := <-late; !slices.Equal(r.Failed(), []string{"orders[0]@5", "orders[0]@6"}) {
			t.Errorf("failed = %v, want both left to the other", r.Failed())
		}
		if got := fmt.Sprint(e.made); got != "map[a:2 b:1]" {
			t.Errorf("effects = %s, want the one of the late process and no more", got)
		}
	})
}

func TestAnEffectEndsWithTheLeaseOfItsPartition(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		options := namespace("test")
		options.Lease = 3 * time.Second
		var took []time.Duration
		h := kafka.Handler(func(ctx context.Context, r *kafka.Record) error {
			start := time.Now()
			<-ctx.Done()
			took = append(took, time.Since(start))
			if !strings.Contains(context.Cause(ctx).Error(), "the lease of 3s has ended") {
				t.Errorf("cause = %v", context.Cause(ctx))
			}
			return nil
		}, once.Partitions(once.NewMemory(), options), quiet)
		handled(t, h, kafkatest.Records("orders", 0, 5, "a", "b", "c"))
		if got := fmt.Sprint(took); got != "[3s 3s 3s]" {
			t.Errorf("took %s, want the whole lease for each", got)
		}
	})
}

// A flush that fails takes back what was handled: with EachBatch it comes again, and is
// made.
func TestAFlushThatFailsTakesTheMarkBack(t *testing.T) {
	var e effects
	var buffer []*kafka.Record
	fail := true
	options := namespace("test")
	options.EachBatch = true
	h := kafka.Handler(func(_ context.Context, r *kafka.Record) error {
		buffer = append(buffer, r)
		return nil
	}, kafka.AfterBatch(func(ctx context.Context, r *kafka.Result) error {
		defer func() { buffer = nil }()
		for i, r := range buffer {
			if fail && i == 1 {
				fail = false
				return kafka.FailedAt(r, errAway)
			}
			if err := e.process(ctx, r); err != nil {
				return err
			}
		}
		return nil
	}), once.Partitions(once.NewMemory(), options), quiet)
	event := kafkatest.Event(kafkatest.Records("orders", 0, 5, "a", "b", "c")...)
	for i := range 3 {
		r := kafkatest.Run(t, h, event, kafkatest.OnDemand)
		if failed := r.Err != nil; failed != (i == 0) {
			t.Errorf("delivery %d: %v", i, r.Err)
		}
	}
	if got := fmt.Sprint(e.made); got != "map[a:1 b:1 c:1]" {
		t.Errorf("effects = %s, want each once", got)
	}
}

func TestAFunctionMayChangeTheRecord(t *testing.T) {
	for _, eachBatch := range []bool{false, true} {
		calls := 0
		options := namespace("test")
		options.EachBatch = eachBatch
		h := kafka.Handler(func(_ context.Context, r *kafka.Record) error {
			calls++
			r.Topic, r.Partition, r.Offset = "elsewhere", 9, 1_000_000
			return nil
		}, once.Partitions(once.NewMemory(), options), quiet)
		for range 2 {
			handled(t, h, kafkatest.Records("orders", 0, 5, "a", "b"))
		}
		if calls != 2 {
			t.Errorf("each batch %t: %d calls, want 2", eachBatch, calls)
		}
	}
}

func TestTheNamespaceIsWhatTheConstructSays(t *testing.T) {
	t.Setenv("AWS_LAMBDA_FUNCTION_NAME", "orders")
	var e effects
	m := once.NewMemory()
	records := kafkatest.Records("orders", 0, 5, "a")
	handled(t, kafka.Handler(e.process, once.Partitions(m, once.PartitionOptions{}), quiet), records)
	handled(t, kafka.Handler(e.process, once.Partitions(m, namespace("orders")), quiet), records)
	if e.made["a"] != 1 {
		t.Errorf("effects = %d, want that the function's name is the namespace", e.made["a"])
	}
	t.Setenv(contract.OnceNamespace, "orders-fn")
	handled(t, kafka.Handler(e.process, once.Partitions(m, once.PartitionOptions{}), quiet), records)
	handled(t, kafka.Handler(e.process, once.Partitions(m, namespace("orders-fn")), quiet), records)
	if e.made["a"] != 2 {
		t.Errorf("effects = %d, want that the construct's word comes before it", e.made["a"])
	}
}

func TestPartitionsNeedTheirOrder(t *testing.T) {
	t.Setenv("AWS_LAMBDA_FUNCTION_NAME", "")
	t.Setenv(contract.OnceNamespace, "")
	m := once.NewMemory()
	process := func(context.Context, *kafka.Record) error { return nil }
	marks := once.Partitions(m, namespace("test"))
	for name, tt := range map[string]struct {
		make func()
		want string
	}{
		"no store":       {func() { once.Partitions(nil, namespace("test")) }, "needs a store"},
		"no namespace":   {func() { once.Partitions(m, once.PartitionOptions{}) }, "needs a Namespace, got none, nor one in MSKLAMBDA_ONCE_NAMESPACE"},
		"negative lease": {func() { once.Partitions(m, once.PartitionOptions{Lease: -1}) }, "must not be negative, got a Lease of -1ns"},
		"negative keep":  {func() { once.Partitions(m, once.PartitionOptions{Keep: -1}) }, "a Keep of -1ns"},
		"by key":         {func() { kafka.Handler(process, marks, kafka.ConcurrencyByKey(4)) }, "excludes ConcurrencyByKey"},
		"going on":       {func() { kafka.Handler(process, kafka.ContinueOnError(), marks) }, "excludes ConcurrencyByKey and ContinueOnError"},
		"a flush": {func() {
			kafka.Handler(process, marks, kafka.AfterBatch(func(context.Context, *kafka.Result) error { return nil }))
		}, "excludes AfterBatch"},
		"a batch":       {func() { kafka.Handler(kafka.Batch(func(context.Context, []*kafka.Record) error { return nil }), marks) }, "Use needs a function of one record"},
		"in order":      {func() { kafka.Handler(process, marks, kafka.Concurrency(4), kafka.Retry(kafka.Backoff{})) }, ""},
		"only in order": {func() { kafka.Handler(process, kafka.InOrder(), kafka.ConcurrencyByKey(2)) }, "InOrder, which once.Partitions has, excludes"},
	} {
		func() {
			defer func() {
				v := recover()
				if got := fmt.Sprint(v); (v != nil) != (tt.want != "") || v != nil && !strings.Contains(got, tt.want) {
					t.Errorf("%s: panic = %v, want %q", name, v, tt.want)
				}
			}()
			tt.make()
		}()
	}
}
