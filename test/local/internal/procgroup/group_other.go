//go:build !unix && !windows

package procgroup

import "os/exec"

// Own does nothing: nothing is known of groups.
func Own(*exec.Cmd) {}

// Kill ends the process alone: nothing is known of what it has started.
func Kill(cmd *exec.Cmd) { _ = cmd.Process.Kill() }
