package once_test

import (
	"context"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"msklambda/lambda/kafka"
	"msklambda/lambda/kafka/kafkatest"
	"msklambda/lambda/kafka/once"
)

// world is a partition, two pollers that may both believe it is theirs, as when a group
// is rebalanced, and the environments that they invoke, each of which may end at any step,
// stand still, or be without the store for a while.
type world struct {
	*testing.T
	store   *once.Memory
	options once.PartitionOptions
	random  *rand.Rand

	mu        sync.Mutex
	records   []kafka.Record
	committed int // the group's offset: what is before it is not read again
	made      []int
	running   int
	allowed   int // effects that may be made again
	faults    map[string]int
}

func (w *world) chance(n int) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.random.IntN(n) == 0
}

func (w *world) below(n int) int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.random.IntN(n)
}

func (w *world) count(fault string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.faults[fault]++
}

// environment is one invocation of a process.
type environment struct {
	*world
	dead     bool
	unmarked int   // effects that no mark knows of
	known    int64 // how far the mark is
}

// step does something of the environment, if it has not ended.
func (e *environment) step(do func() error) error {
	switch {
	case e.dead:
		return errAway
	case e.chance(60):
		e.dead = true
		e.count("ended before a step")
		return errAway
	case e.chance(40):
		e.count("no answer")
		return errAway
	}
	if e.chance(80) {
		e.count("stood still")
		time.Sleep(time.Duration(e.below(5)) * e.options.Lease)
	}
	err := do()
	switch {
	case err == nil && e.chance(40):
		e.count("answer lost")
		return errAway
	case e.chance(60):
		e.dead = true
		e.count("ended after a step")
		return errAway
	}
	return err
}

func (e *environment) Hold(ctx context.Context, key, owner string, lease, keep time.Duration) (m once.Mark, err error) {
	err = e.step(func() (err error) {
		m, err = e.store.Hold(ctx, key, owner, lease, keep)
		if m.State == once.Claimed && m.Next > e.known {
			// Another went on meanwhile, for this one stood still through its lease.
			e.lose()
			e.known = m.Next
		}
		return err
	})
	return m, err
}

// lose counts the effects that no mark knows of: another makes them again.
func (e *environment) lose() {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.allowed += e.unmarked
	e.unmarked = 0
}

func (e *environment) Move(ctx context.Context, key, owner string, next int64, lease, keep time.Duration) error {
	return e.step(func() error {
		err := e.store.Move(ctx, key, owner, next, lease, keep)
		if err == nil {
			e.unmarked, e.known = 0, next
		}
		return err
	})
}

func (e *environment) Leave(ctx context.Context, key, owner string) error {
	return e.step(func() error { return e.store.Leave(ctx, key, owner) })
}

// handle makes an effect, which takes a while and heeds its context.
func (e *environment) handle(ctx context.Context, r *kafka.Record) error {
	if e.dead {
		return errAway
	}
	if e.chance(30) {
		return errAway
	}
	e.mu.Lock()
	e.running++
	if e.running > 1 {
		e.Errorf("%s: %d effects of the partition at once", r, e.running)
	}
	e.mu.Unlock()
	timer := time.NewTimer(time.Duration(e.below(150)) * e.options.Lease / 100)
	defer timer.Stop()
	select {
	case <-ctx.Done():
	case <-timer.C:
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	e.running--
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	if i := int(r.Offset); i > 0 && e.made[i-1] == 0 {
		e.Errorf("%s is handled before the one in front of it", r)
	}
	e.made[r.Offset]++
	e.unmarked++
	if !e.options.EachBatch && e.unmarked > 1 {
		e.Errorf("%s: %d effects are made and not marked, want 1 at most", r, e.unmarked)
	}
	return nil
}

// poll reads on from what is committed, invokes and commits, until all is done.
func (w *world) poll(t *testing.T, mode kafkatest.Mode) {
	for {
		w.mu.Lock()
		from := w.committed
		w.mu.Unlock()
		if from == len(w.records) {
			return
		}
		// A batch, or as after a failure a half of one.
		to := min(len(w.records), from+1+w.below(12))
		e := &environment{world: w}
		h := kafka.Handler(e.handle, once.Partitions(e, w.options), quiet)
		result := kafkatest.Run(t, h, kafkatest.Event(w.records[from:to]...), mode)
		done := to
		switch {
		case e.dead:
			done = from
		case len(result.Failed()) > 0:
			done = slices.IndexFunc(w.records, func(r kafka.Record) bool { return r.String() == result.Failed()[0] })
		}
		e.lose()
		w.mu.Lock()
		w.committed = max(w.committed, done)
		w.mu.Unlock()
		time.Sleep(time.Duration(w.below(100)) * time.Millisecond)
	}
}

// Whatever happens no record is lost, no effect is made before the one in front of it or
// beside another, and none is made again but those that were made and not marked when
// their process ended, or lost the store.
func TestPartitionsWhateverHappensAtOnce(t *testing.T) {
	seeds := 60
	if testing.Short() {
		seeds = 10
	}
	faults := map[string]int{}
	again, records := 0, 0
	for seed := range seeds {
		synctest.Test(t, func(t *testing.T) {
			w := &world{T: t, store: once.NewMemory(), random: rand.New(rand.NewPCG(7, uint64(seed))), faults: faults,
				options: once.PartitionOptions{Namespace: "test", Lease: time.Second, EachBatch: seed%4 == 3}}
			w.records = at(kafkatest.Records("orders", 0, 0, strings.Split(strings.Repeat("x", 60), "")...), time.Now())
			w.made = make([]int, len(w.records))
			var pollers sync.WaitGroup
			for i := range 2 {
				pollers.Go(func() { w.poll(t, kafkatest.Mode(i)) })
			}
			pollers.Wait()
			extra := 0
			for i, n := range w.made {
				if n == 0 {
					t.Errorf("%s is lost", &w.records[i])
				}
				extra += max(0, n-1)
			}
			if extra > w.allowed {
				t.Errorf("each batch %t: %d effects were made again, want at most the %d that were not marked", w.options.EachBatch, extra, w.allowed)
			}
			again, records = again+extra, records+len(w.records)
		})
		if t.Failed() {
			t.Fatalf("seed %d", seed)
		}
	}
	t.Logf("%d records, %d effects made again, faults %v", records, again, faults)
	for _, fault := range []string{"ended before a step", "ended after a step", "no answer", "answer lost", "stood still"} {
		if faults[fault] == 0 {
			t.Errorf("no environment %s", fault)
		}
	}
	if again == 0 {
		t.Error("no effect was made again, want that processes end between effect and mark")
	}
}
