package kafka_test

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"msklambda/lambda/kafka"
	"msklambda/lambda/kafka/kafkatest"
)

type spanKey struct{}

func TestTheContextOfAnEventIsTheFunctionsAndTheObservers(t *testing.T) {
	n := 0
	var seen []any
	options := []kafka.Option{kafka.Options(
		kafka.EventContext(func(ctx context.Context) context.Context {
			n++
			return context.WithValue(ctx, spanKey{}, n)
		}),
		kafka.EventContext(func(context.Context) context.Context { return nil }),
		kafka.EventContext(func(context.Context) context.Context { panic("no such luck") }),
		kafka.Observe(func(ctx context.Context, _ kafka.Summary) { seen = append(seen, ctx.Value(spanKey{})) }),
	)}
	one := func(ctx context.Context, r *kafka.Record) error {
		seen = append(seen, ctx.Value(spanKey{}))
		if _, ok := ctx.Deadline(); !ok {
			return errors.New("the deadline is gone")
		}
		return nil
	}
	h := kafka.Handler(one, options...)
	event := kafkatest.Event(kafkatest.Records("orders", 0, 0, "a", "b")...)
	for range 2 {
		if r := kafkatest.Run(t, h, event, kafkatest.OnDemand); r.Err != nil {
			t.Error(r.Err)
		}
	}
	if got := fmt.Sprint(seen); got != "[1 1 1 2 2 2]" {
		t.Errorf("values of the context %s, want that of each event for its two records and its observer", got)
	}
	if _, err := h.Invoke(t.Context(), []byte("{")); err == nil || seen[len(seen)-1] != 3 {
		t.Errorf("an event that cannot be read: %v, observed with %v, want 3", err, seen[len(seen)-1])
	}
}

func TestOptionsThatAreNil(t *testing.T) {
	for name, make := range map[string]func(){"context": func() { kafka.EventContext(nil) }, "options": func() { kafka.Options(kafka.ContinueOnError(), nil) }} {
		func() {
			defer func() {
				if recover() == nil {
					t.Errorf("%s: no panic", name)
				}
			}()
			make()
		}()
	}
}
