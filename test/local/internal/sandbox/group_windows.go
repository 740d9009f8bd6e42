package sandbox

import (
	"os/exec"
	"strconv"
	"syscall"
)

// detach keeps the console's ctrl-C from the function: whoever started it decides
// when it ends.
func detach(cmd *exec.Cmd) {
	cmd.SysProcAttr = &syscall.SysProcAttr{CreationFlags: syscall.CREATE_NEW_PROCESS_GROUP}
}

// killGroup ends a process and what it has started. Windows knows the children of a
// process only while it runs, so those of one that ended by itself stay.
func killGroup(cmd *exec.Cmd) {
	_ = exec.Command("taskkill", "/T", "/F", "/PID", strconv.Itoa(cmd.Process.Pid)).Run()
	_ = cmd.Process.Kill()
}
