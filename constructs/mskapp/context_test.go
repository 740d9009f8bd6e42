package mskapp

import (
	"flag"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"msklambda/constructs/msklambda"
	"msklambda/constructs/near"
	"msklambda/constructs/problem"
)

func TestAKeyCloseToAKnownOneIsSuggested(t *testing.T) {
	for key, want := range map[string]string{
		"clusterARN": "clusterArn", "cluster-arn": "clusterArn", "clusterArm": "clusterArn", "topics": "topic", "tpoic": "topic",
		"groupId": "consumerGroupId", "consumerGroup": "consumerGroupId", "consumer_group_id": "consumerGroupId", "subnetids": "subnetIds",
		"securityGroups": "securityGroupIds", "batchsize": "batchSize", "STSEndpoint": "stsEndpoint", "memorysize": "memorySize", "tag": "tags",
		// Other words for the same.
		"memory": "memorySize", "dlq": "onFailure", "onFailureArn": "onFailure", "dead-letter-queue": "onFailure", "auth": "authentication",
		"group": "consumerGroupId", "env": "environment", "MaximumRetryAttempts": "retryAttempts", "function": "functionArn",
		// Words of others.
		"stage": "", "owner": "", "region": "",
	} {
		got, ok := suggest(settings(), key)
		if ok != (want != "") || got != want {
			t.Errorf("suggest(%q) = %q, %v, want %q", key, got, ok, want)
		}
	}
}

// A word that is meant for two keys would be sent to the first of them.
func TestAnotherWordIsForOneKeyThatThereIs(t *testing.T) {
	of := map[string]string{}
	known := append(settings(), append(slices.Clone(listKeys), setting{key: "name"})...)
	for key, words := range otherWords {
		if _, ok := find(known, key); !ok {
			t.Errorf("other words are for %q, which is no key", key)
		}
		for _, word := range strings.Fields(words) {
			if word != near.Plain(word) {
				t.Errorf("word %q is never compared, want %q", word, near.Plain(word))
			}
			if other := of[word]; other != "" {
				t.Errorf("word %q is for %s and for %s", word, other, key)
			}
			of[word] = key
			for _, s := range settings() {
				if word == near.Plain(s.key) || word == near.Plain(s.field) {
					t.Errorf("word %q for %s is the name of %s", word, key, s.key)
				}
			}
		}
	}
}

func TestAKeyOfNobodyIsRefused(t *testing.T) {
	for name, tt := range map[string]struct {
		context map[string]any
		want    []string
	}{
		"keys of CDK, of look-ups and of its CLI": {map[string]any{
			"@aws-cdk/core:topic": true, "aws:cdk:topic": "x", "vpc-provider:account=1": map[string]any{}, "team/topic": 1.0,
			"acknowledged-issue-numbers": []any{1.0}, "cli-telemetry": false, "example": map[string]any{}}, nil},
		"another word": {map[string]any{"dlq": "arn:x"}, []string{`dlq is not a context key of this app, did you mean "onFailure"?`}},
		"no word near": {map[string]any{"owner": "me"}, []string{`owner is not a context key of this app; if it is of something else, name it in "ignore"`}},
		"several": {map[string]any{"memory": "512", "auth": "scram"}, []string{
			`auth is not a context key of this app, did you mean "authentication"?`, `memory is not a context key of this app, did you mean "memorySize"?`}},
		"the list":            {map[string]any{"consumer": []any{}}, []string{`consumer is not a context key of this app, did you mean "consumers"?`}},
		"ignored":             {map[string]any{"owner": "me", "env": "prod", "ignore": []any{"owner", "env"}}, nil},
		"ignored, as text":    {map[string]any{"owner": "me", "env": "prod", "ignore": "owner, env"}, nil},
		"one of ours ignored": {map[string]any{"ignore": "topic,example"}, []string{`ignore must not have keys of this app, got "topic"`, `ignore must not have keys of this app, got "example"`}},
		"ignored by number":   {map[string]any{"ignore": 1.0}, []string{"ignore must be a list, or text with commas between its elements, got 1"}},
		"live scores": {map[string]any{"liveScores": true, "liveScoresTable": "x"},
			[]string{"liveScores, liveScoresTable must go to the app of live scores, with the other options: " + liveScoresApp}},
	} {
		t.Run(name, func(t *testing.T) {
			var ps problem.List
			readSource(tt.context, settings(), &ps)
			var got []string
			for _, p := range ps {
				got = append(got, p.Error())
			}
			if !slices.Equal(got, tt.want) {
				t.Errorf("problems = %q, want %q", got, tt.want)
			}
		})
	}
}

func TestAKeyOfNoConsumerIsRefused(t *testing.T) {
	for key, want := range map[string]string{
		"topics":    `consumers[0].topics is not a key of a consumer, did you mean "topic"?`,
		"nam":       `consumers[0].nam is not a key of a consumer, did you mean "name"?`,
		"dlq":       `consumers[0].dlq is not a key of a consumer, did you mean "onFailure"?`,
		"vpcId":     `consumers[0].vpcId is of the whole app: give it outside of consumers`,
		"something": `consumers[0].something is not a key of a consumer`,
	} {
		var ps problem.List
		consumerSources(source{consumersKey: []any{map[string]any{"name": "Orders", key: "x"}}}, &ps)
		if got := ps.Err(); got == nil || got.Error() != want {
			t.Errorf("%s: problems = %v, want %s", key, got, want)
		}
	}
}

func TestAFieldHasTheNameOfItsKey(t *testing.T) {
	for field, want := range map[string]string{
		"StartingPosition": "startingPosition", "StartingPositionTimestamp": "startingPositionTimestamp", "Filters[2]": "filters[2]",
		"OnFailure.KafkaTopic": "onFailure", "SchemaRegistry.Access[0].Type": "schemaAccess[0].Type", "LambdaEndpoint.Statements[1]": "lambdaEndpointStatements[1]",
		"LambdaEndpoint.Source": "lambdaEndpoint", "Alarms.LagAbove": "alarms.lagAbove", "Alarms.Skip[0]": "alarms.skip[0]", "id": "id", "scope": "scope",
	} {
		if got := keyOf(field); got != want {
			t.Errorf("keyOf(%q) = %q, want %q", field, got, want)
		}
	}
}

// A word that is also the name of a field stays the word that it is.
func TestProseIsNotRenamed(t *testing.T) {
	p := &msklambda.ConsumerProps{Topic: "orders", GroupID: "orders-fn", Entry: "../../lambda", Filters: []string{"{}"}, FilterKey: nil,
		OnFailure: msklambda.Destination{KafkaTopic: "orders"}, Tags: map[string]string{"Topic": "*"}}
	want := []string{
		"filters[0] must be a filter pattern such as {\"value\":{\"state\":[\"paid\"]}}: it must be an object that is not empty, got {}",
		"onFailure must not be topic: what fails would be read again for ever, got \"orders\"",
		"onFailure needs pollers: Lambda has it in provisioned mode only",
		"tags must be of letters, digits, spaces and _ . : / = + - @, got \"Topic\" = \"*\"",
	}
	var got []string
	for _, p := range problem.Of(p.Validate()) {
		got = append(got, p.Rename(keyOf).Error())
	}
	slices.Sort(got)
	if !slices.Equal(got, want) {
		t.Errorf("problems = %q, want %q", got, want)
	}
}

func TestValuesReadAsTextOrAsJSON(t *testing.T) {
	read := func(raw any, f func(value) any) (any, int) {
		var ps problem.List
		got := f(value{"k", raw, &ps})
		return got, len(ps)
	}
	list := func(v value) any { return strings.Join(v.list(), "|") }
	boolean := func(v value) any { return v.boolean() }
	whole := func(v value) any { n, _ := v.whole(); return n }
	positive := func(v value) any { return v.positive() }
	duration := func(v value) any { d, _ := v.duration(); return d }
	pairs := func(v value) any { p := v.pairs(); return p["A"] + "|" + p["B"] }
	at := func(v value) any { return v.time().Unix() }
	for _, tt := range []struct {
		name string
		raw  any
		read func(value) any
		want any
		bad  bool
	}{
		{"text list", " a, b ,,c", list, "a|b|c", false},
		{"JSON list", []any{"a", " b"}, list, "a|b", false},
		{"JSON list of numbers", []any{1.0}, list, "", true},
		{"list from a number", 1.0, list, "", true},
		{"true", "true", boolean, true, false},
		{"JSON false", false, boolean, false, false},
		{"yes", "yes", boolean, false, true},
		{"number", " 12", whole, 12, false},
		{"JSON number", 12.0, whole, 12, false},
		{"JSON fraction", 1.5, whole, 0, true},
		{"text fraction", "1.5", whole, 0, true},
		{"large number", "99999999999", whole, 0, true},
		{"zero", "0", positive, 0, true},
		{"below zero", -3.0, positive, 0, true},
		{"Go duration", "1m30s", duration, 90 * time.Second, false},
		{"text without a unit", "30", duration, time.Duration(0), true},
		{"JSON number without a unit", 30.0, duration, time.Duration(0), true},
		{"none of any unit", "0", duration, time.Duration(0), false},
		{"JSON number, none of any unit", 0.0, duration, time.Duration(0), false},
		{"half a minute", "half", duration, time.Duration(0), true},
		{"text pairs", "A=1, B=2=3", pairs, "1|2=3", false},
		{"JSON pairs", map[string]any{"A": "1", "B": "2,3"}, pairs, "1|2,3", false},
		{"JSON pairs in a text", `{"A": "1,2", "B": "3"}`, pairs, "1,2|3", false},
		{"half a JSON text", `{"A": "1"`, pairs, "|", true},
		{"no pair", "A", pairs, "|", true},
		{"JSON pair of a number", map[string]any{"A": 1.0}, pairs, "|", true},
		{"time", "2026-11-01T00:00:00Z", at, int64(1793491200), false},
		{"date", "2026-11-01", at, time.Time{}.Unix(), true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got, problems := read(tt.raw, tt.read)
			if got != tt.want || (problems > 0) != tt.bad {
				t.Errorf("got %v with %d problems, want %v, bad %v", got, problems, tt.want, tt.bad)
			}
		})
	}
}

var update = flag.Bool("update", false, "write the table of settings anew")

// The table of the page is the list of the settings, word for word.
func TestThePagesTableIsTheSettings(t *testing.T) {
	const path, head = "../../docs/settings.md", "| key | what it is | default |\n|---|---|---|\n"
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	before, rest, ok := strings.Cut(string(text), head)
	if !ok {
		t.Fatal("docs/settings.md has no table of settings")
	}
	got, after, _ := strings.Cut(rest, "\n\n")
	var want []string
	for _, s := range settings() {
		want = append(want, "| `"+s.key+"` | "+s.usage+" | "+s.standard+" |")
	}
	table := strings.Join(want, "\n")
	if *update {
		if err := os.WriteFile(path, []byte(before+head+table+"\n\n"+after), 0o644); err != nil {
			t.Fatal(err)
		}
	} else if got != table {
		t.Errorf("docs/settings.md has another table than the settings make; go test ./constructs/mskapp -update writes it:\n%s", table)
	}
}
