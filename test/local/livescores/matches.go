package main

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"

	"msklambda/lambda/livescores/score"
)

// match is a match that is being played.
type match struct {
	event score.Event
	clock int // seconds
}

// fixtures are the matches of today, and of every day.
func fixtures() []*match {
	var all []*match
	for _, f := range []struct{ id, home, away string }{
		{"har-nor", "Harbour", "Northside"}, {"riv-old", "Riverside", "Old Town"}, {"uni-cas", "United", "Castle"},
	} {
		all = append(all, &match{event: score.Event{Match: f.id, Home: f.home, Away: f.away}})
	}
	return all
}

func ids(all []*match) (out []string) {
	for _, m := range all {
		out = append(out, m.event.Match)
	}
	return out
}

// kinds are what happens in the course of a match, the more likely the more
// often it stands here.
var kinds = []string{"goal", "goal", "chance", "chance", "corner", "corner", "corner", "card", "substitution"}

var texts = map[string][]string{
	"goal":         {"header after a corner", "low into the corner", "from twenty meters", "penalty"},
	"chance":       {"over the bar", "against the post", "saved"},
	"card":         {"yellow", "yellow, for a foul", "yellow, for dissent"},
	"substitution": {"number 9 for number 11", "number 4 for number 15"},
}

// next is the next event of the match. After the final whistle it begins anew.
func (m *match) next(r *rand.Rand) score.Event {
	e := &m.event
	e.Sequence++
	e.Text = ""
	switch {
	case e.Kind == "" || e.Kind == "fulltime":
		e.Kind, e.Score, m.clock = "kickoff", score.Score{}, 0
	case m.clock > 88*60:
		e.Kind, m.clock = "fulltime", 90*60
	default:
		m.clock += 60 + r.IntN(300)
		e.Kind = kinds[r.IntN(len(kinds))]
		if t := texts[e.Kind]; t != nil {
			e.Text = t[r.IntN(len(t))]
		}
		if e.Kind == "goal" && r.IntN(2) == 0 {
			e.Score.Home++
		} else if e.Kind == "goal" {
			e.Score.Away++
		}
	}
	e.Clock = fmt.Sprintf("%d:%02d", m.clock/60, m.clock%60)
	return *e
}

// records are what is written for an event: the event, and with faults now and
// then the same once more, an older one, or none at all.
func records(e score.Event, faults bool) [][]byte {
	marshal := func(e score.Event) []byte {
		text, err := json.Marshal(e)
		if err != nil {
			panic(err) // texts and numbers
		}
		return text
	}
	all := [][]byte{marshal(e)}
	if !faults {
		return all
	}
	if e.Sequence%3 == 0 {
		all = append(all, marshal(e))
	}
	if e.Sequence%5 == 0 {
		old := e
		old.Sequence, old.Clock = e.Sequence-2, "late"
		all = append(all, marshal(old))
	}
	if e.Sequence%7 == 0 {
		all = append(all, fmt.Appendf(nil, `{"match":%q,"sequence":"not a number"}`, e.Match))
	}
	return all
}
