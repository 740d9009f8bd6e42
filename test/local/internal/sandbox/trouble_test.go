package sandbox

import (
	"strings"
	"testing"
	"time"
)

func TestTroubleHitsOneInvocation(t *testing.T) {
	for name, tt := range map[string]struct {
		do      string
		trouble Trouble
		want    string
	}{
		"killed as it answers":       {"", Trouble{Kill: true}, "Runtime exited with error: signal: killed"},
		"killed meanwhile":           {"hang", Trouble{Kill: true, After: 50 * time.Millisecond}, "signal: killed"},
		"killed at the latest then":  {"", Trouble{Kill: true, After: time.Hour}, "signal: killed"},
		"killed for its memory":      {"", Trouble{Kill: true, Memory: true}, "more than 256 MB of memory"},
		"a deadline that is shorter": {"hang", Trouble{Timeout: 60 * time.Millisecond}, "Task timed out after 0.06 seconds"},
	} {
		t.Run(name, func(t *testing.T) {
			f := newTest(t, "handler")
			invoke(t, f, "") // so that the time is not that of a start
			r, err := f.InvokeWith(t.Context(), []byte(`{"Do":"`+tt.do+`"}`), tt.trouble)
			if err != nil || r.FunctionError != unhandled || !strings.Contains(string(r.Payload), tt.want) {
				t.Errorf("result = %q %s, %v, want %q", r.FunctionError, r.Payload, err, tt.want)
			}
			if r := invoke(t, f, ""); r.FunctionError != "" || f.Starts() != 2 {
				t.Errorf("after it: %q %s, processes = %d, want no error and 2", r.FunctionError, r.Payload, f.Starts())
			}
		})
	}
}

func TestWithoutLimitsNothingIsTimed(t *testing.T) {
	f := newTest(t, "handler", func(c *Config) { c.Timeout, c.NoLimits = time.Nanosecond, true })
	r := invoke(t, f, "")
	if r.FunctionError != "" {
		t.Fatalf("result = %s, want an answer", r.Payload)
	}
}
