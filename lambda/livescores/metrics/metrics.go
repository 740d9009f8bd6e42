// Package metrics writes metrics into a function's log, in the embedded format
// from which CloudWatch makes them: that costs no call, and each line also says of
// which match it is.
package metrics

import (
	"encoding/json"
	"io"
	"os"
	"sync"
	"time"

	"msklambda/lambda/livescores/layout"
)

// The names of the metrics.
const (
	Events   = "Events"   // that were new
	Late     = "Late"     // that were delivered again, or overtaken
	Rejected = "Rejected" // that were no score events
	Wrong    = "WrongSequence"
	Missing  = "Missing" // sequences that were never seen, between two that were
	Resets   = "Resets"

	Sent      = "Sent"
	Gone      = "Gone"
	Throttled = "Throttled" // answers 429
	Retried   = "Retried"   // attempts after the first
	Failed    = "Failed"    // connections that were given up
	Age       = "Age"       // of the newest event, when all had it, from when it was written to the topic
)

// Log writes metrics of one live scores. Its zero value writes to standard output.
type Log struct {
	Out   io.Writer
	Which string // the value of the dimension

	mu sync.Mutex
}

// FromEnvironment is the log of a function.
func FromEnvironment() *Log { return &Log{Which: os.Getenv(layout.MetricsEnv)} }

// Write writes one line: metrics, and what else is of interest to who reads it.
func (l *Log) Write(values map[string]float64, properties map[string]any) {
	type definition struct{ Name, Unit string }
	type directive struct {
		Namespace  string
		Dimensions [][]string
		Metrics    []definition
	}
	line := map[string]any{layout.Dimension: l.Which}
	for name, value := range properties {
		line[name] = value
	}
	d := directive{Namespace: layout.MetricsSpace, Dimensions: [][]string{{layout.Dimension}}}
	for _, name := range names {
		value, ok := values[name]
		if !ok {
			continue
		}
		unit := "Count"
		if name == Age {
			unit = "Milliseconds"
		}
		d.Metrics = append(d.Metrics, definition{name, unit})
		line[name] = value
	}
	line["_aws"] = map[string]any{"Timestamp": time.Now().UnixMilli(), "CloudWatchMetrics": []directive{d}}
	text, err := json.Marshal(line)
	if err != nil {
		panic(err) // texts and numbers
	}
	out := l.Out
	if out == nil {
		out = os.Stdout
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	_, _ = out.Write(append(text, '\n')) // a log that takes nothing stops nothing
}

var names = []string{Events, Late, Rejected, Wrong, Missing, Resets, Sent, Gone, Throttled, Retried, Failed, Age}
