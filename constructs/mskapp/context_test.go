package mskapp

import (
	"flag"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"msklambda/constructs/msklambda"
	"msklambda/constructs/problem"
)

func TestAKeyCloseToAKnownOneIsSuggested(t *testing.T) {
	for key, want := range map[string]string{
		"clusterARN": "clusterArn", "cluster-arn": "clusterArn", "clusterArm": "clusterArn", "topics": "topic", "tpoic": "topic",
		"groupId": "consumerGroupId", "consumerGroup": "consumerGroupId", "consumer_group_id": "consumerGroupId", "subnetids": "subnetIds",
		"securityGroups": "securityGroupIds", "batchsize": "batchSize", "STSEndpoint": "stsEndpoint", "memorysize": "memorySize",
		// Words of others.
		"stage": "", "@aws-cdk/core:topic": "", "aws:cdk:topic": "", "example": "", "tag": "tags", "env": "", "memory": "",
	} {
		got, ok := suggest(settings(), key)
		if ok != (want != "") || got != want {
			t.Errorf("suggest(%q) = %q, %v, want %q", key, got, ok, want)
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
		{"seconds", "30", duration, 30 * time.Second, false},
		{"JSON seconds", 30.0, duration, 30 * time.Second, false},
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

var update = flag.Bool("update", false, "write the README's table of settings anew")

// The table of the README is the list of the settings, word for word.
func TestTheREADMEsTableIsTheSettings(t *testing.T) {
	const path, head = "../../README.md", "| key | what it is | default |\n|---|---|---|\n"
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	before, rest, ok := strings.Cut(string(text), head)
	if !ok {
		t.Fatal("README.md has no table of settings")
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
		t.Errorf("README.md has another table than the settings make; go test ./constructs/mskapp -update writes it:\n%s", table)
	}
}
