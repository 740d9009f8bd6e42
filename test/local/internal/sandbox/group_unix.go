//go:build unix

package sandbox

import (
	"os/exec"
	"syscall"
)

// detach gives the function a process group of its own. The terminal's ctrl-C is
// then not for it: whoever started it decides when it ends. And whatever it starts
// ends with it.
func detach(cmd *exec.Cmd) {
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
}

// killGroup ends a process and all that it has started and not let go of. It may be
// called when the process has ended: its children may not have.
func killGroup(cmd *exec.Cmd) {
	_ = syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL)
}
