package runtimeapi

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"reflect"
	"runtime"
	"strings"

	"github.com/aws/aws-lambda-go/lambda/messages"
)

// call calls the handler. A panic is a failure after which the process ends.
func call(ctx context.Context, h Handler, payload []byte) (answer []byte, failed *messages.InvokeResponse_Error) {
	defer func() {
		if v := recover(); v != nil {
			answer, failed = nil, panicked(v)
		}
	}()
	answer, err := h.Invoke(ctx, payload)
	if err != nil {
		return nil, failure(err)
	}
	return answer, nil
}

// failure is what Lambda is told of an error. One of this type says itself what
// that is, also whether the process is to end.
func failure(err error) *messages.InvokeResponse_Error {
	if e, ok := err.(messages.InvokeResponse_Error); ok {
		return &e
	}
	return &messages.InvokeResponse_Error{Message: err.Error(), Type: typeName(err)}
}

// panicked is what Lambda is told of a panic. It is called by the function that
// recovers.
func panicked(v any) *messages.InvokeResponse_Error {
	if e, ok := v.(messages.InvokeResponse_Error); ok {
		return &e
	}
	return &messages.InvokeResponse_Error{Message: fmt.Sprint(v), Type: typeName(v), StackTrace: stack(), ShouldExit: true}
}

func typeName(v any) string {
	t := reflect.TypeOf(v)
	if t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	return t.Name()
}

// stack returns where the panic came from, the newest frames first, as many as
// aws-lambda-go tells.
func stack() []*messages.InvokeResponse_Error_StackFrame {
	pcs := make([]uintptr, 30)
	const own = 4 // runtime.Callers, stack, panicked and what recovers in call
	pcs = pcs[:runtime.Callers(own, pcs)]
	trace := []*messages.InvokeResponse_Error_StackFrame{}
	frames := runtime.CallersFrames(pcs)
	for more := len(pcs) > 0; more; {
		var f runtime.Frame
		f, more = frames.Next()
		trace = append(trace, stackFrame(f.File, f.Function, f.Line))
	}
	return trace
}

// stackFrame shortens a frame to the path below the module's or GOPATH's folder,
// such as pkg/sub/file.go, and to the function without its package.
func stackFrame(file, function string, line int) *messages.InvokeResponse_Error_StackFrame {
	// The package's path has as many parts in the file's.
	from := len(file)
	for range strings.Count(function, "/") + 2 {
		if from = strings.LastIndexByte(file[:from], '/'); from < 0 {
			break
		}
	}
	label := function[strings.LastIndexByte(function, '/')+1:]
	label = label[strings.IndexByte(label, '.')+1:]
	return &messages.InvokeResponse_Error_StackFrame{Path: file[from+1:], Line: int32(line), Label: label}
}

// xrayCause is a failure in the form of X-Ray, for a header.
func xrayCause(e *messages.InvokeResponse_Error) []byte {
	type exception struct {
		Type    string                                      `json:"type"`
		Message string                                      `json:"message"`
		Stack   []*messages.InvokeResponse_Error_StackFrame `json:"stack"`
	}
	cause := struct {
		WorkingDirectory string      `json:"working_directory"`
		Exceptions       []exception `json:"exceptions"`
		Paths            []string    `json:"paths"`
	}{Paths: []string{}}
	cause.WorkingDirectory, _ = os.Getwd()
	frames := e.StackTrace
	if frames == nil {
		frames = []*messages.InvokeResponse_Error_StackFrame{}
	}
	cause.Exceptions = []exception{{e.Type, e.Message, frames}}
	seen := map[string]bool{}
	for _, f := range frames {
		if !seen[f.Path] {
			seen[f.Path] = true
			cause.Paths = append(cause.Paths, f.Path)
		}
	}
	text := marshal(cause)
	// The one control character that JSON may hold as it is, and a header not.
	text = bytes.ReplaceAll(text, []byte{0x7f}, []byte(`\u007f`))
	if len(text) >= maxCause {
		return nil
	}
	return text
}

// marshal writes plain data as JSON, which cannot fail.
func marshal(v any) []byte {
	text, err := json.Marshal(v)
	if err != nil {
		panic(err)
	}
	return text
}
