package main

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"regexp"
	"strings"
	"testing"

	"msklambda/constructs/plan"
	"msklambda/constructs/plan/capacity"
)

var update = flag.Bool("update", false, "write the blocks of docs/capacity.md anew")

var block = regexp.MustCompile("(?s)```\n\\$ mskcapacity ([^\n]*)\n.*?```")

func TestThePageIsWhatTheCommandSays(t *testing.T) {
	const path = "../../../docs/capacity.md"
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	blocks := 0
	got := block.ReplaceAllStringFunc(string(text), func(old string) string {
		blocks++
		args := block.FindStringSubmatch(old)[1]
		var out, errs bytes.Buffer
		if status := run(strings.Fields(args), &out, &errs); status == 2 {
			t.Errorf("%s: %s", args, errs.String())
		}
		return "```\n$ mskcapacity " + args + "\n" + out.String() + "```"
	})
	if blocks < 6 {
		t.Errorf("%d blocks, want those of the page", blocks)
	}
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	} else if got != string(text) {
		t.Errorf("%s is not what the command says: go test ./constructs/plan/mskcapacity -update, and read the diff", path)
	}
	// What it says of prices beside the blocks.
	p := plan.Prices
	endpoints, nat := 6*p.EndpointMonth(), 3*p.NAT*p.Hours
	turns := (p.PollerUnitMonth() - endpoints) / p.EndpointGB // GB a month
	for _, want := range []string{
		fmt.Sprintf("| $%.2f | $%.2f |", endpoints, p.EndpointGB), fmt.Sprintf("| $%.2f | $%.3f |", nat, p.NATGB), fmt.Sprintf("| $%.2f | |", p.PollerUnitMonth()),
		fmt.Sprintf("up to %.1f TB of events a month, %.1f MB/s", turns/1000, turns*1000/(p.Hours*3600)),
		fmt.Sprintf("$%.2f a million invocations, $%.7f a GB-second", p.Requests, p.GBSecond), p.Region + ", " + p.Date,
	} {
		if !strings.Contains(got, want) {
			t.Errorf("docs/capacity.md lacks %q", want)
		}
	}
}

func TestTheCommand(t *testing.T) {
	for name, tt := range map[string]struct {
		args   string
		status int
		says   string
	}{
		"keeps up":    {"-records 10 -value 100 -partitions 2 -each 1ms", 0, "event        273 bytes a record, 100 records in one at most"},
		"too slow":    {"-records 500 -partitions 4 -each 10ms", 1, "THE GROUP FALLS BEHIND, by 100 a second"},
		"all at once": {"-records 0 -partitions 0 -mode x -window 6m", 2, "mskcapacity: -records must be more than 0 a second, got 0\nmskcapacity: -partitions must be at least 1, got 0\nmskcapacity: -mode must be on-demand or provisioned, got \"x\"\nmskcapacity: -window must be 0s to 5m, got 6m0s\n"},
		"by key":      {"-records 1 -partitions 1 -by-key -once batches", 2, "-once must be keys with -by-key"},
		"a format":    {"-records 1 -partitions 1 -o yaml", 2, `-o must be text or json, got "yaml"`},
		"an argument": {"-records 1 -partitions 1 now", 2, `takes flags only, got ["now"]`},
		"a flag":      {"-record 1", 2, "mskcapacity: there is no flag -record, did you mean -records?: -h lists them\n"},
		"once":        {"-records 100 -partitions 1 -once partitions", 0, "once         $170.82 a month, by partitions"},
	} {
		var out, errs bytes.Buffer
		if status := run(strings.Fields(tt.args), &out, &errs); status != tt.status || !strings.Contains(out.String()+errs.String(), tt.says) {
			t.Errorf("%s: status %d with %s%s, want %d with %q", name, status, out.String(), errs.String(), tt.status, tt.says)
		}
	}
}

func TestTheCommandForPrograms(t *testing.T) {
	var out, errs bytes.Buffer
	if status := run(strings.Fields("-records 2000 -value 500 -partitions 20 -each 5ms -mode provisioned -o json"), &out, &errs); status != 0 {
		t.Fatal(errs.String())
	}
	var got struct {
		Answer capacity.Answer
		Prices string
	}
	if err := json.Unmarshal(out.Bytes(), &got); err != nil {
		t.Fatal(err)
	}
	if got.Answer.Pollers != 3 || got.Answer.Cost.Pollers < 135 || !got.Answer.KeepsUp || got.Prices != "us-east-1, November 2026" {
		t.Errorf("answer = %s", out.String())
	}
}

func TestEveryFlagHasItsField(t *testing.T) {
	var errs bytes.Buffer
	run([]string{"-h"}, &errs, &errs)
	for field, name := range flagOf {
		if !strings.Contains(errs.String(), "\n  "+name+" ") && !strings.Contains(errs.String(), "\n  "+name+"\n") {
			t.Errorf("%s is %s, which is no flag", field, name)
		}
	}
}
