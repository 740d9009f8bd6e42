//go:build unix

// Package procgroup starts processes so that they end with all that they have started.
package procgroup

import (
	"os/exec"
	"syscall"
)

// Own gives a process that is to be started a group of its own. The terminal's ctrl-C is
// then not for it: whoever started it decides when it ends. And whatever it starts
// ends with it.
func Own(cmd *exec.Cmd) {
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
}

// Kill ends a process and all that it has started and not let go of. It may be
// called when the process has ended: its children may not have.
func Kill(cmd *exec.Cmd) {
	_ = syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL)
}

// Terminate asks a process to end.
func Terminate(cmd *exec.Cmd) error { return cmd.Process.Signal(syscall.SIGTERM) }
