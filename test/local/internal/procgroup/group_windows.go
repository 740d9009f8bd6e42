package procgroup

import (
	"errors"
	"os/exec"
	"strconv"
	"syscall"
)

// Own keeps the console's ctrl-C from a process that is to be started: whoever started
// it decides when it ends.
func Own(cmd *exec.Cmd) {
	cmd.SysProcAttr = &syscall.SysProcAttr{CreationFlags: syscall.CREATE_NEW_PROCESS_GROUP}
}

// Kill ends a process and what it has started. Windows knows the children of a
// process only while it runs, so those of one that ended by itself stay.
func Kill(cmd *exec.Cmd) {
	_ = exec.Command("taskkill", "/T", "/F", "/PID", strconv.Itoa(cmd.Process.Pid)).Run()
	_ = cmd.Process.Kill()
}

// Terminate reports that Windows knows no such signal.
func Terminate(*exec.Cmd) error { return errors.ErrUnsupported }
