package livescores

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"msklambda/constructs/livescores/page"
	"msklambda/constructs/msklambda"
)

func props(edit func(*Props)) *Props {
	p := &Props{Topic: "scores", GroupID: "live-fn", Entry: "../../lambda/livescores", ConnectionsEntry: "../../lambda/connections",
		PosterEntry: "../../lambda/livescores/poster"}
	if edit != nil {
		edit(p)
	}
	return p
}

func TestGoodPropsAreAccepted(t *testing.T) {
	for name, edit := range map[string]func(*Props){
		"the least":           nil,
		"no retries":          func(p *Props) { p.RetryAttempts = new(0) },
		"more pollers":        func(p *Props) { p.Pollers = &msklambda.Pollers{Minimum: 20} },
		"a shared group":      func(p *Props) { p.Pollers = &msklambda.Pollers{Group: "shared"} },
		"a high rate":         func(p *Props) { p.ThrottleRate = 5000 },
		"a rate and its half": func(p *Props) { p.ThrottleRate, p.ThrottleBurst = 10, 10 },
		"an outage's retries": func(p *Props) { p.RetryAttempts = new(10000) },
		"more matches":        func(p *Props) { p.MatchLimit = 250 },
		"posters as reserved": func(p *Props) { p.Posters, p.ReservedConcurrency.Poster = 80, new(80) },
		"no posts":            func(p *Props) { p.Posters, p.ReservedConcurrency.Poster = 80, new(0) },
		"more posts":          func(p *Props) { p.PostQuota, p.PostBurst, p.Posters = 100000, 50000, 1000 },
		"more writes":         func(p *Props) { p.FollowerWrites = 40000 },
		"no alarms":           func(p *Props) { p.Alarms.Off = true },
		"alarms for topics": func(p *Props) {
			p.Alarms = Alarms{Topics: []string{"arn:aws:sns:us-east-1:111122223333:ops"}, AgeAbove: time.Minute, Skip: []AlarmName{"Age"}, Consumer: msklambda.Alarms{LagAbove: 7}}
		},
		"matches": func(p *Props) { p.Matches = []string{"a", "2026-11-23_ajx.psv:1"} },
	} {
		if err := props(edit).Validate(); err != nil {
			t.Errorf("%s: Validate = %v, want nil", name, err)
		}
	}
}

func TestWrongPropsAreReported(t *testing.T) {
	for name, tt := range map[string]struct {
		edit func(*Props)
		want string
	}{
		"no topic":              {func(p *Props) { p.Topic = "" }, `Topic is required`},
		"no group":              {func(p *Props) { p.GroupID = "" }, `GroupID is required`},
		"wildcard group":        {func(p *Props) { p.GroupID = "live-*" }, `GroupID must not hold '*'`},
		"entry":                 {func(p *Props) { p.Entry = "nowhere" }, `Entry must be the directory of a Go main package, got "nowhere"`},
		"connections' entry":    {func(p *Props) { p.ConnectionsEntry = "../livescores" }, `ConnectionsEntry must be the directory of a Go main package, got "../livescores"`},
		"default entries":       {func(p *Props) { p.Entry, p.ConnectionsEntry = "", "" }, `got "lambda/livescores"`},
		"poster's entry":        {func(p *Props) { p.PosterEntry = "../livescores" }, `PosterEntry must be the directory of a Go main package, got "../livescores"`},
		"starting position":     {func(p *Props) { p.StartingPosition = "HERE" }, `StartingPosition must be`},
		"too many matches":      {func(p *Props) { p.MatchLimit = 251 }, `MatchLimit must be 1 to 250, got 251`},
		"poster's memory":       {func(p *Props) { p.PosterMemorySize = 64 }, `PosterMemorySize must be 128 to 10240, got 64`},
		"one poster":            {func(p *Props) { p.Posters = 1 }, `Posters must be 2 to 1000, got 1`},
		"posters and reserved":  {func(p *Props) { p.Posters, p.ReservedConcurrency.Poster = 81, new(80) }, `Posters must not be more than ReservedConcurrency.Poster 80, got 81`},
		"quota":                 {func(p *Props) { p.PostQuota = -1 }, `PostQuota must be 1 to 1000000, got -1`},
		"writes":                {func(p *Props) { p.FollowerWrites = -1 }, `FollowerWrites must be 1 to 1000000, got -1`},
		"burst":                 {func(p *Props) { p.PostBurst = -1 }, `PostBurst must be 1 to 1000000, got -1`},
		"reserved":              {func(p *Props) { p.ReservedConcurrency.Poster = new(-1) }, `ReservedConcurrency.Poster must not be negative, got -1`},
		"consumer's reserved":   {func(p *Props) { p.ReservedConcurrency.FanOut = new(-1) }, `ReservedConcurrency must`},
		"half a domain":         {func(p *Props) { p.APIDomain = &Domain{Name: "live.example.com"} }, `APIDomain must have a Name and a Certificate`},
		"topic of alarms":       {func(p *Props) { p.Alarms.Topics = []string{"ops"} }, `Alarms.Topics must be ARNs of SNS topics, which are not FIFO, got "ops"`},
		"age":                   {func(p *Props) { p.Alarms.AgeAbove = time.Millisecond }, `Alarms.AgeAbove must be 1s to 1h in whole seconds, got 1ms`},
		"no such alarm":         {func(p *Props) { p.Alarms.Skip = []AlarmName{"Lag"} }, `Alarms.Skip must name alarms of this stack, got "Lag"`},
		"pollers off":           {func(p *Props) { p.Pollers = &msklambda.Pollers{Off: true} }, `Pollers.Off must not be set`},
		"too many pollers":      {func(p *Props) { p.Pollers = &msklambda.Pollers{Maximum: 2001} }, `Pollers.Maximum must be 1 to 2000, got 2001`},
		"endless retries":       {func(p *Props) { p.RetryAttempts = new(-1) }, `RetryAttempts must be 0 to 10000`},
		"too many retries":      {func(p *Props) { p.RetryAttempts = new(10001) }, `RetryAttempts must be -1 (infinite) to 10000, got 10001`},
		"match with a space":    {func(p *Props) { p.Matches = []string{"a b"} }, `Matches must be ids of matches`},
		"match twice":           {func(p *Props) { p.Matches = []string{"a", "b", "a"} }, `Matches must not repeat a match, got "a" twice`},
		"memory":                {func(p *Props) { p.MemorySize = 64 }, `MemorySize must be 128 to 10240 MB, got 64`},
		"timeout":               {func(p *Props) { p.Timeout = 15 * time.Minute }, `Timeout must be at most 14m`},
		"rate below zero":       {func(p *Props) { p.ThrottleRate = -1 }, `ThrottleRate must be 1 to 10000, got -1`},
		"rate above account's":  {func(p *Props) { p.ThrottleRate = 10001 }, `ThrottleRate must be 1 to 10000, got 10001`},
		"burst below the rate":  {func(p *Props) { p.ThrottleBurst = 499 }, `ThrottleBurst must not be less than ThrottleRate 500, got 499`},
		"secret without method": {func(p *Props) { p.Authentication.Method = "kerberos" }, `Authentication.Method must be`},
	} {
		err := props(tt.edit).Validate()
		if err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: Validate = %v, want %s", name, err, tt.want)
		}
	}
}

// A page that gave an answer up asks again, and what it asked for before must not be
// done after that.
func TestNothingIsDoneForAPageThatHasGivenUp(t *testing.T) {
	for name, text := range page.Files() {
		if name != "feed.js" {
			continue
		}
		var ms int
		_, rest, _ := strings.Cut(text, "answer: ")
		if _, err := fmt.Sscanf(strings.ReplaceAll(rest, "_", ""), "%d", &ms); err != nil {
			t.Fatal(err)
		}
		if waits := time.Duration(ms) * time.Millisecond; connectionsTimeout >= waits {
			t.Errorf("the function has %v, the page waits %v, want that it waits longer", connectionsTimeout, waits)
		}
	}
}

func TestAllProblemsAreReportedAtOnceAndOnce(t *testing.T) {
	err := props(func(p *Props) { p.Topic, p.MemorySize, p.ThrottleRate = "my scores", 1, -1 }).Validate()
	if err == nil {
		t.Fatal("Validate = nil, want three problems")
	}
	if lines := strings.Count(err.Error(), "\n") + 1; lines != 3 {
		t.Errorf("problems = %d, want 3:\n%v", lines, err)
	}
	var p *Props
	if err := p.Validate(); err == nil || !strings.Contains(err.Error(), "Topic is required") {
		t.Errorf("Validate of nil = %v, want what is required", err)
	}
}
