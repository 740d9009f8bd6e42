package snapshot

import (
	"errors"
	"sync"
	"sync/atomic"
	"testing"
)

// Whoever comes while it is being done is not content with that: what it brings may
// have been too late for it. Those who wait are served by one.
func TestWhatManyWantIsDoneForThemTogether(t *testing.T) {
	var list together
	var done, brought, seen atomic.Int64
	begun, resume := make(chan struct{}), make(chan struct{})
	var wait sync.WaitGroup
	wait.Go(func() {
		_ = list.do(func() error { close(begun); <-resume; done.Add(1); return nil })
	})
	<-begun
	const many = 50
	var ready sync.WaitGroup
	ready.Add(many)
	for range many {
		wait.Go(func() {
			brought.Add(1)
			ready.Done()
			err := list.do(func() error { seen.Store(brought.Load()); done.Add(1); return errors.New("no") })
			if err == nil || err.Error() != "no" {
				t.Errorf("do = %v, want what it came to", err)
			}
		})
	}
	ready.Wait()
	close(resume)
	wait.Wait()
	if seen.Load() != many {
		t.Errorf("the last time saw what %d brought, want all %d", seen.Load(), many)
	}
	if n := done.Load(); n < 2 || n > 20 {
		t.Errorf("done %d times for %d, want a few", n, many+1)
	}
}
