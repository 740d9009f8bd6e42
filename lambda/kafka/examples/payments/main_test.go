package main

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strconv"
	"sync"
	"testing"
	"time"

	"msklambda/lambda/kafka"
	"msklambda/lambda/kafka/kafkatest"
	"msklambda/lambda/kafka/once"
)

// provider charges; every tenth request fails. It knows by their keys the orders that
// it has charged, which it is asked to charge again when a request was cut off.
type provider struct {
	mu       sync.Mutex
	requests int
	again    int
	charged  map[string]int
}

func (p *provider) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	p.mu.Lock()
	defer p.mu.Unlock()
	id := r.Header.Get("Idempotency-Key")
	switch p.requests++; {
	case r.FormValue("amount") == "13":
		w.WriteHeader(http.StatusPaymentRequired)
	case p.requests%10 == 5:
		w.WriteHeader(http.StatusServiceUnavailable)
	case p.charged[id] > 0:
		p.again++
	default:
		p.charged[id]++
	}
}

type letters struct {
	mu  sync.Mutex
	all []string
}

func (l *letters) Send(_ context.Context, failures []kafka.Failure) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, f := range failures {
		l.all = append(l.all, f.Record.String())
	}
	return nil
}

func start(t *testing.T, lease time.Duration) (kafka.Invoker, *provider, *letters) {
	t.Helper()
	provider := &provider{charged: map[string]int{}}
	server := httptest.NewServer(provider)
	t.Cleanup(server.Close)
	l := new(letters)
	p := payments{once.New(once.NewMemory(), once.Options{Lease: lease}), server.URL}
	return kafka.Handler(kafka.JSON(p.process), append(options, kafka.Retry(kafka.Backoff{First: time.Millisecond}), kafka.DeadLetter(l))...), provider, l
}

func TestEachOrderIsChargedOnce(t *testing.T) {
	for _, mode := range []kafkatest.Mode{kafkatest.OnDemand, kafkatest.Provisioned} {
		h, provider, l := start(t, time.Minute) // that none ends on a busy machine
		var all []string
		for i := range 300 {
			amount := i + 100
			if i%50 == 7 {
				amount = 13 // refused for good
			}
			order := fmt.Sprintf(`{"id":"%d","amount":%d}`, i, amount)
			all = append(all, strconv.Itoa(i), order)
			if i%10 == 3 {
				all = append(all, strconv.Itoa(i), order) // twice
			}
		}
		results := kafkatest.Redeliver(t, h, kafkatest.Event(kafkatest.Keyed("orders", 0, 0, all...)...), mode, 5)
		if n := len(results); n != 1 || len(results[0].Failed()) > 0 {
			t.Errorf("%v: %d deliveries, %v failed, want 1 and none", mode, n, results[0].Failed())
		}
		if len(provider.charged) != 294 || len(l.all) != 6 {
			t.Errorf("%v: charged %d, dead letters %d, want 294 and 6", mode, len(provider.charged), len(l.all))
		}
		if provider.again > 0 {
			t.Errorf("%v: the provider was asked %d times to charge what is charged", mode, provider.again)
		}
	}
}

func TestEachOrderIsChargedOnceWhateverFails(t *testing.T) {
	records := kafkatest.Keyed("orders", 0, 0, "1", `{"id":"1","amount":10}`, "2", `?`, "1", `{"id":"1","amount":10}`, "3", `{"id":"3","amount":10}`)
	for _, mode := range []kafkatest.Mode{kafkatest.OnDemand, kafkatest.Provisioned} {
		kafkatest.AtEachRecord(t, mode, records, func(t *testing.T) (kafka.Invoker, func([]kafkatest.Result)) {
			h, provider, l := start(t, 100*time.Millisecond) // which those wait for that take the place of a process
			return h, func([]kafkatest.Result) {
				if got := fmt.Sprint(provider.charged); got != "map[1:1 3:1]" || len(l.all) == 0 {
					t.Errorf("charged %s, dead letters %v, want 1 and 3 once, and a letter", got, l.all)
				}
			}
		})
	}
}
