package storetest

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"msklambda/lambda/kafka"
	"msklambda/lambda/kafka/kafkatest"
	"msklambda/lambda/kafka/once"
)

// kind is what happens at a step.
type kind string

const (
	nothing     kind = "nothing"
	crashBefore kind = "the process ends before"
	crashAfter  kind = "the process ends after"
	fails       kind = "fails"
	lost        kind = "the answer is lost"
)

var (
	errDead = errors.New("storetest: the process has ended")
	errAway = errors.New("storetest: connection refused")
)

// process is one environment of a function. Each call of the store and each effect is a
// step of it, at one of which something happens.
type process struct {
	once.MarkStore
	at   int // the step; -1 for none
	kind kind

	mu     sync.Mutex
	steps  []string
	dead   bool
	made   map[string]int   // effects by the place of the record
	marked map[string]int64 // by key
}

// step does something, unless the process has ended.
func (p *process) step(what string, do func() error) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.dead {
		return errDead
	}
	k := nothing
	if len(p.steps) == p.at {
		k = p.kind
	}
	p.steps = append(p.steps, what)
	switch k {
	case crashBefore:
		p.dead = true
		return errDead
	case fails:
		return errAway
	}
	err := do()
	switch k {
	case crashAfter:
		p.dead = true
		return errDead
	case lost:
		return errAway
	}
	return err
}

func (p *process) Hold(ctx context.Context, key, owner string, lease, keep time.Duration) (m once.Mark, err error) {
	err = p.step("hold", func() (err error) { m, err = p.MarkStore.Hold(ctx, key, owner, lease, keep); return err })
	return m, err
}

func (p *process) Move(ctx context.Context, key, owner string, next int64, lease, keep time.Duration) error {
	return p.step("move", func() error {
		err := p.MarkStore.Move(ctx, key, owner, next, lease, keep)
		if err == nil {
			p.marked[key] = next
		}
		return err
	})
}

func (p *process) Leave(ctx context.Context, key, owner string) error {
	return p.step("leave", func() error { return p.MarkStore.Leave(ctx, key, owner) })
}

func (p *process) handle(_ context.Context, r *kafka.Record) error {
	return p.step("effect", func() error { p.made[r.String()]++; return nil })
}

// unmarked are the effects that were made and that no mark knows of.
func (p *process) unmarked(records []kafka.Record) (places []string) {
	for i := range records {
		r := &records[i]
		at := int64(0)
		for key, n := range p.marked {
			if strings.HasSuffix(key, fmt.Sprintf("\x00%s\x00%d", r.Topic, r.Partition)) {
				at = n
			}
		}
		if p.made[r.String()] > 0 && r.Offset >= at {
			places = append(places, r.String())
		}
	}
	return places
}

// RunCrashes handles records of two partitions with once.Partitions, once for each step and
// each thing that can happen at it, and delivers them again as Lambda would, to
// another process where the first one has ended. Nothing may be lost, and no effect be made
// again, but those that were made and not marked when the process ended: one for each partition,
// or with EachBatch those of its batch. pass lets time go by in the store.
func RunCrashes(t *testing.T, make func(t *testing.T) (store once.MarkStore, pass func(time.Duration))) {
	loud := slog.Default()
	slog.SetDefault(slog.New(slog.DiscardHandler)) // of what cannot be given up
	t.Cleanup(func() { slog.SetDefault(loud) })
	records := slices.Concat(kafkatest.Records("orders", 0, 5, "a", "b", "c"), kafkatest.Records("orders", 1, 0, "d", "e"))
	const lease = 20 * time.Second
	for _, eachBatch := range []bool{false, true} {
		run := func(t *testing.T, mode kafkatest.Mode, at int, k kind) *process {
			store, pass := make(t)
			p := &process{MarkStore: store, at: at, kind: k, made: map[string]int{}, marked: map[string]int64{}}
			start := func() kafka.Invoker {
				return kafka.Handler(p.handle, once.Partitions(p, once.PartitionOptions{Namespace: "test", Lease: lease, EachBatch: eachBatch}),
					kafka.Logger(slog.New(slog.DiscardHandler)))
			}
			h := start()
			event := kafkatest.Event(records...)
			var again []string
			for delivery := range 5 {
				result := kafkatest.Run(t, h, event, mode)
				failed := result.Failed()
				if p.dead {
					failed, again = result.Records(), p.unmarked(records)
					p.dead, p.at = false, -1
					h = start()
					pass(2 * lease)
				}
				if len(failed) == 0 {
					break
				}
				if delivery == 4 {
					t.Errorf("%v is left after %d deliveries", failed, delivery+1)
				}
				event = kafkatest.Event(slices.DeleteFunc(slices.Clone(records), func(r kafka.Record) bool { return !slices.Contains(failed, r.String()) })...)
			}
			for i := range records {
				place := records[i].String()
				want := 1
				if slices.Contains(again, place) {
					want = 2
				}
				if p.made[place] != want {
					t.Errorf("%s: the effect was made %d times, want %d", place, p.made[place], want)
				}
			}
			if partitions := 2; !eachBatch && len(again) > partitions {
				t.Errorf("%v were made and not marked, want one of each partition at most", again)
			}
			return p
		}
		for _, mode := range []kafkatest.Mode{kafkatest.OnDemand, kafkatest.Provisioned} {
			whole := run(t, mode, -1, nothing)
			t.Logf("each batch %t, %v: steps %v", eachBatch, mode, whole.steps)
			for at := range whole.steps {
				for _, k := range []kind{crashBefore, crashAfter, fails, lost} {
					if whole.steps[at] == "effect" && k == lost {
						continue // a function that fails after its effect, of which nobody knows
					}
					t.Run(fmt.Sprintf("each batch %t/%v/step %d %s: %s", eachBatch, mode, at, whole.steps[at], k), func(t *testing.T) {
						if p := run(t, mode, at, k); len(p.steps) <= at {
							t.Errorf("there were %d steps, and nothing happened", len(p.steps))
						}
					})
				}
			}
			if want := map[bool]int{false: 9, true: 4}[eachBatch]; count(whole.steps, "effect") != len(records) || len(whole.steps)-len(records) != want {
				t.Errorf("steps = %v, want %d writes", whole.steps, want)
			}
		}
	}
}

func count(steps []string, what string) (n int) {
	for _, s := range steps {
		if s == what {
			n++
		}
	}
	return n
}
