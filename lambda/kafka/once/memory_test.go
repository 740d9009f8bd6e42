package once_test

import (
	"fmt"
	"testing"
	"time"

	"msklambda/lambda/kafka/once"
	"msklambda/lambda/kafka/once/internal/storetest"
)

func TestMemory(t *testing.T) {
	storetest.Run(t, func(_ *testing.T, now func() time.Time) once.Store {
		m := once.NewMemory()
		m.SetNow(now)
		return m
	})
}

func TestMemoryForgetsWhatIsOver(t *testing.T) {
	m := once.NewMemory()
	now := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	m.SetNow(func() time.Time { return now })
	for i := range 25_000 {
		now = now.Add(time.Second)
		if _, err := m.Claim(t.Context(), fmt.Sprint(i), "a", time.Second, time.Second); err != nil {
			t.Fatal(err)
		}
	}
	if n := m.Len(); n > 10_000 {
		t.Errorf("%d rows, want at most 10,000 of which most are over", n)
	}
}

func TestMemoryKeepsMarks(t *testing.T) {
	storetest.RunMarks(t, func(_ *testing.T, now func() time.Time) once.MarkStore {
		m := once.NewMemory()
		m.SetNow(now)
		return m
	})
}

func TestPartitionsWhateverHappensAtEachStep(t *testing.T) {
	storetest.RunCrashes(t, func(*testing.T) (once.MarkStore, func(time.Duration)) {
		m, ahead := once.NewMemory(), time.Duration(0)
		m.SetNow(func() time.Time { return time.Now().Add(ahead) })
		return m, func(d time.Duration) { ahead += d }
	})
}
