// Package match decides what an event is to a match: the next one, one that is
// known, or one that cannot be right. It keeps the last events, so that whoever
// comes late can be told of them.
package match

import (
	"fmt"
	"slices"
	"time"

	"msklambda/lambda/livescores/layout"
	"msklambda/lambda/livescores/score"
)

// State is what is known of a match.
type State struct {
	ID       string
	Epoch    int64         // when it was reset, in milliseconds since 1970; 0 for never
	Sequence int64         // of the newest event, 0 for none
	At       int64         // when that was written to the topic, in milliseconds since 1970
	Phase    string        // the last of the phases that began, "" for none
	Events   []score.Event // the last ones, in order

	// Handed is the sequence up to which events were handed on to be posted, and -1
	// if the reset was not yet.
	Handed int64

	// Shards is how many functions share the posts.
	Shards int

	// Version changes with every write, but for those of Handed and Shards.
	Version int64
}

// Verdict is what an event is to a match.
type Verdict int

const (
	New   Verdict = iota // the newest of the match
	Known                // delivered again, or overtaken
	Wrong                // its sequence cannot be right
)

const (
	// maxJump is how far a sequence may be ahead of the one before it. A match has
	// no thousand events that nobody has seen; a sequence that is further ahead is
	// a slip, and would silence the match.
	maxJump = 1000

	// maxFirst bounds the first event of a match, which may be in the middle of it.
	maxFirst = 1_000_000
)

// Accept judges an event that was written to the topic at a time, and takes it in
// if it is new. The error says what is wrong, if that is the verdict.
//
// An older sequence is nothing to worry about in a record that is delivered again,
// which was written before the newest was. In one that was written after it, its
// producer has begun anew or counts wrong: nothing of it would ever be seen, so it
// is said.
func (s *State) Accept(e score.Event, at time.Time) (Verdict, error) {
	written := at.UnixMilli()
	if written < s.Epoch {
		return Known, nil // of before the reset, delivered again
	}
	if s.Sequence == 0 {
		if e.Sequence > maxFirst {
			return Wrong, fmt.Errorf("sequence of the first event must be at most %d, got %d", maxFirst, e.Sequence)
		}
		s.take(e, written)
		return New, nil
	}
	if e.Sequence > s.Sequence+maxJump {
		return Wrong, fmt.Errorf("sequence must be at most %d after the newest %d, got %d", maxJump, s.Sequence, e.Sequence)
	}
	if e.Sequence > s.Sequence {
		s.take(e, written)
		return New, nil
	}
	if slices.Contains(s.Events, e) || written <= s.At {
		return Known, nil
	}
	return Wrong, fmt.Errorf("sequence must be greater than the newest %d, got %d, in a record that was written after it: reset the match to begin anew", s.Sequence, e.Sequence)
}

func (s *State) take(e score.Event, written int64) {
	s.Sequence, s.At = e.Sequence, max(s.At, written)
	if slices.Contains(score.Phases, e.Kind) {
		s.Phase = e.Kind
	}
	s.Events = append(slices.Clone(s.Events), e)
	s.Events = s.Events[max(0, len(s.Events)-layout.History):]
}

// Reset makes the match one of which nothing is known, and tells whether it was
// not one already: a record that was written at the time of the last reset is the
// same, delivered again.
func (s *State) Reset(at time.Time) bool {
	epoch := at.UnixMilli()
	if epoch <= s.Epoch || epoch < s.At {
		return false
	}
	*s = State{ID: s.ID, Epoch: epoch, Handed: -1, Shards: s.Shards, Version: s.Version}
	return true
}

// After returns the events that are kept after a sequence.
func (s *State) After(sequence int64) []score.Event {
	i, _ := slices.BinarySearchFunc(s.Events, sequence+1, func(e score.Event, want int64) int {
		return int(min(1, max(-1, e.Sequence-want)))
	})
	return s.Events[i:]
}

// Missing counts the events that are not there between the first that is kept and
// the last.
func (s *State) Missing() int {
	if len(s.Events) == 0 {
		return 0
	}
	return int(s.Sequence-s.Events[0].Sequence) + 1 - len(s.Events)
}
