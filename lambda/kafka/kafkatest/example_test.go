package kafkatest_test

import (
	"context"
	"fmt"
	"testing"

	"msklambda/lambda/kafka"
	"msklambda/lambda/kafka/kafkatest"
)

// stock is a function with a state: how many there are of each article.
type stock map[string]string

func (s stock) process(_ context.Context, r *kafka.Record) error {
	s[string(r.Key)] = string(r.Value)
	return nil
}

// A test of a function: what is in the stock in the end, whatever goes wrong at
// whichever record.
func ExampleAtEachRecord() {
	test := func(t *testing.T) {
		records := kafkatest.Keyed("stock", 0, 7, "chairs", "4", "tables", "1", "chairs", "3")
		kafkatest.AtEachRecord(t, kafkatest.OnDemand, records, func(t *testing.T) (kafka.Invoker, func([]kafkatest.Result)) {
			s := stock{}
			return kafka.Handler(s.process), func([]kafkatest.Result) {
				if s["chairs"] != "3" || s["tables"] != "1" {
					t.Errorf("stock = %v, want 3 chairs and 1 table", s)
				}
			}
		})
	}
	_ = test // func TestStock(t *testing.T) { ... }
}

// Which records would come again.
func ExampleRun() {
	test := func(t *testing.T) {
		h := kafka.Handler(stock{}.process)
		for name, event := range kafkatest.Variants(kafkatest.Records("stock", 0, 7, "a", "b")...) {
			result := kafkatest.Run(t, h, event, kafkatest.Provisioned)
			if got := fmt.Sprint(result.Failed()); got != "[]" {
				t.Errorf("%s: failed = %s, want none", name, got)
			}
		}
	}
	_ = test // func TestStock(t *testing.T) { ... }
}
