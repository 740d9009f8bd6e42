package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"time"
)

// replay hands one recorded event to the function and shows what it answers.
func replay(ctx context.Context, o *options, s *screen, stop <-chan struct{}) (int, error) {
	event, err := os.ReadFile(o.event)
	if err != nil {
		return 0, err
	}
	// Editors write it, and JSON has no place for it.
	event = bytes.TrimPrefix(event, []byte("\xef\xbb\xbf"))
	if !json.Valid(event) {
		return 0, fmt.Errorf("%s is not JSON", o.event)
	}
	dir, err := os.MkdirTemp("", "msklambda-local-")
	if err != nil {
		return 0, err
	}
	defer os.RemoveAll(dir)
	bootstrap, err := build(ctx, o, s, dir)
	if err != nil {
		return 0, err
	}
	function := newFunction(o, s, bootstrap)
	defer function.Close()
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	go func() {
		select {
		case <-stop:
			cancel()
		case <-ctx.Done():
		}
	}()
	s.line("event      %s, %d bytes", o.event, len(event))
	result, err := function.Invoke(ctx, event)
	if err != nil {
		return 0, err
	}
	if result.FunctionError != "" {
		s.line("failed     %s: %s", result.FunctionError, result.Payload)
		return exitLost, nil
	}
	s.line("answer     %s (%v)", result.Payload, result.Duration.Round(time.Millisecond))
	var answer struct{ BatchItemFailures []any }
	if o.partial && json.Unmarshal(result.Payload, &answer) == nil && len(answer.BatchItemFailures) > 0 {
		s.line("failed     %d records", len(answer.BatchItemFailures))
		return exitLost, nil
	}
	return 0, nil
}
