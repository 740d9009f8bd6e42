// Package options is the command line of the loop: its flags, in groups, and what is
// wrong with what they were given.
package options

import (
	"time"

	"msklambda/test/local/internal/connect"
	"msklambda/test/local/internal/mapping"
)

// Options are what the flags say.
type Options struct {
	// Mappings are what runs. There is one, unless they come from an app, in which
	// case they are read by whoever runs it.
	Mappings []*mapping.Mapping

	App     string            // a cdk.out, or a template
	Only    []string          // consumers of it. Default: all.
	Sources map[string]string // directories of their functions, where the app does not tell
	Env     []string          // of all functions

	// Target is the topic that records are written to, "" = that of the only mapping.
	Target string

	// Kafka is the cluster of -brokers, nil = one of the loop's own.
	Kafka  *connect.Kafka
	Port   int // of its own
	Create bool
	Topics []Topic // besides those that are read

	Rate     float64
	Duration time.Duration // 0 = until it is stopped
	Event    string        // a file
	Fail     Failing

	Logs bool

	// Invoke is the port that Lambda's API is served on, to invoke the functions with;
	// 0 is any, -1 none.
	Invoke int
}

// Topic is one to make.
type Topic struct {
	Name       string
	Partitions int
}

// The defaults of what the function is.
const (
	DefaultEntry = "lambda"
	FaultyEntry  = "test/local/faulty"
)
