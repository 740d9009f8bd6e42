package score

import (
	"encoding/json"
	"strings"
	"testing"
)

const good = `{"match":"2026-11-23-ajx-psv","sequence":12,"home":"Ajax","away":"PSV","score":{"home":2,"away":1},"clock":"67:03","event":"goal","text":"header after a corner"}`

func TestAnEventIsReadAndWrittenAlike(t *testing.T) {
	e, err := Parse([]byte(good))
	if err != nil {
		t.Fatal(err)
	}
	got, err := json.Marshal(e)
	if err != nil {
		t.Fatal(err)
	}
	if string(got) != good {
		t.Errorf("event = %s, want %s", got, good)
	}
}

func TestZeroToZeroAndUnknownFieldsAreFine(t *testing.T) {
	e, err := Parse([]byte(`{"match":"m","sequence":1,"home":"A","away":"B","score":{"home":0,"away":0},"clock":"0:00","event":"kickoff","weather":"rain"}`))
	if err != nil {
		t.Fatal(err)
	}
	if e.Score != (Score{}) || e.Text != "" {
		t.Errorf("event = %+v, want 0:0 and no text", e)
	}
}

func TestWhatIsWrongWithAnEvent(t *testing.T) {
	tests := map[string]struct{ old, new, want string }{
		"match missing":       {`"match":"2026-11-23-ajx-psv",`, ``, `match must be 1 to 64`},
		"match with a space":  {`2026-11-23-ajx-psv`, `a b`, `match must be 1 to 64 letters, digits or any of . _ : -, got "a b"`},
		"match too long":      {`2026-11-23-ajx-psv`, strings.Repeat("m", 65), `match must be`},
		"sequence missing":    {`"sequence":12,`, ``, `sequence is required`},
		"sequence zero":       {`12`, `0`, `sequence must be 1 to 9007199254740991, got 0`},
		"sequence too large":  {`"sequence":12`, `"sequence":9007199254740992`, `sequence must be 1 to`},
		"sequence as text":    {`"sequence":12`, `"sequence":"12"`, `not a score event`},
		"score missing":       {`"score":{"home":2,"away":1},`, ``, `score must have home and away`},
		"half a score":        {`"home":2,`, ``, `score must have home and away`},
		"negative score":      {`"away":1}`, `"away":-1}`, `score must not be negative, got 2 and -1`},
		"name missing":        {`"home":"Ajax",`, ``, `home must be 1 to 80 characters, got 0`},
		"clock too long":      {`67:03`, strings.Repeat("6", 17), `clock must be 1 to 16 characters, got 17`},
		"text too long":       {`header`, strings.Repeat("h", 280), `text must be 0 to 280`},
		"event with a space":  {`"goal"`, `"own goal"`, `event must be a lower case word`},
		"event missing":       {`"event":"goal",`, ``, `event must be a lower case word`},
		"no JSON":             {`{`, ``, `not a score event`},
		"a list":              {good, `[]`, `not a score event`},
		"null":                {good, `null`, `match must be`},
		"all that is missing": {good, `{}`, "score must have home and away\nhome must be"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			text := strings.Replace(good, test.old, test.new, 1)
			if text == good {
				t.Fatalf("%q is not in the event", test.old)
			}
			e, err := Parse([]byte(text))
			if err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("Parse = %v, want %q", err, test.want)
			}
			if e != (Event{}) {
				t.Errorf("event = %+v, want none", e)
			}
		})
	}
}

func FuzzParse(f *testing.F) {
	f.Add([]byte(good))
	f.Fuzz(func(t *testing.T, text []byte) {
		e, err := Parse(text)
		if err != nil {
			return
		}
		again, err := json.Marshal(e)
		if err != nil {
			t.Fatal(err)
		}
		if got, err := Parse(again); err != nil || got != e {
			t.Errorf("Parse(%s) = %+v, %v, want %+v", again, got, err, e)
		}
	})
}

func TestMessages(t *testing.T) {
	for want, m := range map[string]Message{
		`{"type":"score","match":"m","events":[{"sequence":1}]}`: {Type: TypeScore, Match: "m", Events: []json.RawMessage{[]byte(`{"sequence":1}`)}},
		`{"type":"score","match":"m","epoch":7}`:                 {Type: TypeScore, Match: "m", Epoch: 7},
		`{"type":"subscribed","matches":["m","n"]}`:              {Type: TypeSubscribed, Matches: []string{"m", "n"}},
		`{"type":"error","error":"no"}`:                          {Type: TypeError, Error: "no"},
	} {
		if got := string(m.JSON()); got != want {
			t.Errorf("message = %s, want %s", got, want)
		}
	}
}

// A message is one frame: of a long backlog it has the newest events, in order.
func TestAMessageFitsAFrame(t *testing.T) {
	var events []Event
	for i := range 1000 {
		events = append(events, Event{Match: "m", Sequence: int64(i + 1), Home: "A", Away: "B", Clock: "1", Kind: "goal"})
	}
	text := Events("m", 0, events)
	if len(text) > 32<<10 || len(text) < 28<<10 {
		t.Errorf("message = %d bytes, want just below 32 KB", len(text))
	}
	var m struct{ Events []Event }
	if err := json.Unmarshal(text, &m); err != nil {
		t.Fatal(err)
	}
	for i, e := range m.Events {
		if want := int64(1000 - len(m.Events) + 1 + i); e.Sequence != want {
			t.Fatalf("event %d = %d, want %d", i, e.Sequence, want)
		}
	}
}
