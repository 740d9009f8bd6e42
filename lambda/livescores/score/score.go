// Package score is what is said of a match: the event that is read from the
// topic, and the messages that a browser gets.
//
// An event is a JSON object, in a record whose key should be the match, so that
// the events of a match stay in order:
//
//	{
//	  "match": "2026-11-23-ajx-psv",
//	  "sequence": 12,
//	  "home": "Ajax",
//	  "away": "PSV",
//	  "score": {"home": 2, "away": 1},
//	  "clock": "67:03",
//	  "event": "goal",
//	  "text": "header after a corner"
//	}
//
// All but text is required. match is the match's id, 1 to 64 letters, digits or
// any of . _ : -; sequence a whole number from 1 to 9007199254740991, one more with
// every event of the match; home and away the names, up to 80 characters; clock as
// it is to be shown, up to 16 characters; event the kind of event, a lower case
// word such as "goal" or "card", of which those in Phases say where the match is;
// text up to 280 characters. Fields that are not known are ignored.
package score

import (
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"unicode/utf8"
)

// Event is one event of a match, with the score after it.
type Event struct {
	Match    string `json:"match"`
	Sequence int64  `json:"sequence"`
	Home     string `json:"home"`
	Away     string `json:"away"`
	Score    Score  `json:"score"`
	Clock    string `json:"clock"`
	Kind     string `json:"event"`
	Text     string `json:"text,omitempty"`
}

// Score is what either side has.
type Score struct {
	Home int `json:"home"`
	Away int `json:"away"`
}

// maxSequence is the largest whole number that JavaScript tells from its
// neighbours.
const maxSequence = 1<<53 - 1

var (
	matchID = regexp.MustCompile(`^[A-Za-z0-9._:-]{1,64}$`)
	kind    = regexp.MustCompile(`^[a-z][a-z0-9-]{0,31}$`)
)

// ValidMatch reports whether a text can be the id of a match.
func ValidMatch(id string) bool { return matchID.MatchString(id) }

// Phases are the kinds of events after which a match is not what it was before.
var Phases = []string{"scheduled", "postponed", "kickoff", "halftime", "secondhalf", "fulltime", "abandoned"}

// JSON returns the event as it is kept and sent on: what was read and checked, and
// not what was in the record beside it.
func (e Event) JSON() []byte {
	text, err := json.Marshal(e)
	if err != nil {
		panic(err) // texts and numbers
	}
	return text
}

// Parse reads an event and reports everything that is wrong with it at once.
func Parse(value []byte) (Event, error) {
	var e Event
	// What is missing must not pass for 0.
	wire := struct {
		*Event
		Sequence *int64                     `json:"sequence"`
		Score    *struct{ Home, Away *int } `json:"score"`
	}{Event: &e}
	if err := json.Unmarshal(value, &wire); err != nil {
		return Event{}, fmt.Errorf("not a score event: %w", err)
	}
	var errs []error
	bad := func(format string, args ...any) { errs = append(errs, fmt.Errorf(format, args...)) }
	if !ValidMatch(e.Match) {
		bad("match must be 1 to 64 letters, digits or any of . _ : -, got %q", e.Match)
	}
	switch {
	case wire.Sequence == nil:
		bad("sequence is required")
	case *wire.Sequence < 1 || *wire.Sequence > maxSequence:
		bad("sequence must be 1 to %d, got %d", maxSequence, *wire.Sequence)
	default:
		e.Sequence = *wire.Sequence
	}
	switch s := wire.Score; {
	case s == nil || s.Home == nil || s.Away == nil:
		bad("score must have home and away")
	case *s.Home < 0 || *s.Away < 0:
		bad("score must not be negative, got %d and %d", *s.Home, *s.Away)
	default:
		e.Score = Score{*s.Home, *s.Away}
	}
	for _, f := range []struct {
		name, text string
		low, high  int
	}{{"home", e.Home, 1, 80}, {"away", e.Away, 1, 80}, {"clock", e.Clock, 1, 16}, {"text", e.Text, 0, 280}} {
		if n := utf8.RuneCountInString(f.text); n < f.low || n > f.high {
			bad("%s must be %d to %d characters, got %d", f.name, f.low, f.high, n)
		}
	}
	if !kind.MatchString(e.Kind) {
		bad("event must be a lower case word of at most 32 letters, digits or '-', got %q", e.Kind)
	}
	if err := errors.Join(errs...); err != nil {
		return Event{}, err
	}
	return e, nil
}
