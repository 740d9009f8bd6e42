package kafka

import (
	"errors"
	"fmt"
	"runtime/debug"
)

var errGoexit = errors.New("the handler ended its goroutine (runtime.Goexit)")

// guarded calls fn in a goroutine of its own, and makes an error of a panic, with
// its stack, and of a goroutine that is ended.
func guarded(fn func() error) (stack []byte, err error) {
	done := make(chan struct{})
	go func() {
		defer close(done)
		returned := false
		defer func() {
			if returned {
				return
			}
			err = errGoexit
			if v := recover(); v != nil {
				err, stack = panicked(v), debug.Stack()
			}
		}()
		err = fn()
		returned = true
	}()
	<-done
	return stack, err
}

// panicked is a panic as an error. A retry may help, whatever was panicked with: a
// mark inside of it says nothing of how far the function got.
func panicked(v any) error {
	if err, ok := v.(error); ok {
		return Transient(fmt.Errorf("panic: %w", err))
	}
	return Transient(fmt.Errorf("panic: %v", v))
}
