package main

import (
	"context"
	"fmt"
	"io"
	"strings"
	"sync"
	"testing"

	"msklambda/test/local/internal/broker"
	"msklambda/test/local/internal/poller"
)

func TestFlags(t *testing.T) {
	o, err := parse([]string{"-topic", "refunds", "-partial", "-env", "A=1", "-env", "B=2"}, io.Discard)
	if err != nil {
		t.Fatal(err)
	}
	if o.topic != "refunds" || o.group != "refunds-fn" || !o.partial || fmt.Sprint(o.env) != "[A=1 B=2]" || o.entry != defaultEntry || o.retries != -1 {
		t.Errorf("options = %+v, want refunds, refunds-fn, partial, A=1 B=2, %s and -1", o, defaultEntry)
	}
	for arg, want := range map[string]failing{
		"every=7":       {"error", 7},
		"panic":         {"panic", 50},
		"crash,every=3": {"crash", 3},
		"every=3,error": {"error", 3},
	} {
		o, err := parse([]string{"-fail", arg}, io.Discard)
		if err != nil {
			t.Errorf("-fail %s: %v", arg, err)
			continue
		}
		if o.fail != want || o.entry != faultyEntry {
			t.Errorf("-fail %s = %+v with %s, want %+v with %s", arg, o.fail, o.entry, want, faultyEntry)
		}
	}
	for _, args := range []string{
		"x", "-fail every=0", "-fail often", "-fail panic -entry lambda", "-fail panic -event e.json", "-partitions 0", "-rate -1",
		"-timeout 15m", "-memory 64", "-on-failure kafka://orders", "-unknown",
	} {
		if _, err := parse(strings.Fields(args), io.Discard); err == nil {
			t.Errorf("parse(%s) = nil, want an error", args)
		}
	}
}

// output runs f with a screen, and returns what it has written. As soon as that
// has a part that is a key of when, its function is called, once.
func output(t *testing.T, f func(*screen), when ...any) string {
	t.Helper()
	w := &watched{when: map[string]func(){}}
	for i := 0; i < len(when); i += 2 {
		w.when[when[i].(string)] = when[i+1].(func())
	}
	f(&screen{out: w})
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.text.String()
}

type watched struct {
	mu   sync.Mutex
	text strings.Builder
	when map[string]func()
}

func (w *watched) Write(p []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.text.Write(p)
	for part, f := range w.when {
		if strings.Contains(w.text.String(), part) {
			delete(w.when, part)
			f()
		}
	}
	return len(p), nil
}

func TestTheScreen(t *testing.T) {
	write := func(terminal bool) string {
		return output(t, func(s *screen) {
			s.terminal = terminal
			s.show("one")
			s.line("a line\n")
			s.show("two")
			s.close()
		})
	}
	if got, want := write(false), "one\na line\n"; got != want {
		t.Errorf("plain output = %q, want %q", got, want)
	}
	if got, want := write(true), strings.NewReplacer("E", eraseLine, "<", wrapOff, ">", wrapOn).Replace("E<one>"+"Ea line\n<one>"+"E<two>"+"E"); got != want {
		t.Errorf("output on a terminal = %q, want %q", got, want)
	}
}

func TestTheAuditFindsWhatWasPassedOver(t *testing.T) {
	a := newAudit()
	a.note(poller.Handled, 0, 0)
	a.note(poller.SentToDestination, 0, 2)
	a.note(poller.Lost, 0, 3)
	a.note(poller.Lost, 0, 4)
	a.note(poller.Handled, 0, 4)
	a.note(poller.FilteredOut, 1, 1)
	offsets := []broker.Offsets{{End: 9, Committed: 6}, {End: 2, Committed: 2}, {End: 3, Committed: 0}}
	if got, want := a.lost(offsets), 4; got != want { // 0/1, 0/3, 0/5 and 1/0
		t.Errorf("lost = %d, want %d", got, want)
	}
}

// root makes the repository the working directory, where users are.
func root(t *testing.T) {
	t.Helper()
	t.Chdir("../..")
}

func TestTheLoopFromStartToEnd(t *testing.T) {
	if testing.Short() {
		t.Skip("takes seconds: go test without -short runs it")
	}
	root(t)
	tests := map[string]struct {
		args   string
		status int
		want   []string
	}{
		"default": {"", 0, []string{"kcat -b 127.0.0.1:", `function   {"timestamp"`, `"message":"record"`, `"topic":"orders"`, "lag 0 |", "lost: none"}},
		"without logs, with faults and a destination": {"-logs=false -fail poison,every=25 -partial -retries 0 -bisect -on-failure kafka://dead", 0, []string{"sent to the destination", "lost: none"}},
		"what is given up on is lost":                 {"-fail every=5 -retries 0", exitLost, []string{"there is no destination", "lost: "}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			o, err := parse(append([]string{"-port", "0", "-rate", "100", "-duration", "1s"}, strings.Fields(tt.args)...), io.Discard)
			if err != nil {
				t.Fatal(err)
			}
			var status int
			got := output(t, func(s *screen) { status, err = runLoop(t.Context(), o, s, nil) })
			if err != nil || status != tt.status {
				t.Errorf("status = %d, %v, want %d\n%s", status, err, tt.status, got)
			}
			for _, want := range tt.want {
				if !strings.Contains(got, want) {
					t.Errorf("output = %s\nwant %q", got, want)
				}
			}
		})
	}
}

func TestAStopIsInOrder(t *testing.T) {
	root(t)
	o, err := parse([]string{"-port", "0", "-rate", "1000"}, io.Discard)
	if err != nil {
		t.Fatal(err)
	}
	stop := make(chan struct{})
	var status int
	got := output(t, func(s *screen) { status, err = runLoop(t.Context(), o, s, stop) },
		"kafka: batch", func() { close(stop) })
	if err != nil || status != 0 || !strings.Contains(got, "stopping") || !strings.Contains(got, "lost: none") {
		t.Errorf("status = %d, %v, want 0 and nothing lost\n%s", status, err, got)
	}
}

func TestASecondStopEndsAnInvocation(t *testing.T) {
	root(t)
	o, err := parse([]string{"-port", "0", "-rate", "100", "-fail", "timeout,every=1", "-timeout", "10m"}, io.Discard)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	stop := make(chan struct{})
	var status int
	got := output(t, func(s *screen) {
		s.terminal = true // to see each status
		status, err = runLoop(ctx, o, s, stop)
	}, "processes 1", func() { close(stop) }, "stopping", func() { cancel() })
	if err != nil || status != 0 || !strings.Contains(got, "left in the topic: ") {
		t.Errorf("status = %d, %v, want 0 and records left\n%s", status, err, got)
	}
}

func TestAnEventIsReplayed(t *testing.T) {
	root(t)
	for name, tt := range map[string]struct {
		args   string
		status int
		want   string
	}{
		"a recorded event":  {"-event lambda/kafka/testdata/tombstones.json", 0, `"keyBytes":null,"valueBytes":8`},
		"its values":        {"-event lambda/kafka/testdata/tombstones.json -env MSKLAMBDA_LOG_VALUES=true", 0, `"value":"null key"`},
		"a byte order mark": {"-event test/local/testdata/mark.json", 0, `"valueBytes":8`},
		"another service's": {"-event test/local/testdata/sqs.json", exitLost, "failed     Unhandled"},
	} {
		o, err := parse(strings.Fields(tt.args), io.Discard)
		if err != nil {
			t.Fatal(err)
		}
		var status int
		got := output(t, func(s *screen) { status, err = replay(t.Context(), o, s, nil) })
		if err != nil || status != tt.status || !strings.Contains(got, tt.want) {
			t.Errorf("%s: status = %d, %v, want %d and %s\n%s", name, status, err, tt.status, tt.want, got)
		}
	}
}

func TestAWrongEntryIsAnError(t *testing.T) {
	o := &options{entry: "none"}
	var err error
	output(t, func(s *screen) { _, err = build(t.Context(), o, s, t.TempDir()) })
	if err == nil || !strings.Contains(err.Error(), "give -entry") {
		t.Errorf("build = %v, want one that asks for -entry", err)
	}
}
