package match

import (
	"slices"
	"strings"
	"testing"

	"msklambda/lambda/livescores/layout"
	"msklambda/lambda/livescores/score"
)

func event(sequence int64) score.Event {
	return score.Event{Match: "m", Sequence: sequence, Home: "A", Away: "B", Clock: "1", Kind: "goal"}
}

// at is the record of a partition that is so far in it, written at that time.
func at(n int64) Place { return Place{Topic: "t", Offset: n, At: n} }

func TestWhatAnEventIsToAMatch(t *testing.T) {
	changed := event(5)
	changed.Score.Home = 7
	for name, tt := range map[string]struct {
		before []int64 // each written a millisecond after the one before, from 1 on
		event  score.Event
		at     int64
		want   Verdict
		error  string
	}{
		"the first":                          {nil, event(1), 1, New, ""},
		"the first, in the middle":           {nil, event(1_000_000), 1, New, ""},
		"the first, that far":                {nil, event(1_000_001), 1, Wrong, "sequence of the first event must be at most 1000000, got 1000001"},
		"the next":                           {[]int64{5}, event(6), 2, New, ""},
		"after a gap":                        {[]int64{5}, event(8), 2, New, ""},
		"as far ahead as may be":             {[]int64{5}, event(1005), 2, New, ""},
		"further ahead":                      {[]int64{5}, event(1006), 2, Wrong, "at most 1000 after the newest 5, got 1006"},
		"a slip":                             {[]int64{1}, event(9007199254740991), 2, Wrong, "at most 1000 after"},
		"next, written before":               {[]int64{5}, event(6), 0, New, ""},
		"a duplicate":                        {[]int64{5}, event(5), 1, Known, ""},
		"produced twice":                     {[]int64{5}, event(5), 9, Known, ""},
		"delivered again":                    {[]int64{4, 5}, event(4), 1, Known, ""},
		"late, of the same time":             {[]int64{4, 6}, event(5), 2, Known, ""},
		"another of the sequence":            {[]int64{5}, changed, 9, Wrong, "greater than the newest 5, got 5, in a record that was written after it: reset the match"},
		"another of it, written before":      {[]int64{5}, changed, 1, Known, ""},
		"a producer that begins anew":        {[]int64{300, 301}, event(1), 9, Wrong, "greater than the newest 301, got 1"},
		"one that does and is delivered now": {[]int64{300, 301}, event(1), 2, Known, ""},
	} {
		s := State{ID: "m"}
		for i, sequence := range tt.before {
			if v, err := s.Accept(event(sequence), at(int64(i+1))); v != New || err != nil {
				t.Fatalf("%s: Accept(%d) = %v, %v, want new", name, sequence, v, err)
			}
		}
		before := s
		got, err := s.Accept(tt.event, at(tt.at))
		if got != tt.want || (err != nil) != (tt.want == Wrong) || err != nil && !strings.Contains(err.Error(), tt.error) {
			t.Errorf("%s: Accept = %v, %v, want %v, %s", name, got, err, tt.want, tt.error)
		}
		if got == New && (s.Sequence != tt.event.Sequence || s.Events[len(s.Events)-1] != tt.event) {
			t.Errorf("%s: state = %+v, want the event in it", name, s)
		}
		if got != New && (s.Sequence != before.Sequence || len(s.Events) != len(before.Events)) {
			t.Errorf("%s: state = %+v, want it as it was", name, s)
		}
	}
}

func TestTheLastEventsAreKept(t *testing.T) {
	s := State{ID: "m"}
	for sequence := range int64(layout.History + 10) {
		kept := s.Events
		first := slices.Clone(kept)
		if _, err := s.Accept(event(sequence+1), at(1)); err != nil {
			t.Fatal(err)
		}
		if !slices.Equal(kept, first) {
			t.Fatal("the events of before were written over")
		}
	}
	if len(s.Events) != layout.History || s.Events[0].Sequence != 11 || s.Missing() != 0 {
		t.Errorf("events = %d from %d, missing %d, want %d from 11", len(s.Events), s.Events[0].Sequence, s.Missing(), layout.History)
	}
	for after, want := range map[int64]int{0: layout.History, 10: layout.History, 11: layout.History - 1, 59: 1, 60: 0, 99: 0} {
		if got := len(s.After(after)); got != want {
			t.Errorf("After(%d) = %d events, want %d", after, got, want)
		}
	}
}

func TestAGapIsCounted(t *testing.T) {
	s := State{}
	for _, sequence := range []int64{3, 4, 7, 8, 10} {
		if _, err := s.Accept(event(sequence), at(1)); err != nil {
			t.Fatal(err)
		}
	}
	if got := s.Missing(); got != 3 {
		t.Errorf("Missing = %d, want 3: 5, 6 and 9", got)
	}
	if got := (&State{}).Missing(); got != 0 {
		t.Errorf("Missing of nothing = %d, want 0", got)
	}
}

func TestThePhaseIsTheLastThatBegan(t *testing.T) {
	s := State{}
	for i, kind := range []string{"scheduled", "goal", "kickoff", "card", "halftime", "goal"} {
		e := event(int64(i + 1))
		e.Kind = kind
		if _, err := s.Accept(e, at(1)); err != nil {
			t.Fatal(err)
		}
	}
	if s.Phase != "halftime" {
		t.Errorf("phase = %q, want halftime", s.Phase)
	}
}

func TestAResetIsOnce(t *testing.T) {
	s := State{ID: "m", Shards: 4, Version: 9}
	if _, err := s.Accept(event(5), at(10)); err != nil {
		t.Fatal(err)
	}
	if ok, err := s.Reset(at(9)); ok || err == nil {
		t.Errorf("Reset = %v, %v for a record of before the newest event, want an error", ok, err)
	}
	if ok, err := s.Reset(at(20)); !ok || err != nil {
		t.Fatalf("Reset = %v, %v, want true", ok, err)
	}
	if s.ID != "m" || s.Epoch != 20 || s.Sequence != 0 || len(s.Events) != 0 || s.At != 0 || s.Shards != 4 || s.Version != 9 {
		t.Errorf("state = %+v, want nothing but where it is kept", s)
	}
	if v, _ := s.Accept(event(6), at(19)); v != Known {
		t.Errorf("Accept of what was written before the reset = %v, want known", v)
	}
	if v, err := s.Accept(event(1), at(21)); v != New || err != nil {
		t.Fatalf("Accept of what was written after it = %v, %v, want new", v, err)
	}
	for _, again := range []int64{20, 15} {
		if ok, err := s.Reset(at(again)); ok || err != nil || s.Sequence != 1 {
			t.Errorf("Reset(%d) = %v, %v, state = %+v, want that a reset of before is no news", again, ok, err, s)
		}
	}
}

// What comes first is said by the offset, within a partition, and by the time from one
// to another, which is not sure.
func TestWhatIsBeforeWhat(t *testing.T) {
	seen := Place{"t", 3, 100, 5000}
	for name, tt := range map[string]struct {
		place Place
		order int
		sure  bool
	}{
		"the next":                    {Place{"t", 3, 101, 5001}, 1, true},
		"the next, by a clock behind": {Place{"t", 3, 101, 1}, 1, true},
		"the same":                    {Place{"t", 3, 100, 5000}, 0, true},
		"the one before":              {Place{"t", 3, 99, 4999}, -1, true},
		"before and of the same time": {Place{"t", 3, 99, 5000}, -1, true},
		"before, and later than all":  {Place{"t", 3, 0, 5001}, 1, true},
		"elsewhere and later":         {Place{"t", 2, 7, 5001}, 1, false},
		"elsewhere and before":        {Place{"t", 2, 700, 4999}, -1, false},
		"elsewhere, of the same time": {Place{"t", 2, 700, 5000}, 0, false},
		"of another topic and before": {Place{"u", 3, 700, 4999}, -1, false},
		"where places were not kept":  {Place{"", 0, 0, 4999}, -1, false},
	} {
		if order, sure := tt.place.compare(seen); order != tt.order || sure != tt.sure {
			t.Errorf("%s: compare = %d, %v, want %d, %v", name, order, sure, tt.order, tt.sure)
		}
	}
}

// A producer whose clock is ahead does not make what it wrote before the reset come
// after it when that is delivered again.
func TestWhatWasSeenIsNeverLater(t *testing.T) {
	s := State{ID: "m"}
	all := []struct {
		place Place
		reset bool
	}{{Place{"t", 0, 1, 9_000_000}, false}, {Place{"t", 0, 2, 1000}, true}, {Place{"t", 0, 3, 8_000_000}, true}, {Place{"t", 0, 4, 1100}, false}}
	play := func(sequence int64) (resets, fresh int) {
		t.Helper()
		for _, r := range all {
			if r.reset {
				ok, err := s.Reset(r.place)
				if err != nil {
					t.Errorf("Reset(%v) = %v", r.place, err)
				}
				if ok {
					resets++
				}
				continue
			}
			v, err := s.Accept(event(sequence), r.place)
			if err != nil {
				t.Errorf("Accept(%v) = %v", r.place, err)
			}
			if v == New {
				fresh++
			}
		}
		return resets, fresh
	}
	if resets, fresh := play(5); resets != 2 || fresh != 2 {
		t.Errorf("resets = %d and new events = %d, want 2 and 2", resets, fresh)
	}
	if resets, fresh := play(5); resets != 0 || fresh != 0 {
		t.Errorf("delivered again: resets = %d and new events = %d, want none", resets, fresh)
	}
}
