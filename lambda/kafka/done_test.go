package kafka

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"testing"
)

// On demand a batch that fails comes again whole, and what was done of it is not
// done again.
func TestSkipDoneHandlesWhatIsLeft(t *testing.T) {
	for _, form := range []string{"record", "by key", "batch", "whole"} {
		t.Run(form, func(t *testing.T) {
			t.Setenv(ReportBatchItemFailuresEnv, "")
			var calls []string
			fails := true
			one := func(_ context.Context, r *Record) error {
				calls = append(calls, r.String())
				switch {
				case r.String() == "a[0]@2" && fails:
					return errBoom
				case r.String() == "b[1]@1":
					return Skip(errBoom)
				case r.String() == "b[1]@2":
					return Permanent(errBoom)
				}
				return nil
			}
			opts := []Option{quiet(), SkipDone(NewMemoryStore(100)), DeadLetter(new(sinkLog))}
			h := Handler(one, opts...)
			switch form {
			case "by key":
				h = Handler(one, append(opts, ConcurrencyByKey(1))...)
			case "batch", "whole":
				if form == "whole" {
					opts = append(opts, WholeEvent())
				}
				h = Handler(Batch(func(ctx context.Context, records []*Record) error { return inOrder(ctx, records, one) }), opts...)
			}
			for delivery, want := range []string{
				"a[0]@1 a[0]@2 b[1]@1 b[1]@2 b[1]@3",
				"a[0]@2",
				"a[0]@2 a[0]@3",
			} {
				if form == "by key" { // a[0]@3 has no key, so nothing holds it up
					want = []string{"a[0]@1 a[0]@2 a[0]@3 b[1]@1 b[1]@2 b[1]@3", "a[0]@2", "a[0]@2"}[delivery]
				}
				calls = nil
				fails = delivery < 2
				_, err := h.Invoke(t.Context(), event(3, "a-0", "b-1"))
				if got := strings.Join(calls, " "); got != want || (err != nil) != fails {
					t.Errorf("delivery %d: calls = %s, %v, want %s", delivery, got, err, want)
				}
			}
		})
	}
}

// inOrder handles the records of each partition until one fails.
func inOrder(ctx context.Context, records []*Record, one HandlerFunc) error {
	var errs []error
	stopped := map[string]bool{}
	for _, r := range records {
		if stopped[r.Topic] {
			errs = append(errs, Unstarted(r))
		} else if err := one(ctx, r); err != nil {
			errs = append(errs, FailedOnly(err, r))
			stopped[r.Topic] = classify(err).outcome == transient
		}
	}
	return errors.Join(errs...)
}

// storeLog is a store that notes what it is asked, and fails when asked to.
type storeLog struct {
	MemoryStore
	asked, added []string
	how          string
}

func (s *storeLog) fail() error {
	switch s.how {
	case "error":
		return errBoom
	case "panic":
		panic(errBoom)
	}
	return nil
}

func (s *storeLog) Done(ctx context.Context, ids []string) ([]bool, error) {
	s.asked = append(s.asked, ids...)
	if s.how == "short" {
		return nil, nil
	}
	return make([]bool, len(ids)), s.fail()
}

func (s *storeLog) Add(ctx context.Context, ids []string) error {
	s.added = append(s.added, ids...)
	return s.fail()
}

func TestTheStoreIsToldOfBatchesThatFail(t *testing.T) {
	tests := map[string]struct {
		partial string
		fails   bool
		asked   string
		added   string
	}{
		"on demand, fine":    {"", false, "a[0]@1/1000 a[0]@2/1000", ""},
		"on demand, fails":   {"", true, "a[0]@1/1000 a[0]@2/1000", "a[0]@1/1000"},
		"provisioned, fails": {"true", true, "", ""},
	}
	payload := `{"records":{"a-0":[{"topic":"a","partition":0,"offset":1,"timestamp":1000},{"topic":"a","partition":0,"offset":2,"timestamp":1000}]}}`
	for name, test := range tests {
		t.Setenv(ReportBatchItemFailuresEnv, test.partial)
		s := new(storeLog)
		Handler(func(_ context.Context, r *Record) error {
			defer func() { r.Offset = 9 }()
			if test.fails && r.Offset == 2 {
				return errBoom
			}
			return nil
		}, quiet(), SkipDone(s)).Invoke(t.Context(), []byte(payload))
		if asked, added := strings.Join(s.asked, " "), strings.Join(s.added, " "); asked != test.asked || added != test.added {
			t.Errorf("%s: asked for %q and told of %q, want %q and %q", name, asked, added, test.asked, test.added)
		}
	}
}

// A store that fails costs work, and no record.
func TestAStoreThatFailsIsLogged(t *testing.T) {
	t.Setenv(ReportBatchItemFailuresEnv, "")
	for how, lines := range map[string]int{"error": 2, "panic": 2, "short": 0} {
		var out bytes.Buffer
		calls := 0
		_, err := Handler(func(_ context.Context, r *Record) error {
			calls++
			if r.Offset == 2 {
				return errBoom
			}
			return nil
		}, Logger(slog.New(slog.NewTextHandler(&out, nil))), SkipDone(&storeLog{how: how})).Invoke(t.Context(), event(2, "a-0"))
		if want := "kafka: handle a[0]@2: boom"; fmt.Sprint(err) != want || calls != 2 {
			t.Errorf("%s: error = %v after %d calls, want %s after 2", how, err, calls, want)
		}
		if n := strings.Count(out.String(), "kafka: store of SkipDone not"); n != lines {
			t.Errorf("%s: %d lines of the store in %s, want %d", how, n, out.String(), lines)
		}
	}
}

func TestAMemoryStoreKeepsTheNewest(t *testing.T) {
	m := NewMemoryStore(3)
	for _, ids := range [][]string{{"a", "b"}, {"b", "c"}, {"a"}, {"d"}} {
		if err := m.Add(t.Context(), ids); err != nil {
			t.Fatal(err)
		}
	}
	got, err := m.Done(t.Context(), []string{"a", "b", "c", "d", "e", ""})
	if want := []bool{false, true, true, true, false, false}; err != nil || !slices.Equal(got, want) {
		t.Errorf("done = %v, %v, want %v", got, err, want)
	}
}
