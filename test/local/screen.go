package main

import (
	"fmt"
	"os"
	"strings"
	"sync"
	"time"
)

// screen writes lines and, below them, a status that is written over. Where
// the output is no terminal, the status is a line of its own now and then.
type screen struct {
	mu       sync.Mutex
	out      *os.File
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

const eraseLine = "\r\x1b[K"

// line writes a line.
func (s *screen) line(format string, args ...any) {
	text := strings.TrimRight(fmt.Sprintf(format, args...), "\n")
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.terminal {
		fmt.Fprint(s.out, eraseLine, text, "\n", s.status)
		return
	}
	fmt.Fprintln(s.out, text)
}

// show sets the status.
func (s *screen) show(status string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.status = status
	switch {
	case s.terminal:
		fmt.Fprint(s.out, eraseLine, status)
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
