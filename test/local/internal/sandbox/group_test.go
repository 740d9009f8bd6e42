//go:build linux

package sandbox

import (
	"fmt"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"
)

// gone waits until a process has ended.
func gone(t *testing.T, pid int) {
	t.Helper()
	for end := time.Now().Add(5 * time.Second); ; time.Sleep(10 * time.Millisecond) {
		text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
		_, state, _ := strings.Cut(string(text), ") ")
		if err != nil || strings.HasPrefix(state, "Z") {
			return // a zombie is what nobody has asked for yet
		}
		if time.Now().After(end) {
			t.Fatalf("process %d is there, want it gone", pid)
		}
	}
}

func childOf(t *testing.T, f *Function) int {
	t.Helper()
	pid, err := strconv.Atoi(string(invoke(t, f, "child").Payload))
	if err != nil {
		t.Fatal(err)
	}
	return pid
}

func TestWhatAFunctionStartsEndsWithIt(t *testing.T) {
	f := newTest(t, "handler")
	pid := childOf(t, f)
	f.Close()
	gone(t, pid)
}

func TestWhatAFunctionStartsEndsWhenItCrashes(t *testing.T) {
	said := make(chan string, 10)
	f := newTest(t, "handler", func(c *Config) { c.Log = func(line string) { said <- line } })
	if r := invoke(t, f, "child, and exit"); r.FunctionError == "" {
		t.Errorf("result = %s, want that it exited", r.Payload)
	}
	pid, err := strconv.Atoi(strings.TrimPrefix(<-said, "child "))
	if err != nil {
		t.Fatal(err)
	}
	gone(t, pid)
}

func TestAReplacedFunctionLeavesNothing(t *testing.T) {
	f := newTest(t, "handler")
	pid := childOf(t, f)
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	f.Replace(self)
	gone(t, pid)
	if r := invoke(t, f, ""); r.FunctionError != "" || f.Starts() != 2 {
		t.Errorf("after Replace: %q, processes = %d, want no error and 2", r.FunctionError, f.Starts())
	}
}
