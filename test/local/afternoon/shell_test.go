package afternoon

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
)

// shell is what somebody types at one place of the story, and what came of it.
type shell struct {
	*world
	name string
	text strings.Builder
}

// at begins a place of the page.
func (w *world) at(name string) *shell { return &shell{world: w, name: name} }

// end ends it.
func (s *shell) end() { s.ran[s.name] = strings.TrimSpace(s.text.String()) + "\n" }

func (s *shell) say(format string, args ...any) { fmt.Fprintf(&s.text, "# "+format+"\n", args...) }

// command is a line of `go run` as what runs its program.
func (s *shell) command(line string) (words []string, ok bool) {
	words = strings.Fields(line)
	for i, word := range words {
		words[i] = s.real(strings.Trim(word, "'"))
	}
	for name, from := range programs {
		if len(words) > 2 && words[0] == "go" && words[1] == "run" && words[2] == from {
			return append([]string{filepath.Join(s.bin, name)}, words[3:]...), true
		}
	}
	return nil, false
}

// run runs a command line, with the text of a file as its input where the line says so,
// and wants a status.
func (s *shell) run(want int, line string) string {
	s.t.Helper()
	typed, input, _ := strings.Cut(line, " < ")
	words, ok := s.command(typed)
	if !ok {
		s.t.Fatalf("%q is no command of the story", line)
	}
	cmd := exec.CommandContext(s.t.Context(), words[0], words[1:]...)
	cmd.Dir, cmd.Env = s.Dir, s.Env
	if input != "" {
		cmd.Stdin = strings.NewReader(s.Read(input))
	}
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	err := cmd.Run()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		s.t.Fatal(err)
	}
	if got := cmd.ProcessState.ExitCode(); got != want {
		s.t.Fatalf("%s: status %d, want %d\n%s", line, got, want, out.String())
	}
	fmt.Fprintf(&s.text, "$ %s\n%s", line, s.shown(out.String()))
	if want != 0 {
		fmt.Fprintf(&s.text, "(exit status %d)\n", want)
	}
	s.text.WriteString("\n")
	return out.String()
}

// shownOfCDK are the lines of the CLI that the page shows.
var shownOfCDK = regexp.MustCompile(`: importing using |^ ?✅|^Outputs:|^\w+\.\w+ = |: destroyed`)

// cdk runs a command of the CLI, and shows what is done to the account.
func (s *shell) cdk(line string) string {
	s.t.Helper()
	s.account.TakeLog()
	out, ok := s.Run(strings.Fields(line)...)
	log := s.account.TakeLog()
	if !ok {
		s.t.Fatalf("cdk %s failed:\n%s\nafter %q", line, out, log)
	}
	fmt.Fprintf(&s.text, "$ npx --yes aws-cdk@%s %s\n", cliVersion, line)
	for shown := range strings.Lines(out) {
		if shown = strings.TrimSpace(shown); shownOfCDK.MatchString(shown) {
			s.text.WriteString(s.shown(shown) + "\n")
		}
	}
	for _, done := range log {
		s.say("in the account: %s", done)
	}
	s.text.WriteString("\n")
	return out
}

// running is a program that goes on while other things happen.
type running struct {
	shell *shell
	cmd   *exec.Cmd
	mu    sync.Mutex
	lines []string
	shown int // of them
	ended chan struct{}
}

// start starts a program, with flags that the page does not show.
func (s *shell) start(line string, hidden ...string) *running {
	s.t.Helper()
	words, ok := s.command(line)
	if !ok {
		s.t.Fatalf("%q is no command of the story", line)
	}
	r := &running{shell: s, cmd: exec.Command(words[0], append(words[1:], hidden...)...), ended: make(chan struct{})}
	r.cmd.Dir, r.cmd.Env = s.Dir, s.Env
	out, err := r.cmd.StdoutPipe()
	if err != nil {
		s.t.Fatal(err)
	}
	r.cmd.Stderr = r.cmd.Stdout
	if err := r.cmd.Start(); err != nil {
		s.t.Fatal(err)
	}
	s.t.Cleanup(func() { _ = r.cmd.Process.Kill() })
	go func() {
		defer close(r.ended)
		for scanner := bufio.NewScanner(out); scanner.Scan(); {
			r.mu.Lock()
			r.lines = append(r.lines, scanner.Text())
			r.mu.Unlock()
		}
	}()
	fmt.Fprintf(&s.text, "$ %s\n", line)
	return r
}

// wait waits until there is a line with each of the texts, in whichever order they
// come: what a function logs takes another way than what the poller says of it. It
// shows them in the order of the texts.
func (r *running) wait(texts ...string) {
	s := r.shell
	s.t.Helper()
	last := r.shown
	for _, text := range texts {
		s.until(text, func() bool {
			r.mu.Lock()
			defer r.mu.Unlock()
			for i := r.shown; i < len(r.lines); i++ {
				if strings.Contains(r.lines[i], text) {
					fmt.Fprintln(&s.text, s.shown(strings.TrimRight(r.lines[i], " ")))
					last = max(last, i+1)
					return true
				}
			}
			select {
			case <-r.ended:
				s.t.Fatalf("%v ended without %q:\n%s", r.cmd.Args, text, strings.Join(r.lines, "\n"))
			default:
			}
			return false
		})
	}
	r.shown = last
}

// interrupt is ctrl-C.
func (r *running) interrupt() {
	if err := r.cmd.Process.Signal(os.Interrupt); err != nil {
		r.shell.t.Fatal(err)
	}
}

// end waits for the end, and wants a status.
func (r *running) end(want int) {
	r.shell.t.Helper()
	<-r.ended
	_ = r.cmd.Wait() // the status is looked at
	if got := r.cmd.ProcessState.ExitCode(); got != want {
		r.shell.t.Fatalf("%v: status %d, want %d\n%s", r.cmd.Args, got, want, strings.Join(r.lines, "\n"))
	}
	r.shell.text.WriteString("\n")
}
