package main

import (
	"fmt"
	"io"
	"os"
	"strings"
	"sync"
	"time"
)

// screen writes lines and, below them, a status that is written over. Where
// the output is no terminal, the status is a line of its own now and then.
type screen struct {
	mu       sync.Mutex
	out      io.Writer
	terminal bool
	status   string
	written  string    // the last status written as a line
	at       time.Time // when
}

// plainInterval is how often the status is written where there is no terminal.
const plainInterval = 2 * time.Second

func newScreen(out *os.File) *screen {
	info, err := out.Stat()
	return &screen{out: out, terminal: err == nil && info.Mode()&os.ModeCharDevice != 0}
}

const (
	eraseLine = "\r\x1b[K"
	// A status of two lines could not be written over, so what is too long is
	// cut by the terminal, which does not wrap meanwhile.
	wrapOff, wrapOn = "\x1b[?7l", "\x1b[?7h"
)

// line writes a line.
func (s *screen) line(format string, args ...any) {
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

// show sets the status.
func (s *screen) show(status string) {
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

// close takes the status away.
func (s *screen) close() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.terminal && s.status != "" {
		fmt.Fprint(s.out, eraseLine)
	}
	s.status = ""
}
