// Package screen is what the loop writes to: lines, and below them a status.
package screen

import (
	"fmt"
	"io"
	"os"
	"strings"
	"sync"
	"time"
)

// Screen writes lines and, below them, a status that is written over. Where
// the output is no terminal, the status is a line of its own now and then.
type Screen struct {
	mu       sync.Mutex
	out      io.Writer
	terminal bool
	status   string
	written  string    // the last status written as a line
	at       time.Time // when
}

// plainInterval is how often the status is written where there is no terminal.
const plainInterval = 2 * time.Second

// New makes a screen of a file, which is a terminal or not.
func New(out *os.File) *Screen {
	info, err := out.Stat()
	return &Screen{out: out, terminal: err == nil && info.Mode()&os.ModeCharDevice != 0}
}

// To makes a screen of a writer, as a terminal or not.
func To(out io.Writer, terminal bool) *Screen { return &Screen{out: out, terminal: terminal} }

const (
	eraseLine = "\r\x1b[K"
	// A status of two lines could not be written over, so what is too long is
	// cut by the terminal, which does not wrap meanwhile.
	wrapOff, wrapOn = "\x1b[?7l", "\x1b[?7h"
)

// Line writes a line.
func (s *Screen) Line(format string, args ...any) {
	text := strings.TrimRight(fmt.Sprintf(format, args...), "\n")
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.terminal {
		text = eraseLine + text
	}
	fmt.Fprintln(s.out, text)
	if s.terminal && s.status != "" {
		fmt.Fprint(s.out, wrapOff, s.status, wrapOn)
	}
}

// Show sets the status.
func (s *Screen) Show(status string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.status = status
	switch {
	case s.terminal:
		fmt.Fprint(s.out, eraseLine, wrapOff, status, wrapOn)
	case status != s.written && time.Since(s.at) >= plainInterval:
		s.written, s.at = status, time.Now()
		fmt.Fprintln(s.out, status)
	}
}

// Close takes the status away.
func (s *Screen) Close() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.terminal && s.status != "" {
		fmt.Fprint(s.out, eraseLine)
	}
	s.status = ""
}
