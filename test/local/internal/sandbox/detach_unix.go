//go:build unix

package sandbox

import (
	"os/exec"
	"syscall"
)

// detach keeps the terminal's ctrl-C from the function: whoever started it
// decides when it ends.
func detach(cmd *exec.Cmd) {
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
}
