// Package options is the command line of the loop: its flags, in groups, and what is
// wrong with what they were given.
package options

import (
	"time"

	"msklambda/test/local/internal/connect"
	"msklambda/test/local/internal/mapping"
	"msklambda/test/local/internal/trouble"
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

	Records     string // a file of lines, "-" = the standard input, "" = samples
	KeySchema   string // file of Avro, perhaps with an id
	ValueSchema string

	Rate     float64       // records a second, 0 = no samples, and as fast as it goes of Records
	Duration time.Duration // 0 = until it is stopped
	Event    string        // a file
	Fail     Failing

	Trouble []trouble.Spec // that is to happen

	Watch     bool // build again when the source changes
	Debug     bool // build for a debugger, without limits
	DebugPort int  // of the first function

	Logs bool

	// Invoke is the port that Lambda's API is served on, to invoke the functions with;
	// 0 is any, -1 none.
	Invoke int
	Raw    bool   // log lines as the function writes them
	UI     string // port of the page, "" = none
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
