package kafka

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"
)

func TestABatchSaysHowFarItGot(t *testing.T) {
	boom, bang := errors.New("boom"), errors.New("bang")
	foreign := &Record{Topic: "a", Offset: 2}
	tests := map[string]struct {
		fn      Batch
		partial string // the answer in order
		goOn    string // and with ContinueOnError, if it differs
		err     string
	}{
		"all": {
			fn: func(context.Context, []*Record) error { return nil },
		},
		"none": {
			fn:      func(context.Context, []*Record) error { return boom },
			partial: "a-0@1 a-0@2 a-0@3 a-0@4",
			err:     "kafka: handle a[0]@1: boom",
		},
		"up to the third": {
			fn:      func(_ context.Context, r []*Record) error { return FailedAt(r[2], boom) },
			partial: "a-0@3 a-0@4",
			err:     "kafka: handle a[0]@3: boom",
		},
		"wrapped": {
			fn: func(_ context.Context, r []*Record) error {
				return fmt.Errorf("write: %w", fmt.Errorf("chunk: %w", FailedAt(r[2], boom)))
			},
			partial: "a-0@3 a-0@4",
			err:     "kafka: handle a[0]@3: write: chunk: boom",
		},
		"some": {
			fn:      func(_ context.Context, r []*Record) error { return FailedOnly(boom, r[3], r[1], r[1]) },
			partial: "a-0@2 a-0@3 a-0@4",
			goOn:    "a-0@2 a-0@4",
			err:     "kafka: handle a[0]@2: boom\nkafka: handle a[0]@2: boom\nkafka: handle a[0]@4: boom",
		},
		"some, for several reasons": {
			fn: func(_ context.Context, r []*Record) error {
				return errors.Join(FailedOnly(boom, r[3]), FailedOnly(bang, r[0]))
			},
			partial: "a-0@1 a-0@2 a-0@3 a-0@4",
			goOn:    "a-0@1 a-0@4",
			err:     "kafka: handle a[0]@1: bang\nkafka: handle a[0]@4: boom",
		},
		"one, and from another on": {
			fn: func(_ context.Context, r []*Record) error {
				return errors.Join(FailedAt(r[2], boom), FailedOnly(bang, r[0]))
			},
			partial: "a-0@1 a-0@2 a-0@3 a-0@4",
			goOn:    "a-0@1 a-0@3 a-0@4",
			err:     "kafka: handle a[0]@1: bang\nkafka: handle a[0]@3: boom",
		},
		"a part that names no record": {
			fn:      func(_ context.Context, r []*Record) error { return errors.Join(FailedOnly(boom, r[3]), bang) },
			partial: "a-0@1 a-0@2 a-0@3 a-0@4",
			err:     "kafka: handle a[0]@1: boom\nbang",
		},
		"no record": {
			fn:      func(context.Context, []*Record) error { return FailedOnly(boom) },
			partial: "a-0@1 a-0@2 a-0@3 a-0@4",
			err:     "kafka: handle a[0]@1: boom",
		},
		"nil record": {
			fn:      func(context.Context, []*Record) error { return FailedAt(nil, boom) },
			partial: "a-0@1 a-0@2 a-0@3 a-0@4",
			err:     "kafka: handle a[0]@1: boom",
		},
		"a record of elsewhere": {
			fn:      func(_ context.Context, r []*Record) error { return FailedOnly(boom, r[3], foreign) },
			partial: "a-0@1 a-0@2 a-0@3 a-0@4",
			err:     "kafka: handle a[0]@1: boom",
		},
		"no cause": {
			fn:      func(_ context.Context, r []*Record) error { return FailedAt(r[1], nil) },
			partial: "a-0@2 a-0@3 a-0@4",
			err:     "kafka: handle a[0]@2: no cause given",
		},
		"panic with a position": {
			fn:      func(_ context.Context, r []*Record) error { panic(FailedAt(r[2], boom)) },
			partial: "a-0@1 a-0@2 a-0@3 a-0@4",
			err:     "kafka: handle a[0]@1: panic: boom",
		},
		"panic": {
			fn:      func(context.Context, []*Record) error { panic("boom") },
			partial: "a-0@1 a-0@2 a-0@3 a-0@4",
			err:     "kafka: handle a[0]@1: panic: boom",
		},
		"slice reordered": {
			fn: func(_ context.Context, r []*Record) error {
				third := r[2]
				slices.Reverse(r)
				clear(r[:2])
				return FailedAt(third, boom)
			},
			partial: "a-0@3 a-0@4",
			err:     "kafka: handle a[0]@3: boom",
		},
	}
	for name, test := range tests {
		for _, goOn := range []bool{false, true} {
			for _, partial := range []string{"true", ""} {
				t.Run(fmt.Sprintf("%s/go on %v/partial %q", name, goOn, partial), func(t *testing.T) {
					t.Setenv(ReportBatchItemFailuresEnv, partial)
					opts := []Option{quiet()}
					want := test.partial
					if goOn {
						opts = append(opts, ContinueOnError())
						if test.goOn != "" {
							want = test.goOn
						}
					}
					// A second partition, which is fine, is handled all the same.
					calls := ""
					h := Handler(Batch(func(ctx context.Context, r []*Record) error {
						calls += fmt.Sprintf("%s%d ", r[0].Topic, len(r))
						if r[0].Topic == "b" {
							return nil
						}
						return test.fn(ctx, r)
					}), opts...)
					got, err := h.Invoke(t.Context(), event(4, "a-0", "b-1"))
					if calls != "a4 b4 " {
						t.Errorf("calls = %s, want a4 b4", calls)
					}
					if partial == "true" || test.err == "" {
						if err != nil || string(got) != answer(want) {
							t.Errorf("answer = %s, %v, want %s", got, err, answer(want))
						}
						return
					}
					if err == nil || err.Error() != test.err {
						t.Errorf("error = %v, want %s", err, test.err)
					}
				})
			}
		}
	}
}
