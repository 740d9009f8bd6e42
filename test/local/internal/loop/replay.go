package loop

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"strings"
	"time"

	"msklambda/test/local/internal/options"
	"msklambda/test/local/internal/screen"
)

// Replay hands one recorded event to the function and shows what it answers. It
// returns the exit status.
func Replay(ctx context.Context, o *options.Options, s *screen.Screen, stop <-chan struct{}) (int, error) {
	event, err := os.ReadFile(o.Event)
	if err != nil {
		return 0, err
	}
	// Editors write it, and JSON has no place for it.
	event = bytes.TrimPrefix(event, []byte("\xef\xbb\xbf"))
	if !json.Valid(event) {
		return 0, fmt.Errorf("%s is not JSON", o.Event)
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	go func() {
		select {
		case <-stop:
			cancel()
		case <-ctx.Done():
		}
	}()
	l := &session{o: o, s: s}
	defer l.close()
	if l.dir, err = os.MkdirTemp("", "msklambda-local-"); err != nil {
		return 0, err
	}
	l.closers = append(l.closers, func() { os.RemoveAll(l.dir) })
	if err := l.readApp(ctx); err != nil {
		return 0, err
	}
	if len(o.Mappings) > 1 {
		return 0, fmt.Errorf("-event is for one function: choose it with -only, one of %s", strings.Join(l.names(), ", "))
	}
	m := o.Mappings[0]
	if err := l.checkEntries(); err != nil {
		return 0, err
	}
	built, err := l.buildAll(ctx)
	if err != nil {
		return 0, err
	}
	function := l.newFunction(&consumer{Mapping: m}, built[m], 0)
	s.Line("event      %s, %d bytes", o.Event, len(event))
	result, err := function.Invoke(ctx, event)
	if err != nil {
		return 0, err
	}
	if result.FunctionError != "" {
		s.Line("failed     %s: %s", result.FunctionError, result.Payload)
		return ExitLost, nil
	}
	s.Line("answer     %s (%v)", result.Payload, result.Duration.Round(time.Millisecond))
	var answer struct{ BatchItemFailures []any }
	if m.ReportBatchItemFailures && json.Unmarshal(result.Payload, &answer) == nil && len(answer.BatchItemFailures) > 0 {
		s.Line("failed     %d records", len(answer.BatchItemFailures))
		return ExitLost, nil
	}
	return 0, nil
}
