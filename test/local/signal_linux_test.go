package main

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// marked are the processes that have a variable in their environment.
func marked(t *testing.T, mark string) (found []string) {
	t.Helper()
	all, err := filepath.Glob("/proc/[0-9]*/environ")
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range all {
		environ, err := os.ReadFile(path)
		if err != nil || !bytes.Contains(environ, []byte(mark)) {
			continue // it has ended, or is somebody else's
		}
		line, _ := os.ReadFile(filepath.Join(filepath.Dir(path), "cmdline"))
		found = append(found, strings.ReplaceAll(string(line), "\x00", " "))
	}
	return found
}

// TestCtrlCLeavesNothing: whatever the loop is at, one signal ends it with all that it
// has started, and takes its files away.
func TestCtrlCLeavesNothing(t *testing.T) {
	if testing.Short() {
		t.Skip("takes seconds: go test without -short runs it")
	}
	dir := t.TempDir()
	program := filepath.Join(dir, "local")
	if text, err := exec.CommandContext(t.Context(), "go", "build", "-o", program, ".").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, text)
	}
	for i, after := range []time.Duration{0, 20, 60, 120, 250, 500, 1000, 2000} {
		after *= time.Millisecond
		t.Run(after.String(), func(t *testing.T) {
			temp, cache := filepath.Join(dir, fmt.Sprint("temp", i)), filepath.Join(dir, fmt.Sprint("cache", i))
			if err := os.Mkdir(temp, 0o755); err != nil {
				t.Fatal(err)
			}
			mark := fmt.Sprintf("LOCAL_TEST_MARK=%d-%d", os.Getpid(), i)
			cmd := exec.Command(program, "-port", "0", "-rate", "1000", "-env", mark)
			cmd.Dir = "../.."
			cmd.Env = append(os.Environ(), mark, "TMPDIR="+temp)
			if i%2 == 1 {
				// The signal comes while compilers are at work.
				cmd.Env = append(cmd.Env, "GOCACHE="+cache)
			}
			var out bytes.Buffer
			cmd.Stdout, cmd.Stderr = &out, &out
			if err := cmd.Start(); err != nil {
				t.Fatal(err)
			}
			time.Sleep(after)
			if err := cmd.Process.Signal(syscall.SIGINT); err != nil {
				t.Fatal(err)
			}
			late := time.AfterFunc(30*time.Second, func() { cmd.Process.Kill() })
			err := cmd.Wait()
			if !late.Stop() {
				t.Error("the loop did not end within 30s")
			}
			// Before the program has asked for signals, which is before it says anything,
			// one ends it there and then.
			if state := cmd.ProcessState; err != nil && (out.Len() > 0 || state.Sys().(syscall.WaitStatus).Signal() != syscall.SIGINT) {
				t.Errorf("the loop ended with %v\n%s", err, out.String())
			}
			var left []string
			for end := time.Now().Add(5 * time.Second); time.Now().Before(end); time.Sleep(20 * time.Millisecond) {
				if left = marked(t, mark); len(left) == 0 {
					break
				}
			}
			if len(left) > 0 {
				t.Errorf("processes that are left: %q\n%s", left, out.String())
			}
			files, err := os.ReadDir(temp)
			if err != nil {
				t.Fatal(err)
			}
			for _, f := range files {
				t.Errorf("left behind: %s", f.Name())
			}
		})
	}
}
