package loop

import (
	"fmt"
	"net"
	"os/exec"
	"strconv"

	"msklambda/test/local/internal/sandbox"
)

// debug has a function run under dlv where that is installed, and else says what to
// attach it to. Time and memory are not limited: a person looks at them.
func (l *session) debug(c *consumer, config *sandbox.Config) {
	config.NoLimits = true
	dlv, err := exec.LookPath("dlv")
	if err != nil {
		l.line(c, "debug", "dlv is not in PATH (go install github.com/go-delve/delve/cmd/dlv@latest), so the function runs by itself")
		config.Started = func(pid int) { l.line(c, "debug", "attach with: dlv attach %d", pid) }
		return
	}
	address := net.JoinHostPort("127.0.0.1", strconv.Itoa(l.o.DebugPort+l.debugged))
	l.debugged++
	config.Under = []string{dlv, "exec", "--headless", "--listen=" + address, "--api-version=2", "--accept-multiclient", "--continue", "--check-go-version=false"}
	config.Started = func(int) { l.line(c, "debug", "%s", connectTo(address)) }
}

func connectTo(address string) string {
	return fmt.Sprintf("the function is under dlv at %s: dlv connect %s", address, address)
}
