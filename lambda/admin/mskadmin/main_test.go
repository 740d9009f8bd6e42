package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kgo"

	"msklambda/lambda/admin/ask"
)

func brokers(t *testing.T) string {
	t.Helper()
	c, err := kfake.NewCluster(kfake.SeedTopics(2, "orders", "refunds"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	return strings.Join(c.ListenAddrs(), ",")
}

// call runs a command on brokers, and wants a status.
func call(t *testing.T, on, in string, want int, args ...string) (out, log string) {
	t.Helper()
	var o, l bytes.Buffer
	got := run(t.Context(), append(args, "-brokers", on), strings.NewReader(in), &o, &l)
	if got != want {
		t.Fatalf("mskadmin %s: status %d, want %d\n%s%s", strings.Join(args, " "), got, want, o.String(), l.String())
	}
	return o.String(), l.String()
}

func has(t *testing.T, text string, words ...string) {
	t.Helper()
	for _, word := range words {
		if !strings.Contains(text, word) {
			t.Errorf("there is no %q in\n%s", word, text)
		}
	}
}

// consume reads n records as a group, commits them and leaves.
func consume(t *testing.T, on, topic, group string, n int) {
	t.Helper()
	client, err := kgo.NewClient(kgo.SeedBrokers(strings.Split(on, ",")...), kgo.ConsumerGroup(group), kgo.ConsumeTopics(topic), kgo.ConsumeResetOffset(kgo.NewOffset().AtStart()), kgo.DisableAutoCommit())
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	for got := 0; got < n; {
		got += client.PollRecords(t.Context(), n-got).NumRecords()
	}
	if err := client.CommitUncommittedOffsets(t.Context()); err != nil {
		t.Fatal(err)
	}
}

func TestASession(t *testing.T) {
	on := brokers(t)
	out, _ := call(t, on, "", 0, "topics")
	has(t, out, "TOPIC", "orders", "refunds")

	_, log := call(t, on, "c1:paid\nc2:open\nc1:\n", 0, "produce", "-topic", "orders", "-separator", ":", "-null", "-partition", "0", "-header", "source=hand")
	has(t, log, "written to orders: 3 records")
	out, _ = call(t, on, "", 0, "peek", "-topic", "orders")
	has(t, out, "orders-0@0  c1  paid  source=hand", "orders-0@1  c2  open", "orders-0@2  c1  (null)")
	if out, _ = call(t, on, "", 0, "peek", "-topic", "orders", "-from", "1", "-n", "1", "-f", `%t %p %o %k=%v\n`); out != "orders 0 1 c2=open\n" {
		t.Errorf("with a format: %q", out)
	}

	// What peek writes as JSON, produce reads: null, binary and headers as they were.
	call(t, on, `{"key":"b","valueBase64":"/wA=","headers":[{"key":"h","value":null},{"key":"h","valueBase64":"/w=="}],"partition":1}`+"\n"+
		`{"value":{"a": [1, 2]},"partition":1,"timestamp":"2026-01-02T03:04:05.678Z"}`+"\n", 0, "produce", "-topic", "orders", "-json")
	out, _ = call(t, on, "", 0, "peek", "-topic", "orders", "-from", "earliest", "-n", "0", "-partition", "1", "-o", "json")
	call(t, on, out, 0, "produce", "-topic", "refunds", "-json")
	again, _ := call(t, on, "", 0, "peek", "-topic", "refunds", "-from", "earliest", "-n", "0", "-o", "json")
	if want := strings.ReplaceAll(out, `"topic":"orders"`, `"topic":"refunds"`); again != want {
		t.Errorf("copied:\n%swant:\n%s", again, want)
	}
	has(t, out, `"value":"{\"a\":[1,2]}"`, `"timestamp":"2026-01-02T03:04:05.678Z"`, `"valueBase64":"/wA="`)

	consume(t, on, "orders", "orders-fn", 5)
	call(t, on, "x\n", 0, "produce", "-topic", "orders", "-partition", "1")
	out, log = call(t, on, "", 1, "lag", "-topic", "orders", "-interval", "100ms")
	has(t, out, "stands", "is there")
	has(t, log, "1 record behind")
	out, _ = call(t, on, "", 0, "lag", "-topic", "orders", "-interval", "0", "-o", "json")
	var lag struct {
		Lag        int64
		Partitions []struct{ Committed, Next, Lag int64 }
	}
	if err := json.Unmarshal([]byte(out), &lag); err != nil || lag.Lag != 1 || len(lag.Partitions) != 2 || lag.Partitions[1].Committed != 2 {
		t.Errorf("lag = %s (%v)", out, err)
	}

	out, log = call(t, on, "", 0, "offsets", "-topic", "orders", "-to", "-2")
	has(t, out, "handles 2 again")
	has(t, log, "nothing was changed")
	out, _ = call(t, on, "", 0, "describe", "-topic", "orders")
	has(t, out, "2 partitions", "LEADER")
	call(t, on, "", 0, "offsets", "-topic", "orders", "-to", "earliest", "-partition", "0", "-apply")
	out, _ = call(t, on, "", 0, "offsets", "-topic", "orders", "-to", "latest", "-o", "json")
	has(t, strings.Join(strings.Fields(out), ""), `"partition":0,"now":0,"to":3,"again":-3`, `"partition":1,"now":2,"to":3`, `"applied":false`)
	_, log = call(t, on, "", 0, "offsets", "-topic", "orders", "-to", "0", "-partition", "0")
	has(t, log, "nothing is to change")
	out, _ = call(t, on, "", 0, "groups")
	has(t, out, "orders-fn", "Empty")
	out, _ = call(t, on, "", 0, "describe", "-group", "orders-fn")
	has(t, out, "0 members, has offsets of orders")
}

func TestWhatIsRefused(t *testing.T) {
	on := brokers(t)
	for _, c := range []struct {
		args   []string
		status int
		want   string
	}{
		{[]string{"topcis"}, 2, `there is no command "topcis", did you mean "topics"?`},
		{[]string{"topics", "orders"}, 2, "no arguments are taken beside flags, got orders"},
		{[]string{"topics", "-stak", "A"}, 2, "mskadmin topics: there is no flag -stak, did you mean -stack?: -h lists them\n"},
		{[]string{"topics", "-o", "yaml"}, 2, `-o must be text or json, got "yaml"`},
		{[]string{"topics", "-stack", "A"}, 2, "exactly one of -stack, -function and -brokers"},
		{[]string{"topics", "-authentication", "scram"}, 2, "needs -secret"},
		{[]string{"topics", "-authentication", "kerberos"}, 2, `got "kerberos"`},
		{[]string{"describe"}, 2, "one of -topic and -group"},
		{[]string{"describe", "-topic", "ordres"}, 1, `there is no topic "ordres", did you mean "orders"?`},
		{[]string{"lag", "-topic", "orders", "-group", "nobody"}, 1, `there is no group "nobody"`},
		{[]string{"peek"}, 2, "-topic is needed"},
		{[]string{"peek", "-topic", "orders", "-from", "yesterday"}, 2, `got "yesterday"`},
		{[]string{"peek", "-topic", "orders", "-partition", "7"}, 2, "there is no partition 7: the topic has 0 to 1"},
		{[]string{"peek", "-topic", "orders", "-f", "%z"}, 2, "-f: "},
		{[]string{"offsets", "-topic", "orders"}, 2, "-to is needed"},
		{[]string{"produce", "-topic", "ordres"}, 1, `did you mean "orders"?`},
		{[]string{"produce", "-topic", "orders", "-partition", "9"}, 1, "written: 0 records; line 1 and on were not"},
		{[]string{"produce", "-topic", "orders", "-json"}, 1, "line 1: "},
		{[]string{"produce", "-topic", "orders", "-separator", "|"}, 1, `line 1: it has no "|"`},
		{[]string{"produce", "-topic", "orders", "-header", "x"}, 2, "must be name=value"},
		{[]string{"verify", "-topic", "orders"}, 2, "-produce is needed"},
	} {
		_, log := call(t, on, "line\n", c.status, c.args...)
		has(t, log, c.want)
		if c.status == 2 && strings.Count(log, "\n") != 1 {
			t.Errorf("%q says more than a line:\n%s", c.args, log)
		}
	}
	if out, _ := call(t, on, "", 0, "peek", "-topic", "orders"); out != "" {
		t.Errorf("the topic has %q, want nothing by what was refused", out)
	}
	var log bytes.Buffer
	if got := run(t.Context(), nil, nil, io.Discard, &log); got != 2 {
		t.Errorf("without a command: status %d, want 2", got)
	}
	has(t, log.String(), "redrive", "Exit status")
}

// What was written before the interruption is known to the line.
func TestAnInterruptedProduceSaysWhereItIs(t *testing.T) {
	on := brokers(t)
	ctx, cancel := context.WithCancel(t.Context())
	in, feed := io.Pipe()
	defer feed.Close()
	var log syncBuffer
	status := make(chan int)
	go func() {
		status <- run(ctx, []string{"produce", "-topic", "orders", "-o", "json", "-brokers", on}, in, &log, &log)
	}()
	for i := range 3 {
		fmt.Fprintf(feed, "%d\n", i)
	}
	for deadline := time.Now().Add(10 * time.Second); strings.Count(log.String(), "offset") < 3; {
		if time.Now().After(deadline) {
			t.Fatalf("no three records: %s", log.String())
		}
		time.Sleep(10 * time.Millisecond)
	}
	cancel()
	if got := <-status; got != 1 {
		t.Errorf("status %d, want 1", got)
	}
	has(t, log.String(), "written: 3 records; line 4 and on were not", "interrupted")
}

func TestVerify(t *testing.T) {
	on := brokers(t)
	// Nobody reads it.
	out, _ := call(t, on, "", 1, "verify", "-topic", "orders", "-produce", "-timeout", "100ms")
	has(t, out, "written  orders-", "waited", "mskadmin lag -brokers")
	client, err := kgo.NewClient(kgo.SeedBrokers(strings.Split(on, ",")...), kgo.ConsumerGroup("orders-fn"), kgo.ConsumeTopics("orders"), kgo.AutoCommitInterval(100*time.Millisecond), kgo.ConsumeResetOffset(kgo.NewOffset().AtStart()))
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	go func() {
		for t.Context().Err() == nil {
			client.PollFetches(t.Context())
		}
	}()
	out, _ = call(t, on, "", 0, "verify", "-topic", "orders", "-produce", "-timeout", "30s")
	if !regexp.MustCompile(`passed   group orders-fn is behind it, after [0-9.]+m?s`).MatchString(out) {
		t.Errorf("verify says\n%s", out)
	}
}

func TestPlaces(t *testing.T) {
	now := time.Date(2026, 11, 26, 12, 0, 0, 0, time.UTC)
	for text, want := range map[string]place{
		"earliest":             {at: ask.Earliest},
		"end":                  {at: ask.Latest},
		"-2h":                  {at: ask.PlaceTime, time: now.Add(-2 * time.Hour)},
		"2026-11-26T10:00":     {at: ask.PlaceTime, time: now.Add(-2 * time.Hour)},
		"2026-11-26T10:00:00Z": {at: ask.PlaceTime, time: now.Add(-2 * time.Hour)},
	} {
		got, err := parsePlace(text, now)
		if err != nil || got.at != want.at || !got.time.Equal(want.time) {
			t.Errorf("%s = %+v, %v, want %+v", text, got, err, want)
		}
	}
	if p, err := parsePlace("-5", now); err != nil || *p.shift != -5 {
		t.Errorf("-5 = %+v, %v, want a shift", p, err)
	}
	for _, wrong := range []string{"", "2h", "tomorrow", "1.5"} {
		if _, err := parsePlace(wrong, now); err == nil {
			t.Errorf("%q is a place", wrong)
		}
	}
}
