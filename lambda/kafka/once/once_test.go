package once_test

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"msklambda/lambda/kafka"
	"msklambda/lambda/kafka/kafkatest"
	"msklambda/lambda/kafka/once"
)

// effects counts what was done for each value.
type effects struct {
	mu   sync.Mutex
	made map[string]int
}

func (e *effects) process(_ context.Context, r *kafka.Record) error {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.made == nil {
		e.made = map[string]int{}
	}
	e.made[string(r.Value)]++
	return nil
}

func byValue(r *kafka.Record) (string, error) { return string(r.Value), nil }

// faulty is a store whose calls can fail, before or after they are done.
type faulty struct {
	once.Store
	claim, finish, release func(do func() error) error
}

func (f *faulty) Claim(ctx context.Context, key, owner string, lease, keep time.Duration) (c once.Claim, err error) {
	do := func() error { c, err = f.Store.Claim(ctx, key, owner, lease, keep); return err }
	if f.claim == nil {
		return c, do()
	}
	return c, f.claim(do)
}

func (f *faulty) Finish(ctx context.Context, key, owner string, result []byte, keep time.Duration) error {
	do := func() error { return f.Store.Finish(ctx, key, owner, result, keep) }
	if f.finish == nil {
		return do()
	}
	return f.finish(do)
}

func (f *faulty) Release(ctx context.Context, key, owner string) error {
	do := func() error { return f.Store.Release(ctx, key, owner) }
	if f.release == nil {
		return do()
	}
	return f.release(do)
}

var errAway = errors.New("connection refused")

func TestADuplicateIsSkipped(t *testing.T) {
	for name, options := range map[string][]kafka.Option{"in order": nil, "at once": {kafka.ConcurrencyByKey(8)}} {
		var e effects
		g := once.New(once.NewMemory(), once.Options{Prefix: "orders/"})
		h := kafka.Handler(e.process, append(options, kafka.Use(g.Middleware(byValue)))...)
		event := kafkatest.Event(kafkatest.Keyed("orders", 0, 0, "1", "a", "2", "b", "3", "a", "4", "c", "5", "b", "6", "a")...)
		for _, r := range kafkatest.Redeliver(t, h, event, kafkatest.Provisioned, 2) {
			if r.Err != nil || len(r.Failed()) > 0 {
				t.Errorf("%s: %v, %v", name, r.Err, r.Failed())
			}
		}
		if fmt.Sprint(e.made) != "map[a:1 b:1 c:1]" {
			t.Errorf("%s: effects %v, want each once", name, e.made)
		}
	}
}

// Whatever happens at a record before or after the function, nothing is lost and
// nothing is made twice.
func TestWhateverHappensAtARecordTheEffectIsMadeOnce(t *testing.T) {
	records := kafkatest.Records("orders", 0, 0, "a", "b", "a", "c")
	for _, mode := range []kafkatest.Mode{kafkatest.OnDemand, kafkatest.Provisioned} {
		kafkatest.AtEachRecord(t, mode, records, func(t *testing.T) (kafka.Invoker, func([]kafkatest.Result)) {
			var e effects
			// The middleware is inside of what kafkatest ends the process around.
			g := once.New(once.NewMemory(), once.Options{Lease: time.Second})
			return kafka.Handler(e.process, kafka.Use(g.Middleware(byValue))), func([]kafkatest.Result) {
				if fmt.Sprint(e.made) != "map[a:1 b:1 c:1]" {
					t.Errorf("effects %v, want each once", e.made)
				}
			}
		})
	}
}

// A process that ends between the effect and the mark: this is what the package does
// not promise, and what the effect has to stand.
func TestACrashBetweenEffectAndMarkMakesTheEffectAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var e effects
		crashed := false
		s := &faulty{Store: once.NewMemory()}
		s.finish = func(do func() error) error {
			if !crashed {
				crashed = true
				runtime.Goexit() // the end of all that would have been done
			}
			return do()
		}
		s.release = func(do func() error) error { return nil } // nor that
		call := once.New(s, once.Options{Lease: 10 * time.Second}).Middleware(byValue)(e.process)
		r := &kafka.Record{Value: []byte("a")}
		var wait sync.WaitGroup
		wait.Go(func() { _ = call(t.Context(), r) })
		wait.Wait()
		if err := call(t.Context(), r); err == nil || !strings.Contains(err.Error(), `"a" is another's until`) || e.made["a"] != 1 {
			t.Errorf("within the lease: %v with %d effects, want that it is another's", err, e.made["a"])
		}
		time.Sleep(10 * time.Second)
		if err := call(t.Context(), r); err != nil || e.made["a"] != 2 {
			t.Errorf("after the lease: %v with %d effects, want the second", err, e.made["a"])
		}
	})
}

func TestAMarkThatCannotBeWrittenIsTransient(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var e effects
		fail := true
		s := &faulty{Store: once.NewMemory()}
		s.finish = func(do func() error) error {
			if fail {
				return kafka.Permanent(errAway) // whatever a store says
			}
			return do()
		}
		g := once.New(s, once.Options{Lease: time.Second})
		letters := 0
		h := kafka.Handler(e.process, kafka.Use(g.Middleware(byValue)), kafka.DeadLetter(kafka.SinkFunc(func(context.Context, []kafka.Failure) error { letters++; return nil })))
		event := kafkatest.Event(kafkatest.Records("orders", 0, 0, "a")...)
		r := kafkatest.Run(t, h, event, kafkatest.OnDemand)
		if !errors.Is(r.Err, errAway) || letters > 0 || !strings.Contains(fmt.Sprint(r.Err), "may be made again") {
			t.Errorf("%v with %d letters, want that it comes again", r.Err, letters)
		}
		fail = false
		if r := kafkatest.Run(t, h, event, kafkatest.OnDemand); r.Err != nil || e.made["a"] != 2 {
			t.Errorf("again: %v with %d effects", r.Err, e.made["a"])
		}
	})
}

func TestAClaimWhoseAnswerIsLostIsGivenUp(t *testing.T) {
	var e effects
	lose := true
	s := &faulty{Store: once.NewMemory()}
	s.claim = func(do func() error) error {
		if err := do(); err != nil || !lose {
			return err
		}
		lose = false
		return errAway
	}
	call := once.New(s, once.Options{}).Middleware(byValue)(e.process)
	r := &kafka.Record{Value: []byte("a")}
	if err := call(t.Context(), r); !errors.Is(err, errAway) {
		t.Errorf("the first: %v, want %v", err, errAway)
	}
	if err := call(t.Context(), r); err != nil || e.made["a"] != 1 {
		t.Errorf("the second: %v with %d effects, want one at once", err, e.made["a"])
	}
}

func TestAFailureIsTriedAgainAtOnce(t *testing.T) {
	for name, fail := range map[string]func(){
		"panic":  func() { panic("no such luck") },
		"goexit": func() { runtime.Goexit() },
		"error":  nil,
	} {
		failed := false
		g := once.New(once.NewMemory(), once.Options{})
		h := kafka.Handler(func(ctx context.Context, r *kafka.Record) error {
			if failed {
				return nil
			}
			failed = true
			if fail == nil {
				return errAway
			}
			fail()
			return nil
		}, kafka.Use(g.Middleware(byValue)))
		event := kafkatest.Event(kafkatest.Records("orders", 0, 0, "a")...)
		results := kafkatest.Redeliver(t, h, event, kafkatest.OnDemand, 3)
		if len(results) != 2 || results[1].Err != nil {
			t.Errorf("%s: %d deliveries, %v, want the second to succeed", name, len(results), results[len(results)-1].Err)
		}
	}
}

// An error goes on as it is, with what it says of the record.
func TestAnErrorKeepsWhatItSays(t *testing.T) {
	for name, release := range map[string]func(func() error) error{"released": nil, "not released": func(func() error) error { return errAway }} {
		letters := 0
		g := once.New(&faulty{Store: once.NewMemory(), release: release}, once.Options{})
		h := kafka.Handler(func(context.Context, *kafka.Record) error { return kafka.Permanent(errors.New("no such article")) },
			kafka.Use(g.Middleware(byValue)), kafka.DeadLetter(kafka.SinkFunc(func(_ context.Context, f []kafka.Failure) error {
				letters++
				if got := f[0].Err.Error(); !strings.HasPrefix(got, "no such article") || (release != nil) != strings.Contains(got, "is claimed until its lease ends") {
					t.Errorf("%s: %q", name, got)
				}
				return nil
			})))
		if r := kafkatest.Run(t, h, kafkatest.Event(kafkatest.Records("orders", 0, 0, "a")...), kafkatest.OnDemand); r.Err != nil || letters != 1 {
			t.Errorf("%s: %v with %d letters, want one", name, r.Err, letters)
		}
	}
}

func TestAnEffectEndsWithItsLease(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := once.New(once.NewMemory(), once.Options{Lease: 3 * time.Second})
		start := time.Now()
		_, err := once.Do(t.Context(), g, "a", func(ctx context.Context) (int, error) {
			<-ctx.Done()
			return 0, context.Cause(ctx)
		})
		if took := time.Since(start); took != 3*time.Second || !errors.Is(err, context.DeadlineExceeded) || !strings.Contains(err.Error(), "the lease of 3s has ended") {
			t.Errorf("%v after %v, want the end of the lease after 3s", err, took)
		}
	})
}

func TestTheMarkIsWrittenAfterTheTimeIsUp(t *testing.T) {
	m := once.NewMemory()
	g := once.New(m, once.Options{})
	ctx, cancel := context.WithCancel(t.Context())
	s := &faulty{Store: m}
	if _, err := once.Do(ctx, once.New(s, once.Options{}), "a", func(context.Context) (int, error) { cancel(); return 7, nil }); err != nil {
		t.Error(err)
	}
	if got, err := once.Do(t.Context(), g, "a", func(context.Context) (int, error) { t.Error("made again"); return 0, nil }); err != nil || got != 7 {
		t.Errorf("%v, %v, want 7", got, err)
	}
}

func TestDoReturnsTheResultAgain(t *testing.T) {
	type receipt struct{ Number string }
	g := once.New(once.NewMemory(), once.Options{})
	made := 0
	for range 3 {
		got, err := once.Do(t.Context(), g, "order-1", func(context.Context) (receipt, error) {
			made++
			return receipt{fmt.Sprint("receipt ", made)}, nil
		})
		if err != nil || got.Number != "receipt 1" {
			t.Errorf("%v, %v, want receipt 1", got, err)
		}
	}
}

func TestAResultThatCannotBeKept(t *testing.T) {
	for name, result := range map[string]any{"too large": strings.Repeat("x", 300<<10), "no JSON": make(chan int)} {
		g := once.New(once.NewMemory(), once.Options{})
		made := 0
		effect := func(context.Context) (any, error) { made++; return result, nil }
		if got, err := once.Do(t.Context(), g, "a", effect); err != nil || got != result {
			t.Errorf("%s: %v, want the result", name, err)
		}
		_, err := once.Do(t.Context(), g, "a", effect)
		if err == nil || !strings.Contains(err.Error(), `once: "a" is done, and its result cannot be read`) || made != 1 {
			t.Errorf("%s: %v with %d effects, want an error and one effect", name, err, made)
		}
	}
}

func TestKeys(t *testing.T) {
	g := once.New(once.NewMemory(), once.Options{Prefix: "orders/"})
	for name, test := range map[string]struct {
		key  string
		err  error
		want string
	}{
		"empty":    {"", nil, "a key must be 1 to 2048 bytes with its prefix, got 7"},
		"too long": {strings.Repeat("k", 2042), nil, "a key must be 1 to 2048 bytes with its prefix, got 2049"},
		"an error": {"", errors.New("no id"), "make the key: no id"},
		"longest":  {strings.Repeat("k", 2041), nil, ""},
	} {
		letters := 0
		h := kafka.Handler(func(context.Context, *kafka.Record) error { return nil },
			kafka.Use(g.Middleware(func(*kafka.Record) (string, error) { return test.key, test.err })),
			kafka.DeadLetter(kafka.SinkFunc(func(_ context.Context, f []kafka.Failure) error {
				letters++
				if got := f[0].Err.Error(); got != "once: "+test.want {
					t.Errorf("%s: %q, want %q", name, got, test.want)
				}
				return nil
			})))
		if r := kafkatest.Run(t, h, kafkatest.Event(kafkatest.Records("orders", 0, 0, "a")...), kafkatest.OnDemand); r.Err != nil || (letters == 1) != (test.want != "") {
			t.Errorf("%s: %v with %d letters", name, r.Err, letters)
		}
	}
}

func TestNewNeedsAStoreAndOptions(t *testing.T) {
	for name, make := range map[string]func(){
		"no store":       func() { once.New(nil, once.Options{}) },
		"negative lease": func() { once.New(once.NewMemory(), once.Options{Lease: -1}) },
		"negative keep":  func() { once.New(once.NewMemory(), once.Options{Keep: -1}) },
		"no key":         func() { once.New(once.NewMemory(), once.Options{}).Middleware(nil) },
	} {
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
