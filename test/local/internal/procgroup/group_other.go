//go:build !unix && !windows

package procgroup

import (
	"errors"
	"os/exec"
)

// Own does nothing: nothing is known of groups.
func Own(*exec.Cmd) {}

// Kill ends the process alone: nothing is known of what it has started.
func Kill(cmd *exec.Cmd) { _ = cmd.Process.Kill() }

// Terminate reports that there is no such signal.
func Terminate(*exec.Cmd) error { return errors.ErrUnsupported }
