//go:build unix

package main

import (
	"context"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

// TestFunctionsThatAreKilledLoseNothing kills the processes of the functions, again
// and again, while events are written: every viewer has every event.
func TestFunctionsThatAreKilledLoseNothing(t *testing.T) {
	if testing.Short() {
		t.Skip("takes seconds: go test without -short runs it")
	}
	const viewers, events, kills = 50, 40, 4
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	l := startLive(t, ctx, matches("a"))
	all, done := startViewers(t, ctx, l, viewers, events, func(int64) {})
	killed := 0
	for sequence := range int64(events) {
		if err := l.Produce(ctx, "a", event("a", sequence+1, 0, 0, "goal").JSON()); err != nil {
			t.Fatal(err)
		}
		if sequence%(events/kills) == 2 {
			killed += kill(t) // in the middle of that
			all[0].wait(ctx, sequence)
		}
	}
	if err := l.WaitForCommit(ctx); err != nil {
		t.Fatal(err)
	}
	done.Wait()
	twice := 0
	for i, v := range all {
		twice += v.twice
		if len(v.has) != events {
			t.Errorf("viewer %d has %d events, want %d; its connection ended with %v", i, len(v.has), events, v.ended)
		}
	}
	if killed < kills {
		t.Errorf("killed %d processes, want at least %d", killed, kills)
	}
	select {
	case f := <-l.Failed:
		t.Errorf("failed = %+v, want nothing", f)
	default:
	}
	t.Logf("killed %d processes; %d events sent twice to %d viewers", killed, twice, viewers)
}

// kill kills the processes of the functions that this test started.
func kill(t *testing.T) (n int) {
	t.Helper()
	links, err := filepath.Glob("/proc/[0-9]*/exe")
	if err != nil || len(links) == 0 {
		t.Skip("there is no /proc to find processes in")
	}
	for _, link := range links {
		target, err := os.Readlink(link)
		if err != nil || !strings.HasSuffix(target, "/bootstrap") || !strings.Contains(target, "/msklambda-live-") || strings.Contains(target, "/connections/") {
			continue
		}
		id := strings.Split(link, "/")[2]
		status, err := os.ReadFile("/proc/" + id + "/status")
		if err != nil || !strings.Contains(string(status), "PPid:\t"+strconv.Itoa(os.Getpid())+"\n") {
			continue
		}
		pid, err := strconv.Atoi(id)
		if err != nil {
			continue
		}
		if syscall.Kill(pid, syscall.SIGKILL) == nil {
			n++
		}
	}
	return n
}
