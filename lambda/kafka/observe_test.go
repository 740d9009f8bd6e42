package kafka_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"msklambda/lambda/kafka"
	"msklambda/lambda/kafka/kafkatest"
)

// observed is what an observer was told, without times.
type observed []string

func (o *observed) option() kafka.Option {
	return kafka.Observe(func(_ context.Context, s kafka.Summary) {
		if s.Undecoded != nil {
			*o = append(*o, "undecoded")
		}
		for _, t := range s.Topics {
			*o = append(*o, fmt.Sprintf("%s: %d = %d handled, %d failures, %d unhandled, %d retries, %d skipped, %d dead, %d before, %s to %s",
				t.Topic, t.Records, t.Handled, t.Failures, t.Unhandled, t.Retries, t.Skipped, t.DeadLettered, t.DoneBefore,
				t.Oldest.Format("05"), t.Newest.Format("05")))
		}
	})
}

// process does what the value says.
func process(_ context.Context, r *kafka.Record) error {
	defer func() { r.Topic, r.Timestamp = "changed", time.Time{} }()
	switch string(r.Value) {
	case "skip":
		return kafka.Skip(errors.New("nothing to do"))
	case "bad":
		return kafka.Permanent(errors.New("cannot be read"))
	case "away":
		return errors.New("connection refused")
	}
	return nil
}

func batch(ctx context.Context, records []*kafka.Record) error {
	var errs []error
	for _, r := range records {
		if err := process(ctx, r); err != nil {
			errs = append(errs, kafka.FailedOnly(err, r))
		}
	}
	return errors.Join(errs...)
}

func TestObserve(t *testing.T) {
	records := append(kafkatest.Records("orders", 0, 0, "ok", "skip", "bad", "ok"), kafkatest.Records("orders", 1, 0, "ok", "away", "ok")...)
	records = append(records, kafkatest.Records("a-topic", 0, 0, "ok")...)
	records[7].Timestamp = time.Time{} // some clients write none
	retry := kafka.Retry(kafka.Backoff{First: time.Nanosecond, Max: time.Nanosecond, Attempts: 3})
	sink := kafka.DeadLetter(kafka.SinkFunc(func(_ context.Context, failures []kafka.Failure) error {
		for _, f := range failures {
			if string(f.Record.Value) == "away" {
				return kafka.FailedOnly(errors.New("the sink is away"), f.Record)
			}
		}
		return nil
	}))
	want := observed{
		"a-topic: 1 = 1 handled, 0 failures, 0 unhandled, 0 retries, 0 skipped, 0 dead, 0 before, 00 to 00",
		"orders: 7 = 3 handled, 1 failures, 2 unhandled, 2 retries, 1 skipped, 1 dead, 0 before, 00 to 03",
	}
	for name, h := range map[string]func(kafka.Option) kafka.Invoker{
		"one by one": func(o kafka.Option) kafka.Invoker { return kafka.Handler(process, o, retry, sink) },
		"at once": func(o kafka.Option) kafka.Invoker {
			return kafka.Handler(process, o, retry, sink, kafka.Concurrency(3))
		},
		"a batch": func(o kafka.Option) kafka.Invoker { return kafka.Handler(kafka.Batch(batch), o, retry, sink) },
	} {
		var got observed
		kafkatest.Run(t, h(got.option()), kafkatest.Event(records...), kafkatest.Provisioned)
		if strings.Join(got, "\n") != strings.Join(want, "\n") {
			t.Errorf("%s:\n%s\nwant\n%s", name, strings.Join(got, "\n"), strings.Join(want, "\n"))
		}
	}
}

func TestObserveWhatIsDoneBefore(t *testing.T) {
	var got observed
	h := kafka.Handler(process, got.option(), kafka.SkipDone(kafka.NewMemoryStore(100)))
	event := kafkatest.Event(kafkatest.Records("orders", 0, 0, "ok", "away")...)
	kafkatest.Run(t, h, event, kafkatest.OnDemand)
	kafkatest.Run(t, h, event, kafkatest.OnDemand)
	want := observed{
		"orders: 2 = 1 handled, 1 failures, 1 unhandled, 0 retries, 0 skipped, 0 dead, 0 before, 00 to 01",
		"orders: 2 = 0 handled, 1 failures, 1 unhandled, 0 retries, 0 skipped, 0 dead, 1 before, 00 to 01",
	}
	if strings.Join(got, "\n") != strings.Join(want, "\n") {
		t.Errorf("%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

func TestObserveAnEventThatCannotBeRead(t *testing.T) {
	var got observed
	if _, err := kafka.Handler(process, got.option()).Invoke(t.Context(), []byte("{")); err == nil || fmt.Sprint(got) != "[undecoded]" {
		t.Errorf("%v, observed %v, want an error and that it could not be read", err, got)
	}
}

func TestAnObserverChangesNothing(t *testing.T) {
	calls := 0
	h := kafka.Handler(process, kafka.Observe(func(context.Context, kafka.Summary) { panic("no such luck") }),
		kafka.Observe(func(context.Context, kafka.Summary) { calls++ }))
	if r := kafkatest.Run(t, h, kafkatest.Event(kafkatest.Records("orders", 0, 0, "ok")...), kafkatest.OnDemand); r.Err != nil || calls != 1 {
		t.Errorf("%v with %d calls of the other observer, want none and 1", r.Err, calls)
	}
	defer func() {
		if recover() == nil {
			t.Error("Observe(nil) did not panic")
		}
	}()
	kafka.Observe(nil)
}
