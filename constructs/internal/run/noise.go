package run

import (
	"bytes"
	"io"
	"os"
)

// When the runtime of jsii is closed, two goroutines wait for the same process,
// and the one that comes second prints this, with no end of line, so that it is
// glued to whatever is printed next. It says nothing about the app.
var noise = [][]byte{
	[]byte("Runtime process exited abnormally: waitid: no child processes"),
	[]byte("Runtime process exited abnormally: wait: no child processes"),
	[]byte("Runtime process exited abnormally: exec: Wait was already called"),
}

// withoutNoise puts a filter in front of os.Stderr, before jsii has a chance to
// read that variable from another goroutine. The returned function passes on what
// is left, and puts os.Stderr back.
func withoutNoise() (restore func()) {
	stderr := os.Stderr
	r, w, err := os.Pipe()
	if err != nil {
		return func() {} // noise is better than silence
	}
	os.Stderr = w
	done := make(chan struct{})
	go func() {
		defer close(done)
		filter(stderr, r)
	}()
	return func() {
		os.Stderr = stderr
		_ = w.Close()
		<-done
		_ = r.Close()
	}
}

// filter copies what it reads at once, holding back only what may be the
// beginning of noise.
func filter(to io.Writer, from io.Reader) {
	var held []byte
	buffer := make([]byte, 8192)
	for {
		n, err := from.Read(buffer)
		held = append(held, buffer[:n]...)
		for _, text := range noise {
			held = bytes.ReplaceAll(held, text, nil)
		}
		keep := 0
		if err == nil {
			keep = longestBeginning(held)
		}
		if pass := held[:len(held)-keep]; len(pass) > 0 {
			_, _ = to.Write(pass) // there is nowhere to say that stderr is gone
		}
		held = append([]byte(nil), held[len(held)-keep:]...)
		if err != nil {
			return
		}
	}
}

// longestBeginning is how many bytes at the end of text may begin a noise.
func longestBeginning(text []byte) int {
	longest := 0
	for _, each := range noise {
		for n := min(len(each)-1, len(text)); n > longest; n-- {
			if bytes.HasSuffix(text, each[:n]) {
				longest = n
				break
			}
		}
	}
	return longest
}
