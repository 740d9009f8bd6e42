// Package match decides what an event is to a match: the next one, one that is
// known, or one that cannot be right. It keeps the last events, so that whoever
// comes late can be told of them.
package match

import (
	"fmt"
	"slices"

	"msklambda/lambda/livescores/layout"
	"msklambda/lambda/livescores/score"
)

// State is what is known of a match.
type State struct {
	ID       string
	Epoch    int64         // greater with each time that it was reset; 0 for never
	Sequence int64         // of the newest event, 0 for none
	At       int64         // when that was written to the topic, in milliseconds since 1970
	Last     Place         // the last that was seen of its events
	Began    Place         // of the reset
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

// Accept judges an event that was written to a place, and takes it in if it is new.
// The error says what is wrong, if that is the verdict.
//
// An older sequence is nothing to worry about in a record that is delivered again,
// which is where it was. In one that was written after the newest, its producer has
// begun anew or counts wrong: nothing of it would ever be seen, so it is said. It is
// also said where the topic does not tell which of the two it is.
func (s *State) Accept(e score.Event, place Place) (Verdict, error) {
	if s.Epoch > 0 {
		switch order, sure := place.compare(s.Began); {
		case order < 0 && sure:
			return Known, nil // of before the reset, delivered again
		case order < 0:
			return Wrong, fmt.Errorf("the match was reset by %v, before which this was written by its time, in another partition: events of a match must have it as their key", s.Began)
		}
	}
	if s.Sequence == 0 {
		if e.Sequence > maxFirst {
			return Wrong, fmt.Errorf("sequence of the first event must be at most %d, got %d", maxFirst, e.Sequence)
		}
		s.take(e, place)
		return New, nil
	}
	if e.Sequence > s.Sequence+maxJump {
		return Wrong, fmt.Errorf("sequence must be at most %d after the newest %d, got %d", maxJump, s.Sequence, e.Sequence)
	}
	if e.Sequence > s.Sequence {
		s.take(e, place)
		return New, nil
	}
	if order, sure := place.compare(s.Last); order <= 0 && sure || slices.Contains(s.Events, e) {
		return Known, nil
	}
	return Wrong, fmt.Errorf("sequence must be greater than the newest %d, got %d, in a record that was written after it: reset the match to begin anew", s.Sequence, e.Sequence)
}

func (s *State) take(e score.Event, place Place) {
	s.Sequence, s.At, s.Last = e.Sequence, place.At, s.Last.and(place)
	if slices.Contains(score.Phases, e.Kind) {
		s.Phase = e.Kind
	}
	s.Events = append(slices.Clone(s.Events), e)
	s.Events = s.Events[max(0, len(s.Events)-layout.History):]
}

// Reset makes the match one of which nothing is known, and tells whether it was
// not one already: a record that is where the last reset was is the same, delivered
// again. The error is why it is not done.
func (s *State) Reset(place Place) (bool, error) {
	if s.Epoch > 0 {
		if order, sure := place.compare(s.Began); order < 0 && sure || order == 0 {
			return false, nil
		} else if order < 0 {
			return false, s.ignored(place, s.Began)
		}
	}
	if order, _ := place.compare(s.Last); order < 0 {
		return false, s.ignored(place, s.Last)
	}
	began := place
	began.At = max(place.At, s.Began.At, s.Last.At)
	// The time says nothing of the order, but a match whose state has expired is to
	// have a greater epoch than it had.
	*s = State{ID: s.ID, Epoch: max(s.Epoch+1, place.At), Handed: -1, Shards: s.Shards, Version: s.Version, Began: began}
	return true, nil
}

func (s *State) ignored(place, seen Place) error {
	return fmt.Errorf("the match is not reset by %v, which was written before %v by its time, in another partition: write it to the partition of the match's events", place, seen)
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
