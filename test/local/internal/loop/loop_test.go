package loop

import (
	"context"
	"fmt"
	"io"
	"strings"
	"sync"
	"testing"

	"msklambda/test/local/internal/cluster"
	"msklambda/test/local/internal/mapping"
	"msklambda/test/local/internal/options"
	"msklambda/test/local/internal/poller"
	"msklambda/test/local/internal/screen"
)

// output runs f with a screen, and returns what it has written. As soon as that
// has a part that is a key of when, its function is called, once.
func output(t *testing.T, terminal bool, f func(*screen.Screen), when ...any) string {
	t.Helper()
	w := &watched{when: map[string]func(){}}
	for i := 0; i < len(when); i += 2 {
		w.when[when[i].(string)] = when[i+1].(func())
	}
	f(screen.To(w, terminal))
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

func TestTheAuditFindsWhatWasPassedOver(t *testing.T) {
	a := newAudit()
	a.begin([]cluster.Offsets{{Start: 0, Committed: -1}, {Start: 0, Committed: -1}, {}, {Start: 1_000_000, Committed: 2_000_000}})
	a.note(poller.Handled, 0, 0)
	a.note(poller.SentToDestination, 0, 2)
	a.note(poller.Lost, 0, 3)
	a.note(poller.Lost, 0, 4)
	a.note(poller.Handled, 0, 4)
	a.note(poller.FilteredOut, 1, 1)
	a.note(poller.Handled, 3, 2_000_000)
	a.note(poller.Handled, 3, 1_999_999) // somebody has set the group back
	got := a.missing([]cluster.Offsets{{End: 9, Committed: 6}, {End: 2, Committed: 2}, {End: 3, Committed: -1}, {End: 2_000_009, Committed: 2_000_002}})
	if want := "map[0:[1 3 5] 3:[2000001]]"; fmt.Sprint(got) != want {
		t.Errorf("missing = %v, want %s", got, want)
	}
}

// root makes the repository the working directory, where users are.
func root(t *testing.T) {
	t.Helper()
	t.Chdir("../../../..")
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
		"default":         {"", 0, []string{"kcat -b 127.0.0.1:", " INFO  orders[", " record keyBytes=", "INFO  kafka: batch", "lag 0 |", "lost: none"}},
		"as it is logged": {"-raw", 0, []string{`function   {"timestamp"`, `"message":"record"`, `"topic":"orders"`, "lost: none"}},
		"without logs, with faults and a destination": {"-pollers 1 -logs=false -fail poison,every=25 -partial -retries 0 -bisect -on-failure kafka://dead", 0, []string{"sent to the destination", "lost: none"}},
		"what is given up on is lost":                 {"-pollers 1 -fail every=5 -retries 0", ExitLost, []string{"there is no destination", "lost: "}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			o, err := options.Parse(append([]string{"-port", "0", "-rate", "100", "-duration", "1s"}, strings.Fields(tt.args)...), io.Discard)
			if err != nil {
				t.Fatal(err)
			}
			var status int
			got := output(t, false, func(s *screen.Screen) { status, err = Run(t.Context(), o, s, nil) })
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
	o, err := options.Parse([]string{"-port", "0", "-rate", "1000"}, io.Discard)
	if err != nil {
		t.Fatal(err)
	}
	stop := make(chan struct{})
	var status int
	got := output(t, false, func(s *screen.Screen) { status, err = Run(t.Context(), o, s, stop) },
		"kafka: batch", func() { close(stop) })
	if err != nil || status != 0 || !strings.Contains(got, "stopping") || !strings.Contains(got, "lost: none") {
		t.Errorf("status = %d, %v, want 0 and nothing lost\n%s", status, err, got)
	}
}

func TestASecondStopEndsAnInvocation(t *testing.T) {
	root(t)
	o, err := options.Parse([]string{"-port", "0", "-rate", "100", "-fail", "timeout,every=1", "-timeout", "10m"}, io.Discard)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	stop := make(chan struct{})
	var status int
	got := output(t, true, func(s *screen.Screen) { // a terminal, to see each status
		status, err = Run(ctx, o, s, stop)
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
		"a recorded event":  {"-event lambda/kafka/testdata/tombstones.json", 0, `record keyBytes=null valueBytes=8`},
		"its values":        {"-event lambda/kafka/testdata/tombstones.json -env MSKLAMBDA_LOG_VALUES=true", 0, `value="null key"`},
		"a byte order mark": {"-event test/local/testdata/mark.json", 0, `valueBytes=8`},
		"another service's": {"-event test/local/testdata/sqs.json", ExitLost, "failed     Unhandled"},
	} {
		o, err := options.Parse(strings.Fields(tt.args), io.Discard)
		if err != nil {
			t.Fatal(err)
		}
		var status int
		got := output(t, false, func(s *screen.Screen) { status, err = Replay(t.Context(), o, s, nil) })
		if err != nil || status != tt.status || !strings.Contains(got, tt.want) {
			t.Errorf("%s: status = %d, %v, want %d and %s\n%s", name, status, err, tt.status, tt.want, got)
		}
	}
}

func TestAWrongEntryIsAnError(t *testing.T) {
	o := &options.Options{Mappings: []*mapping.Mapping{{Entry: "none"}}}
	var err error
	output(t, false, func(s *screen.Screen) { _, err = Run(t.Context(), o, s, nil) })
	if err == nil || !strings.Contains(err.Error(), "give -entry") {
		t.Errorf("Run = %v, want one that asks for -entry", err)
	}
}
