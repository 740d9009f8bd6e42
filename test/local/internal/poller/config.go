// Package poller reads a Kafka topic as Lambda's event source mapping for Amazon
// MSK does and hands batches to a function.
//
// It does what AWS documents. Where AWS says nothing it does what is the
// simplest, or the hardest for the function, and the comment says so. There is
// one poller, which invokes one function at a time.
package poller

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"

	"msklambda/test/local/internal/sandbox"
)

// Function is what batches are handed to.
type Function interface {
	Invoke(ctx context.Context, payload []byte) (sandbox.Result, error)
}

// Config is an event source mapping. Brokers, Topic, Group and Function are
// required; the zero value of all others is Lambda's default, but for
// RetryAttempts.
type Config struct {
	Brokers  []string
	Topic    string
	Group    string
	Function Function

	// Client is how the brokers are reached, in place of plain connections to Brokers,
	// which the function is told of all the same.
	Client []kgo.Opt

	// From is where a group begins that has committed nothing. Default: TRIM_HORIZON.
	From Position

	// Since is the time of From AT_TIMESTAMP.
	Since time.Time

	// FunctionARN and SourceARN are told to the function and the destination.
	FunctionARN string
	SourceARN   string

	// BatchSize is the most records of an event. Default: 100.
	BatchSize int

	// Window is how long a batch may take to fill; negative is Lambda's 500ms.
	Window time.Duration

	// MaxPayload is the most bytes of an event. Default: 6 MB.
	MaxPayload int

	// RetryAttempts is how often a batch is tried again, -1 (infinite); with a
	// destination Lambda then ends after 10.
	RetryAttempts int

	// MaxRecordAge is how old a record may be to be tried. Default: any age.
	MaxRecordAge time.Duration

	// BisectOnError halves a batch that failed.
	BisectOnError bool

	// ReportBatchItemFailures retries only the records that the answer names.
	ReportBatchItemFailures bool

	// OnFailure gets what is given up on. Without one it is lost.
	OnFailure Destination

	// Filters are patterns; a record that matches none is skipped.
	Filters []string

	// Backoff is how long to wait before a batch is tried again, from how often
	// it has failed. Default: from 100ms, doubling, to 10s. AWS says no numbers.
	Backoff func(failed int) time.Duration

	// Around is called in place of the function for each invocation, with the records
	// of its event, and calls invoke itself, as often as it likes. Default: once.
	Around func(ctx context.Context, records []*kgo.Record, invoke func(context.Context) (sandbox.Result, error)) (sandbox.Result, error)

	// CutAfter ends a batch behind a record, as a batch may end anywhere.
	// Default: never.
	CutAfter func(*kgo.Record) bool

	// Observe is told of each record that is done with, and how.
	Observe func(Outcome, int32, int64)

	// BeforeCommit is called before offsets are committed. An error ends the
	// poller there and then, as if it had been killed.
	BeforeCommit func() error

	// Log is told what a person would want to know.
	Log func(format string, args ...any)
}

// Position is where a group begins, as Lambda calls it.
type Position string

// The positions.
const (
	TrimHorizon Position = "TRIM_HORIZON"
	Latest      Position = "LATEST"
	AtTimestamp Position = "AT_TIMESTAMP"
)

func (c *Config) offset() kgo.Offset {
	switch c.From {
	case Latest:
		return kgo.NewOffset().AtEnd()
	case AtTimestamp:
		return kgo.NewOffset().AfterMilli(c.Since.UnixMilli())
	}
	return kgo.NewOffset().AtStart()
}

// Outcome is how the poller got done with a record.
type Outcome byte

// The outcomes. Lost is what was given up on without a destination.
const (
	Handled Outcome = iota + 1
	FilteredOut
	SentToDestination
	Lost
)

// DefaultMaxPayload is Lambda's limit for an event: AWS says 6 MB. Which kind of
// megabyte, and whether more than the event counts, it does not say; here it is
// 6 * 1024 * 1024 bytes of the event's JSON as it is sent to the function.
const DefaultMaxPayload = 6 << 20

const (
	defaultBatchSize = 100
	defaultWindow    = 500 * time.Millisecond
	cappedRetries    = 10
)

func (c *Config) complete() (*Config, error) {
	d := *c
	var errs []error
	bad := func(format string, args ...any) { errs = append(errs, fmt.Errorf(format, args...)) }
	if len(d.Brokers) == 0 || d.Topic == "" || d.Group == "" || d.Function == nil {
		bad("Brokers, Topic, Group and Function are required")
	}
	if d.BatchSize == 0 {
		d.BatchSize = defaultBatchSize
	}
	if d.BatchSize < 1 || d.BatchSize > 10000 {
		bad("BatchSize must be 1 to 10000, got %d", d.BatchSize)
	}
	if d.Window < 0 {
		d.Window = defaultWindow
	}
	if d.Window > 5*time.Minute {
		bad("Window must be at most 5m, got %v", d.Window)
	}
	if d.MaxPayload == 0 {
		d.MaxPayload = DefaultMaxPayload
	}
	if d.RetryAttempts < -1 || d.RetryAttempts > 10000 {
		bad("RetryAttempts must be -1 (infinite) to 10000, got %d", d.RetryAttempts)
	}
	if d.RetryAttempts == -1 && d.OnFailure != nil {
		d.RetryAttempts = cappedRetries
	}
	if d.MaxRecordAge < 0 || d.MaxRecordAge > 7*24*time.Hour {
		bad("MaxRecordAge must be at most 168h, got %v", d.MaxRecordAge)
	}
	switch d.From {
	case "", TrimHorizon, Latest:
	case AtTimestamp:
		if d.Since.IsZero() {
			bad("Since is required with From %s", AtTimestamp)
		}
	default:
		bad("From must be %s, %s or %s, got %q", TrimHorizon, Latest, AtTimestamp, d.From)
	}
	if d.Client == nil {
		d.Client = []kgo.Opt{kgo.SeedBrokers(d.Brokers...)}
	}
	if d.Around == nil {
		d.Around = func(ctx context.Context, _ []*kgo.Record, invoke func(context.Context) (sandbox.Result, error)) (sandbox.Result, error) {
			return invoke(ctx)
		}
	}
	if d.CutAfter == nil {
		d.CutAfter = func(*kgo.Record) bool { return false }
	}
	if d.Backoff == nil {
		d.Backoff = backoff
	}
	if d.Observe == nil {
		d.Observe = func(Outcome, int32, int64) {}
	}
	if d.BeforeCommit == nil {
		d.BeforeCommit = func() error { return nil }
	}
	if d.Log == nil {
		d.Log = func(string, ...any) {}
	}
	return &d, errors.Join(errs...)
}

func backoff(failed int) time.Duration {
	return min(10*time.Second, 100*time.Millisecond<<min(failed, 20))
}
