package trouble

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"

	"msklambda/test/local/internal/sandbox"
)

func TestWhere(t *testing.T) {
	for s, want := range map[string]Spec{
		"orders[0]@7":                  {Kind: Crash, Topic: "orders", Offset: 7, Times: 1},
		"my.orders-1[12]@0,after=50ms": {Kind: Crash, Topic: "my.orders-1", Partition: 12, After: 50 * time.Millisecond, Times: 1},
		"every=100,times=2,after=1s":   {Kind: Crash, Every: 100, After: time.Second, Times: 2},
	} {
		if got, err := Parse(Crash, s); err != nil || got != want {
			t.Errorf("%s = %+v, %v, want %+v", s, got, err, want)
		}
	}
	if got, err := Parse(Throttle, "orders[0]@7"); err != nil || got.Times != 3 {
		t.Errorf("throttle = %+v, %v, want three times", got, err)
	}
	if got, err := Parse(Deadline, "orders[0]@7"); err != nil || got.After != 500*time.Millisecond {
		t.Errorf("deadline = %+v, %v, want 500ms", got, err)
	}
	for _, s := range []string{"", "orders", "orders[0]", "orders[x]@1", "orders[99999999999]@1", "every=0", "every=x", "orders[0]@1,x=1", "orders[0]@1,after=x", "orders[0]@1,times=0"} {
		if _, err := Parse(Crash, s); err == nil || !strings.Contains(err.Error(), "must be a record such as orders[0]@7") {
			t.Errorf("%q = %v, want it refused", s, err)
		}
	}
	if _, err := Parse(Throttle, "orders[0]@7,after=1s"); err == nil {
		t.Error("throttle with after= is accepted, want it refused")
	}
}

// fake is a function that notes what it is invoked with.
type fake struct {
	got []sandbox.Trouble
	say string // FunctionError
}

func (f *fake) InvokeWith(_ context.Context, _ []byte, t sandbox.Trouble) (sandbox.Result, error) {
	f.got = append(f.got, t)
	return sandbox.Result{FunctionError: f.say}, nil
}

func batch(offsets ...int64) (out []*kgo.Record) {
	for _, o := range offsets {
		out = append(out, &kgo.Record{Topic: "orders", Offset: o})
	}
	return out
}

// Each thing happens at its record, as often as was said, and to no other invocation.
func TestWhatHappensAtARecord(t *testing.T) {
	for s, tt := range map[string]struct {
		kind      Kind
		say       string
		want      string // of the first invocation, of the second, and of another batch
		throttled int
		restart   bool
	}{
		"orders[0]@7":            {kind: Crash, want: "[{true 0s false 0s} {false 0s false 0s} {false 0s false 0s}]"},
		"orders[0]@7,after=5ms":  {kind: Memory, want: "[{true 5ms true 0s} {false 0s false 0s} {false 0s false 0s}]"},
		"orders[0]@7,times=2":    {kind: Crash, want: "[{true 0s false 0s} {true 0s false 0s} {false 0s false 0s}]"},
		"orders[0]@7,after=20ms": {kind: Deadline, want: "[{false 0s false 20ms} {false 0s false 0s} {false 0s false 0s}]"},
		"every=8":                {kind: Duplicate, want: "[{false 0s false 0s} {false 0s false 0s} {false 0s false 0s} {false 0s false 0s}]"},
		"every=8,times=1":        {kind: Throttle, want: "[{false 0s false 0s} {false 0s false 0s}]", throttled: 1},
		"every=4":                {kind: Redeliver, want: "[{false 0s false 0s} {false 0s false 0s} {false 0s false 0s}]", restart: true},
		"every=4,times=2":        {kind: Redeliver, say: "Unhandled", want: "[{false 0s false 0s} {false 0s false 0s} {false 0s false 0s}]"},
	} {
		t.Run(fmt.Sprint(tt.kind, s), func(t *testing.T) {
			spec, err := Parse(tt.kind, s)
			if err != nil {
				t.Fatal(err)
			}
			said := 0
			f := &fake{say: tt.say}
			p := NewPlan([]Spec{spec}, func(string, ...any) { said++ }).For(f)
			throttled := 0
			for i, records := range [][]*kgo.Record{batch(5, 6, 7), batch(5, 6, 7), batch(8, 9)} {
				r, err := p.Around(t.Context(), records, func(ctx context.Context) (sandbox.Result, error) { return p.Invoke(ctx, nil) })
				if err != nil {
					t.Fatal(err)
				}
				if r.Throttled {
					throttled++
				}
				if err := p.BeforeCommit(); errors.Is(err, ErrRestart) != (tt.restart && i == 0) {
					t.Errorf("commit %d = %v, want a restart: %v", i, err, tt.restart && i == 0)
				}
			}
			if got := fmt.Sprint(f.got); got != tt.want || throttled != tt.throttled {
				t.Errorf("invocations = %s, %d throttled, want %s and %d", got, throttled, tt.want, tt.throttled)
			}
			if said == 0 && tt.say == "" {
				t.Error("nothing was said of it")
			}
		})
	}
}

func TestABatchEndsBehindTheRecord(t *testing.T) {
	one, _ := Parse(Crash, "orders[0]@7")
	every, _ := Parse(Crash, "every=3")
	p := NewPlan([]Spec{one, every}, func(string, ...any) {})
	for offset := range int64(10) {
		if got, want := p.CutAfter(batch(offset)[0]), offset == 7; got != want {
			t.Errorf("cut after %d = %v, want %v", offset, got, want)
		}
	}
	p.take(batch(7))
	if p.CutAfter(batch(7)[0]) {
		t.Error("cut once more, want it done")
	}
}
