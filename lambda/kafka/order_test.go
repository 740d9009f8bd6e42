package kafka

import (
	"cmp"
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"math/rand/v2"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// A trial is an event, what its function does with each record, and the options.
// What must come of it is worked out by a model that knows nothing of lanes,
// queues and goroutines.
type trial struct {
	records []trialRecord // in the order of the event
	n       int
	byKey   bool
	inBatch bool // by ForEach, in a Batch
	goOn    bool
	partial bool
	sink    bool
	retry   int // Attempts; 0 is none
	cancel  int // the context ends when this many calls have begun; 0 is never
}

type trialRecord struct {
	partition int
	offset    int64
	key       string // "-" is none
	// outcomes are what the calls do, one letter each; the last one repeats:
	// . handled, e error, p permanent, s skip, ! panic, ? Goexit, a RetryAfter
	outcomes string
	badSink  bool // the sink does not take it
}

func (r trialRecord) String() string { return fmt.Sprintf("t-%d@%d", r.partition, r.offset) }

// lane is what the record is handled in order with.
func (r trialRecord) lane(byKey bool) string {
	switch {
	case !byKey:
		return fmt.Sprint(r.partition)
	case r.key == "-":
		return r.String()
	}
	return fmt.Sprintf("%d/%s", r.partition, r.key)
}

func (r trialRecord) outcome(attempt int) byte {
	return r.outcomes[min(attempt, len(r.outcomes)-1)]
}

// model says how often each record is called and which are to be named, when the
// context does not end.
func (tr *trial) model() (calls map[string]int, named []string) {
	calls = map[string]int{}
	stopped := map[string]bool{}
	for _, r := range tr.records {
		lane := r.lane(tr.byKey)
		if stopped[lane] {
			named = append(named, r.String())
			continue
		}
		for attempt := 0; ; attempt++ {
			calls[r.String()]++
			o := r.outcome(attempt)
			spent := tr.retry > 0 && attempt+1 >= tr.retry
			if o == '.' || o == 's' {
				break
			}
			if o != 'p' && !spent && (tr.retry > 0 || o == 'a') {
				continue
			}
			if (o == 'p' || spent) && tr.sink && !r.badSink {
				break
			}
			named = append(named, r.String())
			stopped[lane] = !tr.goOn
			break
		}
	}
	return calls, named
}

func (tr *trial) event() []byte {
	var parts []string
	for i := 0; i < len(tr.records); {
		p := tr.records[i].partition
		var records []string
		for ; i < len(tr.records) && tr.records[i].partition == p; i++ {
			r := tr.records[i]
			key := "null"
			if r.key != "-" {
				key = `"` + base64.StdEncoding.EncodeToString([]byte(r.key)) + `"`
			}
			records = append(records, fmt.Sprintf(`{"topic":"t","partition":%d,"offset":%d,"key":%s}`, p, r.offset, key))
		}
		parts = append(parts, fmt.Sprintf(`"t-%d":[%s]`, p, strings.Join(records, ",")))
	}
	return []byte(`{"records":{` + strings.Join(parts, ",") + `}}`)
}

// trace is what a trial's function saw.
type trace struct {
	*testing.T
	sync.Mutex
	trial   *trial
	byPlace map[string]trialRecord
	calls   map[string]int
	done    map[string]bool // handled, skipped, or taken by the sink
	last    map[string]int  // of each lane, the place of its newest record in the event
	running map[string]bool // lanes
	begun   int
	cancel  context.CancelFunc
}

func placeOf(r *Record) string { return fmt.Sprintf("t-%d@%d", r.Partition, r.Offset) }

func (tc *trace) begin(place string) (trialRecord, string, byte) {
	tc.Lock()
	defer tc.Unlock()
	r := tc.byPlace[place]
	lane := r.lane(tc.trial.byKey)
	if tc.running[lane] {
		tc.Errorf("%s is called while another of %s is", place, lane)
	}
	tc.running[lane] = true
	if len(tc.running) > tc.trial.n {
		tc.Errorf("%d calls at once, want %d at most", len(tc.running), tc.trial.n)
	}
	index := slices.IndexFunc(tc.trial.records, func(o trialRecord) bool { return o.String() == place })
	// A Batch that goes on tries again after it has tried all: without order.
	if last, ok := tc.last[lane]; ok && !(tc.trial.inBatch && tc.trial.goOn) {
		if index < last || index == last && tc.done[place] {
			tc.Errorf("%s is called after %s", place, tc.trial.records[last])
		}
		if before := tc.trial.records[last].String(); index > last && !tc.done[before] && !tc.trial.goOn {
			tc.Errorf("%s is called although %s is not done", place, before)
		}
	}
	tc.last[lane] = index
	o := r.outcome(tc.calls[place])
	tc.calls[place]++
	if tc.begun++; tc.begun == tc.trial.cancel {
		tc.cancel()
	}
	return r, lane, o
}

func (tc *trace) process(_ context.Context, rec *Record) error {
	place := placeOf(rec)
	r, lane, o := tc.begin(place)
	time.Sleep(time.Duration(len(place)*7+int(r.offset)*13%5) * time.Millisecond)
	tc.Lock()
	defer tc.Unlock()
	delete(tc.running, lane)
	switch o {
	case '.':
		tc.done[place] = true
		return nil
	case 's':
		tc.done[place] = true
		return Skip(errBoom)
	case 'p':
		return Permanent(errBoom)
	case 'a':
		return RetryAfter(time.Duration(r.offset)*time.Millisecond, errBoom)
	case '!':
		panic(errBoom)
	case '?':
		runtime.Goexit()
	}
	return errBoom
}

func (tc *trace) send(_ context.Context, failures []Failure) error {
	tc.Lock()
	defer tc.Unlock()
	var bad []*Record
	for _, f := range failures {
		place := placeOf(f.Record)
		if tc.byPlace[place].badSink {
			bad = append(bad, f.Record)
			continue
		}
		tc.done[place] = true
	}
	if bad != nil {
		return FailedOnly(errBoom, bad...)
	}
	return nil
}

// run runs a trial and checks it.
func (tr *trial) run(t *testing.T) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		tc := &trace{T: t, trial: tr, byPlace: map[string]trialRecord{}, calls: map[string]int{}, done: map[string]bool{},
			last: map[string]int{}, running: map[string]bool{}, cancel: cancel}
		for _, r := range tr.records {
			tc.byPlace[r.String()] = r
		}
		opts := []Option{quiet(), Concurrency(tr.n)}
		if tr.byKey {
			opts[1] = ConcurrencyByKey(tr.n)
		}
		if tr.goOn {
			opts = append(opts, ContinueOnError())
		}
		if tr.sink {
			opts = append(opts, DeadLetter(SinkFunc(tc.send)))
		}
		if tr.retry > 0 {
			opts = append(opts, Retry(Backoff{First: 8 * time.Millisecond, Max: 20 * time.Millisecond, Attempts: tr.retry}))
		}
		h := Handler(tc.process, opts...).(*handler)
		if tr.inBatch {
			opts[1] = Concurrency(1)
			h = Handler(Batch(func(ctx context.Context, records []*Record) error {
				return ForEach(ctx, records, tr.n, tc.process)
			}), opts...).(*handler)
		}
		h.partial = tr.partial
		got, err := h.Invoke(ctx, tr.event())
		tr.check(tc, got, err)
		if t.Failed() {
			t.Logf("%+v", *tr)
		}
	})
}

func (tr *trial) check(tc *trace, got []byte, err error) {
	tc.Helper()
	// Nothing is lost and nothing is named in vain, whatever happened.
	var missing []string
	for _, r := range tr.records {
		if !tc.done[r.String()] {
			missing = append(missing, r.String())
		}
	}
	if tr.cancel == 0 {
		calls, named := tr.model()
		for _, r := range tr.records {
			if tc.calls[r.String()] != calls[r.String()] {
				tc.Errorf("calls of %s = %d, want %d", r, tc.calls[r.String()], calls[r.String()])
			}
		}
		if !slices.Equal(missing, named) {
			tc.Errorf("not done are %v, want %v", missing, named)
		}
	}
	switch {
	case tr.partial || len(missing) == 0:
		if want := answer(strings.Join(missing, " ")); err != nil || string(got) != want {
			tc.Errorf("answer = %s, %v, want %s", got, err, want)
		}
	case err == nil || got != nil:
		tc.Errorf("answer = %s without an error, want one: %v are not done", got, missing)
	case tr.cancel == 0 && !errors.Is(err, errBoom) && !strings.Contains(err.Error(), "Goexit"):
		tc.Errorf("error = %v, want one that wraps its cause", err)
	}
}

// All that four records of two partitions can do, with each way to share keys.
func TestEveryWayThatFourRecordsCanEnd(t *testing.T) {
	outcomes := []string{".", "p", "?"}
	if testing.Short() {
		outcomes = []string{".", "p"}
	}
	for _, keys := range []string{"aaaa", "aaba", "abab", "abba", "a-a-", "----"} {
		for _, byKey := range []bool{false, true} {
			if !byKey && keys != "abab" {
				continue // keys mean nothing
			}
			t.Run(fmt.Sprintf("%s/by key %v", keys, byKey), func(t *testing.T) {
				for plan := range len(outcomes) * len(outcomes) * len(outcomes) * len(outcomes) {
					for opts := range 32 {
						if opts&16 != 0 && !byKey {
							continue
						}
						tr := &trial{byKey: byKey, inBatch: opts&16 != 0, n: 1 + opts&1*2, goOn: opts&2 != 0, partial: opts&4 != 0, sink: opts&8 != 0}
						rest := plan
						for i := range 4 {
							tr.records = append(tr.records, trialRecord{
								partition: i / 3, offset: int64(i + 1), key: keys[i : i+1],
								outcomes: outcomes[rest%len(outcomes)],
								badSink:  i == 1,
							})
							rest /= len(outcomes)
						}
						if tr.run(t); t.Failed() {
							return
						}
					}
				}
			})
		}
	}
}

// Many records, retries, and contexts that end anywhere.
func TestRandomTrialsKeepOrderAndLoseNothing(t *testing.T) {
	n := 2000
	if testing.Short() {
		n = 300
	}
	rnd := rand.New(rand.NewPCG(5, 6))
	for i := range n {
		tr := &trial{
			n: 1 + rnd.IntN(6), byKey: rnd.IntN(4) > 0, goOn: rnd.IntN(3) == 0, partial: rnd.IntN(2) == 0,
			sink: rnd.IntN(2) == 0, retry: rnd.IntN(4),
		}
		alphabet := []string{".", ".", ".", "ee.", "e", "p", "s", "!", "?", "a.", "!?.", "ea.", "ap", "es"}
		if rnd.IntN(3) == 0 {
			alphabet = alphabet[:5]
		}
		for range 1 + rnd.IntN(40) {
			r := trialRecord{partition: rnd.IntN(4), key: []string{"-", "", "a", "b", "c"}[rnd.IntN(5)], badSink: rnd.IntN(4) == 0}
			r.outcomes = alphabet[rnd.IntN(len(alphabet))]
			tr.records = append(tr.records, r)
		}
		slices.SortStableFunc(tr.records, func(a, b trialRecord) int { return cmp.Compare(a.partition, b.partition) })
		for k := range tr.records {
			tr.records[k].offset = int64(k) + 1
		}
		if rnd.IntN(3) == 0 {
			tr.cancel = 1 + rnd.IntN(len(tr.records))
		}
		tr.inBatch = tr.byKey && rnd.IntN(4) == 0
		if tr.run(t); t.Failed() {
			t.Fatalf("trial %d", i)
		}
	}
}

// A bulk write takes all of its records or none, and says no more than that. Which of
// them it refuses is found out all the same.
func TestABatchThatIsRefusedIsHalvedUntilTheRecordIsFound(t *testing.T) {
	rnd := rand.New(rand.NewPCG(7, 8))
	for i := range 1000 {
		tr := &trial{goOn: rnd.IntN(3) == 0, partial: rnd.IntN(2) == 0, sink: rnd.IntN(2) == 0, n: 1 + rnd.IntN(2)}
		for k := range 1 + rnd.IntN(30) {
			r := trialRecord{partition: k / 8, offset: int64(k), key: "-", outcomes: ".", badSink: rnd.IntN(3) == 0}
			if rnd.IntN(8) == 0 {
				r.outcomes = "p"
			}
			tr.records = append(tr.records, r)
		}
		tc := &trace{T: t, trial: tr, byPlace: map[string]trialRecord{}, done: map[string]bool{}}
		for _, r := range tr.records {
			tc.byPlace[r.String()] = r
		}
		opts := []Option{quiet(), Concurrency(tr.n)}
		if tr.goOn {
			opts = append(opts, ContinueOnError())
		}
		if tr.sink {
			opts = append(opts, DeadLetter(SinkFunc(tc.send)))
		}
		if rnd.IntN(2) == 0 {
			opts = append(opts, WholeEvent())
		}
		newest := map[int32]int64{}
		h := Handler(Batch(func(_ context.Context, records []*Record) error {
			tc.Lock()
			defer tc.Unlock()
			for _, r := range records {
				if tc.byPlace[placeOf(r)].outcomes == "p" {
					return Permanent(errBoom)
				}
			}
			for _, r := range records {
				if last, ok := newest[r.Partition]; ok && last >= r.Offset {
					t.Errorf("%s is written after %d", placeOf(r), last)
				}
				newest[r.Partition] = r.Offset
				tc.done[placeOf(r)] = true
			}
			return nil
		}), opts...).(*handler)
		h.partial = tr.partial
		got, err := h.Invoke(t.Context(), tr.event())
		// How often a record is called is another matter here.
		_, named := tr.model()
		var missing []string
		for _, r := range tr.records {
			if !tc.done[r.String()] {
				missing = append(missing, r.String())
			}
		}
		if !slices.Equal(missing, named) {
			t.Errorf("not done are %v, want %v", missing, named)
		}
		if want := answer(strings.Join(missing, " ")); tr.partial && string(got) != want || !tr.partial && (err != nil) != (missing != nil) {
			t.Errorf("answer = %s, %v, want %s", got, err, want)
		}
		if t.Failed() {
			t.Fatalf("trial %d: %+v", i, *tr)
		}
	}
}
